"""Filters that ask the same become equal, and stay what they are when they are kept."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibr.questions.filters import compare, compare_identifier
from ibr.registry.search.model import And, Attribute, Filter, Not, Operator, Or
from ibr.registry.search.normal import from_json, normal, shape, to_json


def by(attribute: Attribute, operator: Operator, value: object) -> Filter:
    return compare(attribute, operator, value, attribute)


N, S = by("region", "eq", "N"), by("region", "eq", "S")
ACTIVE = by("status", "eq", "1")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (And((N, ACTIVE)), And((ACTIVE, N))),
        (Or((N, S)), Or((S, N, S))),
        (And((N, And((ACTIVE, S)))), And((ACTIVE, And((S, N))))),
        (And((N,)), N),
        (Not(Not(N)), N),
        (by("region", "ne", "N"), Not(N)),
        (Not(by("region", "ne", "N")), N),
        (by("region", "in", "N,S"), by("region", "in", ["S", "N"])),
        (by("status", "eq", "Active"), by("status", "in", [1])),
        (by("born_on", "eq", "1960-05"), by("born_on", "in", "1960-05")),
    ],
)
def test_what_asks_the_same_is_equal(one: Filter, other: Filter) -> None:
    assert normal(one) == normal(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (And((N, S)), Or((N, S))),
        (N, Not(N)),
        (N, S),
        (by("region", "eq", "N"), by("sub_region", "eq", "N")),
        (by("born_on", "ge", "1960"), by("born_on", "gt", "1960")),
        (by("born_on", "eq", "1960-01-01"), by("born_on", "eq", "1960-01")),
        (by("group_size", "eq", 1), by("group_size", "eq", 10)),
        (Or((And((N, ACTIVE)), S)), And((Or((N, ACTIVE)), S))),
    ],
)
def test_what_asks_something_else_is_not(one: Filter, other: Filter) -> None:
    assert normal(one) != normal(other)


comparisons = st.one_of(
    st.sampled_from("NSEW").map(lambda each: by("region", "eq", each)),
    st.lists(st.sampled_from("1234567"), min_size=1).map(lambda each: by("status", "in", each)),
    st.sampled_from(["eq", "ne", "gt", "le"]).map(lambda each: by("born_on", each, "1960-05")),
    st.integers(0, 9).map(lambda each: by("group_size", "ge", each)),
    st.booleans().map(lambda each: by("disabled", "eq", each)),
    st.integers(0, 9).map(
        lambda each: compare_identifier("eq", f"U{each}", "x", whom=("person", "record"))
    ),
)
filters = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Or(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(wanted=filters)
def test_the_normal_form_is_its_own_and_survives_being_kept(wanted: Filter) -> None:
    kept = normal(wanted)
    assert normal(kept) == kept
    assert from_json(msgspec.json.decode(msgspec.json.encode(to_json(kept)))) == kept


@settings(max_examples=100, deadline=None)
@given(wanted=filters, chance=st.randoms())
def test_the_order_of_parts_says_nothing(wanted: Filter, chance: st.DataObject) -> None:
    def shuffled(node: Filter) -> Filter:
        if isinstance(node, Not):
            return Not(shuffled(node.part))
        if isinstance(node, (And, Or)):
            parts = [shuffled(part) for part in node.parts]
            chance.shuffle(parts)  # type: ignore[attr-defined]
            return type(node)(tuple(parts))
        return node

    assert normal(shuffled(wanted)) == normal(wanted)


def test_filters_with_other_values_have_one_shape() -> None:
    def one(region: str, year: str) -> Filter:
        return normal(And((by("region", "eq", region), Not(by("born_on", "lt", year)))))

    assert shape(one("N", "1960")) == shape(one("S", "1970"))
