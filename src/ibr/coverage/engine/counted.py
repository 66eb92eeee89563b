"""N1 to N5: people, households and money, by every breakdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ibr.coverage.engine.cells import Key, Sheet, count_cells, money_cell
from ibr.coverage.engine.meanings import HOUSEHOLDS, MONEY, PEOPLE, YEARLY, YEARLY_MONEY
from ibr.coverage.engine.rollups import Reached, Rollups
from ibr.coverage.facts.write import given_beside
from ibr.coverage.figures.model import FigureTable, dimensions_of
from ibr.overlaps.snapshot.engine import quoted

Counts = Mapping[str, Mapping[Key, Reached]]
_OF_PEOPLE: Final = {"N1": "direct", "N2": "reached", "N3": "enrolled"}

_GIVEN: Final = """
    create or replace temp view count_given as
    select g.*, p.cycle_months, p.functions
    from read_parquet({file}) g join count_programme p using (programme_id)
"""
# A household by programme, and a household by all that its people are given something by.
_HOMES: Final = """
    create or replace temp table count_home as
    select programme_id, home, any_value(home_area1) as area1, any_value(home_sex) as sex,
        any_value(functions) as functions
    from count_given group by programme_id, home
"""
_HOUSEHOLDS: Final = """
    create or replace temp table count_household as
    select home, any_value(area1) as area1, any_value(sex) as sex, bit_or(functions) as functions
    from count_home group by home
"""
_MONEY: Final = """
    create or replace temp table count_money as
    select programme_id, area1, sex, benefit_type, currency, cycle_months, functions,
        sum(minor) as minor
    from count_given where minor is not null group by all
"""
_PAID: Final = """
    create or replace temp table count_paid as
    select distinct programme_id, person_no, area1, sex, currency
    from count_given where minor is not null
"""
_COLUMNS: Final = {"programme": "programme_id", "function": "n.number"}


def count_people(rollups: Rollups, *, yearly: bool) -> dict[str, dict[Key, Reached]]:
    """How many people by every breakdown of the period."""
    return {each: rollups.reached(each) for each in (YEARLY if yearly else PEOPLE)}


def people_tables(sheet: Sheet, counts: Counts, *, yearly: bool) -> Iterable[FigureTable]:
    """N1 to N3. A year has no day on which somebody is enrolled, and its file of facts does not
    know everybody's households: it has N1 only."""
    for indicator in ("N1",) if yearly else tuple(_OF_PEOPLE):
        which = _OF_PEOPLE[indicator]
        for breakdown, found in counts.items():
            number = {key: getattr(count, which) for key, count in found.items()}
            yield sheet.table(indicator, breakdown, count_cells(number))


def open_given(rollups: Rollups, facts: Path) -> None:
    """Reads what was given: of it households and money are asked."""
    file = quoted(str(given_beside(facts).resolve()))
    for statement in (_GIVEN, _HOMES, _HOUSEHOLDS, _MONEY):
        rollups.connection.execute(statement.format(file=file))


def close_given(rollups: Rollups) -> None:
    """Drops what open_given made."""
    rollups.connection.execute("drop view count_given")
    for name in ("home", "household", "money"):
        rollups.connection.execute(f"drop table count_{name}")


def count_households(rollups: Rollups, *, yearly: bool) -> dict[str, dict[Key, int]]:
    """How many households have a direct beneficiary; by area and sex of their head."""
    found = {}
    for breakdown in YEARLY if yearly else HOUSEHOLDS:
        table = "count_home" if "programme" in breakdown else "count_household"
        rows = _grouped(rollups, table, dimensions_of(breakdown), "count(*)")
        found[breakdown] = {key: int(rest[0]) for key, rest in rows}
    return found


def household_tables(
    sheet: Sheet, counts: Mapping[str, Mapping[Key, int]]
) -> Iterable[FigureTable]:
    """N4."""
    for breakdown, found in counts.items():
        yield sheet.table("N4", breakdown, count_cells(found))


def money_tables(sheet: Sheet, rollups: Rollups, *, yearly: bool) -> Iterable[FigureTable]:
    """N5."""
    for breakdown in YEARLY_MONEY if yearly else MONEY:
        rows = _grouped(rollups, "count_money", dimensions_of(breakdown), "sum(minor)")
        yield sheet.table(
            "N5", breakdown, [money_cell(key, int(rest[0]), key[-1]) for key, rest in rows]
        )


def average_sums(
    rollups: Rollups, breakdowns: Iterable[str]
) -> dict[str, tuple[dict[Key, dict[int, int]], dict[Key, int]]]:
    """For A1, by breakdown: the money of each key by the months between benefits, and its
    distinct people."""
    rollups.connection.execute(_PAID)
    found = {}
    for breakdown in breakdowns:
        dimensions = dimensions_of(breakdown)
        minor: dict[Key, dict[int, int]] = {}
        for key, rest in _grouped(
            rollups, "count_money", dimensions, "cycle_months, sum(minor)", "cycle_months"
        ):
            minor.setdefault(key, {})[int(rest[0])] = int(rest[1])
        # Of one programme and currency a person is one row.
        people = "count(*)" if "programme" in dimensions else "count(distinct person_no)"
        rows = _grouped(rollups, "count_paid", dimensions, people)
        found[breakdown] = (minor, {key: int(rest[0]) for key, rest in rows})
    rollups.connection.execute("drop table count_paid")
    return found


def _grouped(
    rollups: Rollups, table: str, dimensions: Sequence[str], listed: str, *also: str
) -> list[tuple[Key, Sequence[Any]]]:
    """Rows by key: what is listed, for each combination of the dimensions."""
    columns = [_COLUMNS.get(each, each) for each in dimensions]
    joined = " join count_function n on functions & n.bit <> 0" if "function" in dimensions else ""
    by = ", ".join([*columns, *also])
    rows = rollups.connection.execute(
        f"select {', '.join([*columns, listed])} from {table}{joined}"
        + (f" group by {by}" if by else "")
    ).fetchall()
    key, end = rollups.codes.keys(dimensions), len(dimensions)
    return [(key(row), row[end:]) for row in rows]
