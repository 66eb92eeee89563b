"""Events of the trail for those who may read it; the search itself is an event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import asyncpg
import msgspec

from ibr.asker import Asker
from ibr.audit.events import AUDIT_SEARCHED, CATALOGUE
from ibr.audit.record import record_event
from ibr.audit.seals.how_far import how_far
from ibr.audit.seals.model import State
from ibr.audit.seals.store import seals_with
from ibr.audit.trail import store
from ibr.db.pool import Database
from ibr.errors import NotUnderstood

A_PAGE: Final = 50
# Paging goes so far back; whoever looks for more names a day or a kind.
LAST_PAGE: Final = 200
ACTORS: Final = ("officer", "partner", "registry")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are looked for. `kind` is a kind or how several begin, such as `case`."""

    kind: str | None = None
    actor_kind: str | None = None
    actor_id: int | None = None
    day: date | None = None
    until: date | None = None

    @classmethod
    def read(
        cls,
        *,
        kind: str | None = None,
        actor: str | None = None,
        day: str | None = None,
        until: str | None = None,
    ) -> Wanted:
        """From what people write; NotUnderstood says how to write it."""
        actor_kind, _, number = (actor or "").partition(":")
        if actor and (actor_kind not in ACTORS or (number and not number.isdecimal())):
            raise NotUnderstood(
                "audit.actor",
                "Write who acted as officer:3, partner:7, officer, partner or registry.",
                field="actor",
            )
        if kind and not _kinds(kind):
            raise NotUnderstood(
                "audit.kind",
                "There is no such kind of event. The list is in docs/reference/audit-events.md.",
                field="kind",
            )
        first, last = _day(day, "day"), _day(until, "until")
        if first and last and last < first:
            raise NotUnderstood(
                "audit.days", "The last day lies before the first one.", field="until"
            )
        return cls(
            kind=kind or None,
            actor_kind=actor_kind or None,
            actor_id=int(number[:9]) if number else None,
            day=first,
            until=last,
        )


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One event. `details` hold classes and counts, and never whom somebody looked at; `seal` is
    None while it waits to be sealed."""

    number: int
    at: datetime
    kind: str
    actor_kind: str
    actor_id: int | None
    actor_name: str | None
    details: dict[str, Any]
    seal: int | None

    @property
    def who(self) -> str:
        """Who acted, in one word or two."""
        if self.actor_id is None:
            return self.actor_kind
        return f"{self.actor_kind} {self.actor_id}: {self.actor_name or '?'}"


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of events; `more` where there are older ones."""

    events: list[Found]
    page: int
    more: bool
    state: State


def _kinds(kind: str) -> list[str]:
    return [each for each in CATALOGUE if each == kind or each.startswith(f"{kind}.")]


def _day(text: str | None, field: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotUnderstood("audit.day", "Write a day as 2026-01-31.", field=field) from None


def _span(wanted: Wanted) -> tuple[datetime | None, datetime | None]:
    """From the first moment of the first day to that after the last; one day where one is named."""
    if wanted.day is None:
        last = wanted.until
        return None, None if last is None else _midnight(last) + timedelta(days=1)
    last = wanted.until or wanted.day
    return _midnight(wanted.day), _midnight(last) + timedelta(days=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


async def find_events(
    database: Database,
    asker: Asker | None,
    wanted: Wanted,
    page: int,
    at: datetime,
    *,
    a_page: int = A_PAGE,
) -> Page:
    """Events that fit, the newest first. The asker's right was asked for at the door."""
    page = min(max(1, page), LAST_PAGE)
    since, until = _span(wanted)
    async with database.transaction(()) as connection:
        await record_event(
            connection,
            kind=AUDIT_SEARCHED,
            asker=asker,
            details={
                "kind": wanted.kind,
                "actor": wanted.actor_kind,
                "actor_id": wanted.actor_id,
                "day": str(wanted.day) if wanted.day else None,
                "until": str(wanted.until) if wanted.until else None,
                "page": page if page > 1 else None,
            },
            at=at,
        )
        await store.read_as_auditor(connection)
        rows = await store.found(
            connection,
            _kinds(wanted.kind) if wanted.kind else None,
            wanted.actor_kind,
            wanted.actor_id,
            since,
            until,
            await store.numbers_between(connection, since, until),
            a_page + 1,
            (page - 1) * a_page,
        )
        shown = rows[:a_page]
        seals = await seals_with(connection, [row["number"] for row in shown])
        state = await how_far(connection)
        await store.read_as_before(connection)
        names = await store.names(connection, *_actors(shown))
    return Page(
        events=[_found(row, names, seals) for row in shown],
        page=page,
        more=len(rows) > a_page and page < LAST_PAGE,
        state=state,
    )


def _actors(rows: list[asyncpg.Record]) -> tuple[list[int], list[int]]:
    wanted: dict[str, set[int]] = {"officer": set(), "partner": set()}
    for row in rows:
        if row["actor_id"] is not None and row["actor_kind"] in wanted:
            wanted[row["actor_kind"]].add(row["actor_id"])
    return sorted(wanted["officer"]), sorted(wanted["partner"])


def _found(
    row: asyncpg.Record, names: Mapping[tuple[str, int], str], seals: Mapping[int, int]
) -> Found:
    fields = dict(row)
    return Found(
        **{**fields, "details": msgspec.json.decode(fields["details"])},
        actor_name=names.get((row["actor_kind"], row["actor_id"])),
        seal=seals.get(row["number"]),
    )
