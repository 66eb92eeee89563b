"""SQL of deliveries: received once, kept whole, refusals beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from ibr.db.pool import Connection
from ibr.deliveries.model import ControlTotals, DeliveryHead, Started, Tally
from ibr.reported.beneficiary import Refusal


async def new_delivery_id(connection: Connection) -> int:
    return int(await connection.fetchval("select nextval('delivery_id')"))


async def open_delivery(connection: Connection, head: DeliveryHead, state: str) -> None:
    await connection.execute(
        """
        insert into delivery (delivery_id, partner_id, programme_ids, message_key, door, cycle,
                              sequence, mode, as_of, body_digest, body_bytes, key_kid,
                              control_total, state, received_at, programme_id, totals, replaces)
        values ($1, $2, '{}', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        """,
        head.delivery_id,
        head.partner_id,
        head.message_key,
        head.door,
        head.cycle,
        head.sequence,
        head.mode,
        head.as_of,
        head.body_digest,
        head.body_bytes,
        head.key_kid,
        head.control_total,
        state,
        head.received_at,
        head.programme_id,
        msgspec.json.encode(head.totals).decode(),
        head.replaces,
    )


async def add_part(connection: Connection, delivery_id: int, part_no: int, sealed: bytes) -> None:
    await connection.execute(
        "insert into delivery_part (delivery_id, part_no, sealed) values ($1, $2, $3)",
        delivery_id,
        part_no,
        sealed,
    )


async def parts(connection: Connection, delivery_id: int) -> list[int]:
    rows = await connection.fetch(
        "select part_no from delivery_part where delivery_id = $1 order by part_no", delivery_id
    )
    return [row["part_no"] for row in rows]


async def part(connection: Connection, delivery_id: int, part_no: int) -> bytes:
    sealed: bytes = await connection.fetchval(
        "select sealed from delivery_part where delivery_id = $1 and part_no = $2",
        delivery_id,
        part_no,
    )
    return sealed


async def save_progress(
    connection: Connection,
    delivery_id: int,
    tally: Tally,
    *,
    first_item: int,
    next_item: int,
    done_at: datetime | None,
) -> bool:
    """Keeps the counts so far; with `done_at` the delivery is done.

    False, and nothing is kept, unless the delivery still stood at `first_item`. This fences off
    whoever was thought dead and comes back: of two only one can move a delivery on.
    """
    said: str = await connection.execute(
        """
        update delivery set
            programme_ids = case when $2::integer[] = '{}' then programme_ids else $2 end,
            records = $3, stored = $4, unchanged = $5, refused = $6,
            warned = $7, warnings = $8, score = $9, next_item = $10, done_at = $11,
            state = case when $11::timestamptz is null then state else 'done' end
        where delivery_id = $1 and next_item = $12 and state = 'received'
        """,
        delivery_id,
        sorted(tally.programme_ids),
        tally.records,
        tally.stored,
        tally.unchanged,
        tally.refused,
        tally.warned,
        msgspec.json.encode(tally.warnings).decode(),
        tally.score,
        next_item,
        done_at,
        first_item,
    )
    return said == "UPDATE 1"


async def add_refused(
    connection: Connection, delivery_id: int, refusals: Sequence[Refusal]
) -> None:
    await connection.execute(
        """
        insert into refused_record (delivery_id, item_no, reference_id, programme_id, field, code,
                                    reason)
        select $1, * from unnest($2::integer[], $3::text[], $4::integer[], $5::text[], $6::text[],
                                 $7::text[])
        on conflict do nothing
        """,
        delivery_id,
        [refusal.item_no for refusal in refusals],
        [refusal.reference_id for refusal in refusals],
        [refusal.programme_id for refusal in refusals],
        [refusal.field for refusal in refusals],
        [refusal.code for refusal in refusals],
        [refusal.reason for refusal in refusals],
    )


async def refused_items(connection: Connection, delivery_id: int) -> list[Refusal]:
    rows = await connection.fetch(
        """
        select item_no, reference_id, code, reason, field, programme_id
        from refused_record where delivery_id = $1 order by item_no
        """,
        delivery_id,
    )
    return [Refusal(**dict(row)) for row in rows]


async def delivery_of_message(connection: Connection, message_key: bytes) -> Started | None:
    row = await connection.fetchrow(
        "select * from delivery where message_key = $1 order by delivery_id limit 1", message_key
    )
    return _started(row) if row else None


async def delivery(connection: Connection, delivery_id: int) -> Started | None:
    row = await connection.fetchrow("select * from delivery where delivery_id = $1", delivery_id)
    return _started(row) if row else None


def _started(row: asyncpg.Record) -> Started:
    said = {name: row[name] for name in DeliveryHead.__struct_fields__}
    said["totals"] = msgspec.json.decode(row["totals"], type=ControlTotals)
    head = DeliveryHead(**said)
    tally = Tally(
        records=row["records"],
        stored=row["stored"],
        unchanged=row["unchanged"],
        refused=row["refused"],
        warned=row["warned"],
        warnings=msgspec.json.decode(row["warnings"]),
        programme_ids=set(row["programme_ids"]),
    )
    return Started(
        head,
        tally,
        row["next_item"],
        row["state"] == "done",
        row["state"],
        # What was begun before there were checks goes on without them.
        row["checked_at"] is not None or row["next_item"] > 0,
    )


async def unfinished(connection: Connection, before: datetime) -> list[int]:
    """Deliveries received before this moment that still need work: records to merge, or, where a
    person refused one, the answer that says so."""
    rows = await connection.fetch(
        """
        select delivery_id from delivery
        where received_at < $1 and (state = 'received' or state = 'refused' and done_at is null)
        order by received_at
        """,
        before,
    )
    return [row["delivery_id"] for row in rows]


async def touched(
    connection: Connection, delivery_id: int, first_item: int, record_ids: Sequence[int]
) -> None:
    await connection.execute(
        """
        insert into delivery_touched (delivery_id, first_item, record_ids) values ($1, $2, $3)
        on conflict do nothing
        """,
        delivery_id,
        first_item,
        list(record_ids),
    )


async def answered(connection: Connection, delivery_id: int, at: datetime) -> None:
    """A refused delivery whose sender's answer is kept needs no more work."""
    await connection.execute(
        "update delivery set done_at = $2 where delivery_id = $1 and state = 'refused'",
        delivery_id,
        at,
    )
