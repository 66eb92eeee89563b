"""What happens to people and households in the twenty-four months: deaths, moves, splits."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta

from ibr.demo.areas import District
from ibr.demo.people import Household, Person, Settlers
from ibr.demo.timeline import FIRST, LAST_DAY, MONTHS, age_at

_DAYS = (LAST_DAY - FIRST.first).days
# The chance to die in a year, up to an age; high enough that a demonstration shows some deaths.
_MORTALITY = ((1, 0.03), (5, 0.005), (50, 0.003), (65, 0.012), (80, 0.04), (120, 0.11))
_MOVES = 0.04
_NEW_PHONES = 0.08
_SPLITS = 0.035


def live_through(
    household: Household, districts: Sequence[District], settlers: Settlers, rng: random.Random
) -> Household | None:
    """Lets the window happen to a household; returns the new one when it splits."""
    for person in household.members:
        person.death = _death(person, rng)
    if rng.random() < _MOVES:
        district = household.district
        if rng.random() < 0.4:
            district = rng.choice(districts)
        household.moved = (rng.randint(1, MONTHS - 2), district, rng.choice(district.villages))
    if household.phone is not None and rng.random() < _NEW_PHONES:
        household.new_phone = (rng.randint(1, MONTHS - 2), settlers.phone())
    if rng.random() < _SPLITS:
        return _split(household, settlers, rng)
    return None


def _death(person: Person, rng: random.Random) -> date | None:
    age = age_at(person.birth, LAST_DAY)
    yearly = next(chance for limit, chance in _MORTALITY if age < limit)
    if rng.random() >= 2 * yearly:
        return None
    day = FIRST.first + timedelta(days=rng.randint(0, _DAYS))
    return day if day > person.birth else None


def _split(household: Household, settlers: Settlers, rng: random.Random) -> Household | None:
    """Some members leave for a household of their own: same village, same telephone."""
    children = [each for each in household.members if each.role == "child"]
    grown = [each for each in children if age_at(each.birth, LAST_DAY) >= 19]
    spouse = [each for each in household.members if each.role == "spouse"]
    if spouse and len(children) >= 2:
        leaving = [*spouse, *children[len(children) // 2 :]]
    elif grown and len(household.members) > 3:
        leaving = grown[:1]
    else:
        return None
    month = rng.randint(3, MONTHS - 6)
    new = settlers.founded_by(leaving, household)
    household.members = [each for each in household.members if each not in leaving]
    household.left = leaving
    household.split = (month, new.id)
    return new
