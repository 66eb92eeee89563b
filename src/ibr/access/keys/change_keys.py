"""A partner's keys changed by the registry's staff: added with their times, or revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from ibr.access.keys import store
from ibr.access.keys.model import MOST_COUNTING, FetchState, KnownKey
from ibr.asker import Asker
from ibr.audit.events import PARTNER_KEYS
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotFound, NotUnderstood


class Times(msgspec.Struct, frozen=True):
    """From when and until when added keys count; at once and without end where nothing is said."""

    not_before: datetime | None = None
    not_after: datetime | None = None


async def known_keys(
    connection: Connection, sender_id: str
) -> tuple[list[KnownKey], FetchState | None]:
    """A partner's keys, old ones included, and how fetching them went."""
    number = await _number(connection, sender_id)
    return await store.keys_of(connection, number), await store.fetch_state(connection, number)


async def _number(connection: Connection, sender_id: str) -> int:
    number = await store.partner_number(connection, sender_id)
    if number is None:
        raise NotFound("partner.unknown", f"There is no partner {sender_id}.")
    return number


async def change_keys(
    connection: Connection,
    sender_id: str,
    at: datetime,
    *,
    add: Sequence[dict[str, Any]] = (),
    times: Times | None = None,
    revoke: str | None = None,
    asker: Asker | None = None,
) -> None:
    """Adds keys that were checked (ibr_messages/jwk.py) and revokes one; the connection is the
    owner's, or an approved act's with the officer who proposed it."""
    number = await _number(connection, sender_id)
    await add_keys(connection, number, add, times or Times(), at)
    if revoke is not None and not await store.revoke_key(connection, number, revoke, at):
        raise NotFound("key.unknown", f"{sender_id} has no key {revoke} that still counts.")
    if add or revoke:
        await record_event(
            connection,
            kind=PARTNER_KEYS,
            asker=asker,
            details={"partner": number, "added": [key["kid"] for key in add], "revoked": revoke},
            at=at,
        )


async def add_keys(
    connection: Connection,
    partner_id: int,
    keys: Sequence[dict[str, Any]],
    times: Times,
    at: datetime,
) -> None:
    """Adds keys by hand. A key that is there gets the new times; Conflict where another key has
    its id, or where it was revoked."""
    if not keys:
        return
    if times.not_after is not None and times.not_after <= (times.not_before or at):
        raise NotUnderstood(
            "key.times", "The key would never count: it ends before it begins, or has ended."
        )
    for key in keys:
        known = {each.kid: each for each in await store.keys_of(connection, partner_id)}
        _check(key, known.get(key["kid"]))
        await store.put_key(connection, partner_id, key, times.not_before, times.not_after, at)
    counting = [
        each
        for each in await store.keys_of(connection, partner_id)
        if each.state(at) in ("counts", "coming")
    ]
    if len(counting) > MOST_COUNTING:
        raise Conflict(
            "key.too_many",
            f"A partner may have {MOST_COUNTING} keys that count; revoke old ones first.",
        )


def _check(key: dict[str, Any], known: KnownKey | None) -> None:
    if known is None:
        return
    if known.revoked_at is not None:
        raise Conflict(
            "key.revoked",
            "This key id was revoked and never counts again. Ask the partner for a new key pair "
            "with an id of its own.",
        )
    if known.public_jwk != key:
        raise Conflict(
            "key.kid_taken",
            "The partner has another key with this id. Ask it to give the new key its own kid, "
            "best the RFC 7638 thumbprint.",
        )
