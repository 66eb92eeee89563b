"""What was planted in the made-up country is found, and hardly anything else.

Linkage is taken as right here: what it finds and misses is measured elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import duckdb
import pytest

from ibr.demo.country import Country, make_country
from ibr.demo.enrolments import Enrolment
from ibr.demo.timeline import FIRST, LAST_DAY
from ibr.demo.truth import truth
from ibr.overlaps.checks.catalogue import BY_CODE
from ibr.overlaps.checks.find import find, parameters_of
from ibr.overlaps.checks.model import Found, Period
from tests.check_country import AsSnapshot
from tests.check_tables import loaded

PERIOD = Period(FIRST.first, LAST_DAY)
Pair = frozenset[int]


class Judged:
    """A country with its truth and its snapshot."""

    def __init__(self, people: int, seed: int) -> None:
        self.country: Country = make_country(people, seed)
        self.snapshot = AsSnapshot(self.country)
        self.lines: list[dict[str, Any]] = list(truth(self.country))
        self.connection: duckdb.DuckDBPyConnection = loaded(self.snapshot.tables)
        self._active: dict[int, list[Any]] = defaultdict(list)
        for row in self.snapshot.tables["span"]:
            if row["active"]:
                self._active[row["record_id"]].append(row)

    def found(self, code: str, **given: object) -> list[Found]:
        check = BY_CODE[code]
        return find(self.connection, check, parameters_of(check, given), PERIOD)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["kind"] == kind]

    def record(self, number: str) -> int:
        return self.snapshot.records[number]

    def together(self, pair: Pair) -> bool:
        """Whether both records were active on one day; else nothing was received twice."""
        one, two = pair
        return any(
            max(a["first_day"], b["first_day"])
            <= min(a["last_day"] or LAST_DAY, b["last_day"] or LAST_DAY)
            for a in self._active[one]
            for b in self._active[two]
        )

    def splits(self) -> set[Pair]:
        """Records of one programme for a household and for the one that was split from it."""
        enrolled: dict[tuple[str, int], list[Enrolment]] = defaultdict(list)
        for enrolments in self.country.enrolments.values():
            for each in enrolments:
                enrolled[each.programme, each.household.id].append(each)
        return {
            pair
            for line in self.of("split")
            for programme in ("PCT", "FOOD")
            for one in enrolled[programme, line["household"]]
            for two in enrolled[programme, line["into"]]
            if self.together(pair := self.pair((one.number, two.number)))
        }

    def pair(self, numbers: Iterable[str]) -> Pair:
        return frozenset(self.record(number) for number in numbers)


@pytest.fixture(scope="module")
def judged() -> Judged:
    return Judged(2_000, 7)


def pairs(found: Iterable[Found]) -> set[Pair]:
    return {
        frozenset((each.record_id, each.other_record))
        for each in found
        if each.record_id is not None and each.other_record is not None
    }


def judge(found: set[Any], planted: set[Any], wrong: set[Any]) -> None:
    """At least 95 in 100 of what was planted, and fewer than 2 in 100 of what was found wrong."""
    assert len(planted) >= 5
    assert len(planted & found) >= 0.95 * len(planted), planted - found
    assert len(wrong) < 0.02 * len(found), wrong


def test_planted_overlaps_are_found(judged: Judged) -> None:
    planted = {judged.pair(line["numbers"]) for line in judged.of("overlap")}
    planted = {pair for pair in planted if judged.together(pair)}
    found = pairs(judged.found("K06"))
    judge(found, planted, found - planted)


def test_payments_after_a_death_are_found(judged: Judged) -> None:
    planted = {judged.record(line["number"]) for line in judged.of("paid_after_death")}
    deaths = {
        judged.record(each.number): each.person.death
        for enrolments in judged.country.enrolments.values()
        for each in enrolments
    }
    findings = judged.found("K07", grace_days=0)
    wrong = {
        each.record_id
        for each in findings
        if each.last_day is None
        or (died := deaths[each.record_id or 0]) is None
        or each.last_day <= died
    }
    judge({each.record_id for each in findings}, planted, wrong)


def test_split_and_repeated_households_are_found(judged: Judged) -> None:
    repeated = {
        judged.pair(line["numbers"]) for line in judged.of("duplicate") if line["person"] is None
    }
    planted = {pair for pair in repeated if judged.together(pair)} | judged.splits()
    found = pairs(judged.found("K04"))
    judge(found, planted, found - planted)


def test_people_registered_twice_are_found(judged: Judged) -> None:
    every = {judged.pair(line["numbers"]) for line in judged.of("duplicate")}
    of_people = {
        judged.pair(line["numbers"])
        for line in judged.of("duplicate")
        if line["person"] is not None
    }
    found = pairs(judged.found("K01"))
    judge(found, {pair for pair in of_people if judged.together(pair)}, found - every)


def test_control_a_check_that_finds_something_else_is_judged_wrong(judged: Judged) -> None:
    planted = {judged.pair(line["numbers"]) for line in judged.of("overlap")}
    found = pairs(judged.found("K04"))
    with pytest.raises(AssertionError):
        judge(found, planted, found - planted)
