"""Small made-up populations in which everything that a check looks for happens by chance."""

from __future__ import annotations

import random
from datetime import date, timedelta

from ibr.overlaps.checks.model import Tables
from ibr.overlaps.checks.story import Story, Who

CODES = ("OAP", "CHG", "PCT", "FOOD", "DIS")
KINDS = ("UIN", "BRN", "PHONE", "ACCOUNT")
DISTRICTS = ("D11", "D12", "D21")


def population(seed: int) -> Tables:
    """Five programmes, some twenty people, thirty records, and everything said about them."""
    return _Chance(seed).tables()


class _Chance:
    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.story = Story()
        self.records: list[tuple[int, int, list[Who]]] = []

    def tables(self) -> Tables:
        rng, story = self.rng, self.story
        story.tables["moment"] = [{"as_known_on": date(2026, 10, 15)}]
        for number, code in enumerate(CODES, 1):
            story.programme(
                number,
                code,
                unit=rng.choice((1, 1, 2)),
                cycle=rng.choice((1, 1, 3)),
                gives=rng.choice((1, 1, 3)),
            )
        self._rules()
        self._pairs()
        people = [self._who(person) for person in range(501, 501 + rng.randint(6, 20))]
        for number in range(rng.randint(8, 30)):
            self._record(11 + number, people)
        self._said(people)
        for _ in range(rng.randint(0, 2)):
            story.exempt(
                rng.choice(("K13", "K14", "K01", "K09")),
                token=rng.choice((None, 1, 2, 3)),
                programme=rng.choice((None, 1, 2, 3)),
            )
        return story.tables

    def _day(self, first: date = date(2025, 9, 1), days: int = 400) -> date:
        return first + timedelta(days=self.rng.randint(0, days))

    def _who(self, person: int) -> Who:
        rng = self.rng
        year = rng.choice((1910, 1941, 1958, 1961, 1985, 2006, 2014, 2020, 2024, 2026))
        birth = rng.choice(
            (None, f"{year}-01-01", f"{year}-05-01", f"{year}-0{rng.randint(2, 9)}-14")
        )
        return Who(
            person if rng.random() < 0.9 else -person,
            birth,
            rng.choice((1, 2, 3, 3, 3)),
            rng.choice((0, 1, 2, 2, 3)),
            rng.choice((None, False, True)),
            rng.random() < 0.1,
        )

    def _record(self, record: int, people: list[Who]) -> None:
        rng = self.rng
        programme = rng.randint(1, len(CODES))
        unit = rng.choice((1, 1, 2, 3))
        chosen = rng.sample(people, 1 if unit == 1 else rng.randint(1, min(5, len(people))))
        if rng.random() < 0.3:
            chosen = [each._replace(birth=self._who(1).birth) for each in chosen]
        chosen[0] = chosen[0]._replace(gone=False)
        since = self._day(date(2025, 6, 1), 440)
        until = None if rng.random() < 0.6 else since + timedelta(days=rng.randint(0, 200))
        paid = " ".join(str(self._day(date(2026, 5, 20), 150)) for _ in range(rng.randint(0, 5)))
        if rng.random() < 0.3:
            paid += " 2025-11-05"
        self.story.enrol(
            record, programme, *chosen, since=str(since), unit=unit, paid=paid,
            until=None if until is None else str(until), size=rng.choice((None, 2, 4)),
            amount=rng.choice((None, 500_00, 800_00)), district=rng.choice(DISTRICTS),
            kind=rng.choice((1, 1, 3)), status=rng.choice((1, 3)),
        )  # fmt: skip
        if rng.random() < 0.1:
            self.story.tables["enrolment"][-1]["enrolled_on"] = None
        if rng.random() < 0.1:
            self.story.tables["record"][-1]["region_code"] = None
        if until is not None and rng.random() < 0.3:
            self.story.tables["span"].pop()
            gap = until + timedelta(days=rng.randint(1, 60))
            self.story.span(record, programme, gap, None)
        if paid and rng.random() < 0.1:
            self.story.tables["benefit"][-1]["currency"] = rng.choice((None, "USD"))
        for _ in range(rng.randint(0, 3)):
            self.story.number(
                record, programme, rng.choice(KINDS), rng.randint(1, 4),
                tie=rng.choice(("", "", "PAYEE", "GUARD", "FTH")), of=0 if unit == 1 else 1,
            )  # fmt: skip
        self.records.append((record, programme, chosen))

    def _rules(self) -> None:
        rng, story = self.rng, self.story
        of = rng.choice(("person", "person", "head", "member"))
        choices: tuple[tuple[str, dict[str, object]], ...] = (
            ("age_from", {"years": rng.choice((18, 65)), "of": of}),
            ("age_to", {"years": rng.choice((5, 17)), "of": of}),
            ("sex", {"sex": rng.choice((1, 2))}),
            ("disability", {"required": True}),
            ("caregiver_cap", {"households": 1}),
            ("account_cap", {"people": rng.choice((1, 4))}),
            ("amount", {"minor": rng.choice((300_00, 500_00)), "currency": "XTS", "per": "unit"}),
            ("amount", {"minor": 200_00, "currency": "XTS", "per": "member", "most_members": 3}),
            ("amount", {"minor": 700_00, "currency": "XTS", "per": "unit", "from_age": 60,
                        "tolerance_percent": 10}),
            ("caseload_cap", {"area": rng.choice(("D11", "D1", "R")), "records": 1}),
            ("caseload_cap", {"records": rng.choice((1, 9))}),
            ("death_grace", {"days": 45}),
            ("survivor", {"programme": rng.choice(CODES)}),
            ("entitles", {"everybody": True}),
        )  # fmt: skip
        for kind, value in rng.sample(choices, rng.randint(3, len(choices))):
            # The values of a rule are of many types; drawn together, mypy sees only `object`.
            story.rule(rng.randint(1, len(CODES)), kind, **value)  # type: ignore[arg-type]
            if rng.random() < 0.3:
                story.tables["programme_rule"][-1]["valid_to"] = date(2026, 8, 10)

    def _pairs(self) -> None:
        rng, story = self.rng, self.story
        for _ in range(rng.randint(2, 6)):
            first, second = sorted(rng.sample(range(1, len(CODES) + 1), 2))
            conditions = rng.choice(
                ({}, {}, {"min_age": 18}, {"max_age": 17}, {"sex": 2}, {"is_disabled": True})
            )
            relation = rng.choice(("incompatible", "incompatible", "allowed", "complementary"))
            if relation == "complementary" and rng.random() < 0.5:
                conditions = {**conditions, "entitled_to": CODES[rng.choice((first, second)) - 1]}
            story.pair(
                first, second, relation,
                unit=rng.choice(("person", "household")), same_period=rng.random() < 0.7,
                tolerance=rng.choice((0, 0, 10, 31)), keeps=rng.choice((None, first, second)),
                cap=rng.choice((None, None, 900_00)), **conditions,
            )  # fmt: skip
            if rng.random() < 0.3:
                story.tables["pair"][-1]["valid_to"] = date(2026, 8, 10)

    def _said(self, people: list[Who]) -> None:
        rng, story = self.rng, self.story
        for who in people:
            for _ in range(rng.choice((0, 0, 0, 1, 2))):
                died = None if rng.random() < 0.1 else str(self._day(date(2025, 1, 1), 600))
                story.died(who.person, died, str(self._day()), rng.choice((1, 2)))
            if rng.random() < 0.15:
                story.told(who.person, "vital_status", rng.choice(('"alive"', '"deceased"')),
                           str(self._day()))  # fmt: skip
            if rng.random() < 0.15:
                story.told(who.person, "is_disabled", rng.choice(("true", "false")))
        for _ in range(rng.randint(0, 6)):
            low, high = sorted(rng.sample(self.records, 2))
            story.open_link(low[:2], high[:2], rng.choice((0.5, 2.25, 4.0, -1.5)))
