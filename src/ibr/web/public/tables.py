"""Released figures as lines of a table, each written in the reader's language or marked hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from ibr.coverage.catalogue.model import Indicator
from ibr.coverage.figures.model import AGE_BANDS, dimensions_of
from ibr.publish.files.labels import Labels
from ibr.publish.releases.model import ReleasedTable
from ibr.web import exact
from ibr.web.public.topics import Column, Section
from ibr.web.written import Written

Tables = Mapping[tuple[str, str, str], ReleasedTable]
_AGES = {band: place for place, band in enumerate((*AGE_BANDS, ""))}


class Figure(msgspec.Struct, frozen=True):
    """One figure as it is written; `value` is for drawing, `hidden` where it is kept back."""

    written: str = ""
    value: float | None = None
    hidden: bool = False
    notes: tuple[str, ...] = ()


class Line(msgspec.Struct, frozen=True):
    """A line of a table: what it is of, and its figures."""

    code: str
    name: str
    figures: tuple[Figure, ...]


class Drawn(msgspec.Struct, frozen=True):
    """A section with its lines; `indicators` are those it shows, for their definitions."""

    section: Section
    headings: tuple[str, ...]
    lines: tuple[Line, ...]
    indicators: tuple[str, ...]

    @property
    def hidden(self) -> int:
        return sum(figure.hidden for line in self.lines for figure in line.figures)

    @property
    def largest(self) -> float:
        return max((line.figures[0].value or 0.0 for line in self.lines), default=0.0)


class Reader(msgspec.Struct, frozen=True):
    """Whoever reads: their language, the names of codes, what the figures' units are."""

    written: Written
    labels: Labels
    definitions: Mapping[str, Indicator]

    def name(self, dimension: str, code: str) -> str:
        return self.labels.of(dimension, code)

    def figure(
        self, table: ReleasedTable | None, key: tuple[str, ...], *, nobody: bool = True
    ) -> Figure:
        """A figure by its key; who is in no cell of a table of people is nobody."""
        if table is None:
            return Figure("–")
        if key in table.hidden_keys:
            return Figure("", None, hidden=True)
        cell = table.table.by_key.get(key)
        unit = self.unit(table.table.indicator)
        if cell is None:
            none = nobody and unit in ("persons", "households", "cases")
            return Figure(exact.number(self.written, "0"), 0.0) if none else Figure("–")
        return Figure(
            self.write(unit, cell.value, _currency(table, key)),
            exact.of_value(cell),
            notes=cell.notes,
        )

    def unit(self, indicator: str) -> str:
        known = self.definitions.get(indicator)
        return known.unit if known else _UNITS.get(indicator[:1], "number")

    def write(self, unit: str, value: str | None, currency: str) -> str:
        if unit == "share":
            return exact.percent(self.written, value)
        if unit == "money":
            return exact.money(self.written, value, currency)
        return exact.number(self.written, value)


# Only for a release that was built before its indicators were in the catalogue.
_UNITS = {"N": "persons", "C": "share", "S": "share", "O": "persons", "R": "share", "K": "cases"}


def _currency(table: ReleasedTable, key: tuple[str, ...]) -> str:
    dimensions = table.table.dimensions
    return key[dimensions.index("currency")] if "currency" in dimensions else ""


def drawn(section: Section, tables: Tables, period: str, reader: Reader) -> Drawn:
    """A section's lines for a month."""
    columns = _columns(section.columns, tables, period, reader)
    found: dict[tuple[str, ...], None] = {}
    for column in columns:
        table = tables.get((*column.name, period))
        if table is not None:
            keys = [*table.table.by_key, *table.hidden_keys]
            found |= dict.fromkeys(_rows(section, column, table, keys))
    lines = [
        Line(
            "+".join(row),
            " · ".join(
                reader.name(name, code) for name, code in zip(section.rows, row, strict=True)
            ),
            tuple(_figure(section, column, tables, period, row, reader) for column in columns),
        )
        for row in sorted(found, key=lambda row: _order(section, row, reader))
    ]
    codes = tuple(dict.fromkeys(each.indicator for each in section.columns))
    return Drawn(section, tuple(each.heading for each in columns), tuple(lines), codes)


def _columns(
    columns: Sequence[Column], tables: Tables, period: str, reader: Reader
) -> list[Column]:
    """The columns, with one for each code where that is wanted."""
    made = []
    for column in columns:
        table = tables.get((*column.name, period))
        if not column.each:
            heading = reader.written.say(column.heading) if column.heading else ""
            made.append(msgspec.structs.replace(column, heading=heading))
        elif table is not None:
            at = table.table.dimensions.index(column.each)
            codes = {key[at] for key in (*table.table.by_key, *table.hidden_keys)}
            made += [
                msgspec.structs.replace(
                    column,
                    each="",
                    heading=reader.name(column.each, code),
                    fixed=column.fixed | {column.each: code},
                )
                for code in sorted(codes)
            ]
    return made


def _rows(
    section: Section, column: Column, table: ReleasedTable, keys: Sequence[tuple[str, ...]]
) -> list[tuple[str, ...]]:
    names = table.table.dimensions
    rows = []
    for key in keys:
        given = dict(zip(names, key, strict=True))
        if all(given.get(name) == code for name, code in column.fixed.items()):
            rows.append(tuple(given[name] for name in section.rows))
    return rows


def _figure(
    section: Section,
    column: Column,
    tables: Tables,
    period: str,
    row: tuple[str, ...],
    reader: Reader,
) -> Figure:
    given = dict(zip(section.rows, row, strict=True)) | column.fixed
    key = tuple(given[name] for name in dimensions_of(column.breakdown))
    return reader.figure(tables.get((*column.name, period)), key)


def _order(section: Section, row: tuple[str, ...], reader: Reader) -> tuple[object, ...]:
    """Ages by age, numbers by number, all else by name; what is not known comes last."""
    first = section.rows[0]
    if first == "age":
        return (False, _AGES.get(row[0], 99), "")
    if first in ("series", "programmes", "function"):
        return (not row[0], int("".join(filter(str.isdigit, row[0])) or 99), "")
    named = tuple(reader.name(n, c).casefold() for n, c in zip(section.rows, row, strict=True))
    return (not row[0], 0, *named)
