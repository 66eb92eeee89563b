"""Axe on the pages round the work: partners, officers, privacy, signing in, what everybody reads
(tests/page_visits.py, ROUND_IT); and that it would find what is wrong."""

from __future__ import annotations

import pytest

from tests.axe import complaints, sticks_out
from tests.axe_walk import Walk
from tests.page_visits import ROUND_IT, Visit, visit

PLANTED = {
    "image-alt": "<img src='/static/logo.svg'>",
    "color-contrast": "<p class='planted'>Grey upon grey</p>",
    "label": "<input type='text'>",
    "heading-order": "<h2>One</h2><h5>Two</h5>",
}
PLANT = """(markup) => {
  const main = document.querySelector('main');
  main.insertAdjacentHTML('beforeend', markup);
  const planted = main.querySelector('.planted');
  if (planted) { planted.style.color = '#bbbbbb'; planted.style.background = '#cccccc'; }
}"""


@pytest.mark.parametrize("visit", ROUND_IT, ids=str)
def test_axe_finds_nothing(walk: Walk, visit: Visit) -> None:
    assert walk.wrong_with(visit) == []


@pytest.mark.parametrize("rule", PLANTED)
def test_control_a_planted_fault_is_found(walk: Walk, rule: str) -> None:
    page = walk.opened(visit("/sign-in"))
    assert complaints(page) == []
    page.evaluate(PLANT, PLANTED[rule])
    assert [each.rule for each in complaints(page)] == [rule]


def test_control_what_sticks_out_is_seen(walk: Walk) -> None:
    page = walk.opened(visit("/sign-in"))
    assert sticks_out(page) == 0
    page.evaluate("document.querySelector('main').style.minWidth = '2000px'")
    assert sticks_out(page) > 0


def test_control_a_page_that_leads_elsewhere_is_no_visit(walk: Walk) -> None:
    with pytest.raises(AssertionError, match=r"led to .*/sign-in"):
        walk.opened(visit("/cases"))


def test_control_a_page_that_answers_otherwise_is_no_visit(walk: Walk) -> None:
    with pytest.raises(AssertionError, match="answered 404"):
        walk.opened(visit("/nothing-is-here"))
