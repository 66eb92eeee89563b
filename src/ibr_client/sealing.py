"""Messages of this system, written in canonical form, encrypted where that is agreed, signed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

import msgspec

from ibr_client.credentials import Credentials
from ibr_client.failures import NotSetUp
from ibr_client.steps import Clock
from ibr_messages.errors import RegistryError
from ibr_messages.signature import Signer
from ibr_messages.strict_json import canonical
from ibr_messages.types import Beneficiary, MsgCallbackHeader, MsgHeader

Record: TypeAlias = Beneficiary | Mapping[str, Any]


class Batch(msgspec.Struct, frozen=True):
    """Records that go in one message, each written already."""

    records: list[bytes]

    def message(self, transaction_id: str) -> bytes:
        """The canonical message of these records."""
        return (
            b'{"enrolled_updates":{"beneficiaries":['
            + b",".join(self.records)
            + b']},"transaction_id":'
            + canonical(transaction_id)
            + b"}"
        )


class Sealer:
    """Seals messages in the name of one partner."""

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        self._signer = Signer(credentials.sender_id, credentials.kid, credentials.key)
        self._clock = clock

    def seal(self, header: MsgHeader | MsgCallbackHeader, message: bytes) -> bytes:
        """The signed envelope around a message that is canonical already."""
        content = b'{"header":' + written(header) + b',"message":' + message + b"}"
        signature = canonical(self._signer.sign(content, self._clock()))
        return b'{"signature":' + signature + b"," + content[1:]


def new_id() -> str:
    """An id that nobody else makes: 128 random bits in hexadecimal."""
    return os.urandom(16).hex()


def moment_at(seconds: float) -> datetime:
    """A moment of the clock, to the millisecond."""
    whole = datetime.fromtimestamp(seconds, UTC)
    return whole.replace(microsecond=whole.microsecond // 1000 * 1000)


def written(value: Any) -> bytes:
    """The canonical form of a message's part, typed or plain; NotSetUp where it has none."""
    try:
        return canonical(value if isinstance(value, dict) else msgspec.to_builtins(value))
    except (RegistryError, TypeError, ValueError, RecursionError) as wrong:
        raise NotSetUp("record.not_writable", f"This cannot be written as JSON: {wrong}") from None


def in_batches(records: Iterable[Record], most: int, largest: int) -> Iterator[Batch]:
    """The records in messages of at most `most` records and about `largest` bytes.

    One record is never divided: one that is too large for any message goes alone, and the
    registry says so.
    """
    batch: list[bytes] = []
    size = 0
    for record in records:
        encoded = written(record)
        if batch and (len(batch) >= most or size + len(encoded) > largest):
            yield Batch(batch)
            batch, size = [], 0
        batch.append(encoded)
        size += len(encoded) + 1
    if batch:
        yield Batch(batch)
