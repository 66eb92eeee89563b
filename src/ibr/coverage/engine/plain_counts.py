"""N1 to N5, A1 and A4 in plain Python: sets of people and sums of money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import product

from ibr.coverage.engine.cells import Key, Sheet, average_cell, count_cells, money_cell
from ibr.coverage.engine.meanings import (
    AVERAGE,
    HOUSEHOLDS,
    MONEY,
    PEOPLE,
    YEARLY,
    YEARLY_MONEY,
)
from ibr.coverage.engine.plain_people import Gift, Part, Somebody, World
from ibr.coverage.facts.model import FactProgramme
from ibr.coverage.figures.model import Cell, FigureTable, Period, dimensions_of, value_of
from ibr.coverage.reference.model import ReferenceAmount


def keys_of(
    breakdown: str,
    who: Somebody,
    programme: FactProgramme,
    period: Period,
    kinds: Iterable[int] = (),
    currency: str = "",
) -> list[Key]:
    """Every key under which a person with something of a programme counts."""
    values = {
        "programme": [programme.code],
        "function": [str(each) for each in programme.functions],
        "benefit_type": [str(each) if each else "" for each in kinds],
        "area1": [who.area1],
        "area2": [who.area2],
        "sex": [str(who.sex)],
        "age": [who.band(period.last_day)],
        "disability": [who.disability],
        "currency": [currency],
    }
    return list(product(*(values[each] for each in dimensions_of(breakdown))))


def counted(
    parts: Iterable[Part], breakdown: str, period: Period, *, by_main_kind: bool = False
) -> dict[Key, int]:
    """Distinct people of these parts by key."""
    people: dict[Key, set[int]] = defaultdict(set)
    for part in parts:
        kinds = {part.programme.benefit_type or 0} if by_main_kind else part.kinds
        for key in keys_of(breakdown, part.who, part.programme, period, kinds):
            people[key].add(part.who.person)
    return {key: len(found) for key, found in people.items()} or _nobody(breakdown)


def _nobody(breakdown: str) -> dict[Key, int]:
    """The total is told even if it is nobody."""
    return {} if breakdown else {(): 0}


def is_direct(part: Part) -> bool:
    return part.direct


def is_reached(part: Part) -> bool:
    return part.direct or part.indirect


def is_enrolled(part: Part) -> bool:
    return part.enrolled


def people_plainly(
    sheet: Sheet, parts: Sequence[Part], period: Period, *, yearly: bool
) -> Iterable[FigureTable]:
    """N1 to N3."""
    whom = {"N1": is_direct, "N2": is_reached, "N3": is_enrolled}
    for indicator, chosen in list(whom.items())[: 1 if yearly else 3]:
        for breakdown in YEARLY if yearly else PEOPLE:
            found = counted(
                filter(chosen, parts), breakdown, period, by_main_kind=indicator == "N3"
            )
            yield sheet.table(indicator, breakdown, count_cells(found))


def households_of(
    world: World, parts: Iterable[Part], breakdown: str, period: Period
) -> dict[Key, int]:
    """Distinct households with a direct beneficiary, where their heads live."""
    homes: dict[Key, set[int]] = defaultdict(set)
    for part in filter(is_direct, parts):
        head = world.people[world.home(part.who.person)]
        for key in keys_of(breakdown, head, part.programme, period):
            homes[key].add(head.person)
    return {key: len(found) for key, found in homes.items()} or _nobody(breakdown)


def households_plainly(
    sheet: Sheet, world: World, parts: Sequence[Part], period: Period, *, yearly: bool
) -> Iterable[FigureTable]:
    """N4."""
    for breakdown in YEARLY if yearly else HOUSEHOLDS:
        found = households_of(world, parts, breakdown, period)
        yield sheet.table("N4", breakdown, count_cells(found))


def _keyed(
    world: World, gifts: Iterable[Gift], breakdown: str, period: Period
) -> Iterable[tuple[Key, Gift, int]]:
    """Every benefit with a value, under every key, with the value."""
    for gift in gifts:
        if gift.minor is not None:
            who, programme = world.people[gift.person], world.programmes[gift.programme]
            for key in keys_of(breakdown, who, programme, period, [gift.kind], gift.currency):
                yield key, gift, gift.minor


def money_plainly(
    sheet: Sheet, world: World, period: Period, *, yearly: bool
) -> Iterable[FigureTable]:
    """N5."""
    gifts = world.gifts(period)
    for breakdown in YEARLY_MONEY if yearly else MONEY:
        sums: dict[Key, int] = defaultdict(int)
        for key, _, minor in _keyed(world, gifts, breakdown, period):
            sums[key] += minor
        cells = [money_cell(key, minor, key[-1]) for key, minor in sums.items()]
        yield sheet.table("N5", breakdown, cells)


def averages_plainly(
    sheet: Sheet, world: World, period: Period, references: Iterable[ReferenceAmount]
) -> Iterable[FigureTable]:
    """A1 and A4."""
    gifts, held = world.gifts(period), []
    for breakdown in AVERAGE:
        sums: dict[Key, Fraction] = defaultdict(Fraction)
        people: dict[Key, set[int]] = defaultdict(set)
        for key, gift, minor in _keyed(world, gifts, breakdown, period):
            sums[key] += Fraction(minor, world.programmes[gift.programme].cycle_months)
            people[key].add(gift.person)
        whole = {key: (round(exact), len(people[key])) for key, exact in sums.items()}
        cells = [average_cell(key, minor, n, key[-1]) for key, (minor, n) in whole.items()]
        yield sheet.table("A1", breakdown, cells)
        if breakdown == "programme*currency":
            held = [
                Cell((*key, each.kind), minor, n * each.minor, value_of(minor, n * each.minor))
                for key, (minor, n) in whole.items()
                for each in references
                if each.currency == key[-1]
            ]
    said = tuple(sorted({f"{e.kind}: {e.source}, from {e.valid_from}" for e in references}))
    yield sheet.table("A4", "programme*currency*part", held, said)
