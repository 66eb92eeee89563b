"""Small tables that a reader can check by hand: what is hidden, and what hiding resists."""

from __future__ import annotations

from itertools import combinations

import pytest
from msgspec.structs import replace

from ibr.disclosure.attack import breaches, intervals
from ibr.disclosure.model import (
    INTERNAL,
    PUBLIC,
    Blocked,
    Cell,
    Dimension,
    Earlier,
    Group,
    Ratio,
    Release,
    Rule,
    Table,
    by_key,
)
from ibr.disclosure.protect import protect
from ibr.disclosure.published import View
from ibr.disclosure.rounding import round_figure
from ibr.errors import NotUnderstood
from tests.disclosed_tables import at, attacked, broken, dimension, grid, release, too_small, view

COUNTY = grid({"A": (3, 40, 50), "B": (60, 20, 80), "C": (33, 44, 55)}, "xyz")
SMALL = at(area="A", age="x")


def test_what_is_subtracted_away_is_hidden_too() -> None:
    done = protect(COUNTY, PUBLIC)
    assert done.hidden[SMALL] == "small"
    assert list(done.hidden.values()).count("complementary") == 3
    assert done.exact
    assert attacked(COUNTY, PUBLIC, done) == []


def test_control_the_small_cell_alone_is_found_to_the_person() -> None:
    found = intervals(view(COUNTY, PUBLIC, {SMALL}))[SMALL]
    assert (found.low, found.high) == (3, 3)
    assert broken(COUNTY, PUBLIC, {SMALL})


def test_a_hidden_count_stays_possible_from_one_to_the_minimum() -> None:
    done = protect(COUNTY, PUBLIC)
    found = intervals(View(COUNTY, PUBLIC, done.shown))[SMALL]
    assert found.low <= 1
    assert found.high >= PUBLIC.minimum


def test_control_one_more_figure_shown_is_one_too_many() -> None:
    hidden = set(protect(COUNTY, PUBLIC).hidden)
    assert [broken(COUNTY, PUBLIC, hidden - {each}) != [] for each in hidden - {SMALL}] == [
        True
    ] * 3


def test_no_choice_of_up_to_three_figures_costs_less() -> None:
    table = grid({"A": (3, 40), "B": (60, 20), "C": (33, 29)}, "xy")
    done = protect(table, PUBLIC)
    small = too_small(table, PUBLIC)
    rest = set(by_key(table)) - small
    fewest = next(
        size
        for size in range(4)
        for chosen in combinations(sorted(rest), size)
        if not broken(table, PUBLIC, small | set(chosen))
    )
    assert len(done.hidden) - len(small) == fewest


def test_readers_cannot_tell_small_from_hidden_beside_it() -> None:
    done = protect(COUNTY, PUBLIC)
    assert not set(done.shown) & set(done.hidden)
    assert set(done.shown) | set(done.hidden) == set(by_key(COUNTY))


def test_where_everything_is_small_everything_is_hidden() -> None:
    tiny = grid({"A": (1, 2), "B": (3, 4)}, "xy")
    done = protect(tiny, PUBLIC)
    assert done.shown == {}
    assert attacked(tiny, PUBLIC, done) == []
    assert broken(tiny, PUBLIC, too_small(tiny, PUBLIC)) != []


def test_officers_see_more_than_the_public() -> None:
    table = grid({"A": (7, 40), "B": (60, 20)}, "xy")
    assert protect(table, INTERNAL).hidden == {}
    assert protect(table, PUBLIC).hidden[at(area="A", age="x")] == "small"


def test_zeros_are_shown_or_hidden_as_the_rule_says() -> None:
    table = grid({"A": (0, 40, 50), "B": (60, 20, 80), "C": (33, 44, 55)}, "xyz")
    assert protect(table, PUBLIC).hidden == {}
    strict = Rule(zeros_shown=False)
    done = protect(table, strict)
    assert done.hidden[at(area="A", age="x")] == "small"
    assert attacked(table, strict, done) == []


def test_a_shown_zero_never_shelters_a_small_figure() -> None:
    """A reader knows that what is hidden is not zero, so a zero is never hidden to mislead."""
    table = grid({"A": (3, 0, 50), "B": (60, 0, 80), "C": (33, 44, 55)}, "xyz")
    done = protect(table, PUBLIC)
    assert {at(area="A", age="y"), at(area="B", age="y")} <= set(done.shown)
    assert attacked(table, PUBLIC, done) == []


AREAS = ("p", "q", "r", "s")
OLD_AND_NEW = Dimension(
    "area",
    "all",
    (
        Group("all", ("new1", "new2")),
        Group("all", ("old1", "old2")),
        Group("new1", ("p", "q")),
        Group("new2", ("r", "s")),
        Group("old1", ("p", "r")),
        Group("old2", ("q", "s")),
    ),
)
PEOPLE = {"p": 3, "q": 40, "r": 50, "s": 60}


def land(*totals: str) -> Release:
    groups = {g.total: g.parts for g in OLD_AND_NEW.groups if g.total in totals}
    sums = {total: sum(PEOPLE[part] for part in parts) for total, parts in groups.items()}
    cells = tuple(Cell((code,), count) for code, count in (PEOPLE | sums).items())
    return Release((OLD_AND_NEW,), (Table("land", ("area",), cells),))


def test_old_and_new_districts_are_protected_together() -> None:
    both = land("new1", "new2", "old1", "old2")
    done = protect(both, PUBLIC)
    assert attacked(both, PUBLIC, done) == []


def test_control_protected_one_by_one_they_undo_each_other() -> None:
    one, other = land("new1", "new2"), land("old1", "old2")
    shown = {**protect(one, PUBLIC).shown, **protect(other, PUBLIC).shown}
    both = land("new1", "new2", "old1", "old2")
    assert breaches(View(both, PUBLIC, shown)) != []


def test_two_tables_with_one_margin_are_one_system() -> None:
    area, sex = dimension("area", "A", "B"), dimension("sex", "f", "m")
    age = dimension("age", "young", "old")
    by_sex = {("A", "f"): 3, ("A", "m"): 90, ("B", "f"): 80, ("B", "m"): 70}
    by_age = {("A", "young"): 50, ("A", "old"): 43, ("B", "young"): 90, ("B", "old"): 60}
    linked = Release(
        (area, sex, age),
        (
            release((area, sex), by_sex).tables[0],
            replace(release((area, age), by_age).tables[0], name="ages"),
        ),
    )
    done = protect(linked, PUBLIC)
    assert attacked(linked, PUBLIC, done) == []
    # Hiding the area's total in one table only would leave it standing as a sum in the other.
    total = {at(area="A", sex="f"), at(area="B", sex="f"), at(area="A"), at(area="B")}
    assert broken(linked, PUBLIC, total) != []


BEFORE = grid({"A": (30, 40), "B": (60, 20)}, "xy")


def test_a_late_report_of_three_people_is_not_shown() -> None:
    now = grid({"A": (33, 40), "B": (60, 20)}, "xy")
    past = (Earlier(BEFORE),)
    done = protect(now, PUBLIC, past)
    assert done.hidden[at(area="A", age="x")] == "differencing"
    assert attacked(now, PUBLIC, done, past) == []
    assert broken(now, PUBLIC, set(), past) != []


def test_newcomers_to_a_growing_count_are_a_count() -> None:
    now = grid({"A": (34, 90), "B": (99, 70)}, "xy")
    past = (Earlier(BEFORE, relation="contained"),)
    done = protect(now, PUBLIC, past)
    assert done.hidden[at(area="A", age="x")] == "differencing"
    assert attacked(now, PUBLIC, done, past) == []
    assert broken(now, PUBLIC, {at(area="A", age="x")}, past) != []


def test_what_was_hidden_stays_hidden() -> None:
    first = protect(COUNTY, PUBLIC)
    past = (Earlier(COUNTY, frozenset(first.hidden)),)
    assert set(protect(COUNTY, PUBLIC, past).hidden) == set(first.hidden)


def test_control_another_choice_of_hidden_figures_would_unlock_the_first() -> None:
    other = {SMALL, at(area="A", age="y"), at(area="C", age="x"), at(area="C", age="y")}
    assert broken(COUNTY, PUBLIC, other) == []
    first = {SMALL, at(area="A", age="z"), at(area="B", age="x"), at(area="B", age="z")}
    assert broken(COUNTY, PUBLIC, first) == []
    assert broken(COUNTY, PUBLIC, other, (Earlier(COUNTY, frozenset(first)),)) != []


def test_a_region_less_a_village_is_the_village() -> None:
    area = Dimension("area", "all", (Group("old", ("new", "village")),))
    before = Release((area,), (Table("t", ("area",), (Cell(("old",), 104),)),))
    cells = (
        Cell(("old",), 104, withheld=True),
        Cell(("new",), 100),
        Cell(("village",), 4, withheld=True),
    )
    now = Release((area,), (Table("t", ("area",), cells),))
    done = protect(now, PUBLIC, (Earlier(before),))
    assert at(area="new") in done.hidden
    assert attacked(now, PUBLIC, done, (Earlier(before),)) == []
    assert broken(now, PUBLIC, set(), (Earlier(before),)) != []


def test_what_was_published_under_a_looser_rule_is_named() -> None:
    table = grid({"A": (7, 40), "B": (60, 20)}, "xy")
    done = protect(table, PUBLIC, (Earlier(table),))
    assert [each.form[0][0][1] for each in done.known_before] == [at(area="A", age="x")]
    assert done.hidden[at(area="A", age="x")] == "small"


GRANTS = {
    ("A", "x"): (900_000, *[10_000] * 11),
    ("A", "y"): (20_000,) * 30,
    ("B", "x"): (30_000,) * 40,
    ("B", "y"): (25_000,) * 50,
}


@pytest.mark.parametrize("rule", [Rule(dominance=80), Rule(estimate=15)])
def test_money_of_which_one_has_most_is_hidden(rule: Rule) -> None:
    table = release((dimension("area", "A", "B"), dimension("age", "x", "y")), GRANTS)
    done = protect(table, rule)
    assert done.hidden[at(area="A", age="x")] == "dominance"
    assert attacked(table, rule, done) == []
    assert broken(table, rule, {at(area="A", age="x")}) != []
    assert protect(table, PUBLIC).hidden == {}


def test_equal_amounts_are_counts() -> None:
    """Where everybody receives 2,000, the money tells how many; so it is hidden with them."""
    leaves = {
        (r, c): (2_000,) * n
        for r, c, n in [("A", "x", 3), ("A", "y", 30), ("B", "x", 40), ("B", "y", 50)]
    }
    table = release((dimension("area", "A", "B"), dimension("age", "x", "y")), leaves)
    done = protect(table, PUBLIC)
    found = intervals(View(table, PUBLIC, done.shown), "amount")[at(area="A", age="x")]
    assert found.low <= 2_000
    assert found.high >= 20_000
    assert attacked(table, PUBLIC, done) == []


def programmes(total: int, first: int, second: int) -> Release:
    kinds = Dimension("programme", "all", (Group("all", ("P", "Q")),), additive=False)
    cells = (Cell(("all",), total), Cell(("P",), first), Cell(("Q",), second))
    return Release((kinds,), (Table("t", ("programme",), cells),))


def test_people_in_several_programmes_do_not_add_up_and_still_tell() -> None:
    table = programmes(1000, 996, 300)
    done = protect(table, PUBLIC)
    assert done.hidden == {at(programme="P"): "complement"}
    assert attacked(table, PUBLIC, done) == []
    assert broken(table, PUBLIC, set()) != []
    assert protect(programmes(1000, 700, 600), PUBLIC).hidden == {}


def test_a_rate_near_one_names_the_few_left_out() -> None:
    area = dimension("area", "A", "B", "C")
    leaves = {("A",): 203, ("B",): 150, ("C",): 100}
    bases = {("A",): 205, ("B",): 400, ("C",): 400}
    table = release((area,), leaves, bases)
    done = protect(table, PUBLIC)
    assert done.hidden[at(area="A")] == "complement"
    assert attacked(table, PUBLIC, done) == []
    assert broken(table, PUBLIC, {at(area="A")}) != []
    assert protect(table, Rule(complement=False)).hidden == {}


def test_a_rare_status_is_not_shown_by_place() -> None:
    area, status = dimension("area", "A", "B", "C"), dimension("status", "rare", "other")
    leaves = {
        ("A", "rare"): 30,
        ("B", "rare"): 0,
        ("C", "rare"): 40,
        ("A", "other"): 500,
        ("B", "other"): 600,
        ("C", "other"): 700,
    }
    table = release((area, status), leaves)
    rule = Rule(blocked=(Blocked("status", frozenset({"rare"}), "area"),))
    done = protect(table, rule)
    assert {k for k, why in done.hidden.items() if why == "blocked"} == {
        at(area=each, status="rare") for each in "ABC"
    }
    assert at(status="rare") in done.shown
    assert attacked(table, rule, done) == []
    assert protect(table, PUBLIC).hidden == {}


def test_a_share_is_shown_only_beside_both_its_counts() -> None:
    share = Ratio(SMALL, at(area="A"))
    other = Ratio(at(area="B", age="z"), at(area="B"))
    table = Release(COUNTY.dimensions, COUNTY.tables, (share, other))
    done = protect(table, PUBLIC)
    assert share not in [each for each, _ in done.ratios]
    assert attacked(table, PUBLIC, done) == []


def test_control_a_share_beside_a_hidden_count_tells_it() -> None:
    done = protect(COUNTY, PUBLIC)
    assert at(area="A") in done.shown
    told = ((SMALL, at(area="A"), 0.032, 0.0005),)
    assert breaches(View(COUNTY, PUBLIC, done.shown, told)) != []


def test_rounding_gives_the_same_cell_the_same_figure() -> None:
    rule = Rule(rounding=5)
    key = b"k" * 32
    one, again = (protect(COUNTY, rule, key=key) for _ in range(2))
    assert one == again
    assert {each.count % 5 for each in one.shown.values()} == {0}
    assert attacked(COUNTY, rule, one) == []


def test_rounding_is_fair_on_average_and_never_far_off() -> None:
    figures = [round_figure(12, 5, b"k" * 32, at(area=str(n))) for n in range(2000)]
    assert set(figures) == {10, 15}
    assert abs(sum(figures) / len(figures) - 12) < 0.2
    grown = [round_figure(n, 5, b"k" * 32, SMALL) for n in range(100)]
    assert grown == sorted(grown)


def test_rounding_without_a_key_is_refused() -> None:
    with pytest.raises(NotUnderstood, match="secret key"):
        protect(COUNTY, Rule(rounding=5))


def of_one(*cells: Cell) -> Release:
    return Release((dimension("area", "A", "B"),), (Table("t", ("area",), cells),))


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (of_one(Cell(("all",), 100), Cell(("A",), 40), Cell(("B",), 50)), "disclosure.sums"),
        (of_one(Cell(("A", "x"), 40)), "disclosure.codes"),
        (of_one(Cell(("A",), 40), Cell(("A",), 40)), "disclosure.cell_repeated"),
        (of_one(Cell(("A",), -1)), "disclosure.negative"),
        (Release((), of_one(Cell(("A",), 20)).tables), "disclosure.dimension_unknown"),
        (
            Release(
                of_one().dimensions,
                (*of_one(Cell(("A",), 20)).tables, *of_one(Cell(("A",), 21)).tables),
            ),
            "disclosure.cell_twice",
        ),
    ],
)
def test_what_cannot_be_a_table_is_refused(table: Release, code: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        protect(table, PUBLIC)
    assert refused.value.code == code
