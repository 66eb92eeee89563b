"""Lists of cases, what waits for whom, and what other programmes decide about."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from ibr.access.staff.rights import CASES, must_hold
from ibr.asker import Asker
from ibr.db.pool import Connection, Database
from ibr.errors import NotUnderstood
from ibr.overlaps.cases import store as cases_store
from ibr.overlaps.cases.desk import store
from ibr.overlaps.cases.model import Case
from ibr.overlaps.cases.work import MOST_AT_ONCE, WORKING_ROLES
from ibr.overlaps.cases.written import case_from

A_PAGE: Final = 50
# A list is paged and counted up to here; whoever looks for more narrows it.
MOST_COUNTED: Final = 10_000

View = Literal["open", "mine", "unassigned", "due", "overdue", "to_approve", "on_hold", "closed"]
VIEWS: Final[tuple[View, ...]] = (
    "mine",
    "overdue",
    "due",
    "to_approve",
    "unassigned",
    "on_hold",
    "open",
    "closed",
)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases a list shows."""

    view: View = "open"
    state: str | None = None
    programme_id: int | None = None
    check: str | None = None
    severity: int | None = None
    region: str | None = None


class ProgrammeNamed(msgspec.Struct, frozen=True):
    """A programme by number, code and name."""

    programme_id: int
    code: str
    names: dict[str, str]


class OfficerNamed(msgspec.Struct, frozen=True):
    """An officer who may work on cases."""

    officer_id: int
    name: str


class CaseLine(msgspec.Struct, frozen=True):
    """A case in a list: nobody's name is in it."""

    case: Case
    officer_name: str | None


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How many cases wait for whom."""

    open: int
    mine: int
    overdue: int
    mine_overdue: int
    due: int
    unassigned: int
    to_approve: int
    on_hold: int


class Cases(msgspec.Struct, frozen=True, kw_only=True):
    """One page of cases, with what the filters offer."""

    lines: list[CaseLine]
    tally: Tally
    total: int
    page: int
    pages: int
    programmes: dict[int, ProgrammeNamed]
    checks: list[str]
    regions: dict[str, dict[str, str]]
    officers: list[OfficerNamed]
    notices: int

    @property
    def capped(self) -> bool:
        """Whether there are more than were counted."""
        return self.total >= MOST_COUNTED


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """That another programme has a case that concerns one of the reader's, and how it ended."""

    notice_no: int
    programme_id: int
    case_id: int
    deciding_programme: int
    what: str
    checks: list[str]
    at: datetime
    seen_at: datetime | None
    seen_name: str | None


class Notices(msgspec.Struct, frozen=True):
    """A page of notices."""

    notices: list[Notice]
    programmes: dict[int, ProgrammeNamed]
    waiting: int


async def cases(database: Database, asker: Asker, wanted: Wanted, page: int, at: datetime) -> Cases:
    """The cases in reach that fit, fifty a page, the most pressing first."""
    must_hold(asker, CASES)
    values = _values(asker, wanted, at)
    async with database.transaction(asker.reach, asker=asker, right=CASES) as connection:
        total = await store.counted(connection, values, MOST_COUNTED)
        pages = max(1, -(-total // A_PAGE))
        page = min(max(1, page), pages)
        rows = await store.listed(
            connection, values, A_PAGE, (page - 1) * A_PAGE, closed=wanted.view == "closed"
        )
        choices = await store.choices(connection)
        return Cases(
            lines=[CaseLine(case_from(row), row["officer_name"]) for row in rows],
            tally=Tally(**dict(await store.tally(connection, asker.id, at))),
            total=total,
            page=page,
            pages=pages,
            programmes=await programmes_named(connection),
            checks=choices["checks"],
            regions={
                **{code: {} for code in choices["regions"]},
                **await _areas(connection, choices["regions"]),
            },
            officers=await officers_for(connection, asker.reach),
            notices=await store.notices_waiting(connection),
        )


async def next_case(
    database: Database, asker: Asker, wanted: Wanted, case: Case, at: datetime
) -> int | None:
    """The case after this one in a list of open ones, so that an officer can go on and on."""
    must_hold(asker, CASES)
    if wanted.view == "closed":
        return None
    async with database.transaction(asker.reach, asker=asker, right=CASES) as connection:
        return await store.following(
            connection, _values(asker, wanted, at), case.due_at or at, case.case_id
        )


async def fitting(
    connection: Connection, asker: Asker, wanted: Wanted, most: int, at: datetime
) -> list[Case]:
    """Cases that fit, the most pressing first."""
    closed = wanted.view == "closed"
    rows = await store.listed(connection, _values(asker, wanted, at), most, 0, closed=closed)
    return [case_from(row) for row in rows]


def _values(asker: Asker, wanted: Wanted, at: datetime) -> list[object]:
    return [
        asker.id,
        wanted.state,
        wanted.programme_id,
        wanted.check,
        wanted.severity,
        wanted.region,
        wanted.view,
        at,
    ]


async def tally(database: Database, asker: Asker, at: datetime) -> Tally:
    """How many cases in reach wait, for the first page and the command line."""
    must_hold(asker, CASES)
    async with database.transaction(asker.reach, asker=asker, right=CASES) as connection:
        return Tally(**dict(await store.tally(connection, asker.id, at)))


async def programmes_named(connection: Connection) -> dict[int, ProgrammeNamed]:
    """Every programme by its number."""
    return {
        row["programme_id"]: ProgrammeNamed(
            row["programme_id"], row["code"], json.loads(row["names"])
        )
        for row in await cases_store.programmes(connection)
    }


async def officers_for(connection: Connection, programmes: frozenset[int]) -> list[OfficerNamed]:
    """Who may work on cases of these programmes."""
    rows = await cases_store.officers(connection, sorted(programmes), WORKING_ROLES)
    return [OfficerNamed(row["officer_id"], row["name"]) for row in rows]


async def _areas(connection: Connection, codes: Sequence[str]) -> dict[str, dict[str, str]]:
    return {row["code"]: json.loads(row["names"]) for row in await store.areas(connection, codes)}


async def notices(database: Database, asker: Asker, *, seen: bool = False) -> Notices:
    """What other programmes decide about that concerns a programme in reach."""
    must_hold(asker, CASES)
    async with database.transaction(asker.reach, asker=asker, right=CASES) as connection:
        rows = await store.notices(connection, 200, 0, seen=seen)
        return Notices(
            [Notice(**dict(row)) for row in rows],
            await programmes_named(connection),
            await store.notices_waiting(connection),
        )


async def tick_off(database: Database, asker: Asker, numbers: Sequence[int], at: datetime) -> int:
    """Notices that an officer has taken note of; how many were new."""
    must_hold(asker, CASES)
    if not 1 <= len(numbers) <= MOST_AT_ONCE:
        raise NotUnderstood("case.how_many", f"Choose from 1 to {MOST_AT_ONCE} notices.")
    async with database.transaction(asker.reach, asker=asker, right=CASES) as connection:
        return await store.tick_off(connection, numbers, asker.id, at)
