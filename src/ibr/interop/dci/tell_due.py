"""Tells a programme's own system that its report is due, late or missing.

The standard has no event for it. So the message is a notification without any event, which every
receiver of notifications can read and confirm; what it is about stands in `header.meta.reporting`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ibr.access.model import Partner
from ibr.db.pool import Connection
from ibr.ids import new_token
from ibr.interop.dci.outgoing import Outgoing, promise
from ibr.interop.dci.services import Services
from ibr.reporting.reminders.model import DueStep


async def tell_partners(
    services: Services,
    partners: Sequence[Partner],
    at: datetime,
    connection: Connection,
    due: DueStep,
) -> int:
    """Promises a message to every partner that reports for the programme and has a callback
    address; how many. It shows nobody and names no record."""
    messages = [
        _message(services, each, due, at)
        for each in partners
        if due.programme_id in each.report and each.callback_urls and not each.suspended
    ]
    if messages:
        await promise(services, connection, messages)
    return len(messages)


def _message(services: Services, partner: Partner, due: DueStep, at: datetime) -> Outgoing:
    header = services.writer.header(
        "notify", partner.sender_id, status="succ", total=0, completed=0, at=at
    )
    header["meta"] = {
        "reporting": {
            "programme": due.code,
            "first_month": str(due.cycle.first),
            "cycle": str(due.cycle.last),
            "due_on": due.due_on.isoformat(),
            "step": due.step,
        }
    }
    return Outgoing(
        partner=partner,
        kind="notify",
        address=_address(partner.callback_urls[0]),
        header=header,
        message={"transaction_id": new_token("txn-"), "notify_event": []},
        correlation_id=None,
        programmes=(due.programme_id,),
        at=at,
    )


def _address(registered: str) -> str:
    """Where a partner takes notifications: beneath what it registered, as the standard has it."""
    plain = registered.rstrip("/")
    return plain if plain.endswith("/notify") else f"{plain}/registry/notify"
