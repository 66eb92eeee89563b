"""Pairs from a CSV file: every row is looked at, and every fault is said with how to mend it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from datetime import date, datetime
from io import StringIO
from typing import Any, Final

from ibr.asker import Asker
from ibr.codelists.people import SEX, SEX_NUMBER
from ibr.db.pool import Connection
from ibr.errors import NotUnderstood, TooMuch
from ibr.overlaps.pairs.change_pairs import pair_codes, set_pair
from ibr.overlaps.pairs.model import Conditions, Imported, Interval, Pair, Problem
from ibr.overlaps.pairs.rules import check_pair, overlap, wrong
from ibr.reported.values import read_money

LARGEST: Final = 5_000_000
MOST_ROWS: Final = 10_000
NEEDED: Final = ("first", "second", "relation", "legal_reference", "valid_from")
COLUMNS: Final = (
    *("first", "second", "relation", "unit", "same_period", "tolerance_days", "cap", "keeps"),
    *("min_age", "max_age", "sex", "is_disabled", "entitled_to", "legal_reference", "note"),
    *("valid_from", "valid_to"),
)
_YES_NO: Final = {
    **dict.fromkeys(("yes", "true", "1", "oui"), True),
    **dict.fromkeys(("no", "false", "0", "non"), False),
}
_MOST_PROBLEMS: Final = 200


async def import_pairs(
    connection: Connection,
    content: bytes,
    at: datetime,
    *,
    dry_run: bool = False,
    asker: Asker | None = None,
) -> Imported:
    """Enters every pair of a file, or none where one row is at fault or `dry_run` is asked for.

    The same file again changes nothing.
    """
    rows = read_rows(content)
    codes = {code.casefold(): code for code in await pair_codes(connection)}
    pairs, problems = read_pairs(rows, codes)
    if problems or dry_run:
        return Imported(len(rows), 0, 0, dry_run, problems[:_MOST_PROBLEMS])
    new = 0
    for _, pair in pairs:
        new += await set_pair(connection, pair, at, asker=asker)
    return Imported(len(rows), new, len(rows) - new)


def read_rows(content: bytes) -> list[dict[str, str]]:
    """The rows of a file by the names of its columns; NotUnderstood where it is no such file."""
    if len(content) > LARGEST:
        raise TooMuch("file.large", f"The file may have {LARGEST // 1_000_000} MB at most.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _no_such_file("Save the file as CSV in UTF-8.") from None
    if "\0" in text:
        raise _no_such_file("Save the file as CSV in UTF-8; this one holds signs that are no text.")
    first_line = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first_line.count)
    try:
        rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        raise _no_such_file("The file is no CSV: a quotation mark is not closed.") from None
    if not rows:
        raise _no_such_file("The file is empty.")
    names = [name.strip().casefold() for name in rows[0]]
    _check_names(names)
    body = [row for row in rows[1:] if any(cell.strip() for cell in row)]
    if len(body) > MOST_ROWS:
        raise TooMuch("file.large", f"The file may have {MOST_ROWS} rows at most.")
    # A row with too many or too few cells keeps its place; its faults are found with the others.
    return [
        {name: cell.strip() for name, cell in zip(names, row, strict=False)}
        | ({"": "more"} if len(row) > len(names) else {})
        for row in body
    ]


def _no_such_file(reason: str) -> NotUnderstood:
    return NotUnderstood("file.pairs", reason)


def _check_names(names: list[str]) -> None:
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise _no_such_file(
            f"The first row must name the columns; {', '.join(missing)} is missing."
        )
    if len(set(names)) < len(names):
        raise _no_such_file("A column stands twice in the first row.")
    if not set(names) <= {*COLUMNS, ""}:
        raise _no_such_file(
            f"There is a column that is not known; possible are {', '.join(COLUMNS)}."
        )


def read_pairs(
    rows: list[dict[str, str]], codes: Mapping[str, str]
) -> tuple[list[tuple[int, Pair]], list[Problem]]:
    """Every pair with its row, and what is wrong with the others."""
    pairs: list[tuple[int, Pair]] = []
    problems: list[Problem] = []
    for number, row in enumerate(rows, start=2):
        try:
            if row.get(""):
                raise wrong("row", "The row has more cells than there are columns.")
            pair = pair_of(row, codes)
            check_pair(pair)
            twice = _said_before(pair, pairs)
            if twice:
                raise wrong("valid_from", f"Row {twice} says something of the same days already.")
        except NotUnderstood as fault:
            problems.append(Problem(number, fault.field or "row", fault.message))
        else:
            pairs.append((number, pair))
    return pairs, problems


def _said_before(pair: Pair, pairs: list[tuple[int, Pair]]) -> int | None:
    days = Interval(pair.valid_from, pair.valid_to)
    for number, other in pairs:
        same = {pair.first, pair.second} == {other.first, other.second} and pair.unit == other.unit
        if same and overlap(days, Interval(other.valid_from, other.valid_to)):
            return number
    return None


def pair_of(given: Mapping[str, str], codes: Mapping[str, str]) -> Pair:
    """A pair from texts, as a file's row or a form has them; `codes` by their small letters."""

    def code(field: str) -> str | None:
        text = given.get(field, "")
        if not text:
            return None
        found = codes.get(text.casefold())
        if found is None:
            raise wrong(field, f"{field} is the code of a programme in the catalogue.")
        return found

    first, second = code("first"), code("second")
    if first is None or second is None:
        missing = "first" if first is None else "second"
        raise wrong(missing, f"{missing} is the code of a programme in the catalogue.")
    cap = _read(given, "cap", _money, "an amount with its currency, as XTS 500.00, or empty")
    return Pair(
        first=first,
        second=second,
        relation=given.get("relation", "").casefold(),  # type: ignore[arg-type]  # check_pair looks
        unit=given.get("unit", "").casefold() or "person",  # type: ignore[arg-type]  # check_pair
        same_period=_default(_read(given, "same_period", _truth, "yes or no"), True),
        tolerance_days=_default(_read(given, "tolerance_days", _number, "a number of days"), 0),
        cap_minor=cap[0] if cap else None,
        currency=cap[1] if cap else None,
        keeps=code("keeps"),
        conditions=Conditions(
            min_age=_read(given, "min_age", _number, "an age in years, or empty"),
            max_age=_read(given, "max_age", _number, "an age in years, or empty"),
            sex=_read(given, "sex", _sex, "male or female, or empty"),
            is_disabled=_read(given, "is_disabled", _truth, "yes or no, or empty"),
            entitled_to=code("entitled_to"),
        ),
        legal_reference=given.get("legal_reference", "").strip(),
        note=given.get("note") or None,
        valid_from=_needed(_read(given, "valid_from", _day, "a day like 2026-01-31")),
        valid_to=_read(given, "valid_to", _day, "a day like 2026-12-31, or empty"),
    )


def _read(
    given: Mapping[str, str], field: str, read: Callable[[str], Any], rule: str
) -> Any | None:
    text = given.get(field, "").strip()
    if not text:
        return None
    try:
        found = read(text)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise wrong(field, f"{field} is {rule}.")
    return found


def _default(value: Any | None, otherwise: Any) -> Any:
    return otherwise if value is None else value


def _needed(day: date | None) -> date:
    if day is None:
        raise wrong("valid_from", "valid_from is a day like 2026-01-31.")
    return day


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if len(text) == 10 else None


def _truth(text: str) -> bool | None:
    return _YES_NO.get(text.casefold())


def _sex(text: str) -> int | None:
    code = SEX.read(text)
    return SEX_NUMBER[code] if code in ("male", "female") else None


def _money(text: str) -> tuple[int, str] | None:
    return read_money(text, None)
