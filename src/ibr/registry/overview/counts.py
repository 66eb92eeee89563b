"""Counts over the programmes in reach: the rows of the store as plain records."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from ibr.codelists.enrolment_status import COUNTS_AS_ENROLLED, SUSPENDED
from ibr.db.pool import Connection
from ibr.registry.overview import store
from ibr.registry.overview.model import (
    AgeCount,
    MonthTotal,
    ProgrammeFacts,
    ReachedCount,
    Region,
    StatusCount,
)

# Counting everybody in a large country takes longer than a question about one person may.
_LONGEST_COUNT = 25_000


async def allow_time(connection: Connection) -> None:
    """Lets the counts of this transaction take their time; whoever calls it keeps the result."""
    await store.allow_time(connection, _LONGEST_COUNT)


def _read_names(row: Any) -> dict[str, Any]:
    fields = dict(row)
    for key in ("names", "descriptions"):
        if key in fields:
            fields[key] = json.loads(fields[key])
    return fields


async def programmes(connection: Connection, ids: Iterable[int]) -> list[ProgrammeFacts]:
    """These programmes as the catalogue has them, by code."""
    return [ProgrammeFacts(**_read_names(row)) for row in await store.programmes(connection, ids)]


async def regions(connection: Connection) -> list[Region]:
    """The regions of the country."""
    return [Region(**_read_names(row)) for row in await store.regions(connection)]


async def area_names(connection: Connection, codes: Iterable[str]) -> dict[str, dict[str, str]]:
    """The names of areas by code; a code that is in no list is missing."""
    found = await store.area_names(connection, sorted(set(codes)))
    return {row["code"]: json.loads(row["names"]) for row in found}


async def statuses(connection: Connection) -> list[StatusCount]:
    """Enrolments by programme and status."""
    return [StatusCount(**dict(row)) for row in await store.statuses(connection)]


async def reached(connection: Connection, programme_id: int | None = None) -> list[ReachedCount]:
    """Beneficiaries with a current enrolment by region and kind of unit, each counted once."""
    found = await store.reached(connection, COUNTS_AS_ENROLLED, SUSPENDED, programme_id)
    return [ReachedCount(**dict(row)) for row in found]


async def ages(connection: Connection, programme_id: int, today: date) -> list[AgeCount]:
    """People of one programme, members of households included, by sex and age."""
    found = await store.ages(connection, COUNTS_AS_ENROLLED, SUSPENDED, programme_id, today)
    return [AgeCount(**dict(row)) for row in found]


async def months(connection: Connection, first: date, last: date) -> list[MonthTotal]:
    """Benefits given by programme and month."""
    return [MonthTotal(**dict(row)) for row in await store.months(connection, first, last)]


async def numbers_by_code(connection: Connection) -> dict[str, int]:
    """The number of every programme of the catalogue, by its code."""
    return {row["code"]: row["programme_id"] for row in await store.codes(connection)}
