"""How far sealing is, for health, metrics and pages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import Gauge

from ibr.audit.seals import store
from ibr.audit.seals.model import State
from ibr.db.pool import Connection

# A seal should be outside the database soon after it was made; so long is a fault.
ANCHOR_LATE: Final = timedelta(minutes=15)

_LAG = Gauge(
    "ibr_audit_seal_lag_seconds",
    "Seconds that the oldest event of the audit trail has waited to be sealed.",
)
_SEALS = Gauge("ibr_audit_seals", "Seals of the audit trail.")
_NOT_ANCHORED = Gauge(
    "ibr_audit_seals_not_anchored", "Seals that are not written outside the database yet."
)


async def how_far(connection: Connection) -> State:
    """How far sealing is now."""
    row = await store.state(connection)
    last = await store.last_seal(connection)
    return State(**dict(row), code=last.code if last else None)


async def seals_of(connection: Connection, numbers: Sequence[int]) -> dict[int, int]:
    """For each of these events the seal that closes it; those that wait are left out."""
    return await store.seals_with(connection, numbers)


async def count_seals(connection: Connection, at: datetime) -> None:
    """Brings the metrics up to date."""
    state = await how_far(connection)
    _LAG.set(state.lag(at).total_seconds())
    _SEALS.set(state.seals)
    _NOT_ANCHORED.set(max(0, state.seals - state.anchored))


def seals_not_seen() -> None:
    """The database cannot be asked: no number is better than an old one."""
    for gauge in (_LAG, _SEALS, _NOT_ANCHORED):
        gauge.set(math.nan)


def in_words(state: State, at: datetime) -> str:
    """`ok`, or what is wrong with sealing and what to do, for those who run the registry."""
    if state.late(at):
        minutes = int(state.lag(at).total_seconds() // 60)
        return (
            f"The audit trail has not been sealed for {minutes} minutes, so nothing is written. "
            "Look whether the worker runs, then run: ibr audit seal"
        )
    return "ok"


def outside_in_words(state: State, at: datetime) -> str:
    """`ok`, or what is wrong with what is written outside the database."""
    if state.trouble is not None:
        return f"{state.trouble}: run ibr audit verify"
    behind = state.seals > state.anchored and state.last_seal_at is not None
    if behind and state.last_seal_at is not None and at - state.last_seal_at > ANCHOR_LATE:
        return "Seals are not written to the anchor file. Look at IBR_ANCHOR_FILE and its disk."
    return "ok"
