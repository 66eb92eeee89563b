"""Dates and money as partners write them, read into exact values.

Dates and amounts repeat a thousand times in one delivery, so what was read once is remembered.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache

from babel.core import UnknownLocaleError
from babel.numbers import get_currency_precision, is_currency

from ibr.reported.parts import PRECISION_DAY, PRECISION_MONTH, PRECISION_YEAR

_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_MONEY = re.compile(
    r"(?:(?P<before>[A-Z]{3})\s*)?(?P<amount>\d{1,13}(?:\.\d{1,4})?)(?:\s*(?P<after>[A-Z]{3}))?",
    re.ASCII,
)
_FIRST_YEAR, _LAST_YEAR = 1850, 2200


@lru_cache(maxsize=65_536)
def read_moment(text: str) -> datetime | None:
    """A date or date-time as a moment in UTC; midnight where only a day is given, UTC where no
    offset is. None when it is no such thing."""
    text = text.strip()
    dotted = _DOTTED.fullmatch(text)
    try:
        if dotted:
            day, month, year = map(int, dotted.groups())
            moment = datetime(year, month, day, tzinfo=UTC)
        elif len(text) < 10:
            return None
        else:
            moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@lru_cache(maxsize=65_536)
def read_day(text: str) -> tuple[date, int] | None:
    """A day of birth or death with its precision; the first day where only the year or the
    month is known. None when it is no date."""
    text = text.strip()
    try:
        if _YEAR.fullmatch(text):
            return (date(int(text), 1, 1), PRECISION_YEAR)
        if match := _MONTH.fullmatch(text):
            return (date(int(match[1]), int(match[2]), 1), PRECISION_MONTH)
    except ValueError:
        return None
    # The day as written, not the moment in UTC: a birthday does not move with a time zone.
    dotted = _DOTTED.fullmatch(text)
    try:
        if dotted:
            day = date(int(dotted[3]), int(dotted[2]), int(dotted[1]))
        elif len(text) < 10:
            return None
        else:
            day = datetime.fromisoformat(text).date()
    except ValueError:
        return None
    return (day, PRECISION_DAY) if _FIRST_YEAR <= day.year <= _LAST_YEAR else None


@lru_cache(maxsize=4096)
def minor_digits(currency: str) -> int | None:
    """Digits behind the decimal point of a currency (CLDR); None for a code that is none."""
    try:
        return get_currency_precision(currency) if is_currency(currency) else None
    except (UnknownLocaleError, ValueError):
        return None


@lru_cache(maxsize=65_536)
def read_money(text: str, default_currency: str | None) -> tuple[int, str] | None:
    """`USD 50.00`, `50 USD`, `USD50` or a bare number in the programme's currency, as whole
    minor units and the currency. None when it is no amount, or finer than the currency."""
    match = _MONEY.fullmatch(text.strip())
    if match is None or (match["before"] and match["after"]):
        return None
    currency = match["before"] or match["after"] or default_currency
    digits = minor_digits(currency) if currency else None
    if currency is None or digits is None:
        return None
    whole, _, fraction = match["amount"].partition(".")
    if len(fraction.rstrip("0")) > digits:
        return None
    return (int(whole) * 10**digits + int(fraction[:digits].ljust(digits, "0") or 0), currency)


@lru_cache(maxsize=65_536)
def write_money(value_minor: int, currency: str) -> str:
    """The standard's currency string: `USD 50.00`."""
    digits = minor_digits(currency) or 0
    whole, fraction = divmod(value_minor, 10**digits)
    return f"{currency} {whole}.{fraction:0{digits}d}" if digits else f"{currency} {whole}"
