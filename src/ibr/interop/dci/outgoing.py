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
from ibr.outbox.put import put
from ibr_messages.strict_json import canonical


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A message to a partner: the header as `Writer.header` makes it, and the message.

    `programmes` are those whose records it shows; `stream` puts it in order behind others.
    """

    partner: Partner
    kind: Kind
    address: str
    header: dict[str, Any]
    message: dict[str, Any]
    correlation_id: str | None
    programmes: Iterable[int] = ()
    stream: bytes | None = None
    at: datetime


async def promise(services: Services, connection: Connection, messages: list[Outgoing]) -> None:
    """Promises the messages: they leave, signed, once the caller's transaction has committed."""
    await put(connection, services.sealer, [_promised(each) for each in messages])


def _promised(given: Outgoing) -> Promise:
    return Promise(
        partner_id=given.partner.partner_id,
        kind=given.kind,
        address=given.address,
        message_id=given.header["message_id"],
        transaction_id=given.message["transaction_id"],
        correlation_id=given.correlation_id,
        content=canonical({"header": given.header, "message": given.message}),
        programmes=tuple(sorted(given.programmes)),
        stream=given.stream,
        made_at=given.at,
    )
