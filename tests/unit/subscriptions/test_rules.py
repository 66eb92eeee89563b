"""Where news go, who may hear of what, and filters in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from ibr.access.model import Partner
from ibr.access.scopes import SUBSCRIBE
from ibr.questions.filters import compare
from ibr.registry.search.model import And, Attribute, Compare, Filter, Not, Operator, Or
from ibr.registry.search.normal import normal
from ibr.subscriptions.model import Frequency
from ibr.subscriptions.rules import (
    address_from,
    in_words,
    moments,
    notify_address,
    reach_of,
)
from ibr.subscriptions.schedule import read_schedule

HOST = "https://mis.example.org"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PARTNER = Partner(
    partner_id=1,
    sender_id="x",
    name="x",
    client_id="x",
    secret_hash="",
    signature_policy="required",
    signature_profile="canonical",
    scopes=frozenset({SUBSCRIBE}),
    ask=frozenset({1}),
    report=frozenset({2}),
    purpose_code="x",
    suspended=False,
)


@pytest.mark.parametrize(
    ("asked_from", "registered", "wanted"),
    [
        (None, [HOST], None),
        (f"{HOST}/a/on-subscribe", [HOST], f"{HOST}/a/notify"),
        (f"{HOST}/a/on-subscribe", [f"{HOST}/a"], f"{HOST}/a/notify"),
        (f"{HOST}/a/on-subscribe", [f"{HOST}/a/on-subscribe"], f"{HOST}/a/on-subscribe"),
        (f"{HOST}/a/on-subscribe/x", [HOST], f"{HOST}/a/on-subscribe/x"),
        (f"{HOST}/a/not-on-subscribe", [HOST], f"{HOST}/a/not-on-subscribe"),
    ],
)
def test_the_address_that_a_subscription_came_with(
    asked_from: str | None, registered: list[str], wanted: str | None
) -> None:
    assert address_from(asked_from, registered) == wanted


@pytest.mark.parametrize(
    ("registered", "kept", "wanted"),
    [
        ([f"{HOST}/notify"], f"{HOST}/kept", f"{HOST}/notify"),
        ([f"{HOST}/notify/"], None, f"{HOST}/notify/"),
        ([f"{HOST}/a", f"{HOST}/b"], f"{HOST}/kept", f"{HOST}/kept"),
        ([f"{HOST}/a", f"{HOST}/b"], None, None),
        ([f"{HOST}/a"], None, f"{HOST}/a"),
        ([f"{HOST}/a", f"{HOST}/on-subscribe"], None, f"{HOST}/on-subscribe"),
        ([], None, None),
        ([f"{HOST}/not-notify"], f"{HOST}/kept", f"{HOST}/kept"),
    ],
)
def test_the_address_news_go_to(
    registered: list[str], kept: str | None, wanted: str | None
) -> None:
    assert notify_address(registered, kept) == wanted


def test_a_partner_hears_of_the_programmes_in_its_reach() -> None:
    assert reach_of(PARTNER) == {1, 2}


@pytest.mark.parametrize(
    "partner",
    [
        None,
        replace(PARTNER, suspended=True),
        replace(PARTNER, scopes=frozenset({"registry.search"})),
        replace(PARTNER, ask=frozenset(), report=frozenset()),
    ],
)
def test_whoever_lost_the_right_hears_of_nothing(partner: Partner | None) -> None:
    assert reach_of(partner) == frozenset()


def test_without_a_schedule_there_are_no_moments() -> None:
    assert moments(Frequency(), NOON, NOON) is None


def test_the_moments_around_now() -> None:
    daily = Frequency(schedule=read_schedule("0 0 6 * * ?"))
    found = moments(daily, NOON - timedelta(days=3), NOON)
    assert found is not None
    assert (found.last, found.next) == (
        datetime(2026, 11, 22, 6, tzinfo=UTC),
        datetime(2026, 11, 23, 6, tzinfo=UTC),
    )


def test_after_the_end_no_moment_comes() -> None:
    daily = Frequency(schedule=read_schedule("0 0 6 * * ?"), end_at=NOON + timedelta(hours=1))
    found = moments(daily, NOON - timedelta(days=3), NOON)
    assert found is not None
    assert found.next is None


def by(attribute: Attribute, operator: Operator, value: object) -> Filter:
    return normal(compare(attribute, operator, value, attribute))


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Compare("identifier", "in", (b"1", b"2")), "identifier is one of 2 hidden ones"),
        (by("disabled", "eq", "true"), "disabled is yes"),
        (by("group_size", "ge", 4.5), "group size is from 4.5"),
        (by("born_on", "lt", "1960"), "born on is before 1960"),
        (by("born_on", "eq", "1960-05"), "born on is 1960-05"),
        (by("enrolled_on", "gt", "2026-01-15"), "enrolled on is after 2026-01-15"),
        (by("status", "in", "2,3"), "status is one of Deceased, Graduated"),
        (by("sex", "ne", "female"), "not (sex is Female)"),
        (by("region", "in", list("ABCDEFG")), "region is one of A, B, C, D, E, 2 more"),
        (
            And((by("unit", "eq", "1"), Not(by("benefit_type", "eq", "1")))),
            "unit is Member and not (benefit type is Cash)",
        ),
        (
            Or(
                (
                    And((by("region", "eq", "N"), by("sub_region", "eq", "D"))),
                    by("sex", "eq", "male"),
                )
            ),
            "(region is N and sub region is D) or sex is Male",
        ),
    ],
)
def test_a_filter_in_words_names_nobody(wanted: Filter, said: str) -> None:
    assert in_words(wanted) == said
