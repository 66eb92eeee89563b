"""The waterfall: each bar begins where the one before it ended, and the whole is their sum."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from ibr.identity.weights.comparisons import COMPARISONS
from ibr.identity.weights.explain import WORDS
from ibr.web import link_codes
from ibr.web.charts.waterfall import Step, Threshold, signed, waterfall
from ibr.web.languages import ENGLISH, RIGHT_TO_LEFT
from ibr.web.pages.review_pair import odds, strength
from ibr.web.written import Written

EN = Written(ENGLISH)
STEPS = [Step("To begin with", -4.5), Step("Given name", 5.0), Step("<b>", 2.0)]


def drawn(steps: list[Step] = STEPS, written: Written = EN) -> ET.Element:
    return ET.fromstring(
        waterfall("waterfall", steps, [Threshold("linked", 2.0)], "T", "A", total="W",
                  written=written)
    )  # fmt: skip


def bars(picture: ET.Element) -> list[tuple[float, float, str]]:
    return [
        (float(each.get("x", 0)), float(each.get("width", 0)), each.get("class", ""))
        for each in picture.iter("rect")
    ]


def test_bars_join_and_the_whole_is_their_sum() -> None:
    start, name, rest, whole = bars(drawn())
    assert start[0] == pytest.approx(name[0], abs=0.2)
    assert name[0] + name[1] == pytest.approx(rest[0], abs=0.2)
    assert whole[0] + whole[1] == pytest.approx(rest[0] + rest[1], abs=0.2)
    assert [each[2].split()[-1] for each in (start, name, rest, whole)] == [
        "against", "for", "for", "whole",
    ]  # fmt: skip


def test_the_sign_is_told_without_colour_and_names_are_text() -> None:
    texts = [each.text for each in drawn().iter("text")]
    assert "−4.5" in texts
    assert "+2.5" in texts
    assert "<b>" in texts


def test_it_stays_inside_its_picture_and_turns_round() -> None:
    for steps in (STEPS, [Step("a", -30.0)], [Step("a", 0.0)], []):
        for left, width, _ in bars(drawn(steps)):
            assert left >= 0
            assert left + width <= 640
    first = bars(drawn(written=Written(RIGHT_TO_LEFT)))[0]
    assert first[0] > bars(drawn())[0][0]


@pytest.mark.parametrize(
    ("bits", "said"), [(4.46, "+4.5"), (-0.04, "0.0"), (0.0, "0.0"), (-12.0, "−12.0")]
)
def test_bits_have_their_sign(bits: float, said: str) -> None:
    assert signed(bits, EN) == said


@pytest.mark.parametrize(
    ("bits", "degree"), [(0.0, 0), (-0.2, 0), (0.5, 1), (-2.0, -2), (4.0, 3), (-9.0, -3)]
)
def test_how_strongly_evidence_speaks(bits: float, degree: int) -> None:
    assert strength(bits) == degree
    assert str(degree) in link_codes.LINK_STRENGTH.labels


@pytest.mark.parametrize(
    ("weight", "said"),
    [(0.0, (True, 1)), (3.0, (True, 8)), (-3.0, (False, 8)), (1e9, (True, 10_000))],
)
def test_odds_claim_no_more_than_can_be_meant(weight: float, said: tuple[bool, int]) -> None:
    assert odds(weight) == said


def test_every_piece_of_evidence_has_a_name_on_the_page() -> None:
    parts = {each.shown_with for each in COMPARISONS} | {"prior"}
    assert parts <= set(link_codes.LINK_PART.labels)
    assert {f"{each}.unknown" for each in parts - {"prior"}} <= set(WORDS)
    assert not re.search(r"[<>]", " ".join(WORDS.values()))
