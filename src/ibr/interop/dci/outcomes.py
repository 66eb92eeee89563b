"""The answer to a delivery: one outcome a record, built piece by piece and signed at the end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import zstandard

from ibr.protection.spool import Spool
from ibr.reported.beneficiary import Refusal
from ibr_messages.strict_json import canonical

_BATCH = 2_000


class Outcomes:
    """Outcomes of records in their order, never all of them in memory."""

    def __init__(self, folder: Path, timestamp: str) -> None:
        self._spool = Spool(folder)
        self._timestamp = timestamp
        self._waiting: list[bytes] = []
        self.count = 0
        self.refused = 0

    def stored(self, reference_id: str) -> None:
        """A record that was taken in, whether or not it brought anything new."""
        self._add({"reference_id": reference_id, "status": "succ", "timestamp": self._timestamp})

    def waiting(self, reference_id: str, message: str) -> None:
        """A record of a delivery that a person must look at first."""
        self._add(
            {
                "reference_id": reference_id,
                "status": "pdng",
                "status_reason_message": message,
                "timestamp": self._timestamp,
            }
        )

    def refusal(self, refusal: Refusal) -> None:
        """A record that was set aside, with its field, the reason and how to mend it."""
        where = f"{refusal.field}: " if refusal.field else ""
        self.refused += 1
        self._add(
            {
                "reference_id": refusal.reference_id,
                "status": "rjct",
                "status_reason_message": f"{where}{refusal.reason}"[:999],
                "timestamp": self._timestamp,
            }
        )

    def _add(self, outcome: dict[str, Any]) -> None:
        self._waiting.append(canonical(outcome))
        self.count += 1
        if len(self._waiting) >= _BATCH:
            self._set_aside()

    def _set_aside(self) -> None:
        self._spool.write(b",".join(self._waiting))
        self._waiting = []

    def content(
        self, header: dict[str, Any], transaction_id: str, correlation_id: str
    ) -> Iterator[bytes]:
        """The canonical `{"header":…,"message":…}` of the whole answer, in pieces."""
        if self._waiting:
            self._set_aside()
        yield b'{"header":' + canonical(header) + b',"message":{"correlation_id":'
        yield canonical(correlation_id) + b',"enrolled_response":['
        for number, piece in enumerate(self._spool):
            yield (b"," if number else b"") + piece
        yield b'],"transaction_id":' + canonical(transaction_id) + b"}}"

    def close(self) -> None:
        self._spool.close()


def digest_of(content: Iterable[bytes]) -> bytes:
    """SHA-256 over the pieces."""
    hasher = hashlib.sha256()
    for piece in content:
        hasher.update(piece)
    return hasher.digest()


def compressed(signature: str, content: Iterable[bytes]) -> bytes:
    """The whole signed answer, compressed: how it is kept."""
    compressor = zstandard.ZstdCompressor(level=3).compressobj()
    parts = [compressor.compress(b'{"signature":' + canonical(signature) + b",")]
    for number, piece in enumerate(content):
        # The opening brace of the content was already written, before the signature.
        parts.append(compressor.compress(piece[1:] if number == 0 else piece))
    parts.append(compressor.flush())
    return b"".join(parts)


def decompressed(kept: bytes) -> Iterator[bytes]:
    """The bytes of a kept answer, in pieces."""
    yield from zstandard.ZstdDecompressor().read_to_iter(kept, write_size=256 * 1024)
