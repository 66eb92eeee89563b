"""Frozen figures as a brief writes them: grouped as the language has it, to the last digit."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Final

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from ibr.coverage.figures.model import read_period

NONE: Final = "–"
# Signs of CLDR that few fonts have, as signs that all have: a narrow space that does not break.
_PLAIN: Final = str.maketrans({"\u202f": "\u00a0", "\u2009": "\u00a0"})
_LOCALES: Final = {"en": "en_GB", "fr": "fr"}


@cache
def locale_of(language: str) -> Locale:
    return Locale.parse(_LOCALES.get(language, "en_GB"))


def number(value: str | int | None, language: str) -> str:
    """A decimal with the digits it has, and no other."""
    if value is None:
        return NONE
    exact = Decimal(value)
    exponent = exact.as_tuple().exponent
    decimals = max(0, -exponent) if isinstance(exponent, int) else 0
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return str(format_decimal(exact, format=pattern, locale=locale_of(language))).translate(_PLAIN)


def percent(value: str | None, language: str) -> str:
    """A share of 1 as percent: 0.1234 is 12.34 %."""
    if value is None:
        return NONE
    exact = format(Decimal(value).scaleb(2), "f")
    return f"{number(exact, language)}\u00a0%"


def money(value: str | None, currency: str, language: str) -> str:
    if value is None:
        return NONE
    written = number(value, language)
    before = locale_of(language).currency_formats["standard"].pattern.startswith("¤")
    return f"{currency}\u00a0{written}" if before else f"{written}\u00a0{currency}"


def period(text: str, language: str) -> str:
    """A month in full, a year as it is."""
    found = read_period(text)
    if found.is_year:
        return text
    return str(format_date(found.first.first, "LLLL y", locale=locale_of(language)))


def short_period(text: str, language: str) -> str:
    found = read_period(text)
    if found.is_year:
        return text
    return str(format_date(found.first.first, "LLL y", locale=locale_of(language)))


def moment(value: datetime | None, language: str) -> str:
    if value is None:
        return NONE
    shown = format_datetime(value.astimezone(UTC), "d MMMM y, HH:mm", locale=locale_of(language))
    return f"{shown} UTC".translate(_PLAIN)
