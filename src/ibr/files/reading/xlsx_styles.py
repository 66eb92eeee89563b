"""What Excel's numbers mean: dates by their format, digits as they were entered."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Context, Decimal, InvalidOperation
from typing import Final

from ibr.files.reading.zip_parts import XmlStream, ZipParts

# ECMA-376 part 1, 18.8.30: the built-in formats that show a date or a time.
_BUILT_IN: Final = frozenset((*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)))
_NOT_SHOWN: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_LAST_DAY: Final = 2_958_465
_SECONDS: Final = 86_400
# Excel keeps fifteen digits of a number; a sixteenth is noise of its arithmetic.
_DIGITS: Final = 15
_EXACT_BELOW: Final = Decimal(10) ** _DIGITS
_ROUNDED: Final = Context(prec=_DIGITS)


def date_styles(parts: ZipParts, name: str) -> frozenset[str]:
    """The numbers of the cell styles that show a date or a time."""
    if name not in parts.names:
        return frozenset()
    formats: dict[str, str] = {}
    styles: list[str] = []
    inside = {"cellXfs": False}

    def start(tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(":")[2]
        if local == "numFmt":
            formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif local in inside:
            inside[local] = True
        elif local == "xf" and inside["cellXfs"]:
            styles.append(attributes.get("numFmtId", "0"))

    def end(tag: str) -> None:
        local = tag.rpartition(":")[2]
        if local in inside:
            inside[local] = False

    for _ in XmlStream(StartElementHandler=start, EndElementHandler=end).feed(parts.pieces(name)):
        pass
    return frozenset(
        str(number) for number, each in enumerate(styles) if _is_date(each, formats.get(each))
    )


def _is_date(number: str, code: str | None) -> bool:
    if code is None:
        return number.isdigit() and int(number) in _BUILT_IN
    shown = _NOT_SHOWN.sub("", code).casefold()
    return shown != "general" and any(letter in shown for letter in "ymdhs")


def day_of_serial(text: str, *, since_1904: bool) -> str:
    """A serial number as a date, or a date and time; the number where it is none."""
    try:
        serial = float(text)
    except ValueError:
        return text
    if not 0 <= serial <= _LAST_DAY:
        return number_text(text)
    # Excel counts a 29 February 1900 that never was.
    first = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 31 if serial < 60 else 30)
    moment = first + timedelta(seconds=round(serial * _SECONDS))
    if serial < 1 and not since_1904:
        return moment.time().isoformat()
    day = moment.date().isoformat()
    return day if moment.time() == datetime.min.time() else moment.isoformat()


def number_text(text: str) -> str:
    """A number as its digits. One too large for Excel's fifteen keeps its exponent, so that
    whoever reads it as an identifier can see that digits are gone."""
    if len(text) <= _DIGITS and "E" not in text and "e" not in text:
        return text
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    if not value.is_finite() or abs(value) >= _EXACT_BELOW:
        return text
    value = value.normalize(_ROUNDED)
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
