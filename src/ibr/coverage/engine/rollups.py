"""Four rollups of a period's facts, and what every breakdown is asked of them.

A row of the facts is one person and programme, so of one programme a count of rows is a count of
people. Over programmes it is not: there the rows of a person are put together first, and a
person's functions and kinds of benefit are bits of a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec

from ibr.coverage.engine.meanings import (
    CASH,
    DISABILITY,
    MATERNITY,
    NON_CONTRIBUTORY,
    OLD_AGE,
    SERIES,
    UNEMPLOYMENT,
    WOMEN,
)
from ibr.coverage.engine.targets import Target
from ibr.coverage.facts.model import CHILD_BELOW, FAMILY, FactProgramme
from ibr.coverage.figures.model import AGE_BANDS, dimensions_of
from ibr.coverage.population.model import OPEN
from ibr.overlaps.snapshot.engine import quoted

Key = tuple[str, ...]

# Reading the file twice is quicker than keeping it in memory.
_ROWS: Final = """
    create or replace temp view count_row as
    select f.*, f.is_direct or f.is_indirect as is_reached,
        (f.is_direct or (t.of_members and f.is_indirect))
            and (t.every_age or coalesce(f.age between t.first and t.last, false))
            and (t.only_sex = 0 or f.sex = t.only_sex)
            and (not t.only_disabled or f.disability = '1') as is_target,
        t.functions, t.kinds, t.series, t.reached_series
    from read_parquet({file}) f join count_programme t using (programme_id)
"""
_BY_PROGRAMME: Final = """
    create or replace temp table count_by_programme as
    select programme_id, area1, area2, sex, age_band, disability,
        count(*) filter (is_direct) as direct, count(*) filter (is_reached) as reached,
        count(*) filter (is_enrolled) as enrolled, count(*) filter (is_target) as target
    from count_row group by all
"""
# What a person has of any programme, as bits: functions of those they are given something by
# from bit 0, are reached by from bit 16, are enrolled in from bit 32; kinds of benefit given to
# them or whom they live with; series of SDG 1.3.1.
_PERSON: Final = """
    create or replace temp table count_person as
    select * exclude (functions, kinds),
        functions & 65535 as direct, (functions >> 16) & 65535 as reached,
        functions >> 32 as enrolled,
        kinds & 65535 as direct_kinds, (kinds >> 16) & 65535 as reached_kinds,
        kinds >> 32 as enrolled_kinds
    from (
        select person_no, any_value(area1) as area1, any_value(area2) as area2,
            any_value(sex) as sex, any_value(age) as age, any_value(age_band) as age_band,
            any_value(disability) as disability,
            bit_or(case when is_direct then functions | (functions << 16)
                        when is_reached then functions << 16 else 0::ubigint end
                   | case when is_enrolled then functions << 32 else 0::ubigint end) as functions,
            bit_or(case when is_direct then (types & 65535)::ubigint * 65537
                        when is_reached then (types & 65535)::ubigint << 16 else 0::ubigint end
                   | case when is_enrolled then kinds << 32 else 0::ubigint end) as kinds,
            bit_or(case when types & {cash} = 0 then 0
                        when is_direct then series | reached_series
                        when is_reached then reached_series else 0 end) as series
        from count_row group by person_no
    )
"""
_BY_ANYBODY: Final = """
    create or replace temp table count_by_anybody as
    select area1, area2, sex, age_band, disability,
        count(*) filter (direct <> 0) as direct, count(*) filter (reached <> 0) as reached,
        count(*) filter (enrolled <> 0) as enrolled
    from count_person group by all
"""
_BY_FUNCTION: Final = """
    create or replace temp table count_by_function as
    with masks as (
        select direct, reached, enrolled, area1, sex, age_band, count(*) as people
        from count_person group by all
    )
    select n.number as function, area1, sex, age_band,
        sum(people) filter (direct & n.bit <> 0) as direct,
        sum(people) filter (reached & n.bit <> 0) as reached,
        sum(people) filter (enrolled & n.bit <> 0) as enrolled
    from masks join count_function n on (reached | enrolled) & n.bit <> 0 group by all
"""
_BY_TYPE: Final = """
    create or replace temp table count_by_benefit_type as
    with masks as (
        select direct_kinds, reached_kinds, enrolled_kinds, area1, count(*) as people
        from count_person group by all
    ),
    kinds as (
        select range as number, 1::ubigint << range as bit from range(16)
        where (1::ubigint << range)
            & (select bit_or(reached_kinds | enrolled_kinds) from masks) <> 0
    )
    select n.number as benefit_type, area1,
        sum(people) filter (direct_kinds & n.bit <> 0) as direct,
        sum(people) filter (reached_kinds & n.bit <> 0) as reached,
        sum(people) filter (enrolled_kinds & n.bit <> 0) as enrolled
    from masks join kinds n on (reached_kinds | enrolled_kinds) & n.bit <> 0 group by all
"""
_SERIES: Final = """
    select sex, count(*) filter (series & 2 <> 0),
        count(*) filter (series & 4 <> 0 and age < {child}),
        count(*) filter (series & 8 <> 0 and sex = {women}),
        count(*) filter (series & 16 <> 0), count(*) filter (series & 32 <> 0),
        count(*) filter (series & 128 <> 0 and age >= {old}),
        count(*) filter (series & 512 <> 0)
    from count_person where series <> 0 group by sex
"""
_BITS: Final = 16
"""Codes of functions and of kinds of benefit that have a bit; the standard's lists end before."""
_SOURCES: Final = {
    "programme": "count_by_programme",
    "function": "count_by_function",
    "benefit_type": "count_by_benefit_type",
}
_COLUMNS: Final = {"programme": "programme_id", "age": "age_band"}


class Reached(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """How many people: direct beneficiaries, direct and indirect, enrolled."""

    direct: int
    reached: int
    enrolled: int


class Codes:
    """Values of the rollups as they stand in the key of a figure."""

    def __init__(self, programmes: Mapping[int, FactProgramme]) -> None:
        self._programmes = {number: each.code for number, each in programmes.items()}
        self.written: dict[str, Callable[[Any], str]] = {
            "programme": self._programmes.__getitem__,
            "age": lambda band: AGE_BANDS[band] if band >= 0 else "",
            "benefit_type": lambda kind: str(kind) if kind else "",
        }

    def keys(self, dimensions: Sequence[str]) -> Callable[[Sequence[Any]], Key]:
        """From the first values of a row to a key."""
        ways = [self.written.get(each, str) for each in dimensions]
        return lambda row: tuple(way(value) for way, value in zip(ways, row, strict=False))


class Rollups:
    """The rollups of one period in the connection's memory, made when they are opened."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        facts: Path,
        programmes: Mapping[int, FactProgramme],
        targets: Mapping[int, Target],
    ) -> None:
        self.connection = connection
        self.codes = Codes(programmes)
        self._put_programmes(programmes, targets)
        connection.execute(_ROWS.format(file=quoted(str(facts.resolve()))))
        connection.execute(_PERSON.format(cash=1 << CASH))
        for statement in (_BY_PROGRAMME, _BY_ANYBODY, _BY_FUNCTION, _BY_TYPE):
            connection.execute(statement)

    def _put_programmes(
        self, programmes: Mapping[int, FactProgramme], targets: Mapping[int, Target]
    ) -> None:
        execute = self.connection.execute
        execute("""
            create or replace temp table count_programme (
                programme_id integer, functions ubigint, kinds ubigint, series uinteger,
                reached_series uinteger, cycle_months integer, first integer, last integer,
                every_age boolean, only_sex integer, only_disabled boolean, of_members boolean)
        """)
        execute("create or replace temp table count_function (number integer, bit ubigint)")
        rows = [
            (
                number,
                1 | sum(1 << each for each in programme.functions if each < _BITS),
                1 << min(programme.benefit_type or 0, _BITS - 1),
                sum(1 << each for each in series_of(programme, targets[number])),
                1 << 2 if set(programme.functions) & set(FAMILY) else 0,
                programme.cycle_months,
                targets[number].ages.first,
                targets[number].ages.last,
                (targets[number].ages.first, targets[number].ages.last) == (0, OPEN),
                targets[number].sex,
                targets[number].disability,
                targets[number].of_members,
            )
            for number, programme in programmes.items()
        ]
        if rows:
            execute(f"insert into count_programme values {_values(rows)}")
        functions = sorted(
            {each for p in programmes.values() for each in p.functions if each < _BITS}
        )
        if functions:
            execute(
                f"insert into count_function values {_values([(n, 1 << n) for n in functions])}"
            )

    def reached(self, breakdown: str) -> dict[Key, Reached]:
        """How many people by any breakdown of the indicators N1 to N3; nobody is left out."""
        dimensions = dimensions_of(breakdown)
        rows = self._grouped(dimensions, "sum(direct), sum(reached), sum(enrolled)")
        key = self.codes.keys(dimensions)
        end = len(dimensions)
        return {key(row): Reached(*(int(n or 0) for n in row[end:])) for row in rows}

    def targets(self, *dimensions: str, where: str = "true") -> dict[Key, int]:
        """How many of a programme's beneficiaries are in its target group."""
        rows = self._grouped(("programme", *dimensions), "sum(target)", f"target > 0 and {where}")
        key = self.codes.keys(("programme", *dimensions))
        return {key(row): int(row[-1]) for row in rows}

    def direct_from_five(self) -> dict[Key, int]:
        """Direct beneficiaries from five years on by disability."""
        rows = self._grouped(("disability",), "sum(direct)", "age_band > 0")
        return {(disability,): int(count) for disability, count in rows}

    def _grouped(self, dimensions: Sequence[str], sums: str, where: str = "true") -> list[Any]:
        source = next((_SOURCES[each] for each in dimensions if each in _SOURCES), None)
        columns = [_COLUMNS.get(each, each) for each in dimensions]
        by = f"group by {', '.join(columns)}" if columns else ""
        listed = ", ".join([*columns, sums])
        return self.connection.execute(
            f"select {listed} from {source or 'count_by_anybody'} where {where} {by}"
        ).fetchall()

    def series(self, retirement_age: int) -> dict[tuple[int, str], int]:
        """People of each series of SDG indicator 1.3.1 by sex."""
        rows = self.connection.execute(
            _SERIES.format(child=CHILD_BELOW, women=WOMEN, old=retirement_age)
        ).fetchall()
        return {
            (series, str(sex)): count
            for sex, *counts in rows
            for series, count in zip(SERIES, counts, strict=True)
            if count
        }

    def drop(self) -> None:
        self.connection.execute("drop view count_row")
        for name in ("person", "by_programme", "by_anybody", "by_function", "by_benefit_type"):
            self.connection.execute(f"drop table count_{name}")


def series_of(programme: FactProgramme, target: Target) -> list[int]:
    """The series of SDG 1.3.1 to which cash of a programme counts for whom it is given to."""
    functions = set(programme.functions)
    found = [1]
    # The standard has one function for maternity and children: what is for women only is taken to
    # be for mothers.
    if MATERNITY in functions and target.sex == WOMEN:
        found.append(3)
    found += [
        series
        for function, series in ((DISABILITY, 4), (UNEMPLOYMENT, 5), (OLD_AGE, 7))
        if function in functions
    ]
    if programme.contribution_type == NON_CONTRIBUTORY:
        found.append(9)
    return found


def _values(rows: Sequence[tuple[Any, ...]]) -> str:
    """Rows of numbers and truths as they are written after `values`."""
    return ", ".join("(" + ", ".join(str(each) for each in row) + ")" for row in rows)
