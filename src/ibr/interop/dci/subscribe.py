"""/registry/subscribe and /registry/unsubscribe: who wants to hear of which changes.

Both are answered by a callback (digest.md 4.3, 4.4, 4.6); the door reads the same message before
it acknowledges it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ibr.asker import Asker, Purpose
from ibr.audit.events import SUBSCRIBE_REFUSED
from ibr.audit.record import record_event
from ibr.clock import written
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotUnderstood, RegistryError
from ibr.interop.dci.answered import Answered, Taken
from ibr.interop.dci.envelope import Opened
from ibr.interop.dci.messages.batch import (
    SUBSCRIPTIONS,
    Entry,
    read_batch,
    schema,
    transaction_of,
)
from ibr.interop.dci.messages.header import LONGEST_ID, read_moment_with_zone
from ibr.interop.dci.query.criteria import read_purpose
from ibr.interop.dci.query.subscribe_criteria import (
    echoed,
    read_event_type,
    read_filter,
    read_frequency,
)
from ibr.interop.dci.reasons import LONGEST_MESSAGE, reason_of
from ibr.interop.dci.services import Services
from ibr.questions.filters import And, Compare, Filter
from ibr.subscriptions.model import Made, Wish
from ibr.subscriptions.rules import address_from, notify_address
from ibr.subscriptions.subscribe import Subscriber, check_agreed

MOST_CODES: Final = 1000
_PAGE: Final = 100
_DETAILS: Final = "rjct.notify_details.invalid"


class Unsubscribe(msgspec.Struct, frozen=True):
    """Which subscriptions are to end."""

    transaction_id: str
    codes: list[str]
    fault: NotUnderstood | None = None


def take_subscribe(opened: Opened) -> Taken:
    """What the door must know of a subscription that is answered later."""
    transaction_id, items = read_subscribe(opened)
    return Taken(
        transaction_id=transaction_id,
        references=list(dict.fromkeys(each.reference_id for each in items)),
    )


def take_unsubscribe(opened: Opened) -> Taken:
    """The same for the end of subscriptions; they are known by their codes."""
    read = read_unsubscribe(opened)
    return Taken(transaction_id=read.transaction_id, references=read.codes)


def read_subscribe(opened: Opened) -> tuple[str, list[Entry]]:
    """The transaction and the items; NotUnderstood for what is at fault as a whole."""
    return read_batch(SUBSCRIPTIONS, opened.header, opened.message)


async def subscribe(
    services: Services, connection: Connection, opened: Opened, correlation_id: str
) -> Answered:
    """Makes the subscriptions; what is at fault with one never hinders the others."""
    transaction_id, items = read_subscribe(opened)
    subscriber = Subscriber(
        connection, services.sealer, services.blind_index, opened.asker, opened.at
    )
    told = [await _tell(services, opened, subscriber, item) for item in items]
    rejected = [each["status_reason_code"] for each in told if each["status"] == "rjct"]
    if rejected:
        await record_event(
            connection,
            kind=SUBSCRIBE_REFUSED,
            asker=opened.asker,
            details={"refused": len(rejected), "reasons": sorted(set(rejected))},
            at=opened.at,
        )
    all_rejected = len(rejected) == len(told)
    return Answered(
        message={
            "transaction_id": transaction_id,
            "correlation_id": correlation_id,
            "subscribe_response": told,
        },
        status="rjct" if all_rejected else "succ",
        total=len(told),
        completed=len(told),
        reason_code="rjct.errors.too_many" if all_rejected else None,
    )


async def _tell(
    services: Services, opened: Opened, subscriber: Subscriber, item: Entry
) -> dict[str, Any]:
    """One item of the answer."""
    told: dict[str, Any] = {
        "reference_id": item.reference_id,
        "timestamp": written(opened.at),
        "locale": item.locale,
    }
    made: Made | None = None
    try:
        if item.fault is not None:
            raise item.fault
        made = await subscriber.subscribe(_wish(services, opened, item))
        if not made.fresh:
            raise Conflict(
                "subscription.exists",
                "You are subscribed to this already, with this filter and schedule; the code is "
                "the one given here.",
            )
    except (NotUnderstood, Conflict) as fault:
        told |= _rejected(fault)
    else:
        told["status"] = "succ"
    if made is not None:
        told["subscriptions"] = [_info(made)]
        told["pagination"] = {"page_size": _PAGE, "page_number": 1, "total_count": 1}
    return told


def _rejected(fault: RegistryError) -> dict[str, Any]:
    code = reason_of(fault).item
    return {
        "status": "rjct",
        # What is at fault with a query has a code of its own in a search, and none here.
        "status_reason_code": _DETAILS if code in (None, "rjct.search_criteria.invalid") else code,
        "status_reason_message": fault.message[:LONGEST_MESSAGE],
    }


def _info(made: Made) -> dict[str, Any]:
    """A subscription as its subscriber asked for it, with the code it is known by."""
    return {
        "version": "1.0.0",
        **made.criteria,
        "code": made.code,
        "status": "subscribe",
        "timestamp": written(made.made_at),
    }


def _wish(services: Services, opened: Opened, item: Entry) -> Wish:
    """What one item asks for; NotUnderstood says what is at fault."""
    criteria, partner = item.criteria, opened.partner
    event = read_event_type(criteria)
    kind, wanted = read_filter(criteria)
    frequency = read_frequency(criteria, opened.at)
    purpose: Purpose = read_purpose({"authorize": criteria.get("authorize")}) or (
        opened.asker.purpose
    )
    _check_reach(services, opened.asker, wanted)
    check_agreed(
        msgspec.structs.replace(opened.asker, purpose=purpose), wanted, _named(services, wanted)
    )
    address = address_from(opened.header.sender_uri, partner.callback_urls)
    if notify_address(partner.callback_urls, address) is None:
        raise NotUnderstood(
            "subscription.details",
            "There is no address to notify: send header.sender_uri, or have an address that ends "
            "in /notify registered.",
        )
    registry = criteria.get("reg_type")
    return Wish(
        event=event,
        filter=wanted,
        frequency=frequency,
        criteria={**echoed(criteria, kind), "locale": item.locale},
        reg_type=registry if isinstance(registry, str) and registry else None,
        purpose=purpose,
        notify_address=address,
    )


def _check_reach(services: Services, asker: Asker, wanted: Filter) -> None:
    """Refuses what could never be told; an unknown programme looks like one out of reach."""
    if not asker.reach:
        raise NotUnderstood(
            "subscription.details", "You have an agreement for no programme yet; ask for one."
        )
    known = services.book.programmes_by_code
    for named in _programmes(wanted):
        if not any(code in known and known[code].programme_id in asker.reach for code in named):
            raise NotUnderstood(
                "subscription.details", "The filter names no programme in your reach."
            )


def _named(services: Services, wanted: Filter) -> frozenset[int] | None:
    """The programmes that every record must be of; None where the filter names none outright."""
    known = services.book.programmes_by_code
    named = [
        {known[code].programme_id for code in each if code in known} for each in _programmes(wanted)
    ]
    return frozenset.intersection(*map(frozenset, named)) if named else None


def _programmes(wanted: Filter) -> list[tuple[str, ...]]:
    """The programmes that a record must be of, as far as the filter says so outright."""
    if isinstance(wanted, And):
        return [named for part in wanted.parts for named in _programmes(part)]
    if isinstance(wanted, Compare) and wanted.attribute == "programme" and wanted.operator != "ne":
        return [tuple(map(str, wanted.values))]
    return []


def read_unsubscribe(opened: Opened) -> Unsubscribe:
    """Which codes are given up; NotUnderstood for what is at fault as a whole.

    Read are the standard's own misspellings of earlier versions too (digest.md 4.6).
    """
    message = opened.message
    transaction_id = transaction_of(opened.header, opened.message)
    given = message.get("subscription_codes", message.get("sunscription_codes"))
    if not isinstance(given, list) or not 0 < len(given) <= MOST_CODES:
        raise schema(f"message.subscription_codes holds between 1 and {MOST_CODES} codes.")
    if not all(isinstance(code, str) and 0 < len(code) <= LONGEST_ID for code in given):
        raise schema(f"A subscription code is a string of at most {LONGEST_ID} characters.")
    if opened.header.total_count not in (1, len(given)):
        raise NotUnderstood(
            "message.total_count",
            "header.total_count must be 1, for one request, or the number of subscription codes.",
        )
    codes = list(dict.fromkeys(given))
    names = ("timestamp", "timesstamp", "timesatmp")
    stamp = next((message[name] for name in names if name in message), None)
    try:
        read_moment_with_zone(stamp, "timestamp", "query.timestamp")
    except NotUnderstood as fault:
        return Unsubscribe(transaction_id, codes, fault)
    return Unsubscribe(transaction_id, codes)


async def unsubscribe(
    services: Services, connection: Connection, opened: Opened, correlation_id: str
) -> Answered:
    """Ends the subscriptions that are the sender's own; of the others it says that there are none.

    It succeeds where at least one has ended.
    """
    asked = read_unsubscribe(opened)
    message: dict[str, Any] = {
        "transaction_id": asked.transaction_id,
        "correlation_id": correlation_id,
        "timestamp": written(opened.at),
    }
    ended: list[str] = []
    if asked.fault is not None:
        message |= _rejected(asked.fault)
    else:
        subscriber = Subscriber(
            connection, services.sealer, services.blind_index, opened.asker, opened.at
        )
        outcomes = await subscriber.cancel(asked.codes)
        ended = [code for code, outcome in outcomes.items() if outcome != "unknown"]
        message |= _outcome(list(outcomes.values()))
    message["subscription_status"] = [{"code": code, "status": "unsubscribe"} for code in ended]
    return Answered(
        message=message,
        status=message["status"],
        total=opened.header.total_count,
        completed=opened.header.total_count,
    )


def _outcome(outcomes: list[str]) -> dict[str, Any]:
    """The one status of the answer, and which codes, by their place, did not end now."""
    if all(outcome == "cancelled" for outcome in outcomes):
        return {"status": "succ"}
    unknown = [place for place, each in enumerate(outcomes, 1) if each == "unknown"]
    over = [place for place, each in enumerate(outcomes, 1) if each == "over"]
    said = []
    if unknown:
        said.append(f"You have no subscription with this code: {_places(unknown)}.")
    if over:
        said.append(f"This subscription had ended already: {_places(over)}.")
    fault = NotUnderstood("subscription.code" if unknown else "subscription.over", " ".join(said))
    succeeded = "cancelled" in outcomes
    return {**_rejected(fault), **({"status": "succ"} if succeeded else {})}


def _places(places: list[int]) -> str:
    """Codes by their place in the list: an answer never repeats what was sent."""
    shown = ", ".join(map(str, places[:20])) + (" and others" if len(places) > 20 else "")
    return f"number {shown} of your list"
