"""Builds a release: gathers frozen figures, hides what must be, attacks the result, keeps it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from ibr.asker import Asker
from ibr.audit.events import RELEASE_BUILT
from ibr.audit.record import record_event
from ibr.coverage.catalogue.model import Indicator
from ibr.coverage.figures.model import FigureTable
from ibr.db.pool import Connection, Database
from ibr.errors import Conflict, NotFound, NotUnderstood
from ibr.periods import read_month
from ibr.publish.receipts.store import Receipts, is_there
from ibr.publish.releases import store
from ibr.publish.releases.chosen import DEFAULT, complete, must_not_couple
from ibr.publish.releases.gather import (
    Gathered,
    gather,
    published,
    receipts_of,
    shape_now,
    without_money,
)
from ibr.publish.releases.hiding import decide, found_out, hidden_places
from ibr.publish.releases.model import (
    AUDIENCES,
    RULES,
    Audience,
    Key,
    Name,
    ReleasedTable,
    ReleaseHead,
    Shape,
)
from ibr.publish.releases.shown import released
from ibr.publish.releases.systems import systems

_MOST_MONTHS = 36
_COMMAND_LINE = "command line"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants released; no choice means the family, as far as it is frozen."""

    audience: Audience
    periods: tuple[str, ...]
    choice: tuple[Name, ...] = ()
    family: tuple[Name, ...] = DEFAULT
    licence: str = "CC BY 4.0"
    note: str = ""


class Built(msgspec.Struct, frozen=True):
    """One month as it will be shown."""

    tables: list[ReleasedTable]
    receipts: Receipts
    known_before: tuple[str, ...]
    without_money: bool


async def build_release(
    database: Database,
    wanted: Wanted,
    catalogue: Mapping[str, Indicator],
    facts_folder: Path,
    at: datetime,
    *,
    asker: Asker | None = None,
) -> int:
    """Builds and keeps a release; its number. Nobody outside sees it before it is published."""
    _check(wanted)
    months = []
    async with database.transaction((), frozen=True) as connection:
        for period in wanted.periods:
            months.append(await gather(connection, wanted.audience, period, facts_folder))
        shape = await shape_now(connection)
        programmes = await store.programme_codes(connection)
        after = await _after(connection, wanted)
        before = await store.heads(connection, numbers=after)
        told = [name for head in before for name in head.choice]
    choice = choice_of(wanted, months)
    must_not_couple((*choice, *told))
    made: list[Built] = []
    # Choosing takes seconds of processor time a month; others are answered meanwhile.
    for each in months:
        made.append(await asyncio.to_thread(built, each, choice, shape, programmes))
    head, tables = _head(wanted, choice, shape, catalogue, months, made, after, asker, at)
    receipts: dict[tuple[str, str, Key], tuple[int, ...]] = {
        (gathered.period, breakdown, key): found
        for gathered, month in zip(months, made, strict=True)
        for (breakdown, key), found in month.receipts.items()
    }
    async with database.transaction(()) as connection:
        if await _after(connection, wanted) != after:
            raise Conflict(
                "release.overtaken",
                "Another release of these months was published meanwhile. Build this one again.",
            )
        number = await store.add(connection, head, tables, receipts)
        details: dict[str, object] = {
            "release": number,
            "audience": wanted.audience,
            "periods": list(wanted.periods),
            "shown": head.shown,
            "hidden": head.hidden,
        }
        await record_event(connection, kind=RELEASE_BUILT, asker=asker, details=details, at=at)
    return number


def _check(wanted: Wanted) -> None:
    if wanted.audience not in AUDIENCES:
        raise NotUnderstood("release.audience", "Releases are for public or for partners.")
    if not 0 < len(wanted.periods) <= _MOST_MONTHS:
        raise NotUnderstood(
            "release.periods", f"A release has one month or more, up to {_MOST_MONTHS}."
        )
    for each in wanted.periods:
        if "-" not in each:
            raise NotUnderstood(
                "release.months_only",
                "Only months are published: a year and its months count the same people, and "
                "nobody worked out what they tell of each other.",
            )
        read_month(each)
    if len(wanted.note) > 2000:
        raise NotUnderstood("release.note", "Write at most 2,000 characters.")


def choice_of(wanted: Wanted, months: Sequence[Gathered]) -> tuple[Name, ...]:
    """What was asked for with everything it gives away; of the default, what is frozen."""
    there = [set(each.tables) for each in months]
    every = set.intersection(*there)
    if wanted.choice:
        whole = complete(wanted.choice)
        missing = [each for each in wanted.choice if each not in every]
        if missing:
            raise NotFound(
                "release.not_frozen",
                "Not all of the chosen figures were worked out for these months: "
                + ", ".join(f"{code}:{breakdown}" for code, breakdown in missing),
            )
    else:
        whole = complete(each for each in wanted.family if each in every)
    choice = tuple(each for each in whole if each in every)
    gone = any(each.facts is None or not is_there(each.facts) for each in months)
    if gone and any(each[0] == "N5" for each in choice):
        if any(each[0] in ("N5", "A1") for each in wanted.choice):
            raise NotFound(
                "release.no_facts",
                "Money cannot be published: the facts of these months are not on this machine, so "
                "nobody can say whether one receiver stands out. Work the months out again, or "
                "leave money out.",
            )
        choice = without_money(choice)
    return choice


def built(
    gathered: Gathered, choice: tuple[Name, ...], shape: Shape, programmes: dict[int, str]
) -> Built:
    """Hides what must be hidden of a month, and attacks what is left; Conflict where that works."""
    receipts = receipts_of(gathered, choice, programmes, shape) or {}
    made = systems(gathered.tables, choice, shape, receipts)
    decided = decide(made, gathered.readers)
    minimum = max(each.rule.minimum for each in gathered.readers)
    tables = released(gathered.tables, choice, decided.hidden, minimum)
    gone = hidden_places(tables)
    for readers in gathered.readers:
        if found_out(made, gone, readers):
            raise Conflict(
                "release.attacked",
                "The attack upon this release found more than the rule allows; it was not kept. "
                "Choose fewer tables, and tell the registry's developers.",
            )
    return Built(tables, dict(receipts), decided.known_before, not receipts)


async def _after(connection: Connection, wanted: Wanted) -> tuple[int, ...]:
    """The releases of these months that any of the readers had."""
    found: set[int] = set()
    for period in wanted.periods:
        for heads in (await published(connection, wanted.audience, period)).values():
            found |= {each.release_no for each in heads}
    return tuple(sorted(found))


def _head(
    wanted: Wanted,
    choice: tuple[Name, ...],
    shape: Shape,
    catalogue: Mapping[str, Indicator],
    months: Sequence[Gathered],
    made: Sequence[Built],
    after: tuple[int, ...],
    asker: Asker | None,
    at: datetime,
) -> tuple[ReleaseHead, list[ReleasedTable]]:
    tables = [table for month in made for table in month.tables]
    codes = sorted({indicator for indicator, _ in choice})
    head = ReleaseHead(
        release_no=0,
        audience=wanted.audience,
        state="built",
        periods=tuple(sorted(set(wanted.periods))),
        choice=choice,
        minimum=RULES[wanted.audience].minimum,
        shape=shape,
        definitions=tuple(catalogue[code] for code in codes if code in catalogue),
        licence=wanted.licence,
        note=wanted.note,
        as_of_run=max(_newest(each.tables) for each in months),
        after=after,
        known_before=tuple(
            f"{each.period}: {known}"
            for each, month in zip(months, made, strict=True)
            for known in month.known_before
        ),
        looked_by=None,
        digest=digest_of(tables),
        tables=len(tables),
        shown=sum(len(each.table.cells) for each in tables),
        hidden=sum(len(each.hidden) for each in tables),
        built_at=at,
        built_by=asker.name if asker else _COMMAND_LINE,
        published_at=None,
        published_by=None,
        withdrawn_at=None,
        withdrawn_by=None,
        withdrawn_reason=None,
    )
    return head, tables


def _newest(tables: Mapping[Name, FigureTable]) -> int:
    return max(each.run_no for each in tables.values())


def digest_of(tables: Sequence[ReleasedTable]) -> bytes:
    """A digest over everything that readers would see; what is signed.

    Whose reports are missing is in it; of figures that were frozen before that was noted, nothing.
    """
    whole = hashlib.sha256()
    for each in sorted(tables, key=lambda one: (one.name, one.table.period)):
        table = each.table
        said: tuple[object, ...] = (
            *(table.indicator, table.breakdown, table.period, table.run_no, table.version),
            *(() if table.not_reported is None else (table.not_reported,)),
        )
        whole.update(msgspec.msgpack.encode((said, table.cells, sorted(each.hidden_keys))))
    return whole.digest()
