"""Whether figures add up: over ages, over sexes, over levels of areas. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ibr.coverage.population.model import (
    ALL,
    EVERY_AGE,
    MEN,
    OPEN,
    OTHER,
    SEX_WORDS,
    UNSTATED,
    WOMEN,
    Ages,
    Cell,
    Difference,
)
from ibr.registry.areas.names import Directory


def differences(
    figures: Mapping[str, Mapping[Cell, int]], directory: Directory
) -> list[Difference]:
    """Every sum of one year that is not what is told, the areas in their order."""
    found: list[Difference] = []
    for code in sorted(figures):
        found += _over_ages(code, figures[code])
        found += _over_sexes(code, figures[code])
        found += _over_areas(code, figures, directory)
    return found


def _over_ages(code: str, cells: Mapping[Cell, int]) -> list[Difference]:
    found = []
    for sex in (ALL, MEN, WOMEN):
        mine = {ages: people for (which, ages), people in cells.items() if which == sex}
        rest = mine.get(UNSTATED, 0)
        if EVERY_AGE in mine:
            for what, parts in (("single ages", _singles(mine)), ("age bands", _bands(mine))):
                added = sum(mine[each] for each in parts) + rest
                if parts and added != mine[EVERY_AGE]:
                    label = f"{what}, {SEX_WORDS[sex]}"
                    found.append(Difference(code, label, mine[EVERY_AGE], added))
        for band, people in mine.items():
            if band in (EVERY_AGE, UNSTATED) or band.last in (band.first, OPEN):
                continue
            inner = [Ages(age, age) for age in range(band.first, band.last + 1)]
            if all(each in mine for each in inner):
                added = sum(mine[each] for each in inner)
                if added != people:
                    found.append(Difference(code, f"ages {band}, {SEX_WORDS[sex]}", people, added))
    return found


def _singles(mine: Mapping[Ages, int]) -> list[Ages]:
    """Single years from 0 without a gap, and the open top; nothing where some are missing."""
    found, age = [], 0
    while Ages(age, age) in mine:
        found.append(Ages(age, age))
        age += 1
    top = Ages(age, OPEN)
    return [*found, top] if found and top in mine else []


def _bands(mine: Mapping[Ages, int]) -> list[Ages]:
    """Bands from 0 to the open top, each beginning after the one before it; nothing where one
    is missing or two begin alike."""
    found, age = [], 0
    while True:
        here = [
            each for each in mine if each.first == age and each.last > age and each != EVERY_AGE
        ]
        if len(here) != 1:
            return []
        found.append(here[0])
        if here[0].last == OPEN:
            return found
        age = here[0].last + 1


def _over_sexes(code: str, cells: Mapping[Cell, int]) -> list[Difference]:
    found = []
    for (sex, ages), people in cells.items():
        if sex == ALL and (MEN, ages) in cells and (WOMEN, ages) in cells:
            added = cells[MEN, ages] + cells[WOMEN, ages] + cells.get((OTHER, ages), 0)
            if added != people:
                found.append(Difference(code, f"men and women, {ages}", people, added))
    return found


def _over_areas(
    code: str, figures: Mapping[str, Mapping[Cell, int]], directory: Directory
) -> list[Difference]:
    """The areas directly inside, where all of them are told; ages that all of them have."""
    children = [child.code for child in directory.children(code)]
    if not children or any(child not in figures for child in children):
        return []
    found = []
    for (sex, ages), people in figures[code].items():
        parts = [figures[child].get((sex, ages)) for child in children]
        known = [each for each in parts if each is not None]
        # Nobody of another sex is told of an area by leaving the row away.
        if len(known) < len(parts) and sex != OTHER:
            continue
        if sum(known) != people:
            what = f"areas in it, {SEX_WORDS[sex]}, {ages}"
            found.append(Difference(code, what, people, sum(known)))
    return found


def gaps(figures: Mapping[str, Mapping[Cell, int]], directory: Directory) -> dict[str, list[str]]:
    """Areas without figures beside others of the same place that have some, by that place."""
    missing: dict[str, list[str]] = {}
    for parent in {directory.areas[code].parent or "" for code in figures}:
        beside = directory.children(parent) if parent else []
        without = [child.name for child in beside if child.code not in figures]
        if without:
            missing[parent] = without
    return missing
