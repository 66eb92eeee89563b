"""Transaction status, sync or not: what became of a partner's own earlier message (digest.md 4.7).

Only the asker's own messages are found. A search is told as it was answered, without the records
of programmes that have left the asker's reach since.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg
import msgspec

from ibr.access.partners import PartnerBook
from ibr.access.scopes import SEARCH
from ibr.asker import Asker
from ibr.audit.events import QUESTION_SEARCH
from ibr.audit.record import record_event
from ibr.clock import written
from ibr.db.pool import Connection
from ibr.errors import NotAllowed
from ibr.ids import new_token
from ibr.interop.dci import store
from ibr.interop.dci.answered import Answered, Taken
from ibr.interop.dci.answers import Answer, Operation
from ibr.interop.dci.envelope import Opened
from ibr.interop.dci.messages.again import sent_elsewhere, used_before
from ibr.interop.dci.outcomes import decompressed
from ibr.interop.dci.query.status_asked import Asked, read_asked
from ibr.interop.dci.services import Services
from ibr.protection.seal import Sealer, place_of

OPERATION: Final = Operation(
    "txn_status",
    "txn-status",
    "txn-on-status",
    {
        "transaction_id": "",
        "correlation_id": "",
        "txnstatus_response": {
            "txn_type": "search",
            "txn_status": {"transaction_id": "", "correlation_id": "", "search_response": []},
        },
    },
)
# Where the items of each kind of answer stand.
_ITEMS: Final = {
    "search": "search_response",
    "enrollment_updates": "enrolled_response",
    "subscribe": "subscribe_response",
}
# One transaction may have had several messages; the newest are told together.
MOST_MESSAGES: Final = 20
_LARGE: Final = 256 * 1024


class Told(msgspec.Struct):
    """The outcomes of the messages found, and the ids of the newest of them.

    An unsubscribe has no items in the standard: what became of it is told as a whole.
    """

    transaction_id: str
    correlation_id: str
    items: list[dict[str, Any]]
    unsubscribed: list[dict[str, Any]]
    programmes: frozenset[int] = frozenset()


async def txn_status(services: Services, opened: Opened) -> Answer:
    """The signed answer; a transaction that is not known is an item that says so.

    NotUnderstood for a request that cannot be read; NotAllowed where the answer would show
    records and the token does not carry the right to search.
    """
    taken = take_status(opened)
    async with services.database.transaction(opened.asker.reach, asker=opened.asker) as connection:
        correlation_id = await _claim(connection, opened, taken.transaction_id)
        answered = await answer_status(services, connection, opened, correlation_id)
    header = services.writer.header(
        OPERATION.answer_action,
        opened.partner.sender_id,
        status=answered.status,
        total=answered.total,
        completed=answered.completed,
        at=opened.at,
    )
    return Answer(200, services.writer.sealed(header, answered.message))


def take_status(opened: Opened) -> Taken:
    """What the door must know of a request; it refuses what is at fault with it."""
    transaction_id, asked = _read(opened)
    return Taken(transaction_id=transaction_id, references=[asked.reference_id])


async def answer_status(
    services: Services, connection: Connection, opened: Opened, correlation_id: str
) -> Answered:
    """What became of the messages asked about, as it is now; for both ways an answer can leave."""
    transaction_id, asked = _read(opened)
    rows = await _messages(connection, opened.partner.partner_id, asked)
    told = await _told(services, opened, asked, rows)
    await _record(connection, opened, told.items)
    outcomes = [*told.items, *told.unsubscribed]
    return Answered(
        message={
            "transaction_id": transaction_id,
            "correlation_id": correlation_id,
            "txnstatus_response": {
                "txn_type": asked.txn_type,
                "txn_status": _shaped(asked, told),
            },
        },
        status="succ",
        total=len(outcomes),
        completed=sum(each["status"] != "pdng" for each in outcomes),
        programmes=told.programmes,
    )


def _read(opened: Opened) -> tuple[str, Asked]:
    transaction_id, asked = read_asked(opened.message)
    if asked.txn_type == "search" and SEARCH not in opened.asker.scopes:
        raise NotAllowed(
            "scope.missing", f"The answer shows records, so the token must carry {SEARCH} too."
        )
    return transaction_id, asked


async def _claim(connection: Connection, opened: Opened, transaction_id: str) -> str:
    """The correlation id of this request; the same request again keeps the one it got.

    Its answer is not stored: asked again, it tells what has become of the transaction since.
    """
    correlation_id = new_token()
    earlier = await store.claim_message(
        connection,
        key=opened.message_key,
        partner_id=opened.partner.partner_id,
        kind="txn_status",
        body_digest=opened.body_digest,
        transaction_id=transaction_id,
        correlation_id=correlation_id,
        at=opened.at,
    )
    if earlier is None:
        return correlation_id
    if earlier["body_digest"] != opened.body_digest or earlier["kind"] != "txn_status":
        raise used_before()
    if earlier["answered_later"]:
        raise sent_elsewhere("/registry/txn/status")
    return str(earlier["correlation_id"])


async def _messages(
    connection: Connection, partner_id: int, asked: Asked
) -> Sequence[asyncpg.Record]:
    if asked.listed:
        return await store.messages_with(connection, partner_id, asked.kinds, asked.values)
    return await store.messages_of(
        connection,
        partner_id,
        asked.kinds,
        attribute=asked.attribute,
        values=asked.values,
        most=MOST_MESSAGES,
    )


async def _told(
    services: Services, opened: Opened, asked: Asked, rows: Sequence[asyncpg.Record]
) -> Told:
    """The stored outcomes, the newest message first; of what was listed only what was asked for."""
    wanted = set(asked.values) if asked.listed else None
    told = Told(_asked_id(asked), "", [], [])
    seen: set[str] = set()
    found: set[str] = set()
    messages = sorted(
        {row["message_key"]: row for row in rows}.values(), key=_received_at, reverse=True
    )
    reach = _Reach(opened.asker, services.book)
    for row in messages:
        if row["kind"] == "unsubscribe":
            outcome, names = _unsubscribed(services.sealer, row, opened.at)
            told.unsubscribed.append(outcome)
            found |= names
            continue
        for item in await _items(services.sealer, row, asked, opened.at):
            names = _names(item, by_code=asked.by_code)
            if wanted is None or (names & wanted) - seen:
                seen |= names
                told.items.append(reach.within(item))
    told.programmes = frozenset(reach.shown)
    _add_unknown(
        told, asked, [value for value in asked.values if value not in seen | found], opened.at
    )
    if messages:
        told.transaction_id = messages[0]["transaction_id"]
        told.correlation_id = messages[0]["correlation_id"]
    return told


def _add_unknown(told: Told, asked: Asked, missing: list[str], at: datetime) -> None:
    """Adds one outcome for each listed name that was not found, or one for nothing found."""
    if not asked.listed:
        missing = [] if told.items or told.unsubscribed else [asked.reference_id]
    for reference in missing:
        unknown = _unknown(reference, asked.locale, at)
        if asked.kinds == ["unsubscribe"]:
            told.unsubscribed.append(
                {name: unknown[name] for name in unknown if name not in ("reference_id", "locale")}
                | {"subscription_status": []}
            )
        else:
            told.items.append(unknown)


def _names(item: dict[str, Any], *, by_code: bool) -> set[str]:
    """What an item is called: its reference_id, or the codes of its subscriptions."""
    if not by_code:
        return {str(item.get("reference_id"))}
    return {str(each.get("code")) for each in item.get("subscriptions", [])}


def _received_at(row: asyncpg.Record) -> datetime:
    at: datetime = row["received_at"]
    return at


def _asked_id(asked: Asked) -> str:
    return asked.values[0] if asked.attribute == "transaction_id" else ""


async def _items(
    sealer: Sealer, row: asyncpg.Record, asked: Asked, at: datetime
) -> list[dict[str, Any]]:
    """The items of one stored answer; those that are pending where there is no answer yet."""
    if row["answer"] is None:
        references = row["reference_ids"] or [asked.reference_id]
        return [
            {"reference_id": each, "timestamp": written(at), "status": "pdng"}
            for each in references
        ]

    def read() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = _message(sealer, row)[_ITEMS[row["kind"]]]
        return items

    return await asyncio.to_thread(read) if len(row["answer"]) > _LARGE else read()


def _message(sealer: Sealer, row: asyncpg.Record) -> dict[str, Any]:
    """The message of a stored answer."""
    place = place_of("message_received", "answer", row["message_key"])
    answer = msgspec.json.decode(b"".join(decompressed(sealer.open(row["answer"], place))))
    message: dict[str, Any] = answer["message"]
    return message


def _unsubscribed(
    sealer: Sealer, row: asyncpg.Record, at: datetime
) -> tuple[dict[str, Any], set[str]]:
    """What became of an unsubscribe, and the codes that it named."""
    named = set(row["reference_ids"] or ())
    if row["answer"] is None:
        return {"timestamp": written(at), "status": "pdng", "subscription_status": []}, named
    message = _message(sealer, row)
    ids = ("transaction_id", "correlation_id")
    return {name: value for name, value in message.items() if name not in ids}, named


class _Reach:
    """Leaves records out that the asker may no longer see; remembers whose it showed."""

    def __init__(self, asker: Asker, book: PartnerBook) -> None:
        self._programmes = {
            book.programmes[each].code: each for each in asker.reach if each in book.programmes
        }
        self.shown: set[int] = set()

    def within(self, item: dict[str, Any]) -> dict[str, Any]:
        """The item with the records in reach."""
        if "data" not in item:
            return item
        records = item["data"]["reg_records"]
        kept = [record for record in records if _programme_of(record) in self._programmes]
        self.shown |= {self._programmes[_programme_of(record)] for record in kept}
        if len(kept) == len(records):
            return item
        gone = len(records) - len(kept)
        pagination = item["pagination"]
        return item | {
            "data": item["data"] | {"reg_records": kept},
            "pagination": pagination | {"total_count": pagination["total_count"] - gone},
        }


def _programme_of(record: dict[str, Any]) -> str:
    code: str = record["programme_identifier"][0]["programme_identifier"]
    return code


def _unknown(reference_id: str, locale: str, at: datetime) -> dict[str, Any]:
    return {
        "reference_id": reference_id,
        "timestamp": written(at),
        "status": "rjct",
        "status_reason_code": "rjct.reference_id.invalid",
        "status_reason_message": "No message of yours was received under this id.",
        "locale": locale,
    }


def _shaped(asked: Asked, told: Told) -> dict[str, Any]:
    """The outcomes in the shape that the standard has for them (behaviour.md 15, 16)."""
    shaped: dict[str, Any] = {
        "transaction_id": told.transaction_id,
        "correlation_id": told.correlation_id,
    }
    if asked.txn_type == "receipt":
        # The records themselves are the sender's own; what it lacks is what became of them.
        outcomes = [
            {name: value for name, value in item.items() if name != "locale"} for item in told.items
        ]
        return shaped | {
            "receipt_information": {"beneficiaries": []},
            "enrolled_response": outcomes,
        }
    if asked.txn_type == "subscribe":
        shaped |= {"search_response": [], "subscribe_response": told.items}
        return shaped | ({"unsubscribe_response": told.unsubscribed} if told.unsubscribed else {})
    return shaped | {"search_response": told.items}


async def _record(connection: Connection, opened: Opened, items: list[dict[str, Any]]) -> None:
    """Showing records again is an event; who they are about was written when they were found."""
    shown = sum(len(item["data"]["reg_records"]) for item in items if "data" in item)
    if shown:
        await record_event(
            connection,
            kind=QUESTION_SEARCH,
            asker=opened.asker,
            details={"purpose": opened.asker.purpose.code, "records": shown, "again": True},
            at=opened.at,
        )
