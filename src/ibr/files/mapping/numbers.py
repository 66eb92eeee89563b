"""Amounts and counts as lists write them, and identifiers that a table program took for numbers."""

from __future__ import annotations

import re
from decimal import Decimal as Exact
from decimal import InvalidOperation
from functools import lru_cache
from typing import Final

import msgspec

from ibr.files.mapping.model import Decimal
from ibr.reported.values import minor_digits

_BLANKS: Final = str.maketrans("", "", " \u00a0\u202f\u2009'’_")
_SIGNS: Final = ("$", "€", "£", "¥", "₣", "ksh", "tsh", "ush", "fcfa", "cfa", "f", "/=", "/-")
_CODE: Final = re.compile(r"([A-Za-z]{3})?([^A-Za-z]+)([A-Za-z]{3})?", re.ASCII)
_DIGITS: Final = re.compile(r"\d+(?:[.,]\d+)*", re.ASCII)
_EXPONENT: Final = re.compile(r"(\d)(?:[.,](\d+))?[eE]\+?(\d{1,3})", re.ASCII)
_FRACTION: Final = re.compile(r"(\d+)[.,]0+", re.ASCII)


class PointSigns(msgspec.Struct):
    """What a column's amounts say of points and commas; counted over all of them."""

    comma_is_decimal: int = 0
    point_is_decimal: int = 0
    comma_either: int = 0
    point_either: int = 0

    def add(self, cell: str) -> None:
        """Counts one cell."""
        points, commas = cell.count("."), cell.count(",")
        if points and commas:
            self.point_is_decimal += cell.rfind(".") > cell.rfind(",")
            self.comma_is_decimal += cell.rfind(",") > cell.rfind(".")
        elif points > 1:
            self.comma_is_decimal += 1
        elif commas > 1:
            self.point_is_decimal += 1
        elif points or commas:
            sign = "." if points else ","
            behind = len(re.match(r"\d*", cell[cell.index(sign) + 1 :])[0])  # type: ignore[index]  # it matches the empty text too
            # Three digits behind one sign may be thousands; any other number of them is a fraction.
            either = behind == 3
            if sign == ".":
                self.point_either += either
                self.point_is_decimal += not either
            else:
                self.comma_either += either
                self.comma_is_decimal += not either

    @property
    def mixed(self) -> bool:
        """Whether some amounts have a decimal comma and others a decimal point."""
        return bool(self.comma_is_decimal and self.point_is_decimal)

    def decimal(self, currency: str | None) -> Decimal | None:
        """The sign before the fraction; None where the column does not say.

        `1,500` in every row is one and a half thousand where the currency has no third digit.
        """
        if self.mixed:
            return None
        if self.comma_is_decimal:
            return ","
        if self.point_is_decimal:
            return "."
        if not self.comma_either and not self.point_either:
            return "."
        if (minor_digits(currency) if currency else None) in (0, 2):
            return "." if self.comma_either else ","
        return None


class Amount(msgspec.Struct, frozen=True):
    """A plain number with a decimal point, and the currency that stood beside it."""

    number: str
    currency: str | None


@lru_cache(maxsize=65_536)
def read_amount(cell: str, decimal: Decimal | None) -> Amount | None:
    """An amount without its thousands; None where it is none. `decimal` is the column's."""
    text = cell.translate(_BLANKS)
    currency = None
    found = _CODE.fullmatch(text)
    if found and (found[1] or found[3]) and not (found[1] and found[3]):
        code = (found[1] or found[3]).upper()
        if minor_digits(code) is not None:
            currency, text = code, found[2]
    text = _bare(text)
    if not _DIGITS.fullmatch(text):
        exact = _from_exponent(text)
        return Amount(exact, currency) if exact else None
    points, commas = text.count("."), text.count(",")
    if (points or commas) and decimal is None:
        return None
    if decimal == ",":
        text = text.replace(".", "").replace(",", ".")
    elif decimal == ".":
        text = text.replace(",", "")
    return Amount(text, currency) if text.count(".") <= 1 else None


def _bare(text: str) -> str:
    """A number without the sign of a currency before or behind it."""
    lowered = text.casefold()
    for sign in _SIGNS:
        if lowered.startswith(sign) and len(text) > len(sign):
            text = text[len(sign) :].lstrip(".")
            break
    lowered = text.casefold()
    for sign in _SIGNS:
        if lowered.endswith(sign) and len(text) > len(sign):
            return text[: -len(sign)]
    return text


def _from_exponent(text: str) -> str | None:
    if not _EXPONENT.fullmatch(text):
        return None
    try:
        value = Exact(text.replace(",", "."))
    except InvalidOperation:
        return None
    return f"{value:f}" if value < 10**15 else None


def read_count(cell: str) -> int | None:
    """A whole number; None where it is none."""
    text = cell.translate(_BLANKS)
    if found := _FRACTION.fullmatch(text):
        text = found[1]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def lost_digits(cell: str) -> bool:
    """Whether a table program has rounded an identifier: `1.99E+13` stands for any of many."""
    found = _EXPONENT.fullmatch(cell)
    return bool(found) and int(found[3]) > len(found[2] or "")  # type: ignore[index]  # bool(found) says that it matched


def identifier_text(cell: str) -> str:
    """An identifier that was taken for a number as its digits: `1.9900123E+7` is 19900123, and
    `19900123.0` too. Anything else as it stands."""
    if found := _EXPONENT.fullmatch(cell):
        behind = found[2] or ""
        return found[1] + behind + "0" * (int(found[3]) - len(behind))
    if found := _FRACTION.fullmatch(cell):
        return found[1]
    return cell
