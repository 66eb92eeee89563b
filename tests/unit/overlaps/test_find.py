"""Running one check: exempt programmes, parameters within their limits, periods."""

from __future__ import annotations

from datetime import date
from typing import Annotated, get_args, get_origin, get_type_hints

import msgspec
import pytest

from ibr.overlaps.checks.catalogue import BY_CODE, CHECKS
from ibr.overlaps.checks.find import find, find_plainly, parameters_of
from ibr.overlaps.checks.model import EXAMPLE_PERIOD, Check, Period
from ibr.overlaps.checks.story import Story, Who
from tests.check_tables import loaded

TWICE = BY_CODE["K01"]


def twice_in(programme: int) -> Story:
    who = Who(501)
    story = Story().programme(programme, "OAP").enrol(11, programme, who)
    return story.enrol(12, programme, who, since="2026-02-01")


def test_an_exempt_programme_is_left_out() -> None:
    limits = parameters_of(TWICE)
    for tables, expected in (
        (twice_in(1).tables, 1),
        (twice_in(1).exempt("K01", programme=1).tables, 0),
        (twice_in(1).exempt("K01", programme=2).tables, 1),
        (twice_in(1).exempt("K02", programme=1).tables, 1),
    ):
        assert len(find(loaded(tables), TWICE, limits, EXAMPLE_PERIOD)) == expected
        assert len(find_plainly(tables, TWICE, limits, EXAMPLE_PERIOD)) == expected


def test_an_exemption_ends_with_its_last_day() -> None:
    tables = twice_in(1).exempt("K01", programme=1).tables
    tables["exemption"][0]["valid_to"] = date(2026, 6, 30)
    limits = parameters_of(TWICE)
    assert len(find(loaded(tables), TWICE, limits, EXAMPLE_PERIOD)) == 1
    assert len(find_plainly(tables, TWICE, limits, EXAMPLE_PERIOD)) == 1


def test_nothing_is_found_outside_the_period() -> None:
    connection = loaded(twice_in(1).tables)
    earlier = Period(date(2025, 10, 1), date(2025, 12, 31))
    assert find(connection, TWICE, parameters_of(TWICE), earlier) == []
    assert find(connection, TWICE, parameters_of(TWICE), EXAMPLE_PERIOD) != []


def test_a_subject_does_not_move_with_the_period() -> None:
    connection = loaded(twice_in(1).tables)
    months = [Period(date(2026, month, 1), date(2026, month, 28)) for month in (7, 8, 9)]
    found = {
        each.subject
        for month in months
        for each in find(connection, TWICE, parameters_of(TWICE), month)
    }
    assert found == {"11-12"}


@pytest.mark.parametrize(
    "given", [{"tolerance_days": -1}, {"tolerance_days": "many"}, {"days": 1}], ids=str
)
def test_a_parameter_beyond_its_limits_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        parameters_of(TWICE, given)


def test_a_text_among_the_parameters_stays_a_text() -> None:
    check = BY_CODE["K02"]
    limits = parameters_of(check, {"kinds": ["UIN') or true --", "'; drop table number; --"]})
    connection = loaded(twice_in(1).number(11, 1, "UIN", 1).tables)
    assert find(connection, check, limits, EXAMPLE_PERIOD) == []
    assert connection.execute("select count(*) from number").fetchall() == [(1,)]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_every_parameter_says_what_it_means(check: Check) -> None:
    for name, hint in get_type_hints(check.parameters, include_extras=True).items():
        if name.startswith("__"):
            continue
        assert get_origin(hint) is Annotated, name
        assert any(each.description for each in get_args(hint)[1:]), name


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_an_empty_registry_gives_no_findings(check: Check) -> None:
    limits = parameters_of(check)
    assert find(loaded({}), check, limits, EXAMPLE_PERIOD) == []
    assert find_plainly({}, check, limits, EXAMPLE_PERIOD) == []
