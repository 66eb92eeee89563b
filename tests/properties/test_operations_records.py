"""Figures of records and payments: DuckDB and plain Python agree, to the last record."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ibr.coverage.engine.operations.cells import Tables
from ibr.coverage.engine.operations.held import store
from ibr.coverage.engine.operations.held.record_figures import add_held
from ibr.coverage.engine.operations.reports.model import Reporter
from ibr.coverage.figures.model import FigureTable
from ibr.overlaps.checks.find import complete
from ibr.periods import Month
from tests.check_tables import loaded
from tests.plain_records import Figures, PlainRecords

FIRST = Month(2024, 11)
BEGIN = FIRST.first
MONTHS = [FIRST.plus(number) for number in range(14)]
KNOWN = datetime(2024, 1, 1, tzinfo=UTC)
REPORTERS = [
    Reporter(programme_id=1, code="OAP", known_at=KNOWN, pay_day=10),
    Reporter(programme_id=2, code="FOOD", known_at=KNOWN, cycle_months=3),
    Reporter(programme_id=3, code="PCT", known_at=KNOWN, cycle_months=2, pay_day=28),
    Reporter(programme_id=4, code="OLD", known_at=KNOWN, cycle_months=24),
]
Row = dict[str, Any]


class Chance:
    """A small population of records, drawn by a seed; some of it lies outside the months."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.tables: dict[str, list[Row]] = {}
        self.tables["programme_rule"] = [self.rule(n, n) for n in (1, 2, 3, 4)]
        self.tables["programme_rule"].append(self.rule(5, 2, from_age=80))
        for record in range(1, self.rng.randint(5, 40)):
            self.record(record)
        people = sorted({each["person_id"] for each in self.tables.get("appearance", [])}) or [1]
        for person in self.rng.sample(people, len(people) // 4):
            self.add("told", person_id=person, source=self.rng.choice(["civil", "social"]),
                     record_id=0, appearance_no=0, attribute="vital_status")  # fmt: skip
        for number in range(3):
            low, high = self.rng.choice(people), self.rng.choice(people)
            self.add("link_open", low_person=low, high_person=high, low_record=number)
        self.copies = self.drawn_copies()

    def add(self, table: str, **row: Any) -> None:
        self.tables.setdefault(table, []).append(row)

    def day(self) -> date:
        return BEGIN + timedelta(days=self.rng.randint(-120, 520))

    def rule(self, number: int, programme: int, **further: Any) -> Row:
        ends = self.day() if self.rng.random() < 0.3 else None
        value = {"minor": 100, "currency": "XTS"} | further
        return {
            "rule_no": number, "programme_id": programme, "kind": "amount",
            "value": json.dumps(value), "valid_from": min(self.day(), ends or date.max),
            "valid_to": ends,
        }  # fmt: skip

    def record(self, record: int) -> None:
        rng = self.rng
        # The fifth programme is asked about by nobody.
        programme, unit = rng.randint(1, 5), rng.choice([1, 1, 2])
        self.add(
            "record", record_id=record, programme_id=programme, unit=unit,
            region_code=rng.choice(["R1", "", None]), district_code=rng.choice(["D1", None]),
            group_size=None if unit == 1 else rng.choice([None, 0, 4]),
        )  # fmt: skip
        self.add(
            "enrolment", record_id=record, programme_id=programme, status=1,
            enrolled_on=rng.choice([None, BEGIN]), status_on=rng.choice([None, BEGIN]),
        )  # fmt: skip
        for place in range(rng.choice([0, 1, 1, 1]) if unit == 1 else rng.randint(0, 3)):
            self.appear(record, programme, unit, place)
        first = self.day()
        for _ in range(rng.randint(1, 4)):
            last = first + timedelta(days=rng.choice([0, 3, 30, 61, 200]))
            open_end = rng.random() < 0.3
            self.add("span", record_id=record, programme_id=programme, first_day=first,
                     last_day=None if open_end else last, active=rng.random() < 0.7,
                     enrolled=rng.random() < 0.8, status=1)  # fmt: skip
            if open_end:
                break
            first = last + timedelta(days=1)
        for _ in range(rng.randint(0, 8)):
            given = self.day()
            self.add("benefit", record_id=record, programme_id=programme, given_on=given,
                     month=given.replace(day=1), benefit_type=1)  # fmt: skip

    def appear(self, record: int, programme: int, unit: int, place: int) -> None:
        rng = self.rng
        number = place if unit == 1 else place + 1
        self.add(
            "appearance", record_id=record, appearance_no=number,
            member_no=None if rng.random() < 0.1 else (-1 if unit == 1 else place),
            programme_id=programme, person_id=rng.randint(1, 25), is_own=unit == 1,
            is_head=unit != 1 and rng.random() < 0.4, sex=rng.randint(0, 2),
            birth_precision=rng.randint(0, 3), is_disabled=rng.choice([None, True, False]),
        )  # fmt: skip
        for kind in rng.sample(["UIN", "PASSPORT", "PHONE", "PROGRAMME_NUMBER"], rng.randint(0, 3)):
            self.add("number", record_id=record, appearance_no=number, programme_id=programme,
                     kind=kind, tie=rng.choice(["", "", "PAYEE"]), token=1)  # fmt: skip

    def drawn_copies(self) -> list[tuple[int, int, str]]:
        shown = [(each["record_id"], each["appearance_no"]) for each in self.tables["appearance"]]
        return [(*each, str(self.rng.randint(1, 4))) for each in shown if self.rng.random() < 0.4]


def counted(chance: Chance, months: list[Month]) -> dict[str, Figures]:
    into = {month: Tables(month) for month in months}
    with loaded(chance.tables) as connection:
        add_held(connection, into, REPORTERS, chance.copies)
    return {str(month): flat(into[month].made()) for month in months}


def flat(tables: list[FigureTable]) -> Figures:
    found: Figures = {}
    for table in tables:
        for cell in table.cells:
            assert (table.indicator, table.breakdown, cell.key) not in found
            assert cell.numerator is not None
            found[table.indicator, table.breakdown, cell.key] = (
                cell.numerator,
                cell.denominator or 0,
            )
    return found


@pytest.mark.parametrize("seed", range(25))
def test_both_ways_of_counting_agree(seed: int) -> None:
    chance = Chance(seed)
    found = counted(chance, MONTHS)
    plain = PlainRecords(complete(chance.tables), REPORTERS)
    for month in MONTHS:
        assert found[str(month)] == plain.figures(month, chance.copies), month


def test_months_far_apart_and_years_of_them_are_the_same_months() -> None:
    chance = Chance(4)
    apart = [MONTHS[0].plus(-30), *MONTHS[::5], MONTHS[0].plus(40)]
    found = counted(chance, apart)
    plain = PlainRecords(complete(chance.tables), REPORTERS)
    for month in apart:
        assert found[str(month)] == plain.figures(month, chance.copies), month
    years = counted(chance, [MONTHS[0].plus(number) for number in range(-30, 41)])
    assert {month: years[month] for month in found} == found


def test_nobody_at_all_is_no_figure() -> None:
    with loaded({}) as connection:
        into = {month: Tables(month) for month in MONTHS}
        add_held(connection, into, REPORTERS, [])
        assert [table for each in into.values() for table in each.made()] == []
        add_held(connection, into, [], [])


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("birth_date", ("true", "coalesce(s.birth_precision, 0) > 0")),
        ("group_size", ("true", "k.says_size")),
    ],
)
def test_control_another_rule_for_a_field_is_seen(
    monkeypatch: pytest.MonkeyPatch, name: str, wrong: tuple[str, str]
) -> None:
    monkeypatch.setitem(store.FIELDS, name, wrong)
    chance = Chance(1)
    plain = PlainRecords(complete(chance.tables), REPORTERS)
    found = counted(chance, MONTHS)
    assert any(found[str(month)] != plain.figures(month, chance.copies) for month in MONTHS)
