"""Worked examples of when a delivery is out of the ordinary (K25)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ibr.deliveries.checks import model
from ibr.deliveries.checks.model import Anomaly, Before, CheckTerms, Found, Told
from ibr.deliveries.checks.rules import (
    is_held,
    of_a_programme,
    of_the_sequence,
    of_the_whole,
)
from ibr.deliveries.checks.words import PATTERNS, sentence, to_sender
from ibr.deliveries.model import ControlTotals

MAY = Told(cycle="2026-05", sequence=1)
USUAL = CheckTerms()


def found(**further: Any) -> Found:
    """1,000 records of as many people who were all known, and 10,000.00 of money."""
    usual = {"records": 1000, "people": 1000, "known": 1000, "money": {"KES": 1_000_000}}
    return Found(programme_id=7, cycle="2026-05", **{**usual, **further})


def before(**further: Any) -> Before:
    """A cycle before with one such delivery."""
    usual = {
        "cycle": "2026-04",
        "records": 1000,
        "money": {"KES": 1_000_000},
        "like": found(),
        "codes": {"benefit_type": {"1"}},
    }
    return Before(**{**usual, **further})


def codes(anomalies: list[Anomaly]) -> list[str]:
    return [each.code for each in anomalies]


@pytest.mark.parametrize(
    ("now", "earlier", "expected"),
    [
        (found(), before(), []),
        (found(records=1500, people=1500), before(), []),
        (found(records=1501), before(), [model.RECORDS_MORE]),
        (found(records=500), before(), []),
        (found(records=499), before(), [model.RECORDS_FEWER]),
        (found(records=499), before(like=None), []),
        (found(), before(so_far_records=501), [model.RECORDS_MORE]),
        (found(records=20), before(records=30, like=found(records=30)), []),
        (found(records=20, people=20, known=20), before(), [model.RECORDS_FEWER]),
        (found(money={"KES": 1_500_000}), before(), []),
        (found(money={"KES": 1_500_001}), before(), [model.MONEY_MORE]),
        (found(money={"KES": 499_999}), before(), [model.MONEY_LESS]),
        (found(money={"KES": 1_000_000, "USD": 5}), before(), [model.MONEY_MORE]),
        (found(money={}), before(), [model.MONEY_LESS]),
        (found(money={"KES": 5}), before(money={}, like=found(money={})), []),
        (found(known=500), before(), []),
        (found(known=499), before(), [model.NEW_PEOPLE]),
        (found(known=0), before(cycle=None, records=0, money={}, like=None), []),
        (found(ended=250), before(), []),
        (found(ended=251), before(), [model.ENDED_PEOPLE]),
        (found(restated=1000, changed=899), before(), []),
        (found(restated=1000, changed=900), before(), [model.STATUSES_CHANGED]),
        (found(restated=50, changed=50), before(), []),
        (found(refused=428), before(), []),
        (found(refused=429), before(), [model.REFUSED_SHARE]),
        (found(codes={"benefit_type": {"1"}}), before(), []),
        (found(codes={"benefit_type": {"1", "4"}}), before(), [model.NEW_CODES]),
        (found(codes={"benefit_type": {"4"}}), before(codes={}), []),
    ],
)
def test_a_programme_is_compared_with_its_last_cycle(
    now: Found, earlier: Before, expected: list[str]
) -> None:
    assert codes(of_a_programme(MAY, now, earlier, USUAL)) == expected


@pytest.mark.parametrize(
    "told",
    [
        Told(cycle=None),
        Told(cycle="2026-05", mode="correction"),
        Told(cycle="2026-05", same_content=True),
    ],
    ids=["no cycle named", "a correction", "the same content again"],
)
def test_what_may_be_of_any_size_is_not_compared(told: Told) -> None:
    anomalies = of_a_programme(told, found(records=9000, known=0), before(), USUAL)
    assert codes(anomalies) == []


@pytest.mark.parametrize(
    ("totals", "more", "expected"),
    [
        (ControlTotals(), {}, []),
        (ControlTotals(records=1000, people=1000, money={"KES": 1_000_000}), {}, []),
        (ControlTotals(records=1001), {}, [model.RECORDS_TOTAL]),
        (ControlTotals(people=999), {}, [model.PEOPLE_TOTAL]),
        (ControlTotals(people=1003), {"refused": 3, "items": 1003}, []),
        (ControlTotals(people=1004), {"refused": 3, "items": 1003}, [model.PEOPLE_TOTAL]),
        (ControlTotals(money={"KES": 1_000_001}), {}, [model.MONEY_TOTAL]),
        (ControlTotals(money={"KES": 1_000_001}), {"refused": 1, "items": 1001}, []),
        (ControlTotals(money={"KES": 999_999}), {"refused": 1, "items": 1001}, [model.MONEY_TOTAL]),
        (ControlTotals(money={"USD": 5}), {}, [model.MONEY_TOTAL, model.MONEY_TOTAL]),
    ],
)
def test_control_totals_must_agree(
    totals: ControlTotals, more: dict[str, int], expected: list[str]
) -> None:
    counted = {"items": 1000, "refused": 0, **more}
    anomalies = of_the_whole(Told(totals=totals), [found()], **counted)
    assert codes(anomalies) == expected
    assert is_held(anomalies) is bool(expected)


def test_records_of_another_programme_than_the_one_named_are_found() -> None:
    anomalies = of_the_whole(Told(programme_id=8), [found()], items=1000, refused=0)
    assert codes(anomalies) == [model.OTHER_PROGRAMME]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (Told(cycle="2026-05", sequence=1), []),
        (Told(cycle="2026-05", sequence=3, sequences=frozenset({1, 2})), []),
        (
            Told(cycle="2026-05", sequence=4, sequences=frozenset({1, 2})),
            [(model.SEQUENCE_GAP, "note")],
        ),
        (Told(cycle="2026-05", sequence=1, sequences=frozenset({2})), []),
        (
            Told(cycle="2026-05", sequence=2, sequences=frozenset({1, 2})),
            [(model.SEQUENCE_AGAIN, "hold")],
        ),
        (
            Told(cycle="2026-05", sequence=2, sequences=frozenset({2}), same_content=True),
            [(model.SAME_CONTENT, "note")],
        ),
        (Told(cycle="2026-05", sequence=2, sequences=frozenset({2}), mode="correction"), []),
        (Told(mode="void", replaces=True), [(model.VOID_ASKED, "hold")]),
        (Told(replaces=True), [(model.VOID_ASKED, "hold")]),
    ],
)
def test_the_sequence_tells_of_gaps_and_repeats(
    told: Told, expected: list[tuple[str, str]]
) -> None:
    anomalies = of_the_sequence(told, USUAL)
    assert [(each.code, each.level) for each in anomalies] == expected


def test_a_limit_that_is_none_switches_its_comparison_off() -> None:
    terms = CheckTerms(
        records=None,
        money=None,
        fresh=None,
        ended=None,
        changed=None,
        refused=None,
        new_codes="off",
    )
    wild = found(
        records=9000,
        known=200,
        ended=200,
        restated=200,
        changed=200,
        refused=9000,
        money={"USD": 1},
        codes={"benefit_type": {"9"}},
    )
    assert of_a_programme(MAY, wild, before(), terms) == []
    # The control: with the usual limits each of them is found.
    assert len(of_a_programme(MAY, wild, before(), USUAL)) > 5


def test_every_kind_of_anomaly_has_words_that_name_no_value_twice() -> None:
    kinds = [
        getattr(model, name)
        for name in dir(model)
        if name.isupper() and isinstance(getattr(model, name), str)
    ]
    assert sorted(kinds) == sorted(PATTERNS)
    money = Anomaly(
        code=model.MONEY_TOTAL, level="hold", found=500_000, expected=1_000_000, about="KES"
    )
    assert sentence(money) == (
        "Its benefits add up to KES 5000.00, but its sender says KES 10000.00."
    )
    share = Anomaly(code=model.ENDED_PEOPLE, level="hold", found=0.4, limit=0.25)
    assert "40 % of the people" in sentence(share)


def test_a_sender_is_told_what_is_held_and_not_what_is_only_noted() -> None:
    anomalies = [
        Anomaly(code=model.RECORDS_TOTAL, level="hold", found=1, expected=5),
        Anomaly(code=model.SEQUENCE_GAP, level="note", found=4, expected=3),
    ]
    words = to_sender(anomalies, 12)
    assert "It holds 1 records, but its sender says 5." in words
    assert "missing" not in words


def test_an_anomaly_survives_being_kept() -> None:
    kept = of_a_programme(MAY, found(records=1501), before(), USUAL)
    assert msgspec.json.decode(msgspec.json.encode(kept), type=list[Anomaly]) == kept
