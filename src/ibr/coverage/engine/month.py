"""All figures of who is reached, how much is given and whom it misses, for a month or a year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
import msgspec

from ibr.coverage.engine import counted, shares
from ibr.coverage.engine.averages import average_tables
from ibr.coverage.engine.cells import Key, Sheet
from ibr.coverage.engine.denominators import Denominators, Divisors
from ibr.coverage.engine.meanings import AVERAGE
from ibr.coverage.engine.parity import parity_tables
from ibr.coverage.engine.rollups import Rollups
from ibr.coverage.engine.series import series_tables
from ibr.coverage.engine.targets import Target, caps_of, countable, targets_of
from ibr.coverage.facts.model import FactProgramme
from ibr.coverage.figures.model import FigureTable, Period, dimensions_of
from ibr.coverage.reference.model import ReferenceAmount, amounts_on


class PeriodInputs(msgspec.Struct, frozen=True, kw_only=True):
    """What the figures of one period are counted from.

    `connection` is an opened snapshot with the tables of people (facts/people.py: make_people);
    `facts` the period's file (facts/write.py: write_facts), which the connection may read.
    """

    connection: duckdb.DuckDBPyConnection
    period: Period
    facts: Path
    programmes: Mapping[int, FactProgramme]
    """By number, as facts/programmes.py reads them from the snapshot."""
    denominators: Denominators
    references: Sequence[ReferenceAmount] = ()
    """Everything that was entered; those that hold on the period's last day count."""
    retirement_age: int = 65


def count_month(inputs: PeriodInputs) -> list[FigureTable]:
    """N1-N5, C1-C7, SDG131, A1 and A4 of a month, in all their breakdowns."""
    return list(_tables(inputs, yearly=False))


def count_year(inputs: PeriodInputs) -> list[FigureTable]:
    """N1, N4, N5, C2 and SDG131 of a calendar year in its fewer breakdowns; the facts are the
    year's own file."""
    return list(_tables(inputs, yearly=True))


def _tables(inputs: PeriodInputs, *, yearly: bool) -> Iterator[FigureTable]:
    sheet = Sheet(inputs.period)
    divisors = inputs.denominators.on(inputs.period.middle)
    people_of = divisors.reader().people
    targets = {
        number: countable(target, people_of)
        for number, target in targets_of(inputs.programmes, inputs.period.last_day).items()
    }
    rollups = Rollups(inputs.connection, inputs.facts, inputs.programmes, targets)
    counted.open_given(rollups, inputs.facts)
    people = counted.count_people(rollups, yearly=yearly)
    homes = counted.count_households(rollups, yearly=yearly)
    yield from counted.people_tables(sheet, people, yearly=yearly)
    yield from counted.household_tables(sheet, homes)
    yield from counted.money_tables(sheet, rollups, yearly=yearly)
    anybody = shares.of_anybody(divisors, people)
    yield from shares.share_tables(sheet, "C2", anybody)
    series = rollups.series(inputs.retirement_age)
    yield from series_tables(sheet, divisors, series, inputs.retirement_age)
    if not yearly:
        yield from shares.household_shares(sheet, divisors, homes)
        by_code = {each.code: targets[n] for n, each in inputs.programmes.items()}
        yield from _of_programmes(sheet, divisors, by_code, rollups, anybody)
        day = inputs.period.last_day
        caps = {each.code: caps_of(each, day) for each in inputs.programmes.values()}
        yield from shares.caseload_tables(sheet, divisors, caps, people)
        sums = counted.average_sums(rollups, AVERAGE)
        yield from average_tables(sheet, sums, amounts_on(inputs.references, day))
    counted.close_given(rollups)
    rollups.drop()


def _of_programmes(
    sheet: Sheet,
    divisors: Divisors,
    targets: Mapping[str, Target],
    rollups: Rollups,
    anybody: Mapping[str, shares.Shares],
) -> Iterator[FigureTable]:
    """C1, C5, C6 and C7."""
    in_target = {each: rollups.targets(*dimensions_of(each)[1:]) for each in shares.OF_PROGRAMMES}
    programmes = shares.of_programmes(divisors, targets, in_target)
    yield from shares.share_tables(sheet, "C1", programmes)
    yield from shares.gap_tables(sheet, anybody, programmes)
    yield from shares.equality_tables(
        sheet, anybody["area1"], programmes["programme*area1"], targets
    )
    yield from parity_tables(
        sheet,
        divisors,
        targets,
        {
            "sex": _direct(rollups, "sex"),
            "disability": _direct(rollups, "disability"),
            "from_five": rollups.direct_from_five(),
        },
        {
            "sex": in_target["programme*sex"],
            "disability": rollups.targets("disability"),
            "from_five": rollups.targets("disability", where="age_band > 0"),
        },
    )


def _direct(rollups: Rollups, breakdown: str) -> dict[Key, int]:
    return {key: count.direct for key, count in rollups.reached(breakdown).items()}
