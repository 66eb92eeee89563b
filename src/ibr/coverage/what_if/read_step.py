"""A change as a form or the command line says it: texts by field, read into a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ibr.coverage.what_if.model import (
    HOUSEHOLD,
    PERSON,
    SMALLER,
    WHOLE,
    ChangeAge,
    Close,
    Exclude,
    Open,
    Step,
)
from ibr.errors import NotUnderstood
from ibr.reported.values import read_money

KINDS: Final = ("close", "open", "age", "exclude")
NEW: Final = "~new"
"""The code of a programme that is opened: no programme that reports can have it."""
OLDEST: Final = 130
_SEXES: Final = {"": None, "male": 1, "female": 2}
_MOST_MINOR: Final = 10**12

Asked = Mapping[str, Sequence[str]]
"""Texts by field; a field that is asked once has one."""


def step_of(asked: Asked) -> Step:
    """The change; NotUnderstood names the first field that is not in order."""
    kind = one(asked, "kind")
    if kind == "close":
        return _close(asked)
    if kind == "open":
        return _open(asked)
    if kind == "age":
        return _age(asked)
    if kind == "exclude":
        return _exclude(asked)
    raise wrong("kind", "Choose what to simulate.")


def one(asked: Asked, field: str) -> str:
    texts = asked.get(field) or ("",)
    return texts[0].strip()


def several(asked: Asked, field: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.strip() for each in asked.get(field, ()) if each.strip()))


def wrong(field: str, reason: str) -> NotUnderstood:
    return NotUnderstood("what_if.invalid", reason, field=field)


def _close(asked: Asked) -> Close:
    programmes = several(asked, "programme")
    if not programmes:
        raise wrong("programme", "Choose at least one programme to close.")
    return Close(programmes)


def _open(asked: Asked) -> Open:
    age_from, age_to = _ages(asked)
    sex = one(asked, "sex")
    if sex not in _SEXES:
        raise wrong("sex", "Choose women, men, or everybody.")
    minor, currency = _amount(one(asked, "amount"))
    return Open(
        code=NEW,
        age_from=age_from,
        age_to=age_to,
        sex=_SEXES[sex],
        disability=one(asked, "disability") == "yes",
        areas=several(asked, "area"),
        also_in=several(asked, "also_in"),
        not_in=several(asked, "not_in"),
        amount_minor=minor,
        currency=currency,
        take_up=_take_up(asked),
    )


def _age(asked: Asked) -> ChangeAge:
    programme = one(asked, "programme")
    if not programme:
        raise wrong("programme", "Choose a programme.")
    age_from, age_to = _ages(asked)
    return ChangeAge(programme=programme, age_from=age_from, age_to=age_to, take_up=_take_up(asked))


def _exclude(asked: Asked) -> Exclude:
    first, second = one(asked, "first"), one(asked, "second")
    if not first:
        raise wrong("first", "Choose a programme.")
    if not second or second == first:
        raise wrong("second", "Choose two different programmes.")
    said = one(asked, "loses") or SMALLER
    loses = {"first": first, "second": second}.get(said, said)
    if loses not in (first, second, SMALLER):
        raise wrong("loses", "Choose which of the two programmes gives way.")
    unit = one(asked, "unit") or PERSON
    if unit not in (PERSON, HOUSEHOLD):
        raise wrong("unit", "Choose whether it is about a person or a household.")
    if unit == HOUSEHOLD and loses == SMALLER:
        raise wrong(
            "loses",
            "In households the smaller benefit cannot be told. Choose the programme that gives "
            "way.",
        )
    return Exclude(
        first=first, second=second, loses=loses, unit="household" if unit == HOUSEHOLD else "person"
    )


def _ages(asked: Asked) -> tuple[int | None, int | None]:
    youngest, oldest = _years(asked, "age_from"), _years(asked, "age_to")
    if youngest is not None and oldest is not None and youngest > oldest:
        raise wrong("age_to", "The oldest age is not below the youngest.")
    return youngest, oldest


def _years(asked: Asked, field: str) -> int | None:
    text = one(asked, field)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text[:4]) <= OLDEST):
        raise wrong(field, f"Write an age in years from 0 to {OLDEST}, or leave it empty.")
    return int(text)


def _take_up(asked: Asked) -> int:
    text = one(asked, "take_up") or str(WHOLE)
    if not (text.isascii() and text.isdigit() and int(text[:4]) <= WHOLE):
        raise wrong("take_up", "Write a share from 0 to 100 percent.")
    return int(text)


def _amount(text: str) -> tuple[int, str]:
    if not text:
        return 0, ""
    found = read_money(text, None)
    if found is None or not 0 <= found[0] <= _MOST_MINOR:
        raise wrong("amount", "Write an amount with its currency, for example XTS 500.00.")
    return found
