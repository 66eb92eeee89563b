"""Programme pairs and rules: what they may say, how a new row takes an old one's place, files."""

from __future__ import annotations

import contextlib
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibr.demo import laws
from ibr.demo.programmes import BY_CODE
from ibr.errors import NotUnderstood, TooMuch
from ibr.overlaps.pairs.model import Conditions, Interval, Pair, Rule
from ibr.overlaps.pairs.read_csv import LARGEST, MOST_ROWS, read_pairs, read_rows
from ibr.overlaps.pairs.rules import _SHAPES, check_pair, check_rule, left_of, overlap
from ibr.overlaps.snapshot.tables import RULE_KINDS

A_PAIR = Pair(
    first="OAP",
    second="DIS",
    relation="incompatible",
    legal_reference="Act 1",
    valid_from=date(2026, 1, 1),
)
CODES = {"oap": "OAP", "dis": "DIS", "pct": "PCT"}
HEAD = "first,second,relation,legal_reference,valid_from"


def test_a_pair_in_order_is_taken() -> None:
    check_pair(A_PAIR)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("second", {"second": "oap"}),
        ("relation", {"relation": "forbidden"}),
        ("unit", {"unit": "village"}),
        ("tolerance_days", {"tolerance_days": 367}),
        ("tolerance_days", {"tolerance_days": -1}),
        ("cap", {"cap_minor": 5}),
        ("cap", {"cap_minor": 5, "currency": "ZZZ"}),
        ("keeps", {"keeps": "PCT"}),
        ("max_age", {"conditions": Conditions(min_age=9, max_age=8)}),
        ("min_age", {"conditions": Conditions(min_age=131)}),
        ("entitled_to", {"conditions": Conditions(entitled_to="DIS")}),
        ("entitled_to", {"relation": "complementary", "conditions": Conditions(entitled_to="X")}),
        ("legal_reference", {"legal_reference": "  "}),
        ("legal_reference", {"legal_reference": "x" * 501}),
        ("note", {"note": "\x1b[31m"}),
        ("valid_to", {"valid_to": date(2025, 12, 31)}),
        ("valid_from", {"valid_from": date(1800, 1, 1)}),
    ],
)
def test_what_is_not_in_order_is_refused_with_its_field(field: str, change: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstood) as refused:
        check_pair(msgspec.structs.replace(A_PAIR, **change))
    assert refused.value.field == field


def a_rule(kind: str, **value: Any) -> Rule:
    return Rule(
        programme="OAP",
        kind=kind,
        value=value,
        legal_reference="Act 1",
        valid_from=date(2026, 1, 1),
    )


def test_each_kind_of_rule_is_known_with_its_form() -> None:
    assert set(_SHAPES) == set(RULE_KINDS)
    for kind, about in RULE_KINDS.items():
        example = msgspec.json.decode(about[: about.index("}") + 1])
        check_rule(a_rule(kind, **example))


@pytest.mark.parametrize(
    "rule",
    [
        a_rule("age_from"),
        a_rule("age_from", years=-1),
        a_rule("age_from", years="65"),
        a_rule("age_from", years=True),
        a_rule("age_from", years=65, of="dog"),
        a_rule("age_from", years=65, more=1),
        a_rule("amount", minor=5, currency="zzz"),
        a_rule("sex", sex=3),
        a_rule("moon", phase=1),
    ],
)
def test_another_form_of_rule_is_refused(rule: Rule) -> None:
    with pytest.raises(NotUnderstood):
        check_rule(rule)


def test_the_made_up_countrys_laws_are_in_order() -> None:
    for pair in laws.pairs():
        check_pair(pair)
        assert {pair.first, pair.second} <= set(BY_CODE)
    for rule in laws.rules():
        check_rule(rule)


days = st.dates(date(2026, 1, 1), date(2026, 2, 20))
intervals = st.builds(
    lambda one, two, open_: Interval(min(one, two), None if open_ else max(one, two)),
    days,
    days,
    st.booleans(),
)


def covered(parts: list[Interval]) -> list[date]:
    horizon = [date.fromordinal(date(2026, 1, 1).toordinal() + step) for step in range(60)]
    return [day for each in parts for day in horizon if overlap(each, Interval(day, day))]


@given(intervals, intervals)
def test_each_day_is_said_once_by_the_old_or_by_the_new(old: Interval, new: Interval) -> None:
    left = left_of(old, new)
    assert sorted(covered([*left, new])) == sorted(set(covered([old, new])))
    assert not any(overlap(each, new) for each in left)


def test_a_file_gives_its_pairs() -> None:
    content = (
        "\ufefffirst;second;relation;unit;cap;keeps;min_age;sex;legal_reference;valid_from\r\n"
        'oap;DIS;incompatible;person;XTS 500.00;OAP;65;female;"Act 1; section 2";2026-01-01\r\n'
        "\r\n"
    ).encode()
    [(row, pair)], problems = read_pairs(read_rows(content), CODES)
    assert not problems
    assert row == 2
    assert pair == Pair(
        first="OAP",
        second="DIS",
        relation="incompatible",
        cap_minor=50_000,
        currency="XTS",
        keeps="OAP",
        conditions=Conditions(min_age=65, sex=2),
        legal_reference="Act 1; section 2",
        valid_from=date(2026, 1, 1),
    )


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("OAP,XXX,incompatible,Act,2026-01-01", "second"),
        (",DIS,incompatible,Act,2026-01-01", "first"),
        ("OAP,DIS,forbidden,Act,2026-01-01", "relation"),
        ("OAP,DIS,incompatible,,2026-01-01", "legal_reference"),
        ("OAP,DIS,incompatible,Act,01/02/2026", "valid_from"),
        ("OAP,DIS,incompatible,Act,", "valid_from"),
        ("OAP,DIS,incompatible,Act,2026-02-30", "valid_from"),
        ("OAP,DIS,incompatible,Act,2026-01-01,more,cells", "row"),
        ("OAP", "second"),
    ],
)
def test_each_fault_is_said_with_its_row_and_without_the_value(row: str, column: str) -> None:
    content = f"{HEAD}\nOAP,PCT,allowed,Act,2026-01-01\n{row}\n".encode()
    pairs, [problem] = read_pairs(read_rows(content), CODES)
    assert len(pairs) == 1
    assert (problem.row, problem.column) == (3, column)
    assert "XXX" not in problem.reason
    assert "forbidden" not in problem.reason


def test_two_rows_about_the_same_days_are_a_fault_of_the_second() -> None:
    content = (
        f"{HEAD},valid_to\nOAP,DIS,incompatible,Act,2026-01-01,2026-06-30\n"
        "DIS,OAP,allowed,Act,2026-07-01,\nDIS,OAP,allowed,Act,2026-06-30,\n"
    ).encode()
    pairs, [problem] = read_pairs(read_rows(content), CODES)
    assert len(pairs) == 2
    assert problem.row == 4


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"first,second\n",
        b"\xff\xfe\x00f",
        f"{HEAD}\n\0".encode(),
        f"{HEAD},first\n".encode(),
        f"{HEAD},colour\n".encode(),
        f'{HEAD}\n"never closed\n'.encode(),
    ],
)
def test_what_is_no_such_file_is_refused_whole(content: bytes) -> None:
    with pytest.raises(NotUnderstood):
        read_rows(content)


@pytest.mark.parametrize(
    "content", [b"x" * (LARGEST + 1), (HEAD + "\n" + "a,b,c,d,e\n" * (MOST_ROWS + 1)).encode()]
)
def test_what_is_too_large_is_refused_at_once(content: bytes) -> None:
    with pytest.raises(TooMuch):
        read_rows(content)


@given(st.binary(max_size=300))
def test_no_file_at_all_brings_it_down(noise: bytes) -> None:
    for content in (noise, HEAD.encode() + b"\n" + noise):
        with contextlib.suppress(NotUnderstood, TooMuch):
            read_pairs(read_rows(content), CODES)


@given(st.lists(st.text(max_size=12), min_size=5, max_size=5))
def test_no_row_at_all_brings_it_down(cells: list[str]) -> None:
    names = HEAD.split(",")
    rows = [dict(zip(names, cells, strict=True))]
    pairs, problems = read_pairs(rows, CODES)
    assert len(pairs) + len(problems) == 1
