"""C1 to C7 and SDG131 in plain Python: each by its definition, group by group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import NamedTuple

from ibr.coverage.engine.cells import Key, Sheet, variation_of
from ibr.coverage.engine.denominators import Divisors, Reader
from ibr.coverage.engine.meanings import CASH, SERIES
from ibr.coverage.engine.plain_counts import counted, is_direct
from ibr.coverage.engine.plain_people import Part, World
from ibr.coverage.engine.series import people_of
from ibr.coverage.engine.targets import Target, caps_of, target_of
from ibr.coverage.figures.model import (
    AGE_BANDS,
    NO_DENOMINATOR,
    OVER_100,
    PARTLY_KNOWN,
    Cell,
    FigureTable,
    Period,
    dimensions_of,
    share_cell,
    value_of,
)
from ibr.coverage.population.model import OPEN, Ages

ANYBODY = Target()


class Share(NamedTuple):
    """Who is reached of how many, under one key."""

    reached: int
    people: int | None
    notes: tuple[str, ...] = ()


def fits(part: Part, target: Target, period: Period) -> bool:
    """Whether a part is about a beneficiary in the target group."""
    if not (part.direct or (part.indirect and target.of_members)):
        return False
    age = part.who.age(period.last_day)
    if target.ages != Ages(0, OPEN) and (
        age is None or not target.ages.first <= age <= target.ages.last
    ):
        return False
    if target.sex and part.who.sex != target.sex:
        return False
    return not target.disability or part.who.disabled is True


def population(reader: Reader, breakdown: str, target: Target) -> dict[Key, int | None]:
    """The people of a target group for every combination of places, sexes and ages."""
    values: list[list[str]] = []
    for dimension in dimensions_of(breakdown):
        if dimension in ("area1", "area2"):
            values.append(reader.areas(int(dimension[-1])))
        elif dimension == "sex":
            values.append(["1", "2"] if not target.sex else [str(target.sex)])
        elif dimension == "age":
            values.append([band for band in AGE_BANDS if _within(band, target.ages)])
    found: dict[Key, int | None] = {}
    for key in product(*values):
        asked = dict(
            zip((d for d in dimensions_of(breakdown) if d != "programme"), key, strict=True)
        )
        area = asked.get("area1", asked.get("area2"))
        ages = _within(asked["age"], target.ages) if "age" in asked else target.ages
        assert ages is not None
        sex = int(asked.get("sex", target.sex))
        found[key] = reader.people(area, sex, ages, target.group)
    return found


def _within(band: str, ages: Ages) -> Ages | None:
    first, last = (80, OPEN) if band == "80+" else (int(each) for each in band.split("-"))
    first, last = max(first, ages.first), min(last, ages.last)
    return Ages(first, last) if first <= last else None


def joined(
    reached: Mapping[Key, int], people: Mapping[Key, int | None], notes: tuple[str, ...] = ()
) -> dict[Key, Share]:
    """Both together; a place where nobody is reached and nobody lives is not told."""
    return {
        key: Share(reached.get(key, 0), people.get(key), notes)
        for key in {**people, **reached}
        if reached.get(key) or people.get(key) or key == ()
    }


def any_benefit(
    parts: Sequence[Part], period: Period, breakdown: str, reader: Reader
) -> dict[Key, Share]:
    """C2: direct beneficiaries of anything, in the population."""
    reached = counted(filter(is_direct, parts), breakdown, period)
    if breakdown == "function":
        whole = reader.people()
        return joined(reached, dict.fromkeys(reached, whole))
    return joined(reached, population(reader, breakdown, ANYBODY))


def of_targets(
    world: World,
    parts: Sequence[Part],
    period: Period,
    breakdown: str,
    reader: Reader,
    targets: Mapping[str, Target],
) -> dict[Key, Share]:
    """C1: beneficiaries of each programme in its target group, in all of the group."""
    found: dict[Key, Share] = {}
    for programme in world.programmes.values():
        target = targets[programme.code]
        mine = [p for p in parts if p.programme == programme and fits(p, target, period)]
        reached = counted(mine, breakdown, period)
        people = {
            (programme.code, *key): number
            for key, number in population(reader, breakdown, target).items()
        }
        found |= joined(
            reached, people, () if target.is_known and target.is_whole else (PARTLY_KNOWN,)
        )
    return found


def cells_of(shares: Mapping[Key, Share]) -> list[Cell]:
    return [share_cell(key, s.reached, s.people, notes=s.notes) for key, s in shares.items()]


def gaps_of(shares: Mapping[Key, Share]) -> Iterator[Cell]:
    """C5: population less beneficiaries, never below nobody."""
    for key, (reached, people, notes) in shares.items():
        if people:
            gap = people - reached if people > reached else 0
            over = (OVER_100,) if reached > people else ()
            yield Cell(key, gap, people, value_of(gap, people), (*notes, *over))
        elif people is not None or key == ():
            yield Cell(key, None, people, None, (*notes, NO_DENOMINATOR))


def spread_of(shares: Mapping[Key, Share], of: Key) -> Iterator[Cell]:
    """C7: the lowest and the highest region, and how unlike they are."""
    regions = {key[-1]: s for key, s in shares.items() if key[:-1] == of and s.people}
    if regions:
        parts = {code: Fraction(s.reached, s.people or 1) for code, s in regions.items()}
        for name, part in (("lowest", min(parts.values())), ("highest", max(parts.values()))):
            code = min(each for each in parts if parts[each] == part)
            yield share_cell((*of, name), regions[code].reached, regions[code].people)
        exact = variation_of((s.reached, s.people or 1) for s in regions.values())
        yield Cell((*of, "variation"), None, None, exact)


def caseload_plainly(
    sheet: Sheet, world: World, parts: Sequence[Part], period: Period, divisors: Divisors
) -> Iterable[FigureTable]:
    """C4: people enrolled, of the places that were planned."""
    whole, in_areas = [], []
    regions = {*divisors.areas(1), *(each.who.area1 for each in parts)}
    for programme in world.programmes.values():
        mine = [p.who for p in parts if p.enrolled and p.programme == programme]
        caps = caps_of(programme, period.last_day)
        areas = {area: cap for area, cap in caps.items() if area and area in regions}
        for area, cap in areas.items():
            there = sum(who.area1 == area for who in mine)
            in_areas.append(share_cell((programme.code, area), there, cap))
        if "" in caps:
            whole.append(share_cell((programme.code,), len(mine), caps[""]))
        elif areas:
            there = sum(who.area1 in areas for who in mine)
            whole.append(share_cell((programme.code,), there, sum(areas.values())))
    yield sheet.table("C4", "programme", whole)
    yield sheet.table("C4", "programme*area1", in_areas)


def parity_plainly(
    parts: Sequence[Part], of: Key, target: Target, period: Period, reader: Reader
) -> Iterator[Cell]:
    """C6: coverage of women over that of men, of people with a disability over that of others."""
    people = {part.who.person: part.who for part in parts}.values()
    if not target.sex:
        women, men = (
            (sum(w.sex == sex for w in people), reader.people(None, sex, target.ages, target.group))
            for sex in (2, 1)
        )
        yield from _over((*of, "women_men"), women, men)
    if not target.disability:
        for youngest in (0, 5):
            ages = Ages(max(youngest, target.ages.first), target.ages.last)
            if ages.first > ages.last:
                continue
            disabled = reader.people(None, target.sex, ages, "disability")
            whole = reader.people(None, target.sex, ages)
            if disabled is not None and whole is not None:
                old = [w for w in people if not youngest or (w.age(period.last_day) or 0) >= 5]
                yield from _over(
                    (*of, "disabled_others"),
                    (sum(w.disabled is True for w in old), disabled),
                    (sum(w.disabled is False for w in old), max(0, whole - disabled)),
                )
                return
        yield from _over(
            (*of, "disabled_others"), (sum(w.disabled is True for w in people), None), (0, None)
        )


def _over(key: Key, one: tuple[int, int | None], other: tuple[int, int | None]) -> Iterator[Cell]:
    if one[0] or other[0]:
        if one[1] and other[1]:
            top, bottom = one[0] * other[1], other[0] * one[1]
            yield Cell(key, None, None, value_of(top, bottom))
        else:
            yield Cell(key, None, None, None, (NO_DENOMINATOR,))


def series_plainly(
    sheet: Sheet, parts: Sequence[Part], period: Period, divisors: Divisors, retirement_age: int
) -> Iterable[FigureTable]:
    """SDG131, for everybody and by sex."""
    reached: dict[int, dict[int, str]] = {series: {} for series in SERIES}
    for part in parts:
        for series in SERIES:
            if CASH in part.kinds and _counts(series, part, period, retirement_age):
                reached[series][part.who.person] = str(part.who.sex)
    for breakdown, sexes in (("series", ("",)), ("series*sex", ("1", "2"))):
        reader, cells = divisors.reader(), []
        for series, people in reached.items():
            found = set(people.values()) if sexes != ("",) else set()
            for sex in sorted({*sexes, *found}):
                number = sum(not sex or of == sex for of in people.values())
                whole = None
                if sex in ("", "1", "2") and not (series == 3 and sex == "1"):
                    whole = people_of(reader, series, int(sex or 0), retirement_age)
                if number or whole:
                    key = (str(series), sex) if sex else (str(series),)
                    notes = (PARTLY_KNOWN,) if series in (1, 2, 3, 4) else ()
                    cells.append(share_cell(key, number, whole, notes=notes))
        yield sheet.table("SDG131", breakdown, cells, reader.sources())


def _counts(series: int, part: Part, period: Period, retirement_age: int) -> bool:
    """Whether cash of a programme counts a person in a series."""
    programme, who = part.programme, part.who
    age, functions = who.age(period.last_day), programme.functions
    if series == 2:
        reached = part.direct or part.indirect
        return reached and bool({4, 5} & {*functions}) and age is not None and age < 18
    if not part.direct:
        return False
    if series == 3:
        mothers = target_of(programme, period.last_day).sex == 2
        return 4 in functions and mothers and who.sex == 2
    if series == 7:
        return 1 in functions and age is not None and age >= retirement_age
    if series == 9:
        return programme.contribution_type == 3
    return {1: True, 4: 2 in functions, 5: 7 in functions}[series]
