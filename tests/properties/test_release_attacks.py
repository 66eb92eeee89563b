"""Whatever the people: from a release nobody learns more of a hidden figure than the rule allows.

Two attacks: the registry's own, over everything published of months that were restated, to both
audiences; and one that thinks of people instead of tables (tests/people_attack.py).
"""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ibr.coverage.figures.model import FigureTable, share_cell
from ibr.disclosure.model import by_key
from ibr.errors import NotUnderstood
from ibr.publish.releases.chosen import complete
from ibr.publish.releases.hiding import Past, Readers, decide, found_out, hidden_places
from ibr.publish.releases.model import RULES, Name, ReleasedTable, Shape
from ibr.publish.releases.shown import blurred, released
from ibr.publish.releases.systems import Tables, systems
from tests.people_attack import Kind, Reader, World, table

SLOW = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
WORLD = World(("A", "B", "C"), ("1", "2"), {"P": ("1",), "Q": ("1", "2"), "R": ("2",), "S": ("3",)})
SHAPE = Shape(dict(WORLD.functions))
BY_PLACE: list[Name] = [("N1", "programme*area1"), ("N1", "area1*sex")]
BY_SEX: list[Name] = [("N1", "programme*sex"), ("N1", "area1*sex")]
OVERLAPS: list[Name] = [
    ("N1", "function"), ("O1", "programme*with"), ("O4", "programmes"), ("N1", "area1*sex"),
]  # fmt: skip
ALL_SETS: list[Name] = [*OVERLAPS, ("O5", "combination")]


def drawn(seed: int, overlap: float) -> dict[Kind, int]:
    """Some people: many small groups, some empty, some large."""
    rng = random.Random(seed)
    people: dict[Kind, int] = {}
    for kind in WORLD.kinds:
        alone = len(kind[2]) == 1
        if alone or rng.random() < overlap:
            count = rng.choice([0, 2, 7, 25, 80] if alone else [0, 1, 2, 5, 20])
            if count:
                people[kind] = count
    return people


def tables_of(people: dict[Kind, int], choice: tuple[Name, ...]) -> Tables:
    more: list[Name] = [("N1", each) for each in ("", "programme", "area1", "sex", "function")]
    more += [("O5", "combination"), ("O1", "programme*with")]
    return {name: table(WORLD, people, name) for name in {*choice, *more}}


def published(
    tables: Tables, choice: tuple[Name, ...], *everybody: Readers
) -> tuple[list[ReleasedTable], Past, tuple[str, ...]]:
    made = systems(tables, choice, SHAPE, {})
    decided = decide(made, everybody)
    minimum = max(each.rule.minimum for each in everybody)
    out = released(tables, choice, decided.hidden, minimum)
    return out, Past(made, hidden_places(out)), decided.known_before


@pytest.mark.parametrize("wanted", [BY_PLACE, BY_SEX, OVERLAPS, ALL_SETS])
@SLOW
@given(seed=st.integers(0, 10_000), overlap=st.sampled_from([0.0, 0.08, 0.2]))
def test_a_reader_who_thinks_of_people_learns_no_more(
    wanted: list[Name], seed: int, overlap: float
) -> None:
    choice = complete(wanted)
    tables = tables_of(drawn(seed, overlap), choice)
    out, _, known = published(tables, choice, Readers(RULES["public"]))
    reader = Reader(WORLD, out)
    for each in out:
        for key in each.hidden_keys:
            true = tables[each.name].by_key[key].numerator or 0
            if true >= 10 or known:
                continue
            low, high = reader.reach(each.name, key)
            assert low <= max(1.0, reader.least_by_zeros(each.name, key)) + 1e-6
            assert high >= 10 - 1e-6


@pytest.mark.parametrize(("seed", "overlap"), [(33, 0.15), (20, 0.08), (29, 0.08)])
def test_control_programmes_by_place_beside_overlaps_are_found_out(
    seed: int, overlap: float
) -> None:
    """What `complete` refuses: with both, the same attack learns that there are several."""
    choice = tuple(sorted({*complete(BY_PLACE), *complete(OVERLAPS)}))
    tables = tables_of(drawn(seed, overlap), choice)
    out, _, known = published(tables, choice, Readers(RULES["public"]))
    reader = Reader(WORLD, out)
    lowest = [
        reader.reach(each.name, key)[0]
        for each in out
        for key in each.hidden_keys
        if each.name == ("N1", "programme*area1")
        if (tables[each.name].by_key[key].numerator or 0) < 10
    ]
    assert known == ()
    assert max(lowest) > 5


def test_what_a_reader_could_join_is_refused() -> None:
    with pytest.raises(NotUnderstood) as refused:
        complete([*BY_PLACE, *OVERLAPS])
    assert refused.value.code == "release.coupled"
    with pytest.raises(NotUnderstood):
        complete([*BY_PLACE, *BY_SEX])


def test_control_small_counts_hidden_alone_are_found_out() -> None:
    """The older way: only what is small is hidden. The attack on people finds it to the person."""
    choice = complete(BY_PLACE)
    exact = 0
    for seed in range(5):
        tables = tables_of(drawn(seed, 0.0), choice)
        made = systems(tables, choice, SHAPE, {})
        small = {
            name: {place: "small" for place, cell in by_key(each).items() if 0 < cell.count < 10}
            for name, each in made.items()
        }
        reader = Reader(WORLD, out := released(tables, choice, small, 10))
        assert found_out(made, hidden_places(out), Readers(RULES["public"])) != []
        for each in out:
            for key in each.hidden_keys:
                low, high = reader.reach(each.name, key)
                exact += high - low < 1
    assert exact > 5


def restated(tables: Tables, seed: int) -> dict[Name, FigureTable]:
    """The same month with late reports: some figures a little larger, all totals with them."""
    rng = random.Random(seed)
    people = drawn(seed, 0.08)
    later = {kind: n + rng.choice([0, 0, 0, 1, 4, 30]) for kind, n in people.items()}
    return {name: table(WORLD, later, name) for name in tables}


@SLOW
@given(seed=st.integers(0, 10_000))
def test_everything_published_together_gives_nothing_away(seed: int) -> None:
    """A month for the public, for partners, and both again after it was restated."""
    choice = complete(BY_PLACE)
    before = tables_of(drawn(seed, 0.08), choice)
    after = restated(before, seed)
    public: list[Past] = []
    every: list[Past] = []
    for audience, tables in (
        ("public", before),
        ("partners", before),
        ("public", after),
        ("partners", after),
    ):
        partners = Readers(RULES["partners"], tuple(every))
        readers = [Readers(RULES["public"], tuple(public)), partners]
        _, told, _ = published(tables, choice, *(readers if audience == "public" else [partners]))
        for each in readers if audience == "public" else [partners]:
            assert found_out(told.systems, told.hidden, each) == []
        every.insert(0, told)
        if audience == "public":
            public.insert(0, told)


def test_control_a_restated_month_held_against_nothing_is_found_out() -> None:
    choice = complete(BY_PLACE)
    found = []
    for seed in range(4):
        before = tables_of(drawn(seed, 0.08), choice)
        after = restated(before, seed)
        _, first, _ = published(before, choice, Readers(RULES["public"]))
        _, second, _ = published(after, choice, Readers(RULES["public"]))
        found += found_out(second.systems, second.hidden, Readers(RULES["public"], (first,)))
    assert found != []


@pytest.mark.parametrize(
    ("count", "people", "told"),
    [
        (9_123_456, 47_564_296, "0.1918"),
        (1_234, 3_000, None),
        # A little below where the last digit turns: one more decimal would give a count away.
        (500_450, 10_000_000, "0.050"),
        (0, 10_000_000, "0.0000"),
    ],
)
def test_a_series_is_a_share_that_keeps_hundreds_in_doubt(
    count: int, people: int, told: str | None
) -> None:
    made = blurred(share_cell(("1",), count, people))
    assert (made.value if made else None) == told
    assert made is None or made.numerator is None
