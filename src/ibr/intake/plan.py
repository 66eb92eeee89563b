"""What a chunk of prepared records changes, worked out in memory from what is already known.

Pure apart from sealing: the same records and the same known state give the same rows, whatever
the order in which the records came. `intake/enrolment_updates.py` reads the state and writes the
rows, each kind with one statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from ibr.intake.prepare import Indexed, Prepared, subject_of
from ibr.intake.rows import Known, Rows, Source
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer, place_of
from ibr.registry.beneficiaries.model import (
    Document,
    IdentifierRow,
    MemberRow,
    RecordRow,
    Replaced,
    StoredRecord,
    VersionRow,
    decode_document,
    encode_document,
)
from ibr.registry.beneficiaries.rules import add_up
from ibr.registry.benefits.model import BenefitRow, benefit_key
from ibr.registry.changes.model import Change
from ibr.registry.enrolment.model import EnrolmentRow, IndexRow, Standing, StatusRow
from ibr.registry.enrolment.rules import ASSUMED, history_of, later, reported_standing
from ibr.reported.facts import Facts, facts_of
from ibr.reported.parts import OF_MEMBER
from ibr.reported.person import Group, Member

# The digest of a record whose newest moment had more than one report: no report equals it.
SEVERAL: Final = bytes(16)


class _Record(msgspec.Struct, gc=False):
    """One record while the reports of a chunk are applied to it."""

    record_id: int
    programme_id: int
    fresh: bool
    unit: int
    as_of: datetime
    digest: bytes
    subject: bytes
    standing: Standing
    enrolled_at: datetime | None
    enrolled_said_at: datetime | None
    content: bytes
    facts: Facts | None = None
    known: list[Indexed] | None = None
    rewritten: bool = False
    details_changed: bool = False
    status_changed: bool = False
    index_stale: bool = False


class Planner:
    """Works out the rows of one chunk."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex, source: Source) -> None:
        self._sealer = sealer
        self._index = blind_index
        self._source = source

    def plan(self, chunk: Sequence[Prepared], known: Known) -> Rows:
        """The rows that these records change."""
        return self.replay(((self._source, each) for each in chunk), known)

    def replay(self, reports: Iterable[tuple[Source, Prepared]], known: Known) -> Rows:
        """The rows that reports of several deliveries change, in the order given."""
        rows = Rows()
        records: dict[int, _Record] = {}
        newest: dict[int, Source] = {}
        for source, prepared in reports:
            self._source = source
            record_id = known.numbers[prepared.record_key]
            newest[record_id] = source
            record = records.get(record_id)
            if record is None:
                record = self._start(record_id, prepared, known)
                records[record_id] = record
            self._apply(record, prepared, rows)
        for record_id, record in records.items():
            self._source = newest[record_id]
            self._finish(record, known, rows)
        return rows

    def _start(self, record_id: int, prepared: Prepared, known: Known) -> _Record:
        state = known.states.get(record_id)
        if state is None:
            return _Record(
                record_id,
                prepared.programme_id,
                fresh=True,
                unit=prepared.reported.unit,
                as_of=self._source.as_of,
                digest=b"",
                subject=prepared.subject_index,
                standing=ASSUMED,
                enrolled_at=None,
                enrolled_said_at=None,
                content=b"",
            )
        stored = known.contents.get(record_id)
        return _Record(
            record_id,
            prepared.programme_id,
            fresh=False,
            unit=state.assistance_unit,
            as_of=state.as_of,
            digest=state.content_digest,
            subject=state.subject_index,
            standing=state.standing,
            enrolled_at=state.enrolled_at,
            enrolled_said_at=state.enrolled_said_at,
            content=self._open(stored) if stored else b"",
        )

    def _open(self, stored: StoredRecord) -> bytes:
        return self._sealer.open(
            stored.personal, place_of("beneficiary_record", "personal", stored.record_id)
        )

    def _apply(self, record: _Record, prepared: Prepared, rows: Rows) -> None:
        reported = prepared.reported
        as_of = self._source.as_of
        if not record.digest:
            record.content, record.digest = prepared.content, prepared.digest
            record.facts, record.known = reported.facts, prepared.known
            record.rewritten = record.index_stale = True
        elif prepared.digest != record.digest:
            self._add_up(record, prepared, rows)
        self._enrolled_at(record, reported.enrolled_at)
        record.as_of = max(record.as_of, as_of)
        standing = standing_of(prepared, self._source)
        differs = standing.status != record.standing.status or record.standing is ASSUMED
        after = later(record.standing, standing)
        if after != record.standing:
            record.status_changed |= after.status != record.standing.status
            record.standing = after
            record.index_stale = True
        self._history(record, prepared, standing, rows, differs=differs)
        self._benefits(record, prepared, rows)

    def _enrolled_at(self, record: _Record, enrolled_at: datetime | None) -> None:
        """The newest word on the date of enrolment stands; of two at once the later date."""
        if enrolled_at is None:
            return
        said = (self._source.as_of, enrolled_at)
        if record.enrolled_at is None or said > (record.enrolled_said_at, record.enrolled_at):
            record.enrolled_said_at, record.enrolled_at = said

    def _add_up(self, record: _Record, prepared: Prepared, rows: Rows) -> None:
        newer = self._source.as_of > record.as_of
        at_once = self._source.as_of == record.as_of
        unit = prepared.reported.unit
        stored = decode_document(record.content)
        news = decode_document(prepared.content)
        merged = add_up(stored, record.as_of, news, self._source.as_of, newer=newer)
        if newer or at_once:
            # Two different reports of one moment: neither alone is what the record says.
            record.digest = prepared.digest if newer else SEVERAL
            unit = unit if newer else max(unit, record.unit)
            record.index_stale |= record.unit != unit
            record.unit = unit
        else:
            # Late news never overwrites, but it is kept as what was so at its time.
            self._version(record, prepared.content, self._source.as_of, rows)
        record.details_changed |= (merged.member, merged.group) != (stored.member, stored.group)
        record.rewritten = True
        record.content = encode_document(merged)
        record.facts = _facts(merged)
        record.known = [
            Indexed(each, self._index.of(each.kind, each.value)) for each in record.facts.known_as
        ]
        record.subject = subject_of(record.known) or record.subject

    def _history(
        self, record: _Record, prepared: Prepared, standing: Standing, rows: Rows, *, differs: bool
    ) -> None:
        reported = prepared.reported
        dated = reported.status_at is not None
        for at, status in history_of(standing, reported.status_dates, dated=dated, differs=differs):
            rows.statuses.append(
                StatusRow(
                    record.record_id,
                    at,
                    status,
                    record.programme_id,
                    self._source.known_at,
                    self._source.delivery_id,
                )
            )

    def _benefits(self, record: _Record, prepared: Prepared, rows: Rows) -> None:
        source = self._source
        for given in prepared.reported.benefits:
            rows.benefits.append(
                BenefitRow(
                    record.record_id,
                    given.given_at,
                    benefit_key(given),
                    record.programme_id,
                    given.benefit_type,
                    given.value_minor,
                    given.currency,
                    given.quantity,
                    given.description,
                    source.known_at,
                    source.delivery_id,
                )
            )

    def _finish(self, record: _Record, known: Known, rows: Rows) -> None:
        if record.rewritten:
            self._content(record, known, rows)
        if record.index_stale or record.details_changed:
            self._index_rows(record, known, rows)
        source = self._source
        rows.enrolments.append(
            EnrolmentRow(
                record_id=record.record_id,
                programme_id=record.programme_id,
                enrolled_at=record.enrolled_at,
                enrolled_said_at=record.enrolled_said_at,
                status=record.standing.status,
                status_at=record.standing.at,
                status_rank=record.standing.rank,
                as_of=record.as_of,
                known_at=source.known_at,
                delivery_id=source.delivery_id,
            )
        )
        if record.fresh:
            self._change(record, "enrolled", record.enrolled_at or source.as_of, rows)
        elif record.status_changed:
            self._change(record, "status_changed", record.standing.at, rows)
        if record.details_changed and not record.fresh:
            self._change(record, "details_changed", source.as_of, rows)

    def _change(self, record: _Record, kind: str, at: datetime, rows: Rows) -> None:
        rows.changed.add(record.record_id)
        rows.changes.append(
            Change(record.record_id, record.programme_id, kind, at, self._source.delivery_id)  # type: ignore[arg-type]  # callers pass the literals of Kind
        )

    def _content(self, record: _Record, known: Known, rows: Rows) -> None:
        facts = record.facts
        assert facts is not None
        stored = known.contents.get(record.record_id)
        if stored is not None and record.details_changed:
            before = self._open(stored)
            self._version(record, before, stored.as_of, rows, stored)
        person = facts.demography
        rows.records.append(
            RecordRow(
                record_id=record.record_id,
                programme_id=record.programme_id,
                assistance_unit=record.unit,
                sex=person.sex,
                birth_date=person.birth_date,
                birth_precision=person.birth_precision,
                death_date=person.death_date,
                region_code=facts.region_code,
                sub_region_code=facts.sub_region_code,
                is_disabled=person.is_disabled,
                group_size=facts.group_size,
                subject_index=record.subject,
                personal=self._sealer.seal(
                    record.content,
                    place_of("beneficiary_record", "personal", record.record_id),
                ),
                content_digest=record.digest,
                as_of=record.as_of,
                known_at=self._source.known_at,
                delivery_id=self._source.delivery_id,
            )
        )
        self._members(record, facts, rows)
        self._identifiers(record, known, rows)

    def _version(
        self,
        record: _Record,
        content: bytes,
        as_of: datetime,
        rows: Rows,
        stored: StoredRecord | None = None,
    ) -> None:
        """Keeps what a record said before, or what late news says of an earlier time."""
        rows.versions.append(
            VersionRow(
                record.record_id,
                as_of,
                stored.known_at if stored else self._source.known_at,
                record.programme_id,
                self._sealer.seal(
                    content, place_of("beneficiary_version", "personal", record.record_id)
                ),
                stored.delivery_id if stored else self._source.delivery_id,
            )
        )

    def _members(self, record: _Record, facts: Facts, rows: Rows) -> None:
        if not facts.members:
            return
        rows.groups.append(record.record_id)
        first_index = {
            each.known_as.member_no: each.blind_index
            for each in reversed(record.known or [])
            if each.known_as.role == OF_MEMBER
        }
        for number, member in enumerate(facts.members):
            person = member.demography
            rows.members.append(
                MemberRow(
                    record.record_id,
                    number,
                    record.programme_id,
                    person.sex,
                    person.birth_date,
                    person.birth_precision,
                    member.is_head,
                    member.relationship,
                    person.is_disabled,
                    first_index.get(number),
                )
            )

    def _identifiers(self, record: _Record, known: Known, rows: Rows) -> None:
        have = known.identifiers.get(record.record_id, set())
        carried = set()
        for each in record.known or []:
            place = (each.blind_index, each.known_as.role)
            if place in carried:
                continue
            carried.add(place)
            if place not in have:
                rows.identifiers.append(
                    IdentifierRow(
                        record.record_id,
                        each.blind_index,
                        each.known_as.role,
                        record.programme_id,
                        known.type_ids[each.known_as.kind],
                        self._sealer.seal(
                            each.known_as.value.encode(),
                            place_of("identifier", "value", record.record_id),
                        ),
                        record.as_of,
                    )
                )
        for blind_index, role in have - carried:
            rows.replaced.append(
                Replaced(record.record_id, blind_index, role, record.programme_id, record.as_of)
            )

    def _index_rows(self, record: _Record, known: Known, rows: Rows) -> None:
        if record.known is not None:
            places = {(each.blind_index, each.known_as.role) for each in record.known}
        else:
            places = known.identifiers.get(record.record_id, set())
        for blind_index, role in places:
            rows.index.append(
                IndexRow(
                    blind_index,
                    record.programme_id,
                    record.record_id,
                    role,
                    record.unit,
                    record.standing.status,
                    record.standing.at,
                    record.standing.rank,
                )
            )


def standing_of(prepared: Prepared, source: Source) -> Standing:
    """The standing that a report speaks of."""
    reported = prepared.reported
    return reported_standing(reported.status, reported.status_at, source.as_of)


def _facts(document: Document) -> Facts:
    member = msgspec.convert(document.member, Member) if document.member else None
    group = msgspec.convert(document.group, Group) if document.group else None
    return facts_of(member, group, None)
