"""One try to deliver a promised message: may it leave, is it signed, what did the receiver say.

The rights are those of now, the signature is fresh, the content and the message_id are as they
were promised. What cannot be signed does not leave (reliability B5, B9).
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import timedelta
from typing import Any, Final

import msgspec

from ibr.access import scopes
from ibr.access.model import Partner
from ibr.audit.events import CALLBACK_WITHDRAWN
from ibr.audit.record import record_event
from ibr.calls.model import CallFailed, Reply
from ibr.calls.rules import within
from ibr.clock import now
from ibr.db.pool import Connection
from ibr.errors import NotUnderstood, RegistryError, Unavailable
from ibr.interop.dci.encryption import leaving
from ibr.interop.dci.envelope import raw_digest
from ibr.interop.dci.outgoing import Outgoing, promise
from ibr.interop.dci.read_ack import ack_of
from ibr.interop.dci.services import Services
from ibr.interop.dci.traced import Try as TracedTry
from ibr.interop.dci.traced import tell_tries
from ibr.interop.dci.without_data import without_data
from ibr.log import logger
from ibr.outbox.deliver_due import NothingLeavesError
from ibr.outbox.model import InHand, Kind, Try
from ibr.outbox.outcomes import in_words
from ibr.outbox.put import content_of, opened

# The right that a message's kind rests on, where it shows records.
_SCOPES: Final[Mapping[Kind, str]] = {
    "on-search": scopes.SEARCH,
    "txn-on-status": scopes.STATUS,
    "notify": scopes.SUBSCRIBE,
}
_HEADERS: Final = {"content-type": "application/json", "accept": "application/json"}
_SUSPENDED_WAIT: Final = timedelta(minutes=1)


class Way(msgspec.Struct, frozen=True):
    """How a receiver is reached: its registered addresses, and headers such as a bearer token.

    `heard` is told what the receiver answered, and may say that another try makes sense.
    """

    registered: tuple[str, ...]
    headers: Mapping[str, str] = {}
    heard: Callable[[Reply, Try], Awaitable[Try]] | None = None


# The way of a message that is not a callback: a request to another registry. None where it is not
# the answer's business, and the partner's registered callback addresses count.
Ways = Callable[[InHand], Awaitable[Way | None]]


async def _callbacks_only(_message: InHand) -> Way | None:
    return None


class Deliverer:
    """Delivers messages one by one; the loop around it is outbox/deliver_due.py."""

    def __init__(self, services: Services, ways: Ways = _callbacks_only) -> None:
        self._services = services
        self._ways = ways
        self._tell = tell_tries(services.recorder)

    async def held_back(self) -> Collection[int]:
        """The partners that are shut out: what they are promised waits."""
        return [each.partner_id for each in await self._services.book.everyone() if each.suspended]

    async def deliver(self, message: InHand) -> Try:
        """One try. NothingLeavesError when nothing can be signed now."""
        partner = await self._services.book.by_number(message.partner_id)
        if partner is None:
            return Try(outcome="partner_unknown")
        if partner.suspended:
            return Try(outcome="", made=False, after=_SUSPENDED_WAIT)
        if not _may_see(partner, message):
            return Try(outcome="withdrawn", withdrawn=True)
        try:
            way = await self._ways(message) or Way(partner.callback_urls)
        except CallFailed as failed:
            return Try(outcome=f"token_{failed.outcome}", again=True)
        if not within(message.address, way.registered):
            return Try(outcome="address_not_registered")
        try:
            content = await self._content(message)
        except Unavailable as wrong:
            if not wrong.code.startswith("seal."):
                raise
            logger().error("a promised message cannot be opened", code=wrong.code)
            return Try(outcome="unreadable", again=True)
        try:
            content = leaving(partner, content, now())
        except NotUnderstood as wrong:
            # It must be encrypted and there is no key. It never leaves plain; one may come soon.
            logger().warning("a promised message cannot be encrypted", code=wrong.code)
            return Try(outcome="no_encryption_key", again=True)
        return await self._send(message, way, self._signed(content, partner))

    async def _send(self, message: InHand, way: Way, body: bytes) -> Try:
        headers = {**_HEADERS, **way.headers}
        begun, reply = time.monotonic(), None
        at = now()
        try:
            reply = await self._services.calls.send("POST", message.address, headers, body)
            tried = ack_of(reply, now())
        except CallFailed as failed:
            tried = Try(outcome=failed.outcome, again=True)
        self._tell(
            TracedTry(
                partner_id=message.partner_id,
                address=message.address,
                action=message.kind,
                message_id=message.message_id,
                transaction_id=message.transaction_id,
                at=at,
                milliseconds=round((time.monotonic() - begun) * 1000),
                http_status=reply.status if reply else None,
                outcome=None if tried.delivered else tried.outcome,
                sentence=None if tried.delivered else f"{in_words(tried.outcome)}.",
                content=body,
                answer=reply.body if reply else None,
            )
        )
        return tried if reply is None or way.heard is None else await way.heard(reply, tried)

    async def _content(self, message: InHand) -> bytes:
        sealed = message.sealed
        if sealed is None:
            async with self._services.database.transaction(()) as connection:
                sealed = await content_of(connection, message.message_no)
        return opened(self._services.sealer, sealed, message.message_id)

    def _signed(self, content: bytes, partner: Partner) -> bytes:
        """The envelope, signed now in the profile that this partner reads (behaviour.md 9)."""
        digest = raw_digest(content) if partner.signature_profile == "raw" else None
        try:
            return self._services.writer.envelope(content, digest)
        except RegistryError as wrong:
            raise NothingLeavesError(wrong.code) from None

    async def withdraw(self, connection: Connection, message: InHand) -> None:
        """Promises, in place of a message that may not leave any more, one that says so."""
        partner = await self._services.book.by_number(message.partner_id)
        at = now()
        await record_event(
            connection,
            kind=CALLBACK_WITHDRAWN,
            asker=None,
            details={
                "partner": message.partner_id,
                "kind": message.kind,
                "message_no": message.message_no,
            },
            at=at,
        )
        if partner is None:
            return
        content: dict[str, Any] = msgspec.json.decode(await self._content(message))
        told = without_data(message.kind, content["message"], message.correlation_id, at)
        header = self._services.writer.header(
            message.kind,
            partner.sender_id,
            status="rjct",
            total=told.items,
            completed=told.items,
            at=at,
            reason_code=told.code,
            reason=told.text,
        )
        header["meta"] = content["header"].get("meta") or {}
        replacement = Outgoing(
            partner=partner,
            kind=message.kind,
            address=message.address,
            header=header,
            message={**told.message, "transaction_id": message.transaction_id},
            correlation_id=message.correlation_id,
            stream=message.stream,
            encrypted=bool(content["header"].get("is_msg_encrypted")),
            at=at,
        )
        await promise(self._services, connection, [replacement])


def _may_see(partner: Partner, message: InHand) -> bool:
    """Whether the partner may still see every programme that the message shows."""
    if not message.programmes:
        return True
    scope = _SCOPES.get(message.kind)
    if scope is not None and scope not in partner.scopes:
        return False
    return partner.asker(partner.scopes).reach.issuperset(message.programmes)
