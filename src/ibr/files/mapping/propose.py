"""A mapping proposed for a file nobody has mapped yet, with what a person must decide. Pure.

What can be found out of a whole column is; what cannot is asked, never guessed row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final, Literal

import msgspec

from ibr.files.mapping.dates import OrderSigns
from ibr.files.mapping.guess import Meaning, by_content, currency_in, fits, meaning_of
from ibr.files.mapping.look import Looked, Start
from ibr.files.mapping.model import Column, DateOrder
from ibr.files.mapping.model import Mapping as FileMapping
from ibr.files.mapping.targets import Aim, aim_of
from ibr.files.mapping.words import code_of, truth_of
from ibr.periods import Month

_LEAST_SURE: Final = 0.55
_REPEATED: Final = 0.8
AreaOf = Callable[[str, str], str | None]


class Ground(msgspec.Struct, frozen=True):
    """What is known of the programme and the file's month while its columns are guessed."""

    unit: int | None
    currency: str | None
    cycle: Month
    today: date


class Question(msgspec.Struct, frozen=True):
    """Something a person must look at: `must` where nothing can be sent before."""

    column: str
    text: str
    must: bool = False


class Proposed(msgspec.Struct, frozen=True):
    """A mapping and what is open about it."""

    mapping: FileMapping
    questions: list[Question]


def propose(start: Start, ground: Ground, sheet: str | None) -> FileMapping:
    """Which column is what, by names and by the first rows."""
    titles = start.heading.titles
    meanings = [_meaning(title, start.column(place)) for place, title in enumerate(titles)]
    taken: dict[str, int] = {}
    for place, meaning in enumerate(meanings):
        key = meaning.target if not meaning.day else f"{meaning.target}@{meaning.day}"
        if meaning.target and meaning.sure >= _LEAST_SURE:
            before = taken.get(key)
            if before is None or meaning.sure > meanings[before].sure:
                taken[key] = place
    chosen = {place: meanings[place] for place in taken.values()}
    _tell_names_apart(chosen)
    columns = _numbered_months(titles, chosen)
    constants = _constants(titles, chosen)
    together = _together(start, chosen, ground)
    return FileMapping(
        columns=columns,
        rows="member" if together else "record",
        unit=_unit(ground, together=together),
        sheet=sheet,
        header=start.heading.row,
        header_rows=start.heading.rows,
        constants=constants,
    )


def _meaning(title: str, cells: Sequence[str]) -> Meaning:
    named = meaning_of(title)
    if not named.target:
        return by_content(cells)
    return Meaning(named.target, named.sure * (0.4 + 0.6 * fits(named.target, cells)), named.day)


def _tell_names_apart(chosen: dict[int, Meaning]) -> None:
    """`Name` beside `Surname` is the given name."""
    by_target = {meaning.target: place for place, meaning in chosen.items()}
    if "full_name" in by_target and "surname" in by_target and "given_name" not in by_target:
        place = by_target["full_name"]
        chosen[place] = Meaning("given_name", chosen[place].sure)


def _numbered_months(titles: Sequence[str], chosen: dict[int, Meaning]) -> list[Column]:
    """The columns; those that are months of their own become benefits one after the other."""
    months = [place for place, meaning in sorted(chosen.items()) if meaning.day]
    number = {place: count for count, place in enumerate(months, 1)}
    columns = []
    for place, title in enumerate(titles):
        meaning = chosen.get(place, Meaning())
        target = f"benefit{number[place]}.value" if place in number else meaning.target
        columns.append(Column(title, target, day=meaning.day))
    return columns


def _constants(titles: Sequence[str], chosen: dict[int, Meaning]) -> dict[str, str]:
    targets = {meaning.target for meaning in chosen.values()}
    found = {
        currency_in(titles[place])
        for place, meaning in chosen.items()
        if meaning.target.endswith(".value")
    }
    currency = next(iter(found)) if len(found) == 1 else None
    return {"benefit.currency": currency} if currency and "benefit.currency" not in targets else {}


def _together(start: Start, chosen: dict[int, Meaning], ground: Ground) -> bool:
    """Whether rows with the same household number are one household."""
    by_target = {meaning.target: place for place, meaning in chosen.items()}
    place = by_target.get("group_identifier:HOUSEHOLD")
    if place is None or ground.unit == 1:
        return False
    if "relationship" in by_target:
        return True
    numbers = [cell for cell in start.column(place) if cell]
    paid = any(target.startswith("benefit") for target in by_target)
    return not paid and len(set(numbers)) < _REPEATED * len(numbers)


def _unit(ground: Ground, *, together: bool) -> Literal[1, 2, 3]:
    units: dict[int | None, Literal[1, 2, 3]] = {1: 1, 2: 2, 3: 3}
    return units.get(ground.unit) or (2 if together else 1)


def settle(
    mapping: FileMapping,
    titles: Sequence[str],
    looked: Looked,
    ground: Ground,
    area_of: AreaOf,
    earlier: FileMapping | None = None,
) -> Proposed:
    """The mapping with what the whole file says of dates, points, words and areas, and what is
    left to ask. What the mapping says already stands; what was decided for an `earlier` file of
    this layout stands where the file says nothing."""
    questions = _structure(mapping, titles)
    places = {title: place for place, title in enumerate(titles)}
    columns = []
    for column in mapping.columns:
        place = places.get(column.column)
        if not column.to or place is None or place not in looked.columns:
            columns.append(column)
            continue
        columns.append(_settled(column, aim_of(column.to), place, looked, ground, area_of))
    before = {column.column: column for column in earlier.columns} if earlier else {}
    columns = [_as_before(column, before.get(column.column)) for column in columns]
    columns = _orders(columns, places, looked, ground, questions, before)
    for column in columns:
        place = places.get(column.column)
        if column.to and place in looked.columns:
            questions += _open(column, aim_of(column.to), place, looked)
    return Proposed(msgspec.structs.replace(mapping, columns=columns), questions)


def _structure(mapping: FileMapping, titles: Sequence[str]) -> list[Question]:
    """What is wrong with a mapping as such."""
    questions = []
    targets: dict[str, str] = {}
    for column in mapping.columns:
        if not column.to:
            continue
        if column.column not in titles:
            questions.append(
                Question(column.column, "The file has no column of this name.", must=True)
            )
        if column.to in targets:
            questions.append(
                Question(column.column, "Another column has the same meaning already.", must=True)
            )
        targets[column.to] = column.column
    plain = {target.partition(":")[0] for target in targets} | set(mapping.constants)
    if not plain & {"identifier", "group_identifier"} and not (
        {"surname", "given_name", "full_name"} & plain and "birth_date" in plain
    ):
        questions.append(
            Question(
                "",
                "No column says who a row is about. Say which one is the programme's own number, "
                "an identity number, or the name and the date of birth.",
                must=True,
            )
        )
    if mapping.rows == "member" and "group_identifier" not in plain:
        questions.append(Question("", "Say which column is the household's number.", must=True))
    return questions


def _settled(
    column: Column, aim: Aim, place: int, looked: Looked, ground: Ground, area_of: AreaOf
) -> Column:
    held = looked.columns[place]
    if held.points is not None and column.decimal is None:
        return msgspec.structs.replace(column, decimal=held.points.decimal(ground.currency))
    if held.words is None:
        return column
    if aim.kind == "area":
        known = {word: area_of(aim.name, word) for word in held.words if word not in column.codes}
        areas = {word: code for word, code in known.items() if code and code != word}
        return msgspec.structs.replace(column, codes={**areas, **column.codes})
    if aim.code_list == "sex":
        return msgspec.structs.replace(column, codes={**_spanish(held.words), **column.codes})
    return column


def _as_before(column: Column, earlier: Column | None) -> Column:
    """The sign before fractions as for the last file, where this one does not say."""
    if earlier is None or column.decimal is not None:
        return column
    return msgspec.structs.replace(column, decimal=earlier.decimal)


def _spanish(words: Mapping[str, int]) -> dict[str, str]:
    """Where H stands beside M and F nowhere, M is a woman (mujer): the whole column says so."""
    plain = {word.casefold(): word for word in words}
    if "h" in plain and "m" in plain and "f" not in plain:
        return {plain["h"]: "male", plain["m"]: "female"}
    return {}


def _orders(
    columns: list[Column],
    places: Mapping[str, int],
    looked: Looked,
    ground: Ground,
    questions: list[Question],
    before: Mapping[str, Column],
) -> list[Column]:
    """The order of day and month for each column of dates."""
    signs = {
        column.column: looked.columns[places[column.column]].order
        for column in columns
        if column.to and places.get(column.column) in looked.columns
    }
    known: set[DateOrder] = {
        order for each in signs.values() if each is not None and (order := each.order())
    }
    settled = []
    for column in columns:
        sign = signs.get(column.column)
        if sign is None or column.dates is not None or not sign.needed:
            settled.append(column)
            continue
        order = sign.order()
        if order is None and not sign.mixed:
            # Somebody who writes one date with the day first writes the next one so, too.
            order = next(iter(known)) if len(known) == 1 else _by_time(sign, ground)
            order = order or (before[column.column].dates if column.column in before else None)
        if order is None:
            text = (
                "Some dates can only have the day first and others only the month. Say which is "
                "right; the rows with the other order are refused."
                if sign.mixed
                else "Nothing in the column says whether the day or the month comes first. Say it."
            )
            questions.append(Question(column.column, text, must=True))
        settled.append(msgspec.structs.replace(column, dates=order))
    return settled


def _by_time(signs: OrderSigns, ground: Ground) -> DateOrder | None:
    """The order by which no date lies ahead, or by which they lie in the month of the report."""
    day_first, month_first = signs.as_day_first, signs.as_month_first
    limit = (ground.today.year, ground.today.month)
    ahead_day = any(each > limit for each in day_first)
    ahead_month = any(each > limit for each in month_first)
    if ahead_day != ahead_month:
        return "mdy" if ahead_day else "dmy"
    cycle = (ground.cycle.year, ground.cycle.month)
    in_day, in_month = day_first.count(cycle), month_first.count(cycle)
    if max(in_day, in_month) > 0.8 * len(day_first) and in_day != in_month:
        return "dmy" if in_day > in_month else "mdy"
    return None


def _open(column: Column, aim: Aim, place: int, looked: Looked) -> list[Question]:
    """What the rows of a column will be refused for."""
    held = looked.columns[place]
    questions = []
    if held.points is not None and column.decimal is None:
        text = (
            "Some amounts have a decimal comma and others a decimal point. Say which is right."
            if held.points.mixed
            else "Nothing in the column says whether 1,500 is one and a half thousand. Say it."
        )
        questions.append(Question(column.column, text, must=True))
    if held.words is not None and aim.kind in ("code", "truth"):
        unknown = sum(
            count
            for word, count in held.words.items()
            if word not in column.codes and not _is_known(aim, word)
        )
        if unknown:
            questions.append(
                Question(
                    column.column,
                    f"{unknown} rows hold words that are none the registry knows here. Say what "
                    "they mean, or these rows are refused.",
                )
            )
    if held.lost:
        questions.append(
            Question(
                column.column,
                f"{held.lost} numbers were rounded by a table program and cannot be known any "
                "more; these rows are refused. Format the column as text before you export it.",
            )
        )
    return questions


def _is_known(aim: Aim, word: str) -> bool:
    if aim.kind == "truth":
        return truth_of(word) is not None
    return code_of(aim.code_list, word) is not None
