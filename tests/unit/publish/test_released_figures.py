"""What of frozen figures a release shows: money by its receivers, shares by their counts."""

from __future__ import annotations

import pytest

from ibr.coverage.figures.model import FigureTable
from ibr.errors import Conflict
from ibr.publish.releases.chosen import complete
from ibr.publish.releases.hiding import Readers, decide, found_out, hidden_places
from ibr.publish.releases.model import RULES, Name, ReleasedTable, Shape
from ibr.publish.releases.shown import released
from ibr.publish.releases.systems import Receipts, systems
from tests.made_figures import made_tables
from tests.made_people import AREAS1, PROGRAMMES, made_areas2

SHAPE = Shape({each.code: each.functions for each in PROGRAMMES}, made_areas2(AREAS1, 24))
TABLES: dict[Name, FigureTable] = {
    (each.indicator, each.breakdown): each for each in made_tables(months=1, people=4000)
}
READERS = Readers(RULES["public"])


def release_of(
    wanted: list[Name], receipts: Receipts, tables: dict[Name, FigureTable] = TABLES
) -> dict[Name, ReleasedTable]:
    choice = tuple(each for each in complete(wanted) if each in tables)
    made = systems(tables, choice, SHAPE, receipts)
    out = released(tables, choice, decide(made, [READERS]).hidden, 10)
    assert found_out(made, hidden_places(out), READERS) == []
    return {each.name: each for each in out}


def test_money_of_which_one_has_most_is_hidden_and_its_count_is_not() -> None:
    whole = TABLES["N5", "area1*currency"].by_key["R1", "KES"].numerator or 0
    out = release_of([("N5", "area1*currency")], {("area1*currency", ("R1", "KES")): (whole, 0)})
    money = out["N5", "area1*currency"]
    assert {each.key: each.why for each in money.hidden}["R1", "KES"] == "dominance"
    assert len(money.hidden) > 1
    assert ("R1",) in out["N1", "area1"].table.by_key


def test_control_with_even_receipts_the_same_money_is_shown() -> None:
    out = release_of([("N5", "area1*currency")], {})
    assert ("R1", "KES") in out["N5", "area1*currency"].table.by_key


def test_a_share_is_hidden_where_its_count_is() -> None:
    out = release_of([("C2", "area1*sex"), ("C5", "area1")], {})
    hidden = out["N1", "area1*sex"].hidden_keys
    assert hidden
    assert hidden == out["C2", "area1*sex"].hidden_keys


def test_districts_add_up_to_their_region_and_give_nothing_away() -> None:
    out = release_of([("N1", "area2"), ("N1", "area1*sex")], {})
    assert out["N1", "area2"].hidden_keys


def test_a_share_of_other_people_than_its_count_is_refused() -> None:
    wrong = dict(TABLES)
    wrong["C2", "area1"] = TABLES["C2", "area2"]
    with pytest.raises(Conflict) as refused:
        release_of([("C2", "area1")], {}, wrong | {("N1", "area1"): TABLES["N3", "area1"]})
    assert refused.value.code == "release.contradiction"
