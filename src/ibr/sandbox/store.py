"""SQL of a sandbox's known partners; the connection is the owner's."""

from __future__ import annotations

from collections.abc import Sequence

from ibr.db.pool import Connection


async def is_known(connection: Connection, sender_id: str) -> bool:
    return bool(
        await connection.fetchval("select true from ibr.partner where sender_id = $1", sender_id)
    )


async def make_known(
    connection: Connection, sender_id: str, client_id: str, secret_hash: str
) -> None:
    """Gives a partner the client id and the secret that are published."""
    await connection.execute(
        "update ibr.partner set client_id = $2, secret_hash = $3 where sender_id = $1",
        sender_id,
        client_id,
        secret_hash,
    )


async def call_back(connection: Connection, sender_id: str, urls: Sequence[str]) -> None:
    """Registers where a partner is called back."""
    await connection.execute(
        "update ibr.partner set callback_urls = $2 where sender_id = $1", sender_id, list(urls)
    )
