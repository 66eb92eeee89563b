"""SDG131: the series of SDG indicator 1.3.1 of which the registry knows something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ibr.coverage.engine.cells import Key, Sheet
from ibr.coverage.engine.denominators import Divisors, Reader
from ibr.coverage.engine.meanings import MEN, SERIES, WOMEN
from ibr.coverage.facts.model import CHILD_BELOW
from ibr.coverage.figures.model import PARTLY_KNOWN, FigureTable, share_cell
from ibr.coverage.population.model import ALL, EVERY_AGE, OPEN, Ages

MOTHERS: Final = 3
# Who contributes is not in the registry; nor, for everybody, who lives with whom, who of the
# mothers gave birth when, and how severe a disability is.
_PARTLY: Final = (1, 2, 3, 4)
# A group is often counted from some age on only; the widest that the figures tell is meant.
WHOLE_GROUP: Final = (EVERY_AGE, Ages(5, OPEN), Ages(15, OPEN), Ages(15, 64))
_GROUPS: Final = {MOTHERS: "births", 4: "disability", 5: "unemployed", 9: "poor"}


def series_tables(
    sheet: Sheet,
    divisors: Divisors,
    reached: Mapping[tuple[int, str], int],
    retirement_age: int,
) -> Iterable[FigureTable]:
    """Each series for everybody, and by sex; `reached` counts people by series and sex."""
    reader = divisors.reader()
    total: dict[Key, int] = {}
    for (series, _), count in reached.items():
        total[str(series),] = total.get((str(series),), 0) + count
    people: dict[Key, int | None] = {
        (str(series),): people_of(reader, series, ALL, retirement_age) for series in SERIES
    }
    yield _table(sheet, "series", total, people, reader)
    reader = divisors.reader()
    by_sex: dict[Key, int] = {(str(series), sex): count for (series, sex), count in reached.items()}
    people = {
        (str(series), str(sex)): people_of(reader, series, sex, retirement_age)
        for series in SERIES
        for sex in (MEN, WOMEN)
        if series != MOTHERS or sex == WOMEN
    }
    yield _table(sheet, "series*sex", by_sex, people, reader)


def _table(
    sheet: Sheet,
    breakdown: str,
    reached: Mapping[Key, int],
    people: Mapping[Key, int | None],
    reader: Reader,
) -> FigureTable:
    cells = [
        share_cell(
            key, reached.get(key, 0), people.get(key),
            notes=(PARTLY_KNOWN,) if int(key[0]) in _PARTLY else (),
        )
        for key in {**people, **reached}
        if reached.get(key) or people.get(key)
    ]  # fmt: skip
    return sheet.table("SDG131", breakdown, cells, reader.sources())


def people_of(reader: Reader, series: int, sex: int, retirement_age: int) -> int | None:
    """Whom a series is about, as far as figures of them were imported."""
    if series == 1:
        return reader.people(None, sex)
    if series == 2:
        return reader.people(None, sex, Ages(0, CHILD_BELOW - 1))
    if series == 7:
        return reader.people(None, sex, Ages(retirement_age, OPEN))
    # Births are counted without regard to whose child is a boy: they stand for the mothers.
    wanted = ALL if series == MOTHERS else sex
    for ages in WHOLE_GROUP:
        found = reader.people(None, wanted, ages, _GROUPS[series])
        if found is not None:
            return found
    return None
