"""Messages to others, written and promised in the transaction that caused them.

Nothing is sent from here: interop/dci/deliver.py signs and sends what is in the outbox.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from ibr.access.model import Partner
from ibr.db.pool import Connection
from ibr.interop.dci.services import Services
from ibr.outbox.model import Kind, Promise
from ibr.outbox.put import numbers, put
from ibr_messages.strict_json import canonical


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A message to a partner: the header as `Writer.header` makes it, and the message.

    `programmes` are those whose records it shows; `stream` puts it in order behind others.
    `encrypted` says that what it answers was encrypted: so is the message then, when it leaves,
    where the partner has a key; as it is whenever that is agreed with the partner.
    """

    partner: Partner
    kind: Kind
    address: str
    header: dict[str, Any]
    message: dict[str, Any]
    correlation_id: str | None
    programmes: Iterable[int] = ()
    stream: bytes | None = None
    encrypted: bool = False
    at: datetime


async def promise(services: Services, connection: Connection, messages: list[Outgoing]) -> None:
    """Promises the messages: they leave, signed, once the caller's transaction has committed.

    Each says its number in `header.meta.sequence`: what was promised later has a higher one, and
    a receiver that lost something names the last that it has.
    """
    taken = await numbers(connection, len(messages))
    promised = [_promised(each, number) for each, number in zip(messages, taken, strict=True)]
    await put(connection, services.sealer, promised)


def _promised(given: Outgoing, number: int) -> Promise:
    header = {
        **given.header,
        "meta": {**(given.header.get("meta") or {}), "sequence": number},
        # A wish, until it leaves: see encryption.leaving.
        "is_msg_encrypted": given.encrypted,
    }
    return Promise(
        message_no=number,
        partner_id=given.partner.partner_id,
        kind=given.kind,
        address=given.address,
        message_id=given.header["message_id"],
        transaction_id=given.message["transaction_id"],
        correlation_id=given.correlation_id,
        content=canonical({"header": header, "message": given.message}),
        programmes=tuple(sorted(given.programmes)),
        stream=given.stream,
        made_at=given.at,
    )
