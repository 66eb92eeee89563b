"""The figures of cases over the programmes in reach, for those who may see them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from asyncpg import Record

from ibr.access.staff.rights import CASE_FIGURES, CASES, must_hold
from ibr.asker import Asker
from ibr.db.pool import Connection, Database
from ibr.overlaps.cases.figures import store
from ibr.overlaps.cases.figures.hidden import HIDDEN, SMALL, Count, Small, hide, share

_COLUMNS: Final = ("opened", "open", "decided", "confirmed")
_FURTHER: Final = ("appeals", "overturned", "persons")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of one check and version, or of one group of people."""

    what: str
    which: str
    version: int | None = None
    opened: Any
    open: Any
    decided: Any
    confirmed: Any
    precision: float | None
    wrong: float | None
    """The share of decided cases in which nothing was confirmed: people troubled for nothing."""
    overturned: Any = None
    appeals: Any = None
    overturn_rate: float | None = None
    persons: Any = None
    """People enrolled, each once in each programme; None where nobody was counted."""
    rate: float | None = None
    """Cases for each thousand of them."""
    ratio: float | None = None
    """That rate against the rate of everybody: 2 is twice as often."""


class Money(msgspec.Struct, frozen=True):
    """Sums of one currency that two people have confirmed."""

    currency: str
    stopped: int
    recovered: int
    restored: int

    @property
    def saved(self) -> int:
        """Verified savings: never from a finding, always less what was given back."""
        return self.stopped + self.recovered - self.restored


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the page and the command line show."""

    at: datetime
    whole: Line
    overdue: Any
    age_half: float | None
    age_most: float | None
    appeals: Any
    overturned: Any
    overturn_rate: float | None
    held_now: Any
    held_ever: Any
    held_wrongly: Any
    held_days: float | None
    counted_on: datetime | None
    """The moment of the snapshot that the people were counted in."""
    regions: dict[str, dict[str, str]]
    """Names of the regions, by language."""
    checks: list[Line]
    groups: dict[str, list[Line]]
    outcomes: list[tuple[str, Any]]
    money: list[Money]
    small_hidden: bool


async def figures(database: Database, asker: Asker, at: datetime) -> Figures:
    """The figures over the programmes in reach; small counts for those who may see cases only."""
    must_hold(asker, CASE_FIGURES)
    async with database.transaction(asker.reach, asker=asker, right=CASE_FIGURES) as connection:
        return await counted(connection, at, hidden=CASES not in asker.scopes)


async def counted(connection: Connection, at: datetime, *, hidden: bool) -> Figures:
    """The same on a connection, for the command line."""
    whole = await store.whole(connection, at)
    checks = await store.by_check(connection)
    groups = await store.by_group(connection, at)
    outcomes = await store.outcomes(connection)
    money = await store.money(connection)

    def count(value: int) -> Count:
        return HIDDEN if hidden and 0 < value < SMALL else value

    overturned, appeals = count(whole["overturned"]), count(whole["appeals"])
    settled = whole["overturned"] + whole["rejected"]
    few = hidden and 0 < whole["held_ever"] < SMALL
    shown = hide([row["cases"] for row in outcomes]) if hidden else [r["cases"] for r in outcomes]
    return Figures(
        at=at,
        whole=_lines([whole], hidden)[0],
        overdue=count(whole["overdue"]),
        age_half=whole["age_half"],
        age_most=whole["age_most"],
        appeals=appeals,
        overturned=overturned,
        overturn_rate=share(overturned, count(settled)),
        held_now=count(whole["held_now"]),
        held_ever=count(whole["held_ever"]),
        held_wrongly=count(whole["held_wrongly"]),
        held_days=None if few else float(whole["held_days"]),
        regions={
            row["code"]: json.loads(row["names"])
            for row in await store.areas(
                connection, [row["which"] for row in groups if row["what"] == "region"]
            )
        },
        checks=_lines(checks, hidden),
        counted_on=await store.counted_on(connection),
        groups={
            what: _against_all([row for row in groups if row["what"] == what], hidden)
            for what in ("sex", "age", "region")
        },
        outcomes=[(row["outcome"], each) for row, each in zip(outcomes, shown, strict=True)],
        money=_money(money, hidden=hidden),
        small_hidden=hidden,
    )


def _lines(rows: Sequence[Record], hidden: bool) -> list[Line]:
    names = [*_COLUMNS, *(name for name in _FURTHER if rows and rows[0].get(name) is not None)]
    columns: dict[str, list[Count]] = {}
    for name in names:
        column = [row[name] for row in rows]
        columns[name] = hide(column) if hidden else list(column)
    found = []
    for place, row in enumerate(rows):
        values: dict[str, Any] = {name: columns[name][place] for name in names}
        precision = share(values["confirmed"], values["decided"])
        found.append(
            Line(
                what=row.get("what") or "check",
                which=row.get("which") or row.get("check_code") or "",
                version=row.get("check_version"),
                precision=precision,
                wrong=None if precision is None else 1 - precision,
                overturn_rate=share(values.get("overturned", 0), values.get("appeals", 0)),
                **values,
            )
        )
    return found


def _against_all(rows: Sequence[Record], hidden: bool) -> list[Line]:
    """The lines of groups, each with its rate and how that stands to the rate of all together."""
    cases, people = (sum(row[name] or 0 for row in rows) for name in ("opened", "persons"))
    # Of so few that they are hidden, a rate would tell how many they are.
    of_all = None if hidden and 0 < cases < SMALL else share(cases, people)
    lines = []
    for line in _lines(rows, hidden):
        rate = share(line.opened, line.persons or 0)
        lines.append(
            msgspec.structs.replace(
                line,
                rate=None if rate is None else rate * 1000,
                ratio=rate / of_all if rate is not None and of_all else None,
            )
        )
    return lines


def _money(rows: Sequence[Record], *, hidden: bool) -> list[Money]:
    """Sums by currency; those of very few entries would tell of single people."""
    made = []
    for currency in dict.fromkeys(row["currency"] for row in rows):
        own = [row for row in rows if row["currency"] == currency]
        if hidden and sum(row["entries"] for row in own) < SMALL:
            continue
        sums = {row["kind"]: row["amount"] for row in own}
        made.append(
            Money(
                currency, sums.get("stopped", 0), sums.get("recovered", 0), sums.get("restored", 0)
            )
        )
    return made


def is_hidden(count: object) -> bool:
    return isinstance(count, Small)
