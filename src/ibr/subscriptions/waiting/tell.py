"""Takes what is due for one subscriber, with the records as they are and its rights of now.

Everything here happens in the caller's transaction: what is taken is gone when it commits, and
stands in the ledger and the audit trail; when it fails, all of it still waits.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from ibr.access.agreements.rules import Attributes, agreed, told_by_itself
from ibr.access.model import Partner
from ibr.asker import Asker, Purpose
from ibr.audit.events import NOTIFIED, NOTIFY_WITHHELD
from ibr.audit.model import LedgerRow
from ibr.audit.questions_asked import ledger_row, record_questions
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.protection.seal import Sealer
from ibr.registry.search.find_beneficiary import find_records
from ibr.registry.search.within import only
from ibr.subscriptions.model import Due, Notification
from ibr.subscriptions.rules import notify_address, reach_of
from ibr.subscriptions.waiting import store

# So many are written out before the first of them is delivered: a subscriber that is away for
# days must not fill the disk with copies of records. The rest waits as small rows.
MOST_AHEAD: Final = 500
AT_ONCE: Final = 50


async def subscribers_due(connection: Connection, at: datetime) -> list[int]:
    """The partners that have something due."""
    return await store.partners_due(connection, at)


class Taken(msgspec.Struct, frozen=True):
    """What is to be written out now, and whether there may be more at once."""

    notifications: list[Notification]
    more: bool


async def take_due(connection: Connection, sealer: Sealer, partner: Partner, at: datetime) -> Taken:
    """What is to be told to one subscriber now; it is written down that it was told.

    What the subscriber may not see any more, or has given up, is taken away and not told.
    """
    reach = reach_of(partner)
    if not reach:
        withheld = await store.drop_all(connection, partner.partner_id, at)
        await _record(connection, partner, [], withheld=withheld, at=at)
        return Taken([], more=False)
    ahead = await store.written_ahead(connection, partner.partner_id, MOST_AHEAD)
    most = min(AT_ONCE, MOST_AHEAD - ahead)
    if most <= 0:
        return Taken([], more=False)
    rows = await store.due(connection, partner.partner_id, at, most)
    if not rows:
        return Taken([], more=False)
    due = [
        Due(
            subscription_no=row["subscription_no"],
            code=row["code"],
            event=row["event"],
            reg_type=row["reg_type"],
            purpose=Purpose(row["purpose_code"], row["purpose_text"]),
            address=notify_address(partner.callback_urls, row["notify_address"]),
            record_id=row["record_id"],
            programme_id=row["programme_id"],
            change_id=row["change_id"],
        )
        for row in rows
        if not row["cancelled"]
    ]
    comes_back = {purpose: _comes_back(partner, purpose) for purpose in {e.purpose for e in due}}
    allowed = [
        each
        for each in due
        if each.programme_id in reach & comes_back[each.purpose].keys() and each.address is not None
    ]
    found = await find_records(
        connection, sealer, reach, list({each.record_id: None for each in allowed})
    )
    told = [
        Notification(each, only(found[each.record_id], comes_back[each.purpose][each.programme_id]))
        for each in allowed
        if each.record_id in found
    ]
    await store.drop(connection, [(row["subscription_no"], row["record_id"]) for row in rows])
    await _record(connection, partner, told, withheld=len(due) - len(told), at=at)
    return Taken(told, more=len(rows) == most)


def _comes_back(partner: Partner, purpose: Purpose) -> dict[int, Attributes]:
    """The programmes whose changes may be told for a purpose now, and what of each record."""
    asker = partner.asker(partner.scopes, purpose)
    return agreed(asker, "changes") | told_by_itself(asker)


async def _record(
    connection: Connection,
    partner: Partner,
    told: Sequence[Notification],
    *,
    withheld: int,
    at: datetime,
) -> None:
    """Who was told about whom, in the ledger; how much, in the audit trail."""
    asker = partner.asker(partner.scopes)
    if withheld:
        await record_event(
            connection,
            kind=NOTIFY_WITHHELD,
            asker=None,
            details={"partner": partner.partner_id, "records": withheld},
            at=at,
        )
    if not told:
        return
    by_subscription = Counter(each.due.subscription_no for each in told)
    await store.count_told(connection, by_subscription, at)
    await record_questions(connection, [_ledger_row(asker, each, at) for each in told])
    await record_event(
        connection,
        kind=NOTIFIED,
        asker=None,
        details={
            "partner": partner.partner_id,
            "subscriptions": sorted(by_subscription),
            "records": len(told),
            "programmes": sorted({each.due.programme_id for each in told}),
        },
        at=at,
    )


def _ledger_row(asker: Asker, told: Notification, at: datetime) -> LedgerRow:
    return ledger_row(
        msgspec.structs.replace(asker, purpose=told.due.purpose),
        question="notify",
        question_id=uuid.uuid4(),
        subject=told.record.subject_index,
        programme_id=told.due.programme_id,
        answer="records",
        message_key=None,
        at=at,
    )
