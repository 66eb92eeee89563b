"""Opening the records of a protected person: possible, never unnoticed.

Somebody who stands at the counter must be served. Whoever opens such records gives a reason, and
those who watch over the people recorded are told at once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from ibr.access.budgets.judge import PROTECTED_OPENED as RULE
from ibr.access.budgets.judge import Alarm
from ibr.access.budgets.watching.alarms import raise_alarms
from ibr.asker import Asker
from ibr.audit.events import PROTECTED_OPENED
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import NotUnderstood
from ibr.registry.protected.model import OPENED_FOR

__all__ = ["OPENED_FOR", "OPEN_PROTECTED", "note_opened", "seer_of"]

OPEN_PROTECTED: Final = "open_protected"
"""No role holds it; db/classes.py says what it opens."""


def seer_of(asker: Asker, opened_for: str) -> tuple[Asker, str]:
    """The asker for one transaction that opens what is hidden; NotUnderstood without a reason."""
    if opened_for not in OPENED_FOR:
        raise NotUnderstood(
            "protection.opened_for", "Choose why these records are opened.", field="opened_for"
        )
    return msgspec.structs.replace(asker, scopes=asker.scopes | {OPEN_PROTECTED}), OPEN_PROTECTED


async def note_opened(
    connection: Connection, asker: Asker, index: bytes, opened_for: str, at: datetime
) -> None:
    """The audit event and the alarm of opening, in the transaction that opens."""
    await record_event(
        connection,
        kind=PROTECTED_OPENED,
        asker=asker,
        details={"reason": opened_for, "purpose": asker.purpose.code},
        at=at,
    )
    alarm = Alarm(
        rule=RULE,
        kind=asker.kind,
        id=asker.id,
        day=at.date(),
        hour=at.hour,
        facts={"records": 1, f"reason_{opened_for}": 1},
        subject=index,
    )
    await raise_alarms(connection, [alarm], at)
