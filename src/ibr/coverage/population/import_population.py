"""Enters a file of figures: all of it or nothing, the same file again without effect.

A newer set of figures stands in place of an older one for what it covers; the older one is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import msgspec

from ibr.audit.events import POPULATION_IMPORTED
from ibr.audit.record import record_event
from ibr.coverage.population import store
from ibr.coverage.population.columns import layout_of
from ibr.coverage.population.model import (
    ALL,
    EVERY_AGE,
    GROUPS,
    METHODS,
    Difference,
    Imported,
    Problem,
    Terms,
)
from ibr.coverage.population.read_figures import (
    MOST_PROBLEMS,
    Cells,
    Read,
    counts_of,
    put_in_areas,
)
from ibr.coverage.population.sums import differences, gaps
from ibr.db.locks import hold_areas
from ibr.db.pool import Connection
from ibr.errors import NotUnderstood
from ibr.registry.areas.import_areas import add_name, set_population
from ibr.registry.areas.list_areas import every_area
from ibr.registry.areas.names import Directory
from ibr.registry.areas.tables import Table

_COMMAND_LINE: Final = "command line"
_SHOWN: Final = 10


async def import_population(
    connection: Connection,
    table: Table,
    terms: Terms,
    at: datetime,
    *,
    file_name: str,
    content: bytes,
) -> Imported:
    """Enters the figures of a table; the connection is the owner's."""
    _check(terms)
    await hold_areas(connection)
    layout = layout_of(table, terms.group, terms.columns, terms.ages)
    counts, read = counts_of(table, layout, terms)
    read.notes[:0] = layout.notes
    years = {count.year for count in counts if count.year is not None}
    day = _day(terms, max(years)) if years else at.date()
    directory = Directory(area for area in await every_area(connection) if area.on(day))
    put_in_areas(counts, read, directory, terms)
    found = _sums(read, directory, terms)
    done = _told(table, read, found, layout.fields, directory, terms)
    if done.problems or terms.dry_run:
        return done
    digest = hashlib.sha256(content).hexdigest()
    numbers = [await store.same(connection, digest, year, terms) for year in sorted(years)]
    if all(numbers):
        known = [number for number in numbers if number]
        return msgspec.structs.replace(done, sources=known, unchanged=True)
    told = done.notes + done.differences
    numbers = [
        await _enter(connection, year, read, terms, (file_name, digest), told, at)
        for year in sorted(years)
    ]
    for name, code in read.close.items():
        await add_name(connection, code, name)
    return msgspec.structs.replace(done, sources=[number for number in numbers if number])


def _check(terms: Terms) -> None:
    if terms.group not in GROUPS:
        raise NotUnderstood("population.group", f"A group is one of {', '.join(GROUPS)}.")
    if terms.method not in METHODS:
        raise NotUnderstood("population.method", f"A method is one of {', '.join(METHODS)}.")
    if not terms.source.strip():
        raise NotUnderstood(
            "population.source", "Say who published the figures and where, with --source."
        )
    if terms.uncertainty is not None and not 0 <= terms.uncertainty <= 100:
        raise NotUnderstood("population.uncertainty", "The uncertainty is 0 to 100 percent.")
    if terms.year is not None and not 1900 <= terms.year <= 2200:
        raise NotUnderstood("population.year", "Write the year with four digits.")
    if terms.day and terms.year is not None and terms.day.year != terms.year:
        raise NotUnderstood("population.day", "The day does not lie in the year.")


def _day(terms: Terms, year: int) -> date:
    """The day that figures are of: as said, else the middle of their year."""
    if terms.day and terms.day.year == year:
        return terms.day
    return date(year, 7, 1)


def _of_year(read: Read, year: int) -> dict[str, Cells]:
    return {code: cells for (which, code), cells in read.figures.items() if which == year}


def _sums(read: Read, directory: Directory, terms: Terms) -> list[Difference]:
    """What does not add up; large differences are problems unless they were accepted."""
    found = []
    for year in sorted({year for year, _ in read.figures}):
        figures = _of_year(read, year)
        found += differences(figures, directory)
        for parent, names in sorted(gaps(figures, directory).items()):
            shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
            place = directory.areas[parent].name
            read.notes.append(f"No figures of {len(names)} areas in {place}: {shown}.")
    if not terms.accept_differences:
        read.problems += [
            Problem(None, each.area, f"{each}. Take it so with --accept-differences.")
            for each in found
            if each.large
        ]
    return found


def _told(
    table: Table,
    read: Read,
    found: Sequence[Difference],
    fields: dict[str, str],
    directory: Directory,
    terms: Terms,
) -> Imported:
    total: dict[str, int] = {}
    for (year, code), cells in sorted(read.figures.items()):
        people = cells.get((ALL, EVERY_AGE), cells.get((ALL, terms.ages or EVERY_AGE)))
        if people is None:
            people = _largest(cells)
        key = f"{year}, level {directory.areas[code].level}"
        total[key] = total.get(key, 0) + people
    if not read.figures and not read.problems:
        read.problems.append(Problem(None, "file", "No row is about an area of the list."))
    notes = list(read.notes)
    if read.close and terms.accept_close:
        taken = (f"{name} as {directory.areas[code].name}" for name, code in read.close.items())
        notes.append(f"Taken by a close name: {', '.join(taken)}.")
    if len(read.problems) > MOST_PROBLEMS:
        notes.append(f"{len(read.problems) - MOST_PROBLEMS} more problems are not shown.")
    shown = [str(each) for each in found[:_SHOWN]]
    if len(found) > _SHOWN:
        shown.append(f"and {len(found) - _SHOWN} more sums that differ")
    return Imported(
        rows=len(table.rows),
        figures=sum(map(len, read.figures.values())),
        areas=len({code for _, code in read.figures}),
        total=total,
        fields=fields,
        notes=notes,
        differences=shown,
        problems=read.problems[:MOST_PROBLEMS],
        dry_run=terms.dry_run,
    )


def _largest(cells: Cells) -> int:
    """Everybody of the widest ages that are told, where all ages are not."""
    everybody = [people for (sex, _), people in cells.items() if sex == ALL]
    return max(everybody, default=0)


async def _enter(
    connection: Connection,
    year: int,
    read: Read,
    terms: Terms,
    file: tuple[str, str],
    told: Sequence[str],
    at: datetime,
) -> int:
    figures = _of_year(read, year)
    rows = sum(map(len, figures.values()))
    number = await store.add_source(
        connection, year, _day(terms, year), terms, file, rows, told, at, _COMMAND_LINE
    )
    await store.add_figures(
        connection,
        [
            (number, code, sex, ages.first, ages.last, people)
            for code, cells in figures.items()
            for (sex, ages), people in cells.items()
        ],
    )
    if terms.group == "all":
        totals = [(code, cells.get((ALL, EVERY_AGE))) for code, cells in figures.items()]
        newest = await store.newest_year(connection)
        if newest is None or year >= newest:
            await set_population(connection, [(code, n) for code, n in totals if n is not None])
    await record_event(
        connection,
        kind=POPULATION_IMPORTED,
        asker=None,
        details={"source": number, "year": year, "group": terms.group, "digest": file[1]},
        at=at,
    )
    return number
