"""Reads how records stand, and writes how they stand once other deliveries alone speak of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ibr.db.pool import Connection
from ibr.registry.beneficiaries import record_beneficiary
from ibr.registry.beneficiaries.model import StoredRecord
from ibr.registry.benefits import record_benefit
from ibr.registry.changes import append
from ibr.registry.enrolment import record_enrolment
from ibr.registry.enrolment.model import EnrolmentRow
from ibr.registry.withdrawn import store
from ibr.registry.withdrawn.model import Restated, Standing


async def standing_of(connection: Connection, record_ids: Sequence[int]) -> Standing:
    """How these records stand now; the caller holds their programmes' merge locks."""
    now = Standing(identifiers=await record_beneficiary.identifiers_now(connection, record_ids))
    for row in await store.contents(connection, record_ids):
        number = row["record_id"]
        now.contents[number] = StoredRecord(
            number, row["personal"], row["as_of"], row["known_at"], row["delivery_id"]
        )
        now.units[number] = row["assistance_unit"]
        now.digests[number] = row["content_digest"]
        now.programmes[number] = row["programme_id"]
    for row in await store.enrolments(connection, record_ids):
        now.enrolments[row["record_id"]] = EnrolmentRow(**dict(row))
    for row in await store.benefits(connection, record_ids):
        now.benefits[(row["record_id"], row["given_at"], row["benefit_key"])] = row["delivery_id"]
    for row in await store.statuses(connection, record_ids):
        now.statuses[(row["record_id"], row["changed_at"], row["status"])] = row["delivery_id"]
    for row in await store.index(connection, record_ids):
        now.index.setdefault(row["record_id"], set()).add((row["blind_index"], row["role"]))
    return now


async def put(connection: Connection, new: Restated, delivery_id: int, at: datetime) -> None:
    """Writes what changes; what it takes the place of is kept with when it was taken out."""
    if new.benefits_out:
        await store.withdraw_benefits(connection, new.benefits_out, at, delivery_id)
    if new.statuses_out:
        await store.withdraw_statuses(connection, new.statuses_out, at, delivery_id)
    if new.earlier:
        await store.keep_enrolments(connection, sorted(new.earlier), at, delivery_id)
    await record_benefit.put(connection, new.benefits_in)
    await record_beneficiary.put(
        connection,
        records=new.records,
        versions=new.versions,
        groups=sorted(new.regrouped),
        members=new.members,
        identifiers=new.identifiers,
        replaced=new.replaced,
    )
    await record_enrolment.put(
        connection,
        enrolments=new.enrolments,
        statuses=new.statuses_in,
        index=new.index,
        replaced=new.off_index,
    )
    if new.gone:
        await store.take_out(connection, sorted(new.gone), delivery_id)
    if new.totals_of:
        await store.add_up_totals(connection, new.totals_of)
    await append.append(connection, new.changes, benefits_given=False)


async def close_months(connection: Connection, programme_ids: Sequence[int]) -> None:
    """Takes months out of the totals in which nothing is left."""
    await store.drop_empty_months(connection, programme_ids)
