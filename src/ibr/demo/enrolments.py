"""Who is enrolled in what, from when, and how each enrolment's status changes."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

import msgspec

from ibr.demo.people import Household, Person
from ibr.demo.programmes import HABITS
from ibr.demo.timeline import FIRST, LAST_DAY, MONTHS, age_at, day_in, index_of

ACTIVE, DECEASED, GRADUATED, SUSPENDED, INACTIVE, REINSTATED, RENEWING = "1234567"
PAID_STATUSES = (ACTIVE, REINSTATED)

# 8 % of records repeat a person and 31 % of those do so within one programme (linkage.md 1.2);
# a quarter of these come as a whole household with another payee.
_REPEATED = 0.029
_REPEATED_HOUSEHOLD = 0.03
_CORRECTED = 0.05


class Enrolment(msgspec.Struct, kw_only=True):
    """One record of one programme's own system: a person or a household under one number."""

    programme: str
    number: str
    person: Person
    """The beneficiary, or the recipient where a household is enrolled."""
    household: Household
    whole_household: bool
    start: date
    statuses: list[tuple[date, str]]
    """Every change in order of time; the first is the enrolment itself."""
    corrected: int | None
    """The month in which the programme puts the worst mistakes of this record right."""
    hears_of_moves: bool
    hears_of_split: bool
    heard_deaths: dict[int, int]
    """By person: the month in which this programme hears of the death; others never."""
    heard_births: dict[int, int]
    duplicate_of: str | None = None
    unlawful_with: str | None = None
    """The programme that this one must not be combined with, where the overlap is planted."""

    def status(self, month: int) -> str | None:
        """The status at the end of a month, None before the enrolment."""
        found = None
        for day, status in self.statuses:
            if index_of(day) > month:
                break
            found = status
        return found

    def members(self, month: int) -> list[Person]:
        """Whom the programme believes to live in the household in a month."""
        split = self.household.split
        everybody = [*self.household.members]
        if split is not None and (month <= split[0] or not self.hears_of_split):
            everybody += self.household.left
        known = [each for each in everybody if self.heard_births.get(each.id, month) <= month]
        return sorted(known, key=lambda each: each is not self.person)

    def rewritten(self) -> set[int]:
        """The months of the window in which the description of the people changes."""
        months = set(self.heard_deaths.values())
        if self.corrected is not None:
            months.add(self.corrected)
        if self.hears_of_moves:
            for change in (self.household.moved, self.household.new_phone):
                if change is not None:
                    months.add(change[0])
        if self.whole_household:
            months |= set(self.heard_births.values())
            if self.household.split is not None and self.hears_of_split:
                months.add(self.household.split[0] + 1)
        return {month for month in months if 0 <= month < MONTHS}


class Office:
    """Enrols households into the eight programmes and hands out each programme's numbers."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._issued = dict.fromkeys(HABITS, 0)

    def enrol(self, household: Household) -> list[Enrolment]:
        """Every enrolment of a household and its members, duplicates and overlaps included."""
        made: list[Enrolment] = []
        adults = [p for p in household.members if 18 <= age_at(p.birth, LAST_DAY) < 60]
        if household.poor:
            self._poor(household, adults, made)
        elif adults and self._rng.random() < 0.55:
            for person in adults:
                if person.role in ("head", "spouse"):
                    self._add(made, "HIF", person, household)
        self._by_age(household, made)
        self._by_disability(household, made)
        self._repeat(household, made)
        return made

    def enrol_split(self, new: Household, old: list[Enrolment], month: int) -> list[Enrolment]:
        """Households that split off apply for themselves, most of them successfully."""
        made: list[Enrolment] = []
        for programme in ("PCT", "FOOD"):
            if any(each.programme == programme for each in old) and self._rng.random() < 0.85:
                self._add(made, programme, new.members[0], new, day_in(month + 1, 12))
        return made

    def _poor(self, household: Household, adults: list[Person], made: list[Enrolment]) -> None:
        rng, head = self._rng, household.members[0]
        if rng.random() < 0.07:
            return  # The programmes never found this household: exclusion.
        if rng.random() < 0.44:
            self._add(made, "PCT", head, household)
        if not made and rng.random() < 0.42:
            self._add(made, "FOOD", head, household)
        elif made and rng.random() < 0.07:
            self._add(made, "FOOD", head, household, unlawful="PCT")
        if rng.random() < 0.68:
            for child in household.members:
                if child.role == "child":
                    until = _birthday(child.birth, 6)
                    self._add(made, "CHG", child, household, child.birth, until)
        for person in adults:
            if rng.random() < 0.13:
                self._add(made, "PWK", person, household)

    def _by_age(self, household: Household, made: list[Enrolment]) -> None:
        pupils = self._rng.random() < (0.46 if household.poor else 0.3)
        for person in household.members:
            if self._rng.random() < 0.74:
                self._add(made, "OAP", person, household, _birthday(person.birth, 65))
            if pupils and person.role == "child":
                first, last = _birthday(person.birth, 6), _birthday(person.birth, 15)
                self._add(made, "SCH", person, household, first, last)

    def _by_disability(self, household: Household, made: list[Enrolment]) -> None:
        for person in household.members:
            if person.limitation is None:
                continue
            others = {each.programme for each in made if each.person is person}
            unlawful = next((code for code in ("OAP", "PWK") if code in others), None)
            if self._rng.random() < (0.75 if unlawful is None else 0.3):
                self._add(made, "DIS", person, household, person.birth, unlawful=unlawful)

    def _repeat(self, household: Household, made: list[Enrolment]) -> None:
        """The same person, or the same whole household, registered twice in one programme."""
        rng = self._rng
        together = rng.choice(("CHG", "PCT", "FOOD")) if rng.random() < _REPEATED_HOUSEHOLD else ""
        for first in list(made):
            if first.programme != together and rng.random() >= _REPEATED:
                continue
            payee = first.person
            if first.whole_household:
                grown = [p for p in household.members if age_at(p.birth, LAST_DAY) >= 18]
                payee = grown[-1] if grown else payee
            again = first.start + timedelta(days=rng.randint(20, 700))
            end = next((day for day, code in first.statuses if code == GRADUATED), None)
            if again < min(LAST_DAY, end or LAST_DAY):
                second = self._add(made, first.programme, payee, household, again, end)
                if second is not None:
                    second.duplicate_of = first.number

    def _add(
        self,
        made: list[Enrolment],
        programme: str,
        person: Person,
        household: Household,
        earliest: date | None = None,
        until: date | None = None,
        *,
        unlawful: str | None = None,
    ) -> Enrolment | None:
        """Adds an enrolment that touches the window; nothing when it would not."""
        rng = self._rng
        start = day_in(rng.randint(-48, -1) if rng.random() < 0.72 else rng.randint(0, MONTHS - 2),
                       rng.randint(1, 28))  # fmt: skip
        if earliest is not None and start < earliest:
            start = earliest + timedelta(days=rng.randint(5, 100))
        if start >= LAST_DAY.replace(day=1) or (
            until is not None and until <= max(start, FIRST.first)
        ):
            return None
        if person.death is not None and person.death <= start:
            return None
        habits, self._issued[programme] = HABITS[programme], self._issued[programme] + 1
        number = f"{habits.prefix}-{self._issued[programme] * 6_180_339 % 10_000_000:07d}"
        whole = programme in ("PCT", "FOOD")
        people = [*household.members, *household.left] if whole else [person]
        enrolment = Enrolment(
            programme=programme,
            number=number,
            person=person,
            household=household,
            whole_household=whole,
            start=start,
            statuses=[(start, ACTIVE)],
            corrected=rng.randint(2, MONTHS - 1) if rng.random() < _CORRECTED else None,
            hears_of_moves=rng.random() < 0.5,
            hears_of_split=rng.random() < 0.4,
            heard_deaths=_heard_deaths(people, habits.learns_of_deaths, rng),
            heard_births=_heard_births(people, rng) if whole else {},
            unlawful_with=unlawful,
        )
        _give_statuses(enrolment, until, rng.random, rng.randint)
        made.append(enrolment)
        return enrolment


def _birthday(birth: date, age: int) -> date:
    return date(birth.year + age, birth.month, min(birth.day, 28))


def _heard_deaths(people: list[Person], share: float, rng: random.Random) -> dict[int, int]:
    return {
        person.id: index_of(person.death) + int(rng.triangular(0, 9, 1))
        for person in people
        if person.death is not None and rng.random() < share
    }


def _heard_births(people: list[Person], rng: random.Random) -> dict[int, int]:
    """Newborns join the household's record some months late, some never."""
    return {
        person.id: index_of(person.birth) + (rng.randint(0, 4) if rng.random() < 0.85 else 99)
        for person in people
        if person.birth >= FIRST.first
    }


def _give_statuses(
    enrolment: Enrolment,
    until: date | None,
    chance: Callable[[], float],
    between: Callable[[int, int], int],
) -> None:
    """Changes within the window: at most one interruption, and the end where there is one."""
    changes: list[tuple[date, str]] = []
    first = max(0, index_of(enrolment.start) + 1)
    if first < MONTHS - 2:
        month = between(first, MONTHS - 2)
        day, later = day_in(month, between(1, 28)), day_in(month + between(1, 4), between(1, 28))
        fate = chance()
        if fate < 0.06:
            changes.append((day, SUSPENDED))
            if chance() < 0.65:
                changes.append((later, REINSTATED))
        elif fate < 0.10:
            changes += [(day, RENEWING), (later, ACTIVE)]
        elif fate < 0.13:
            changes.append((day, INACTIVE))
            if chance() < 0.4:
                changes.append((later, REINSTATED))
        elif fate < 0.17 and enrolment.programme in ("PCT", "FOOD", "PWK"):
            changes.append((day, GRADUATED))
    ends = [(until, GRADUATED)] if until is not None else []
    heard = enrolment.heard_deaths.get(enrolment.person.id)
    if heard is not None and not enrolment.whole_household:
        death = enrolment.person.death or LAST_DAY
        ends.append((max(death, day_in(heard, between(1, 28))), DECEASED))
    if ends:
        end = min(ends)
        changes = [each for each in changes if each[0] < end[0]] + [end]
    enrolment.statuses += [each for each in changes if enrolment.start < each[0] <= LAST_DAY]
