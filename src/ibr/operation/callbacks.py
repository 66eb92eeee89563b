"""How many promised messages wait or were given up, as metrics: read when somebody asks."""

from __future__ import annotations

import math
import time
from typing import Final

from prometheus_client import Gauge

from ibr.clock import now
from ibr.db.pool import Database
from ibr.errors import Unavailable
from ibr.outbox.desk.look import backlog

# However often somebody asks, the messages are counted no more often than this.
_FRESH_SECONDS: Final = 5.0

_MESSAGES: Final = Gauge(
    "ibr_outbox_messages", "Promised messages that have not arrived, by state.", ["state"]
)
_OLDEST: Final = Gauge(
    "ibr_outbox_oldest_waiting_seconds", "How long the oldest waiting message has been promised."
)


class _Counted:
    """When the messages were counted last, in this process."""

    at = -math.inf


async def count_callbacks(database: Database) -> None:
    """Counts them; without the database the figures are NaN, and everything else is still told."""
    if time.monotonic() - _Counted.at < _FRESH_SECONDS:
        return
    try:
        async with database.transaction(()) as connection:
            found = await backlog(connection)
    except Unavailable:
        waiting = dead = age = math.nan
    else:
        _Counted.at = time.monotonic()
        waiting, dead = found.waiting, found.dead
        age = (now() - found.oldest).total_seconds() if found.oldest else 0.0
    _MESSAGES.labels("waiting").set(waiting)
    _MESSAGES.labels("dead").set(dead)
    _OLDEST.set(age)
