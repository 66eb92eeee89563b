"""The same message again, and two at once (behaviour.md 27; reliability A5, A6)."""

from __future__ import annotations

import asyncio

import pytest

from tests.door import ENROLLED, SEARCH, UPDATES, Door, Reply, System
from tests.people import a_number, enrolled


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner()


def test_the_same_question_again_gets_the_same_answer_and_no_second_entry(
    door: Door, system: System
) -> None:
    body = system.question(a_number(), "DCI001")
    first = system.post(ENROLLED, body)
    asked = door.count("question_asked")
    again = system.post(ENROLLED, body)
    assert again.message == first.message
    assert door.count("question_asked") == asked


def test_the_answer_stays_what_it_was(system: System) -> None:
    somebody = a_number()
    body = system.question(somebody, "DCI001")
    assert system.post(ENROLLED, body).says == ["no"]
    system.report(enrolled(somebody, "DCI001"))
    assert system.post(ENROLLED, body).says == ["no"]
    assert system.ask(somebody, "DCI001").says == ["yes"]


def test_the_same_delivery_again_gets_the_same_bytes_and_has_no_effect(
    door: Door, system: System
) -> None:
    body = system.updates([enrolled(a_number(), "DCI001")])
    first = system.post(UPDATES, body)
    before = [door.count(table) for table in ("delivery", "change", "status_change")]
    assert system.post(UPDATES, body).raw == first.raw
    assert [door.count(table) for table in ("delivery", "change", "status_change")] == before


@pytest.mark.parametrize("path", [ENROLLED, UPDATES])
def test_the_same_id_with_another_content_is_refused(system: System, path: str) -> None:
    first, other = two_with_one_id(system, path)
    system.post(path, first)
    reply = system.post(path, other)
    assert (reply.status, reply.error) == (200, "err.request.bad")
    assert "rjct.message_id.duplicate" in reply.text


def two_with_one_id(system: System, path: str) -> tuple[bytes, bytes]:
    one, other, number = a_number(), a_number(), f"m-{a_number()}"
    if path == ENROLLED:
        return (
            system.question(one, "DCI001", message_id=number),
            system.question(other, "DCI001", message_id=number),
        )
    return (
        system.updates([enrolled(one, "DCI001")], message_id=number),
        system.updates([enrolled(other, "DCI001")], message_id=number),
    )


def test_a_question_refused_as_a_repeat_leaves_nothing_behind(door: Door, system: System) -> None:
    first, other = two_with_one_id(system, ENROLLED)
    system.post(ENROLLED, first)
    asked = door.count("question_asked")
    system.post(ENROLLED, other)
    assert door.count("question_asked") == asked


def test_one_message_for_two_operations_is_two_contents(system: System) -> None:
    criteria = {"query": {"UIN": "1", "programme_identifier": "DCI001"}}
    item = {
        "reference_id": "r",
        "timestamp": "2026-01-15T09:30:00Z",
        "search_criteria": {
            "query_type": "idtype-value",
            "query": {"type": "UIN", "value": "847951632"},
        },
    }
    message = {"transaction_id": "t", "search_request": [item], "enrolled_criteria": criteria}
    body = system.sealed(system.header("search", 1), message)
    system.post(SEARCH, body)
    reply = system.post(ENROLLED, body)
    assert (reply.status, reply.error) == (200, "err.request.bad")


def at_once(door: Door, system: System, path: str, body: bytes, times: int) -> list[Reply]:
    async def posted() -> list[Reply]:
        return await asyncio.gather(*(system.posted(path, body) for _ in range(times)))

    return door.run(posted())


@pytest.mark.parametrize("round_", range(5))
def test_a_question_sent_twice_at_once_is_answered_once(
    door: Door, system: System, round_: int
) -> None:
    asked = door.count("question_asked")
    replies = at_once(door, system, ENROLLED, system.question(a_number(), "DCI001"), 4)
    assert len({reply.message["correlation_id"] for reply in replies}) == 1
    assert door.count("question_asked") == asked + 1


@pytest.mark.parametrize("round_", range(5))
def test_a_delivery_sent_twice_at_once_has_one_effect(
    door: Door, system: System, round_: int
) -> None:
    deliveries = door.count("delivery")
    body = system.updates([enrolled(a_number(), "DCI001")])
    replies = at_once(door, system, UPDATES, body, 4)
    assert {reply.raw for reply in replies} == {replies[0].raw}
    assert door.count("delivery") == deliveries + 1


def test_many_questions_at_once_each_get_their_own_answer(door: Door, system: System) -> None:
    people = [a_number() for _ in range(40)]
    system.report(*(enrolled(each, "DCI001") for each in people[::2]))
    bodies = [system.question(each, "DCI001") for each in people]

    async def posted() -> list[Reply]:
        return await asyncio.gather(*(system.posted(ENROLLED, body) for body in bodies))

    assert [reply.says for reply in door.run(posted())] == [["yes"], ["no"]] * 20


def test_without_the_unique_message_the_control_sees_two_effects(
    door: Door, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: where every message looks new, the repeat is counted twice."""

    async def never_seen(*_: object, **__: object) -> dict[bytes, object]:
        return {}

    monkeypatch.setattr("ibr.interop.dci.store.keep_yes_no", never_seen)
    asked = door.count("question_asked")
    body = system.question(a_number(), "DCI001")
    system.post(ENROLLED, body)
    system.post(ENROLLED, body)
    assert door.count("question_asked") == asked + 2
