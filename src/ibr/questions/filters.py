"""The one filter that every door translates its questions into: attributes, operators, limits.

What is not in `ATTRIBUTES` cannot be asked, and what an attribute cannot be compared by is refused
by name; nothing is ever dropped silently. There is no search by pattern or part of a text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final, NoReturn

import msgspec

from ibr.codelists.code_list import CodeList
from ibr.codelists.enrolment_status import ENROLMENT_STATUS
from ibr.codelists.identifier_types import identifies
from ibr.codelists.people import SEX, SEX_NUMBER
from ibr.codelists.programme_kinds import ASSISTANCE_UNIT, BENEFIT_TYPE
from ibr.errors import NotUnderstood
from ibr.protection.blind_index import canonical_type, canonical_value
from ibr.registry.search.find_beneficiary import SORTABLE
from ibr.registry.search.model import (
    And,
    Attribute,
    Compare,
    Filter,
    Named,
    Not,
    One,
    Operator,
    Or,
    Sort,
    Span,
)
from ibr.reported.parts import PRECISION_DAY, PRECISION_MONTH, PRECISION_YEAR
from ibr.reported.values import read_day, read_moment

__all__ = ["And", "Attribute", "Compare", "Filter", "Named", "Not", "Operator", "Or", "Sort"]

MOST_COMPARISONS: Final = 20
MOST_VALUES: Final = 100
DEEPEST: Final = 5
_LONGEST_TEXT: Final = 200
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
_TRUTH: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_EQUAL: Final[tuple[Operator, ...]] = ("eq", "ne", "in")
_ORDERED: Final[tuple[Operator, ...]] = ("eq", "ne", "gt", "ge", "lt", "le", "in")
Read = Callable[[object], One]


def refuse(reason: str) -> NoReturn:
    """Refuses a filter; the reason names what is at fault."""
    raise NotUnderstood("query.criteria", reason)


def _text(value: object) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = int(value) if isinstance(value, float) and value.is_integer() else value
        value = str(value)
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_TEXT:
        refuse("a text of at most 200 characters")
    return value.strip()


def _code_of(codes: CodeList, number: Callable[[str], int]) -> Read:
    def read(value: object) -> int:
        code = codes.read(_text(value))
        if code is None:
            refuse(f"one of {', '.join(f'{code} ({codes.label(code)})' for code in codes.codes())}")
        return number(code)

    return read


def _programme(value: object) -> str:
    return _text(value).casefold()


def _truth(value: object) -> bool:
    found = value if isinstance(value, bool) else _TRUTH.get(_text(value).casefold())
    if found is None:
        refuse("true or false")
    return found


def _number(value: object) -> float:
    text = _text(value)
    if not _NUMBER.fullmatch(text):
        refuse("a number")
    return float(text)


def _span(value: object) -> Span:
    """A year, month or day covers all of itself; a moment is only itself."""
    text = _text(value)
    moment = read_moment(text)
    if moment is not None and ("T" in text or " " in text):
        return Span(moment, moment + timedelta(microseconds=1), PRECISION_DAY)
    day = read_day(text)
    if day is None or not 1850 <= day[0].year <= 2200:
        refuse("a date: 2026-01-10, 2026-01, 2026 or 2026-01-10T00:00:00+00:00")
    first, precision = day
    if precision == PRECISION_YEAR:
        until = date(first.year + 1, 1, 1)
    elif precision == PRECISION_MONTH:
        until = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    else:
        until = first + timedelta(days=1)
    return Span(_midnight(first), _midnight(until), precision)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _whole_day(value: object) -> Span:
    """A birthday has no time of day, so a moment stands for its day as written."""
    text = _text(value)
    return _span(text[:10] if "T" in text else text)


class AttributeKind(msgspec.Struct, frozen=True):
    """How an attribute is compared: what its values are, by which operators, whether it sorts."""

    kind: str
    operators: tuple[Operator, ...]
    read: Read | None = None
    note: str = ""


ATTRIBUTES: Final[Mapping[Attribute, AttributeKind]] = {
    "programme": AttributeKind("text", _EQUAL, _programme, "code of a programme in your reach"),
    "status": AttributeKind("code", _EQUAL, _code_of(ENROLMENT_STATUS, int), "enrolment_status"),
    "enrolled_on": AttributeKind("date", _ORDERED, _span),
    "status_changed_on": AttributeKind("date", _ORDERED, _span, "any change of status"),
    "unit": AttributeKind("code", _EQUAL, _code_of(ASSISTANCE_UNIT, int), "assistance_unit"),
    "benefit_type": AttributeKind(
        "code", _EQUAL, _code_of(BENEFIT_TYPE, int), "any benefit; apart from its date"
    ),
    "benefit_given_on": AttributeKind("date", _ORDERED, _span, "any benefit; apart from its type"),
    "sex": AttributeKind(
        "code", _EQUAL, _code_of(SEX, SEX_NUMBER.__getitem__), "of the person or head"
    ),
    "born_on": AttributeKind(
        "date",
        _ORDERED,
        _whole_day,
        "of the person or head; where only year or month is known, its first day is compared, and "
        "only a year or month is equal to it",
    ),
    "region": AttributeKind("text", _EQUAL, _text, "exact code"),
    "sub_region": AttributeKind("text", _EQUAL, _text, "exact code"),
    "disabled": AttributeKind("boolean", ("eq", "ne"), _truth, "of the person or head"),
    "group_size": AttributeKind("number", _ORDERED, _number),
    "identifier": AttributeKind("identifier", _EQUAL, None, "exact value"),
}


def compare(attribute: Attribute, operator: Operator, value: object, name: str) -> Compare:
    """One comparison with its values read; `name` is what the asker called the attribute.

    NotUnderstood says what the attribute may be compared by, or what its values look like.
    """
    about = ATTRIBUTES[attribute]
    if about.read is None:
        raise ValueError("identifiers are compared by compare_identifier")
    return Compare(attribute, operator, _values(about, operator, value, name, about.read))


def compare_identifier(
    operator: Operator,
    value: object,
    name: str,
    *,
    kind: str | None = None,
    whom: tuple[str, ...] = (),
    certain: bool = True,
) -> Compare:
    """A comparison by identifier: of one kind, or of every kind that identifies one of `whom`.

    NotUnderstood for a phone or account: it is shared and passed on, and says nothing certain.
    """

    def read(given: object) -> Named:
        own_kind, text = kind, given
        if isinstance(given, dict):
            own_kind = given.get("identifier_type") or given.get("type") or kind
            text = given.get("identifier_value") or given.get("value")
        try:
            own_kind = canonical_type(_text(own_kind).rsplit(":", 1)[-1]) if own_kind else None
            value = canonical_value(_text(text))
        except NotUnderstood as wrong:
            if wrong.code == "query.criteria":
                refuse("an identifier's value")
            refuse(f"an identifier: {wrong.message}")
        if own_kind and identifies(own_kind) == "contact":
            raise NotUnderstood(
                "query.contact",
                f"Records cannot be searched by {own_kind}: phones, accounts and addresses are "
                "shared and passed on. Ask by an identifier of the person or group, such as UIN.",
            )
        return Named(own_kind, value, () if own_kind else whom, certain)

    about = ATTRIBUTES["identifier"]
    return Compare("identifier", operator, _values(about, operator, value, name, read))


def _values(
    about: AttributeKind, operator: Operator, value: object, name: str, read: Read
) -> tuple[One, ...]:
    if operator not in about.operators:
        refuse(f"{name} cannot be compared by {operator}; it takes {', '.join(about.operators)}.")
    given = _listed(value) if operator == "in" else [value]
    if not given or len(given) > MOST_VALUES:
        refuse(f"in needs between 1 and {MOST_VALUES} values for {name}.")
    if operator != "in" and isinstance(value, list):
        refuse(f"{name} was given several values for {operator}; use in.")
    try:
        return tuple(dict.fromkeys(read(each) for each in given))
    except NotUnderstood as wrong:
        if wrong.code == "query.contact":
            refuse(wrong.message)
        refuse(f"The value for {name} is not {wrong.message.rstrip('.')}.")


def _listed(value: object) -> list[object]:
    """A list as an array or with commas; anything else is a list of one."""
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return [value]


def sort_by(attribute: Attribute, name: str, *, descending: bool) -> Sort:
    """An order; NotUnderstood for an attribute with several values or without an order."""
    if attribute not in SORTABLE:
        raise NotUnderstood("query.sort", f"Records cannot be sorted by {name}.")
    return Sort(attribute, descending)


def check_limits(wanted: Filter) -> Filter:
    """The filter itself; NotUnderstood when it is too deep or compares too much."""
    if depth_of(wanted) > DEEPEST:
        refuse(f"The query is nested more than {DEEPEST} deep.")
    if sum(1 for _ in comparisons(wanted)) > MOST_COMPARISONS:
        refuse(f"The query has more than {MOST_COMPARISONS} comparisons.")
    return wanted


def depth_of(wanted: Filter) -> int:
    """How many ands, ors and nots lie around the innermost comparison."""
    if isinstance(wanted, Compare):
        return 0
    parts = (wanted.part,) if isinstance(wanted, Not) else wanted.parts
    return 1 + max((depth_of(part) for part in parts), default=0)


def comparisons(wanted: Filter, *, negated: bool = False) -> Iterator[tuple[Compare, bool]]:
    """Every comparison, and whether it stands under a `not` or is one."""
    if isinstance(wanted, Compare):
        yield wanted, negated or wanted.operator == "ne"
        return
    if isinstance(wanted, Not):
        yield from comparisons(wanted.part, negated=not negated)
        return
    for part in wanted.parts:
        yield from comparisons(part, negated=negated)
