"""A file looked at: its columns guessed or as remembered, and what a person must decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from ibr.access.model import ProgrammeRight
from ibr.files.mapping.look import Looked, Start, begin, look_through
from ibr.files.mapping.model import Mapping, layout_of
from ibr.files.mapping.propose import AreaOf, Ground, Proposed, propose, settle
from ibr.files.mapping.read_mapping import check_mapping
from ibr.files.mapping.targets import aim_of
from ibr.files.mapping.words import CODE_LISTS, code_of
from ibr.files.model import Look
from ibr.files.reading.csv_rows import CsvRows
from ibr.files.reading.model import Reader
from ibr.files.reading.open_rows import open_rows
from ibr.periods import read_month
from ibr.registry.areas.model import Area
from ibr.registry.areas.names import Directory

_SHOWN: Final = 8
_WORDS: Final = 40
Remembered = Callable[[bytes], Mapping | None]


class Seen(msgspec.Struct):
    """A file that was looked at, open to be read on."""

    reader: Reader
    start: Start
    mapping: Mapping
    look: Look


def open_mapped(content: BinaryIO, folder: Path, mapping: Mapping) -> tuple[Reader, Start]:
    """The rows of a file that has its mapping already."""
    reader = open_rows(content, folder, mapping.sheet)
    start = begin(reader, mapping.header or None, mapping.header_rows)
    return reader, start


def ground_of(programme: ProgrammeRight, cycle: str, today: date) -> Ground:
    """What is known of the programme and the month before the file is opened."""
    return Ground(programme.assistance_unit, programme.currency, read_month(cycle), today)


def area_finder(areas: Sequence[Area]) -> AreaOf:
    """Finds areas by their code or name: regions on the first level below the country, districts
    below that."""
    directory = Directory(areas)
    levels = sorted({area.level for area in areas if area.level > 0})

    def find(name: str, word: str) -> str | None:
        by_code = directory.by_code(word)
        if by_code:
            return by_code
        below = levels[1:] or levels
        for level in levels[:1] if name == "region_code" else below:
            match = directory.find(word, level)
            if match.code or match.close:
                return match.code or match.close
        return None

    return find


def look_at(
    content: BinaryIO,
    folder: Path,
    ground: Ground,
    area_of: AreaOf,
    *,
    given: Mapping | None = None,
    remembered: Remembered = lambda _layout: None,
) -> Seen:
    """Reads the whole file once. `given` is what a person said the columns are; without it what
    was last said of the same layout, else a guess. NotUnderstood where the file cannot be read."""
    earlier = None
    if given is not None:
        check_mapping(given)
        reader, start = open_mapped(content, folder, given)
        # A mapping without columns says only where the heading is.
        mapping = given if given.columns else _guessed(start, ground, reader, given)
    else:
        reader = open_rows(content, folder)
        start = begin(reader)
        earlier = remembered(layout_of(start.heading.titles))
        mapping = _moved(earlier, start, reader) if earlier else _guessed(start, ground, reader)
    proposed, looked = _settled(reader, start, mapping, ground, area_of, earlier)
    look = Look(
        format=reader.format,
        encoding=reader.encoding if isinstance(reader, CsvRows) else "",
        sheet=reader.sheet,
        sheets=list(reader.sheets),
        heading=start.heading.row,
        titles=start.heading.titles,
        sample=list(start.rows[:_SHOWN]),
        rows=looked.rows,
        totals=looked.totals,
        width=max(looked.width, len(start.heading.titles)),
        questions=proposed.questions,
        words=_words(proposed.mapping, start, looked),
        known=earlier is not None,
    )
    return Seen(reader, start, proposed.mapping, look)


def _settled(
    reader: Reader,
    start: Start,
    mapping: Mapping,
    ground: Ground,
    area_of: AreaOf,
    earlier: Mapping | None,
) -> tuple[Proposed, Looked]:
    at = {title: place for place, title in enumerate(start.heading.titles)}
    targets = {
        at[column.column]: column.to
        for column in mapping.columns
        if column.to and column.column in at
    }
    looked = look_through(reader, start.heading.row, targets)
    return settle(mapping, start.heading.titles, looked, ground, area_of, earlier), looked


def _guessed(start: Start, ground: Ground, reader: Reader, given: Mapping | None = None) -> Mapping:
    mapping = propose(start, ground, reader.sheet)
    if given is None or not given.header:
        return mapping
    return msgspec.structs.replace(mapping, header=given.header, header_rows=given.header_rows)


def _moved(mapping: Mapping, start: Start, reader: Reader) -> Mapping:
    """A remembered mapping, with the heading and the sheet where they are in this file."""
    return msgspec.structs.replace(
        mapping,
        header=start.heading.row,
        header_rows=start.heading.rows,
        sheet=reader.sheet,
        # Which number is the day is asked of each file's own columns first: the next clerk's
        # program may write the other way round.
        columns=[
            msgspec.structs.replace(column, dates=None, decimal=None) for column in mapping.columns
        ],
    )


def _words(mapping: Mapping, start: Start, looked: Looked) -> dict[str, list[str]]:
    """Some words of each column of codes, those that nobody knows first."""
    at = {title: place for place, title in enumerate(start.heading.titles)}
    words: dict[str, list[str]] = {}
    for column in mapping.columns:
        place = at.get(column.column)
        held = looked.columns.get(place) if place is not None else None
        if not column.to or held is None or held.words is None:
            continue
        name = aim_of(column.to).code_list
        if name in CODE_LISTS:
            found = sorted(held.words, key=lambda word: code_of(name, word) is not None)
            words[column.column] = found[:_WORDS]
    return words
