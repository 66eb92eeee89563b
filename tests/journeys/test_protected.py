"""Protected people at the partners' door: unknown to every search, the same to "enrolled?"."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from ibr.access.staff.rights import RIGHTS
from ibr.asker import Asker, Purpose
from ibr.questions.person_record import Subject
from ibr.questions.protected_people import end_protection, protect, protections
from tests.door import SEARCH, Door, Json, System
from tests.later import searching
from tests.people import a_household, a_member, a_number, deceased_on, enrolled, in_programme

WATCHER = Asker(
    kind="officer",
    id=1,
    name="Dora",
    purpose=Purpose("official_duty"),
    ask=frozenset(),
    scopes=RIGHTS["data_protection_officer"].scopes,
    role="data_protection_officer",
)


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner()


@contextmanager
def protected(door: Door, number: str) -> Iterator[None]:
    """Whoever carries the number is protected meanwhile."""
    database, at = door.services.database, datetime.now(UTC)
    subject = Subject("UIN", number)
    door.run(
        protect(
            database,
            door.services.blind_index,
            WATCHER,
            subject,
            reason="violence",
            until=None,
            at=at,
        )
    )
    try:
        yield
    finally:
        last = door.run(protections(database, WATCHER))[0].protection_id
        door.run(end_protection(database, WATCHER, last, "Test is over.", at))


def search(system: System, number: str) -> Json:
    reply = system.post(SEARCH, searching(system, number))
    [told] = reply.message["search_response"]
    return {key: value for key, value in told.items() if key != "timestamp"}


def test_a_search_tells_no_more_than_of_somebody_unknown(door: Door, system: System) -> None:
    somebody, unknown = a_number(), a_number()
    system.report(enrolled(somebody, "DCI001"))
    assert len(search(system, somebody)["data"]["reg_records"]) == 1
    with protected(door, somebody):
        assert search(system, somebody) == search(system, unknown)
    assert len(search(system, somebody)["data"]["reg_records"]) == 1


def test_a_shared_child_leads_to_nobody(door: Door, system: System) -> None:
    mother, child = a_number(), a_number()
    household = a_household(a_number(), a_member(mother), a_member(child), head=a_member(mother))
    system.report({**household, **in_programme("DCI001")})
    system.report(enrolled(child, "DCI002"))
    assert search(system, child)["data"]["reg_records"]
    with protected(door, mother):
        assert search(system, child)["data"]["reg_records"] == []


def test_yes_and_no_stay_the_same(door: Door, system: System) -> None:
    somebody = a_number()
    system.report(enrolled(somebody, "DCI001"))
    before = system.ask(somebody, "DCI001")
    with protected(door, somebody):
        after = system.ask(somebody, "DCI001")
    assert before.says == after.says == ["yes"]
    assert len(before.raw) == len(after.raw)


def test_the_programme_goes_on_reporting(door: Door, system: System) -> None:
    somebody = a_number()
    system.report(enrolled(somebody, "DCI001"))
    records = door.count("beneficiary_record")
    with protected(door, somebody):
        reply = system.report(enrolled(somebody, "DCI001", **deceased_on("2026-02-01")))
        assert reply.status == 200
        assert door.count("beneficiary_record") == records
        assert system.ask(somebody, "DCI001").says == ["no"]
