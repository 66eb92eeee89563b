"""Each query form of the standard becomes the one filter, or is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from ibr.errors import NotUnderstood
from ibr.interop.dci.query import expression, idtype_value, predicate
from ibr.interop.dci.query.attributes import PATHS, attribute_table, read_compare
from ibr.interop.dci.query.criteria import read_pagination, read_purpose, read_wanted
from ibr.questions.filters import And, Compare, Named, Not, Or

ACTIVE = Compare("status", "eq", (1,))
UNIT = Compare("unit", "eq", (1,))


def one(name: str, operator: str, value: object) -> dict[str, Any]:
    return {"attribute_name": name, "operator": operator, "attribute_value": value}


def expressed(query: Any) -> dict[str, Any]:
    return {"type": "ns:org:QueryType:expression", "value": {"expression": {"query": query}}}


def test_an_identifier_by_type_and_value() -> None:
    assert idtype_value.read({"type": " uin", "value": " 847 951 632"}) == Compare(
        "identifier", "eq", (Named("UIN", "847951632"),)
    )


@pytest.mark.parametrize(
    "query",
    [
        None,
        [],
        "UIN",
        {},
        {"type": "UIN"},
        {"value": "1"},
        {"type": "UIN", "value": ""},
        {"type": "UIN", "value": {"a": 1}},
        {"type": "UIN", "value": True},
        {"type": "UIN", "value": "1", "country": "XX"},
        {"type": "UIN", "value": "' or 1=1 --"},
        {"type": "MOBILE", "value": "+14255551212"},
    ],
)
def test_an_identifier_that_cannot_be_asked_for(query: Any) -> None:
    with pytest.raises(NotUnderstood) as refused:
        idtype_value.read(query)
    assert refused.value.code == "query.criteria"


def test_a_phone_is_refused_with_its_reason() -> None:
    with pytest.raises(NotUnderstood, match="shared and passed on"):
        idtype_value.read({"type": "PHONE", "value": "+14255551212"})


def test_operators_with_and_without_dollar_and_nested_words() -> None:
    query = {
        "$or": [
            {"enrolment_status": {"$eq": "Active"}, "assistance_unit": 1},
            {"not": {"enrollment_status": {"eq": "1"}}},
        ]
    }
    assert expression.read(expressed(query)) == Or((And((ACTIVE, UNIT)), Not(ACTIVE)))


def test_several_operators_on_one_attribute_all_hold() -> None:
    read = expression.read(expressed({"group.group_size": {"$gte": "2", "lt": 5.5}}))
    assert read == And((Compare("group_size", "ge", (2.0,)), Compare("group_size", "lt", (5.5,))))


@pytest.mark.parametrize(
    "query",
    [
        None,
        {},
        [],
        {"$and": []},
        {"$and": {}},
        {"$nor": [{"enrollment_status": "1"}]},
        {"enrollment_status": {}},
        {"enrollment_status": {"$regex": "1"}},
        {"enrollment_status": {"$eq": None}},
        {"enrollment_status": {"$eq": ["1", "2"]}},
        {"enrollment_status": {"$gt": "1"}},
        {"enrollment_status": "9"},
        {"enrollment_status": {"$in": []}},
        {"enrollment_date": {"$ge": "yesterday"}},
        {"member.demographic_info.name.surname": "Phumchai"},
        {"member": {"is_disabled": True}},
        {"member.is_disabled": "maybe"},
        {"group.group_size": {"$gt": "many"}},
        {"poverty_score": {"$lt": 5}, "x y": 1},
        {"$where": "1=1"},
    ],
)
def test_what_an_expression_may_not_hold(query: Any) -> None:
    with pytest.raises(NotUnderstood) as refused:
        expression.read(expressed(query))
    assert refused.value.code == "query.criteria"


def test_a_refusal_names_the_attribute_and_the_list() -> None:
    with pytest.raises(NotUnderstood, match=r"name\.surname.*query-attributes"):
        read_compare("member.demographic_info.name.surname", "eq", "X")
    with pytest.raises(NotUnderstood, match=r"contains is no operator for enrollment_status"):
        read_compare("enrollment_status", "contains", "1")


def test_a_name_that_may_be_a_kind_of_identifier_is_left_to_the_database() -> None:
    assert read_compare("ration_card", "eq", "7") == Compare(
        "identifier", "eq", (Named("RATION_CARD", "7", certain=False),)
    )
    assert read_compare("UIN", "in", "1, 2") == Compare(
        "identifier", "in", (Named("UIN", "1"), Named("UIN", "2"))
    )


def test_any_path_to_the_programmes_code() -> None:
    for name in (
        "programme_identifier",
        "programme_identifier.program.programme_identifier",
        "member.programme_identifier.programme.programme_identifier",
    ):
        assert read_compare(name, "eq", "DCI001") == Compare("programme", "eq", ("dci001",))


def test_predicates_in_order_with_their_conditions() -> None:
    query = [
        {"seq_num": 2, "expression1": one("enrollment_status", "eq", "1"), "condition": "not"},
        {
            "seq_num": "1",
            "expression1": one("enrollment_status", "eq", 1),
            "condition": "or",
            "expression2": one("assistance_unit", "eq", "Member"),
            "expression3": one("assistance_unit", "in", "2,3"),
        },
    ]
    assert predicate.read(query) == And(
        (Or((ACTIVE, UNIT, Compare("unit", "in", (2, 3)))), Not(ACTIVE))
    )


def test_a_not_b_is_a_and_not_b() -> None:
    query = [
        {
            "expression1": one("enrollment_status", "eq", "1"),
            "condition": "not",
            "expression2": one("assistance_unit", "eq", "1"),
        }
    ]
    assert predicate.read(query) == And((ACTIVE, Not(UNIT)))


@pytest.mark.parametrize(
    "query",
    [
        {},
        [],
        [{}],
        ["x"],
        [{"expression2": one("enrollment_status", "eq", "1")}],
        [{"expression1": {"attribute_name": "enrollment_status"}}],
        [{"expression1": {**one("enrollment_status", "eq", "1"), "more": 1}}],
        [{"expression1": one("enrollment_status", "eq", "1"), "limit": 1}],
        [{"expression1": one("enrollment_status", "eq", "1"), "condition": "xor"}],
        [
            {
                "expression1": one("enrollment_status", "eq", "1"),
                "expression2": one("enrollment_status", "eq", "1"),
            }
        ],
        [{"seq_num": "first", "expression1": one("enrollment_status", "eq", "1")}],
        [{"expression1": one("enrollment_status", "eq", "1")}] * 21,
    ],
)
def test_what_a_predicate_may_not_hold(query: Any) -> None:
    with pytest.raises(NotUnderstood) as refused:
        predicate.read(query)
    assert refused.value.code == "query.criteria"


def nested(depth: int) -> dict[str, Any]:
    query: dict[str, Any] = {"enrollment_status": "1"}
    for _ in range(depth):
        query = {"$not": query}
    return query


def test_limits_of_depth_comparisons_and_values() -> None:
    page = (100, 1)

    def wanted(query: Any) -> object:
        return read_wanted({"query_type": "expression", "query": expressed(query)}, page)

    assert wanted(nested(5))
    assert wanted({"$or": [{"enrollment_status": "1"}] * 20})
    assert wanted({"UIN": {"$in": [str(number) for number in range(100)]}})
    for query in (
        nested(6),
        nested(400),
        {"$or": [{"enrollment_status": "1"}] * 21},
        {"UIN": {"$in": [str(number) for number in range(101)]}},
    ):
        with pytest.raises(NotUnderstood):
            wanted(query)


def test_the_form_is_told_by_query_type() -> None:
    with pytest.raises(NotUnderstood, match="query_type is one of"):
        read_wanted({"query_type": "graphql", "query": {}}, (100, 1))
    with pytest.raises(NotUnderstood, match="needs an array"):
        read_wanted({"query_type": "predicate", "query": {"type": "UIN", "value": "1"}}, (100, 1))


def test_record_type_narrows_to_the_unit() -> None:
    criteria = {"query_type": "idtype-value", "query": {"type": "UIN", "value": "1"}}
    groups = read_wanted({**criteria, "reg_record_type": "spdci:Group"}, (100, 1)).filter
    assert isinstance(groups, And)
    assert groups.parts[0] == Compare("unit", "in", (2, 3))
    with pytest.raises(NotUnderstood):
        read_wanted({**criteria, "reg_record_type": "Farmer"}, (100, 1))
    with pytest.raises(NotUnderstood):
        read_wanted({**criteria, "reg_type": "ns:org:RegistryType:Civil"}, (100, 1))


@pytest.mark.parametrize(
    "sort",
    [
        [{"attribute_name": "name"}],
        [{"attribute_name": "benefits.benefit_date"}],
        [{"attribute_name": "enrollment_date", "sort_order": "up"}],
        ["enrollment_date"],
        [{"attribute_name": "enrollment_date"}] * 6,
    ],
)
def test_sorts_that_are_refused(sort: Any) -> None:
    criteria = {"query_type": "idtype-value", "query": {"type": "UIN", "value": "1"}, "sort": sort}
    with pytest.raises(NotUnderstood) as refused:
        read_wanted(criteria, (100, 1))
    assert refused.value.code == "query.sort"


def test_pagination_of_the_criteria_stands_before_that_of_the_item() -> None:
    assert read_pagination({}, {}) == (100, 1)
    assert read_pagination({}, {"pagination": {"page_size": "7", "page_number": 2.0}}) == (7, 2)
    assert read_pagination({"pagination": {"page_size": 5}}, {"pagination": {"page_size": 7}}) == (
        5,
        1,
    )
    assert read_pagination({"pagination": {"page_size": 99_999}}, {}) == (1000, 1)


@pytest.mark.parametrize("size", [0, -1, 1.5, "x", True, [], {"a": 1}, 10**10])
def test_pages_are_whole_numbers_from_one(size: Any) -> None:
    for name in ("page_size", "page_number"):
        with pytest.raises(NotUnderstood) as refused:
            read_pagination({"pagination": {"page_size": 1, name: size}}, {})
        assert refused.value.code == "query.pagination"


def test_purpose_of_consent_stands_before_that_of_authorize() -> None:
    consent = {"purpose": {"code": "ELIG", "text": "Eligibility check"}}
    authorize = {"purpose": {"code": "ACT12"}}
    first = read_purpose({"consent": consent, "authorize": authorize})
    second = read_purpose({"consent": "", "authorize": authorize})
    assert first is not None
    assert (first.code, first.text) == ("ELIG", "Eligibility check")
    assert second is not None
    assert (second.code, second.text) == ("ACT12", None)
    assert read_purpose({"consent": {"purpose": {"code": 7}}}) is None


def test_the_published_list_names_every_path() -> None:
    table = attribute_table()
    assert all(f"`{path.name}`" in table for path in PATHS)
    assert "`UIN`" in table
