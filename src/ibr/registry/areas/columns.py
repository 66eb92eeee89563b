"""Which columns of a table name areas, and which hold their codes, from the largest down. Pure.

A row is an area, or a count of one: files of population name theirs in the same way, so both are
read by this.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from ibr.errors import NotUnderstood
from ibr.registry.areas.model import ListRead, Told
from ibr.registry.areas.names import plain
from ibr.registry.areas.tables import Table, is_number

# What stands in the column of the smaller area where a row is about the larger one.
WHOLE: Final = frozenset(("all", "total", "xxx", "", "whole"))
# Parts of a country that are no areas of the list.
NO_AREA: Final = frozenset(("rural", "urban", "xxx", ""))
_LEVEL_CODE: Final = re.compile(r"adm(?:in)?(\d)(?:p?code|id)")
_CODE: Final = frozenset(("code", "pcode", "areacode", "regioncode", "geocode"))
_OF_LEVELS: Final = frozenset(("adminarea", "arealevel", "level", "areatype", "type"))
_NEVER: Final = frozenset(
    ("age", "agegroup", "ageband", "ages", "sex", "gender", "sexe", "year", "annee", "period")
    + ("source", "group", "residence")
)


class AreaColumns(msgspec.Struct, frozen=True):
    """The columns that say which area a row is about, by their places in the table."""

    names: tuple[int, ...]
    """From the largest area down."""
    codes: tuple[int | None, ...]
    """The code beside each name."""
    level: int | None = None
    """The column that says which of the columns a row is about."""


def area_columns(table: Table, named: dict[int, str] | None = None) -> AreaColumns:
    """The columns of areas, guessed by their names and by what is in them.

    `named` holds what the person said of columns by their places: area, code, level, or something
    else that is none of them.
    """
    said = named or {}
    codes: dict[int, int] = {}
    texts: list[int] = []
    level = next((place for place, meaning in said.items() if meaning == "level"), None)
    lone = next((place for place, meaning in said.items() if meaning == "code"), None)
    for place, title in enumerate(table.header):
        wanted = plain(title)
        coded = _LEVEL_CODE.fullmatch(wanted)
        if place in said:
            if said[place] == "area":
                texts.append(place)
        elif coded:
            codes[int(coded[1])] = place
        elif wanted in _CODE and lone is None:
            lone = place
        elif wanted not in _NEVER and not _numbers(table, place):
            if wanted in _OF_LEVELS:
                level = place if level is None else level
            elif len({row[place] for row in table.rows}) > 1 or len(table.rows) == 1:
                texts.append(place)
    names = _from_the_top(table, texts)
    if not names:
        raise NotUnderstood(
            "file.areas",
            "No column names areas. Say which one does: --map COLUMN=area",
        )
    return AreaColumns(names, _beside(codes, lone, len(names)), level)


def _numbers(table: Table, place: int) -> bool:
    return all(is_number(row[place]) for row in table.rows)


def _from_the_top(table: Table, places: Sequence[int]) -> tuple[int, ...]:
    """The columns from the largest area down: the fewer names, the larger what they name."""
    found = sorted(places, key=lambda place: len({row[place] for row in table.rows}))
    # A column that says the same as the one before it names nothing smaller.
    kept: list[int] = []
    for place in found:
        pairs = {(row[kept[-1]], row[place]) for row in table.rows} if kept else set()
        if not kept or len(pairs) > len({one for one, _ in pairs}):
            kept.append(place)
    return tuple(kept)


def _beside(codes: dict[int, int], lone: int | None, names: int) -> tuple[int | None, ...]:
    """The code's column for each name's: the highest number of a level is the smallest area."""
    beside: list[int | None] = [None] * names
    deepest = max(codes, default=0)
    for number, place in codes.items():
        at = names - 1 - (deepest - number)
        if 0 <= at < names:
            beside[at] = place
    if lone is not None and beside[-1] is None:
        beside[-1] = lone
    return tuple(beside)


def path_of(
    row: Sequence[str], columns: AreaColumns, header: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The names and codes down to the area that a row is about; None where it is about none."""
    names = [" ".join(row[place].split()) for place in columns.names]
    codes = ["" if place is None else row[place] for place in columns.codes]
    depth = len(names)
    said = plain(row[columns.level]) if columns.level is not None else ""
    for at, place in enumerate(columns.names):
        if said and said == plain(header[place]):
            depth = at + 1
    while depth > 1 and plain(names[depth - 1]) in WHOLE:
        depth -= 1
    # A code says which area it is where the name beside it was forgotten.
    first = next((n for n in range(depth) if codes[n] or plain(names[n]) not in WHOLE), None)
    if first is None or plain(names[depth - 1]) in NO_AREA:
        return None
    if first:
        # The larger area is not named: the name stands for the whole that is asked about.
        return (names[depth - 1],), (codes[depth - 1],)
    return tuple(names[:depth]), tuple(codes[:depth])


def read_areas(table: Table, named: dict[int, str] | None = None) -> ListRead:
    """Every area that the rows are about, each once."""
    columns = area_columns(table, named)
    found: dict[tuple[str, ...], Told] = {}
    left = set()
    for number, row in enumerate(table.rows, start=2):
        path = path_of(row, columns, table.header)
        if path is None or len(path[0]) < len(columns.names):
            if path is None or len(columns.names) > 1:
                left.add(" / ".join(filter(None, (row[place] for place in columns.names))))
            continue
        names, codes = path
        found.setdefault(tuple(map(plain, names)), Told(number, names, codes, {"en": names[-1]}))
    fields = {table.header[place]: f"name {n + 1}" for n, place in enumerate(columns.names)}
    for n, place in enumerate(columns.codes):
        if place is not None:
            fields[table.header[place]] = f"code {n + 1}"
    if columns.level is not None:
        fields[table.header[columns.level]] = "which of them"
    notes = [f"Rows about no area of this level: {len(left)} names."] if left else []
    return ListRead(list(found.values()), fields, notes)
