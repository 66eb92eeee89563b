"""Notifications, written out as messages shortly before they are sent (digest.md 4.5).

One message tells of one record. It is promised in the transaction that takes it away from what
still waits, so a crash loses none and doubles none. Those of one person for one subscription leave
in their order, and each message carries a higher header.meta.sequence than the one before.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from ibr.access.model import Partner
from ibr.clock import now, written
from ibr.errors import RegistryError
from ibr.ids import new_token
from ibr.interop.dci.messages.events import EVENT_WORDS
from ibr.interop.dci.messages.written import write_beneficiary
from ibr.interop.dci.outgoing import Outgoing, promise
from ibr.interop.dci.services import Services
from ibr.log import logger
from ibr.subscriptions.model import Notification
from ibr.subscriptions.waiting.tell import subscribers_due, take_due

_REGISTRY = "ns:org:RegistryType:IBR"


async def write_notifications(services: Services) -> int:
    """Writes out what is due, as far as its subscribers keep up; how many messages that were."""
    await services.book.refresh()
    async with services.database.transaction(services.book.programmes) as connection:
        due = await subscribers_due(connection, now())
    messages = 0
    for partner_id in due:
        partner = await services.book.by_number(partner_id)
        if partner is None:
            continue
        try:
            messages += await _write_for(services, partner)
        except RegistryError as refused:
            # What one partner cannot be told must not keep the others waiting.
            logger().warning(
                "notifications could not be written", partner=partner_id, code=refused.code
            )
    return messages


async def _write_for(services: Services, partner: Partner) -> int:
    messages = 0
    more = True
    while more:
        at = now()
        async with services.database.transaction(services.book.programmes) as connection:
            taken = await take_due(connection, services.sealer, partner, at)
            outgoing = [_message(services, partner, each, at) for each in taken.notifications]
            if outgoing:
                await promise(services, connection, outgoing)
        messages += len(taken.notifications)
        more = taken.more
    return messages


def _message(services: Services, partner: Partner, told: Notification, at: datetime) -> Outgoing:
    due, record = told.due, told.record
    assert due.address is not None
    header = services.writer.header(
        "notify", partner.sender_id, status="succ", total=1, completed=1, at=at
    )
    header["meta"] = {"subscription_code": due.code}
    data = {
        "version": "1.0.0",
        "reg_type": due.reg_type or _REGISTRY,
        "reg_event_type": EVENT_WORDS[due.event],
        "reg_record_type": "Beneficiary",
        "reg_records": write_beneficiary(record, services.book.programmes),
        "subscription_code": due.code,
    }
    event = {
        "reference_id": f"{due.code}.{due.change_id}",
        "timestamp": written(at),
        "data": data,
        "locale": "eng",
    }
    return Outgoing(
        partner=partner,
        kind="notify",
        address=due.address,
        header=header,
        message={"transaction_id": new_token("txn-"), "notify_event": [event]},
        correlation_id=None,
        programmes=(due.programme_id,),
        stream=_stream(due.subscription_no, record.subject_index),
        at=at,
    )


def _stream(subscription_no: int, subject_index: bytes) -> bytes:
    """One person and one subscription; a digest, so that it tells nothing of the person."""
    return hashlib.sha256(b"notify %d " % subscription_no + subject_index).digest()[:16]
