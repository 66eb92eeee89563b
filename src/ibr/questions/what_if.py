"""What would be otherwise: a simulation for those who may see the country's figures."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from ibr.access.staff.rights import COUNTRY, must_hold
from ibr.asker import Asker
from ibr.coverage.engine.ground import Ground, newest_ground, read_ground
from ibr.coverage.figures import read
from ibr.coverage.figures.model import FigureTable, NotReported
from ibr.coverage.what_if.model import Outcome, Step
from ibr.coverage.what_if.simulate import simulate
from ibr.db.pool import Connection, Database

_COVERAGE: Final = "C2"
_TARGET: Final = "C1"
_REACHED: Final = "N1"
_PROGRAMME: Final = "programme"
_GROUPS: Final = ("", "sex", "age", "area1")


class Simulated(msgspec.Struct, frozen=True, kw_only=True):
    """A simulation with what the frozen figures of its month say."""

    outcome: Outcome
    frozen_run: int | None
    """The run that froze the figures of the month; None where there are none."""
    agrees: bool | None
    """Whether what stands before any change is what was frozen; None where nothing was."""
    sources: tuple[str, ...]
    """Where the population is from."""
    not_reported: tuple[NotReported, ...]
    """Programmes whose report for the month was not there when its figures were frozen."""

    @property
    def as_known_at(self) -> datetime:
        """Up to when the registry's news are in what the simulation stands on."""
        return self.outcome.as_known_at


async def ground_in(folder: Path) -> Ground:
    """What simulations stand on now; NotFound where no run has left anything."""
    place = newest_ground(folder)
    return await asyncio.to_thread(_kept, place, place.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _kept(place: Path, _changed: int) -> Ground:
    """Read once and held until a run leaves another one."""
    return read_ground(place)


async def what_if(
    database: Database, asker: Asker, folder: Path, steps: Sequence[Step]
) -> Simulated:
    """A simulation for an officer with the right to the country's figures."""
    must_hold(asker, COUNTRY)
    ground = await ground_in(folder)
    async with database.transaction(()) as connection:
        return await simulated(connection, ground, steps)


async def simulated(connection: Connection, ground: Ground, steps: Sequence[Step]) -> Simulated:
    """The same on a connection, for the command line."""
    month = str(ground.month)
    found = await read.figure_tables(
        connection, (_COVERAGE, _TARGET, _REACHED), (*_GROUPS, _PROGRAMME), (month,)
    )
    coverage = {each: found.get((_COVERAGE, each, month)) for each in _GROUPS}
    coverage[_PROGRAMME] = found.get((_TARGET, _PROGRAMME, month))
    people = {
        (dimension, cell.key[0] if cell.key else ""): cell.denominator
        for dimension, table in coverage.items()
        if table is not None
        for cell in table.cells
        if cell.denominator
    }
    outcome = await asyncio.to_thread(simulate, ground, steps, people)
    frozen = found.get((_REACHED, "", month))
    return Simulated(
        outcome=outcome,
        frozen_run=None if frozen is None else frozen.run_no,
        agrees=None if frozen is None else _agrees(outcome, found, month),
        sources=tuple(
            dict.fromkeys(
                source for table in coverage.values() if table for source in table.sources
            )
        ),
        not_reported=() if frozen is None else frozen.not_reported or (),
    )


def _agrees(outcome: Outcome, found: dict[tuple[str, str, str], FigureTable], month: str) -> bool:
    """Whether every group has as many people before as was frozen; nobody is not in a table."""
    here: dict[str, dict[tuple[str, ...], int]] = {
        "": {(): outcome.whole.before.people},
        "programme": {(each.key,): each.before.people for each in outcome.programmes},
        "sex": {(each.key,): each.before.people for each in outcome.sexes},
        "age": {(each.key,): each.before.people for each in outcome.ages},
        "area1": {(each.key,): each.before.people for each in outcome.areas},
    }
    for breakdown, counted in here.items():
        table = found.get((_REACHED, breakdown, month))
        if table is not None:
            frozen = {cell.key: cell.numerator for cell in table.cells if cell.numerator}
            if frozen != {key: count for key, count in counted.items() if count}:
                return False
    return True
