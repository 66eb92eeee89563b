"""/registry/sync/txn/status: what became of a partner's own earlier message (digest.md 4.7).

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
from ibr.errors import Conflict, NotAllowed, NotUnderstood
from ibr.ids import new_token
from ibr.interop.dci import store
from ibr.interop.dci.answers import Answer, Operation
from ibr.interop.dci.envelope import Opened
from ibr.interop.dci.messages.header import LONGEST_ID, read_locale, read_transaction_id
from ibr.interop.dci.outcomes import decompressed
from ibr.interop.dci.search import read_reference
from ibr.interop.dci.services import Services
from ibr.protection.seal import Sealer, place_of
from ibr_messages.strict_json import canonical

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
# What may be asked about, by every spelling: the standard's word and how we keep such messages.
_TYPES: Final = {
    "search": "search",
    "on-search": "search",
    "receipt": "receipt",
    "on-receipt": "receipt",
    "enrollment-updates": "receipt",
    "enrolled-updates": "receipt",
    "subscribe": "subscribe",
    "subscibe": "subscribe",
    "on-subscribe": "subscribe",
    "unsubscribe": "subscribe",
    "on-unsubscribe": "subscribe",
}
_KINDS: Final = {"search": "search", "receipt": "enrollment_updates"}
_ITEMS: Final = {"search": "search_response", "receipt": "enrolled_response"}
_ATTRIBUTES: Final = ("transaction_id", "reference_id_list", "correlation_id")
MOST_VALUES: Final = 100
# One transaction may have had several messages; the newest are told together.
MOST_MESSAGES: Final = 20
_LARGE: Final = 256 * 1024


class Asked(msgspec.Struct, frozen=True):
    """What a request wants to know."""

    reference_id: str
    txn_type: str
    attribute: str
    values: list[str]
    locale: str


class Told(msgspec.Struct, frozen=True):
    """The outcomes of the messages found, and the ids of the newest of them."""

    transaction_id: str
    correlation_id: str
    items: list[dict[str, Any]]


async def txn_status(services: Services, opened: Opened) -> Answer:
    """The signed answer; a transaction that is not known is an item that says so.

    NotUnderstood for a request that cannot be read; NotAllowed where the answer would show
    records and the token does not carry the right to search.
    """
    transaction_id, asked = _read(opened)
    if asked.txn_type == "search" and SEARCH not in opened.asker.scopes:
        raise NotAllowed(
            "scope.missing", f"The answer shows records, so the token must carry {SEARCH} too."
        )
    async with services.database.transaction(opened.asker.reach) as connection:
        correlation_id = await _claim(connection, opened, transaction_id)
        rows = await _messages(connection, opened.partner.partner_id, asked)
        told = await _told(services, opened, asked, rows)
        await _record(connection, opened, told.items)
    message = {
        "transaction_id": transaction_id,
        "correlation_id": correlation_id,
        "txnstatus_response": {
            "txn_type": asked.txn_type,
            "txn_status": _shaped(asked.txn_type, told),
        },
    }
    header = services.writer.header(
        OPERATION.answer_action,
        opened.partner.sender_id,
        status="succ",
        total=len(told.items),
        completed=sum(item["status"] != "pdng" for item in told.items),
        at=opened.at,
    )
    return Answer(200, services.writer.sealed(header, message))


def _read(opened: Opened) -> tuple[str, Asked]:
    message = opened.message
    canonical(message)
    transaction_id = read_transaction_id(message.get("transaction_id"))
    request = message.get("txnstatus_request")
    if transaction_id is None or not isinstance(request, dict):
        raise _schema("message needs transaction_id and txnstatus_request.")
    txn_type = request.get("txn_type")
    txn_type = _TYPES.get(txn_type.strip().lower()) if isinstance(txn_type, str) else None
    if txn_type is None:
        raise _schema("txn_type is search, subscribe or receipt.")
    attribute = request.get("attribute_type")
    if attribute not in _ATTRIBUTES:
        raise _schema(f"attribute_type is one of {', '.join(_ATTRIBUTES)}.")
    return transaction_id, Asked(
        read_reference(request),
        txn_type,
        attribute,
        _values(request.get("attribute_value")),
        read_locale(request.get("locale")),
    )


def _schema(reason: str) -> NotUnderstood:
    return NotUnderstood("message.schema", reason)


def _values(given: Any) -> list[str]:
    listed = given if isinstance(given, list) else [given]
    if not 0 < len(listed) <= MOST_VALUES:
        raise _schema(f"attribute_value holds between 1 and {MOST_VALUES} ids.")
    values = [
        str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        for value in listed
    ]
    if not all(isinstance(value, str) and 0 < len(value) <= LONGEST_ID for value in values):
        raise _schema(f"attribute_value holds ids of at most {LONGEST_ID} characters.")
    return list(dict.fromkeys(values))


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
        raise Conflict(
            "message.duplicate",
            "This message_id was used before with another content; give each message its own id.",
        )
    return str(earlier["correlation_id"])


async def _messages(
    connection: Connection, partner_id: int, asked: Asked
) -> Sequence[asyncpg.Record]:
    kind = _KINDS.get(asked.txn_type)
    if kind is None:
        return []
    if asked.attribute == "reference_id_list":
        return await store.messages_with(connection, partner_id, kind, asked.values)
    return await store.messages_of(
        connection,
        partner_id,
        kind,
        attribute=asked.attribute,
        values=asked.values,
        most=MOST_MESSAGES,
    )


async def _told(
    services: Services, opened: Opened, asked: Asked, rows: Sequence[asyncpg.Record]
) -> Told:
    """The stored outcomes, the newest message first; for references asked for only those."""
    by_reference = asked.attribute == "reference_id_list"
    wanted = set(asked.values) if by_reference else None
    items: list[dict[str, Any]] = []
    seen: set[str] = set()
    for row in {row["message_key"]: row for row in rows}.values():
        for item in await _items(services.sealer, row, asked, opened.at):
            reference = str(item.get("reference_id"))
            if wanted is None or (reference in wanted and reference not in seen):
                seen.add(reference)
                items.append(_in_reach(item, opened.asker, services.book))
    missing = [value for value in asked.values if value not in seen] if by_reference else []
    if not rows and not by_reference:
        missing = [asked.reference_id]
    items += [_unknown(reference, asked.locale, opened.at) for reference in missing]
    if not rows:
        return Told(_asked_id(asked), "", items)
    newest = max(rows, key=_received_at)
    return Told(newest["transaction_id"], newest["correlation_id"], items)


def _received_at(row: asyncpg.Record) -> datetime:
    at: datetime = row["received_at"]
    return at


def _asked_id(asked: Asked) -> str:
    return asked.values[0] if asked.attribute == "transaction_id" else ""


async def _items(
    sealer: Sealer, row: asyncpg.Record, asked: Asked, at: datetime
) -> list[dict[str, Any]]:
    """The items of one stored answer; one that is pending where there is no answer yet."""
    if row["answer"] is None:
        return [{"reference_id": asked.reference_id, "timestamp": written(at), "status": "pdng"}]
    place = place_of("message_received", "answer", row["message_key"])

    def read() -> list[dict[str, Any]]:
        answer = msgspec.json.decode(b"".join(decompressed(sealer.open(row["answer"], place))))
        items: list[dict[str, Any]] = answer["message"][_ITEMS[asked.txn_type]]
        return items

    return await asyncio.to_thread(read) if len(row["answer"]) > _LARGE else read()


def _in_reach(item: dict[str, Any], asker: Asker, book: PartnerBook) -> dict[str, Any]:
    """The item without records of programmes that the asker may no longer see."""
    if "data" not in item:
        return item
    codes = {book.programmes[each].code for each in asker.reach if each in book.programmes}
    records = item["data"]["reg_records"]
    kept = [
        record
        for record in records
        if record["programme_identifier"][0]["programme_identifier"] in codes
    ]
    if len(kept) == len(records):
        return item
    gone = len(records) - len(kept)
    pagination = item["pagination"]
    return item | {
        "data": item["data"] | {"reg_records": kept},
        "pagination": pagination | {"total_count": pagination["total_count"] - gone},
    }


def _unknown(reference_id: str, locale: str, at: datetime) -> dict[str, Any]:
    return {
        "reference_id": reference_id,
        "timestamp": written(at),
        "status": "rjct",
        "status_reason_code": "rjct.reference_id.invalid",
        "status_reason_message": "No message of yours was received under this id.",
        "locale": locale,
    }


def _shaped(txn_type: str, told: Told) -> dict[str, Any]:
    """The outcomes in the shape that the standard has for them (behaviour.md 15, 16)."""
    shaped: dict[str, Any] = {
        "transaction_id": told.transaction_id,
        "correlation_id": told.correlation_id,
    }
    if txn_type == "receipt":
        # The records themselves are the sender's own; what it lacks is what became of them.
        outcomes = [
            {name: value for name, value in item.items() if name != "locale"} for item in told.items
        ]
        return shaped | {
            "receipt_information": {"beneficiaries": []},
            "enrolled_response": outcomes,
        }
    if txn_type == "subscribe":
        return shaped | {"search_response": [], "subscribe_response": told.items}
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
