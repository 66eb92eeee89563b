"""Figures out of a table whose columns are understood: counts, blanks filled, areas found. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from ibr.coverage.population.columns import CountColumn, Layout, age_of_row, sex_of
from ibr.coverage.population.model import (
    ALL,
    EVERY_AGE,
    MEN,
    OTHER,
    WOMEN,
    Ages,
    Cell,
    Count,
    Problem,
    Terms,
)
from ibr.registry.areas.columns import path_of
from ibr.registry.areas.names import Directory
from ibr.registry.areas.tables import Table, whole_number

MOST_PROBLEMS: Final = 30

Cells = dict[Cell, int]


class Read(msgspec.Struct):
    """The figures of a file by year and area, and what was said of it."""

    figures: dict[tuple[int, str], Cells] = {}
    problems: list[Problem] = []
    notes: list[str] = []
    close: dict[str, str] = {}
    """Names that were taken for areas whose names are close: kept with the area."""


def counts_of(table: Table, layout: Layout, terms: Terms) -> tuple[list[Count], Read]:
    """Every count of a table, and what is wrong with the rows that have none."""
    counts: list[Count] = []
    read = Read()
    passed_over: Counter[str] = Counter()
    for number, row in enumerate(table.rows, start=2):
        path = path_of(row, layout.areas, table.header)
        if path is None:
            name = " ".join(row[layout.areas.names[-1]].split()) or "a row without a name"
            passed_over[name] += 1
            continue
        try:
            year = terms.year if layout.year is None else whole_number(row[layout.year])
            if terms.year is not None and year != terms.year:
                passed_over["another year"] += 1
                continue
            counts += _of_row(number, row, table, layout, path, year)
        except ValueError as wrong:
            read.problems.append(Problem(number, *wrong.args))
    if passed_over:
        shown = ", ".join(f"{name} ({count})" for name, count in passed_over.most_common(5))
        read.notes.append(f"Rows about no area, or another year, were passed over: {shown}.")
    return counts, read


def _of_row(
    number: int,
    row: Sequence[str],
    table: Table,
    layout: Layout,
    path: tuple[tuple[str, ...], tuple[str, ...]],
    year: int | None,
) -> list[Count]:
    """The counts of one row; ValueError with the column and the reason."""
    if year is None:
        raise ValueError("year", "It is not said of which year. Say --year.")
    ages = EVERY_AGE if layout.age is None else age_of_row(row[layout.age])
    if ages is None:
        raise ValueError(table.header[layout.age or 0], "These are no ages that are understood.")
    sex = ALL if layout.sex is None else sex_of(row[layout.sex])
    if sex is None:
        raise ValueError(table.header[layout.sex or 0], "This is no sex that is understood.")
    found = []
    for column in layout.counts:
        try:
            people = whole_number(row[column.place])
        except ValueError as wrong:
            raise ValueError(table.header[column.place], f"It {wrong}.") from None
        found.append(Count(number, *path, year, _sex(column, sex), _ages(column, ages), people))
    return found


def _sex(column: CountColumn, of_row: int) -> int:
    return of_row if column.sex is None else column.sex


def _ages(column: CountColumn, of_row: Ages) -> Ages:
    return of_row if column.ages is None or of_row != EVERY_AGE else column.ages


def put_in_areas(counts: Sequence[Count], read: Read, directory: Directory, terms: Terms) -> None:
    """Gives each count its area; one that is not found, or found twice, is a problem."""
    depth = max(len(count.path) for count in counts) if counts else 1
    level = terms.level if terms.level is not None else _level_of(counts, depth, directory)
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], str | None] = {}
    taken: dict[tuple[int, str], tuple[str, ...]] = {}
    given: dict[tuple[int, str], dict[Cell, int | None]] = {}
    for count in counts:
        key = (count.path, count.codes)
        if key not in found:
            found[key] = _area(count, level - depth, directory, read)
        code = found[key]
        if code is None or count.year is None:
            continue
        place = (count.year, code)
        cell = (count.sex, count.ages)
        cells = given.setdefault(place, {})
        other = taken.setdefault(place, count.path)
        if cell in cells:
            beside = "" if other == count.path else f", as {' / '.join(other)} does"
            what = f"{' / '.join(count.path)}, {count.ages}"
            read.problems.append(Problem(count.row, what, f"It is told a second time{beside}."))
        cells[cell] = count.people
    if read.close and not terms.accept_close:
        for name, code in read.close.items():
            area = directory.areas[code]
            reason = f"Probably {area.name} ({code}). Take it so with --accept-close."
            read.problems.append(Problem(None, name, reason))
    _fill(given, read, directory)


def _level_of(counts: Sequence[Count], depth: int, directory: Directory) -> int:
    """The level at which most of the file's smallest areas are found."""
    # All of the deepest ones: many files begin with rows that are found nowhere.
    paths = {(count.path, count.codes) for count in counts if len(count.path) == depth}
    best, most = depth, 0
    for level in sorted({area.level for area in directory.areas.values()}):
        if level < depth - 1:
            continue
        here = 0
        for path, codes in paths:
            known = directory.by_code(codes[-1]) if codes[-1] else None
            if known:
                here += directory.areas[known].level == level
            else:
                here += directory.has(path[0], level - depth + 1)
        if here > most:
            best, most = level, here
    return best


def _area(count: Count, above: int, directory: Directory, read: Read) -> str | None:
    """The area of a count: by its code, else by the names down to it."""
    if count.codes[-1]:
        known = directory.by_code(count.codes[-1])
        if known is None:
            read.problems.append(
                Problem(count.row, " / ".join(count.path), "There is no area with this code.")
            )
        return known
    parent: str | None = None
    for depth, name in enumerate(count.path, start=1):
        match = directory.find(name, above + depth, parent)
        code = match.code
        if code is None and depth == 1 and len(count.path) == 1:
            code = _larger(name, above + depth, directory)
        if code is None and match.close:
            code = match.close
            read.close[name] = code
        if code is None:
            _not_found(count, name, match.near, read)
            return None
        parent = code
    return parent


def _larger(name: str, level: int, directory: Directory) -> str | None:
    """A row about the country, or another area above those that the column names."""
    for above in range(level - 1, -1, -1):
        code = directory.find(name, above).code
        if code:
            return code
    return None


def _not_found(count: Count, name: str, near: tuple[str, ...], read: Read) -> None:
    like = f" Nearest: {', '.join(near)}." if near else " Import the areas first: ibr areas import."
    what = " / ".join(count.path)
    read.problems.append(Problem(count.row, what, f"No area is called {name}.{like}"))


def _fill(
    given: dict[tuple[int, str], dict[Cell, int | None]], read: Read, directory: Directory
) -> None:
    """Blanks: the missing one of men, women and total by subtraction; all three are nobody.

    What is in the total and neither in men nor in women is kept as other or not stated.
    """
    subtracted = nobody = unknown = 0
    other: Counter[int] = Counter()
    for place, cells in given.items():
        done = read.figures.setdefault(place, {})
        empty = []
        for ages in dict.fromkeys(ages for _, ages in cells):
            told = {sex: cells[sex, ages] for sex in (ALL, MEN, WOMEN) if (sex, ages) in cells}
            blank = [sex for sex, people in told.items() if people is None]
            if blank and len(blank) == len(told):
                told = dict.fromkeys(told, 0)
                empty.append(ages)
            elif len(blank) == 1 and len(told) == 3:
                told[blank[0]] = _missing(told, blank[0])
                subtracted += 1
            known = {sex: people for sex, people in told.items() if people is not None}
            unknown += len(told) - len(known)
            rest = cells.get((OTHER, ages))
            if rest is None and len(known) == 3 and known[ALL] > known[MEN] + known[WOMEN]:
                rest = known[ALL] - known[MEN] - known[WOMEN]
            done |= {(sex, ages): people for sex, people in known.items()}
            if rest:
                done[OTHER, ages] = rest
                whole = ages == EVERY_AGE or (ALL, EVERY_AGE) not in cells
                other[directory.areas[place[1]].level] += rest if whole else 0
        nobody += len(empty)
        unknown += _not_empty(done, empty)
    for number, said in (
        (nobody, "ages with blank cells only were read as nobody; the sums say whether that holds"),
        (subtracted, "blank cells were worked out from the two others of men, women and total"),
        (unknown, "blank cells stay unknown"),
        (
            max(other.values(), default=0),
            "people are in the totals of areas and neither in men nor in women: kept as other",
        ),
    ):
        if number:
            read.notes.append(f"{number:,} {said}.")


def _not_empty(done: Cells, empty: Sequence[Ages]) -> int:
    """Takes out the blank bands in which single years have somebody: those are not nobody."""
    taken = 0
    for band in empty:
        inside = [
            people
            for (_, ages), people in done.items()
            if band.first <= ages.first and ages.last <= band.last and ages != band
        ]
        if any(inside):
            for cell in [cell for cell in done if cell[1] == band]:
                del done[cell]
                taken += 1
    return taken


def _missing(told: dict[int, int | None], blank: int) -> int | None:
    total, men, women = told.get(ALL) or 0, told.get(MEN) or 0, told.get(WOMEN) or 0
    if blank == ALL:
        return men + women
    rest = total - (women if blank == MEN else men)
    return rest if rest >= 0 else None
