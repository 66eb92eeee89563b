"""A plain reading of queries over reported records, and random queries: slow, and easy to check."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st

from tests.search_desk import AS_OF

PROGRAMMES = {"CASH": "Cash", "FOOD": "Food", "WORK": "Work"}
PEOPLE = 100
REGIONS = ("N", "S", "E")
DAYS = ("2024-01-31", "2024-02-01", "2024-12-31", "2025-01-01", "2025-06-15")
BIRTHS = ("1950", "1960", "1960-05", "1960-05-17", "1960-01-01", "1985-12-31")
CODES = {
    "enrollment_status": ("1", "2", "4", "5"),
    "assistance_unit": ("1", "2", "3"),
    "benefits.benefit_type": ("1", "2", "3"),
    "member.demographic_info.sex": ("male", "female", "unknown"),
    "member.demographic_info.address.region_code": REGIONS,
    "programme_identifier.programme_identifier": tuple(PROGRAMMES),
}
DATES = {
    "enrollment_date": DAYS,
    "status_change_date": DAYS,
    "benefits.benefit_date": DAYS,
    "member.demographic_info.birth_date": BIRTHS,
}
PERIODS = (*DAYS, "2024", "2024-12", "2025")
IDENTIFIERS = ("UIN", "person_identifier")
EQUAL = ("eq", "ne", "in")
ORDERED = ("eq", "ne", "gt", "ge", "gte", "lt", "le", "lte", "in")


def somebody(number: int, chance: random.Random) -> dict[str, Any]:
    """A person or household as a programme reports it, with gaps as real reports have."""

    def maybe(**members: Any) -> dict[str, Any]:
        return {name: value for name, value in members.items() if chance.random() < 0.7}

    unit = chance.choice("1123")
    person: dict[str, Any] = {
        **maybe(sex=chance.choice(("male", "female"))),
        **maybe(birth_date=chance.choice(BIRTHS)),
        **maybe(address=[{"region_code": chance.choice(REGIONS)}]),
    }
    document: dict[str, Any] = {
        "assistance_unit": unit,
        "programme_identifier": [{"programme_identifier": chance.choice(tuple(PROGRAMMES))}],
        "member": {
            "member_identifier": [{"identifier_type": "UIN", "identifier_value": f"P{number}"}],
            "demographic_info": person,
            **maybe(is_disabled=chance.random() < 0.5),
        },
        **maybe(enrollment_date=chance.choice(DAYS) + "T10:00:00+00:00"),
        **maybe(enrollment_status=chance.choice(CODES["enrollment_status"])),
        **maybe(status_change_date=chance.sample(DAYS, chance.randint(1, 3))),
        "benefits": [
            {"benefit_type": chance.choice("123"), "benefit_date": chance.choice(DAYS)}
            for _ in range(chance.choice((0, 0, 1, 2, 3)))
        ],
    }
    if unit != "1":
        document["group"] = {
            "group_identifier": [
                {"identifier_type": "HOUSEHOLD_ID", "identifier_value": f"H{number}"}
            ],
            **maybe(group_size=chance.randint(1, 9)),
        }
    return document


def values_of(document: dict[str, Any], name: str) -> list[Any]:
    """What a record has under an attribute, none where it is silent."""
    member = document["member"]
    person = member["demographic_info"]
    status = document.get("enrollment_status")
    dates = document.get("status_change_date", [])
    given: dict[str, list[Any]] = {
        # Where nothing was said somebody is taken to be active, and no change is known.
        "enrollment_status": [status or "1"],
        "status_change_date": dates or ([AS_OF.date().isoformat()] if status else []),
        "assistance_unit": [document["assistance_unit"]],
        "enrollment_date": [document["enrollment_date"][:10]]
        if "enrollment_date" in document
        else [],
        "programme_identifier.programme_identifier": [
            document["programme_identifier"][0]["programme_identifier"]
        ],
        "benefits.benefit_type": [each["benefit_type"] for each in document["benefits"]],
        "benefits.benefit_date": [each["benefit_date"] for each in document["benefits"]],
        "member.demographic_info.sex": [person.get("sex", "unknown")],
        "member.demographic_info.birth_date": (
            [person["birth_date"]] if "birth_date" in person else []
        ),
        "member.demographic_info.address.region_code": [
            each["region_code"] for each in person.get("address", [])
        ],
        "member.is_disabled": [member["is_disabled"]] if "is_disabled" in member else [],
        "group.group_size": (
            [document["group"]["group_size"]] if "group_size" in document.get("group", {}) else []
        ),
        "UIN": [member["member_identifier"][0]["identifier_value"]],
        "person_identifier": [member["member_identifier"][0]["identifier_value"]],
    }
    return given[name]


def matches(document: dict[str, Any], query: dict[str, Any]) -> bool:
    """A plain reading of a query."""
    if "$and" in query:
        return all(matches(document, part) for part in query["$and"])
    if "$or" in query:
        return any(matches(document, part) for part in query["$or"])
    if "$not" in query:
        return not matches(document, query["$not"])
    ((name, compared),) = query.items()
    ((operator, value),) = compared.items()
    operator = operator.removeprefix("$")
    have = values_of(document, name)
    if operator == "ne":
        return not any(holds(name, each, "eq", value) for each in have)
    if operator == "in":
        listed = value if isinstance(value, list) else value.split(",")
        return any(holds(name, each, "eq", one) for each in have for one in listed)
    return any(holds(name, each, operator, value) for each in have)


def holds(name: str, have: Any, operator: str, value: Any) -> bool:
    if name in DATES:
        # A year or month is compared by as many parts as it names; what is known less exactly
        # counts from its first day and equals no more exact date.
        wanted = [int(part) for part in value.split("-")]
        known = [int(part) for part in have.split("-")]
        exact = len(known) >= len(wanted)
        parts = [*known, 1, 1][: len(wanted)]
        by_operator: dict[str, bool] = {
            "eq": exact and parts == wanted,
            "gt": parts > wanted,
            "lt": parts < wanted,
            "ge": parts >= wanted,
            "gte": parts >= wanted,
            "le": parts <= wanted,
            "lte": parts <= wanted,
        }
        return by_operator[operator]
    if name == "group.group_size":
        number = float(value)
        by_number: dict[str, bool] = {
            "eq": have == number,
            "gt": have > number,
            "lt": have < number,
            "ge": have >= number,
            "gte": have >= number,
            "le": have <= number,
            "lte": have <= number,
        }
        return by_number[operator]
    return bool(have == value)


@st.composite
def comparisons(draw: st.DrawFn) -> dict[str, Any]:
    names = [*CODES, *DATES, "member.is_disabled", "group.group_size", *IDENTIFIERS]
    name = draw(st.sampled_from(names))
    one: st.SearchStrategy[Any]
    operators: tuple[str, ...]
    if name in DATES:
        periods = (*BIRTHS, "1960-06", "1949-12-31") if name.endswith("birth_date") else PERIODS
        one, operators = st.sampled_from(periods), ORDERED
    elif name == "group.group_size":
        one, operators = st.one_of(st.integers(0, 9), st.sampled_from(["3", "2.5", 4.0])), ORDERED
    elif name == "member.is_disabled":
        one, operators = st.booleans(), ("eq", "ne")
    elif name in IDENTIFIERS:
        one, operators = st.integers(0, PEOPLE + 5).map(lambda number: f"P{number}"), EQUAL
    else:
        one, operators = st.sampled_from(CODES[name]), EQUAL
    operator = draw(st.sampled_from(operators))
    value = draw(st.lists(one, min_size=1, max_size=4) if operator == "in" else one)
    if operator == "in" and draw(st.booleans()):
        value = ",".join(map(str, value))
    return {name: {draw(st.sampled_from(["", "$"])) + operator: value}}


queries = st.recursive(
    comparisons(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"$and": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"$or": parts}),
        inner.map(lambda part: {"$not": part}),
    ),
    max_leaves=8,
)
