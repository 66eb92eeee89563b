"""The made-up country as the registry would hold it, with who is really who beside it.

Records go the way of every partner's: written, read strictly, kept as a document. Only the database
is left out. The truth is for judging what linkage found, never for training it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from ibr.demo.areas import District
from ibr.demo.country import Country
from ibr.demo.enrolments import Enrolment
from ibr.demo.mistakes import written_by
from ibr.demo.people import Person
from ibr.demo.programmes import PROGRAMMES, Programme
from ibr.demo.records import described, programme_part
from ibr.demo.timeline import LAST, LAST_DAY, MONTHS, age_at
from ibr.identity.features.features_of import features_of
from ibr.identity.features.keys import keys_of
from ibr.identity.model import Appearance
from ibr.identity.quality.judging import Entry, Population
from ibr.interop.dci.messages.read_beneficiary import read_beneficiary
from ibr.protection.blind_index import BlindIndex
from ibr.registry.beneficiaries.model import Document, decode_document, encode_fresh
from ibr.reported.beneficiary import Refusal

OWN: Final = -1
"""The record's own person; members of its group have their place in it, from 0."""

PROGRAMME_IDS: Final = {each.code: number for number, each in enumerate(PROGRAMMES, 1)}

INDEX: Final = BlindIndex(b"a key for people who do not live")
"""The same for every made-up country, so that the same country always gives the same figures."""


class KnownPerson(msgspec.Struct, frozen=True, gc=False):
    """Who truly stands at one place of a record, and what makes them hard to find."""

    member_no: int
    person: int
    strata: tuple[str, ...]


class KnownRecord(msgspec.Struct, frozen=True):
    """A record as it is kept, and who is in it."""

    record_id: int
    programme: str
    unit: int
    document: Document
    people: tuple[KnownPerson, ...]


def known_records(country: Country) -> Iterator[KnownRecord]:
    """Every record of the country as of the end of its last month, always in the same order."""
    twins = _twins(country)
    record_id = 0
    for programme in country.programmes:
        for enrolment in country.enrolments[programme.code]:
            record_id += 1
            unit, document = _kept(country, programme, enrolment)
            yield KnownRecord(
                record_id, programme.code, unit, document, _people(country, enrolment, twins)
            )


def known_population(country: Country, index: BlindIndex = INDEX) -> Population:
    """Everybody who appears in a record, as linkage sees them, with who they truly are."""
    entries: list[Entry] = []
    truth: dict[Appearance, int] = {}
    strata: dict[Appearance, tuple[str, ...]] = {}
    for record in known_records(country):
        who = {each.member_no: each for each in record.people}
        programme_id = PROGRAMME_IDS[record.programme]
        appeared = features_of(record.document, record.unit, programme_id, index)
        for number, each in enumerate(appeared):
            appearance = Appearance(record.record_id, number)
            keys = tuple(keys_of(each.features, index))
            entries.append(Entry(appearance, each.features, keys))
            known = who[each.member_no]
            truth[appearance], strata[appearance] = known.person, known.strata
    programmes = {number: code for code, number in PROGRAMME_IDS.items()}
    return Population(tuple(entries), truth, strata, programmes)


def _kept(country: Country, programme: Programme, enrolment: Enrolment) -> tuple[int, Document]:
    body = described(country.seed, enrolment, MONTHS - 1, country.districts)
    record = {"@type": "Beneficiary", **body, "programme_identifier": programme_part(programme)}
    as_of = datetime.combine(LAST.plus(1).first, datetime.min.time(), UTC)
    read = read_beneficiary(msgspec.json.encode(record), 1, as_of, lambda _: programme.currency)
    if isinstance(read, Refusal):
        # The country's own records are good ones; a refusal is a mistake in this program.
        raise ValueError(f"{programme.code} {enrolment.number} was refused: {read.code}")
    reported = read[0]
    return reported.unit, decode_document(encode_fresh(reported.member, reported.group))


def _people(
    country: Country, enrolment: Enrolment, twins: frozenset[int]
) -> tuple[KnownPerson, ...]:
    own = _known(country, enrolment, enrolment.person, OWN, twins)
    if not enrolment.whole_household:
        return (own,)
    # The recipient stands twice in the record: as its own person and first among the members.
    head = KnownPerson(0, own.person, own.strata)
    others = enumerate(enrolment.members(MONTHS - 1)[1:], 1)
    return own, head, *(_known(country, enrolment, each, no, twins) for no, each in others)


def _known(
    country: Country, enrolment: Enrolment, person: Person, member_no: int, twins: frozenset[int]
) -> KnownPerson:
    return KnownPerson(
        member_no,
        person.id,
        tuple(_strata(country.seed, enrolment, person, twins, country.districts)),
    )


def _strata(
    seed: int,
    enrolment: Enrolment,
    person: Person,
    twins: frozenset[int],
    districts: Sequence[District],
) -> Iterator[str]:
    """What is true of this appearance and may make linkage better or worse at it."""
    mistakes = written_by(seed, enrolment, person, MONTHS - 1, districts).mistakes
    yield from (f"mistake: {each}" for each in mistakes)
    if not mistakes:
        yield "no mistake"
    if person.id in twins:
        yield "twin"
    if person.maiden is not None:
        yield "married name"
    if enrolment.household.moved is not None:
        yield "household moved"
    if enrolment.household.new_phone is not None:
        yield "household's phone changed"
    if enrolment.household.split is not None:
        yield "household split"
    yield "in a household's record" if enrolment.whole_household else "in a record of its own"
    yield "child" if age_at(person.birth, LAST_DAY) < 18 else "adult"
    yield f"names of the {person.culture}"


def _twins(country: Country) -> frozenset[int]:
    found: set[int] = set()
    for household in country.households:
        born: dict[object, int] = {}
        for person in (*household.members, *household.left):
            if person.role != "child":
                continue
            other = born.setdefault(person.birth, person.id)
            if other != person.id:
                found |= {other, person.id}
    return frozenset(found)
