"""What a pair and a programme's rule may say, and how a new row takes the place of old ones; pure.

Nothing here knows the database: whether a programme exists is asked elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from ibr.errors import NotUnderstood
from ibr.overlaps.pairs.model import RELATIONS, UNITS, Conditions, Interval, Pair, Rule
from ibr.reported.values import minor_digits

LONGEST_REFERENCE: Final = 500
LONGEST_NOTE: Final = 1000
_OLDEST_AGE: Final = 130
_ONE_DAY: Final = timedelta(days=1)
_CODE: Final = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)


def wrong(field: str, reason: str) -> NotUnderstood:
    return NotUnderstood("pair.invalid", reason, field=field)


def check_pair(pair: Pair) -> None:
    """NotUnderstood names the first field that is not in order."""
    if pair.first.casefold() == pair.second.casefold():
        raise wrong("second", "A pair is of two different programmes.")
    if pair.relation not in RELATIONS:
        raise wrong("relation", f"relation is one of {', '.join(RELATIONS)}.")
    if pair.unit not in UNITS:
        raise wrong("unit", f"unit is one of {', '.join(UNITS)}.")
    if not 0 <= pair.tolerance_days <= 366:
        raise wrong("tolerance_days", "tolerance_days is a number of days from 0 to 366.")
    if (pair.cap_minor is None) != (pair.currency is None):
        raise wrong("cap", "A cap is an amount with its currency, for example XTS 500.00.")
    if pair.currency is not None and minor_digits(pair.currency) is None:
        raise wrong("cap", "The cap's currency is not an ISO 4217 code.")
    if pair.cap_minor is not None and not 0 <= pair.cap_minor < 2**62:
        raise wrong("cap", "The cap is an amount from 0.")
    if pair.keeps is not None and pair.keeps not in (pair.first, pair.second):
        raise wrong("keeps", "keeps is one of the two programmes, or empty.")
    _check_conditions(pair.conditions, pair)
    _check_law(pair.legal_reference, pair.valid_from, pair.valid_to)
    if pair.note is not None:
        _check_text("note", pair.note, LONGEST_NOTE)


def _check_conditions(conditions: Conditions, pair: Pair) -> None:
    for field in ("min_age", "max_age"):
        age = getattr(conditions, field)
        if age is not None and not 0 <= age <= _OLDEST_AGE:
            raise wrong(field, f"{field} is an age in years from 0 to {_OLDEST_AGE}.")
    low, high = conditions.min_age, conditions.max_age
    if low is not None and high is not None and low > high:
        raise wrong("max_age", "max_age is not below min_age.")
    if conditions.sex not in (None, 1, 2):
        raise wrong("sex", "sex is male or female, or empty for everybody.")
    if conditions.entitled_to is None:
        return
    if pair.relation != "complementary":
        raise wrong("entitled_to", "entitled_to is for complementary programmes.")
    if conditions.entitled_to not in (pair.first, pair.second):
        raise wrong("entitled_to", "entitled_to is one of the two programmes, or empty.")


def _check_law(reference: str, valid_from: date, valid_to: date | None) -> None:
    if not reference.strip():
        raise wrong("legal_reference", "Name the law or rule that says so.")
    _check_text("legal_reference", reference, LONGEST_REFERENCE)
    if not date(1900, 1, 1) <= valid_from <= date(2200, 1, 1):
        raise wrong("valid_from", "valid_from is a day like 2026-01-31.")
    if valid_to is not None and not valid_from <= valid_to <= date(2200, 1, 1):
        raise wrong("valid_to", "valid_to is the last day, not before valid_from, or empty.")


def _check_text(field: str, text: str, longest: int) -> None:
    if len(text) > longest:
        raise wrong(field, f"{field} may have {longest} characters at most.")
    if any(not (letter.isprintable() or letter == "\n") for letter in text):
        raise wrong(field, f"{field} may hold letters, digits and signs that can be printed.")


Test = Callable[[Any], bool]


def _whole(least: int, most: int) -> Test:
    return lambda value: (
        isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
    )


def _one_of(*values: object) -> Test:
    return lambda value: any(value is each or value == each for each in values)


def _code(value: object) -> bool:
    return isinstance(value, str) and _CODE.fullmatch(value) is not None


def _currency(value: object) -> bool:
    return isinstance(value, str) and minor_digits(value) is not None


_AGE: Final[dict[str, Test]] = {"years": _whole(0, _OLDEST_AGE)}
_OF: Final[dict[str, Test]] = {"of": _one_of("person", "head", "member")}
_SHAPES: Final[dict[str, tuple[dict[str, Test], dict[str, Test]]]] = {
    "age_from": (_AGE, _OF),
    "age_to": (_AGE, _OF),
    "sex": ({"sex": _one_of(1, 2)}, {}),
    "disability": ({"required": _one_of(True)}, {}),
    "caregiver_cap": ({"households": _whole(1, 10_000)}, {}),
    "account_cap": ({"people": _whole(1, 10_000)}, {}),
    "amount": (
        {"minor": _whole(0, 10**15), "currency": _currency},
        {
            "per": _one_of("unit", "member"),
            "tolerance_percent": _whole(0, 100),
            "from_age": _whole(0, _OLDEST_AGE),
            "most_members": _whole(1, 1000),
        },
    ),
    "caseload_cap": ({"records": _whole(0, 10**9)}, {"area": _code}),
    "death_grace": ({"days": _whole(0, 366)}, {}),
    "survivor": ({"programme": _code}, {}),
    "entitles": ({"everybody": _one_of(True)}, {}),
}
"""For each kind of rule what it must say and what it may say."""
# Two rules of one kind stand beside each other where these differ.
_BESIDE: Final = {
    "amount": ("per", "from_age"),
    "caseload_cap": ("area",),
    "survivor": ("programme",),
}


def check_rule(rule: Rule) -> None:
    """NotUnderstood names the first field that is not in order."""
    shape = _SHAPES.get(rule.kind)
    if shape is None:
        raise wrong("kind", f"kind is one of {', '.join(_SHAPES)}.")
    needed, possible = shape
    for name in needed:
        if name not in rule.value:
            raise wrong("value", f"A rule {rule.kind} needs {name}; see `ibr rules kinds`.")
    for name, value in rule.value.items():
        test = needed.get(name) or possible.get(name)
        if test is None or not test(value):
            raise wrong(
                "value",
                f"A rule {rule.kind} is not written so; see `ibr rules kinds` for its form.",
            )
    _check_law(rule.legal_reference, rule.valid_from, rule.valid_to)


def stands_for(kind: str, value: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a rule is about within its kind: a new rule takes the place of those about the same."""
    return tuple(value.get(name) for name in _BESIDE.get(kind, ()))


def overlap(one: Interval, other: Interval) -> bool:
    """Whether two stretches of days share one."""
    return (other.last is None or one.first <= other.last) and (
        one.last is None or other.first <= one.last
    )


def left_of(old: Interval, new: Interval) -> list[Interval]:
    """What is left of the old one where the new one takes its place."""
    if not overlap(old, new):
        return [old]
    left = []
    if old.first < new.first:
        left.append(Interval(old.first, new.first - _ONE_DAY))
    if new.last is not None and (old.last is None or old.last > new.last):
        left.append(Interval(new.last + _ONE_DAY, old.last))
    return left
