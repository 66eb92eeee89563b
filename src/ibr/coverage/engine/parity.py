"""C6: how coverage of one group compares with that of another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ibr.coverage.engine.cells import Key, Sheet
from ibr.coverage.engine.denominators import Divisors, Reader, intersection
from ibr.coverage.engine.meanings import MEN, WOMEN
from ibr.coverage.engine.targets import FROM_FIVE, Target
from ibr.coverage.figures.model import NO_DENOMINATOR, Cell, FigureTable, value_of
from ibr.coverage.population.model import ALL, EVERY_AGE

WOMEN_MEN: Final = "women_men"
DISABLED_OTHERS: Final = "disabled_others"

CountOf = Callable[[Key], int]


def parity_tables(
    sheet: Sheet,
    divisors: Divisors,
    targets: Mapping[str, Target],
    anybody: Mapping[str, Mapping[Key, int]],
    programmes: Mapping[str, Mapping[Key, int]],
) -> Iterable[FigureTable]:
    """C6 for any benefit and for each programme.

    `anybody` and `programmes` count direct beneficiaries by `sex`, by `disability`, and by
    `disability` of those from five years on (`from_five`).
    """
    reader = divisors.reader()
    cells = _cells((), reader, Target(), anybody)
    yield sheet.table("C6", "part", cells, reader.sources())
    reader = divisors.reader()
    cells = [
        cell
        for code, target in targets.items()
        for cell in _cells((code,), reader, target, programmes)
    ]
    yield sheet.table("C6", "programme*part", cells, reader.sources())


def _cells(
    of: Key, reader: Reader, target: Target, counts: Mapping[str, Mapping[Key, int]]
) -> list[Cell]:
    found = []
    if target.sex == ALL:
        women, men = (
            (
                counts["sex"].get((*of, str(sex)), 0),
                reader.people(None, sex, target.ages, target.group),
            )
            for sex in (WOMEN, MEN)
        )
        found += _ratio((*of, WOMEN_MEN), women, men)
    if not target.disability:
        found += _ratio((*of, DISABLED_OTHERS), *_by_disability(of, reader, target, counts))
    return found


Part = tuple[int, int | None]
"""How many are reached, of how many."""


def _by_disability(
    of: Key, reader: Reader, target: Target, counts: Mapping[str, Mapping[Key, int]]
) -> tuple[Part, Part]:
    for name, limits in (("disability", EVERY_AGE), ("from_five", FROM_FIVE)):
        ages = intersection(target.ages, limits)
        if ages is None:
            continue
        disabled = reader.people(None, target.sex, ages, "disability")
        everybody = reader.people(None, target.sex, ages)
        if disabled is not None and everybody is not None:
            reached = counts[name]
            return (
                (reached.get((*of, "1"), 0), disabled),
                (reached.get((*of, "0"), 0), max(0, everybody - disabled)),
            )
    return (counts["disability"].get((*of, "1"), 0), None), (0, None)


def _ratio(key: Key, one: Part, other: Part) -> list[Cell]:
    """Coverage of one over that of the other; no cell where nobody of either is reached.

    The numbers below are not the cell's numerator and denominator: they count nobody.
    """
    (reached, people), (others_reached, others) = one, other
    if not reached and not others_reached:
        return []
    if not people or not others:
        return [Cell(key, None, None, None, (NO_DENOMINATOR,))]
    return [Cell(key, None, None, value_of(reached * others, people * others_reached))]
