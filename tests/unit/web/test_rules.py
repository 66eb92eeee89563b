"""Rights, lateness, waiting, and reading a sealed record: pure rules."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime

import msgspec
import pytest

from ibr.access.staff.rights import COUNTRY, PERSON, PURPOSES, RIGHTS, must_hold, must_hold_purpose
from ibr.access.staff.sign_in import wait_after
from ibr.asker import Asker, Purpose
from ibr.coverage.engine.operations.reports.model import Arrived, Reporter
from ibr.coverage.engine.operations.reports.rules import Calendar
from ibr.errors import NotAllowed
from ibr.periods import read_month
from ibr.questions.counts import count_for
from ibr.questions.kept import Kept
from ibr.questions.person_record import masked, stated
from ibr.questions.reporting import last_closed_month, pages_of, reporting_state
from ibr.registry.overview.model import StatusChanged
from ibr.registry.overview.written import read_record
from ibr.subject.own.begin import PURPOSE as OWN
from ibr.web import codes
from ibr.web.gate import EVERYBODY, SIGNED_IN
from ibr.web.pages.deliveries import number_in
from ibr.web.routes import PAGES

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
PROGRAMME = Reporter(
    programme_id=1, code="OAP", known_at=datetime(2020, 1, 1, tzinfo=UTC),
    valid_from=date(2020, 1, 1),
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "last", "state"),
    [
        ({}, "2026-10", "on_time"),
        ({}, "2026-09", "late"),
        ({}, None, "never"),
        ({"report_days": 30}, "2026-09", "on_time"),
        ({"cycle_months": 2}, "2026-09", "on_time"),
        ({"cycle_months": 2}, "2026-08", "late"),
        ({"valid_from": date(2026, 11, 1)}, None, "not_due"),
        ({"valid_to": date(2026, 9, 30)}, "2026-09", "on_time"),
        ({"valid_to": date(2026, 10, 31)}, "2026-09", "late"),
    ],
)
def test_who_is_late(changes: dict[str, object], last: str | None, state: str) -> None:
    """By the newest report that came or is late: one that has time left says nothing."""
    programme = msgspec.structs.replace(PROGRAMME, **changes)
    arrived = [Arrived(1, read_month(last), NOW)] if last else []
    assert reporting_state(Calendar(programme, arrived), NOW)[0] == state


def test_the_last_closed_month_of_january_is_december() -> None:
    assert str(last_closed_month(date(2026, 1, 31))) == "2025-12"


@pytest.mark.parametrize(("total", "pages"), [(0, 1), (25, 1), (26, 2), (10**9, 400)])
def test_lists_end(total: int, pages: int) -> None:
    assert pages_of(total, 25) == pages


@pytest.mark.parametrize(
    ("text", "number"), [("3", 3), (None, 1), ("-1", 1), ("x", 1), ("٣", 1), ("9" * 20, 1)]
)
def test_a_page_number_is_a_number(text: str | None, number: int) -> None:
    assert number_in(text) == number


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0), (4, 0), (5, 2), (6, 4), (20, 60)])
def test_guessing_gets_slower(failures: int, seconds: int) -> None:
    assert wait_after(failures) == seconds


def asker(role: str, purpose: str = "complaint") -> Asker:
    return Asker(
        kind="officer", id=1, name="O", purpose=Purpose(purpose), ask=frozenset({1}),
        scopes=RIGHTS[role].scopes,
    )  # fmt: skip


def test_an_analyst_sees_figures_and_no_person() -> None:
    must_hold(asker("analyst"), COUNTRY)
    with pytest.raises(NotAllowed):
        must_hold(asker("analyst"), PERSON)


def test_an_auditor_looks_only_to_audit() -> None:
    must_hold_purpose(asker("auditor", "audit"))
    with pytest.raises(NotAllowed):
        must_hold_purpose(asker("auditor", "complaint"))


def test_every_role_is_labelled_and_every_purpose_known() -> None:
    assert set(RIGHTS) == set(codes.LISTS["ROLE"].labels)
    # Of a person who looks at their own data; no officer can say so.
    assert {*PURPOSES, OWN} == set(codes.PURPOSE.labels)
    assert OWN not in PURPOSES
    assert {each for rights in RIGHTS.values() for each in rights.purposes} == set(PURPOSES)


def test_only_signing_in_and_the_language_are_open_to_everybody() -> None:
    open_to_all = {page.address for page in PAGES if page.right == EVERYBODY}
    # A one-time link carries its right itself; every step of signing in stands under its address.
    # Whether a statement is real is told to whoever holds one, and nothing of what stands on it.
    assert {each for each in open_to_all if not each.startswith("/sign-in/")} == {
        "/sign-in",
        "/welcome/{secret:str}",
        "/language/{code:str}",
        "/statements/check",
    }


def test_what_everybody_signed_in_may_open_is_their_own() -> None:
    # The first page asks for the right itself, or leads to the pages that a role has instead;
    # of proposals each sees their own, and whoever approves those of others.
    own = ("/account", "/security", "/approvals")
    signed_in = {page.address for page in PAGES if page.right == SIGNED_IN}
    assert {each for each in signed_in if not each.startswith(own)} == {"/", "/sign-out", "/prove"}


def test_counts_are_for_officers() -> None:
    assert count_for(asker("analyst"), 3) == 3
    with pytest.raises(ValueError, match="only officers"):
        count_for(msgspec.structs.replace(asker("analyst"), kind="partner"), 3)


@pytest.mark.parametrize(("value", "shown"), [("UIN-00042-X", "••••••••2-X"), ("12345", "•••••")])
def test_other_identifiers_show_only_their_end(value: str, shown: str) -> None:
    assert masked(value) == shown


def test_a_date_without_a_status_is_left_out_where_the_status_is_known() -> None:
    first, later = datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC)
    changes = [
        StatusChanged(1, at, status, first) for at, status in ((first, 0), (first, 1), (later, 0))
    ]
    assert [(each.changed_at, each.status) for each in stated(changes)] == [(first, 1), (later, 0)]


def test_figures_are_counted_once_a_minute_and_once_for_all_who_wait() -> None:
    async def ask_twice_then_later() -> list[int]:
        moment = [0.0]
        kept, counted = Kept(60, lambda: moment[0]), []

        async def count() -> int:
            await asyncio.sleep(0)
            counted.append(1)
            return len(counted)

        together = await asyncio.gather(kept.of("a", count), kept.of("a", count))
        moment[0] = 61
        return [*together, await kept.of("a", count), await kept.of("b", count)]

    assert asyncio.run(ask_twice_then_later()) == [1, 1, 2, 3]


def member(uin: str, birth: object, relation: str | None = None) -> dict[str, object]:
    return {
        "member_identifier": [{"identifier_type": "uin", "identifier_value": uin}],
        "demographic_info": {
            "name": {"given_name": "Amina", "second_name": "Y", "surname": "Hassan"},
            "sex": "female",
            "birth_date": birth,
        },
        "related_person": [{"relationship_type": relation}] if relation else [],
    }


@pytest.mark.parametrize(
    ("birth", "expected"),
    [
        ("1956-03-02", (date(1956, 3, 2), 3)),
        ("1956-03", (date(1956, 3, 1), 2)),
        ("1956", (date(1956, 1, 1), 1)),
        ("1995-09-21T11:20:00", (date(1995, 9, 21), 3)),
        (None, (None, 0)),
        ("soon", (None, 0)),
        ("1956-13-01", (None, 0)),
    ],
)
def test_a_birth_date_is_read_as_far_as_it_goes(birth: object, expected: object) -> None:
    person = read_record(
        json.dumps({"member": member("A1", birth)}).encode(), 0, ("UIN", "A1")
    ).person
    assert person is not None
    assert (person.birth_date, person.birth_precision) == expected
    assert person.name == "Amina Y Hassan"


def test_the_member_asked_for_is_the_person() -> None:
    content = {
        "group": {
            "group_identifier": {"identifier_type": "HOUSEHOLD_ID", "identifier_value": "H1"},
            "member_list": [member("A1", "1980", "SELF"), member("B2", "2016", "DAU")],
        }
    }
    opened = json.dumps(content).encode()
    head, child = (read_record(opened, role, ("UIN", "B2")).person for role in (0, 2))
    assert head is not None
    assert head.is_head
    assert child is not None
    assert (child.identifiers, child.relationship) == ([("UIN", "B2")], "DAU")
    assert read_record(opened, 2, ("UIN", "C3")).person is None


def test_a_record_with_nothing_in_it_is_read() -> None:
    written = read_record(b"{}", 0, ("UIN", "A1"))
    assert (written.person, written.members, written.group_identifiers) == (None, [], [])
