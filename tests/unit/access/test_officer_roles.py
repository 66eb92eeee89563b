"""Which roles go together, which days a role has, which passwords are taken."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ibr.access.staff.model import Grant
from ibr.access.staff.passwords import check_password
from ibr.access.staff.people.suspend import WARNED_BEFORE, day_of_suspension
from ibr.access.staff.rights import RIGHTS
from ibr.access.staff.roles import DECIDING, WantedRole, check_role, why_not_together
from ibr.errors import Conflict, NotUnderstood

TODAY = date(2026, 11, 22)
ALONE = ("auditor", "developer")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("administrator", "data_protection_officer"),
        ("administrator", "auditor"),
        ("steward", "programme_officer"),
        ("auditor", "programme_officer"),
        ("auditor", "steward"),
        ("auditor", "analyst"),
        ("auditor", "data_protection_officer"),
        ("developer", "analyst"),
        ("developer", "help_desk"),
    ],
)
def test_nobody_holds_two_roles_of_which_one_watches_the_other(one: str, other: str) -> None:
    assert why_not_together(one, other)
    assert why_not_together(one, other) == why_not_together(other, one)
    with pytest.raises(Conflict) as refused:
        check_role(WantedRole(role=one), [other], TODAY)
    assert refused.value.code == "officer.incompatible"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("analyst", "programme_officer"),
        ("administrator", "steward"),
        ("planner", "auditor"),
        ("help_desk", "programme_officer"),
    ],
)
def test_other_roles_go_together(one: str, other: str) -> None:
    assert why_not_together(one, other) is None
    check_role(WantedRole(role=one), [other], TODAY)


def test_an_auditor_goes_only_with_roles_that_decide_nothing() -> None:
    together = {role for role in RIGHTS if not why_not_together("auditor", role)} - {"auditor"}
    assert together == {
        role for role, rights in RIGHTS.items() if not rights.pages & DECIDING
    } - set(ALONE)
    assert not RIGHTS["auditor"].pages & DECIDING


@pytest.mark.parametrize(
    ("first", "last", "allowed"),
    [
        (None, None, True),
        (None, TODAY, True),
        (None, TODAY - timedelta(days=1), False),
        (TODAY + timedelta(days=3), TODAY + timedelta(days=2), False),
        (TODAY + timedelta(days=3), TODAY + timedelta(days=3), True),
        (None, TODAY + timedelta(days=4000), False),
    ],
)
def test_a_role_has_a_day_left(first: date | None, last: date | None, allowed: bool) -> None:
    wanted = WantedRole(role="analyst", valid_from=first, valid_until=last)
    if allowed:
        check_role(wanted, [], TODAY)
        return
    with pytest.raises(NotUnderstood) as refused:
        check_role(wanted, [], TODAY)
    assert refused.value.code == "officer.days"


def test_a_role_that_is_none_or_is_held_is_refused() -> None:
    with pytest.raises(NotUnderstood):
        check_role(WantedRole(role="king"), [], TODAY)
    with pytest.raises(Conflict) as refused:
        check_role(WantedRole(role="analyst"), ["analyst"], TODAY)
    assert refused.value.code == "officer.role_held"


@pytest.mark.parametrize(
    ("first", "last", "ended", "state"),
    [
        (None, None, False, "now"),
        (TODAY, TODAY, False, "now"),
        (None, TODAY - timedelta(days=1), False, "over"),
        (TODAY + timedelta(days=1), None, False, "coming"),
        (None, None, True, "ended"),
    ],
)
def test_how_a_role_stands(first: date | None, last: date | None, ended: bool, state: str) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    grant = Grant(
        role_id=1,
        officer_id=1,
        role="analyst",
        programmes=None,
        areas=None,
        valid_from=first,
        valid_until=last,
        given_at=at,
        given_by=None,
        ended_at=at if ended else None,
    )
    assert grant.state(TODAY) == state


@pytest.mark.parametrize(
    "password",
    [
        "my dog eats green shoes",
        "ተማሪዎች በጠዋት ይመጣሉ",
        "8374 2938 4756 1029",
        "Tr0ub4dor-and-more",
        "password of my own house",
        "Ada has a red bicycle",
    ],
)
def test_long_passwords_of_ones_own_are_taken(password: str) -> None:
    check_password(password, "ada.admin@example.org", "Ada Admin")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "officer.password"),
        ("x" * 1025, "officer.password"),
        ("Password123456", "officer.password_common"),
        ("P4ssw0rd!!!!2026", "officer.password_common"),
        ("qwertyuiop12", "officer.password_common"),
        ("123456789012", "officer.password_common"),
        ("aaaaaaaaaaaaaa", "officer.password_common"),
        ("abcabcabcabc", "officer.password_common"),
        ("Ada.Admin.2026!", "officer.password_common"),
        ("ada.admin@example.org", "officer.password_common"),
        ("motdepasse2026", "officer.password_common"),
    ],
)
def test_passwords_that_are_tried_first_are_refused(password: str, code: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        check_password(password, "ada.admin@example.org", "Ada Admin")
    assert refused.value.code == code
    assert password not in refused.value.message


def test_nobody_is_suspended_sooner_than_they_were_told() -> None:
    seen = datetime(2026, 1, 1, tzinfo=UTC)
    late = seen + timedelta(days=200)
    assert day_of_suspension(seen, None, 90) == seen + timedelta(days=90)
    assert day_of_suspension(seen, seen + timedelta(days=76), 90) == seen + timedelta(days=90)
    assert day_of_suspension(seen, late, 90) == late + WARNED_BEFORE
