"""Whatever the tables: with everything published, nothing hidden is known better than the rule."""

from __future__ import annotations

import random
from itertools import product

import numpy as np
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from scipy import optimize

from ibr.disclosure.attack import breaches, intervals
from ibr.disclosure.model import (
    PUBLIC,
    Cell,
    Dimension,
    Earlier,
    Group,
    Release,
    Rule,
    Table,
    by_key,
)
from ibr.disclosure.protect import Protected, protect
from ibr.disclosure.published import Solver, View
from tests.disclosed_tables import (
    Codes,
    attacked,
    broken,
    dimension,
    grid,
    release,
    table,
    too_small,
)

SLOW = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FEW = settings(SLOW, max_examples=4)
# Many small figures, some empty ones, and large ones between them.
COUNTS = st.one_of(st.just(0), st.integers(1, 12), st.integers(13, 300), st.integers(13, 300))
RULES = st.builds(Rule, minimum=st.sampled_from([3, 5, 10]), zeros_shown=st.booleans())


@st.composite
def areas(draw: st.DrawFn) -> Dimension:
    """Areas, some of which have parts of their own."""
    names = "ABCD"[: draw(st.integers(2, 4))]
    below = {
        name: tuple(f"{name}{i}" for i in range(draw(st.integers(2, 3))))
        for name in names
        if draw(st.booleans())
    }
    return dimension("area", *names, **below)


def finest(of: Dimension) -> list[str]:
    totals = {group.total for group in of.groups}
    return sorted({part for group in of.groups for part in group.parts} - totals)


@st.composite
def leaves(draw: st.DrawFn, dimensions: tuple[Dimension, ...]) -> dict[Codes, int]:
    return {codes: draw(COUNTS) for codes in product(*(finest(each) for each in dimensions))}


AGE = dimension("age", "x", "y", "z")
SEX = dimension("sex", "f", "m")


@st.composite
def releases(draw: st.DrawFn) -> Release:
    dimensions = (draw(areas()), AGE, *((SEX,) if draw(st.booleans()) else ()))
    return release(dimensions, draw(leaves(dimensions)))


@SLOW
@given(releases(), RULES)
def test_no_hidden_figure_is_known_better_than_the_rule(of: Release, rule: Rule) -> None:
    done = protect(of, rule)
    assert attacked(of, rule, done) == []
    assert done.known_before == ()


@SLOW
@given(releases())
def test_a_small_count_may_be_one_or_the_minimum(of: Release) -> None:
    """Asked of each small cell by itself, without the list of what must stay in doubt."""
    done = protect(of, PUBLIC)
    small = [key for key in too_small(of, PUBLIC) if not _margin(of, key)]
    for found in intervals(View(of, PUBLIC, done.shown), keys=small[:6]).values():
        assert found.low <= 1 + 1e-6
        assert found.high >= PUBLIC.minimum - 1e-6


@FEW
@given(releases())
def test_whole_people_tell_no_more_than_parts_of_them(of: Release) -> None:
    """A reader who lets only whole people stand in a cell still finds one, and the minimum."""
    done = protect(of, PUBLIC)
    small = [key for key in too_small(of, PUBLIC) if not _margin(of, key)]
    solver = Solver(View(of, PUBLIC, done.shown), "count")
    for key in sorted(small)[:4]:
        at = solver.number[solver.column(0, key)]
        assert _fits_whole(solver, at, -np.inf, 1)
        assert _fits_whole(solver, at, PUBLIC.minimum, np.inf)


def test_control_whole_people_are_told_from_parts_of_them() -> None:
    of = grid({"A": (3, 40), "B": (60, 20)}, "xy")
    solver = Solver(View(of, PUBLIC, protect(of, PUBLIC).shown), "count")
    at = solver.number[solver.column(0, (("age", "x"), ("area", "A")))]
    assert _fits_whole(solver, at, 4, 5)
    assert not _fits_whole(solver, at, 4.25, 4.75)


def _fits_whole(solver: Solver, at: int, low: float, high: float) -> bool:
    least, most = (each.copy() for each in solver.box)
    least[at], most[at] = max(least[at], low), min(most[at], high)
    found = optimize.milp(
        np.zeros(len(least)),
        integrality=np.ones(len(least)),
        bounds=optimize.Bounds(least, most),
        constraints=optimize.LinearConstraint(solver.matrix, *solver.sides),
    )
    return bool(found.status == 0)


def _margin(of: Release, key: tuple[tuple[str, str], ...]) -> bool:
    totals = {(d.name, group.total) for d in of.dimensions for group in d.groups}
    return len(key) < len(of.dimensions) or bool(totals & set(key))


@FEW
@given(releases(), st.randoms(use_true_random=False))
def test_what_is_hidden_depends_on_no_order(of: Release, chance: random.Random) -> None:
    tables = []
    for each in of.tables:
        cells = list(each.cells)
        chance.shuffle(cells)
        tables.append(replace(each, cells=tuple(cells)))
    dimensions = list(of.dimensions)
    chance.shuffle(dimensions)
    other = Release(tuple(dimensions), tuple(tables))
    assert protect(of, PUBLIC) == protect(other, PUBLIC)


@SLOW
@given(areas(), st.data())
def test_linked_tables_do_not_undo_each_other(area: Dimension, data: st.DataObject) -> None:
    """By age and by sex, never by both: the areas' totals stand in both tables."""
    whole = data.draw(leaves((area, AGE, SEX)))
    by_age: dict[Codes, int] = {}
    by_sex: dict[Codes, int] = {}
    for (place, age, sex), count in whole.items():
        by_age[place, age] = by_age.get((place, age), 0) + count
        by_sex[place, sex] = by_sex.get((place, sex), 0) + count
    linked = Release(
        (area, AGE, SEX),
        (table("ages", (area, AGE), by_age), table("sexes", (area, SEX), by_sex)),
    )
    rule = data.draw(RULES)
    assert attacked(linked, rule, protect(linked, rule)) == []


@SLOW
@given(areas(), st.data(), st.sampled_from(["same", "contained"]))
def test_two_releases_do_not_undo_each_other(
    area: Dimension, data: st.DataObject, relation: str
) -> None:
    dimensions = (area, AGE)
    before = data.draw(leaves(dimensions))
    added = st.sampled_from([0, 0, 0, 1, 4, 25])
    now = {codes: count + data.draw(added) for codes, count in before.items()}
    old, new = release(dimensions, before), release(dimensions, now)
    first = protect(old, PUBLIC)
    past = (Earlier(old, frozenset(first.hidden), relation),)
    done = protect(new, PUBLIC, past)
    assert attacked(new, PUBLIC, done, past) == []


@SLOW
@given(areas(), st.data())
def test_money_does_not_tell_of_one_or_few(area: Dimension, data: st.DataObject) -> None:
    received = st.lists(st.integers(1_000, 500_000), max_size=14).map(tuple)
    paid = {codes: data.draw(received) for codes in product(finest(area), ("f", "m"))}
    of = release((area, SEX), paid)
    rule = Rule(minimum=5, dominance=60, estimate=10)
    assert attacked(of, rule, protect(of, rule)) == []


@SLOW
@given(areas(), st.data())
def test_people_in_several_programmes_are_not_found_out(
    area: Dimension, data: st.DataObject
) -> None:
    kinds = Dimension("programme", "all", (Group("all", ("P", "Q", "R")),), additive=False)
    sets = ("P", "Q", "R", "PQ", "QR", "PQR")
    people = {(place, s): data.draw(COUNTS) for place in finest(area) for s in sets}
    cells: dict[Codes, int] = {}
    for each in ("P", "Q", "R", "all"):
        some = {
            (place,): sum(
                count
                for (where, s), count in people.items()
                if where == place and (each == "all" or each in s)
            )
            for place in finest(area)
        }
        for cell in table("", (area,), some).cells:
            cells[cell.codes[0], each] = cell.count
    made = Table("t", ("area", "programme"), tuple(Cell(k, v) for k, v in cells.items()))
    of = Release((area, kinds), (made,))
    assert attacked(of, PUBLIC, protect(of, PUBLIC)) == []


@SLOW
@given(areas(), st.data())
def test_rates_tell_neither_the_few_nor_those_left_out(
    area: Dimension, data: st.DataObject
) -> None:
    """The population stands beside every count."""
    counts = data.draw(leaves((area,)))
    people = {codes: count + data.draw(COUNTS) for codes, count in counts.items()}
    bases = {cell.codes: cell.count for cell in table("", (area,), people).cells}
    of = release((area,), counts, bases)
    assert attacked(of, PUBLIC, protect(of, PUBLIC)) == []


def hidden_by_rows_alone(of: Release, rule: Rule) -> set[tuple[tuple[str, str], ...]]:
    """The old way: beside a small cell that is alone in its row, the next smallest, row by row."""
    hidden = too_small(of, rule)
    cells = by_key(of)
    for place in finest(of.dimensions[0]):
        row = [key for key in cells if dict(key).get("area") == place and "age" in dict(key)]
        alone = [key for key in row if key in hidden]
        if len(alone) == 1:
            rest = [key for key in row if key not in hidden and cells[key].count]
            hidden |= {min(rest, key=lambda key: cells[key].count)} if rest else set()
    return hidden


HELD = {"A": (3, 40, 50), "B": (60, 20, 80), "C": (33, 44, 55)}


@SLOW
@example([3, 40, 50, 60, 20, 80, 33, 44, 55])
@given(st.lists(COUNTS, min_size=9, max_size=9))
def test_control_only_small_cells_hidden_is_always_found_out(figures: list[int]) -> None:
    """One small cell, all margins shown: subtraction gives it away, whatever the other figures."""
    figures = [4, *(10 + each for each in figures[1:])]
    of = grid({row: tuple(figures[3 * i : 3 * i + 3]) for i, row in enumerate("ABC")}, "xyz")
    assert broken(of, PUBLIC, too_small(of, PUBLIC)) != []


@SLOW
@given(st.lists(st.integers(10, 300), min_size=8, max_size=8))
def test_control_hiding_row_by_row_is_always_found_out(figures: list[int]) -> None:
    """A second figure in the row, and none in the column: the column gives it away."""
    figures = [4, *figures]
    of = grid({row: tuple(figures[3 * i : 3 * i + 3]) for i, row in enumerate("ABC")}, "xyz")
    assume(not too_small(of, PUBLIC) - {(("age", "x"), ("area", "A"))})
    assert broken(of, PUBLIC, hidden_by_rows_alone(of, PUBLIC)) != []


@FEW
@given(releases())
def test_control_what_is_hidden_besides_is_needed(of: Release) -> None:
    """Without the second step, the first one is undone wherever the second had something to do."""
    done: Protected = protect(of, PUBLIC)
    besides = {key for key, reason in done.hidden.items() if reason == "complementary"}
    assert bool(broken(of, PUBLIC, set(done.hidden) - besides)) == bool(besides)


def test_control_the_attack_sees_through_the_whole_of_two_releases() -> None:
    of = grid(HELD, "xyz")
    changed = grid(HELD | {"A": (5, 40, 50)}, "xyz")
    first = protect(of, PUBLIC)
    past = (Earlier(of, frozenset(first.hidden)),)
    assert breaches(View(changed, PUBLIC, protect(changed, PUBLIC).shown, (), past)) != []
    done = protect(changed, PUBLIC, past)
    assert attacked(changed, PUBLIC, done, past) == []
