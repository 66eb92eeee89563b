"""Small tables of people, written quickly: what the examples of the checks are made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple, Self

from ibr.overlaps.checks.model import Row, Tables

OPENED = date(2020, 1, 1)


class Who(NamedTuple):
    """A person of a story: the number, and what a record says of them."""

    person: int
    birth: str | None = "1980-05-17"
    precision: int = 3
    sex: int = 2
    disabled: bool | None = None
    gone: bool = False
    """Whether the record named the person once and no longer does."""


class Story:
    """Programmes, people and payments of 2026, one line each; `tables` is what came of it."""

    def __init__(self) -> None:
        self.tables: Tables = {}

    def _add(self, table: str, **row: Any) -> Self:
        self.tables.setdefault(table, []).append(row)
        return self

    def programme(
        self, number: int, code: str, *, unit: int = 1, cycle: int = 1, gives: int = 1,
        functions: str = "", contribution: int = 3,
    ) -> Self:  # fmt: skip
        return self._add(
            "programme", programme_id=number, code=code, assistance_unit=unit, benefit_type=gives,
            functions=functions, currency="XTS", cycle_months=cycle,
            contribution_type=contribution,
        )  # fmt: skip

    def rule(
        self, programme: int, kind: str, /, law: str = "Act 1, section 2", **value: Any
    ) -> Self:
        rows = self.tables.get("programme_rule", [])
        return self._add(
            "programme_rule", rule_no=len(rows) + 1, programme_id=programme, kind=kind,
            value=json.dumps(value), legal_reference=law, valid_from=OPENED,
        )  # fmt: skip

    def pair(
        self, first: int, second: int, relation: str = "incompatible", *, unit: str = "person",
        same_period: bool = True, tolerance: int = 0, keeps: int | None = None,
        cap: int | None = None, law: str = "Act 5, section 9", **conditions: Any,
    ) -> Self:  # fmt: skip
        rows = self.tables.get("pair", [])
        return self._add(
            "pair", pair_no=len(rows) + 1, first_programme=first, second_programme=second,
            relation=relation, unit=unit, same_period=same_period, tolerance_days=tolerance,
            cap_minor=cap, currency=None if cap is None else "XTS", keeps=keeps,
            conditions=json.dumps(conditions), legal_reference=law, valid_from=OPENED,
        )  # fmt: skip

    def enrol(
        self, record: int, programme: int, *people: Who, since: str = "2026-01-10",
        until: str | None = None, paid: str = "", amount: int | None = 500_00, unit: int = 0,
        district: str = "D11", status: int = 1, kind: int = 1, size: int | None = None,
    ) -> Self:  # fmt: skip
        """One record: of a person, or of a household where there are several people.

        `paid` are days of 2026 as `07-05 08-05`; the first person is whom the record is about.
        """
        unit = unit or (1 if len(people) == 1 else 2)
        start = date.fromisoformat(since)
        self._add(
            "record", record_id=record, programme_id=programme, unit=unit,
            region_code=district[:1] + district[1:2], district_code=district,
            group_size=size or (None if unit == 1 else sum(not each.gone for each in people)),
        )  # fmt: skip
        for place, each in enumerate(people):
            self._appear(record, programme, place, each, unit)
        self._add("enrolment", record_id=record, programme_id=programme, enrolled_on=start,
                  status=status, status_on=start)  # fmt: skip
        end = None if until is None else date.fromisoformat(until)
        self.span(record, programme, start, end)
        if end is not None:
            self.span(record, programme, end + timedelta(days=1), None, active=False)
        return self.pay(record, programme, paid, amount, kind)

    def _appear(self, record: int, programme: int, place: int, who: Who, unit: int) -> None:
        self._add(
            "appearance", record_id=record, appearance_no=place if unit == 1 else place + 1,
            member_no=None if who.gone else (-1 if unit == 1 else place),
            programme_id=programme, person_id=who.person, is_own=place == 0,
            is_head=place == 0 and unit != 1, sex=who.sex,
            birth_date=None if who.birth is None else date.fromisoformat(who.birth),
            birth_precision=0 if who.birth is None else who.precision, is_disabled=who.disabled,
        )  # fmt: skip

    def span(
        self, record: int, programme: int, first: date, last: date | None, *, active: bool = True
    ) -> Self:
        return self._add(
            "span", record_id=record, programme_id=programme, first_day=first, last_day=last,
            status=1 if active else 3, active=active, enrolled=active,
        )  # fmt: skip

    def pay(
        self, record: int, programme: int, days: str, amount: int | None = 500_00, kind: int = 1
    ) -> Self:
        for each in days.split():
            on = date.fromisoformat(each if len(each) > 5 else f"2026-{each}")
            self._add(
                "benefit", record_id=record, programme_id=programme, given_on=on,
                month=on.replace(day=1), benefit_type=kind, value_minor=amount,
                currency=None if amount is None else "XTS",
            )  # fmt: skip
        return self

    def number(
        self, record: int, programme: int, kind: str, token: int, *, tie: str = "", of: int = 0
    ) -> Self:
        return self._add(
            "number", record_id=record, appearance_no=of, programme_id=programme, kind=kind,
            tie=tie, token=token,
        )  # fmt: skip

    def died(
        self, person: int, on: str | None, known: str, sources: int = 1, source: str = "civil",
        record: int = 0,
    ) -> Self:  # fmt: skip
        return self._add(
            "death", record_id=record, appearance_no=0, person_id=person,
            died_on=None if on is None else date.fromisoformat(on),
            known_on=date.fromisoformat(known), source=source, sources_agreeing=sources,
        )  # fmt: skip

    def told(self, person: int, attribute: str, value: str, since: str = "2026-06-01") -> Self:
        return self._add(
            "told", record_id=0, appearance_no=0, person_id=person, attribute=attribute,
            value=value, since=date.fromisoformat(since), known_on=date.fromisoformat(since),
            source="civil" if attribute == "vital_status" else "disability",
        )  # fmt: skip

    def exempt(self, check: str, *, token: int | None = None, programme: int | None = None) -> Self:
        rows = self.tables.get("exemption", [])
        return self._add(
            "exemption", exemption_no=len(rows) + 1, check_code=check, programme_id=programme,
            token=token, valid_from=OPENED,
        )  # fmt: skip

    def open_link(self, low: tuple[int, int], high: tuple[int, int], weight: float) -> Self:
        """Two records, each with its programme, whose people may be one."""
        people = {row["record_id"]: row["person_id"] for row in self.tables["appearance"]}
        return self._add(
            "link_open", low_record=low[0], low_no=0, high_record=high[0], high_no=0,
            low_programme=low[1], high_programme=high[1], low_person=people[low[0]],
            high_person=people[high[0]], weight=weight, why="",
        )  # fmt: skip


def changed(rows: Sequence[Row], **values: Any) -> list[Row]:
    """The rows with some columns written anew."""
    return [row | values for row in rows]
