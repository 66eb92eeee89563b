"""Which months a run works out, and that only one process does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Final

from ibr.coverage.figures import read
from ibr.coverage.runs import store
from ibr.db.locks import release_figures, try_figures
from ibr.db.pool import Connection, Database
from ibr.errors import Conflict, NotUnderstood
from ibr.periods import Month, month_of, read_month

MOST: Final = 36
"""How many months a run works out where nobody names any; older ones are named."""


@asynccontextmanager
async def alone(database: Database) -> AsyncIterator[None]:
    """Conflict while another process works out figures; until the end none does."""
    async with database.session() as connection:
        if not await try_figures(connection):
            raise Conflict(
                "figures.running", "Figures are being worked out already. Wait until that is done."
            )
        try:
            yield
        finally:
            if not connection.is_closed():
                await release_figures(connection)


def last_closed(on: date) -> Month:
    """The last month that has ended on a day."""
    return month_of(on).plus(-1)


def named(text: str, on: date) -> list[Month]:
    """`2026-01..2026-03` or `2026-03` as months; NotUnderstood for anything else, or for a month
    that has not ended."""
    first, _, last = text.partition("..")
    begin, end = read_month(first.strip()), read_month((last or first).strip())
    if end < begin:
        raise NotUnderstood(
            "figures.months", "The first month comes after the last. Write 2026-01..2026-03."
        )
    if end > last_closed(on):
        raise NotUnderstood(
            "figures.open_month",
            f"Figures are worked out of months that have ended: up to {last_closed(on)}.",
        )
    return between(begin, end)


def between(first: Month, last: Month) -> list[Month]:
    """Every month from the first to the last, both within."""
    found = []
    while first <= last:
        found.append(first)
        first = first.plus(1)
    return found


async def missing(connection: Connection, began: date | None, on: date) -> list[Month]:
    """The months that have ended and have no figures, since the first benefit; the last MOST."""
    if began is None:
        return []
    last = last_closed(on)
    wanted = between(max(month_of(began), last.plus(1 - MOST)), last)
    there = set(await read.months(connection))
    return [each for each in wanted if str(each) not in there]


def in_a_row(months: Sequence[Month]) -> list[Month]:
    """The months from the first to the last of these, without a gap: a run is of one stretch."""
    return between(min(months), max(months)) if months else []


async def due_now(database: Database, programmes: Sequence[int], at: datetime) -> list[Month]:
    """The months without figures whose reports should all have come by now."""
    async with database.transaction(programmes) as connection:
        wait = timedelta(days=await store.longest_wait(connection))
        first = await store.first_benefit(connection)
        return in_a_row(await missing(connection, first, at.date() - wait))
