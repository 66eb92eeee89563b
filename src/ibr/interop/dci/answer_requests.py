"""Answers what was acknowledged: with the rights of now, by the same code as at once.

One transaction holds the answer, the ledger and audit rows, the promise of the callback and the
end of the job: all of it is there, or none, and none twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg
import zstandard

from ibr.access.agreements.rules import NotAgreedError
from ibr.access.budgets.model import UsedUpError
from ibr.access.model import Partner
from ibr.audit.events import QUESTION_REFUSED
from ibr.audit.record import record_event
from ibr.clock import now, written
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotAllowed, NotFound, NotUnderstood, RegistryError, Unavailable
from ibr.interop.dci import store
from ibr.interop.dci.accept import OPERATIONS, Later
from ibr.interop.dci.accepted import store as accepted
from ibr.interop.dci.answered import Answered
from ibr.interop.dci.outcomes import decompressed
from ibr.interop.dci.outgoing import Outgoing, promise
from ibr.interop.dci.reasons import reason_of, text_of
from ibr.interop.dci.services import Services
from ibr.log import logger
from ibr.protection.seal import place_of
from ibr_messages.strict_json import canonical

# Ends the job in the caller's transaction; raises where somebody else has it now.
Finish = Callable[[Connection], Awaitable[None]]

# Most requests take milliseconds. One that takes longer makes room for the others and is answered
# where long work is done, with more time; if that is not enough either, it is refused.
QUICK_MILLISECONDS: Final = 5_000
MOST_SLOW_ATTEMPTS: Final = 2
_SLOW: Final = "database.slow"
# A request that no job takes care of any more is refused after this long.
_FORGOTTEN: Final = timedelta(minutes=2)
_AT_ONCE: Final = 500

_TOO_SLOW = NotUnderstood(
    "query.too_slow", "The registry needed too long for this. Ask for less in one message."
)
_FAILED = Unavailable(
    "answer.failed",
    "The registry failed to answer this. Nothing was done; send it again as a new message.",
)


async def answer_request(
    services: Services,
    message_key: bytes,
    partner_id: int,
    finish: Finish,
    *,
    milliseconds: int | None = None,
) -> None:
    """Answers one acknowledged request; nothing is done for one that was answered already.

    With `milliseconds`, a statement that takes longer ends this with Unavailable
    (`is_slow`). Any other failure is raised too, and leaves the request as it was.
    """
    partner = await _partner(services, partner_id)
    try:
        async with services.database.transaction(partner.ask | partner.report) as connection:
            request = await accepted.open_request(connection, message_key, milliseconds)
            if request is not None:
                at = now()
                answered = await _answer(services, connection, request, partner, message_key, at)
                await _settle(services, connection, request, partner, message_key, answered, at)
            await finish(connection)
        _tell(request, "succ")
    except UsedUpError as used:
        asker = partner.asker(frozenset(partner.scopes))
        await services.budgets.note_refused(services.database, [asker], used.at)
        await refuse_request(services, message_key, partner_id, used, finish)
    except (NotAllowed, NotUnderstood, NotFound, Conflict) as refused:
        await refuse_request(services, message_key, partner_id, refused, finish)


def is_slow(failure: RegistryError) -> bool:
    """Whether a request was given up for the time it took, and may be tried with more."""
    return failure.code == _SLOW


async def refuse_slow(
    services: Services, message_key: bytes, partner_id: int, finish: Finish
) -> None:
    """Refuses a request that took too long even where long work is done."""
    await refuse_request(services, message_key, partner_id, _TOO_SLOW, finish)


async def refuse_failed(services: Services, message_key: bytes, partner_id: int) -> None:
    """Refuses a request that failed every time; whoever asked learns that nothing will come."""

    async def nothing_to_finish(_: Connection) -> None:
        """Its job is over already."""

    await refuse_request(services, message_key, partner_id, _FAILED, nothing_to_finish)


async def waiting_requests(services: Services) -> dict[bytes, int]:
    """Requests that have waited unusually long, with the partner of each."""
    async with services.database.transaction(()) as connection:
        rows = await accepted.waiting_requests(connection, now() - _FORGOTTEN, _AT_ONCE)
    return {row["message_key"]: row["partner_id"] for row in rows}


async def refuse_request(
    services: Services,
    message_key: bytes,
    partner_id: int,
    refused: RegistryError,
    finish: Finish,
) -> None:
    """Answers with `rjct` and no data, in a transaction of its own."""
    partner = await _partner(services, partner_id)
    async with services.database.transaction(()) as connection:
        request = await accepted.open_request(connection, message_key)
        if request is not None:
            at = now()
            answered = _refusal(request, refused, at)
            await _settle(services, connection, request, partner, message_key, answered, at)
            await record_event(
                connection,
                kind=QUESTION_REFUSED,
                asker=partner.asker(frozenset(request["scopes"])),
                details=_because(refused) | {"action": request["action"], "reason": refused.code},
                at=at,
            )
        await finish(connection)
    _tell(request, refused.code)


def _tell(request: asyncpg.Record | None, status: str) -> None:
    """Says in the log what became of a request, under the id that its sender got with the ACK."""
    if request is not None:
        logger().info(
            "request answered",
            correlation_id=request["correlation_id"],
            kind=request["action"],
            status=status,
        )


def _because(refused: RegistryError) -> dict[str, object]:
    return dict(refused.because) if isinstance(refused, NotAgreedError) else {}


async def _partner(services: Services, partner_id: int) -> Partner:
    partner = await services.book.by_number(partner_id)
    if partner is None:
        raise Unavailable("partner.unknown", "The sender of this request is not known any more.")
    return partner


async def _answer(
    services: Services,
    connection: Connection,
    request: asyncpg.Record,
    partner: Partner,
    message_key: bytes,
    at: datetime,
) -> Answered:
    operation = OPERATIONS[request["action"]]
    scopes = frozenset(request["scopes"])
    if partner.suspended or operation.scope not in scopes & partner.scopes:
        raise NotAllowed(
            "scope.missing", "When this was to be answered, you no longer held the right to ask it."
        )
    place = place_of("accepted_request", "body", message_key)
    body = b"".join(decompressed(services.sealer.open(request["body"], place)))
    opened = services.envelopes.reopen(body, partner, scopes, key_kid=request["key_kid"], at=at)
    return await operation.answer(services, connection, opened, request["correlation_id"])


async def _settle(
    services: Services,
    connection: Connection,
    request: asyncpg.Record,
    partner: Partner,
    message_key: bytes,
    answered: Answered,
    at: datetime,
) -> None:
    """Keeps the answer for transaction status, and promises it where it has somewhere to go."""
    operation = OPERATIONS[request["action"]]
    header = services.writer.header(
        operation.callback,
        partner.sender_id,
        status=answered.status,
        total=answered.total,
        completed=answered.completed,
        at=at,
        reason_code=answered.reason_code,
        reason=answered.reason,
    )
    kept = None
    # What a status said is not asked about again; it would be told as it is by then.
    if operation.kind != "txn_status":
        content = canonical({"header": header, "message": answered.message})
        kept = services.sealer.seal(
            zstandard.ZstdCompressor(level=3).compress(content),
            place_of("message_received", "answer", message_key),
        )
    await accepted.settle_request(connection, message_key, kept, at)
    codes = _codes(answered.message)
    if codes:
        await store.add_references(connection, partner.partner_id, message_key, codes)
    if request["address"] is not None:
        callback = Outgoing(
            partner=partner,
            kind=operation.callback,
            address=request["address"],
            header=header,
            message=answered.message,
            correlation_id=request["correlation_id"],
            programmes=answered.programmes,
            encrypted=request["encrypted"],
            at=at,
        )
        await promise(services, connection, [callback])


def _codes(message: dict[str, Any]) -> list[str]:
    """The subscriptions that an answer names: transaction status finds it by them too."""
    return [
        subscription["code"]
        for item in message.get("subscribe_response", [])
        for subscription in item.get("subscriptions", [])
    ]


def _refusal(request: asyncpg.Record, refused: RegistryError, at: datetime) -> Answered:
    """An answer without data, in the shape of the operation, that says why on every item."""
    operation = OPERATIONS[request["action"]]
    reason = reason_of(refused)
    text = text_of(refused, reason)
    rejected = {"timestamp": written(at), "status": "rjct", "status_reason_message": text}
    items = [{"reference_id": each, **rejected} for each in request["reference_ids"]]
    ids = {
        "transaction_id": request["transaction_id"],
        "correlation_id": request["correlation_id"],
    }
    return Answered(
        message=ids | _shaped(operation, ids, rejected, items),
        status="rjct",
        total=len(items),
        completed=len(items),
        reason_code=(
            "rjct.action.not_supported" if isinstance(refused, NotAllowed) else reason.header
        ),
        reason=text,
    )


def _shaped(
    operation: Later, ids: dict[str, Any], rejected: dict[str, Any], items: list[dict[str, Any]]
) -> dict[str, Any]:
    if operation.action == "search":
        return {"search_response": items}
    if operation.action == "subscribe":
        return {"subscribe_response": items}
    if operation.action == "unsubscribe":
        return {**rejected, "subscription_status": []}
    return {
        "txnstatus_response": {
            "txn_type": "search",
            "txn_status": {**ids, "search_response": items},
        }
    }
