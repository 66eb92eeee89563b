"""Frozen figures as a reader writes them, to the last digit: nothing is rounded on the way."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_decimal

from ibr.coverage.figures.model import Cell
from ibr.web.written import Written

NONE = "–"


def percent(written: Written, value: str | None) -> str:
    """A share as percent: 0.1234 is 12.34 %."""
    return NONE if value is None else _percent(written.language.formats, value)


def number(written: Written, value: str | None) -> str:
    """A decimal with the digits it has."""
    return NONE if value is None else _decimal(written.language.formats, value)


def count(written: Written, cell: Cell | None) -> str:
    """How many a cell counts; whoever is not in a table is nobody."""
    return number(written, "0" if cell is None else cell.value)


def share(written: Written, cell: Cell | None) -> str:
    """The share that a cell holds; a dash where there is none."""
    return percent(written, cell.value if cell else None)


def money(written: Written, value: str | None, currency: str) -> str:
    """An amount in units of its currency."""
    return NONE if value is None else written.beside(currency, number(written, value))


def of_value(cell: Cell | None) -> float | None:
    """A cell's value for drawing; what is drawn need not be exact."""
    return None if cell is None or cell.value is None else float(cell.value)


# A page of programmes against programmes writes a few thousand shares, many of them alike. Texts
# are remembered and not decimals: 0.5 and 0.50 are the same decimal, and not the same figure.
@lru_cache(maxsize=20_000)
def _percent(formats: str, value: str) -> str:
    pattern: str = Locale.parse(formats).percent_formats[None].pattern
    before, after = pattern.split("#,##0")
    return before + _decimal(formats, format(Decimal(value).scaleb(2), "f")) + after


@lru_cache(maxsize=20_000)
def _decimal(formats: str, value: str) -> str:
    digits = len(value.partition(".")[2])
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    written: str = format_decimal(Decimal(value), format=pattern, locale=Locale.parse(formats))
    return written
