"""The whole made-up country from a number of people and a seed."""

from __future__ import annotations

import random

import msgspec

from ibr.demo.areas import COUNTRY_CODE, COUNTRY_NAMES, Area, District, make_areas
from ibr.demo.enrolments import Enrolment, Office
from ibr.demo.events import live_through
from ibr.demo.people import Household, Person, Settlers
from ibr.demo.population import Count, make_population
from ibr.demo.programmes import PARTNERS, PROGRAMMES, Partner, Programme

POPULATION_PER_BENEFICIARY = 3


class Country(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is true in the made-up country, and what its programmes enrolled."""

    seed: int
    code: str
    names: dict[str, str]
    areas: tuple[Area, ...]
    districts: tuple[District, ...]
    population: tuple[Count, ...]
    programmes: tuple[Programme, ...]
    partners: tuple[Partner, ...]
    households: tuple[Household, ...]
    people: tuple[Person, ...]
    """Every true person that was made, those whom no programme found among them."""
    enrolments: dict[str, tuple[Enrolment, ...]]
    """By programme code, in the order of the programme's numbers."""
    beneficiaries: frozenset[int]
    """The true people who benefit directly or as members of a household."""


def make_country(people: int, seed: int) -> Country:
    """A country with about so many distinct true beneficiaries; the same seed, the same country."""
    areas, districts = make_areas(seed)
    settlers = Settlers(
        districts, random.Random(f"{seed}:people"), random.Random(f"{seed}:accounts")
    )
    fates = random.Random(f"{seed}:events")
    office = Office(random.Random(f"{seed}:enrolments"))
    households: list[Household] = []
    enrolments: list[Enrolment] = []
    beneficiaries: set[int] = set()
    while len(beneficiaries) < people:
        household = settlers.household()
        new = live_through(household, districts, settlers, fates)
        households.append(household)
        made = office.enrol(household)
        if new is not None and household.split is not None:
            households.append(new)
            made += office.enrol_split(new, made, household.split[0])
        enrolments += made
        for enrolment in made:
            beneficiaries.update(person.id for person in reached(enrolment))
    by_programme: dict[str, tuple[Enrolment, ...]] = {
        programme.code: tuple(
            sorted(
                (each for each in enrolments if each.programme == programme.code),
                key=lambda each: each.number,
            )
        )
        for programme in PROGRAMMES
    }
    return Country(
        seed=seed,
        code=COUNTRY_CODE,
        names=COUNTRY_NAMES,
        areas=areas,
        districts=districts,
        population=make_population(
            districts, people * POPULATION_PER_BENEFICIARY, random.Random(f"{seed}:population")
        ),
        programmes=PROGRAMMES,
        partners=PARTNERS,
        households=tuple(households),
        people=tuple(person for each in households for person in each.members),
        enrolments=by_programme,
        beneficiaries=frozenset(beneficiaries),
    )


def reached(enrolment: Enrolment) -> list[Person]:
    """The true people whom an enrolment benefits at some time."""
    if enrolment.whole_household:
        return [*enrolment.household.members, *enrolment.household.left]
    return [enrolment.person]
