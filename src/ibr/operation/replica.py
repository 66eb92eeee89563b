"""The replica as metrics: how far behind, and whether it is read from."""

from __future__ import annotations

import math
from typing import Final

from prometheus_client import Gauge

from ibr.db.pool import Database
from ibr.db.replica import Replica
from ibr.errors import RegistryError

_LAG: Final = Gauge(
    "ibr_replica_lag_seconds",
    "Seconds that the replica is behind at most; +Inf where it does not answer, 0 without one.",
)
_NEAR: Final = Gauge(
    "ibr_replica_near", "1 where pages and analytics read from the replica, else 0."
)


async def count_replica(database: Database) -> None:
    """Looks at the replica, as reading from it would."""
    replica = database.replica
    if not isinstance(replica, Replica):
        _LAG.set(0)
        _NEAR.set(0)
        return
    try:
        near = await replica.near(database)
    except RegistryError:
        _LAG.set(math.nan)
        _NEAR.set(math.nan)
        return
    _LAG.set(replica.lag)
    _NEAR.set(0 if near is None else 1)
