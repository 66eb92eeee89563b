"""The pages of figures ask for what the catalogue has."""

from __future__ import annotations

import re

import pytest

from ibr.coverage.catalogue.all import BY_CODE
from ibr.questions.frozen_figures import Wanted
from ibr.web.drawn import FOLDER
from ibr.web.pages import gaps, money, overlaps, quality

ASKED = {
    "overlaps": overlaps.WANTED,
    "money": money.WANTED,
    "gaps": gaps.WANTED,
    "quality": quality.WANTED,
}


def nowhere(wanted: Wanted) -> list[str]:
    """Indicators that are in no catalogue, and breakdowns that none of the indicators has."""
    known = [each for each in wanted.indicators if each in BY_CODE]
    found = {each for code in known for each in BY_CODE[code].breakdowns}
    return [*(set(wanted.indicators) - set(known)), *(set(wanted.breakdowns) - found)]


@pytest.mark.parametrize("page", ASKED)
def test_a_page_asks_for_what_is_counted(page: str) -> None:
    assert [nowhere(each) for each in ASKED[page] if nowhere(each)] == []


def test_control_what_is_not_counted_is_found() -> None:
    assert nowhere(Wanted(("N1", "X1"), ("", "field"))) == ["X1", "field"]


@pytest.mark.parametrize("page", ASKED)
def test_every_file_on_offer_is_of_a_breakdown_that_the_indicator_has(page: str) -> None:
    text = (FOLDER / "templates" / f"{page}.html").read_text()
    offered = {
        pair
        for call in re.findall(r"\{\{ source\(sheet, (.*?)\) \}\}", text)
        for pair in re.findall(r"\('([A-Z]\d)', '([^']*)'", call)
    }
    assert offered
    assert [pair for pair in offered if pair[1] not in BY_CODE[pair[0]].breakdowns] == []
