"""How large whose budget is, when it begins anew, what is left."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from ibr.access.budgets.model import Account, Limit, Used
from ibr.access.budgets.rules import (
    GUESSING_OFFICER,
    OFFICERS,
    Own,
    account_of,
    is_over,
    left_of,
    limit_of,
    wait_for,
)
from ibr.asker import Asker, Purpose

PARTNER = Limit(500, 900)
NOON = datetime(2026, 11, 23, 12, 15, tzinfo=UTC)


def asker(
    kind: str = "partner", purpose: str = "enrolment_check", role: str | None = None
) -> Asker:
    return Asker(
        kind=kind,  # type: ignore[arg-type]  # the table below names the kinds
        id=7,
        name="x",
        purpose=Purpose(purpose),
        ask=frozenset(),
        role=role,
    )


CLERK = asker("officer", "complaint", "programme_officer")


@pytest.mark.parametrize(
    ("who", "own", "expected"),
    [
        (asker(), {}, PARTNER),
        (asker(purpose="made up"), {}, PARTNER),
        (CLERK, {}, OFFICERS["complaint"]),
        (asker("officer", "complaint", "administrator"), {}, Limit(30, 100)),
        (asker(), {("partner", 7, ""): Limit(1, 2)}, Limit(1, 2)),
        (asker(), {("partner", 8, ""): Limit(1, 2)}, PARTNER),
        (asker(), {("partner", 7, "enrolment_check"): Limit(3, 4)}, Limit(3, 4)),
        (asker(purpose="audit"), {("partner", 7, "enrolment_check"): Limit(3, 4)}, PARTNER),
        (CLERK, {("officer", 7, "complaint"): Limit(5, 6)}, Limit(5, 6)),
    ],
)
def test_the_nearest_budget_counts(who: Asker, own: Own, expected: Limit) -> None:
    assert limit_of(who, own, PARTNER, guessing=False) == expected


def test_whoever_guesses_has_little_left_and_never_more_than_before() -> None:
    assert limit_of(CLERK, {}, PARTNER, guessing=True) == GUESSING_OFFICER
    assert limit_of(asker(), {}, PARTNER, guessing=True) == PARTNER


def test_new_words_for_a_purpose_bring_no_new_budget() -> None:
    first, second = asker(purpose="first"), asker(purpose="second")
    assert account_of(first, {}, NOON) == account_of(second, {}, NOON)
    own: Own = {("partner", 7, "first"): PARTNER}
    assert account_of(first, own, NOON) != account_of(second, own, NOON)


def test_an_officers_purposes_have_budgets_of_their_own() -> None:
    other = asker("officer", "data_correction")
    assert account_of(CLERK, {}, NOON) != account_of(other, {}, NOON)


def counted(people: int, hour_people: int, hour: int = 12) -> Used:
    account = Account(date(2026, 11, 23), "partner", 7, "")
    return Used(account=account, people=people, hour_people=hour_people, hour=hour)


@pytest.mark.parametrize(
    ("used", "over"),
    [
        (counted(900, 500), False),
        (counted(901, 1), True),
        (counted(501, 501), True),
        (counted(0, 0), False),
    ],
)
def test_the_last_one_of_a_budget_is_still_in_it(used: Used, over: bool) -> None:
    assert is_over(used, PARTNER) is over


def test_what_is_left_begins_anew_with_the_hour() -> None:
    assert left_of(counted(600, 500), PARTNER, NOON).now == 0
    assert left_of(counted(600, 500, hour=11), PARTNER, NOON).now == 300
    assert left_of(None, PARTNER, NOON).now == 500
    assert left_of(counted(2_000, 0), PARTNER, NOON).today == 0


def test_waiting_lasts_until_the_next_hour_or_day() -> None:
    assert wait_for(NOON, a_day=False) == 45 * 60 + 1
    assert wait_for(NOON, a_day=True) == 11 * 3600 + 45 * 60 + 1
