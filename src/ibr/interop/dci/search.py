"""Search, sync or not: records of the programmes in the asker's reach (digest.md 4.1, 4.2)."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import zstandard

from ibr.access.scopes import SEARCH
from ibr.asker import Purpose
from ibr.clock import written
from ibr.db.pool import Connection
from ibr.errors import NotUnderstood
from ibr.ids import new_token
from ibr.interop.dci import store
from ibr.interop.dci.answered import Answered, Taken
from ibr.interop.dci.answers import Answer, Operation
from ibr.interop.dci.envelope import Opened
from ibr.interop.dci.messages.again import sent_elsewhere, used_before
from ibr.interop.dci.messages.batch import SEARCHES, Entry, read_batch, schema
from ibr.interop.dci.messages.written import write_beneficiary
from ibr.interop.dci.outcomes import decompressed
from ibr.interop.dci.query.criteria import read_pagination, read_purpose, read_wanted
from ibr.interop.dci.reasons import LONGEST_MESSAGE, reason_of
from ibr.interop.dci.services import Services
from ibr.protection.seal import place_of
from ibr.questions.find_beneficiaries import Page, Searcher, Wanted

KIND: Final = "search"
OPERATION: Final = Operation(
    "search",
    "search",
    "on-search",
    {"transaction_id": "", "correlation_id": "", "search_response": []},
)
# No answer shows more than this and one page: it is built in memory.
MOST_RECORDS: Final = 2000


class Item(msgspec.Struct, frozen=True):
    """One item of a search, or what is at fault with it."""

    reference_id: str
    locale: str
    wanted: Wanted | None
    purpose: Purpose | None = None
    fault: NotUnderstood | None = None


class _AnsweredBeforeError(Exception):
    """The message was answered before; what this transaction did must not stay."""


async def search(services: Services, opened: Opened) -> Answer:
    """The signed answer; the same message again gets the same bytes and no second entry.

    NotUnderstood for a message that is at fault as a whole, Conflict for a message_id that was
    used before; what is at fault with one item is said in that item.
    """
    try:
        transaction = services.database.transaction(
            opened.asker.reach, asker=opened.asker, right=SEARCH
        )
        async with services.budgets.noting(
            services.database, opened.asker, transaction
        ) as connection:
            answered = await answer_search(services, connection, opened, new_token())
            body = _sealed(services, opened, answered)
            await _keep(services, connection, opened, answered.message, body)
    except _AnsweredBeforeError:
        async with services.database.transaction(()) as connection:
            body = await _answered_before(services, connection, opened)
    return Answer(200, body)


async def answer_search(
    services: Services, connection: Connection, opened: Opened, correlation_id: str
) -> Answered:
    """What is found, written to ledger and audit; for both ways an answer can leave."""
    transaction_id, items = read_search(opened)
    searcher = Searcher(
        connection,
        services.sealer,
        services.blind_index,
        opened.asker,
        message_key=opened.message_key,
        at=opened.at,
    )
    shown: set[int] = set()
    told = [await _tell(services, opened, searcher, item, shown) for item in items]
    rejected = sum(each["status"] == "rjct" for each in told)
    details: dict[str, object] = {"rejected": rejected, "correlation_id": correlation_id}
    await searcher.record(services.budgets, details)
    all_rejected = rejected == len(told)
    return Answered(
        message={
            "transaction_id": transaction_id,
            "correlation_id": correlation_id,
            "search_response": told,
        },
        status="rjct" if all_rejected else "succ",
        total=len(told),
        completed=len(told),
        reason_code="rjct.errors.too_many" if all_rejected else None,
        programmes=frozenset(shown),
    )


def take_search(opened: Opened) -> Taken:
    """What the door must know of a search that is answered later."""
    transaction_id, items = read_search(opened)
    return Taken(
        transaction_id=transaction_id,
        references=list(dict.fromkeys(each.reference_id for each in items)),
    )


def _sealed(services: Services, opened: Opened, answered: Answered) -> bytes:
    header = services.writer.header(
        OPERATION.answer_action,
        opened.partner.sender_id,
        status=answered.status,
        total=answered.total,
        completed=answered.completed,
        at=opened.at,
        reason_code=answered.reason_code,
    )
    return services.writer.sealed(header, answered.message)


async def _keep(
    services: Services, connection: Connection, opened: Opened, message: dict[str, Any], body: bytes
) -> None:
    """Keeps the answer for the same message again and for transaction status.

    The message is claimed only now, with its answer, in one statement. Where it was answered
    before, raising undoes the ledger's entries with everything else of this transaction.
    """
    compressed = zstandard.ZstdCompressor(level=3).compress(body)
    fresh = await store.keep_search(
        connection,
        key=opened.message_key,
        partner_id=opened.partner.partner_id,
        body_digest=opened.body_digest,
        transaction_id=message["transaction_id"],
        correlation_id=message["correlation_id"],
        answer=services.sealer.seal(
            compressed, place_of("message_received", "answer", opened.message_key)
        ),
        at=opened.at,
        references=list({each["reference_id"]: None for each in message["search_response"]}),
    )
    if not fresh:
        raise _AnsweredBeforeError


async def _answered_before(services: Services, connection: Connection, opened: Opened) -> bytes:
    """The stored answer, byte for byte (behaviour.md 27)."""
    earlier = await store.kept_message(connection, opened.message_key)
    if earlier is None or (earlier["kind"], earlier["body_digest"]) != (KIND, opened.body_digest):
        raise used_before()
    if earlier["answered_later"]:
        raise sent_elsewhere("/registry/search")
    sealed = earlier["answer"]
    place = place_of("message_received", "answer", opened.message_key)
    return b"".join(decompressed(services.sealer.open(sealed, place)))


def read_search(opened: Opened) -> tuple[str, list[Item]]:
    """The transaction and the items; NotUnderstood for what is at fault as a whole."""
    transaction_id, entries = read_batch(SEARCHES, opened.header, opened.message)
    return transaction_id, [_read_item(each) for each in entries]


def _read_item(entry: Entry) -> Item:
    # Pages that cannot be read make the whole message one that cannot be answered.
    page = read_pagination(entry.criteria, entry.request)
    reference_id, locale, fault = entry.reference_id, entry.locale, entry.fault
    try:
        wanted = read_wanted(entry.criteria, page) if fault is None else None
    except NotUnderstood as found:
        wanted, fault = None, found
    if wanted is None:
        return Item(reference_id, locale, None, fault=fault)
    return Item(reference_id, locale, wanted, read_purpose(entry.criteria))


async def _tell(
    services: Services, opened: Opened, searcher: Searcher, item: Item, shown: set[int]
) -> dict[str, Any]:
    """One item of the answer; adds the programmes whose records it shows to `shown`."""
    told: dict[str, Any] = {
        "reference_id": item.reference_id,
        "timestamp": written(opened.at),
        "locale": item.locale,
    }
    try:
        if item.wanted is None:
            raise item.fault or schema("The search could not be read.")
        if searcher.shown >= MOST_RECORDS:
            raise NotUnderstood(
                "query.too_many",
                f"The searches before this one showed {searcher.shown} records; send this one in a "
                "message of its own.",
            )
        asker = opened.asker
        if item.purpose is not None:
            asker = msgspec.structs.replace(asker, purpose=item.purpose)
        page = await searcher.find(item.wanted, asker)
    except NotUnderstood as fault:
        reason = reason_of(fault)
        return told | {
            "status": "rjct",
            "status_reason_code": reason.item or "rjct.search_criteria.invalid",
            "status_reason_message": fault.message[:LONGEST_MESSAGE],
        }
    shown |= {each.programme_id for each in page.records}
    return told | {"status": "succ", **_found(services, item.wanted, page)}


def _found(services: Services, wanted: Wanted, page: Page) -> dict[str, Any]:
    programmes = services.book.programmes
    return {
        "data": {
            "version": "1.0.0",
            "reg_type": "ns:org:RegistryType:IBR",
            "reg_record_type": "Beneficiary",
            "reg_records": [write_beneficiary(each, programmes) for each in page.records],
        },
        "pagination": {
            "page_size": wanted.page_size,
            "page_number": wanted.page_number,
            "total_count": page.total,
        },
    }
