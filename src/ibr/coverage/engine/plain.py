"""All figures of who is reached in plain Python: what the quick engine must equal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ibr.coverage.engine import plain_counts, plain_shares
from ibr.coverage.engine.cells import Key, Sheet
from ibr.coverage.engine.denominators import Denominators, Divisors
from ibr.coverage.engine.plain_people import Part, Tables, World
from ibr.coverage.engine.targets import Target, countable, target_of
from ibr.coverage.figures.model import FigureTable, Period
from ibr.coverage.reference.model import ReferenceAmount, amounts_on

_SHARES = (
    "", "area1", "area2", "sex", "age", "sex*age", "area1*sex", "area1*age", "area1*sex*age",
    "function",
)  # fmt: skip
_OF_TARGETS = (
    "programme", "programme*area1", "programme*area2", "programme*sex", "programme*age",
    "programme*sex*age",
)  # fmt: skip


def count_plainly(
    tables: Tables,
    period: Period,
    denominators: Denominators,
    *,
    references: Sequence[ReferenceAmount] = (),
    retirement_age: int = 65,
) -> list[FigureTable]:
    """The figures of a month or a year from the rows of a snapshot's tables."""
    sheet, world = Sheet(period), World(tables)
    parts = world.parts(period)
    yearly = period.is_year
    divisors = denominators.on(period.middle)
    found = [
        *plain_counts.people_plainly(sheet, parts, period, yearly=yearly),
        *plain_counts.households_plainly(sheet, world, parts, period, yearly=yearly),
        *plain_counts.money_plainly(sheet, world, period, yearly=yearly),
        *plain_shares.series_plainly(sheet, parts, period, divisors, retirement_age),
    ]
    for breakdown in ("", "area1", "sex") if yearly else _SHARES:
        reader = divisors.reader()
        shares = plain_shares.any_benefit(parts, period, breakdown, reader)
        cells = plain_shares.cells_of(shares)
        found.append(sheet.table("C2", breakdown, cells, reader.sources()))
    if not yearly:
        found += _of_a_month(sheet, world, parts, period, divisors)
        amounts = amounts_on(references, period.last_day)
        found += plain_counts.averages_plainly(sheet, world, period, amounts)
    return found


def _of_a_month(
    sheet: Sheet, world: World, parts: Sequence[Part], period: Period, divisors: Divisors
) -> Iterator[FigureTable]:
    """C1 and C3 to C7."""
    # What is looked up to find the target group is no source of its shares.
    people_of = divisors.reader().people
    targets = {
        each.code: countable(target_of(each, period.last_day), people_of)
        for each in world.programmes.values()
    }
    for breakdown in _OF_TARGETS:
        reader = divisors.reader()
        shares = plain_shares.of_targets(world, parts, period, breakdown, reader, targets)
        said = reader.sources()
        yield sheet.table("C1", breakdown, plain_shares.cells_of(shares), said)
        if breakdown in ("programme", "programme*area1"):
            yield sheet.table("C5", breakdown, plain_shares.gaps_of(shares), said)
        if breakdown == "programme*area1":
            cells = [
                cell
                for programme in world.programmes.values()
                for cell in plain_shares.spread_of(shares, (programme.code,))
            ]
            yield sheet.table("C7", "programme*part", cells, said)
    for breakdown in ("", "area1", "area2", "sex*age"):
        reader = divisors.reader()
        shares = plain_shares.any_benefit(parts, period, breakdown, reader)
        yield sheet.table("C5", breakdown, plain_shares.gaps_of(shares), reader.sources())
        if breakdown == "area1":
            cells = list(plain_shares.spread_of(shares, ()))
            yield sheet.table("C7", "part", cells, reader.sources())
    for breakdown in ("", "area1"):
        reader = divisors.reader()
        homes = plain_counts.households_of(world, parts, breakdown, period)
        areas: list[str | None] = [*reader.areas(1)] if breakdown else [None]
        people: dict[Key, int | None] = {
            (area,) if area else (): reader.people(area, group="households") for area in areas
        }
        cells = plain_shares.cells_of(plain_shares.joined(homes, people))
        yield sheet.table("C3", breakdown, cells, reader.sources())
    yield from plain_shares.caseload_plainly(sheet, world, parts, period, divisors)
    yield from _parities(sheet, world, parts, period, divisors, targets)


def _parities(
    sheet: Sheet,
    world: World,
    parts: Sequence[Part],
    period: Period,
    divisors: Divisors,
    targets: Mapping[str, Target],
) -> Iterator[FigureTable]:
    reader = divisors.reader()
    direct = [part for part in parts if part.direct]
    cells = list(plain_shares.parity_plainly(direct, (), Target(), period, reader))
    yield sheet.table("C6", "part", cells, reader.sources())
    reader, cells = divisors.reader(), []
    for programme in world.programmes.values():
        target = targets[programme.code]
        mine = [p for p in parts if p.programme == programme]
        mine = [p for p in mine if plain_shares.fits(p, target, period)]
        cells += plain_shares.parity_plainly(mine, (programme.code,), target, period, reader)
    yield sheet.table("C6", "programme*part", cells, reader.sources())
