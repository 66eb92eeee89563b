"""The made-up country as linkage sees it, with the truth beside it."""

from __future__ import annotations

import pytest

from ibr.demo.country import Country, reached
from ibr.demo.known_people import OWN, PROGRAMME_IDS, KnownRecord, known_population, known_records
from ibr.demo.timeline import MONTHS
from ibr.demo.truth import truth
from tests.linked_country import in_deliveries, linked_country


@pytest.fixture(scope="module")
def records(country: Country) -> list[KnownRecord]:
    return list(known_records(country))


def test_every_record_is_there_and_everybody_in_it_is_known(
    country: Country, records: list[KnownRecord]
) -> None:
    enrolments = [each for of in country.enrolments.values() for each in of]
    assert [each.record_id for each in records] == list(range(1, len(enrolments) + 1))
    for record, enrolment in zip(records, enrolments, strict=True):
        assert record.programme == enrolment.programme
        assert record.people[0].member_no == OWN
        assert record.people[0].person == enrolment.person.id
        assert {each.person for each in record.people} <= {p.id for p in reached(enrolment)}
        listed = (record.document.group or {}).get("member_list", [])
        assert [each.member_no for each in record.people[1:]] == list(range(len(listed)))
        if enrolment.whole_household:
            assert len(listed) == len(enrolment.members(MONTHS - 1))


def test_the_truth_is_that_of_the_truth_file(country: Country, records: list[KnownRecord]) -> None:
    people = {
        (line["programme"], line["number"]): line["person"]
        for line in truth(country)
        if line["kind"] in ("record", "member")
    }
    for record in records:
        documents = [record.document.member, *(record.document.group or {}).get("member_list", [])]
        for known, member in zip(record.people, documents, strict=True):
            assert member is not None
            number = member["member_identifier"][0]["identifier_value"]
            assert people[record.programme, number] == known.person


def test_a_recipient_who_is_a_member_appears_once(country: Country) -> None:
    population = known_population(country)
    everybody = [each.appearance for each in population.entries]
    assert len(set(everybody)) == len(everybody) == len(population.truth)
    own = [
        population.truth[each] for each in everybody if each.record_id == everybody[-1].record_id
    ]
    assert len(set(own)) == len(own)
    by_record: dict[int, list[int]] = {}
    for each in everybody:
        by_record.setdefault(each.record_id, []).append(population.truth[each])
    assert all(len(set(people)) == len(people) for people in by_record.values())


def test_it_is_the_same_again_and_in_parts() -> None:
    country = linked_country(60, 3)
    linked_country.cache_clear()
    assert linked_country(60, 3) == country
    parts = in_deliveries(country.entries, 7)
    assert [entry for part in parts for entry in part] == list(country.entries)
    assert set(country.programmes) == set(PROGRAMME_IDS.values())


def test_strata_tell_what_makes_people_hard_to_find() -> None:
    seen = {name for names in linked_country().strata.values() for name in names}
    assert {"mistake: variant", "no mistake", "married name", "child", "adult"} <= seen
    assert {"in a household's record", "in a record of its own"} <= seen
