"""The people, programmes and population of the made-up country."""

from __future__ import annotations

import unicodedata
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import msgspec

from ibr.demo.country import Country, make_country, reached
from ibr.demo.programmes import HABITS, INCOMPATIBLE, PARTNERS, PROGRAMMES
from ibr.demo.timeline import LAST_DAY, age_at


def test_the_same_seed_makes_the_same_country(country: Country) -> None:
    again = make_country(800, 11)
    assert msgspec.json.encode(again.people) == msgspec.json.encode(country.people)
    assert msgspec.json.encode(again.areas) == msgspec.json.encode(country.areas)
    assert msgspec.json.encode(again.population) == msgspec.json.encode(country.population)
    other = make_country(100, 12)
    assert other.people[0] != country.people[0]


def test_there_are_as_many_beneficiaries_as_asked_for(country: Country) -> None:
    assert 800 <= len(country.beneficiaries) < 815
    everybody = {p.id for all_ in country.enrolments.values() for e in all_ for p in reached(e)}
    assert everybody == country.beneficiaries
    assert {person.id for person in country.people} > country.beneficiaries


def test_the_population_is_three_times_the_beneficiaries(country: Country) -> None:
    assert sum(count.people for count in country.population) == 2400
    assert {count.area for count in country.population} == {d.code for d in country.districts}
    children = sum(count.people for count in country.population if count.age_from < 15)
    assert 0.3 < children / 2400 < 0.5


def test_households_are_like_households(country: Country) -> None:
    whole = [household for household in country.households if household.split is None]
    mean = sum(len(household.members) for household in whole) / len(whole)
    assert 3.6 < mean < 4.9
    for household in whole:
        assert household.members[0].role == "head"
        children = [person for person in household.members if person.role == "child"]
        assert len({child.given.latin for child in children}) == len(children)
        births = sorted(child.birth for child in children)
        for elder, younger in pairwise(births):
            assert younger == elder or younger - elder >= timedelta(days=328)


def test_identifiers_and_telephones_are_unique(country: Country) -> None:
    for values in (
        [person.uin for person in country.people if person.uin],
        [person.brn for person in country.people if person.brn],
        [person.nid for person in country.people if person.nid],
        [person.phone for person in country.people if person.phone],
    ):
        assert len(set(values)) == len(values) > 0


def test_names_come_in_three_scripts_and_are_unevenly_frequent(country: Country) -> None:
    scripts = Counter(
        unicodedata.name(person.given.local[0]).split()[0] for person in country.people
    )
    assert set(scripts) == {"LATIN", "ARABIC", "ETHIOPIC"}
    assert min(scripts.values()) > len(country.people) / 10
    names = Counter(person.given.latin for person in country.people)
    assert names.most_common(1)[0][1] > 5 * len(country.people) / len(names) / 2
    assert any(sign in name for name in names for sign in "éèã")


def test_every_programme_has_beneficiaries_of_its_kind(country: Country) -> None:
    for programme in PROGRAMMES:
        enrolments = country.enrolments[programme.code]
        assert len(enrolments) > 10
        numbers = [enrolment.number for enrolment in enrolments]
        assert len(set(numbers)) == len(numbers)
        whole = programme.assistance_unit == 2
        assert all(enrolment.whole_household is whole for enrolment in enrolments)
    for enrolment in country.enrolments["OAP"]:
        assert age_at(enrolment.person.birth, enrolment.start) >= 65
    for enrolment in country.enrolments["CHG"]:
        assert enrolment.person.birth < enrolment.start
        assert age_at(enrolment.person.birth, enrolment.start) < 6


def test_statuses_follow_each_other_in_time(country: Country) -> None:
    seen: set[str] = set()
    for enrolments in country.enrolments.values():
        for enrolment in enrolments:
            days = [day for day, _ in enrolment.statuses]
            assert days == sorted(days)
            assert days[0] == enrolment.start
            assert days[-1] <= LAST_DAY
            seen.update(code for _, code in enrolment.statuses)
    assert seen == set("1234567")


def test_programmes_and_partners_fit_together() -> None:
    codes = {programme.code for programme in PROGRAMMES}
    assert len(codes) == 8 == len(HABITS)
    reported = [code for partner in PARTNERS for code in partner.reports]
    assert sorted(reported) == sorted(codes)
    for partner in PARTNERS:
        for programme in PROGRAMMES:
            reports = programme.code in partner.reports
            assert reports == (programme.sender_id == partner.sender_id)
        assert partner.asks == ("all",) or set(partner.asks) <= codes
    assert {code for pair in INCOMPATIBLE for code in pair} <= codes
