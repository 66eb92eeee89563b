"""K1 to K5, S1, Q4 and Q7 in plain Python over the tables' rows."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil
from typing import Any

from ibr.overlaps.cases.model import CONFIRMED, ERRORS
from ibr.periods import Month

Row = dict[str, Any]
Figures = dict[tuple[str, str, tuple[str, ...]], Fraction]
"""Indicator, breakdown and key with the figure itself."""


class PlainCases:
    """Everything about cases as rows, and what is told of a month as known at a moment."""

    def __init__(self, tables: dict[str, list[Row]], codes: dict[int, str], at: datetime) -> None:
        self.tables = tables
        self.codes = codes
        self.at = at
        self.cases = [each for each in tables["overlap_case"] if each["programme_id"] in codes]

    def figures(self, month: Month) -> Figures:
        if month.start >= self.at:
            return {}
        found: Figures = {}
        for breakdown, key, cases in self._groups(self.cases):
            for name, figures in (
                ("K1", self._counts(cases, month)),
                ("K2", self._outcomes(cases, month)),
                ("K3", self._appeals(cases, month)),
                ("K4", self._held(cases, month)),
            ):
                for part, value in figures.items():
                    found[name, join(breakdown, "part"), (*key, part)] = value
        found |= self._fairness(month) | self._saved(month) | self._precision(month)
        return found | self._agreement(month)

    def _groups(self, cases: list[Row]) -> Iterable[tuple[str, tuple[str, ...], list[Row]]]:
        yield "", (), cases
        for number, code in self.codes.items():
            yield "programme", (code,), [each for each in cases if each["programme_id"] == number]

    def end(self, month: Month) -> datetime:
        return min(month.plus(1).start, self.at)

    def within(self, moment: datetime | None, month: Month) -> bool:
        return moment is not None and month.start <= moment < self.end(month)

    def _counts(self, cases: Sequence[Row], month: Month) -> dict[str, Fraction]:
        end = self.end(month)
        day = (end - timedelta(microseconds=1)).date()
        there = [
            each
            for each in cases
            if each["opened_at"] < end and (each["closed_at"] is None or each["closed_at"] >= end)
        ]
        ages = sorted((day - each["opened_at"].date()).days for each in there)
        due = [self._due_at(each, end) for each in there]
        counts = {
            "opened": sum(self.within(each["opened_at"], month) for each in cases),
            "decided": sum(
                decided(each) and self.within(each["decided_at"], month) for each in cases
            ),
            "open": len(there),
            "past_due": sum(each is not None and each < end for each in due),
        }
        found = {name: Fraction(count) for name, count in counts.items() if count}
        if ages:
            found["age_p50"] = Fraction(ages[ceil(len(ages) / 2) - 1])
            found["age_p90"] = Fraction(ages[ceil(len(ages) * 9 / 10) - 1])
        return found

    def _due_at(self, case: Row, moment: datetime) -> datetime | None:
        """When the next step was due, as it stood just before a moment."""
        later = [
            each
            for each in self.tables["case_step"]
            if each["case_id"] == case["case_id"] and each["at"] >= moment
        ]
        if not later:
            due: datetime | None = case["due_at"]
            return due
        kept = json.loads(min(later, key=lambda each: each["step_no"])["before"])["due_at"]
        return None if kept is None else datetime.fromisoformat(kept)

    def _outcomes(self, cases: Sequence[Row], month: Month) -> dict[str, Fraction]:
        parts = Counter[str]()
        for each in cases:
            if each["state"] == "withdrawn":
                if self.within(each["closed_at"], month):
                    parts["withdrawn"] += 1
            elif decided(each) and self.within(each["decided_at"], month):
                if each["appeal"] == "upheld":
                    parts["overturned"] += 1
                elif each["outcome"] in ERRORS:
                    parts["error"] += 1
                else:
                    parts[each["outcome"]] += 1
        return {part: Fraction(count, parts.total()) for part, count in parts.items()}

    def _appeals(self, cases: Sequence[Row], month: Month) -> dict[str, Fraction]:
        adverse = [
            each
            for each in cases
            if decided(each)
            and each["outcome"] in ERRORS
            and self.within(each["decided_at"], month)
        ]
        appealed = [each for each in adverse if each["appeal"] is not None]
        settled = [each for each in appealed if each["appeal"] != "lodged"]
        found = {}
        if adverse:
            found["appealed"] = Fraction(len(appealed), len(adverse))
        if settled:
            upheld = sum(each["appeal"] == "upheld" for each in settled)
            found["overturned"] = Fraction(upheld, len(settled))
        return found

    def _held(self, cases: Sequence[Row], month: Month) -> dict[str, Fraction]:
        """Day by day: on each day of the month, whose benefit was held for any of it."""
        persons, wrongly, days = set(), set(), 0
        day = month.first
        while day <= (self.end(month) - timedelta(microseconds=1)).date():
            begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
            end = min(begin + timedelta(days=1), self.end(month))
            for each in cases:
                over = self._hold_end(each)
                if over is None or not max(each["hold_from"], begin) < min(over, end):
                    continue
                days += 1
                person = (each["person_id"], None if each["person_id"] else each["record_id"])
                persons.add(person)
                closed = each["closed_at"] is not None and each["closed_at"] < self.at
                if closed and not (decided(each) and stands(each)):
                    wrongly.add(person)
            day += timedelta(days=1)
        counts = {"persons": len(persons), "person_days": days, "wrongly_held": len(wrongly)}
        return {name: Fraction(count) for name, count in counts.items() if count}

    def _hold_end(self, case: Row) -> datetime | None:
        if case["hold_from"] is None:
            return None
        ends: datetime = min(case["hold_ended_at"] or case["hold_until"], case["hold_until"])
        return ends

    def _fairness(self, month: Month) -> Figures:
        people: dict[tuple[str, str], int] = defaultdict(int)
        for row in self.tables["enrolled_people"]:
            if row["programme_id"] not in self.codes:
                continue
            if row["what"] == "sex":
                people["programme", self.codes[row["programme_id"]]] += row["persons"]
                people["", ""] += row["persons"]
                people["sex", row["which"]] += row["persons"]
            elif row["what"] == "region":
                people["area1", row["which"]] += row["persons"]
            else:
                year = int(row["which"]) if row["which"] else None
                people["age", band(month.year, year)] += row["persons"]
        groups: dict[str, Callable[[Row], str]] = {
            "": lambda _case: "",
            "programme": lambda case: self.codes[case["programme_id"]],
            "sex": lambda case: str(case["sex"]),
            "age": lambda case: band(month.year, case["birth_year"]),
            "area1": lambda case: case["region_code"] or "",
        }
        rates: dict[str, dict[tuple[str, str], Fraction]] = {"flagged": {}, "unconfirmed": {}}
        for what, which_of in groups.items():
            cases = defaultdict(list)
            for each in self.cases:
                cases[which_of(each)].append(each)
            for which in cases.keys() | {name for kind, name in people if kind == what}:
                opened = sum(self.within(each["opened_at"], month) for each in cases[which])
                if people[what, which]:
                    rates["flagged"][what, which] = Fraction(opened, people[what, which])
                settled = [
                    each
                    for each in cases[which]
                    if decided(each) and self.within(each["decided_at"], month)
                ]
                if settled:
                    wrong = sum(not stands(each) for each in settled)
                    rates["unconfirmed"][what, which] = Fraction(wrong, len(settled))
        found: Figures = {}
        for part, by_group in rates.items():
            for (what, which), rate in by_group.items():
                key = (which,) if what else ()
                found["K5", join(what, "part"), (*key, part)] = rate
                if what and by_group.get(("", "")):
                    ratio = rate / by_group["", ""]
                    found["K5", join(what, "part"), (*key, f"{part}_ratio")] = ratio
        return found

    def _saved(self, month: Month) -> Figures:
        sums: dict[tuple[str, tuple[str, ...]], int] = {}
        cases = {each["case_id"]: each for each in self.cases}
        for entry in self.tables["case_money"]:
            case = cases.get(entry["case_id"])
            if case is None or not self.within(entry["confirmed_at"], month):
                continue
            if not (decided(case) and stands(case)):
                continue
            back = entry["kind"] == "restored"
            if not back and case["state"] not in ("effective", "closed"):
                continue
            amount = -entry["amount_minor"] if back else entry["amount_minor"]
            code, currency = self.codes[case["programme_id"]], entry["currency"]
            for place in (("currency", (currency,)), ("programme*currency", (code, currency))):
                sums[place] = sums.get(place, 0) + amount
        return {
            ("S1", *place): Fraction(amount, 1 if place[1][-1] == "JPY" else 100)
            for place, amount in sums.items()
        }

    def _precision(self, month: Month) -> Figures:
        checks = defaultdict(list)
        for each in self.cases:
            if decided(each) and self.within(each["decided_at"], month):
                findings = self.tables["finding"]
                for check in {
                    row["check_code"] for row in findings if row["case_id"] == each["case_id"]
                }:
                    checks[check].append(stands(each))
        pairs = [answer == "same" for answer, at in self._settled() if self.within(at, month)]
        if pairs:
            checks["matcher"] = pairs
        return {
            ("Q4", "part", (name,)): Fraction(sum(right), len(right))
            for name, right in checks.items()
        }

    def _opinions(self) -> Iterable[tuple[Row, Row | None]]:
        """The newest first opinion on each pair, and the newest second one after it."""
        by_pair = defaultdict(list)
        for row in sorted(self.tables["link_decision"], key=lambda each: each["decision_no"]):
            if row["decided_at"] < self.at:
                by_pair[row["low_record"], row["high_record"]].append(row)
        for rows in by_pair.values():
            firsts = [each for each in rows if each["opinion"] == 1]
            if firsts:
                later = [
                    each
                    for each in rows
                    if each["opinion"] == 2 and each["decision_no"] > firsts[-1]["decision_no"]
                ]
                yield firsts[-1], later[-1] if later else None

    def _settled(self) -> Iterable[tuple[str, datetime]]:
        for first, second in self._opinions():
            sure = second is not None and second["decision"] in ("same", "different")
            agreed = second is not None and second["decision"] == first["decision"]
            alone = not first["four_eyes"] and not sure
            if first["decision"] in ("same", "different") and (agreed or alone):
                moments = [first["decided_at"], *([second["decided_at"]] if second else [])]
                yield first["decision"], max(moments)

    def _agreement(self, month: Month) -> Figures:
        pairs = []
        by_pair = defaultdict(list)
        for row in sorted(self.tables["link_decision"], key=lambda each: each["decision_no"]):
            if row["decided_at"] < self.at:
                by_pair[row["low_record"], row["high_record"]].append(row)
        for rows in by_pair.values():
            seconds = [
                (place, each)
                for place, each in enumerate(rows)
                if each["opinion"] == 2 and any(row["opinion"] == 1 for row in rows[:place])
            ]
            asked = [
                (next(row for row in reversed(rows[:place]) if row["opinion"] == 1), each)
                for place, each in seconds
            ]
            told = [(a, b) for a, b in asked if a["decision"] != "withdrawn"]
            if told and self.within(told[-1][1]["decided_at"], month):
                first, second = (each["decision"] for each in told[-1])
                if second != "withdrawn":
                    pairs.append((first, second))
        if not pairs:
            return {}
        seen = Fraction(sum(a == b for a, b in pairs), len(pairs))
        first_of, second_of = (Counter(each[place] for each in pairs) for place in (0, 1))
        chance = Fraction(
            sum(first_of[name] * second_of[name] for name in first_of), len(pairs) ** 2
        )
        found: Figures = {("Q7", "part", ("same_answer",)): seen}
        if chance != 1:
            found["Q7", "part", ("kappa",)] = (seen - chance) / (1 - chance)
        return found


def decided(case: Row) -> bool:
    return case["decided_at"] is not None and case["state"] != "withdrawn"


def stands(case: Row) -> bool:
    return case["outcome"] in CONFIRMED and case["appeal"] != "upheld"


def band(year: int, born: int | None) -> str:
    """Five years of age, as figures name them."""
    if born is None:
        return ""
    first = max(year - born, 0) // 5 * 5
    return "80+" if first >= 80 else f"{first}-{first + 4}"


def join(*dimensions: str) -> str:
    return "*".join(each for each in dimensions if each)
