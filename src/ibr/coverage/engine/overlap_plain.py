"""Overlaps and flows again in plain Python, person by person: readable, slow, and the judge of the
fast engine. Written from the definitions of the catalogue."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from functools import partial
from itertools import combinations
from typing import Any, Final

import msgspec

from ibr.coverage.engine.overlap import Found, name_of, tables
from ibr.coverage.facts.model import FactProgramme
from ibr.coverage.figures.model import (
    PARTLY_KNOWN,
    Cell,
    FigureTable,
    count_cell,
    month_period,
    share_cell,
)
from ibr.overlaps.checks.plain_tools import age, common, days_of
from ibr.periods import Month, month_of

Row = Mapping[str, Any]
People = frozenset[int]
_STATUSES: Final = {3: "graduated", 4: "suspended", 5: "inactive"}


class Narrow(msgspec.Struct, frozen=True, kw_only=True):
    """The tables of a snapshot and of the facts as rows: people by number, and every record with
    the person whom it reaches."""

    programmes: Mapping[int, FactProgramme]
    people: Mapping[int, Row]
    reaches: Mapping[int, tuple[int, int]]
    """The programme of each record and the number of the person whom it reaches."""
    benefits: Collection[Row]
    spans: Collection[Row]
    named: Mapping[int, Collection[int]]
    """The people of each record of a household."""
    pairs: Collection[Row]
    deaths: Mapping[int, date]
    """The day of death by number of person, where no register says later that they live."""
    currencies: Mapping[int, str | None]


def count_plainly(
    narrow: Narrow, month: Month, confirmed: Mapping[tuple[int, int], Collection[int]] | None
) -> list[FigureTable]:
    """O1 to O7 and D1 to D4 of a month."""
    plain = _Plain(narrow, month)
    found = {**plain.overlaps(), **plain.pairs(confirmed), **plain.flows()}
    return tables(found, str(month))


class _Plain:
    def __init__(self, narrow: Narrow, month: Month) -> None:
        self.narrow = narrow
        self.month = month
        self.last = month_period(month).last_day
        self.codes = {number: each.code for number, each in narrow.programmes.items()}
        self.given: dict[tuple[int, Month], set[int]] = defaultdict(set)
        for row in narrow.benefits:
            programme, person = narrow.reaches[row["record_id"]]
            self.given[programme, month_of(row["given_on"])].add(person)
        self.first = min((at for _, at in self.given), default=None)

    def direct(self, programme: int, month: Month) -> People:
        return frozenset(self.given.get((programme, month), ()))

    def overlaps(self) -> Found:
        held: dict[int, set[str]] = defaultdict(set)
        for number, code in self.codes.items():
            for person in self.direct(number, self.month):
                held[person].add(code)
        sizes = Counter(code for own in held.values() for code in own)
        both = Counter(pair for own in held.values() for pair in combinations(sorted(own), 2))
        directions = [(a, b, n) for (a, b), n in both.items()]
        directions += [(b, a, n) for (a, b), n in both.items()]
        return {
            ("O1", "programme*with"): [count_cell(pair, n) for pair, n in both.items()],
            ("O2", "programme*with"): [share_cell((a, b), n, sizes[a]) for a, b, n in directions],
            ("O3", "programme*with"): [
                share_cell((a, b), n, sizes[a] + sizes[b] - n) for (a, b), n in both.items()
            ],
            ("O4", "programmes"): _counts((name_of(len(own)),) for own in held.values()),
            ("O4", "area1*programmes"): _counts(
                (self.narrow.people[i]["area1"], name_of(len(own))) for i, own in held.items()
            ),
            ("O4", "sex*programmes"): _counts(
                (str(self.narrow.people[i]["sex"]), name_of(len(own))) for i, own in held.items()
            ),
            ("O5", "combination"): _counts(("+".join(sorted(own)),) for own in held.values()),
        }

    def homes(self) -> list[People]:
        """Households with an enrolment in force on some day of the month."""
        in_force = {
            row["record_id"]
            for row in self.narrow.spans
            if row["enrolled"]
            and row["first_day"] <= self.last
            and (row["last_day"] or self.last) >= self.month.first
        }
        return [frozenset(own) for record, own in self.narrow.named.items() if record in in_force]

    def pairs(self, confirmed: Mapping[tuple[int, int], Collection[int]] | None) -> Found:
        excluding = [
            row for row in self.narrow.pairs
            if row["relation"] == "incompatible" and self._in_force(row, self.month.first)
        ]  # fmt: skip
        completing = [
            row for row in self.narrow.pairs
            if row["relation"] == "complementary" and self._in_force(row, self.last)
        ]  # fmt: skip
        found: Found = {}
        if excluding:
            found |= self._unintended(excluding, confirmed)
        if completing:
            found["O7", "programme*with"] = self._completed(completing)
        return found

    def _in_force(self, row: Row, first: date) -> bool:
        return bool(row["valid_from"] <= self.last and (row["valid_to"] or self.last) >= first)

    def _unintended(
        self, rows: list[Row], confirmed: Mapping[tuple[int, int], Collection[int]] | None
    ) -> Found:
        suspected: dict[tuple[int, int], People] = {}
        for row in rows:
            both = (row["first_programme"], row["second_programme"])
            suspected[both] = suspected.get(both, frozenset()) | self._against(row)
        either = {
            both: self.direct(both[0], self.month) | self.direct(both[1], self.month)
            for both in suspected
        }
        parts: list[tuple[str, dict[tuple[int, int], People]]] = [("suspected", suspected)]
        if confirmed is not None:
            own = {both: frozenset(confirmed.get(both, ())) for both in suspected}
            parts.append(("confirmed", own))
        in_any = frozenset[int]().union(*either.values())
        return {
            ("O6", "part"): [
                share_cell((part,), len(frozenset[int]().union(*own.values())), len(in_any))
                for part, own in parts
            ],
            ("O6", "programme*with*part"): [
                share_cell((*sorted(self.codes[n] for n in both), part), len(people),
                           len(either[both]))
                for part, own in parts
                for both, people in own.items()
            ],
        }  # fmt: skip

    def _against(self, row: Row) -> People:
        """Everybody whom the two programmes reach beyond what the pair allows."""
        one, two = row["first_programme"], row["second_programme"]
        sides = [(self._received(one, 1), self._received(two, 1))]
        if not row["same_period"]:
            sides = [
                (self._received(one, 1), self._received(two, 12)),
                (self._received(one, 12), self._received(two, 1)),
            ]
        met = {(a, a) for first, second in sides for a in first & second}
        if row["unit"] == "household":
            homes = self.homes()
            met |= {
                (a, b)
                for first, second in sides
                for home in homes
                for a in home & first
                for b in home & second
            }
        found = {person for a, b in met if self._lasts(row, a, b) for person in (a, b)}
        return frozenset(person for person in found if self._fits(row, person))

    def _received(self, programme: int, months: int) -> People:
        return frozenset[int]().union(
            *(self.direct(programme, self.month.plus(-ago)) for ago in range(months))
        )

    def _lasts(self, row: Row, a: int, b: int) -> bool:
        one, two = row["first_programme"], row["second_programme"]
        if row["cap_minor"] is not None:
            given = self._money(a, one, row["currency"]) + self._money(b, two, row["currency"])
            if given <= row["cap_minor"]:
                return False
        for x in self._records(a, one):
            for y in self._records(b, two):
                beside = common(self._active(x), self._active(y))
                recent = [span for span in beside if span[1] >= self.month.first]
                counts = beside and (recent or not row["same_period"])
                if counts and days_of(beside) > (row["tolerance_days"] or 0):
                    return True
        return False

    def _records(self, person: int, programme: int) -> list[int]:
        return [r for r, whose in self.narrow.reaches.items() if whose == (programme, person)]

    def _active(self, record: int) -> list[tuple[date, date]]:
        return [
            (row["first_day"], min(row["last_day"] or self.last, self.last))
            for row in self.narrow.spans
            if row["record_id"] == record and row["active"] and row["first_day"] <= self.last
        ]

    def _money(self, person: int, programme: int, currency: str) -> int:
        return sum(
            row["value_minor"] or 0
            for row in self.narrow.benefits
            if self.narrow.reaches[row["record_id"]] == (programme, person)
            and month_of(row["given_on"]) == self.month
            and (row["currency"] or self.narrow.currencies[programme]) == currency
        )

    def _age(self, person: int) -> int | None:
        birth = self.narrow.people[person]["birth_date"]
        return None if birth is None or birth > self.last else age(birth, self.last)

    def _fits(self, row: Row, person: int) -> bool:
        who, conditions = self.narrow.people[person], json.loads(row["conditions"] or "{}")
        youngest, oldest = conditions.get("min_age"), conditions.get("max_age")
        years = self._age(person)
        if (youngest is not None or oldest is not None) and years is None:
            return False
        return not (
            (youngest is not None and years is not None and years < youngest)
            or (oldest is not None and years is not None and years > oldest)
            or conditions.get("sex") not in (None, who["sex"])
            or conditions.get("is_disabled") not in (None, bool(who["disability"]))
        )

    def _completed(self, rows: list[Row]) -> list[Cell]:
        due: dict[tuple[int, int], set[int]] = defaultdict(set)
        both: dict[tuple[int, int], set[int]] = defaultdict(set)
        for row in rows:
            sides = (row["first_programme"], row["second_programme"])
            wanted = json.loads(row["conditions"] or "{}").get("entitled_to")
            offered = next((s for s in sides if self.codes[s] == wanted), sides[1])
            having = sides[1] if offered == sides[0] else sides[0]
            for person in self.direct(having, self.month):
                near = {person}
                if row["unit"] == "household":
                    near = near.union(*(home for home in self.homes() if person in home))
                if any(self._fits(row, each) for each in near):
                    due[having, offered].add(person)
                    if near & self.direct(offered, self.month):
                        both[having, offered].add(person)
        return [
            share_cell((self.codes[key[0]], self.codes[key[1]]), len(both[key]), len(people))
            for key, people in due.items()
        ]

    def stock(self, programme: int, ago: int) -> People:
        cycle = max(self.narrow.programmes[programme].cycle_months, 1)
        return frozenset[int]().union(
            *(self.direct(programme, self.month.plus(-ago - back)) for back in range(cycle))
        )

    def known(self, ago: int) -> list[int]:
        """Programmes whose stock of a month so long ago is known as a whole."""
        return [
            number
            for number, each in sorted(self.narrow.programmes.items())
            if self.first is not None
            and self.month.plus(1 - ago - max(each.cycle_months, 1)) >= self.first
        ]

    def flows(self) -> Found:
        own = {
            self.codes[n]: (self.stock(n, 1), self.stock(n, 0))
            for n in self.known(1)
            if self.stock(n, 1) or self.stock(n, 0)
        }
        if not own:
            return {}
        before = frozenset[int]().union(*(each[0] for each in own.values()))
        now = frozenset[int]().union(*(each[1] for each in own.values()))
        keyed = [((), before, now), *(((code,), *both) for code, both in own.items())]
        found: Found = defaultdict(list)
        for key, was, is_now in keyed:
            notes = () if was and is_now else (PARTLY_KNOWN,)
            new, left = len(is_now - was), len(was - is_now)
            place = "programme*part" if key else "part"
            for part, count in (("new", new), ("left", left), ("net", new - left)):
                found["D1", place].append(share_cell((*key, part), count, len(was), notes=notes))
            found["D2", "programme" if key else ""] += (
                [share_cell(key, len(was & is_now), len(was), notes=notes)] if was else []
            )
        found["D2", "programme*part"] = self._survival()
        return {**found, **self._churn(), **self._went(own, before, now)}

    def _survival(self) -> list[Cell]:
        found = []
        for after in range(1, 13):
            for number in self.known(after + 1):
                cohort = self.stock(number, after) - self.stock(number, after + 1)
                if cohort:
                    still = len(cohort & self.stock(number, 0))
                    key = (self.codes[number], f"after_{after:02}")
                    found.append(share_cell(key, still, len(cohort)))
        return found

    def _churn(self) -> Found:
        numbers = self.known(7)

        def cell(key: tuple[str, ...], stock: Callable[[int], People]) -> list[Cell]:
            left = stock(7) - stock(6)
            back = {i for i in left if any(i in stock(ago) for ago in range(6))}
            return [share_cell(key, len(back), len(left))] if left else []

        def of_all(ago: int) -> People:
            return frozenset[int]().union(*(self.stock(n, ago) for n in numbers))

        if not numbers:
            return {}
        own = [cell((self.codes[n],), partial(self.stock, n)) for n in numbers]
        return {
            ("D3", ""): cell((), of_all),
            ("D3", "programme"): [c for each in own for c in each],
        }

    def _went(self, own: Mapping[str, tuple[People, People]], before: People, now: People) -> Found:
        numbers = {code: number for number, code in self.codes.items()}
        new = {code: is_now - was for code, (was, is_now) in own.items()}
        moved: Counter[tuple[str, ...]] = Counter()
        why: Counter[tuple[str, ...]] = Counter()
        gone: dict[tuple[str, str], set[int]] = defaultdict(set)
        left_any: set[int] = set()
        for code, (was, is_now) in own.items():
            for person in was - is_now:
                left_any.add(person)
                reason = self._reason(person, numbers[code])
                why[code, reason] += 1
                to = [other for other, people in new.items() if person in people]
                for place in to or (["left"] if person in now else ["none"]):
                    moved[code, place] += 1
                    gone[place, reason].add(person)
        newcomers = now - before
        for code, people in new.items():
            if newcomers & people:
                moved["none", code] += len(newcomers & people)
        sizes = {code: len(was) for code, (was, _) in own.items()} | {"none": len(newcomers)}
        lost = {code: len(was - is_now) for code, (was, is_now) in own.items()}
        return {
            ("D4", "programme*to"): [share_cell(k, n, sizes[k[0]]) for k, n in moved.items()],
            ("D4", "programme*part"): [share_cell(k, n, lost[k[0]]) for k, n in why.items()],
            ("D4", "to*part"): [
                share_cell(k, len(people), len(left_any)) for k, people in gone.items()
            ],
        }

    def _reason(self, person: int, programme: int) -> str:
        statuses = {
            row["status"]
            for row in self.narrow.spans
            if self.narrow.reaches.get(row["record_id"]) == (programme, person)
            and row["first_day"] <= self.last <= (row["last_day"] or self.last)
        }
        died = self.narrow.deaths.get(person)
        if 2 in statuses or (died is not None and died <= self.last):
            return "death"
        oldest = [
            rule.value["years"]
            for rule in self.narrow.programmes[programme].rules
            if rule.kind == "age_to"
            and rule.holds_on(self.last)
            and rule.value.get("of", "person") != "member"
        ]
        years = self._age(person)
        if oldest and years is not None and years > min(oldest):
            return "aged_out"
        return next((name for s, name in _STATUSES.items() if s in statuses), "unknown")


def _counts(keys: Iterable[tuple[str, ...]]) -> list[Cell]:
    return [count_cell(key, count) for key, count in Counter(keys).items()]
