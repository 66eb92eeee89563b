"""Numbers, dates, money, names and codes as a reader of one language writes them."""

from __future__ import annotations

import datetime as dates
import math
from collections.abc import Callable, Mapping
from decimal import Decimal

from babel.dates import format_date, format_datetime
from babel.numbers import (
    format_compact_decimal,
    format_decimal,
    format_percent,
    get_currency_precision,
)

from ibr.codelists.code_list import CodeList
from ibr.periods import Month
from ibr.web.languages import Language, words

_YEAR, _MONTH = 1, 2


class Written:
    """Writes values for one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._locale = language.locale
        self._words = words(language.code)

    def count(self, value: float) -> str:
        return format_decimal(value, locale=self._locale)

    def decimal(self, value: float) -> str:
        return format_decimal(round(value, 1), format="#,##0.0", locale=self._locale)

    def two_places(self, value: float) -> str:
        """A number between nothing and one, where tenths would hide what matters."""
        return format_decimal(round(value, 2), format="0.00", locale=self._locale)

    def short(self, value: float) -> str:
        """A number for an axis or a big figure: 12K, 3.4M."""
        return format_compact_decimal(value, fraction_digits=1, locale=self._locale)

    def percent(self, share: float | None) -> str:
        """A share, rounded down: whatever lacks a record is never 100 %."""
        if share is None:
            return "–"
        cut = math.floor(share * 1000 + 1e-6) / 1000
        digits = 0 if round(cut * 1000) % 10 == 0 else 1
        pattern = self._locale.percent_formats[None].pattern
        written = pattern.replace("#,##0", "#,##0" + (".0" if digits else ""))
        return format_percent(cut, format=written, locale=self._locale)

    def money(self, minor: int, currency: str) -> str:
        return self._amount(major(minor, currency), currency)

    def short_money(self, minor: int, currency: str) -> str:
        amount = format_compact_decimal(
            major(minor, currency), fraction_digits=1, locale=self._locale
        )
        return self.beside(currency, amount)

    def _amount(self, value: Decimal, currency: str) -> str:
        # Whole amounts are easier to read without their two noughts.
        digits = 0 if value == value.to_integral_value() else get_currency_precision(currency)
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return self.beside(currency, format_decimal(value, format=pattern, locale=self._locale))

    def beside(self, currency: str, amount: str) -> str:
        """The amount with its currency's code on the side where the language has it."""
        before = self._locale.currency_formats["standard"].pattern.startswith("¤")
        return f"{currency}\u00a0{amount}" if before else f"{amount}\u00a0{currency}"

    def amount_in(self, currency: str) -> Callable[[float], str]:
        """Writes amounts of a currency, given in whole units of it."""
        return lambda value: self._amount(Decimal(str(value)), currency)

    def all_money(self, money: Mapping[str, int]) -> str:
        """Sums of several currencies, one after another; they are never added up."""
        return " + ".join(self.money(money[code], code) for code in sorted(money)) or "–"

    def date(self, value: dates.date | None) -> str:
        return "–" if value is None else format_date(value, "d MMM y", locale=self._locale)

    def moment(self, value: dates.datetime | None) -> str:
        if value is None:
            return "–"
        return format_datetime(value, "d MMM y, HH:mm", locale=self._locale) + " UTC"

    def second(self, value: dates.datetime | None) -> str:
        """A moment to the second, where messages follow each other closely."""
        if value is None:
            return "–"
        return format_datetime(value, "d MMM y, HH:mm:ss", locale=self._locale) + " UTC"

    def lately(self, value: dates.datetime) -> str:
        """A moment of the last weeks to the second, in a list that says it is in UTC."""
        return format_datetime(value, "d MMM, HH:mm:ss", locale=self._locale)

    def month(self, value: Month | dates.date) -> str:
        """A month in full: October 2026."""
        return format_date(_first(value), "LLLL y", locale=self._locale)

    def short_month(self, value: Month | dates.date) -> str:
        return format_date(_first(value), "LLL y", locale=self._locale)

    def birth(self, value: dates.date | None, precision: int) -> str:
        """A date of birth as exactly as it is known and no more."""
        if value is None or precision == 0:
            return "–"
        if precision == _YEAR:
            return str(value.year)
        if precision == _MONTH:
            return self.month(value)
        return format_date(value, "d MMMM y", locale=self._locale)

    def name(self, names: Mapping[str, str], otherwise: str = "") -> str:
        """A name kept by language: in the reader's, else in English, else in any."""
        for code in (self.language.tag, "en"):
            if names.get(code):
                return names[code]
        return next(iter(names.values()), otherwise)

    def code(self, code_list: CodeList, code: object) -> str:
        """The label of a code."""
        if code is None or code == "":
            return "–"
        label = self._words.pgettext(code_list.name, code_list.label(str(code)))
        return str(label)

    def say(self, message: str) -> str:
        return self._words.gettext(message)


def major(minor: int, currency: str) -> Decimal:
    """An amount in whole units of its currency; how many decimals that takes is the currency's."""
    return Decimal(minor).scaleb(-get_currency_precision(currency))


def _first(value: Month | dates.date) -> dates.date:
    return value.first if isinstance(value, Month) else value
