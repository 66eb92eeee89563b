"""Answers and news of other registries, read into plain parts; nothing is stored from here.

Tolerant in shape, strict in whom and what: an item counts only under the reference_id that we
gave it, a record only when it carries the identifier that we asked by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from ibr.errors import NotUnderstood
from ibr.intake.news_of_sources import Candidate, Dropped
from ibr.interop.dci.messages.header import LONGEST_ID
from ibr.interop.dci.messages.told_record import (
    Name,
    ToldPerson,
    ToldRecord,
    read_told,
    records_in,
)
from ibr.protection.blind_index import BlindIndex
from ibr.reported.values import read_moment
from ibr.sources.asked.model import ItemState, item_no
from ibr.sources.model import Source
from ibr.sources.told.rules import as_of

MOST_ITEMS: Final = 10_000
LONGEST_REASON: Final = 60
_DEATH: Final = "death"

Object = dict[str, Any]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One item of an answer; without a number it is none that we asked."""

    item_no: int | None
    state: ItemState
    reason: str | None
    said: Object
    timestamp: datetime | None

    @property
    def records(self) -> list[Object]:
        """The records it brings; none unless it succeeded."""
        data = self.said.get("data")
        if self.state != "answered" or not isinstance(data, dict):
            return []
        return records_in(data.get("reg_records"))


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of news as it was sent."""

    code: str | None
    event_type: str | None
    records: list[Object]
    timestamp: datetime | None


def items_in(message: Object, name: str) -> list[Object]:
    """The items of a message; NotUnderstood when there are none, or too many to be one answer."""
    given = message.get(name)
    several: list[Any] = given if isinstance(given, list) else [given]
    if not all(isinstance(each, dict) for each in several):
        raise NotUnderstood("message.schema", f"message needs {name}, a list of objects.")
    if len(several) > MOST_ITEMS:
        raise NotUnderstood(
            "message.too_many_items", f"{name} may have {MOST_ITEMS} items at most."
        )
    return several


def read_items(transaction_id: str, given: Iterable[Object]) -> list[Item]:
    """The items of an answer by the reference_ids that we gave them."""
    return [
        Item(
            item_no=item_no(transaction_id, each.get("reference_id")),
            state=_state(each),
            reason=reason_in(each),
            said=each,
            timestamp=_moment(each.get("timestamp")),
        )
        for each in given
    ]


def _state(item: Object) -> ItemState:
    status = str(item.get("status") or "").strip().lower()
    if status == "rjct":
        return "refused"
    return "open" if status in ("rcvd", "pdng") else "answered"


def reason_in(said: Mapping[str, Any]) -> str | None:
    """The standard's code of a refusal; a text of the source's own is not kept: it may name
    somebody."""
    code = said.get("status_reason_code")
    if not isinstance(code, str) or not code.startswith("rjct."):
        return None
    return code[:LONGEST_REASON]


def _moment(given: object) -> datetime | None:
    return read_moment(given) if isinstance(given, str) else None


def read_code(given: object) -> str | None:
    """A subscription code; None for what cannot be one."""
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    return given if isinstance(given, str) and 0 < len(given) <= LONGEST_ID else None


def codes_given(items: Iterable[Item]) -> list[tuple[int, str]]:
    """The codes that the source gave, by item; a code that stands twice belongs to the first."""
    given: dict[str, int] = {}
    for item in items:
        listed = item.said.get("subscriptions")
        for each in listed if isinstance(listed, list) else [listed]:
            code = read_code(each.get("code")) if isinstance(each, dict) else None
            active = isinstance(each, dict) and each.get("status") != "unsubscribe"
            if item.item_no is not None and code is not None and active:
                given.setdefault(code, item.item_no)
                break
    return [(number, code) for code, number in given.items()]


def read_events(message: Object, meta: Mapping[str, Any]) -> list[Event]:
    """The news of a message, each with the code of its subscription where one is named."""
    events = []
    for each in items_in(message, "notify_event"):
        data = each.get("data")
        data = data if isinstance(data, dict) else {}
        code = data.get("subscription_code", meta.get("subscription_code"))
        event_type = data.get("reg_event_type")
        events.append(
            Event(
                code=read_code(code),
                event_type=event_type[:99] if isinstance(event_type, str) else None,
                records=records_in(data.get("reg_records")),
                timestamp=_moment(each.get("timestamp")),
            )
        )
    return events


def same_event(asked: str, said: str | None) -> bool:
    """Whether an event's word means the one asked for; nothing said means the one asked for.

    `spdci-common:RegistryEventType:Death` and `Death` are the same word.
    """
    return said is None or _local(asked) == _local(said)


def _local(word: str) -> str:
    return word.rsplit(":", 1)[-1].strip().casefold()


class Reading:
    """Turns the records of one message into news, and counts what is left out."""

    def __init__(
        self, source: Source, blind_index: BlindIndex, received: datetime, dropped: Dropped
    ) -> None:
        self._source = source
        self._blind_index = blind_index
        self._received = received
        self._dropped = dropped

    def about(
        self,
        records: Sequence[Object],
        subject: bytes,
        timestamp: datetime | None,
        event_type: str | None = None,
    ) -> list[Candidate]:
        """What records say of one person, or of one household where that was asked about."""
        found: list[Candidate] = []
        for raw in records:
            told = self._read(raw)
            if subject in self._indexes(told.group_names):
                found += self._candidates([subject], [], told, timestamp)
                continue
            who = [each for each in told.people if subject in self._indexes(each.names)]
            if not who:
                self._dropped.wrong_person += 1
                continue
            for person in who:
                self._hear(person, told, event_type)
            found += self._candidates([subject], who, told, timestamp)
        return found

    def about_anybody(
        self, records: Sequence[Object], timestamp: datetime | None, event_type: str | None
    ) -> list[Candidate]:
        """What records say of everybody they name; who is not held is dropped later, unseen."""
        found: list[Candidate] = []
        for raw in records:
            told = self._read(raw)
            # The head of a household stands in the list of its members as well.
            people: dict[tuple[bytes, ...], list[ToldPerson]] = {}
            for person in told.people:
                self._hear(person, told, event_type)
                people.setdefault(tuple(self._indexes(person.names)), []).append(person)
            for subjects, same in people.items():
                if subjects:
                    found += self._candidates(subjects, same, told, timestamp)
                else:
                    self._dropped.wrong_person += 1
        return found

    def subjects(self, records: Sequence[Object]) -> list[bytes]:
        """Everybody whom records name, for finding the subscription that is meant."""
        found: list[bytes] = []
        for raw in records:
            told = read_told(raw, frozenset(), self._source.identifier_type)
            found += self._indexes(told.group_names)
            for person in told.people:
                found += self._indexes(person.names)
        return list(dict.fromkeys(found))

    def _read(self, raw: Object) -> ToldRecord:
        told = read_told(raw, self._source.attributes, self._source.identifier_type)
        self._dropped.not_agreed += told.not_agreed
        self._dropped.unreadable += told.unreadable
        return told

    def _indexes(self, names: Iterable[Name]) -> list[bytes]:
        """Blind indexes, that of the agreed kind of identifier first."""
        ordered = sorted(names, key=lambda name: (name[0] != self._source.identifier_type, name))
        return [self._blind_index.of(kind, value) for kind, value in ordered]

    def _hear(self, person: ToldPerson, told: ToldRecord, event_type: str | None) -> None:
        """News of a death says that somebody died, even before the day is known."""
        agreed = "vital_status" in self._source.attributes
        if agreed and len(told.people) == 1 and event_type and _local(event_type) == _DEATH:
            person.values["vital_status"] = "deceased"

    def _candidates(
        self,
        subjects: Sequence[bytes],
        same: Sequence[ToldPerson],
        told: ToldRecord,
        timestamp: datetime | None,
    ) -> list[Candidate]:
        """The person's own news, wherever in the record it stands, and the household's, each with
        its own time."""
        parts = [(person.values, person.updated) for person in same]
        for values, _ in parts:
            self._no_day_ahead(values)
        own = {name for values, _ in parts for name in values}
        shared = {name: value for name, value in told.group_values.items() if name not in own}
        found = []
        for values, updated in [*parts, (shared, told.group_updated)]:
            if not values:
                continue
            moment = as_of(updated, timestamp, self._received)
            if moment is None:
                self._dropped.wrong_time += len(values)
                continue
            found.append(Candidate(subjects=subjects, values=values, as_of=moment))
        return found

    def _no_day_ahead(self, values: dict[str, Any]) -> None:
        """Nobody can have died tomorrow; what follows from such a date goes with it.

        A day is let pass, since theirs may have begun before ours.
        """
        day = values.get("death_date")
        latest = (self._received + timedelta(days=1)).date().isoformat()
        if isinstance(day, str) and day > latest:
            del values["death_date"]
            values.pop("vital_status", None)
            self._dropped.unreadable += 1
