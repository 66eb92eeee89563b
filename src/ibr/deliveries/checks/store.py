"""SQL of the checks on arrival: what deliveries added up to, limits, earlier sequences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from asyncpg import Record

from ibr.db.pool import Connection
from ibr.deliveries.checks.model import Found

# Codes that occurred in the last so many deliveries of a programme are known.
_DELIVERIES_LOOKED_AT: Final = 60


async def keep_found(connection: Connection, delivery_id: int, found: Sequence[Found]) -> None:
    await connection.executemany(
        """
        insert into delivery_found (delivery_id, programme_id, cycle, records, people, refused,
                                    known, ended, changed, restated, money, codes)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing
        """,
        [
            (
                delivery_id,
                each.programme_id,
                each.cycle,
                each.records,
                each.people,
                each.refused,
                each.known,
                each.ended,
                each.changed,
                each.restated,
                _json(each.money),
                _json({field: sorted(codes) for field, codes in each.codes.items()}),
            )
            for each in found
        ],
    )


async def found_of(connection: Connection, delivery_id: int) -> list[Found]:
    rows = await connection.fetch(
        "select * from delivery_found where delivery_id = $1 order by programme_id", delivery_id
    )
    return [_found(row) for row in rows]


async def last_cycle(connection: Connection, programme_id: int, before: str) -> str | None:
    cycle: str | None = await connection.fetchval(
        """
        select max(f.cycle) from delivery_found f join delivery d using (delivery_id)
        where f.programme_id = $1 and f.cycle < $2 and d.state = 'done' and d.cycle is not null
          and d.mode in ('initial', 'delta')
        """,
        programme_id,
        before,
    )
    return cycle


async def of_cycle(
    connection: Connection, programme_id: int, cycle: str, without: int
) -> list[tuple[str, int | None, Found]]:
    """Mode, sequence and sums of each delivery of a programme that counts for this cycle."""
    rows = await connection.fetch(
        """
        select d.mode, d.sequence, f.* from delivery_found f join delivery d using (delivery_id)
        where f.programme_id = $1 and f.cycle = $2 and d.state = 'done' and d.cycle is not null
          and d.mode in ('initial', 'delta') and d.delivery_id <> $3 and d.same_as is null
        order by d.delivery_id
        """,
        programme_id,
        cycle,
        without,
    )
    return [(row["mode"], row["sequence"], _found(row)) for row in rows]


async def codes_before(
    connection: Connection, programme_id: int, without: int
) -> dict[str, set[str]]:
    rows = await connection.fetch(
        """
        select f.codes from delivery_found f join delivery d using (delivery_id)
        where f.programme_id = $1 and d.state = 'done' and d.delivery_id <> $2
        order by f.delivery_id desc limit $3
        """,
        programme_id,
        without,
        _DELIVERIES_LOOKED_AT,
    )
    known: dict[str, set[str]] = {}
    for row in rows:
        for field, codes in msgspec.json.decode(row["codes"]).items():
            known.setdefault(field, set()).update(codes)
    return known


async def sequences(
    connection: Connection, partner_id: int, programme_ids: Sequence[int], cycle: str, without: int
) -> frozenset[int]:
    """Sequences that a sender gave its deliveries about these programmes for a cycle."""
    rows = await connection.fetch(
        """
        select distinct sequence from delivery
        where partner_id = $1 and programme_ids && $2::integer[] and cycle = $3
          and delivery_id <> $4 and sequence is not null and mode in ('initial', 'delta')
          and state in ('received', 'held', 'done', 'voiding', 'reinstating')
        """,
        partner_id,
        list(programme_ids),
        cycle,
        without,
    )
    return frozenset(row["sequence"] for row in rows)


async def same_content(
    connection: Connection, partner_id: int, digest: bytes, cycle: str | None, without: int
) -> int | None:
    """The first merged delivery of a sender with this very content for the same cycle.

    One that is held does not count: sent again it would slip past the look that it waits for.
    """
    found: int | None = await connection.fetchval(
        """
        select min(delivery_id) from delivery
        where partner_id = $1 and content_digest = $2 and cycle is not distinct from $3
          and delivery_id < $4 and state = 'done'
        """,
        partner_id,
        digest,
        cycle,
        without,
    )
    return found


async def terms_of(connection: Connection, programme_ids: Sequence[int]) -> list[Record]:
    return await connection.fetch(
        "select * from delivery_check_terms where programme_id = any ($1::integer[])",
        list(programme_ids),
    )


async def set_terms(
    connection: Connection, programme_id: int, terms: dict[str, Any], by_name: str, at: datetime
) -> None:
    await connection.execute(
        """
        insert into delivery_check_terms (programme_id, terms, by_name, set_at)
        values ($1, $2, $3, $4)
        on conflict (programme_id) do update set
            terms = excluded.terms, by_name = excluded.by_name, set_at = excluded.set_at
        """,
        programme_id,
        _json(terms),
        by_name,
        at,
    )


async def passed(
    connection: Connection,
    delivery_id: int,
    *,
    state: str,
    checked_at: datetime | None,
    anomalies: str,
    programme_ids: Sequence[int],
    content_digest: bytes,
    same_as: int | None,
) -> bool:
    """Keeps what became of the checks; False when another has checked this delivery meanwhile."""
    said: str = await connection.execute(
        """
        update delivery set state = $2, checked_at = $3, anomalies = $4, programme_ids = $5,
                            content_digest = $6, same_as = $7
        where delivery_id = $1 and state = 'received' and checked_at is null
        """,
        delivery_id,
        state,
        checked_at,
        anomalies,
        list(programme_ids),
        content_digest,
        same_as,
    )
    return said == "UPDATE 1"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _found(row: Record) -> Found:
    values = {name: row[name] for name in Found.__struct_fields__}
    values["money"] = msgspec.json.decode(row["money"])
    values["codes"] = msgspec.json.decode(row["codes"], type=dict[str, set[str]])
    return Found(**values)


async def programmes_of(connection: Connection, delivery_id: int) -> list[int]:
    found: list[int] | None = await connection.fetchval(
        "select programme_ids from delivery where delivery_id = $1", delivery_id
    )
    return found or []


async def anomalies(connection: Connection, delivery_id: int) -> str:
    found: str | None = await connection.fetchval(
        "select anomalies::text from delivery where delivery_id = $1", delivery_id
    )
    return found or "[]"
