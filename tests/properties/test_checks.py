"""Whatever the population, a check's statement finds what its plain version finds, every time."""

from __future__ import annotations

import random
from functools import cache

import pytest

from ibr.overlaps.checks.catalogue import CHECKS
from ibr.overlaps.checks.find import find, find_plainly, parameters_of
from ibr.overlaps.checks.model import EXAMPLE_PERIOD, Check, Found, Parameters, Tables
from tests.check_populations import population
from tests.check_tables import loaded

POPULATIONS = 24
# Limits under which these few people are many; every other population is checked with them.
TIGHT: dict[str, dict[str, object]] = {
    "K01": {"tolerance_days": 30},
    "K02": {"years": 20},
    "K04": {"shared_members": 3, "split_months": 2},
    "K06": {"shared_percent": 90, "long_months": 1},
    "K07": {"grace_days": 0},
    "K09": {"grace_days": 0},
    "K13": {"account_people": 1, "phone_people": 1, "now_times": 1},
    "K14": {"households": 1},
    "K16": {"arrears_cycles": 1, "often": ()},
    "K17": {"cycles": 1, "after_days": 0},
    "K20": {"cycles": 1},
    "K21": {"oldest": 90, "youngest_head": 18, "office_people": 1, "same_day": 2},
}


def limits_of(check: Check, seed: int) -> Parameters:
    return parameters_of(check, TIGHT.get(check.code) if seed % 2 else None)


@cache
def plainly(seed: int) -> dict[str, list[Found]]:
    """What the plain versions find in a population."""
    tables = population(seed)
    return {
        check.code: find_plainly(tables, check, limits_of(check, seed), EXAMPLE_PERIOD)
        for check in CHECKS
    }


@pytest.mark.parametrize("seed", range(POPULATIONS))
def test_statement_and_plain_version_find_the_same(seed: int) -> None:
    tables = population(seed)
    connection = loaded(tables)
    for check in CHECKS:
        limits = limits_of(check, seed)
        found = find(connection, check, limits, EXAMPLE_PERIOD)
        assert found == plainly(seed)[check.code], check.code
        assert len({each.subject for each in found}) == len(found), check.code
        for each in found:
            assert "{" not in check.explain(each.facts, str), check.code


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    tables = population(seed)
    turned = loaded(_shuffled(tables, seed))
    straight = loaded(tables)
    for check in CHECKS:
        limits = limits_of(check, seed)
        there = find(turned, check, limits, EXAMPLE_PERIOD)
        assert there == find(straight, check, limits, EXAMPLE_PERIOD), check.code


def _shuffled(tables: Tables, seed: int) -> Tables:
    rng = random.Random(seed)
    return {name: rng.sample(rows, len(rows)) for name, rows in tables.items()}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_control_these_populations_give_every_check_something_to_find(check: Check) -> None:
    """Two versions that find nothing agree as well: each check must have been put to the test."""
    assert sum(bool(plainly(seed)[check.code]) for seed in range(POPULATIONS)) >= 2
