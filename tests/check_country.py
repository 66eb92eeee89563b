"""The made-up country as a snapshot in which linkage is right: what checks find can be judged.

Every true person is one person of the snapshot. A civil register knows of every death a month
later; programmes know of those that they heard of.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

from ibr.demo.benefits import benefits_of, is_due, pay_day, reports_in
from ibr.demo.country import Country
from ibr.demo.enrolments import ACTIVE, PAID_STATUSES, RENEWING, Enrolment
from ibr.demo.people import Person
from ibr.demo.programmes import BY_CODE, INCOMPATIBLE, PROGRAMMES
from ibr.demo.timeline import LAST_DAY, MONTHS, index_of
from ibr.overlaps.checks.model import Row, Tables

NUMBERS = {programme.code: number for number, programme in enumerate(PROGRAMMES, 1)}
HOUSEHOLDS = frozenset({"PCT", "FOOD"})


class AsSnapshot:
    """The tables of a country's snapshot, and the record of each programme's number."""

    def __init__(self, country: Country) -> None:
        self.tables: Tables = {name: [] for name in (
            "programme", "pair", "record", "appearance", "enrolment", "span", "benefit", "death",
        )}  # fmt: skip
        self.records: dict[str, int] = {}
        self._rng = random.Random(country.seed)
        for programme in PROGRAMMES:
            self.tables["programme"].append({
                "programme_id": NUMBERS[programme.code], "code": programme.code,
                "assistance_unit": programme.assistance_unit, "currency": programme.currency,
                "benefit_type": programme.benefit_type, "cycle_months": programme.cycle_months,
            })  # fmt: skip
        self._pairs()
        for enrolments in country.enrolments.values():
            for enrolment in enrolments:
                self._enrolment(enrolment)
        self._deaths(country)

    def _pairs(self) -> None:
        for number, codes in enumerate(INCOMPATIBLE, 1):
            first, second = sorted(NUMBERS[code] for code in codes)
            self.tables["pair"].append({
                "pair_no": number, "first_programme": first, "second_programme": second,
                "relation": "incompatible", "tolerance_days": 0, "same_period": True,
                "unit": "household" if set(codes) <= HOUSEHOLDS else "person",
                "legal_reference": "Act 1", "valid_from": date(2020, 1, 1),
            })  # fmt: skip

    def _enrolment(self, enrolment: Enrolment) -> None:
        number = len(self.records) + 1
        self.records[enrolment.number] = number
        own: Row = {"record_id": number, "programme_id": NUMBERS[enrolment.programme]}
        whole = enrolment.whole_household
        people = enrolment.members(MONTHS - 1) if whole else [enrolment.person]
        self.tables["record"].append(own | {
            "unit": 2 if whole else 1, "group_size": len(people) if whole else None,
            "district_code": enrolment.household.district.code,
        })  # fmt: skip
        left = [*enrolment.household.members, *enrolment.household.left] if whole else []
        for place, person in enumerate([*people, *(each for each in left if each not in people)]):
            self.tables["appearance"].append(own | {
                "appearance_no": place + whole, "person_id": person.id, "is_own": not whole,
                "member_no": (place if whole else -1) if person in people else None,
                "is_head": False, "sex": 1 if person.sex == "male" else 2,
                "birth_date": person.birth, "birth_precision": 3,
            })  # fmt: skip
        self.tables["enrolment"].append(own | {
            "enrolled_on": enrolment.start, "status": int(enrolment.statuses[-1][1]),
            "status_on": enrolment.statuses[-1][0],
        })  # fmt: skip
        self._spans(enrolment, own)
        self._benefits(enrolment, own)

    def _spans(self, enrolment: Enrolment, own: Row) -> None:
        ends = [day - timedelta(days=1) for day, _ in enrolment.statuses[1:]]
        for (first, status), last in zip(enrolment.statuses, [*ends, None], strict=True):
            self.tables["span"].append(own | {
                "first_day": first, "last_day": last, "status": int(status),
                "active": status in (*PAID_STATUSES, ACTIVE, RENEWING),
            })  # fmt: skip

    def _benefits(self, enrolment: Enrolment, own: Row) -> None:
        programme = BY_CODE[enrolment.programme]
        for month in range(MONTHS):
            day = pay_day(enrolment.programme, month)
            if not reports_in(programme, month) or not is_due(enrolment, month, day):
                continue
            for benefit in benefits_of(enrolment, programme, day, [str(day)] * 5, self._rng):
                value = str(benefit.get("benefit_value", "")).split()
                self.tables["benefit"].append(own | {
                    "given_on": day, "month": day.replace(day=1),
                    "benefit_type": programme.benefit_type,
                    "value_minor": int(Decimal(value[1]) * 100) if value else None,
                    "currency": value[0] if value else None,
                })  # fmt: skip

    def _deaths(self, country: Country) -> None:
        heard: dict[int, list[tuple[str, int]]] = {}
        for enrolments in country.enrolments.values():
            for each in enrolments:
                month = each.heard_deaths.get(each.person.id)
                if month is not None and month < MONTHS and not each.whole_household:
                    heard.setdefault(each.person.id, []).append((each.number, month))
        for person in country.people:
            if person.death is not None and person.death <= LAST_DAY:
                self._death(person, person.death, heard.get(person.id, []))

    def _death(self, person: Person, died_on: date, heard: list[tuple[str, int]]) -> None:
        said = [("civil", 0, died_on + timedelta(days=30))]
        said += [
            ("programme", self.records[number],
             died_on + timedelta(days=31 * (month - index_of(died_on) + 1)))
            for number, month in heard
        ]  # fmt: skip
        for source, record, known_on in said:
            self.tables["death"].append({
                "record_id": record, "appearance_no": 0, "person_id": person.id,
                "died_on": died_on, "known_on": known_on, "source": source,
                "sources_agreeing": len(said),
            })  # fmt: skip
