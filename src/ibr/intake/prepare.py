"""Checks each reported record and works out everything that needs no database; pure CPU work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from ibr.access.model import ProgrammeRight
from ibr.asker import Asker
from ibr.codelists.identifier_types import trust_as_subject
from ibr.protection.blind_index import BlindIndex
from ibr.registry.beneficiaries.model import digest_of, encode_fresh
from ibr.registry.beneficiaries.rules import record_identifier
from ibr.reported.beneficiary import Refusal, Reported
from ibr.reported.parts import OF_GROUP, OWN, KnownAs


class Indexed(msgspec.Struct, frozen=True, gc=False):
    """An identifier with its blind index."""

    known_as: KnownAs
    blind_index: bytes


class Prepared(msgspec.Struct, gc=False):
    """A checked record, ready to be merged."""

    reported: Reported
    programme_id: int
    currency: str | None
    record_key: bytes
    subject_index: bytes
    known: list[Indexed]
    content: bytes
    digest: bytes


# One item of a delivery after its check: its records, one a programme, or why it was set aside.
Item = list[Prepared] | Refusal


class Preparer:
    """Prepares the records of one delivery for one asker."""

    def __init__(
        self, asker: Asker, programmes: Mapping[str, ProgrammeRight], blind_index: BlindIndex
    ) -> None:
        self._asker = asker
        self._programmes = programmes
        self._index = blind_index

    def prepare(self, item: Sequence[Reported]) -> list[Prepared] | Refusal:
        """One item of a delivery: all its records, or the first reason against one of them."""
        prepared = []
        for reported in item:
            result = self._one(reported)
            if isinstance(result, Refusal):
                return result
            prepared.append(result)
        return prepared

    def _one(self, reported: Reported) -> Prepared | Refusal:
        programme = self._programmes.get(reported.programme_code.casefold())
        if programme is None or programme.programme_id not in self._asker.report:
            # The same words whether the programme is unknown or somebody else's.
            return self._refuse(
                reported,
                "programme.not_yours",
                "You may not report for this programme. Check its code, or ask the registry for "
                "the right to report for it.",
                "programme_identifier",
            )
        if reported.unit == 1 and reported.member is None:
            return self._refuse(
                reported,
                "record.member",
                "assistance_unit 1 is a person: give the person as member.",
                "member",
            )
        if reported.unit != 1 and reported.group is None and reported.member is None:
            return self._refuse(
                reported,
                "record.group",
                "assistance_unit 2 and 3 are groups: give the group, or its head as member.",
                "group",
            )
        known = [
            Indexed(each, self._index.of(each.kind, each.value)) for each in reported.facts.known_as
        ]
        key = self._record_key(reported, programme.programme_id)
        if key is None:
            return self._refuse(
                reported,
                "record.nameless",
                "The record has neither an identifier nor a name with a birth date. Send at least "
                "the programme's own number as identifier_type PROGRAMME_NUMBER.",
                "member.member_identifier",
                programme.programme_id,
            )
        content = encode_fresh(reported.member, reported.group)
        return Prepared(
            reported,
            programme.programme_id,
            programme.currency,
            key,
            subject_of(known) or key,
            known,
            content,
            digest_of(reported.unit, content),
        )

    def _record_key(self, reported: Reported, programme_id: int) -> bytes | None:
        identifier = record_identifier(reported)
        if identifier is not None:
            return self._index.of_record(programme_id, identifier.kind, identifier.value)
        person = reported.member.demographic_info if reported.member else None
        if person is None or person.name is None:
            return None
        names = (person.name.surname, person.name.given_name, person.name.second_name)
        said = "|".join((name or "").strip().casefold() for name in names)
        if not said.strip("|"):
            return None
        if reported.own_reference and ":" in reported.own_reference:
            return self._index.of_record(programme_id, "@id", reported.own_reference)
        if not person.birth_date:
            return None
        return self._index.of_record(programme_id, "name", f"{said}|{person.birth_date}")

    def _refuse(
        self,
        reported: Reported,
        code: str,
        reason: str,
        field: str,
        programme_id: int | None = None,
    ) -> Refusal:
        return Refusal(reported.item_no, reported.reference_id, code, reason, field, programme_id)


def subject_of(known: Sequence[Indexed]) -> bytes | None:
    """The index that questions about a record are kept under: the one a question about this very
    person would carry, so that who asked can be shown to them. None where nothing identifies it."""
    own = [each for each in known if each.known_as.role in (OWN, OF_GROUP)]
    return min(own, key=_trust).blind_index if own else None


def _trust(indexed: Indexed) -> tuple[int, int, str, str]:
    known_as = indexed.known_as
    return (trust_as_subject(known_as.kind), known_as.role, known_as.kind, known_as.value)
