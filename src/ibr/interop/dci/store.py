"""SQL of the registry's own keys and of the messages it has answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from ibr.db.pool import Connection


async def current_key(connection: Connection, use: str, at: datetime) -> asyncpg.Record | None:
    return await connection.fetchrow(
        """
        select kid, public_jwk, private_sealed from ibr.registry_key
        where use = $1 and not_before <= $2 and (not_after is null or not_after > $2)
        order by not_before desc limit 1
        """,
        use,
        at,
    )


async def published_keys(connection: Connection, ended_after: datetime) -> list[asyncpg.Record]:
    return await connection.fetch(
        """
        select public_jwk from registry_key
        where not_after is null or not_after > $1 order by not_before
        """,
        ended_after,
    )


async def add_key(
    connection: Connection, kid: str, use: str, jwk: dict[str, Any], sealed: bytes, at: datetime
) -> None:
    await connection.execute(
        """
        insert into ibr.registry_key (kid, use, public_jwk, private_sealed, not_before)
        values ($1, $2, $3, $4, $5)
        """,
        kid,
        use,
        msgspec.json.encode(jwk).decode(),
        sealed,
        at,
    )
