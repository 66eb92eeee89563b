"""How some records stand once other deliveries alone speak of them, held against how they stand.

Pure apart from sealing. The reports that count are replayed from nothing, in the order in which
they came: that is what would stand had the voided delivery never come.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ibr.intake.rows import Rows
from ibr.protection.seal import Sealer, place_of
from ibr.registry.beneficiaries.model import (
    Document,
    RecordRow,
    Replaced,
    StoredRecord,
    VersionRow,
    decode_document,
)
from ibr.registry.benefits.model import BenefitRow
from ibr.registry.changes.model import Change, Kind
from ibr.registry.enrolment.model import EnrolmentRow, StatusRow
from ibr.registry.withdrawn.model import BenefitKey, Restated, Standing, StatusKey


class Difference:
    """What changes in the records of one block."""

    def __init__(self, sealer: Sealer, delivery_id: int, at: datetime) -> None:
        """`delivery_id` is the delivery that counts no more, or counts again; `at` is now."""
        self._sealer = sealer
        self._delivery_id = delivery_id
        self._at = at

    def between(self, record_ids: Sequence[int], now: Standing, said: Rows) -> Restated:
        """What has to be written so that these records stand as the replayed rows say."""
        new = Restated(
            gone={each for each in record_ids if each in now.contents}
            - {row.record_id for row in said.records}
        )
        kinds: dict[int, set[Kind]] = {}
        self._content(now, said, new, kinds)
        self._enrolment(now, said, new, kinds)
        self._benefits(now, said, new, kinds)
        self._statuses(now, said, new)
        self._identifiers(record_ids, now, said, new)
        self._changes(now, said, new, kinds)
        return new

    def _content(
        self, now: Standing, said: Rows, new: Restated, kinds: dict[int, set[Kind]]
    ) -> None:
        for row in said.records:
            stored = now.contents.get(row.record_id)
            known_at = self._at
            if stored is None:
                kinds.setdefault(row.record_id, set()).add("enrolled")
            else:
                before, after = self._opened(stored.personal, row), self._opened(row.personal, row)
                unit = now.units[row.record_id]
                if _content(before, unit) != _content(after, row.assistance_unit):
                    kinds.setdefault(row.record_id, set()).add("details_changed")
                    new.versions.append(self._version(stored, row.programme_id))
                elif (before, stored.as_of, now.digests[row.record_id]) == (
                    after,
                    row.as_of,
                    row.content_digest,
                ):
                    continue
                else:
                    # Who said it last is another one; what is said has long been known.
                    known_at = stored.known_at
            new.records.append(msgspec.structs.replace(row, known_at=known_at))
            new.regrouped.add(row.record_id)
        for record_id in sorted(new.gone):
            kinds.setdefault(record_id, set()).add("withdrawn")
            new.versions.append(self._version(now.contents[record_id], now.programmes[record_id]))
            new.regrouped.add(record_id)
        rewritten = {row.record_id for row in new.records}
        new.members = [each for each in said.members if each.record_id in rewritten]

    def _opened(self, sealed: bytes, row: RecordRow) -> Document:
        place = place_of("beneficiary_record", "personal", row.record_id)
        return decode_document(self._sealer.open(sealed, place))

    def _version(self, stored: StoredRecord, programme_id: int) -> VersionRow:
        number = stored.record_id
        content = self._sealer.open(
            stored.personal, place_of("beneficiary_record", "personal", number)
        )
        return VersionRow(
            number,
            stored.as_of,
            stored.known_at,
            programme_id,
            self._sealer.seal(content, place_of("beneficiary_version", "personal", number)),
            stored.delivery_id,
        )

    def _enrolment(
        self, now: Standing, said: Rows, new: Restated, kinds: dict[int, set[Kind]]
    ) -> None:
        for row in said.enrolments:
            stood = now.enrolments.get(row.record_id)
            if stood is not None and _told(stood) == _told(row):
                continue
            if stood is not None:
                new.earlier.add(row.record_id)
                if stood.status != row.status:
                    kinds.setdefault(row.record_id, set()).add("status_changed")
            new.enrolments.append(msgspec.structs.replace(row, known_at=self._at))
        new.earlier |= new.gone & now.enrolments.keys()

    def _benefits(
        self, now: Standing, said: Rows, new: Restated, kinds: dict[int, set[Kind]]
    ) -> None:
        wanted: dict[BenefitKey, BenefitRow] = {}
        for row in said.benefits:
            # The first delivery that told of a benefit stays the one that brought it.
            wanted.setdefault((row.record_id, row.given_at, row.benefit_key), row)
        for key, delivery_id in now.benefits.items():
            if key not in wanted:
                new.benefits_out.append(key)
                kinds.setdefault(key[0], set()).add("benefit_withdrawn")
            elif wanted[key].delivery_id != delivery_id:
                new.benefits_out.append(key)
                new.benefits_in.append(wanted[key])
        for key, row in wanted.items():
            if key not in now.benefits:
                new.benefits_in.append(row)
                kinds.setdefault(key[0], set()).add("benefit_given")

    def _statuses(self, now: Standing, said: Rows, new: Restated) -> None:
        wanted: dict[StatusKey, StatusRow] = {}
        for row in said.statuses:
            wanted.setdefault((row.record_id, row.changed_at, row.status), row)
        for key, delivery_id in now.statuses.items():
            if key not in wanted:
                new.statuses_out.append(key)
            elif wanted[key].delivery_id != delivery_id:
                new.statuses_out.append(key)
                new.statuses_in.append(wanted[key])
        new.statuses_in += [row for key, row in wanted.items() if key not in now.statuses]

    def _identifiers(
        self, record_ids: Sequence[int], now: Standing, said: Rows, new: Restated
    ) -> None:
        carried: dict[int, set[tuple[bytes, int]]] = {}
        for each in said.identifiers:
            place = (each.blind_index, each.role)
            carried.setdefault(each.record_id, set()).add(place)
            if place not in now.identifiers.get(each.record_id, ()):
                new.identifiers.append(each)
        shown: dict[int, set[tuple[bytes, int]]] = {}
        for row in said.index:
            shown.setdefault(row.record_id, set()).add((row.blind_index, row.role))
        new.index = said.index
        for record_id in record_ids:
            programme = now.programmes.get(record_id, 0)
            old = now.identifiers.get(record_id, set()) - carried.get(record_id, set())
            new.replaced += [
                Replaced(record_id, index, role, programme, self._at) for index, role in old
            ]
            off = now.index.get(record_id, set()) - shown.get(record_id, set())
            new.off_index += [
                Replaced(record_id, index, role, programme, self._at) for index, role in off
            ]

    def _changes(
        self, now: Standing, said: Rows, new: Restated, kinds: dict[int, set[Kind]]
    ) -> None:
        programmes = now.programmes | {row.record_id: row.programme_id for row in said.records}
        for record_id, several in sorted(kinds.items()):
            if "enrolled" in several:
                # A record that is back: its benefits and status are part of that.
                told: set[Kind] = {"enrolled"}
            elif "withdrawn" in several:
                told = {"withdrawn"}
            else:
                told = several
            new.changes += [
                Change(record_id, programmes[record_id], kind, self._at, self._delivery_id)
                for kind in sorted(told)
            ]


def _content(document: Document, unit: int) -> tuple[object, ...]:
    """What is said, without who said it last."""
    return document.member, document.group, unit


def _told(row: EnrolmentRow) -> tuple[object, ...]:
    return (
        row.enrolled_at,
        row.enrolled_said_at,
        row.status,
        row.status_at,
        row.status_rank,
        row.as_of,
    )
