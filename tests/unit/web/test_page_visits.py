"""Every page has a visit, so that the checks of all pages leave none out."""

from __future__ import annotations

from tests.page_visits import NO_ADDRESS, NOT_A_PAGE, ROUND_IT, WORK, addresses

VISITED = {each.address for each in (*WORK, *ROUND_IT)}
HOW = "Add a line to WORK or ROUND_IT in tests/page_visits.py, or one to NOT_A_PAGE with a reason: "


def test_every_page_is_visited() -> None:
    missing = sorted(addresses() - VISITED - NOT_A_PAGE.keys())
    assert not missing, HOW + ", ".join(missing)


def test_nothing_is_visited_or_excused_that_there_is_not() -> None:
    assert (VISITED | NOT_A_PAGE.keys()) - addresses() == NO_ADDRESS


def test_nothing_is_both_visited_and_excused() -> None:
    assert VISITED & NOT_A_PAGE.keys() == set()


def test_control_there_are_addresses_with_and_without_parts() -> None:
    assert {"/sign-in", "/docs", "/cases/{number:int}", "/public/{language:str}"} <= addresses()
