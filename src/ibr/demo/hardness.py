"""How hard the made-up country is for linkage: what records of one person have in common."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations

import msgspec

from ibr.demo.country import Country
from ibr.demo.mistakes import Written, written_by
from ibr.demo.people import Person
from ibr.demo.programmes import HABITS
from ibr.demo.timeline import MONTHS


class Hardness(msgspec.Struct, frozen=True):
    """Shares of all true pairs, unless the name says of what."""

    appearances: int
    people: int
    true_pairs: int
    both_uin: float
    uin_equal_of_both: float
    exact_names: float
    birth_equal: float
    same_programme: float
    two_scripts: float
    account_of_records: float
    uin_of_appearances: float
    phone_of_appearances: float
    in_household_of_appearances: float
    twins_of_births: float
    married_name_of_women: float
    household_moved: float
    household_split: float
    mistakes: dict[str, float]
    """Share of appearances by kind of mistake."""


def hardness(country: Country) -> Hardness:
    """Measured on the records as the registry holds them at the end of the last month."""
    by_person: dict[int, list[tuple[str, Written]]] = defaultdict(list)
    found, mistakes = Counter[str](), Counter[str]()
    records = accounts = 0
    for code, enrolments in country.enrolments.items():
        for enrolment in enrolments:
            records += 1
            people = enrolment.members(MONTHS - 1) if enrolment.whole_household else []
            # A recipient who has left the household still stands in its record.
            for person in [enrolment.person, *people[1:]]:
                written = written_by(country.seed, enrolment, person, MONTHS - 1, country.districts)
                by_person[person.id].append((code, written))
                found["uin"] += "UIN" in written.ids
                found["phone"] += bool(written.phones)
                found["household"] += enrolment.whole_household
                accounts += "ACCOUNT" in written.ids
                mistakes.update(written.mistakes)
    appearances = sum(map(len, by_person.values()))
    pairs = _pairs(by_person)
    number = max(1, pairs["pairs"])
    women = [each for each in country.people if each.sex == "female"]
    return Hardness(
        appearances=appearances,
        people=len(by_person),
        true_pairs=pairs["pairs"],
        both_uin=round(pairs["both_uin"] / number, 4),
        uin_equal_of_both=round(pairs["uin_equal"] / max(1, pairs["both_uin"]), 4),
        exact_names=round(pairs["names"] / number, 4),
        birth_equal=round(pairs["birth"] / number, 4),
        same_programme=round(pairs["programme"] / number, 4),
        two_scripts=round(pairs["scripts"] / number, 4),
        account_of_records=round(accounts / max(1, records), 4),
        uin_of_appearances=round(found["uin"] / max(1, appearances), 4),
        phone_of_appearances=round(found["phone"] / max(1, appearances), 4),
        in_household_of_appearances=round(found["household"] / max(1, appearances), 4),
        twins_of_births=_twins(country),
        married_name_of_women=round(
            sum(each.maiden is not None for each in women) / max(1, len(women)), 4
        ),
        household_moved=_share_of_households(country, "moved"),
        household_split=_share_of_households(country, "split"),
        mistakes={
            kind: round(times / max(1, appearances), 4) for kind, times in sorted(mistakes.items())
        },
    )


def _pairs(by_person: dict[int, list[tuple[str, Written]]]) -> Counter[str]:
    seen = Counter[str]()
    for own in by_person.values():
        for (one_code, one), (other_code, other) in combinations(own, 2):
            uins = one.ids.get("UIN"), other.ids.get("UIN")
            seen["pairs"] += 1
            seen["both_uin"] += None not in uins
            seen["uin_equal"] += uins[0] is not None and uins[0] == uins[1]
            seen["names"] += (one.given, one.family) == (other.given, other.family)
            seen["birth"] += one.birth is not None and one.birth == other.birth
            seen["programme"] += one_code == other_code
            seen["scripts"] += HABITS[one_code].script != HABITS[other_code].script
    return seen


def _twins(country: Country) -> float:
    """Of all times somebody gave birth to a child who lives here, the share with two at once."""
    births = Counter[tuple[int, object]]()
    for household in country.households:
        everybody: list[Person] = [*household.members, *household.left]
        births.update((household.id, each.birth) for each in everybody if each.role == "child")
    return round(sum(number > 1 for number in births.values()) / max(1, len(births)), 4)


def _share_of_households(country: Country, what: str) -> float:
    """The share of households to which it happened."""
    happened = sum(getattr(each, what) is not None for each in country.households)
    return round(happened / max(1, len(country.households)), 4)
