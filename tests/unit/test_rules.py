"""The rules of the merge: which record, which word stands, which status (reliability A8)."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibr.codelists.enrolment_status import counts_as_enrolled
from ibr.interop.dci.messages.read_beneficiary import read_beneficiary
from ibr.registry.beneficiaries.model import Document
from ibr.registry.beneficiaries.rules import add_up, record_identifier
from ibr.registry.benefits.model import benefit_key
from ibr.registry.enrolment.rules import ASSUMED, history_of, later, reported_standing
from ibr.reported.beneficiary import Reported
from ibr.reported.parts import Given
from tests.people import a_household, a_member, an_identifier, enrolled

START = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.integers(0, 4).map(lambda day: START + timedelta(days=day))
words = st.fixed_dictionaries(
    {},
    optional={
        "marital_status": st.sampled_from(["S", "M", "W"]),
        "is_disabled": st.booleans(),
        "demographic_info": st.fixed_dictionaries(
            {"sex": st.sampled_from(["male", "female"])},
            optional={"birth_date": st.sampled_from(["1990", "1991"])},
        ),
        "member_identifier": st.lists(
            st.builds(an_identifier, st.sampled_from("12"), st.sampled_from(["UIN", "uin", "NID"])),
            max_size=2,
        ),
    },
)


def all_together(reports: list[tuple[datetime, dict[str, Any]]]) -> Document:
    (as_of, first), *rest = reports
    document, newest = Document(member=first), as_of
    for at, word in rest:
        document = add_up(document, newest, Document(member=word), at, newer=at >= newest)
        newest = max(newest, at)
    return document


@given(st.lists(st.tuples(moments, words), min_size=2, max_size=4), st.randoms())
def test_words_add_up_to_the_same_in_any_order(
    reports: list[tuple[datetime, dict[str, Any]]], chance: Any
) -> None:
    other = list(reports)
    chance.shuffle(other)
    one, two = all_together(reports), all_together(other)
    assert one.member == two.member
    assert one.older == two.older


@given(st.lists(st.tuples(moments, words), min_size=1, max_size=4))
def test_the_same_words_again_change_nothing(
    reports: list[tuple[datetime, dict[str, Any]]],
) -> None:
    once, twice = all_together([*reports, *reports]), all_together([*reports, *reports, *reports])
    assert once == twice


def test_a_report_says_nothing_about_what_it_does_not_carry() -> None:
    told = all_together([(START, {"marital_status": "M"}), (START, {"is_disabled": False})])
    assert told.member == {"marital_status": "M", "is_disabled": False}


def test_one_number_is_replaced_and_the_others_stay() -> None:
    first = [an_identifier("1", "UIN"), an_identifier("2", "NID")]
    told = all_together(
        [
            (START, {"member_identifier": first}),
            (START + timedelta(1), {"member_identifier": [an_identifier("3", "uin")]}),
        ]
    )
    assert told.member is not None
    assert {each["identifier_value"] for each in told.member["member_identifier"]} == {"2", "3"}


standings = st.builds(reported_standing, st.integers(1, 7), st.none() | moments, moments) | st.just(
    ASSUMED
)


@given(standings, standings, standings)
def test_the_standing_is_the_same_in_any_order(one: Any, other: Any, third: Any) -> None:
    found = {later(later(a, b), c) for a, b, c in itertools.permutations([one, other, third])}
    assert len(found) == 1


def test_at_the_same_moment_an_end_outranks_the_rest() -> None:
    active, dead = (reported_standing(status, START, START) for status in (1, 2))
    assert later(active, dead) == later(dead, active) == dead


def test_any_word_overrides_what_was_only_assumed() -> None:
    old = reported_standing(4, datetime(1850, 1, 1, tzinfo=UTC), START)
    assert later(ASSUMED, old) == later(old, ASSUMED) == old


def test_dates_without_their_status_are_history_too() -> None:
    standing = reported_standing(4, START, START)
    earlier = START - timedelta(9)
    told = history_of(standing, [earlier, START], dated=True, differs=True)
    assert told == [(earlier, 0), (START, 4)]


def test_an_undated_status_is_history_only_when_it_is_news() -> None:
    standing = reported_standing(1, None, START)
    assert history_of(standing, [], dated=False, differs=False) == []
    assert history_of(standing, [], dated=False, differs=True) == [(START, 1)]


@pytest.mark.parametrize("counts", [True, False])
def test_which_statuses_are_yes(counts: bool) -> None:
    said = [counts_as_enrolled(status, suspended_counts=counts) for status in range(8)]
    assert said == [False, True, False, False, counts, True, True, True]


def reported(record: dict[str, Any]) -> Reported:
    read = read_beneficiary(msgspec.json.encode(record), 0, START, lambda _: "USD")
    assert isinstance(read, list), read
    return read[0]


def with_numbers(*numbers: dict[str, str]) -> Reported:
    record = enrolled("1", "DCI001", enrollment_date="2025-12-15", status_change_date=[])
    record["member"]["member_identifier"] = list(numbers)
    return reported(record)


@pytest.mark.parametrize(
    ("kinds", "chosen"),
    [
        (["UIN"], "UIN"),
        (["NID", "UIN"], "UIN"),
        (["UIN", "PROGRAMME_NUMBER"], "PROGRAMME_NUMBER"),
        (["MOBILE"], None),
        (["MOBILE", "FOO"], "FOO"),
        (["FOO", "BAR"], "BAR"),
        (["BAR", "FOO"], "BAR"),
    ],
)
def test_a_record_is_found_again_by_its_most_trusted_number(
    kinds: list[str], chosen: str | None
) -> None:
    found = record_identifier(with_numbers(*(an_identifier("1", kind) for kind in kinds)))
    assert (found.kind if found else None) == chosen


def test_the_order_of_its_numbers_never_decides_whose_record_it_is() -> None:
    numbers = [an_identifier("2", "FOO"), an_identifier("1", "FOO"), an_identifier("0", "BAR")]
    found = {record_identifier(with_numbers(*each)) for each in itertools.permutations(numbers)}
    assert len(found) == 1


def test_a_household_is_found_by_its_own_number() -> None:
    record = a_household("H1", a_member("1"), head=a_member("2"))
    record["programme_identifier"] = [{"programme_identifier": "DCI001"}]
    found = record_identifier(reported(record))
    assert found is not None
    assert (found.kind, found.value) == ("HOUSEHOLD", "H1")


def test_the_same_benefit_twice_is_one() -> None:
    one = Given(1, START, 500, "USD")
    assert benefit_key(one) == benefit_key(Given(1, START, 500, "USD"))
    others = [Given(2, START, 500, "USD"), Given(1, START, 501, "USD"), Given(1, START, 500, "EUR")]
    assert benefit_key(one) not in {benefit_key(each) for each in others}
