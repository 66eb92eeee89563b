"""SQL of seals: what waits to be sealed, the seals themselves, their keys, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg
import msgspec

from ibr.audit.seals.model import AuditKey, Batch, Member, Seal
from ibr.db.pool import Connection

SEAL_COLUMNS: Final = """
    seal_no, chain, at, first_id, last_id, members, root, gaps, late, lost, previous, kid,
    signature, marks
"""


class Gap(msgspec.Struct, frozen=True, array_like=True):
    """Numbers that were not there when their seal was made. They may still come until every
    transaction older than `until` has ended."""

    first: int
    last: int
    until: int


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """The row that says how far sealing is, held by this transaction alone."""

    chain: str
    last_id: int
    sealed_at: datetime | None
    gaps: list[Gap]
    lost: tuple[int, ...]
    anchored_no: int
    trouble: str | None


async def hold_sealing(connection: Connection) -> Held | None:
    """How far sealing is, for this transaction to carry on; None where another one does, or where
    sealing has not begun."""
    row = await connection.fetchrow(
        """
        select chain, last_id, sealed_at, open_gaps, lost, anchored_no, trouble
        from audit_sealing where chain is not null for update skip locked
        """
    )
    if row is None:
        return None
    gaps = msgspec.json.decode(row["open_gaps"], type=list[Gap])
    return Held(**{**_without(row, "open_gaps"), "gaps": gaps, "lost": tuple(row["lost"])})


def _without(row: asyncpg.Record, *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


async def newest_number(connection: Connection) -> tuple[int, int]:
    """The newest number that was drawn, and this transaction's own number, drawn after it.

    In this order, in two statements, and before the transaction writes or locks anything: what was
    drawn up to there is then of transactions with smaller numbers.
    """
    drawn: int = await connection.fetchval(
        "select case when is_called then last_value else 0 end from audit_event_id"
    )
    own: str = await connection.fetchval("select pg_current_xact_id()::text")
    return drawn, int(own)


async def all_ended_below(connection: Connection) -> int:
    """Every transaction with a smaller number has ended, and what it wrote is seen from the next
    statement on."""
    below: str = await connection.fetchval("select pg_snapshot_xmin(pg_current_snapshot())::text")
    return int(below)


def member_of(row: asyncpg.Record) -> Member:
    """An event or a batch as a seal closes it: by the digest that was written with it."""
    if row["kind"] == "event":
        return Member(row["number"], "event", row["digest"])
    return Batch(
        number=row["number"],
        at=row["at"],
        rows=row["rows"],
        digest=row["digest"],
        of_before=row["of_before"],
    ).member


async def members_between(
    connection: Connection, after: int, up_to: int, most: int
) -> list[Member]:
    """Events and batches numbered above `after`, in order, as they were written."""
    rows = await connection.fetch(
        """
        select number, kind, digest, at, rows, of_before from (
            (select event_id as number, 'event' as kind, digest, null::timestamptz as at,
                    null::integer as rows, null::boolean as of_before
             from audit_event where event_id > $1 and event_id <= $2 order by event_id limit $3)
            union all
            (select batch_id, 'asked', digest, at, rows, of_before
             from ledger_batch where batch_id > $1 and batch_id <= $2 order by batch_id limit $3)
        ) as both_kinds
        order by number limit $3
        """,
        after,
        up_to,
        most,
    )
    return [member_of(row) for row in rows]


async def members_in(connection: Connection, gaps: Sequence[Gap]) -> list[Member]:
    """Events and batches that came into these gaps after their seals were made, in order."""
    rows = await connection.fetch(
        """
        select number, kind, digest, at, rows, of_before
        from unnest($1::bigint[], $2::bigint[]) as g (first, last) cross join lateral (
            select event_id as number, 'event' as kind, digest, null::timestamptz as at,
                   null::integer as rows, null::boolean as of_before
            from audit_event where event_id between g.first and g.last
            union all
            select batch_id, 'asked', digest, at, rows, of_before
            from ledger_batch where batch_id between g.first and g.last
        ) as both_kinds
        order by number
        """,
        [gap.first for gap in gaps],
        [gap.last for gap in gaps],
    )
    return [member_of(row) for row in rows]


async def add_seals(connection: Connection, seals: Sequence[Seal]) -> None:
    await connection.executemany(
        f"insert into audit_seal ({SEAL_COLUMNS}) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        [
            (
                seal.number,
                seal.chain,
                seal.at,
                seal.first_id,
                seal.last_id,
                seal.members,
                seal.root,
                [number for gap in seal.gaps for number in gap],
                list(seal.late),
                list(seal.lost),
                seal.previous,
                seal.kid,
                seal.signature,
                seal.marks,
            )
            for seal in seals
        ],
    )


def seal_of(row: asyncpg.Record) -> Seal:
    """A seal as it is kept."""
    fields = dict(row)
    pairs = fields.pop("gaps")
    return Seal(
        number=fields.pop("seal_no"),
        gaps=tuple(zip(pairs[::2], pairs[1::2], strict=True)),
        late=tuple(fields.pop("late")),
        lost=tuple(fields.pop("lost")),
        **fields,
    )


async def last_seal(connection: Connection) -> Seal | None:
    row = await connection.fetchrow(
        f"select {SEAL_COLUMNS} from ibr.audit_seal order by seal_no desc limit 1"
    )
    return seal_of(row) if row else None


async def one_seal(connection: Connection, number: int) -> Seal | None:
    row = await connection.fetchrow(
        f"select {SEAL_COLUMNS} from ibr.audit_seal where seal_no = $1", number
    )
    return seal_of(row) if row else None


async def seals_after(connection: Connection, number: int, most: int) -> list[Seal]:
    """The next seals in order."""
    rows = await connection.fetch(
        f"select {SEAL_COLUMNS} from ibr.audit_seal where seal_no > $1 order by seal_no limit $2",
        number,
        most,
    )
    return [seal_of(row) for row in rows]


async def seals_with(connection: Connection, numbers: Sequence[int]) -> dict[int, int]:
    """For each of these events the seal that closes it; those that wait are left out."""
    rows = await connection.fetch(
        """
        select wanted.number, late.seal_no as late_no, own.seal_no, own.gaps
        from unnest($1::bigint[]) as wanted (number)
        left join lateral (
            select seal_no from ibr.audit_seal
            where late @> array[wanted.number] and cardinality(late) > 0 limit 1
        ) as late on true
        left join lateral (
            select seal_no, gaps, first_id from ibr.audit_seal
            where last_id >= wanted.number order by last_id limit 1
        ) as own on own.first_id <= wanted.number
        """,
        list(numbers),
    )
    found = {row["number"]: row["late_no"] or _own(row) for row in rows}
    return {number: seal for number, seal in found.items() if seal is not None}


def _own(row: asyncpg.Record) -> int | None:
    """The seal in whose numbers it lies, unless it was not there when that was made."""
    if row["seal_no"] is None:
        return None
    pairs = zip(row["gaps"][::2], row["gaps"][1::2], strict=True)
    missing = any(first <= row["number"] <= last for first, last in pairs)
    return None if missing else int(row["seal_no"])


async def move_on(
    connection: Connection, last_id: int, gaps: Sequence[Gap], lost: Sequence[int]
) -> None:
    """Everything that was written before this transaction began is sealed up to `last_id`."""
    await connection.execute(
        """
        update audit_sealing set last_id = $1, open_gaps = $2, lost = $3, sealed_at = now(),
                                 trouble = null
        """,
        last_id,
        msgspec.json.encode(gaps).decode(),
        list(lost),
    )


async def set_trouble(connection: Connection, trouble: str | None) -> None:
    await connection.execute(
        "update audit_sealing set trouble = $1 where trouble is distinct from $1", trouble
    )


async def set_anchored(connection: Connection, number: int, at: datetime) -> None:
    await connection.execute(
        "update audit_sealing set anchored_no = greatest(anchored_no, $1), anchored_at = $2",
        number,
        at,
    )


async def state(connection: Connection) -> asyncpg.Record:
    """How far sealing is, with the first event that is not sealed."""
    row = await connection.fetchrow(
        """
        select s.chain is not null as begun, s.last_id, s.sealed_at, s.anchored_no as anchored,
               s.anchored_at, s.trouble, coalesce(l.seal_no, 0) as seals, l.at as last_seal_at,
               ibr.unsealed_since() as waits_since
        from ibr.audit_sealing s
        left join lateral (select seal_no, at from ibr.audit_seal order by seal_no desc limit 1)
            as l on true
        """
    )
    assert row is not None
    return row


async def begin(connection: Connection, chain: str) -> bool:
    """Lets sealing begin; False where it has. The connection is the owner's, as below."""
    said: str = await connection.execute(
        "update ibr.audit_sealing set chain = $1, sealed_at = now() where chain is null", chain
    )
    return said == "UPDATE 1"


async def say_lost(connection: Connection, first: int, last: int) -> None:
    await connection.execute(
        "update ibr.audit_sealing set lost = $1, trouble = null", [first, last]
    )


async def keys(connection: Connection) -> list[AuditKey]:
    """Every key that ever signed, the oldest first."""
    rows = await connection.fetch(
        """
        select kid, public_key, made_at, ended_at, endorsed_by, endorsement
        from ibr.audit_key order by made_at, kid
        """
    )
    return [AuditKey(**dict(row)) for row in rows]


async def key_in_use(connection: Connection) -> asyncpg.Record | None:
    """The key that signs now, with its sealed private half."""
    return await connection.fetchrow(
        "select kid, private_sealed from ibr.audit_key where ended_at is null"
    )


async def add_key(connection: Connection, key: AuditKey, sealed: bytes) -> None:
    """The next key; the one before it ends."""
    await connection.execute(
        "update ibr.audit_key set ended_at = $1 where ended_at is null", key.made_at
    )
    await connection.execute(
        """
        insert into ibr.audit_key (kid, public_key, private_sealed, made_at, endorsed_by,
                                   endorsement)
        values ($1, $2, $3, $4, $5, $6)
        """,
        key.kid,
        key.public_key,
        sealed,
        key.made_at,
        key.endorsed_by,
        key.endorsement,
    )


async def hold_keys(connection: Connection) -> None:
    """Nobody else begins sealing or changes the key until this transaction ends."""
    await connection.execute("select from ibr.audit_sealing for update")
