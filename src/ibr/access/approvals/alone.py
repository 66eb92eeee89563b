"""What whoever runs the registry does on its machine without a second person, said in the audit."""

from __future__ import annotations

from datetime import datetime

from ibr.audit.events import ACT_ALONE
from ibr.audit.record import record_event
from ibr.db.pool import Connection


async def done_alone(connection: Connection, act: str, at: datetime, *, production: bool) -> None:
    """Notes that an act which needs two people on the pages was done by one on the machine.

    It stays possible: somebody must be able to begin, and to mend what nobody can reach any more.
    In development nothing is noted, where nobody else is there to ask.
    """
    if production:
        await record_event(connection, kind=ACT_ALONE, asker=None, details={"act": act}, at=at)
