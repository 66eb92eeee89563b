"""Who the people of a snapshot are and what became of them in a period, in plain Python.

Written from the definitions and not from the statements, slow and readable: what the quick engine
must equal to the last person.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from ibr.codelists.programme_kinds import PERSON
from ibr.coverage.facts.model import FactProgramme, Rule
from ibr.coverage.figures.model import AGE_BANDS, Period

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]
NOBODY_NAMED = 32767


class Somebody(NamedTuple):
    """A person, as the newest news say."""

    person: int
    sex: int
    birth: date | None
    disabled: bool | None
    area1: str
    area2: str

    def age(self, on: date) -> int | None:
        if self.birth is None or self.birth > on:
            return None
        had_birthday = (on.month, on.day) >= (self.birth.month, self.birth.day)
        return on.year - self.birth.year - (0 if had_birthday else 1)

    def band(self, on: date) -> str:
        age = self.age(on)
        return "" if age is None else AGE_BANDS[min(age // 5, len(AGE_BANDS) - 1)]

    @property
    def disability(self) -> str:
        return {True: "1", False: "0", None: ""}[self.disabled]


class Gift(NamedTuple):
    """One benefit, to the person that it counts for."""

    record: int
    person: int
    programme: int
    month: date
    kind: int
    currency: str
    minor: int | None


class Part(NamedTuple):
    """A person and a programme in the period."""

    who: Somebody
    programme: FactProgramme
    direct: bool
    indirect: bool
    enrolled: bool
    kinds: frozenset[int]


class World:
    """A snapshot's people, records and households."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.records = {row["record_id"]: row for row in tables["record"]}
        self.programmes = plain_programmes(tables)
        self.shown = self._shown()
        self.owner = {record: self._owner(record) for record in self.records}
        self.people = {person: self._somebody(person) for person in self._appearances()}

    def _shown(self) -> dict[int, list[Row]]:
        """Everybody whom a record names now; a record that names nobody is somebody."""
        found: dict[int, list[Row]] = {record: [] for record in self.records}
        for row in self.tables["appearance"]:
            if row["member_no"] is not None and row["record_id"] in found:
                found[row["record_id"]].append(row)
        for record, rows in found.items():
            if not rows:
                rows.append(
                    {
                        "record_id": record, "appearance_no": 0, "member_no": -1, "is_own": True,
                        "is_head": True, "person_id": -(record * 32768 + NOBODY_NAMED), "sex": 0,
                        "birth_date": None, "birth_precision": 0, "is_disabled": None,
                    }
                )  # fmt: skip
        return found

    def is_group(self, record: int) -> bool:
        return bool(self.records[record]["unit"] != PERSON)

    def _owner(self, record: int) -> int:
        """Whom a benefit of the record counts for."""
        rows = sorted(self.shown[record], key=lambda r: (r["member_no"], r["appearance_no"]))
        wanted = "is_head" if self.is_group(record) else "is_own"
        chosen = next((row for row in rows if row[wanted]), rows[0])
        return int(chosen["person_id"])

    def _appearances(self) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = defaultdict(list)
        for rows in self.shown.values():
            for row in rows:
                found[row["person_id"]].append(row)
        # The newest first: by day, then the record that came later, then the first mention in it.
        for rows in found.values():
            rows.sort(key=self._newness, reverse=True)
        self._by_person = found
        return found

    def _newness(self, row: Row) -> tuple[date, int, int]:
        known_on = self.records[row["record_id"]]["known_on"]
        return known_on or date.min, row["record_id"], -row["appearance_no"]

    def _somebody(self, person: int) -> Somebody:
        rows = self._by_person[person]
        places = [self.place(row["record_id"]) for row in rows]
        return Somebody(
            person,
            _first((row["sex"] for row in rows), bool) or 0,
            _first((_birth(row) for row in rows), lambda birth: birth is not None),
            _first((row["is_disabled"] for row in rows), lambda said: said is not None),
            *(_first(places, lambda place: place != ("", "")) or ("", "")),
        )

    def place(self, record: int) -> tuple[str, str]:
        """Region and district of a record's address, as far as they are areas that there are."""
        row = self.records[record]
        region, district = row["region_code"] or "", row["district_code"] or ""
        regions = {area["code"] for area in self.tables["area"] if area["level"] == 1}
        districts = {a["code"]: a["parent"] for a in self.tables["area"] if a["level"] == 2}
        if regions and region not in regions:
            region = ""
        if districts and district not in districts:
            district = ""
        above = districts.get(district, "")
        if above not in regions:
            above = ""
        if region and districts and regions and above != region:
            district = ""
        return region or above, district

    def home(self, person: int) -> int:
        """The head of the household in which the newest news name a person; else themselves."""
        for row in self._by_person[person]:
            if self.is_group(row["record_id"]):
                return self.owner[row["record_id"]]
        return person

    def named(self, record: int) -> set[int]:
        return {row["person_id"] for row in self.shown[record]}

    def gifts(self, period: Period) -> list[Gift]:
        return [
            Gift(
                row["record_id"],
                self.owner[row["record_id"]],
                self.records[row["record_id"]]["programme_id"],
                row["month"],
                row["benefit_type"] or 0,
                row["currency"] or self._currency(row["record_id"]) or "XXX",
                row["value_minor"],
            )
            for row in self.tables["benefit"]
            if row["record_id"] in self.records
            and period.first.first <= row["given_on"] <= period.last_day
        ]

    def _currency(self, record: int) -> str | None:
        return self.programmes[self.records[record]["programme_id"]].currency

    def is_enrolled(self, record: int, first: date, last: date) -> bool:
        """Whether a record is enrolled on some day from the first to the last."""
        return any(
            row["record_id"] == record
            and row["enrolled"]
            and row["first_day"] <= last
            and (row["last_day"] is None or row["last_day"] >= first)
            for row in self.tables["span"]
        )

    def parts(self, period: Period) -> list[Part]:
        """Every person and programme that have to do with each other in the period."""
        gifts = self.gifts(period)
        own: dict[tuple[int, int], set[int]] = defaultdict(set)
        through: dict[tuple[int, int], set[int]] = defaultdict(set)
        for gift in gifts:
            own[gift.person, gift.programme].add(gift.kind)
            for record in self._households(gift):
                for person in self.named(record):
                    through[person, gift.programme].add(gift.kind)
        last = period.last_day
        enrolled = {
            (self.owner[record], row["programme_id"])
            for record, row in self.records.items()
            if self.is_enrolled(record, last, last)
        }
        return [
            Part(
                self.people[person],
                self.programmes[programme],
                (person, programme) in own,
                (person, programme) in through and (person, programme) not in own,
                (person, programme) in enrolled,
                frozenset(own.get((person, programme)) or through.get((person, programme)) or ()),
            )
            for person, programme in sorted({*own, *through, *enrolled})
        ]

    def _households(self, gift: Gift) -> list[int]:
        """The households that share a benefit."""
        if self.is_group(gift.record):
            return [gift.record]
        end = date.fromordinal(_next_month(gift.month).toordinal() - 1)
        return [
            record
            for record in self.records
            if self.is_group(record)
            and gift.person in self.named(record)
            and self.is_enrolled(record, gift.month, end)
        ]


def plain_programmes(tables: Tables) -> dict[int, FactProgramme]:
    rules: dict[int, list[Rule]] = defaultdict(list)
    for row in tables["programme_rule"]:
        rule = Rule(row["kind"], json.loads(row["value"]), row["valid_from"], row["valid_to"])
        rules[row["programme_id"]].append(rule)
    return {
        row["programme_id"]: FactProgramme(
            programme_id=row["programme_id"],
            code=row["code"],
            functions=tuple(int(each) for each in (row["functions"] or "").split(",") if each),
            benefit_type=row["benefit_type"],
            currency=row["currency"],
            cycle_months=row["cycle_months"] or 1,
            contribution_type=row["contribution_type"],
            rules=tuple(rules[row["programme_id"]]),
        )
        for row in tables["programme"]
    }


def _first(values: Iterable[Any], fits: Callable[[Any], bool]) -> Any:
    return next((each for each in values if fits(each)), None)


def _birth(row: Row) -> date | None:
    return row["birth_date"] if row["birth_precision"] else None


def _next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)
