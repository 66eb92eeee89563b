"""From a report to yes or no (behaviour.md 29 to 33)."""

from __future__ import annotations

import pytest

from tests.door import Door, Reply, System
from tests.people import (
    a_household,
    a_member,
    a_number,
    deceased_on,
    enrolled,
    in_programme,
    suspended_on,
    with_status,
)


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner()


def test_who_was_reported_is_enrolled(system: System) -> None:
    somebody = a_number()
    reply = system.report(enrolled(somebody, "DCI001"))
    assert reply.outcomes == ["succ"], reply.body
    assert system.ask(somebody, "DCI001").says == ["yes"]


def test_nobody_is_enrolled_elsewhere(system: System) -> None:
    somebody = a_number()
    system.report(enrolled(somebody, "DCI001"))
    assert system.ask(somebody, "DCI002").says == ["no"]


def test_an_unknown_person_is_not_enrolled(system: System) -> None:
    assert system.ask(a_number(), "DCI001").says == ["no"]


def test_the_suspended_are_not_enrolled(system: System) -> None:
    somebody = a_number()
    system.report(enrolled(somebody, "DCI001"))
    system.report(enrolled(somebody, "DCI001", **suspended_on("2026-01-05")))
    assert system.ask(somebody, "DCI001").says == ["no"]


def test_the_suspended_count_where_the_programme_says_so(system: System) -> None:
    somebody = a_number()
    system.report(enrolled(somebody, "DCI002", **suspended_on("2026-01-05")))
    assert system.ask(somebody, "DCI002").says == ["yes"]


def test_the_deceased_are_not_enrolled(system: System) -> None:
    somebody = a_number()
    system.report(enrolled(somebody, "DCI001", **deceased_on("2026-01-05")))
    assert system.ask(somebody, "DCI001").says == ["no"]


@pytest.mark.parametrize(
    ("status", "says"),
    [(1, "yes"), (2, "no"), (3, "no"), (4, "no"), (5, "yes"), (6, "yes"), (7, "yes")],
)
def test_every_status_has_its_answer(system: System, status: int, says: str) -> None:
    somebody = a_number()
    system.report(enrolled(somebody, "DCI001", **with_status(status)))
    assert system.ask(somebody, "DCI001").says == [says]


def test_a_late_report_of_an_older_status_changes_nothing(system: System) -> None:
    somebody = a_number()
    system.report(enrolled(somebody, "DCI001", **deceased_on("2026-03-05")))
    system.report(enrolled(somebody, "DCI001", **with_status(1, "2026-02-01T00:00:00Z")))
    assert system.ask(somebody, "DCI001").says == ["no"]


def test_several_people_get_an_answer_each(system: System) -> None:
    one, other, nobody = a_number(), a_number(), a_number()
    system.report(enrolled(one, "DCI001"), enrolled(other, "DCI001", **suspended_on("2026-01-05")))
    reply = system.ask({"in": [one, other, nobody]}, "DCI001")
    assert reply.says == ["yes", "no", "no"]
    assert [item["reference_id"] for item in reply.items] == [one, other, nobody]


def test_one_identifier_in_two_spellings_is_answered_twice(system: System) -> None:
    somebody = f"ab{a_number()}"
    system.report(enrolled(somebody, "DCI001"))
    assert system.ask({"in": [somebody, somebody.upper()]}, "DCI001").says == ["yes", "yes"]


def test_a_single_question_echoes_its_message_id(system: System) -> None:
    reply = system.ask(a_number(), "DCI001", message_id="question-1")
    assert [item["reference_id"] for item in reply.items] == ["question-1"]


def test_an_identifier_type_may_stand_for_the_person(system: System) -> None:
    somebody = a_number()
    system.report(enrolled(somebody, "DCI001"))
    assert system.ask(somebody, "DCI001", by="UIN").says == ["yes"]
    assert system.ask(somebody, "DCI001", by="NID").says == ["no"]


# Households: behaviour.md 32.


@pytest.fixture(scope="module")
def household(system: System) -> dict[str, str]:
    numbers = {"household": a_number(), "head": a_number(), "child": a_number()}
    head, child = a_member(numbers["head"]), a_member(numbers["child"])
    record = a_household(numbers["household"], head, child, head=head)
    reply = system.report({**record, **in_programme("DCI001")})
    assert reply.outcomes == ["succ"], reply.body
    return numbers


def test_a_household_is_asked_about_by_its_own_number(
    system: System, household: dict[str, str]
) -> None:
    number = household["household"]
    assert system.ask(number, "DCI001", "Group", by="group_identifier").says == ["yes"]


@pytest.mark.parametrize("who", ["head", "child"])
def test_with_group_anybodys_number_asks_about_their_household(
    system: System, household: dict[str, str], who: str
) -> None:
    assert system.ask(household[who], "DCI001", "Group").says == ["yes"]


def test_the_head_stands_for_the_household_as_a_person(
    system: System, household: dict[str, str]
) -> None:
    assert system.ask(household["head"], "DCI001", "Member").says == ["yes"]


@pytest.mark.parametrize("entity", ["Member", None])
def test_another_member_is_not_enrolled_as_a_person(
    system: System, household: dict[str, str], entity: str | None
) -> None:
    assert system.ask(household["child"], "DCI001", entity).says == ["no"]


def test_a_person_enrolled_alone_is_no_group(system: System) -> None:
    somebody = a_number()
    system.report(enrolled(somebody, "DCI001"))
    assert system.ask(somebody, "DCI001", "Group").says == ["no"]


# What the answer must not tell.


def shape(reply: Reply) -> tuple[object, ...]:
    """Status, names of members at every level, and the body's length."""
    item = reply.items[0]
    return reply.status, sorted(reply.body), sorted(reply.message), sorted(item), len(reply.raw)


def test_unknown_and_enrolled_elsewhere_look_alike(system: System) -> None:
    elsewhere = a_number()
    system.report(enrolled(elsewhere, "DCI002"))
    unknown, known = system.ask(a_number(), "DCI001"), system.ask(elsewhere, "DCI001")
    assert unknown.says == known.says == ["no"]
    assert shape(unknown) == shape(known)


def test_the_suspended_look_like_the_unknown(system: System) -> None:
    somebody = a_number()
    system.report(enrolled(somebody, "DCI001", **suspended_on("2026-01-05")))
    assert shape(system.ask(somebody, "DCI001")) == shape(system.ask(a_number(), "DCI001"))


def test_a_yes_has_other_letters_only_where_it_says_yes(system: System) -> None:
    somebody = a_number()
    system.report(enrolled(somebody, "DCI001"))
    assert (
        shape(system.ask(somebody, "DCI001"))[:-1] == shape(system.ask(a_number(), "DCI001"))[:-1]
    )


@pytest.mark.parametrize("programme", ["DCI002", "NOT_THERE"])
def test_a_programme_out_of_reach_is_refused_whoever_is_asked_about(
    door: Door, system: System, programme: str
) -> None:
    somebody = a_number()
    system.report(enrolled(somebody, "DCI002"))
    narrow = door.partner(ask=["DCI001"], report=[])
    known, unknown = narrow.ask(somebody, programme), narrow.ask(a_number(), programme)
    assert (known.status, known.error) == (403, "err.request.forbidden")
    assert (unknown.status, unknown.error, unknown.text) == (known.status, known.error, known.text)
    assert len(known.raw) == len(unknown.raw)


@pytest.mark.parametrize(
    "query",
    [
        {"person_identifier": {"eq": "1"}},
        {
            "$and": [
                {"person_identifier": {"eq": "1"}},
                {"programme_identifier": {"in": ["DCI001", "DCI002"]}},
            ]
        },
        {"programme_identifier": {"eq": "DCI001"}},
        {"person_identifier": {"ne": "1"}, "programme_identifier": {"eq": "DCI001"}},
        {"$or": [{"person_identifier": "1"}], "programme_identifier": {"eq": "DCI001"}},
        {"person_identifier": "1", "programme_identifier": "DCI001", "member.name": {"eq": "x"}},
        {},
        [],
        "DCI001",
    ],
)
def test_a_question_that_is_not_yes_or_no_of_one_programme_is_refused(
    system: System, query: object
) -> None:
    header = system.header("search", 1)
    reply = system.post(
        "/registry/sync/enrolled",
        system.sealed(header, {"enrolled_criteria": {"query": query}}),
    )
    assert (reply.status, reply.error) == (200, "err.request.bad")


@pytest.mark.parametrize(
    "query",
    [
        {"attribute_name": "person_identifier", "operator": "eq", "attribute_value": "{}"},
        {"member_identifier": "{}"},
        {"UIN": {"$eq": "{}"}},
        {"type": "UIN", "value": "{}"},
        {"type": "ns:org:QueryType:expression", "value": {"expression": {"query": {"UIN": "{}"}}}},
        {"expression1": {"attribute_name": "UIN", "operator": "eq", "attribute_value": "{}"}},
    ],
)
def test_every_way_to_name_a_person_is_read(system: System, query: dict[str, object]) -> None:
    somebody = a_number()
    system.report(enrolled(somebody, "DCI001"))
    named = _with(query, somebody)
    message = {"enrolled_criteria": {"query": [named, {"programme_identifier": "DCI001"}]}}
    body = system.sealed(system.header("search", 1), message)
    reply = system.post("/registry/sync/enrolled", body)
    assert reply.says == ["yes"], reply.body


def _with(query: object, somebody: str) -> object:
    if isinstance(query, dict):
        return {name: _with(value, somebody) for name, value in query.items()}
    return somebody if query == "{}" else query
