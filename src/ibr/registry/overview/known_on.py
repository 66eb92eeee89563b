"""Records as they were known on an earlier day: what had been learned by then, and nothing since.

What was known is read from contents with the time they were learned, changes of status and benefits
likewise, and from what was taken out since then because a delivery was voided. A status that was
said without a date is in the history only where it was news; where none was known, somebody is
taken to be active, as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ibr.db.pool import Connection
from ibr.protection.seal import Sealer, place_of
from ibr.registry.beneficiaries.model import decode_document
from ibr.registry.enrolment.rules import ASSUMED, later, reported_standing
from ibr.registry.overview import store
from ibr.registry.overview.model import CarriedRecord, Given, StatusChanged
from ibr.registry.overview.records import MOST_BENEFITS, MOST_RECORDS, Carried
from ibr.reported.facts import Facts, facts_of
from ibr.reported.person import Group, Member


class _Content(msgspec.Struct, frozen=True, kw_only=True):
    """What a record said from some moment on, sealed for the table it stands in."""

    record_id: int
    programme_id: int
    place: str
    personal: bytes
    as_of: datetime
    known_at: datetime


async def records_known_on(
    connection: Connection, sealer: Sealer, blind_index: bytes, asked: tuple[str, str], at: datetime
) -> Carried:
    """The records that carried the identifier `asked` (kind and value) as known at that moment."""
    ids = await store.ever_carried(connection, blind_index, MOST_RECORDS)
    if not ids:
        return Carried([], [], [], [blind_index])
    gone = await store.gone_by(connection, ids, at)
    contents = [_Content(**dict(row)) for row in await store.contents_known(connection, ids, at)]
    changes = [
        StatusChanged(**dict(row)) for row in await store.statuses_known(connection, ids, at)
    ]
    benefits = [
        Given(**dict(row)) for row in await store.benefits_known(connection, ids, at, MOST_BENEFITS)
    ]
    records = []
    for record_id in ids:
        own = [each for each in contents if each.record_id == record_id]
        if not own or record_id in gone:
            continue
        # Late news is kept as what was so at its own time, beside the content that stood.
        newest = max(own, key=lambda each: (each.known_at, each.as_of))
        record = _record(sealer, newest, asked, changes, benefits)
        if record is not None:
            records.append(record)
    shown = {each.record_id for each in records}
    return Carried(
        records,
        [each for each in changes if each.record_id in shown],
        [each for each in benefits if each.record_id in shown],
        [blind_index],
    )


def _record(
    sealer: Sealer,
    content: _Content,
    asked: tuple[str, str],
    changes: Sequence[StatusChanged],
    benefits: Sequence[Given],
) -> CarriedRecord | None:
    """The record with what was known of it; None where it did not carry the identifier then."""
    number = content.record_id
    facts, unit = _facts(sealer, content)
    roles = [each.role for each in facts.known_as if (each.kind, each.value) == asked]
    if not roles:
        return None
    standing = ASSUMED
    for each in changes:
        if each.record_id == number and each.status:
            said = reported_standing(each.status, each.changed_at, each.changed_at)
            standing = later(standing, said)
    given = [each for each in benefits if each.record_id == number]
    person = facts.demography
    return CarriedRecord(
        record_id=number,
        programme_id=content.programme_id,
        role=min(roles),
        assistance_unit=unit,
        sex=person.sex,
        birth_date=person.birth_date,
        birth_precision=person.birth_precision,
        death_date=person.death_date,
        region_code=facts.region_code,
        sub_region_code=facts.sub_region_code,
        group_size=facts.group_size,
        subject_index=b"",
        personal=content.personal,
        as_of=content.as_of,
        known_at=content.known_at,
        enrolled_at=None,
        status=standing.status,
        status_at=standing.at,
        benefit_count=len(given),
        benefit_total=sum(each.value_minor or 0 for each in given),
        place=content.place,
    )


def _facts(sealer: Sealer, content: _Content) -> tuple[Facts, int]:
    place = place_of(content.place, "personal", content.record_id)
    document = decode_document(sealer.open(content.personal, place))
    member = msgspec.convert(document.member, Member) if document.member else None
    group = msgspec.convert(document.group, Group) if document.group else None
    return facts_of(member, group, None), 2 if group else 1
