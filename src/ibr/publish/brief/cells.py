"""How figures stand on the sheet: as words of the reader's language, with the sign for hidden."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from ibr.publish.brief.digits import NONE, money, number, percent
from ibr.publish.brief.model import BriefData, Seen
from ibr.publish.brief.sheet import ACCENT, INK, LEFT, PALE, QUIET, RIGHT, Align, Colour, Sheet
from ibr.publish.brief.words import say


def count_of(seen: Seen, language: str) -> str:
    return _said(seen, language, lambda value: number(value, language))


def share_of(seen: Seen, language: str) -> str:
    return _said(seen, language, lambda value: percent(value, language))


def money_of(seen: Seen, currency: str, language: str) -> str:
    return _said(seen, language, lambda value: money(value, currency, language))


def below_of(seen: Seen, language: str) -> str:
    """The whole number above the line of a share, as people without a benefit."""
    if seen.state == "hidden":
        return say("hidden", language)
    return NONE if seen.cell is None else number(seen.cell.numerator, language)


def _said(seen: Seen, language: str, write: Callable[[str], str]) -> str:
    if seen.state == "hidden":
        return say("hidden", language)
    return NONE if seen.value is None else write(seen.value)


def all_money(data: BriefData, indicator: str, codes: dict[str, str]) -> list[str]:
    """Amounts in every currency that there are any in; currencies are never added up."""
    found = []
    for currency in data.codes(indicator, "currency"):
        seen = data.figure(indicator, {**codes, "currency": currency})
        if seen.state == "hidden" or seen.size:
            found.append(money_of(seen, currency, data.language))
    return found or [NONE]


class Column(msgspec.Struct, frozen=True):
    """A column of a table: its head, where its text stands, and how wide that may be.

    A column with a bar has `bar` as the place where bars begin and how long the longest is.
    """

    head: str
    at: float
    width: float
    align: Align = "right"
    bar: tuple[float, float] | None = None
    colour: Colour = ACCENT


class Line(msgspec.Struct, frozen=True):
    """A row of a table: texts, and lengths of bars where a column has them."""

    texts: Sequence[str]
    sizes: Sequence[float] = ()


ROW: Final = 5.4


def draw_table(
    sheet: Sheet,
    y: float,
    columns: Sequence[Column],
    lines: Sequence[Line],
    *,
    row: float = ROW,
    one_scale: bool = False,
) -> float:
    """A table with its head; where to go on below.

    A column that says nothing is left out. `one_scale`: all bars are of the same scale.
    """
    columns, lines = _told(columns, lines)
    for column in columns:
        with sheet.marked("TH"):
            sheet.put(
                column.at,
                y,
                column.head,
                size=7,
                colour=QUIET,
                align=column.align,
                width=column.width,
            )
    longest = _longest(columns, lines, one_scale=one_scale)
    for line in lines:
        y += row
        with sheet.decoration():
            sheet.box(LEFT, y - row * 0.68, RIGHT - LEFT, 0.15, PALE)
            _bars(sheet, y, row, columns, line, longest)
        for column, text in zip(columns, line.texts, strict=True):
            with sheet.marked("TD"):
                sheet.put(
                    column.at,
                    y,
                    text,
                    size=8,
                    colour=QUIET if text == NONE else INK,
                    align=column.align,
                    width=column.width,
                    whole=column.align == "right",
                )
    return y


def _longest(columns: Sequence[Column], lines: Sequence[Line], *, one_scale: bool) -> list[float]:
    """The largest size in each column, or in all of them together."""
    longest = [
        max((line.sizes[place] for line in lines if line.sizes), default=0.0)
        for place in range(len(columns))
    ]
    return [max(longest)] * len(columns) if one_scale else longest


def _bars(
    sheet: Sheet,
    y: float,
    row: float,
    columns: Sequence[Column],
    line: Line,
    longest: Sequence[float],
) -> None:
    for place, column in enumerate(columns):
        if column.bar and line.sizes and longest[place] > 0:
            begin, length = column.bar
            part = line.sizes[place] / longest[place] * length
            sheet.box(begin, y - row * 0.42, part, row * 0.48, column.colour)


def _told(columns: Sequence[Column], lines: Sequence[Line]) -> tuple[list[Column], list[Line]]:
    """The columns in which any row says something, and the rows without the others."""
    kept = [
        place
        for place in range(len(columns))
        if place == 0 or any(line.texts[place] != NONE for line in lines)
    ]
    return [columns[place] for place in kept], [
        Line([line.texts[p] for p in kept], [line.sizes[p] for p in kept] if line.sizes else ())
        for line in lines
    ]
