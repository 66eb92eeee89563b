"""C1 to C5 and C7: parts of a population or of a plan that are reached, and that are not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final

import msgspec

from ibr.coverage.engine.cells import Key, Sheet, variation_of
from ibr.coverage.engine.denominators import Divisors, Reader, band_of, intersection
from ibr.coverage.engine.meanings import MEN, WOMEN
from ibr.coverage.engine.rollups import Reached
from ibr.coverage.engine.targets import Target
from ibr.coverage.figures.model import (
    AGE_BANDS,
    NO_DENOMINATOR,
    OVER_100,
    PARTLY_KNOWN,
    Cell,
    FigureTable,
    share_cell,
    value_of,
)
from ibr.coverage.population.model import ALL, EVERY_AGE, Ages

OF_PROGRAMMES: Final = (
    "programme", "programme*area1", "programme*area2", "programme*sex", "programme*age",
    "programme*sex*age",
)  # fmt: skip
OF_ANYBODY: Final = (
    "", "area1", "area2", "sex", "age", "sex*age", "area1*sex", "area1*age", "area1*sex*age",
)  # fmt: skip
OF_ANYBODY_YEARLY: Final = ("", "area1", "sex")
_GAPS_OF_PROGRAMMES: Final = ("programme", "programme*area1")
_GAPS_OF_ANYBODY: Final = ("", "area1", "area2", "sex*age")
_SEXES: Final = (MEN, WOMEN)
_BANDS: Final = tuple((name, band_of(number)) for number, name in enumerate(AGE_BANDS))


class Shares(msgspec.Struct):
    """One breakdown: who is reached of how many, and where the second number is from."""

    reached: Mapping[Key, int]
    people: dict[Key, int | None]
    sources: tuple[str, ...]
    notes: Mapping[Key, tuple[str, ...]]
    """By the first part of a key; of the whole table where that is empty."""

    def each(self) -> Iterable[tuple[Key, int, int | None, tuple[str, ...]]]:
        """Every key of which anything is known: the total always, other places where somebody is
        reached or somebody lives."""
        for key in {**self.people, **self.reached}:
            reached, people = self.reached.get(key, 0), self.people.get(key)
            if reached or people or not key:
                yield key, reached, people, self.notes.get(key[:1], ())


def of_anybody(
    divisors: Divisors, counts: Mapping[str, Mapping[Key, Reached]]
) -> dict[str, Shares]:
    """Direct beneficiaries of any programme in the population, for the breakdowns there are."""
    found = {}
    for breakdown in OF_ANYBODY:
        if breakdown in counts:
            reader = divisors.reader()
            people = dict(_population(reader, breakdown))
            direct = {key: count.direct for key, count in counts[breakdown].items()}
            found[breakdown] = Shares(direct, people, reader.sources(), {})
    if "area2" in counts:
        reader = divisors.reader()
        direct = {key: n.direct for key, n in counts["function"].items() if n.direct}
        whole = reader.people()
        found["function"] = Shares(direct, dict.fromkeys(direct, whole), reader.sources(), {})
    return found


def _population(reader: Reader, breakdown: str) -> Iterable[tuple[Key, int | None]]:
    for place, area in _places(reader, breakdown):
        for sex_key, sex in _sexes(breakdown, ALL):
            for age_key, ages in _ages(breakdown, EVERY_AGE):
                yield (*place, *sex_key, *age_key), reader.people(area, sex, ages)


def _places(reader: Reader, breakdown: str) -> list[tuple[Key, str | None]]:
    for level, name in ((1, "area1"), (2, "area2")):
        if name in breakdown:
            return [((code,), code) for code in reader.areas(level)]
    return [((), None)]


def _sexes(breakdown: str, only: int) -> list[tuple[Key, int]]:
    if "sex" not in breakdown.split("*"):
        return [((), only)]
    return [((str(sex),), sex) for sex in _SEXES if only in (ALL, sex)]


def _ages(breakdown: str, within: Ages) -> list[tuple[Key, Ages]]:
    if "age" not in breakdown.split("*"):
        return [((), within)]
    bands = ((name, intersection(band, within)) for name, band in _BANDS)
    return [((name,), ages) for name, ages in bands if ages is not None]


def of_programmes(
    divisors: Divisors,
    targets: Mapping[str, Target],
    counts: Mapping[str, Mapping[Key, int]],
) -> dict[str, Shares]:
    """Beneficiaries in the target group of each programme, in all of the target group."""
    notes: dict[Key, tuple[str, ...]] = {
        (code,): (PARTLY_KNOWN,)
        for code, target in targets.items()
        if not (target.is_known and target.is_whole)
    }
    found = {}
    for breakdown in OF_PROGRAMMES:
        reader = divisors.reader()
        people = {
            (code, *place, *sex_key, *age_key): reader.people(area, sex, ages, target.group)
            for code, target in targets.items()
            for place, area in _places(reader, breakdown)
            for sex_key, sex in _sexes(breakdown, target.sex)
            for age_key, ages in _ages(breakdown, target.ages)
        }
        found[breakdown] = Shares(counts[breakdown], people, reader.sources(), notes)
    return found


def share_tables(
    sheet: Sheet, indicator: str, shares: Mapping[str, Shares]
) -> Iterable[FigureTable]:
    """C1 or C2."""
    for breakdown, each in shares.items():
        cells = [share_cell(key, n, of, notes=notes) for key, n, of, notes in each.each()]
        yield sheet.table(indicator, breakdown, cells, each.sources)


def gap_tables(
    sheet: Sheet, anybody: Mapping[str, Shares], programmes: Mapping[str, Shares]
) -> Iterable[FigureTable]:
    """C5: who is not reached, of those who might be."""
    wanted = [(each, anybody[each]) for each in _GAPS_OF_ANYBODY]
    wanted += [(each, programmes[each]) for each in _GAPS_OF_PROGRAMMES]
    for breakdown, shares in wanted:
        cells = [
            _gap(key, reached, people, notes)
            for key, reached, people, notes in shares.each()
            if people is not None or not key
        ]
        yield sheet.table("C5", breakdown, cells, shares.sources)


def _gap(key: Key, reached: int, people: int | None, notes: tuple[str, ...]) -> Cell:
    if not people:
        return Cell(key, None, people, None, (*notes, NO_DENOMINATOR))
    gap = max(0, people - reached)
    over = (OVER_100,) if reached > people else ()
    return Cell(key, gap, people, value_of(gap, people), (*notes, *over))


def household_shares(
    sheet: Sheet, divisors: Divisors, homes: Mapping[str, Mapping[Key, int]]
) -> Iterable[FigureTable]:
    """C3: households with a benefit, of all."""
    for breakdown in ("", "area1"):
        reader = divisors.reader()
        people = {
            key: reader.people(area, group="households") for key, area in _places(reader, breakdown)
        }
        shares = Shares(homes[breakdown], people, reader.sources(), {})
        cells = [share_cell(key, n, of) for key, n, of, _ in shares.each()]
        yield sheet.table("C3", breakdown, cells, shares.sources)


def caseload_tables(
    sheet: Sheet,
    divisors: Divisors,
    caps: Mapping[str, Mapping[str, int]],
    counts: Mapping[str, Mapping[Key, Reached]],
) -> Iterable[FigureTable]:
    """C4: places that are taken, of those that were planned.

    Where only areas have a plan, the country's is their sum, and the people are theirs.
    """
    enrolled = {key: count.enrolled for key, count in counts["programme*area1"].items()}
    regions = {*divisors.areas(1), *(area for _, area in enrolled)}
    planned = {
        (code, area): cap
        for code, of_areas in caps.items()
        for area, cap in of_areas.items()
        if area and area in regions
    }
    in_areas = [share_cell(key, enrolled.get(key, 0), cap) for key, cap in planned.items()]
    whole = []
    for code, of_areas in caps.items():
        parts = [key for key in planned if key[0] == code]
        if "" in of_areas:
            count = counts["programme"].get((code,))
            whole.append(share_cell((code,), count.enrolled if count else 0, of_areas[""]))
        elif parts:
            taken = sum(enrolled.get(key, 0) for key in parts)
            whole.append(share_cell((code,), taken, sum(planned[key] for key in parts)))
    yield sheet.table("C4", "programme", whole)
    yield sheet.table("C4", "programme*area1", in_areas)


def equality_tables(
    sheet: Sheet, anybody: Shares, programmes: Shares, codes: Iterable[str]
) -> Iterable[FigureTable]:
    """C7: the regions with the least and the most coverage, and how unlike regions are."""
    yield sheet.table("C7", "part", _spread((), anybody), anybody.sources)
    cells = [cell for code in codes for cell in _spread((code,), programmes)]
    yield sheet.table("C7", "programme*part", cells, programmes.sources)


def _spread(of: Key, shares: Shares) -> list[Cell]:
    known = [
        (Fraction(reached, people), key[-1], reached, people)
        for key, reached, people, _ in shares.each()
        if people and key[: len(of)] == of
    ]
    if not known:
        return []
    # Of two regions that are alike the one with the first code.
    *_, reached, people = min(known)
    *_, most_reached, of_people = min(known, key=lambda each: (-each[0], each[1]))
    return [
        share_cell((*of, "lowest"), reached, people),
        share_cell((*of, "highest"), most_reached, of_people),
        Cell((*of, "variation"), None, None, variation_of((n, d) for *_, n, d in known)),
    ]
