"""Simulations over a small country, worked out by hand, and what must hold of every one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyroaring import BitMap

from ibr.coverage.engine.ground import Ground, keep_ground, newest_ground, read_ground
from ibr.coverage.what_if.change import some_of
from ibr.coverage.what_if.model import ChangeAge, Close, Exclude, Line, Open, Outcome, Overlap
from ibr.coverage.what_if.simulate import simulate
from ibr.errors import NotFound, NotUnderstood
from ibr.periods import Month
from tests.check_populations import CODES, population
from tests.conftest import scratch_folder
from tests.what_if_ground import MAN_30, OLDEST, ground, small_country

GROUND = ground(small_country().tables)


def line(lines: list[Line], key: str) -> Line:
    return next(each for each in lines if each.key == key)


def people(lines: list[Line]) -> dict[str, tuple[int, int]]:
    return {each.key: (each.before.people, each.after.people) for each in lines}


def test_before_any_change_everybody_stands_where_they_are() -> None:
    found = simulate(GROUND, [])
    assert found.recorded == 7
    assert found.whole.before.people == 4
    assert found.whole.before.money == {"XTS": 3100_00}
    assert people(found.sexes) == {"1": (2, 2), "2": (2, 2)}
    assert people(found.areas) == {"D1": (3, 3), "D2": (1, 1)}
    assert people(found.ages) == {
        "30-34": (1, 1),
        "60-64": (1, 1),
        "65-69": (1, 1),
        "70-74": (1, 1),
    }
    assert found.by_number == [
        Overlap(("1",), 3, 3),
        Overlap(("2",), 1, 1),
        Overlap(("3",), 0, 0),
        Overlap(("4+",), 0, 0),
    ]


def test_closing_a_programme_takes_its_benefits_and_no_others() -> None:
    found = simulate(GROUND, [Close(("PEN",))])
    assert found.whole.after.people == 2
    assert found.whole.after.money == {"XTS": 1600_00}
    assert line(found.programmes, "PEN").after.people == 0
    assert line(found.programmes, "DIS").after.people == 2
    assert (found.lose_all, found.lose_some, found.reached_anew) == (2, 1, 0)
    assert found.pairs == [Overlap(("DIS", "PEN"), 1, 0)]
    assert line(found.areas, "D1").lose == 2


def test_a_lower_age_lets_in_whom_it_newly_fits() -> None:
    found = simulate(GROUND, [ChangeAge(programme="PEN", age_from=62)])
    counted = found.counted[0]
    # The woman of 64 receives already, though the limit of today does not fit her.
    assert (counted.entitled, counted.enter, counted.leave) == (1, 1, 0)
    assert line(found.programmes, "PEN").after.people == 4
    assert line(found.programmes, "PEN").after.money == {"XTS": 2000_00}
    assert (found.reached_anew, found.gain_more) == (1, 0)
    assert (counted.average_minor, counted.currency) == (500_00, "XTS")


def test_a_higher_age_takes_the_benefit_from_whom_it_no_longer_fits() -> None:
    found = simulate(GROUND, [ChangeAge(programme="PEN", age_from=70)])
    counted = found.counted[0]
    assert (counted.leave, counted.outside_already, counted.enter) == (1, 1, 0)
    assert line(found.programmes, "PEN").after.people == 2
    assert line(found.sexes, "1").after.people == 1


def test_without_a_recorded_limit_nobody_is_newly_let_in() -> None:
    found = simulate(GROUND, [ChangeAge(programme="DIS", age_to=63)])
    assert found.counted[0].no_limit
    assert found.counted[0].enter == 0
    assert line(found.programmes, "DIS").lose == 1


def test_a_new_programme_reaches_recorded_people_whom_it_fits() -> None:
    step = Open(code="NEW", age_from=60, sex=2, amount_minor=200_00, currency="XTS")
    found = simulate(GROUND, [step])
    # Women of 60 and over: 70, 64 and 62.
    assert line(found.programmes, "NEW").after.people == 3
    assert line(found.programmes, "NEW").after.money == {"XTS": 600_00}
    assert (found.reached_anew, found.gain_more) == (1, 2)
    assert found.by_number[2] == Overlap(("3",), 0, 1)
    assert found.pairs == [Overlap(("DIS", "NEW"), 0, 1), Overlap(("NEW", "PEN"), 0, 2)]


@pytest.mark.parametrize(
    ("limits", "reached", "unknown"),
    [
        ({}, 7, 0),
        ({"age_from": 61}, 5, 1),
        ({"age_to": 60}, 1, 1),
        ({"disability": True}, 1, 0),
        ({"areas": ("D2",)}, 4, 0),
        ({"also_in": ("PEN",)}, 3, 0),
        ({"not_in": ("PEN", "DIS")}, 3, 0),
        ({"sex": 1, "not_in": ("PEN", "DIS"), "age_from": 18}, 1, 1),
        ({"take_up": 50}, 4, 0),
        ({"take_up": 0}, 0, 0),
    ],
)
def test_a_target_is_all_of_its_conditions(
    limits: dict[str, object], reached: int, unknown: int
) -> None:
    found = simulate(GROUND, [Open(code="NEW", **limits)])  # type: ignore[arg-type]
    assert line(found.programmes, "NEW").after.people == reached
    assert found.counted[0].age_unknown == unknown


def test_of_two_programmes_that_exclude_each_other_the_named_one_gives_way() -> None:
    found = simulate(GROUND, [Exclude(first="PEN", second="DIS", loses="PEN")])
    assert people(found.programmes) == {"DIS": (2, 2), "PEN": (3, 2)}
    assert found.pairs == [Overlap(("DIS", "PEN"), 1, 0)]
    assert (found.lose_all, found.lose_some) == (0, 1)
    assert found.whole.after.money == {"XTS": 2600_00}


def test_or_the_one_that_gave_less() -> None:
    found = simulate(GROUND, [Exclude(first="DIS", second="PEN", loses="smaller")])
    assert people(found.programmes) == {"DIS": (2, 2), "PEN": (3, 2)}


def test_equal_amounts_are_told_as_unclear_and_the_second_gives_way() -> None:
    story = small_country()
    for row in story.tables["benefit"]:
        row["value_minor"] = 500_00
    step = Exclude(first="DIS", second="PEN", loses="smaller")
    found = simulate(ground(story.tables), [step])
    assert found.counted[0].without_amount == 1
    assert people(found.programmes) == {"DIS": (2, 2), "PEN": (3, 2)}


def test_in_households_the_one_gives_way_to_the_other_of_somebody_else() -> None:
    step = Exclude(first="PEN", second="DIS", loses="DIS", unit="household")
    assert line(simulate(GROUND, [step]).programmes, "DIS").lose == 1
    story = small_country().programme(3, "HOM", unit=2).enrol(31, 3, OLDEST, MAN_30)
    assert line(simulate(ground(story.tables), [step]).programmes, "DIS").lose == 2


def test_changes_come_one_after_the_other() -> None:
    found = simulate(
        GROUND,
        [Close(("PEN",)), Open(code="NEW", not_in=("PEN",), amount_minor=1, currency="XTS")],
    )
    assert line(found.programmes, "NEW").after.people == 7
    assert found.lose_all == 0


@pytest.mark.parametrize(
    "step",
    [
        Close(("XYZ",)),
        ChangeAge(programme="XYZ", age_from=60),
        Open(code="PEN"),
        Open(code="NEW", areas=("D9",)),
        Open(code="NEW", also_in=("XYZ",)),
        Exclude(first="PEN", second="PEN", loses="PEN"),
        Exclude(first="PEN", second="XYZ", loses="PEN"),
        Exclude(first="PEN", second="DIS", loses="XYZ"),
        Exclude(first="PEN", second="DIS", loses="smaller", unit="household"),
    ],
)
def test_what_cannot_be_simulated_is_refused(step: object) -> None:
    with pytest.raises(NotUnderstood):
        simulate(GROUND, [step])  # type: ignore[list-item]


POPULATIONS = [ground(population(seed), Month(2026, 8)) for seed in range(12)]


@pytest.mark.parametrize("country", POPULATIONS)
def test_closing_everything_leaves_nobody(country: Ground) -> None:
    found = simulate(country, [Close(CODES)])
    assert found.whole.after.people == 0
    assert found.whole.after.money == {}
    assert found.lose_all == found.whole.before.people
    assert all(each.after == 0 for each in found.pairs)


@pytest.mark.parametrize("country", POPULATIONS)
def test_closing_nothing_changes_nothing(country: Ground) -> None:
    found = simulate(country, [Close(())])
    _unchanged(found)


@pytest.mark.parametrize("country", POPULATIONS)
def test_a_limit_as_it_is_changes_nothing(country: Ground) -> None:
    limits = country.programmes["CHG"].limits
    step = ChangeAge(programme="CHG", age_from=limits.age_from, age_to=limits.age_to)
    _unchanged(simulate(country, [step]))


def _unchanged(found: Outcome) -> None:
    for each in (found.whole, *found.programmes, *found.sexes, *found.ages, *found.areas):
        assert each.before == each.after
        assert each.lose == each.gain == 0
    assert found.pairs == []
    assert [each.before for each in found.by_number] == [each.after for each in found.by_number]


STEPS = [
    Close(("CHG", "DIS")),
    ChangeAge(programme="OAP", age_from=50),
    Open(code="NEW", age_to=30, take_up=40, amount_minor=7, currency="XTS"),
    Exclude(first="CHG", second="OAP", loses="smaller"),
]


@pytest.mark.parametrize("country", POPULATIONS)
@pytest.mark.parametrize("step", STEPS, ids=lambda each: type(each).__name__)
def test_groups_add_up_to_everybody_before_and_after(country: Ground, step: object) -> None:
    found = simulate(country, [step])  # type: ignore[list-item]
    for lines in (found.sexes, found.ages, found.areas):
        for side in ("before", "after"):
            whole = getattr(found.whole, side)
            assert sum(getattr(each, side).people for each in lines) == whole.people
            sums = [getattr(each, side).money.get("XTS", 0) for each in lines]
            assert sum(sums) == whole.money.get("XTS", 0)
        assert sum(each.lose for each in lines) == found.lose_all
        assert sum(each.gain for each in lines) == found.reached_anew
    net = found.whole.after.people - found.whole.before.people
    assert net == found.reached_anew - found.lose_all
    assert sum(each.after for each in found.by_number) == found.whole.after.people


@pytest.fixture
def folder() -> Iterator[Path]:
    made = scratch_folder()
    yield made
    shutil.rmtree(made)


def test_the_ground_comes_back_from_its_file_as_it_was(folder: Path) -> None:
    place = keep_ground(GROUND, folder)
    assert newest_ground(folder) == place
    assert place.stat().st_mode & 0o777 == 0o600
    again = read_ground(place)
    assert simulate(again, [Close(("PEN",))]) == simulate(GROUND, [Close(("PEN",))])
    assert again.as_known_at == GROUND.as_known_at


def test_a_later_ground_takes_the_place_of_an_earlier_one_and_never_the_other_way(
    folder: Path,
) -> None:
    later = ground(small_country().tables, Month(2026, 10))
    keep_ground(GROUND, folder)
    keep_ground(later, folder)
    assert [each.name for each in folder.iterdir()] == ["2026-10.ground"]
    keep_ground(GROUND, folder)
    assert [each.name for each in folder.iterdir()] == ["2026-10.ground"]


def test_without_a_ground_it_is_said_what_to_do(folder: Path) -> None:
    with pytest.raises(NotFound, match="ibr indicators run"):
        newest_ground(folder)


def test_a_share_of_people_is_exact_always_the_same_and_spread_evenly() -> None:
    everybody = BitMap(range(10_000))
    half = some_of(everybody, 50)
    assert len(half) == 5_000
    assert half == some_of(everybody, 50)
    assert some_of(everybody, 20) < half
    for first in range(0, 10_000, 500):
        assert 245 <= half.range_cardinality(first, first + 500) <= 255
