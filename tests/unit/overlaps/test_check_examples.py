"""The examples of the manual, found by both versions of each check, in the words they promise."""

from __future__ import annotations

import pytest

from ibr.overlaps.checks.catalogue import CHECKS
from ibr.overlaps.checks.find import find, find_plainly, parameters_of
from ibr.overlaps.checks.model import EXAMPLE_PERIOD, Check, Example
from ibr.overlaps.snapshot.tables import BY_NAME
from tests.check_tables import loaded

EXAMPLES = [
    pytest.param(check, example, id=f"{check.code} {example.title}")
    for check in CHECKS
    for example in check.examples
]


@pytest.mark.parametrize(("check", "example"), EXAMPLES)
def test_an_example_is_found_in_its_own_words(check: Check, example: Example) -> None:
    limits = parameters_of(check)
    by_statement = find(loaded(example.tables), check, limits, EXAMPLE_PERIOD)
    plainly = find_plainly(example.tables, check, limits, EXAMPLE_PERIOD)
    assert by_statement == plainly
    assert sorted(check.explain(each.facts, str) for each in plainly) == sorted(example.finds)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_a_check_has_an_example_that_it_finds_and_one_that_it_leaves(check: Check) -> None:
    assert any(example.finds for example in check.examples)
    assert any(not example.finds for example in check.examples)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_examples_use_columns_that_a_snapshot_has(check: Check) -> None:
    unknown = [
        (name, column)
        for example in check.examples
        for name, rows in example.tables.items()
        for row in rows
        for column in row
        if column not in BY_NAME[name].names
    ]
    assert unknown == []
