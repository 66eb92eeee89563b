"""What stands is a function of the set of reports, never of the order they came in (A7, A8).

`IBR_TEST_EXAMPLES` sets how many examples are tried; in CI some sixty.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ibr.intake import enrolment_updates
from tests import plain_merge
from tests.door import Door, System
from tests.people import an_identifier
from tests.properties.merged import Batch, merge, state

EXAMPLES = int(os.environ.get("IBR_TEST_EXAMPLES", "60"))
CHECKED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
START = datetime(2026, 1, 1, tzinfo=UTC)

moments = st.integers(0, 5).map(lambda day: START + timedelta(days=day))
dates = moments.map(datetime.isoformat)


def optional(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=members)


@st.composite
def records(draw: st.DrawFn, dated: bool = True) -> dict[str, Any]:
    """One report of one of three people in one of two programmes, saying more or less."""
    number = draw(st.sampled_from("123"))
    numbers = [an_identifier(f"P{number}", "PROGRAMME_NUMBER")]
    for kind in draw(st.sets(st.sampled_from(["UIN", "NID", "MOBILE"]))):
        numbers.append(an_identifier(draw(st.sampled_from(["7", "8", "9"])), kind))
    person = draw(
        optional(
            sex=st.sampled_from(["male", "female", "other"]),
            birth_date=st.sampled_from(["1990", "1990-04", "1990-04-01", "1991-01-01"]),
            name=st.sampled_from([{"surname": "A"}, {"surname": "B", "given_name": "é"}]),
            phone_number=st.sampled_from([["+1"], ["+2", "+3"]]),
        )
    )
    member = draw(optional(is_disabled=st.booleans(), marital_status=st.sampled_from(["M", "S"])))
    member["member_identifier"] = draw(st.permutations(numbers))
    if person:
        member["demographic_info"] = person
    status = optional(
        enrollment_status=st.sampled_from("1234567"),
        status_change_date=st.lists(dates, min_size=1, max_size=2, unique=True),
    )
    record = draw(status)
    if dated and "status_change_date" not in record:
        record.pop("enrollment_status", None)
    benefit = st.fixed_dictionaries(
        {
            "benefit_type": st.just("1"),
            "benefit_date": dates,
            "benefit_value": st.sampled_from(["USD 5.00", "USD 7.50"]),
        }
    )
    return {
        **record,
        **draw(optional(enrollment_date=dates, benefits=st.lists(benefit, max_size=2))),
        "assistance_unit": draw(st.sampled_from(["1", "2"])),
        "member": member,
        "programme_identifier": [
            {"programme_identifier": draw(st.sampled_from(["DCI001", "DCI002"]))}
        ],
    }


def batches(dated: bool = True, most: int = 6) -> st.SearchStrategy[list[Batch]]:
    several = st.lists(records(dated), min_size=1, max_size=most)
    return st.lists(st.tuples(moments, several), min_size=1, max_size=min(most, 5))


@st.composite
def shuffled(draw: st.DrawFn, dated: bool = True, most: int = 6) -> tuple[list[Batch], list[Batch]]:
    """Some batches, and the same ones in another order, records too, some of them twice."""
    given_ = draw(batches(dated, most))
    again = draw(st.permutations(given_ + draw(st.lists(st.sampled_from(given_), max_size=2))))
    return given_, [(as_of, draw(st.permutations(list(own)))) for as_of, own in again]


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner()


def after(
    door: Door, system: System, batches_: list[Batch], *, ahead: bool = False
) -> dict[str, Any]:
    async def merged() -> dict[str, Any]:
        await merge(door, system, batches_, ahead=ahead)
        return await state(door)

    return door.run(merged())


@CHECKED
@given(shuffled())
def test_the_order_of_arrival_does_not_matter(
    door: Door, system: System, both: tuple[list[Batch], list[Batch]]
) -> None:
    one, other = both
    assert after(door, system, one) == after(door, system, other)


@CHECKED
@given(batches())
def test_drafting_ahead_changes_nothing(door: Door, system: System, given_: list[Batch]) -> None:
    assert after(door, system, given_, ahead=True) == after(door, system, given_)


def test_control_a_draft_that_is_never_doubted_is_found(
    door: Door, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrolment_updates, "still_holds", lambda *_: True)
    search = settings(
        max_examples=200,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )

    @search
    @given(batches())
    def compare(given_: list[Batch]) -> None:
        assert after(door, system, given_, ahead=True) == after(door, system, given_)

    with pytest.raises((AssertionError, asyncpg.PostgresError, KeyError)):
        compare()


@CHECKED
@given(shuffled(dated=False))
def test_even_where_a_status_has_no_date(
    door: Door, system: System, both: tuple[list[Batch], list[Batch]]
) -> None:
    """All but the history: an undated status is history only where it was news when it came."""
    first, second = (after(door, system, each) for each in both)
    del first["history"], second["history"]
    assert first == second


@CHECKED
@given(batches())
def test_the_merge_says_what_the_plain_one_says(
    door: Door, system: System, given_: list[Batch]
) -> None:
    real = after(door, system, given_)
    plain = plain_merge.add_up((as_of, each) for as_of, own in given_ for each in own)
    enrolments = {row[0]: row for row in real["enrolments"]}
    assert len(enrolments) == len(plain)
    for (code, number), wanted in plain.items():
        key = key_of(door, code, number)
        _, _, enrolled_at, status, status_at, _, as_of, count, total, *_ = enrolments[key]
        assert (enrolled_at, status, status_at, as_of) == tuple(
            wanted[name] for name in ("enrolled_at", "status", "status_at", "as_of")
        )
        assert (count, total) == (
            len(wanted["benefits"]),
            sum(value for _, value in wanted["benefits"]),
        )
        assert {row[1:] for row in real["history"] if row[0] == key} == wanted["history"]
        same_content(real["content"][key], wanted["content"])
        same_index(door, real, key, wanted)


def key_of(door: Door, code: str, number: str) -> str:
    programme = door.services.book.programmes_by_code[code.casefold()].programme_id
    return door.services.blind_index.of_record(programme, "PROGRAMME_NUMBER", number).hex()


def same_content(real: dict[str, Any], wanted: dict[str, list[Any]]) -> None:
    """Each attribute is what the newest report said; where two said so at once, one of them."""
    told = plain_merge.attributes(real)
    assert set(told) == set(wanted)
    for path, value in told.items():
        assert value in [_sorted(each) for each in wanted[path]], path


def _sorted(value: Any) -> Any:
    return sorted(value, key=repr) if isinstance(value, list) else value


def same_index(door: Door, real: dict[str, Any], key: str, wanted: dict[str, Any]) -> None:
    """Every number that stands answers, with the status that stands; no other does."""
    numbers = plain_merge.identifiers(real["content"][key])
    indexes = {
        door.services.blind_index.of(each["identifier_type"], each["identifier_value"])
        for each in numbers
    }
    own = [row for row in real["index"] if row[0] == key]
    assert {row[1] for row in own} == indexes
    assert {(row[5], row[6]) for row in own} == {(wanted["status"], wanted["status_at"])}
    assert {row[1] for row in real["identifiers"] if row[0] == key} == indexes


# The controls: a merge with a seeded fault must be caught.


def caught(door: Door, system: System, examples: int = 300) -> bool:
    """Whether the property finds a counter-example."""

    @settings(
        CHECKED,
        max_examples=examples,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        report_multiple_bugs=False,
    )
    @given(shuffled(most=3))
    def property_(both: tuple[list[Batch], list[Batch]]) -> None:
        one, other = both
        assert after(door, system, one) == after(door, system, other)

    try:
        property_()
    except AssertionError:
        return True
    return False


def test_control_a_status_that_the_last_to_come_decides_is_caught(
    door: Door, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "ibr.registry.enrolment.model.Standing.stands_before", lambda one, other: True
    )
    assert caught(door, system)


def test_control_content_that_the_last_to_come_decides_is_caught(
    door: Door, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ibr.registry.beneficiaries.rules._wins", lambda *_: True)
    assert caught(door, system)


def test_control_a_date_of_enrolment_that_the_last_to_come_decides_is_caught(
    door: Door, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    def last(self: Any, record: Any, enrolled_at: datetime | None) -> None:
        record.enrolled_at = enrolled_at or record.enrolled_at

    monkeypatch.setattr("ibr.intake.plan.Planner._enrolled_at", last)
    assert caught(door, system)
