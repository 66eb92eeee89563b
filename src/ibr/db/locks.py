"""Advisory locks: what must happen one at a time, whichever process does it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ibr.db.pool import Connection

# The first half of an advisory lock's key says what kind of thing is locked.
_PROGRAMME = 0x1B21
_DELIVERY = 0x1B22
_OWN_KEYS = 0x1B24
_CHECKS = 0x1B28
_PAIRS = 0x1B29
_LINKAGE = 0x1B25
_DECISIONS = 0x1B26
_AREAS = 0x1B2A
_FIGURES = 0x1B2B
_RELEASES = 0x1B2C


async def hold_programmes(connection: Connection, programme_ids: Iterable[int]) -> None:
    """Waits until no other delivery merges these programmes; holds them until the transaction
    ends. In ascending order, so that two deliveries never wait for each other.

    Whoever waits here stands in a queue that moves with every chunk, so it may wait longer than
    a statement of a page may: a small delivery behind a large one is late, not refused.
    """
    await connection.execute("set local lock_timeout = '30s'; set local statement_timeout = '60s'")
    for programme_id in sorted(programme_ids):
        await connection.execute("select pg_advisory_xact_lock($1, $2)", _PROGRAMME, programme_id)


async def try_delivery(connection: Connection, delivery_id: int) -> bool:
    """Whether this connection now is the only one at work on the delivery, until it is released
    or the connection ends."""
    held: bool = await connection.fetchval(
        "select pg_try_advisory_lock($1, $2)", _DELIVERY, delivery_id % 2**31
    )
    return held


async def at_work(connection: Connection, delivery_ids: Sequence[int]) -> set[int]:
    """Those of these deliveries that some connection is at work on now."""
    rows = await connection.fetch(
        """
        select objid::bigint as number from pg_locks
        where locktype = 'advisory' and classid = $1::bigint and objsubid = 2 and granted
          and database = (select oid from pg_database where datname = current_database())
        """,
        _DELIVERY,
    )
    held = {row["number"] for row in rows}
    return {each for each in delivery_ids if each % 2**31 in held}


async def hold_own_keys(connection: Connection) -> None:
    """Waits until nobody else makes or revokes the registry's own keys; until the transaction
    ends nobody else does."""
    await connection.execute("select pg_advisory_xact_lock($1, 0)", _OWN_KEYS)


async def hold_decisions(connection: Connection) -> None:
    """Waits until nobody else decides about a pair; until the transaction ends nobody else does,
    so that decisions are seen in the order of their numbers."""
    await connection.execute("select pg_advisory_xact_lock($1, 0)", _DECISIONS)


async def try_linkage(connection: Connection) -> bool:
    """Whether this connection now is the only one that works out who is who, until it ends."""
    held: bool = await connection.fetchval("select pg_try_advisory_lock($1, 0)", _LINKAGE)
    return held


async def linkage_at_work(connection: Connection) -> bool:
    """Whether somebody works out just now who is who."""
    held: bool = await connection.fetchval(
        """
        select exists (
            select from pg_locks
            where locktype = 'advisory' and classid = $1::bigint and objsubid = 2 and granted
              and database = (select oid from pg_database where datname = current_database()))
        """,
        _LINKAGE,
    )
    return held


async def release_linkage(connection: Connection) -> None:
    await connection.execute("select pg_advisory_unlock($1, 0)", _LINKAGE)


async def release_delivery(connection: Connection, delivery_id: int) -> None:
    await connection.execute("select pg_advisory_unlock($1, $2)", _DELIVERY, delivery_id % 2**31)


async def try_checks(connection: Connection) -> bool:
    """Whether this connection now is the only one that takes a snapshot and runs checks, until it
    is released or the connection ends."""
    held: bool = await connection.fetchval("select pg_try_advisory_lock($1, 0)", _CHECKS)
    return held


async def release_checks(connection: Connection) -> None:
    await connection.execute("select pg_advisory_unlock($1, 0)", _CHECKS)


async def hold_pairs(connection: Connection) -> None:
    """Waits until nobody else enters which programmes go together, or a rule of a programme;
    until the transaction ends nobody else does."""
    await connection.execute("select pg_advisory_xact_lock($1, 0)", _PAIRS)


async def hold_areas(connection: Connection) -> None:
    """Waits until nobody else imports areas or population; until the transaction ends nobody
    else does."""
    await connection.execute("select pg_advisory_xact_lock($1, 0)", _AREAS)


async def try_figures(connection: Connection) -> bool:
    """Whether this connection now is the only one that works out figures, until it is released or
    the connection ends."""
    held: bool = await connection.fetchval("select pg_try_advisory_lock($1, 0)", _FIGURES)
    return held


async def release_figures(connection: Connection) -> None:
    await connection.execute("select pg_advisory_unlock($1, 0)", _FIGURES)


async def hold_releases(connection: Connection) -> None:
    """Waits until nobody else publishes a release; until the transaction ends nobody else does."""
    await connection.execute("select pg_advisory_xact_lock($1, 0)", _RELEASES)
