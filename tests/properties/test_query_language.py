"""Random queries over made-up people: the database finds whom a plain reading finds."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ibr.errors import NotUnderstood
from ibr.interop.dci.query import expression
from ibr.interop.dci.query.attributes import PATHS
from tests.plain_filters import (
    PEOPLE,
    PROGRAMMES,
    comparisons,
    matches,
    queries,
    somebody,
    values_of,
)
from tests.search_desk import Desk


@cache
def everybody() -> list[dict[str, Any]]:
    chance = random.Random(20260115)
    return [somebody(number, chance) for number in range(PEOPLE)]


@pytest.fixture(scope="module")
def desk(dsn: str) -> Iterator[Desk]:
    desk = Desk(dsn, PROGRAMMES, hidden=["WORK"])
    desk.seed(everybody())
    yield desk
    desk.close()


def depth(query: dict[str, Any]) -> int:
    if "$not" in query:
        return 1 + depth(query["$not"])
    parts = query.get("$and") or query.get("$or")
    if not parts:
        return 0
    inner = max(depth(part) for part in parts)
    # A list of one is no level of its own in the filter, but it is in the query.
    return 1 + inner


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(query=queries)
@example(
    query={
        "$and": [
            {"enrollment_status": {"eq": "1"}},
            {"enrollment_date": {"in": ["2024-01-31", "2024-02-01"]}},
        ]
    }
)
def test_the_database_finds_whom_a_plain_reading_finds(desk: Desk, query: dict[str, Any]) -> None:
    item = desk.find(query, pagination={"page_size": 1000})
    if depth(query) > 5:
        assert item["status"] == "rjct"
        return
    expected = {
        document["member"]["member_identifier"][0]["identifier_value"]
        for document in everybody()
        if values_of(document, "programme_identifier.programme_identifier") != ["WORK"]
        and matches(document, query)
    }
    assert item["status"] == "succ", (query, item)
    found = [
        each["member"]["member_identifier"][0]["identifier_value"]
        for each in item["data"]["reg_records"]
    ]
    assert sorted(found) == sorted(expected), json.dumps(query)
    assert item["pagination"]["total_count"] == len(expected)


@settings(max_examples=300, deadline=None)
@given(
    name=st.one_of(
        st.text(max_size=30),
        st.sampled_from([f"{path.name}x" for path in PATHS] + ["member.name", "enrollment status"]),
    ),
    query=comparisons(),
)
def test_an_unknown_attribute_is_never_dropped(name: str, query: dict[str, Any]) -> None:
    """It is refused, or read as a comparison of its own; the other one never stands alone."""
    if name in query:
        return
    alone = read(query)
    try:
        both = read({**query, name: {"$eq": "1"}})
    except NotUnderstood:
        return
    assert both != alone
    assert len(both.parts) == 2


@settings(max_examples=300, deadline=None)
@given(operator=st.text(max_size=12), query=comparisons())
def test_an_unknown_operator_is_never_dropped(operator: str, query: dict[str, Any]) -> None:
    ((name, compared),) = query.items()
    known = {"eq", "ne", "gt", "ge", "gte", "lt", "le", "lte", "in", "not"}
    if operator.strip().lower().removeprefix("$") in known:
        return
    with pytest.raises(NotUnderstood):
        read({name: {**compared, operator: "1"}})


def read(query: dict[str, Any]) -> Any:
    return expression.read({"type": "x", "value": {"expression": {"query": query}}})
