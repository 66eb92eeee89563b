"""The true people of the made-up country and the households they live in."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal

import msgspec

from ibr.demo.areas import District, Village
from ibr.demo.names import CULTURES, Culture, Word, names_of
from ibr.demo.timeline import LAST_DAY, age_at

Sex = Literal["female", "male"]
Role = Literal["head", "spouse", "child", "parent"]

LIMITATIONS = ("VIS_SS", "HEAR_SS", "MOB_SS", "COG_SS", "SC_SS", "COM_SS")


class Person(msgspec.Struct, kw_only=True):
    """One true person, as a perfect register would know them."""

    id: int
    household: int
    role: Role
    sex: Sex
    birth: date
    culture: Culture
    given: Word
    father: Word
    family: Word
    """The family's name; the grandfather's where names are patronymic."""
    maiden: Word | None
    uin: str | None
    brn: str | None
    nid: str | None
    phone: str | None
    """A phone of one's own; most share the household's."""
    account: str | None
    """An account of one's own; most are paid into the household's."""
    marital: str
    limitation: str | None
    death: date | None = None


class Household(msgspec.Struct, kw_only=True):
    """People who live together; the first member is the head."""

    id: int
    district: District
    village: Village
    street: str
    phone: str | None
    account: str | None
    """The bank or mobile money account into which the household is paid."""
    poor: bool
    members: list[Person]
    moved: tuple[int, District, Village] | None = None
    """The month of a move within the window, and where to."""
    new_phone: tuple[int, str] | None = None
    split: tuple[int, int] | None = None
    """The month in which some members left, and the household that they founded."""
    left: list[Person] = []

    def at(self, month: int) -> tuple[District, Village]:
        """Where the household lives at the end of a month of the window."""
        if self.moved is not None and month >= self.moved[0]:
            return self.moved[1], self.moved[2]
        return self.district, self.village

    def phone_at(self, month: int) -> str | None:
        if self.new_phone is not None and month >= self.new_phone[0]:
            return self.new_phone[1]
        return self.phone


class Settlers:
    """Makes households one after another; every number it hands out is used once."""

    def __init__(
        self, districts: Sequence[District], rng: random.Random, banks: random.Random
    ) -> None:
        self._districts = districts
        self._weights = [district.weight for district in districts]
        self._rng = rng
        # Banks have a stream of chance of their own: they came later, and moved nobody.
        self._banks = banks
        self._people = 0
        self._households = 0
        self._phones = 0
        self._accounts = 0

    def household(self) -> Household:
        """A household of one of four shapes, 4.3 people on average."""
        rng = self._rng
        district = rng.choices(self._districts, self._weights)[0]
        culture = rng.choices(CULTURES, district.cultures)[0]
        self._households += 1
        household = Household(
            id=self._households,
            district=district,
            village=district.villages[int(rng.random() ** 1.6 * len(district.villages))],
            street=f"{rng.choice(('Market', 'Mill', 'River', 'School', 'Well'))} Road "
            f"{rng.randint(1, 180)}",
            phone=self.phone() if rng.random() < 0.93 else None,
            account=self.account() if self._banks.random() < 0.8 else None,
            poor=rng.random() < district.poverty,
            members=[],
        )
        shape = rng.random()
        if shape < 0.10:
            self._old_couple(household, culture)
        else:
            self._family(household, culture, lone=shape < 0.24, extended=shape > 0.76)
        return household

    def founded_by(self, leaving: list[Person], old: Household) -> Household:
        """The household of members who leave another, in the same place; the first is its head."""
        self._households += 1
        for person in leaving:
            person.household = self._households
        leaving[0].role = "head"
        return Household(
            id=self._households,
            district=old.district,
            village=old.village,
            street=old.street,
            phone=old.phone,
            account=self.account() if old.account is not None else None,
            poor=old.poor,
            members=leaving,
        )

    def phone(self) -> str:
        """A number under the country code 999, which is assigned to no country."""
        self._phones += 1
        return f"+9997{self._phones * 7_919_317 % 100_000_000:08d}"

    def account(self) -> str:
        """An account of the country's one clearing house for banks and mobile money."""
        self._accounts += 1
        return f"70{self._accounts * 7_654_321 % 10_000_000_000:010d}"

    def _old_couple(self, household: Household, culture: Culture) -> None:
        age = int(self._rng.triangular(56, 92, 62))
        head = self._adult(household, culture, "head", self._sex(0.6), age)
        if self._rng.random() < 0.6:
            self._spouse(household, head)
        else:
            head.marital = self._rng.choices("WDS", (7, 2, 1))[0]

    def _family(
        self, household: Household, culture: Culture, *, lone: bool, extended: bool
    ) -> None:
        rng = self._rng
        sex = self._sex(0.25 if lone else 0.88)
        head = self._adult(household, culture, "head", sex, int(rng.triangular(22, 62, 34)))
        mother = head
        if lone:
            head.marital = rng.choices("WDSL", (4, 3, 2, 1))[0]
        else:
            spouse = self._spouse(household, head)
            mother = spouse if head.sex == "male" else head
        father = head if head.sex == "male" else None
        self._children(household, mother, father, head)
        if extended:
            self._grandparents(household, head)

    def _children(
        self, household: Household, mother: Person, father: Person | None, head: Person
    ) -> None:
        """Children at least 0.9 years apart, twins apart, and no given name twice."""
        rng = self._rng
        wanted = min(9, max(0, round(rng.gauss(3.5, 1.75))))
        day = mother.birth + timedelta(days=int(365.25 * rng.triangular(17, 32, 21)))
        last = min(LAST_DAY, mother.birth + timedelta(days=int(365.25 * 45)))
        family, grandfather = head.family, head.father
        if father is not None:
            family, grandfather = father.family, father.father
        named: set[str] = set()
        while wanted > 0 and day <= last:
            for _ in range(2 if rng.random() < 0.02 else 1):
                wanted -= 1
                if age_at(day, LAST_DAY) > rng.choice((18, 20, 24, 27)):
                    continue
                child = self._person(household, head.culture, "child", self._sex(0.51), day)
                while child.given.latin in named:
                    child.given = names_of(head.culture).given(child.sex).draw(rng)
                named.add(child.given.latin)
                if father is not None:
                    child.father = father.given
                child.family = grandfather if names_of(head.culture).patronymic else family
            day += timedelta(days=330 + int(rng.expovariate(1 / 500)))

    def _grandparents(self, household: Household, head: Person) -> None:
        pairs: tuple[tuple[Sex, ...], ...] = (("female",), ("female",), ("male", "female"))
        for sex in self._rng.choice(pairs):
            years = self._rng.randint(19, 38)
            if head.birth.year - years < LAST_DAY.year - 86:
                continue
            birth = head.birth - timedelta(days=int(years * 365.25))
            parent = self._person(household, head.culture, "parent", sex, birth)
            parent.marital = "M" if sex == "male" else "W"
            if sex == "male":
                parent.given = head.father
                if not names_of(head.culture).patronymic:
                    parent.family = head.family

    def _adult(
        self, household: Household, culture: Culture, role: Role, sex: Sex, age: int
    ) -> Person:
        day = self._rng.randint(0, 364)
        birth = date(LAST_DAY.year - age, 1, 1) + timedelta(days=day)
        return self._person(household, culture, role, sex, birth)

    def _spouse(self, household: Household, head: Person) -> Person:
        years = self._rng.gauss(4, 3.5) * (1 if head.sex == "male" else -1)
        birth = head.birth + timedelta(days=int(years * 365.25))
        birth = min(birth, date(LAST_DAY.year - 18, 1, 1))
        sex: Sex = "female" if head.sex == "male" else "male"
        spouse = self._person(household, head.culture, "spouse", sex, birth)
        head.marital = spouse.marital = "M"
        # By the coast a wife takes her husband's name; in the north few do.
        takes_name = head.culture == "coast" or self._rng.random() < 0.3
        if sex == "female" and takes_name and not names_of(head.culture).patronymic:
            spouse.maiden, spouse.family = spouse.family, head.family
        return spouse

    def _person(
        self, household: Household, culture: Culture, role: Role, sex: Sex, birth: date
    ) -> Person:
        rng, names = self._rng, names_of(culture)
        self._people += 1
        age = age_at(birth, LAST_DAY)
        adult = age >= 18
        person = Person(
            id=self._people,
            household=household.id,
            role=role,
            sex=sex,
            birth=birth,
            culture=culture,
            given=names.given(sex).draw(rng),
            father=names.men.draw(rng),
            family=names.families.draw(rng),
            maiden=None,
            uin=self._uin() if rng.random() < (0.96 if adult else 0.82) else None,
            brn=f"B{birth.year}{self._people * 48_271 % 10_000_000:07d}"
            if rng.random() < (0.25 if adult else 0.85)
            else None,
            nid=f"{household.district.region_code[-2:]}/{self._people * 7_321 % 1_000_000:06d}"
            if age >= 30 and rng.random() < 0.6
            else None,
            phone=self.phone() if adult and rng.random() < 0.2 else None,
            account=self.account() if adult and self._banks.random() < 0.25 else None,
            marital="S",
            limitation=None,
        )
        if rng.random() < (0.022 if age < 50 else 0.08):
            person.limitation = rng.choice(LIMITATIONS)
        household.members.append(person)
        return person

    def _uin(self) -> str:
        """Ten digits, the last a Luhn check digit, in no visible order."""
        body = f"{(self._people * 387_420_489 + 123_456_789) % 1_000_000_000:09d}"
        return body + _luhn(body)

    def _sex(self, men: float) -> Sex:
        return "male" if self._rng.random() < men else "female"


def _luhn(body: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
