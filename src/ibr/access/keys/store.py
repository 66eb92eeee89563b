"""SQL of partners' keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from ibr.access.keys.model import MOST_EVER, FetchState, KnownKey
from ibr.db.pool import Connection


async def partner_number(connection: Connection, sender_id: str) -> int | None:
    number: int | None = await connection.fetchval(
        "select partner_id from ibr.partner where sender_id = $1", sender_id
    )
    return number


async def keys_of(connection: Connection, partner_id: int) -> list[KnownKey]:
    """Every key that the partner ever had."""
    rows = await connection.fetch(
        """
        select kid, use, algorithm, source, not_before, not_after, revoked_at, public_jwk
        from ibr.partner_key where partner_id = $1 order by use desc, not_before, kid
        """,
        partner_id,
    )
    return [
        KnownKey(**{**dict(row), "public_jwk": msgspec.json.decode(row["public_jwk"])})
        for row in rows
    ]


async def put_key(
    connection: Connection,
    partner_id: int,
    jwk: dict[str, Any],
    not_before: datetime | None,
    not_after: datetime | None,
    at: datetime,
) -> None:
    """Adds a key by hand, or gives one that is there new times; the connection is the owner's."""
    await connection.execute(
        """
        insert into ibr.partner_key (partner_id, kid, public_jwk, algorithm, use, source,
                                     not_before, not_after, added_at)
        values ($1, $2, $3, $4, $5, 'hand', coalesce($6::timestamptz, $8), $7, $8)
        on conflict (partner_id, kid) do update
        set source = 'hand', not_after = $7,
            not_before = coalesce($6::timestamptz, partner_key.not_before)
        """,
        partner_id,
        jwk["kid"],
        msgspec.json.encode(jwk).decode(),
        jwk["alg"],
        jwk["use"],
        not_before,
        not_after,
        at,
    )


async def revoke_key(connection: Connection, partner_id: int, kid: str, at: datetime) -> bool:
    """Revokes a key that still counts; False when there is none."""
    revoked = await connection.fetchval(
        """
        update ibr.partner_key set revoked_at = $3
        where partner_id = $1 and kid = $2 and revoked_at is null returning true
        """,
        partner_id,
        kid,
        at,
    )
    return bool(revoked)


async def claim_try(
    connection: Connection, partner_id: int, at: datetime, not_since: datetime
) -> bool:
    """Whether this process may fetch now: nobody has tried since that moment."""
    return bool(
        await connection.fetchval(
            """
            insert into ibr.partner_jwks as known (partner_id, tried_at, outcome)
            values ($1, $2, 'under way')
            on conflict (partner_id) do update set tried_at = $2
            where known.tried_at <= $3
            returning true
            """,
            partner_id,
            at,
            not_since,
        )
    )


async def settle_try(
    connection: Connection, partner_id: int, at: datetime, state: FetchState
) -> None:
    """How the try went; what an earlier list brought stays said where this one failed."""
    await connection.execute(
        """
        insert into ibr.partner_jwks as known (partner_id, tried_at, fetched_at, outcome, kept,
                                               left_out)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (partner_id) do update
        set outcome = $4, fetched_at = coalesce($3, known.fetched_at),
            kept = case when $3::timestamptz is null then known.kept else $5 end,
            left_out = case when $3::timestamptz is null then known.left_out else $6 end
        """,
        partner_id,
        at,
        state.fetched_at,
        state.outcome,
        state.kept,
        state.left_out,
    )


async def fetch_state(connection: Connection, partner_id: int) -> FetchState | None:
    row = await connection.fetchrow(
        """
        select tried_at, fetched_at, outcome, kept, left_out from ibr.partner_jwks
        where partner_id = $1
        """,
        partner_id,
    )
    return FetchState(**dict(row)) if row else None


async def add_fetched(
    connection: Connection, partner_id: int, keys: Sequence[dict[str, Any]], at: datetime
) -> list[str]:
    """Adds those fetched keys whose id the partner never had; returns their ids.

    A key that is there, added by hand, ended or revoked, is left as it is.
    """
    rows = await connection.fetch(
        """
        insert into ibr.partner_key (partner_id, kid, public_jwk, algorithm, use, source,
                                     not_before, added_at)
        select $1, k.kid, k.jwk::jsonb, k.algorithm, k.use, 'fetched', $6, $6
        from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as k (kid, jwk, algorithm, use)
        where (select count(*) from ibr.partner_key where partner_id = $1) < $7
        on conflict (partner_id, kid) do nothing
        returning kid
        """,
        partner_id,
        [key["kid"] for key in keys],
        [msgspec.json.encode(key).decode() for key in keys],
        [key["alg"] for key in keys],
        [key["use"] for key in keys],
        at,
        MOST_EVER,
    )
    return [row["kid"] for row in rows]


async def resume_fetched(
    connection: Connection, partner_id: int, keys: Sequence[dict[str, Any]], at: datetime
) -> list[str]:
    """Lets fetched keys that had gone from the list and stand in it again count; never a revoked
    one, and only the very same key."""
    rows = await connection.fetch(
        """
        update ibr.partner_key p set not_after = null
        from unnest($2::text[], $3::text[]) as k (kid, jwk)
        where p.partner_id = $1 and p.kid = k.kid and p.public_jwk = k.jwk::jsonb
          and p.source = 'fetched' and p.revoked_at is null and p.not_after <= $4
        returning p.kid
        """,
        partner_id,
        [key["kid"] for key in keys],
        [msgspec.json.encode(key).decode() for key in keys],
        at,
    )
    return [row["kid"] for row in rows]


async def end_fetched(
    connection: Connection, partner_id: int, listed: Sequence[str], at: datetime
) -> list[str]:
    """Ends the fetched keys that are not in the list any more; returns their ids."""
    rows = await connection.fetch(
        """
        update ibr.partner_key set not_after = $3
        where partner_id = $1 and source = 'fetched' and revoked_at is null
          and (not_after is null or not_after > $3) and kid <> all ($2::text[])
        returning kid
        """,
        partner_id,
        list(listed),
        at,
    )
    return [row["kid"] for row in rows]
