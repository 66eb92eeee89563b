"""Keys that a partner publishes, taken over as they were fetched (interop/dci/partner_keys.py)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from ibr.access.keys import store
from ibr.access.keys.model import Change, FetchState
from ibr.audit.events import PARTNER_KEYS
from ibr.audit.record import record_event
from ibr.db.pool import Connection


async def may_fetch(
    connection: Connection, partner_id: int, at: datetime, pause: timedelta
) -> bool:
    """Whether this process is the one to fetch: no process has tried for so long."""
    return await store.claim_try(connection, partner_id, at, at - pause)


async def take_over(
    connection: Connection,
    partner_id: int,
    keys: Sequence[dict[str, Any]],
    left_out: int,
    at: datetime,
) -> Change:
    """Makes the partner's fetched keys what its list says.

    A key that is not in the list any more ends now; one that came back counts again. Nothing that
    staff added, and nothing that was revoked, is changed: such keys of the list are left out.
    """
    listed = [key["kid"] for key in keys]
    added = await store.add_fetched(connection, partner_id, keys, at)
    resumed = await store.resume_fetched(connection, partner_id, keys, at)
    ended = await store.end_fetched(connection, partner_id, listed, at)
    counting = {
        each.kid: each.public_jwk
        for each in await store.keys_of(connection, partner_id)
        if each.state(at) in ("counts", "coming")
    }
    kept = sum(counting.get(key["kid"]) == key for key in keys)
    change = Change(added, resumed, ended, left_out + len(keys) - kept)
    await settle(
        connection,
        partner_id,
        FetchState(tried_at=at, fetched_at=at, outcome="ok", kept=kept, left_out=change.left_out),
    )
    if change.any:
        await record_event(
            connection,
            kind=PARTNER_KEYS,
            asker=None,
            details={
                "partner": partner_id,
                "added": added + resumed,
                "ended": ended,
                "source": "fetched",
            },
            at=at,
        )
    return change


async def settle(connection: Connection, partner_id: int, state: FetchState) -> None:
    """Keeps how a try went."""
    await store.settle_try(connection, partner_id, state.tried_at, state)
