"""Requests that are acknowledged now and answered later by a callback (digest.md 1.1).

What is at fault with the message as a whole is refused here, by the same readers that answer it
later. One transaction keeps the signed bytes, the names of its items, the audit event and the job
that answers it; only when that has committed does the ACK leave (behaviour.md 1).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, Final

import msgspec
import zstandard

from ibr.access import scopes
from ibr.audit.events import REQUEST_ACCEPTED
from ibr.audit.record import record_event
from ibr.calls.rules import within
from ibr.clock import written
from ibr.db.pool import Connection
from ibr.errors import NotUnderstood
from ibr.ids import new_token
from ibr.interop.dci import search, store, subscribe, txn_status
from ibr.interop.dci.accepted import store as accepted
from ibr.interop.dci.answered import Answered, Taken
from ibr.interop.dci.answers import Answer
from ibr.interop.dci.envelope import Opened
from ibr.interop.dci.messages.again import sent_elsewhere, used_before
from ibr.interop.dci.services import Services
from ibr.log import logger
from ibr.outbox.model import Kind
from ibr.protection.seal import place_of
from ibr_messages.strict_json import canonical

# The kind of job that answers; its arguments are those of `job_arguments`.
ANSWER_REQUEST: Final = "answer_request"


class Later(msgspec.Struct, frozen=True):
    """One operation that is answered later.

    `kind` is how its messages are kept; `callback` the action of the answer and `segment` what an
    address for it ends in; `path` where it comes in.
    """

    path: str
    action: str
    scope: str
    kind: str
    callback: Kind
    segment: str
    take: Callable[[Opened], Taken]
    answer: Callable[[Services, Connection, Opened, str], Awaitable[Answered]]


OPERATIONS: Final = {
    each.action: each
    for each in (
        Later(
            "/registry/search",
            "search",
            scopes.SEARCH,
            "search",
            "on-search",
            "on-search",
            search.take_search,
            search.answer_search,
        ),
        Later(
            "/registry/subscribe",
            "subscribe",
            scopes.SUBSCRIBE,
            "subscribe",
            "on-subscribe",
            "on-subscribe",
            subscribe.take_subscribe,
            subscribe.subscribe,
        ),
        Later(
            "/registry/unsubscribe",
            "unsubscribe",
            scopes.UNSUBSCRIBE,
            "unsubscribe",
            "on-unsubscribe",
            "on-unsubscribe",
            subscribe.take_unsubscribe,
            subscribe.unsubscribe,
        ),
        Later(
            "/registry/txn/status",
            "txn-status",
            scopes.STATUS,
            "txn_status",
            "txn-on-status",
            "on-status",
            txn_status.take_status,
            txn_status.answer_status,
        ),
    )
}


async def accept(services: Services, opened: Opened, body: bytes) -> Answer:
    """The ACK; the same message again gets the same one, and no second effect.

    NotUnderstood for what is at fault with the message as a whole, or with its callback address;
    Conflict for a message_id that was used before.
    """
    operation = OPERATIONS[opened.header.action]
    address = callback_address(
        opened.header.sender_uri, opened.partner.callback_urls, operation.segment
    )
    taken = operation.take(opened)
    correlation_id = new_token()
    async with services.database.transaction(()) as connection:
        earlier = await store.claim_message(
            connection,
            key=opened.message_key,
            partner_id=opened.partner.partner_id,
            kind=operation.kind,
            body_digest=opened.body_digest,
            transaction_id=taken.transaction_id,
            correlation_id=correlation_id,
            at=opened.at,
        )
        if earlier is None:
            await _keep(services, connection, opened, body, taken=taken, address=address)
    if earlier is None:
        logger().info(
            "request acknowledged", correlation_id=correlation_id, kind=opened.header.action
        )
        return _ack(correlation_id, opened.at)
    if (earlier["kind"], earlier["body_digest"]) != (operation.kind, opened.body_digest):
        raise used_before()
    if not earlier["answered_later"]:
        raise sent_elsewhere(operation.path.replace("/registry/", "/registry/sync/"))
    return _ack(earlier["correlation_id"], earlier["received_at"])


async def _keep(
    services: Services,
    connection: Connection,
    opened: Opened,
    body: bytes,
    *,
    taken: Taken,
    address: str | None,
) -> None:
    key, partner_id = opened.message_key, opened.partner.partner_id
    await accepted.keep_request(
        connection,
        key=key,
        partner_id=partner_id,
        action=opened.header.action,
        body=services.sealer.seal(
            zstandard.ZstdCompressor(level=3).compress(body),
            place_of("accepted_request", "body", key),
        ),
        references=taken.references,
        scopes=sorted(opened.asker.scopes),
        address=address,
        key_kid=opened.key_kid,
        encrypted=opened.encrypted,
        at=opened.at,
    )
    await record_event(
        connection,
        kind=REQUEST_ACCEPTED,
        asker=opened.asker,
        details={
            "action": opened.header.action,
            "items": len(taken.references),
            "purpose": opened.asker.purpose.code,
        },
        at=opened.at,
    )
    await services.enqueue(
        connection, ANSWER_REQUEST, job_arguments(key, partner_id), key=job_key(key)
    )


def job_key(message_key: bytes) -> str:
    """One request has one unfinished job."""
    return f"{ANSWER_REQUEST} {message_key.hex()}"


def job_arguments(message_key: bytes, partner_id: int) -> dict[str, Any]:
    """What the job is told: digest and number, never what was asked."""
    return {"message": message_key.hex(), "partner": partner_id}


def callback_address(sender_uri: str | None, registered: Iterable[str], segment: str) -> str | None:
    """Where the answer goes; None where it is only kept (behaviour.md 12, 13, 38).

    `sender_uri` is taken as it is. Without one: the registered address that ends in the name of
    this callback; else the only registered one; where there are several and none fits, nobody can
    know which was meant.
    """
    addresses = list(registered)
    if sender_uri is not None:
        if not within(sender_uri, addresses):
            raise NotUnderstood(
                "message.sender_uri",
                "header.sender_uri is not a callback address registered for you. Its scheme, host "
                "and port must equal a registered one, and its path lie beneath it.",
                field="header.sender_uri",
            )
        return sender_uri
    fitting = [each for each in addresses if _last_segment(each) == segment]
    chosen = fitting or addresses
    return chosen[0] if len(chosen) == 1 else None


def _last_segment(address: str) -> str:
    return address.partition("?")[0].rstrip("/").rsplit("/", 1)[-1]


def _ack(correlation_id: str, at: datetime) -> Answer:
    """Three members and no more (behaviour.md 1)."""
    return Answer(
        200,
        canonical(
            {
                "message": {
                    "ack_status": "ACK",
                    "timestamp": written(at),
                    "correlation_id": correlation_id,
                }
            }
        ),
    )
