"""How far behind the notifications of subscribers are, as metrics: read when somebody asks."""

from __future__ import annotations

import math
import time
from datetime import datetime
from typing import Final

from prometheus_client import Gauge

from ibr.clock import now
from ibr.db.pool import Database
from ibr.errors import Unavailable
from ibr.subscriptions.look import Lag, lag

# However often somebody asks, it is looked no more often than this.
_FRESH_SECONDS: Final = 5.0

_ACTIVE: Final = Gauge("ibr_subscriptions_active", "Subscriptions that are active.")
_UNMATCHED: Final = Gauge(
    "ibr_changes_unmatched",
    "Changes not yet looked at for subscribers; the count ends at 100,000.",
)
_OLDEST: Final = Gauge(
    "ibr_changes_oldest_unmatched_seconds", "How long the oldest of them has been known."
)
_WAITING: Final = Gauge(
    "ibr_notifications_waiting",
    "Notifications not yet written out, also those due later; the count ends at 100,000.",
)
_OVERDUE: Final = Gauge(
    "ibr_notifications_overdue_seconds", "How long the first of them has been due."
)


class _Looked:
    """When it was looked last, in this process."""

    at = -math.inf


async def count_notifications(database: Database) -> None:
    """Looks; without the database the figures are NaN, and everything else is still told."""
    if time.monotonic() - _Looked.at < _FRESH_SECONDS:
        return
    try:
        found: Lag | None = await lag(database)
    except Unavailable:
        found = None
    else:
        _Looked.at = time.monotonic()
    _ACTIVE.set(found.active if found else math.nan)
    _UNMATCHED.set(found.unmatched if found else math.nan)
    _OLDEST.set(_since(found.oldest_at) if found else math.nan)
    _WAITING.set(found.waiting if found else math.nan)
    _OVERDUE.set(_since(found.due_at) if found else math.nan)


def _since(moment: datetime | None) -> float:
    """Seconds since then; nothing for what is yet to come."""
    return max(0.0, (now() - moment).total_seconds()) if moment else 0.0
