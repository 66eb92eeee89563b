"""A made-up population with its programmes month by month, for tests that only read figures.

Nothing here is an engine: people and their programmes are drawn by a seeded generator, and
tests/made_figures.py counts them with a plain Counter.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from ibr.coverage.figures.model import AGE_BANDS, month_period
from ibr.periods import Month


class MadeProgramme(msgspec.Struct, frozen=True):
    """A programme and whom it is for; ages in whole bands of five years."""

    code: str
    functions: tuple[str, ...]
    benefit_type: str
    amount: int
    age_from: int = 0
    age_to: int | None = None
    sex: str | None = None
    takes: float = 0.4
    currency: str = "KES"
    cap: int = 0


# The first ones have the codes of tests/people_web.py, so that they fit its country.
PROGRAMMES = (
    MadeProgramme("OAP", ("1",), "1", 200_000, 65, None, None, 0.7, cap=40),
    MadeProgramme("PWD", ("2",), "1", 250_000, 0, 64, None, 0.08, cap=60),
    MadeProgramme("CASH", ("5", "14"), "1", 400_000, 20, 59, None, 0.2, cap=90),
    MadeProgramme("MEAL", ("6", "13"), "3", 30_000, 5, 14, None, 0.5, cap=50),
    MadeProgramme("WORK", ("11",), "5", 90_000, 20, 59, None, 0.1, cap=30),
)
AREAS1 = tuple(f"R{number}" for number in range(1, 9))


def made_programmes(count: int) -> tuple[MadeProgramme, ...]:
    """So many programmes: the five of the small country, and others P06, P07 and so on."""
    more = [
        MadeProgramme(
            f"P{number:02d}",
            (str(1 + number % 15),),
            str(1 + number % 3),
            10_000 * number,
            5 * (number % 7),
            5 * (number % 7) + 34,
            "2" if number % 4 == 0 else None,
            0.03 + 0.02 * (number % 5),
            "USD" if number % 6 == 0 else "KES",
            100,
        )
        for number in range(len(PROGRAMMES) + 1, count + 1)
    ]
    return (*PROGRAMMES, *more)[:count]


def made_areas2(areas1: Sequence[str], count: int) -> dict[str, str]:
    """So many districts, spread over the regions: code of the district, code of its region."""
    found: dict[str, str] = {}
    for number in range(count):
        region = areas1[number % len(areas1)]
        found[f"{region}-{number // len(areas1) + 1:02d}"] = region
    return found


class Somebody(msgspec.Struct):
    """One person, with the first and last month in each programme (as places in the list)."""

    number: int
    sex: str
    born: date
    disability: str
    area1: str
    area2: str
    household: int
    head: bool
    programmes: dict[str, tuple[int, int, int]]

    def age(self, month: Month) -> int:
        last = month_period(month).last_day
        before = (last.month, last.day) < (self.born.month, self.born.day)
        return last.year - self.born.year - before

    def band(self, month: Month) -> str:
        return AGE_BANDS[min(16, self.age(month) // 5)]

    def within(self, at: int) -> list[str]:
        """The programmes that gave something in a month; each forgot one month."""
        return [
            code
            for code, (first, last, forgotten) in self.programmes.items()
            if first <= at <= last and at != forgotten
        ]

    def enrolled(self, at: int) -> list[str]:
        return [code for code, (first, last, _) in self.programmes.items() if first <= at <= last]


def fits(person: Somebody, programme: MadeProgramme, month: Month) -> bool:
    """Whether somebody is in the target group of a programme."""
    top = 200 if programme.age_to is None else programme.age_to
    right = programme.sex is None or programme.sex == person.sex
    return right and programme.age_from <= person.age(month) <= top


def made_people(
    count: int,
    months: Sequence[Month],
    programmes: Sequence[MadeProgramme],
    areas1: Sequence[str],
    areas2: Mapping[str, str],
    seed: int,
) -> list[Somebody]:
    """So many people, the same ones for the same seed; some have no known area or disability."""
    rng = random.Random(seed)
    inside: dict[str, list[str]] = {}
    for code, parent in areas2.items():
        inside.setdefault(parent, []).append(code)
    people: list[Somebody] = []
    household, left = 0, 0
    area1 = area2 = ""
    for number in range(count):
        head = left == 0
        if head:
            household, left = household + 1, rng.randint(1, 5)
            # Regions are of different size and reached differently well.
            area1 = rng.choices(areas1, weights=range(len(areas1) + 2, 2, -1))[0]
            area1 = "" if rng.random() < 0.01 else area1
            area2 = rng.choice(inside[area1]) if area1 in inside else ""
        left -= 1
        age = min(95, int(rng.triangular(20 if head else 0, 100, 25)))
        born = date(months[-1].year - age, rng.randint(1, 12), rng.randint(1, 28))
        one = Somebody(
            number,
            rng.choice("12"),
            born,
            rng.choices(["0", "1", ""], weights=[88, 7, 5])[0],
            area1,
            area2,
            household,
            head,
            {},
        )
        _join(one, months, programmes, areas1, rng)
        people.append(one)
    return people


def _join(
    one: Somebody,
    months: Sequence[Month],
    programmes: Sequence[MadeProgramme],
    areas1: Sequence[str],
    rng: random.Random,
) -> None:
    """Puts somebody into programmes of their target group, and a few into others by mistake."""
    reach = 1.3 - 0.9 * areas1.index(one.area1) / len(areas1) if one.area1 else 0.5
    for each in programmes:
        chance = each.takes * reach if fits(one, each, months[0]) else 0.004
        if rng.random() < chance:
            first = rng.choice([0, rng.randrange(len(months))])
            last = len(months) if rng.random() < 0.8 else rng.randint(first, len(months))
            one.programmes[each.code] = (first, last, rng.randrange(3 * len(months)))
