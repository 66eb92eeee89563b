"""Sealing begins, and goes on after a backup was restored."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime

from ibr.asker import Asker
from ibr.audit import store as audit_store
from ibr.audit.events import AUDIT_RESTORED
from ibr.audit.model import LedgerDigest
from ibr.audit.record import record_event
from ibr.audit.seals import store
from ibr.audit.seals.anchor import Anchor
from ibr.audit.seals.keys import make_key
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotUnderstood
from ibr.protection.seal import Sealer


async def begin_sealing(connection: Connection, sealer: Sealer, at: datetime) -> bool:
    """Makes the first audit key and lets sealing begin; False where it has begun.

    What stands in the ledger already is bound by one digest over all of it, so that no look-up of
    before can be removed or added later either. The connection is the owner's.
    """
    await store.hold_keys(connection)
    if not await store.begin(connection, os.urandom(8).hex()):
        return False
    await make_key(connection, sealer, None, at)
    digest = LedgerDigest()
    async for row in audit_store.rows_of_before(connection):
        digest.add(row)
    await audit_store.bind_rows_of_before(connection, at, digest.rows, digest.value)
    return True


async def acknowledge_restore(
    connection: Connection,
    anchors: Sequence[Anchor],
    asker: Asker | None,
    reason: str,
    at: datetime,
) -> tuple[int, int]:
    """Notes that a backup was restored which lacks the newest seals that were anchored: which.

    The next seal says so for ever, and verifying shows it. The connection is the owner's.
    """
    if not 10 <= len(reason.strip()) <= 500:
        raise NotUnderstood(
            "audit.restore_reason",
            "Say in 10 to 500 characters which backup was restored and why; name no person.",
        )
    await store.hold_keys(connection)
    last = await store.last_seal(connection)
    newest = last.number if last else 0
    outside = max((line.seal for each in anchors if (line := each.last()) is not None), default=0)
    if outside <= newest:
        raise Conflict(
            "audit.nothing_lost",
            "The database holds every seal that was written outside. There is nothing to note; "
            "if verifying finds a break, a restore does not explain it.",
        )
    await store.say_lost(connection, newest + 1, outside)
    await record_event(
        connection,
        kind=AUDIT_RESTORED,
        asker=asker,
        details={"first": newest + 1, "last": outside, "reason": reason.strip()},
        at=at,
    )
    return newest + 1, outside
