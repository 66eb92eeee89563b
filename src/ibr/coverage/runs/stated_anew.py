"""Holds the tables of a run against those that counted before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ibr.coverage.figures import store as figures
from ibr.coverage.figures.model import FigureTable, Restated, Run
from ibr.coverage.figures.store import Frozen, thawed
from ibr.coverage.runs import store
from ibr.coverage.runs.restate import compared, reasons
from ibr.db.pool import Connection

Place = tuple[str, str, str]
Before = Mapping[Place, tuple[int, bytes]]
_AT_ONCE: Final = 200


def emptied(found: Sequence[Frozen], before: Before) -> list[Frozen]:
    """Empty tables in place of those that counted before and have no cell any more."""
    there = {each.place for each in found}
    versions = {each.indicator: each.version for each in found}
    return [
        figures.frozen(
            FigureTable(
                indicator=indicator,
                version=versions.get(indicator, 0),
                period=period,
                breakdown=breakdown,
                cells=(),
            )
        )
        for indicator, breakdown, period in sorted(before.keys() - there)
    ]


async def stated_anew(
    connection: Connection, ran: Run, found: Sequence[Frozen], before: Before
) -> list[Restated]:
    """What differs from the tables that counted before, with the reasons."""
    changed = [
        each for each in found if each.place in before and before[each.place][1] != each.digest
    ]
    why: dict[int, list[str]] = {}
    anew = []
    for start in range(0, len(changed), _AT_ONCE):
        part = changed[start : start + _AT_ONCE]
        places = [(*each.place, before[each.place][0]) for each in part]
        old = await figures.cells_of(connection, places)
        for each in part:
            earlier = before[each.place][0]
            if earlier not in why:
                why[earlier] = await _why(connection, ran, earlier)
            anew.append(
                compared(
                    each.place,
                    ran.run_no,
                    earlier,
                    old[each.place],
                    thawed(each.cells),
                    why[earlier],
                )
            )
    return anew


async def _why(connection: Connection, ran: Run, earlier: int) -> list[str]:
    [before] = await figures.runs(connection, 1, earlier)
    deliveries = await store.deliveries_between(
        connection, before.inputs.get("through_change"), ran.inputs.get("through_change")
    )
    return reasons(before.inputs, ran.inputs, (before.code_version, ran.code_version), deliveries)
