"""What every check says stays a sentence, and names no programme that the reader may not know."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from ibr.overlaps.cases.desk.one_case import ANOTHER, without_others
from ibr.overlaps.cases.model import NEVER_THE_OTHER, WITHOUT_CASE
from ibr.overlaps.checks.catalogue import CHECKS
from ibr.overlaps.checks.find import find_plainly
from ibr.overlaps.checks.model import Check, Found, Period
from ibr.web.letter_words import REASON

YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))


def found_in_examples(check: Check) -> list[tuple[Found, set[str]]]:
    """What the check finds in its examples, with the codes of all programmes there."""
    found = []
    for example in check.examples:
        codes = {row["code"] for row in example.tables.get("programme", [])}
        each: Any
        for each in find_plainly(example.tables, check, check.parameters(), YEAR):
            found.append((each, codes))
    return found


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_other_programmes_are_left_out_of_every_sentence(check: Check) -> None:
    for found, codes in found_in_examples(check):
        facts = msgspec.to_builtins(found.facts)
        own = facts.get("programme")
        hidden = codes - {own}
        shown = without_others(check.code, facts, hidden)
        words = check.explain(shown, str)
        assert not any(f" {code} " in f" {words} " for code in hidden), words
        if "other" in facts and facts["other"] in hidden:
            assert ANOTHER in words or facts["other"] not in check.explain(facts, str)


def test_control_a_sentence_does_name_the_other_where_it_may() -> None:
    named = [
        check.code
        for check in CHECKS
        for found, codes in found_in_examples(check)
        if any(code in check.explain(found.facts, str) for code in codes)
    ]
    assert "K06" in named


def test_checks_that_speak_for_the_person_make_no_case() -> None:
    assert {check.code for check in CHECKS if check.helps} <= WITHOUT_CASE


def test_every_check_that_makes_cases_has_its_words_for_letters() -> None:
    makes_cases = {check.code for check in CHECKS} - WITHOUT_CASE
    assert makes_cases <= set(REASON.labels)


def test_no_letter_names_a_check() -> None:
    assert not any(check.code in text for check in CHECKS for text in REASON.labels.values())


def test_where_two_claim_a_child_no_fact_says_where() -> None:
    facts = {"programme": "A", "other": "B", "district": "D1", "months": ["2026-01"]}
    for code in NEVER_THE_OTHER:
        assert "district" not in without_others(code, facts, set())
    assert "district" in without_others("K06", facts, set())
