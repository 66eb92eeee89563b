"""The worked examples of the catalogue of overlaps and flows, counted by both engines."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from ibr.coverage.catalogue.model import Indicator
from ibr.coverage.catalogue.overlap import OVERLAP
from ibr.coverage.figures.model import breakdown_of, share_cell
from ibr.overlaps.checks.model import Tables
from ibr.overlaps.checks.story import Story, Who
from ibr.periods import Month
from tests.overlap_engines import Engines, by_place

SEPTEMBER, OCTOBER = Month(2026, 9), Month(2026, 10)


class Case(NamedTuple):
    """Where the figure of an example stands."""

    tables: Tables
    month: Month
    breakdown: str
    key: tuple[str, ...]


def _given(programmes: dict[str, dict[str, str]], **born: str) -> Story:
    """Programmes by code, each with the days on which its people were paid."""
    story = Story()
    record = 10
    for number, (code, paid) in enumerate(programmes.items(), 1):
        story.programme(number, code)
        for person, days in paid.items():
            record += 1
            birth = born.get(person, "1980-05-17")
            story.enrol(record, number, Who(500 + int(person[1:]), birth), paid=days)
    return story


def _paid(people: str, days: str) -> dict[str, str]:
    return dict.fromkeys(people.split(), days)


def _two() -> Story:
    return _given({"PEN": _paid("p1 p2 p3 p4 p5", "09-05"), "DIS": _paid("p4 p5 p6 p7", "09-07")})


def _excluding() -> Story:
    story = _two().pair(1, 2, tolerance=10)
    # The fifth person's pension ended on the tenth; the other benefit began on the first.
    pension, other = (
        next(
            row
            for row in story.tables["span"]
            if row["programme_id"] == programme and row["record_id"] == record
        )
        for programme, record in ((1, 15), (2, 17))
    )
    pension["last_day"] = pension["first_day"].replace(month=9, day=10)
    other["first_day"] = other["first_day"].replace(month=9, day=1)
    return story


def _waived() -> Story:
    old = dict.fromkeys(("p1", "p2", "p3", "p4"), "1950-03-03")
    story = _given(
        {"PEN": _paid("p1 p2 p3 p4 p5", "09-05"), "HEW": _paid("p1 p2 p3 p9", "09-06")},
        **old,
        p5="1960-03-03",
    )
    return story.pair(1, 2, "complementary", min_age=70, entitled_to="HEW")


def _october() -> Story:
    return _given(
        {
            "PEN": _paid("p2 p3 p4", "09-05 10-05")
            | _paid("p1", "09-05")
            | _paid("p5 p6", "10-05"),
        }
    )


def _back() -> Story:
    every = " ".join(f"{month:02}-05" for month in range(3, 11))
    return _given({"PEN": {"p1": "03-05 07-05", "p2": "03-05", "p3": "03-05", "p4": every}})


def _grown() -> Story:
    return _given(
        {
            "CHG": _paid("p2 p3 p4", "09-05 10-05") | _paid("p1", "09-05"),
            "STU": _paid("p1", "10-09"),
        }
    )


CASES = {
    "O1": Case(_two().tables, SEPTEMBER, "programme*with", ("DIS", "PEN")),
    "O2": Case(_two().tables, SEPTEMBER, "programme*with", ("PEN", "DIS")),
    "O3": Case(_two().tables, SEPTEMBER, "programme*with", ("DIS", "PEN")),
    "O4": Case(_two().tables, SEPTEMBER, "programmes", ("2",)),
    "O5": Case(_two().tables, SEPTEMBER, "combination", ("DIS+PEN",)),
    "O6": Case(_excluding().tables, SEPTEMBER, "programme*with*part", ("DIS", "PEN", "suspected")),
    "O7": Case(_waived().tables, SEPTEMBER, "programme*with", ("PEN", "HEW")),
    "D1": Case(_october().tables, OCTOBER, "programme*part", ("PEN", "new")),
    "D2": Case(_october().tables, OCTOBER, "programme", ("PEN",)),
    "D3": Case(_back().tables, OCTOBER, "programme", ("PEN",)),
    "D4": Case(_grown().tables, OCTOBER, "programme*to", ("CHG", "STU")),
}


@pytest.mark.parametrize("indicator", OVERLAP, ids=lambda each: each.code)
def test_the_worked_example_comes_out(indicator: Indicator) -> None:
    code, example = indicator.code, indicator.example
    case = CASES[code]
    engines = Engines(case.tables, [case.month])
    for counted in (engines.fast(case.month), engines.plain(case.month)):
        cell = by_place(counted)[code, case.breakdown][case.key]
        found = (cell.numerator, cell.denominator, cell.value)
        assert found == (example.numerator, example.denominator, example.value)


@pytest.mark.parametrize("indicator", OVERLAP, ids=lambda each: each.code)
def test_a_breakdown_is_written_as_it_is_looked_for(indicator: Indicator) -> None:
    for breakdown in indicator.breakdowns:
        assert breakdown == breakdown_of(*filter(None, breakdown.split("*")))


def test_people_who_stand_in_one_combination_add_up_to_everybody() -> None:
    found = by_place(Engines(_two().tables, [SEPTEMBER]).fast(SEPTEMBER))
    assert sum(cell.numerator or 0 for cell in found["O5", "combination"].values()) == 7
    assert sum(cell.numerator or 0 for cell in found["O4", "programmes"].values()) == 7


def test_more_programmes_than_one_word_holds_are_kept_apart() -> None:
    programmes = {f"P{number:03}": {"p1": "09-05"} for number in range(130)}
    programmes["P007"] |= {"p2": "09-05"}
    programmes["P129"] |= {"p2": "09-05", "p3": "09-05"}
    found = by_place(Engines(_given(programmes).tables, [SEPTEMBER]).fast(SEPTEMBER))
    assert {key[0] for key in found["O5", "combination"]} == {
        "+".join(f"P{number:03}" for number in range(130)),
        "P007+P129",
        "P129",
    }
    assert found["O4", "programmes"][("4+",)].numerator == 1


def test_nobody_leaves_a_programme_that_pays_every_second_month() -> None:
    story = Story().programme(1, "PEN", cycle=2)
    story.enrol(11, 1, Who(501), paid="05-05 07-05 09-05")
    found = by_place(Engines(story.tables, [OCTOBER]).fast(OCTOBER))
    assert found["D1", "programme*part"]["PEN", "left"].numerator == 0
    assert found["D2", "programme"][("PEN",)].value == "1.0000"


def test_control_with_a_monthly_cycle_the_same_person_leaves() -> None:
    story = Story().programme(1, "PEN", cycle=1)
    story.enrol(11, 1, Who(501), paid="05-05 07-05 09-05")
    found = by_place(Engines(story.tables, [OCTOBER]).fast(OCTOBER))
    assert found["D1", "programme*part"]["PEN", "left"].numerator == 1


def test_a_month_in_which_a_programme_reached_nobody_is_said_to_be_known_in_part() -> None:
    story = _given({"PEN": _paid("p1 p2", "08-05 09-05"), "DIS": _paid("p1", "09-05 10-05")})
    found = by_place(Engines(story.tables, [OCTOBER]).fast(OCTOBER))
    assert found["D1", "programme*part"]["PEN", "left"].notes == ("partly_known",)
    assert found["D1", "programme*part"]["DIS", "left"].notes == ()


def test_of_the_first_month_nothing_is_said_of_flows() -> None:
    found = by_place(Engines(_two().tables, [SEPTEMBER]).fast(SEPTEMBER))
    assert not [place for place in found if place[0].startswith("D")]


REASONS = {
    "death": lambda story: story.died(501, "2026-10-02", "2026-10-20"),
    "aged_out": lambda story: story.rule(1, "age_to", years=17),
    "unknown": lambda story: story,
}


@pytest.mark.parametrize("reason", REASONS)
def test_people_leave_for_the_reason_that_is_known(reason: str) -> None:
    story = _given({"CHG": _paid("p1", "09-05") | _paid("p2", "09-05 10-05")}, p1="2008-09-20")
    found = by_place(Engines(REASONS[reason](story).tables, [OCTOBER]).fast(OCTOBER))
    assert found["D4", "programme*part"] == {
        ("CHG", reason): share_cell(("CHG", reason), 1, 1),
    }
    assert set(found["D4", "to*part"]) == {("none", reason)}


def test_confirmed_overlaps_are_said_only_where_they_are_handed_in() -> None:
    engines = Engines(_excluding().tables, [SEPTEMBER])
    without = by_place(engines.fast(SEPTEMBER))["O6", "part"]
    assert set(without) == {("suspected",)}
    told = by_place(engines.fast(SEPTEMBER, {(1, 2): {90, 91, 92}}))["O6", "part"]
    assert told[("confirmed",)].numerator == 3


def test_of_a_pair_of_households_everybody_counts_whom_both_reach_there() -> None:
    story = Story().programme(1, "PEN").programme(2, "CHG").programme(3, "HOM", unit=2)
    story.enrol(11, 1, Who(501), paid="09-05").enrol(12, 2, Who(502), paid="09-05")
    story.enrol(13, 3, Who(501), Who(502), Who(503))
    apart = by_place(Engines(story.pair(1, 2).tables, [SEPTEMBER]).fast(SEPTEMBER))
    assert apart["O6", "part"][("suspected",)].numerator == 0
    story.tables["pair"][-1]["unit"] = "household"
    together = by_place(Engines(story.tables, [SEPTEMBER]).fast(SEPTEMBER))
    assert together["O6", "part"][("suspected",)].numerator == 2
