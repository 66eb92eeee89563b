"""Reviewing: who may look how, what is wanted next, what agrees, and what figures come of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from ibr.errors import NotFound, NotUnderstood
from ibr.identity.model import Appearance, Features, Pair
from ibr.identity.review.looking import without_number
from ibr.identity.review.measured.agreement import agreement, bands
from ibr.identity.review.model import Given, Look, Row, read_pair, written_pair
from ibr.identity.review.rules import (
    checked,
    is_sampled,
    known_is_due,
    look_of,
    second_wanted,
    standing,
)
from ibr.identity.review.shown.marks import lines
from ibr.identity.review.shown.sides import (
    Names,
    NumberSeen,
    Written,
    end_of,
    without_foundational,
)
from ibr.identity.weights.comparisons import COMPARISONS, UIN

PAIR: Pair = (Appearance(1001, 0), Appearance(2044, 3))
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ME, YOU = 1, 2
ROW = Row(
    pair=PAIR, programmes=(1, 2), weight=2.0, state="open", why="", money_minor=0, first_at=NOON,
    model_no=1, levels=(), second=None, second_decision=None, not_by=(), truth=None,
    known_weight=None, answered=False,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "look"),
    [
        ({}, "first"),
        ({"state": "decided"}, "settled"),
        ({"state": "gone"}, "settled"),
        ({"state": "linked"}, "first"),
        ({"second": "four_eyes", "not_by": (YOU,)}, "second"),
        ({"second": "sample", "not_by": (YOU,), "state": "decided"}, "second"),
        ({"second": "unsure", "not_by": (ME,)}, "given"),
        ({"second": "differ", "not_by": (YOU, 3)}, "third"),
        ({"second": "differ", "not_by": (YOU, ME)}, "given"),
        ({"second": "differ", "not_by": (YOU, 3), "state": "gone"}, "settled"),
        ({"truth": "same", "state": "linked"}, "known"),
        ({"truth": "same", "state": "linked", "answered": True}, "settled"),
    ],
)
def test_what_an_officers_look_would_be(changed: dict[str, Any], look: Look) -> None:
    assert look_of(msgspec.structs.replace(ROW, **changed), ME) == look


def test_a_pair_is_written_and_read_again() -> None:
    assert written_pair(PAIR) == "1001.0-2044.3"
    assert read_pair("1001.0-2044.3") == PAIR


@pytest.mark.parametrize("text", ["", "1.0", "2044.3-1001.0", "1.0-1.0", "١.0-2.0", "1.0-2.0\n"])
def test_nonsense_is_no_pair(text: str) -> None:
    with pytest.raises(NotFound):
        read_pair(text)


def test_about_one_pair_in_twenty_is_looked_at_twice_and_always_the_same_ones() -> None:
    pairs = [(Appearance(low, 0), Appearance(low + 1, 0)) for low in range(10_000)]
    sampled = [is_sampled(pair) for pair in pairs]
    assert 0.04 < sum(sampled) / len(sampled) < 0.06
    assert [is_sampled(pair) for pair in pairs] == sampled


def test_four_eyes_are_wanted_whatever_the_answer_so_that_it_tells_nothing() -> None:
    assert {second_wanted(PAIR, each, four_eyes=True) for each in ("same", "different")} == {
        "four_eyes"
    }


def test_known_pairs_come_at_distances_that_nobody_counts() -> None:
    apart = [next(n for n in range(99) if known_is_due(n, known)) for known in range(40)]
    assert min(apart) >= 10
    assert max(apart) < 30
    assert len(set(apart)) > 10
    assert 17 < sum(apart) / len(apart) < 23


@pytest.mark.parametrize(
    ("decision", "reason", "note", "field"),
    [
        ("", "twins", "", "decision"),
        ("withdrawn", "twins", "", "decision"),
        ("same", "", "", "reason"),
        ("same", "twins", "", "reason"),
        ("different", "taken_back", "", "reason"),
        ("different", "twins", "x" * 501, "note"),
    ],
)
def test_an_answer_has_a_reason_that_fits(
    decision: str, reason: str, note: str, field: str
) -> None:
    with pytest.raises(NotUnderstood) as wrong:
        checked(decision, reason, note)
    assert wrong.value.field == field
    assert checked("different", "twins", "x" * 500) == "different"


def given(number: int, decision: str, opinion: int) -> Given:
    return Given(
        decision_no=number, decision=decision, opinion=opinion, reason_code="x",
        decided_by=opinion, decided_at=NOON, four_eyes=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("decided", "stand"),
    [
        ([], (None, None)),
        ([("same", 1)], (0, None)),
        ([("same", 1), ("different", 2)], (0, 1)),
        ([("same", 1), ("different", 2), ("different", 1)], (2, None)),
        ([("same", 1), ("withdrawn", 1)], (None, None)),
        ([("same", 1), ("same", 2), ("withdrawn", 2)], (0, None)),
    ],
)
def test_which_opinions_stand(
    decided: list[tuple[str, int]], stand: tuple[int | None, int | None]
) -> None:
    rows = [given(number, *each) for number, each in enumerate(decided)]
    found = standing(rows)
    assert tuple(each and each.decision_no for each in found) == stand


# Figures, worked by hand.


def test_kappa_of_a_table_worked_by_hand() -> None:
    # 50 pairs: 20 both same, 15 both different, 5 and 10 apart; by chance 0.5, seen 0.7.
    found = agreement(
        [
            ("same", "same", 20),
            ("same", "different", 5),
            ("different", "same", 10),
            ("different", "different", 15),
        ]
    )
    assert (found.pairs, found.agreed, found.share) == (50, 35, 0.7)
    assert found.kappa == pytest.approx(0.4)


@pytest.mark.parametrize("rows", [[], [("same", "same", 9)]])
def test_kappa_is_not_made_up_where_it_has_no_meaning(rows: list[tuple[str, str, int]]) -> None:
    assert agreement(rows).kappa is None


def test_opposite_answers_are_worse_than_chance() -> None:
    found = agreement([("same", "different", 5), ("different", "same", 5)])
    assert found.kappa == pytest.approx(-1)


def test_the_share_of_each_band_of_weight() -> None:
    found = bands([(-9, "different", 3), (2, "same", 3), (2, "different", 1), (40, "same", 2)])
    assert [(each.low, each.high, each.decided, each.share) for each in found] == [
        (None, -3, 3, 0.0),
        (2, 3, 4, 0.75),
        (10, None, 2, 1.0),
    ]


# Fields.


def side(**changed: Any) -> Written:
    features = Features(
        given="amina", family="mwangi", given_skeleton="mn", family_skeleton="mng",
        birth="1990-04-05", sex=2, region="R1", place="klm",
    )  # fmt: skip
    own = {key: changed.pop(key) for key in list(changed) if key in Features.__struct_fields__
           and key not in ("birth", "region", "district")}  # fmt: skip
    return Written(
        names=changed.pop("names", Names("Amina", "", "Mwangi")),
        birth=changed.get("birth", "1990-04-05"),
        death="",
        sex=changed.pop("written_sex", "female"),
        region=changed.get("region", "R1"),
        district="",
        village=changed.pop("village", "Kilima"),
        relationship="",
        numbers=changed.pop("numbers", ()),
        housemates=(),
        features=msgspec.structs.replace(features, **own),
    )


@pytest.mark.parametrize(
    ("other", "field", "mark"),
    [
        ({}, "given", "same"),
        ({"given": "aminah"}, "given", "alike"),
        ({"given": "grace", "given_skeleton": "grs"}, "given", "differs"),
        ({"given": "", "given_skeleton": ""}, "given", "one"),
        ({"birth": "1990"}, "birth", "alike"),
        ({"birth": "1990-05-04"}, "birth", "alike"),
        ({"birth": "1991-04-05"}, "birth", "differs"),
        ({"birth": ""}, "birth", "one"),
        ({"written_sex": "male"}, "sex", "differs"),
        ({"written_sex": "unknown"}, "sex", "one"),
        ({"region": "R2"}, "region", "differs"),
        ({"village": "KILIMA"}, "village", "same"),
        ({"village": "Kileema"}, "village", "alike"),
        ({"village": "Bahari", "place": "bhr"}, "village", "differs"),
    ],
)
def test_how_two_fields_agree(other: dict[str, Any], field: str, mark: str) -> None:
    found = {each.field: each.mark for each in lines(side(), side(**other))}
    assert found[field] == mark


@pytest.mark.parametrize(
    ("high", "mark"),
    [
        ((NumberSeen("UIN", "••••31", 7, (1, 2)),), "same"),
        ((NumberSeen("UIN", "••••13", 8, (2, 3)),), "alike"),
        ((NumberSeen("UIN", "••••99", 9, (5, 6)),), "differs"),
        ((), "one"),
    ],
)
def test_how_two_numbers_agree(high: tuple[NumberSeen, ...], mark: str) -> None:
    low = (NumberSeen("UIN", "••••31", 7, (1, 2)),)
    found = {each.field: each for each in lines(side(numbers=low), side(numbers=high))}
    assert found["number:UIN"].mark == mark


@pytest.mark.parametrize(
    ("value", "shown"),
    [("19928847731", "••••31"), ("123456", "••••56"), ("12345", "••••"), ("7", "••••")],
)
def test_of_a_number_the_last_two_signs_are_shown_and_of_a_short_one_none(
    value: str, shown: str
) -> None:
    assert end_of(value) == shown


def test_a_known_pair_is_shown_without_what_tells_its_truth() -> None:
    told = side(numbers=(NumberSeen("UIN", "••••31", 7), NumberSeen("PHONE", "••••22", 8)))
    hidden = without_foundational(told)
    assert [each.kind for each in hidden.numbers] == ["PHONE"]
    assert hidden.features.uin is None
    levels = tuple(1 for _ in COMPARISONS)
    assert [without_number(levels)[at] for at in range(len(levels)) if COMPARISONS[at] is UIN] == [
        0
    ]
    assert sum(without_number(levels)) == len(levels) - 1
