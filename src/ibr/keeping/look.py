"""Rules, holds and rounds as they are shown. Pages show what the last round counted; only whoever
runs the registry counts anew, for that reads large tables."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from ibr.access.staff.rights import KEEPING, must_hold
from ibr.asker import Asker
from ibr.db.pool import Connection
from ibr.keeping import change_rule, hold, store
from ibr.keeping.model import CLASSES, Disposed, Hold, Rule, Run

_RUNS: Final = 30


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept how long, what is held, and the last rounds."""

    rules: list[Rule]
    holds: list[Hold]
    runs: list[Run]
    due: dict[str, tuple[int, int]] = {}
    """By class how much is past its time now, and how much of it is held; where it was counted."""


async def kept(connection: Connection, asker: Asker) -> Kept:
    """What the page shows."""
    must_hold(asker, KEEPING)
    return await _kept(connection)


async def counted(connection: Connection, at: datetime) -> Kept:
    """The same with counts of this moment; the connection is the owner's."""
    seen = await _kept(connection)
    due = {}
    for rule in seen.rules:
        if rule.keep_days is not None:
            row = await store.due(connection, rule.data_class, at)
            due[rule.data_class] = (row["due"], row["held"])
    return msgspec.structs.replace(seen, due=due)


async def _kept(connection: Connection) -> Kept:
    now = await change_rule.rules_now(connection)
    runs = []
    for row in await store.last_runs(connection, _RUNS):
        classes = tuple(
            Disposed(**dict(each)) for each in await store.disposed(connection, row["run_no"])
        )
        runs.append(Run(classes=classes, **dict(row)))
    return Kept(
        rules=[now[each] for each in CLASSES],
        holds=await hold.holds(connection),
        runs=runs,
    )
