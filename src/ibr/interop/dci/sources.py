"""What other registries send here: answers to our questions, and news that we subscribed to.

The same gate as everywhere: token, sender, signature. Then each message is bound to a question or
a subscription of ours at that very source; whatever is not is refused as unknown, and nothing of
it is stored. Each message counts once. The Ack leaves after the commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from ibr.access import scopes
from ibr.audit.events import SOURCE_REFUSED, SOURCE_TOLD
from ibr.audit.record import record_event
from ibr.clock import written
from ibr.db.pool import Connection
from ibr.errors import NotFound, NotUnderstood
from ibr.ids import new_token
from ibr.intake.news_of_sources import Candidate, Dropped, take_news
from ibr.interop.dci import store
from ibr.interop.dci.answers import Answer
from ibr.interop.dci.envelope import Opened
from ibr.interop.dci.messages.again import used_before
from ibr.interop.dci.messages.header import read_transaction_id
from ibr.interop.dci.services import Services
from ibr.interop.dci.source_answers import (
    Event,
    Item,
    Object,
    Reading,
    codes_given,
    items_in,
    read_code,
    read_events,
    read_items,
    reason_in,
    same_event,
)
from ibr.sources.asked import answers
from ibr.sources.asked.model import ItemState, OwnTransaction
from ibr.sources.listening import keep
from ibr.sources.listening.model import Listening
from ibr.sources.model import Source
from ibr.sources.register_source import source_of_partner
from ibr_messages.strict_json import canonical

# An answer about the largest batch: a thousand people with some kilobytes each.
LARGEST: Final = 8 * 1024 * 1024
# Reading this many records takes long enough to be done beside the other answers.
_MANY: Final = 50


class Hearing(msgspec.Struct, frozen=True):
    """One message of a source on its way in, inside its transaction."""

    services: Services
    connection: Connection
    source: Source
    opened: Opened
    dropped: Dropped

    @property
    def message(self) -> Object:
        return self.opened.message

    @property
    def at(self) -> datetime:
        return self.opened.at

    def reading(self) -> Reading:
        return Reading(self.source, self.services.blind_index, self.at, self.dropped)


Hear = Callable[[Hearing], Awaitable[None]]
T = TypeVar("T")


class Receiver(msgspec.Struct, frozen=True):
    """One address of ours: its scope, the action it reads and is kept by, and who hears."""

    scope: str
    action: str
    hear: Hear


async def receive(services: Services, opened: Opened) -> Answer:
    """The Ack; the same message again gets the same one, and no second effect.

    NotFound for what belongs to no question and no subscription of ours at this source; Conflict
    for a message_id that was used before.
    """
    receiver = next(each for each in RECEIVERS.values() if each.action == opened.header.action)
    correlation_id = new_token()
    # Whether somebody is held here does not depend on what the source may see of programmes.
    async with services.database.transaction(services.book.programmes) as connection:
        earlier = await store.claim_message(
            connection,
            key=opened.message_key,
            partner_id=opened.partner.partner_id,
            kind=receiver.action,
            body_digest=opened.body_digest,
            transaction_id=read_transaction_id(opened.message.get("transaction_id")) or "",
            correlation_id=correlation_id,
            at=opened.at,
        )
        if earlier is None:
            source = await source_of_partner(connection, opened.partner.partner_id)
            if source is None:
                raise unknown()
            await receiver.hear(Hearing(services, connection, source, opened, Dropped()))
    if earlier is None:
        return _ack(correlation_id, opened.at)
    if (earlier["kind"], earlier["body_digest"]) != (receiver.action, opened.body_digest):
        raise used_before()
    return _ack(earlier["correlation_id"], earlier["received_at"])


def unknown() -> NotFound:
    """The same words whether it was never asked or asked of somebody else."""
    return NotFound(
        "transaction.unknown",
        "This answers no question and no subscription of this registry at yours. Send back the "
        "transaction_id, correlation_id and subscription code exactly as they were exchanged.",
    )


def _ack(correlation_id: str, at: datetime) -> Answer:
    """Three members and no more (behaviour.md 1)."""
    said = {"ack_status": "ACK", "timestamp": written(at), "correlation_id": correlation_id}
    return Answer(200, canonical({"message": said}))


async def _question(hearing: Hearing, kind: str) -> OwnTransaction:
    """The question of ours that a message answers, for this transaction alone."""
    transaction_id = read_transaction_id(hearing.message.get("transaction_id"))
    if transaction_id is None:
        raise NotUnderstood("message.schema", "message needs transaction_id.")
    own = await answers.question(hearing.connection, hearing.source.source_id, transaction_id)
    given = _correlation(hearing)
    # An answer may overtake our note of the Ack; then the transaction_id alone, which nobody else
    # knows, must do, and the correlation_id is the one that counts from now on.
    if own is None or own.kind != kind or own.correlation_id not in (None, given):
        raise unknown()
    return own


def _correlation(hearing: Hearing) -> str | None:
    return read_code(hearing.message.get("correlation_id"))


async def _refused_whole(hearing: Hearing, own: OwnTransaction | None) -> None:
    """The source rejects a question as a whole; without a message it does not even say which."""
    reason = hearing.opened.header.reason_code or reason_in(hearing.message)
    reason = reason if reason and reason.startswith("rjct.") else None
    if own is not None:
        await answers.refused(hearing.connection, own.transaction_no, reason, hearing.at)
        if own.kind == "subscribe":
            await keep.refused(hearing.connection, own.transaction_no, None, reason, hearing.at)
    await record_event(
        hearing.connection,
        kind=SOURCE_REFUSED,
        asker=None,
        details={
            "source": hearing.source.source_id,
            "what": own.kind if own else hearing.opened.header.action,
            "reason": reason,
        },
        at=hearing.at,
    )


def _rejected(hearing: Hearing, items: str) -> bool:
    return hearing.opened.header.status == "rjct" and not hearing.message.get(items)


async def _on_search(hearing: Hearing) -> None:
    if not hearing.message:
        await _refused_whole(hearing, None)
        return
    own = await _question(hearing, "search")
    if _rejected(hearing, "search_response"):
        await _refused_whole(hearing, own)
        return
    items = read_items(own.transaction_id, items_in(hearing.message, "search_response"))
    await _hear_items(hearing, own, items)


async def _hear_items(hearing: Hearing, own: OwnTransaction, items: Sequence[Item]) -> None:
    """The items of an answer to a search: what they say, and that they were answered."""
    connection, reading = hearing.connection, hearing.reading()
    subjects = await answers.subjects_of(connection, own, [each.item_no for each in items])
    settled: dict[int, tuple[int, ItemState, str | None]] = {}
    asked: list[tuple[Item, bytes]] = []
    for item in items:
        subject = subjects.get(item.item_no) if item.item_no is not None else None
        if item.item_no is None or subject is None:
            hearing.dropped.not_asked += 1
        elif item.state != "open":
            asked.append((item, subject))
            if settled.get(item.item_no, (0, "open", None))[1] != "answered":
                settled[item.item_no] = (item.item_no, item.state, item.reason)

    def read() -> list[Candidate]:
        return [
            candidate
            for item, subject in asked
            for candidate in reading.about(item.records, subject, item.timestamp)
        ]

    await _take(hearing, await _beside(len(asked), read))
    await answers.answered(
        connection, own, list(settled.values()), correlation_id=_correlation(hearing), at=hearing.at
    )


async def _take(hearing: Hearing, candidates: Sequence[Candidate]) -> None:
    await take_news(
        hearing.connection,
        hearing.services.sealer,
        hearing.services.blind_index,
        hearing.source,
        candidates,
        hearing.dropped,
        message_key=hearing.opened.message_key,
        at=hearing.at,
    )


async def _on_subscribe(hearing: Hearing) -> None:
    if not hearing.message:
        await _refused_whole(hearing, None)
        return
    own = await _question(hearing, "subscribe")
    if _rejected(hearing, "subscribe_response"):
        await _refused_whole(hearing, own)
        return
    given = items_in(hearing.message, "subscribe_response")
    await _hear_codes(hearing, own, read_items(own.transaction_id, given))


async def _hear_codes(hearing: Hearing, own: OwnTransaction, items: Sequence[Item]) -> None:
    """The codes of subscriptions; refused where there is none, whatever the status says."""
    connection = hearing.connection
    codes = codes_given(items)
    with_code = {number for number, _ in codes}
    without = [
        (each.item_no, each.reason)
        for each in items
        if each.item_no is not None and each.state != "open" and each.item_no not in with_code
    ]
    active = await keep.given(
        connection, hearing.source.source_id, own.transaction_no, codes, hearing.at
    )
    await keep.refused(connection, own.transaction_no, without, None, hearing.at)
    settled: list[tuple[int, ItemState, str | None]] = [
        *((number, "answered", None) for number, _ in codes),
        *((number, "refused", reason) for number, reason in without),
    ]
    await answers.answered(
        connection, own, settled, correlation_id=_correlation(hearing), at=hearing.at
    )
    await _told(hearing, "on-subscribe", {"active": active, "refused": len(without)})


async def _on_unsubscribe(hearing: Hearing) -> None:
    if not hearing.message:
        await _refused_whole(hearing, None)
        return
    own = await _question(hearing, "unsubscribe")
    message, connection = hearing.message, hearing.connection
    reason = reason_in(message)
    listed = message.get("subscription_status")
    ended: list[str] | None = [
        code
        for each in (listed if isinstance(listed, list) else [listed])
        if isinstance(each, dict) and each.get("status") != "subscribe"
        if (code := read_code(each.get("code"))) is not None
    ]
    refused = "rjct" in (message.get("status"), hearing.opened.header.status)
    # What the source no longer knows has ended there as well.
    gone = reason in ("rjct.event.already_unsubscribed", "rjct.subscription_code.invalid")
    if gone or not (refused or ended):
        ended = None
    elif refused:
        await keep.kept(connection, own.transaction_no, reason)
    count = await keep.ended(connection, own.transaction_no, ended, hearing.at)
    await answers.done(connection, own, count, _correlation(hearing), hearing.at)
    await _told(hearing, "on-unsubscribe", {"ended": count})


async def _told(hearing: Hearing, what: str, counts: dict[str, object]) -> None:
    await record_event(
        hearing.connection,
        kind=SOURCE_TOLD,
        asker=None,
        details={"source": hearing.source.source_id, "what": what, **counts},
        at=hearing.at,
    )


async def _notify(hearing: Hearing) -> None:
    if not hearing.message:
        raise NotUnderstood("message.schema", "message needs notify_event, a list of objects.")
    source_id, at, reading = hearing.source.source_id, hearing.at, hearing.reading()
    events = read_events(hearing.message, hearing.opened.header.meta)
    by_code = await keep.by_code(
        hearing.connection, source_id, [each.code for each in events if each.code], at
    )
    without = [each for each in events if each.code is None]
    named = await _beside(len(without), lambda: [reading.subjects(e.records) for e in without])
    everybody = [subject for each in named for subject in each]
    about = await keep.about(hearing.connection, source_id, everybody, at) if without else []
    bound = [
        (event, subscription)
        for event, subscriptions in (
            *((each, [by_code[each.code]]) for each in events if each.code in by_code),
            *((e, _meant(e, about, who)) for e, who in zip(without, named, strict=True)),
        )
        for subscription in subscriptions
    ]
    if not bound:
        raise unknown()
    hearing.dropped.not_asked += len(events) - len({id(event) for event, _ in bound})
    heard = await _beside(len(bound), lambda: [_heard(reading, *each) for each in bound])
    await _take(hearing, [candidate for each in heard for candidate in each])


async def _beside(many: int, read: Callable[[], T]) -> T:
    """What `read` makes; beside the other answers where there is much to read."""
    return await asyncio.to_thread(read) if many > _MANY else read()


def _meant(event: Event, about: Sequence[Listening], subjects: Sequence[bytes]) -> list[Listening]:
    """The subscriptions that news without a code belongs to: by its event, and whom it names."""
    fitting = [
        each
        for each in about
        if same_event(each.event_type, event.event_type)
        and (each.subject is None or each.subject in subjects)
    ]
    everybody = [each for each in fitting if each.subject is None]
    return everybody[:1] or fitting


def _heard(reading: Reading, event: Event, subscription: Listening) -> list[Candidate]:
    word = event.event_type or subscription.event_type
    if subscription.subject is None:
        return reading.about_anybody(event.records, event.timestamp, word)
    return reading.about(event.records, subscription.subject, event.timestamp, word)


async def _on_status(hearing: Hearing) -> None:
    """What became of a question of ours that was never answered."""
    if not hearing.message:
        await _refused_whole(hearing, None)
        return
    poll = await _question(hearing, "txn-status")
    response = hearing.message.get("txnstatus_response")
    said: Any = response.get("txn_status") if isinstance(response, dict) else None
    own = await answers.polled_about(hearing.connection, poll)
    if not isinstance(said, dict):
        raise NotUnderstood("message.schema", "txnstatus_response needs txn_status, an object.")
    if said.get("transaction_id") not in (None, "", own.transaction_id):
        raise unknown()
    name = "subscribe_response" if own.kind == "subscribe" else "search_response"
    items = read_items(own.transaction_id, items_in({name: said.get(name) or []}, name))
    if items and all(each.item_no is None and each.state == "refused" for each in items):
        await answers.refused(hearing.connection, own.transaction_no, items[0].reason, hearing.at)
    elif own.kind == "search":
        await _hear_items(hearing, own, items)
    elif own.kind == "subscribe":
        await _hear_codes(hearing, own, items)
    await answers.done(hearing.connection, poll, 1, _correlation(hearing), hearing.at)


RECEIVERS: Final = {
    "/callbacks/registry/on-search": Receiver(scopes.ON_SEARCH, "on-search", _on_search),
    "/callbacks/registry/on-subscribe": Receiver(
        scopes.ON_SUBSCRIBE, "on-subscribe", _on_subscribe
    ),
    "/callbacks/registry/on-unsubscribe": Receiver(
        scopes.ON_UNSUBSCRIBE, "on-unsubscribe", _on_unsubscribe
    ),
    "/callbacks/registry/notify": Receiver(scopes.NOTIFY, "notify", _notify),
    "/callbacks/registry/txn/on-status": Receiver(scopes.ON_STATUS, "txn-on-status", _on_status),
}
