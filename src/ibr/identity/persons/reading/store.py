"""SQL of appearances as they are read from records."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from ibr.db.pool import Connection
from ibr.db.staging import prepare, stage
from ibr.identity.features.ties import Noted
from ibr.identity.model import Appearance
from ibr.identity.persons.reading.packing import packed_rows
from ibr.identity.persons.reading.reading_block import Kept, Record, Rows

TEMPORARY = (
    """
    create temporary table if not exists s_appearance (
        record_id bigint, appearance_no smallint, programme_id integer, member_no smallint,
        features bytea, features_digest bytea, keys bigint[], standard smallint,
        read_at timestamptz
    ) on commit delete rows
    """,
    """
    create temporary table if not exists s_appearance_place (
        record_id bigint, appearance_no smallint, member_no smallint, read_at timestamptz
    ) on commit delete rows
    """,
    """
    create temporary table if not exists s_appearance_number (
        record_id bigint, appearance_no smallint, kind text, tie text, blind_index bytea,
        programme_id integer
    ) on commit delete rows
    """,
)


async def records(connection: Connection, record_ids: Sequence[int]) -> list[Record]:
    """These records as they stand, with the appearances read of them before; in order.

    A record that is no more but has appearances comes without content.
    """
    ids = list(record_ids)
    found = await connection.fetch(
        """
        select record_id, programme_id, assistance_unit, personal from beneficiary_record
        where record_id = any ($1::bigint[])
        """,
        ids,
    )
    kept: dict[int, list[Kept]] = {}
    programmes = {row["record_id"]: row["programme_id"] for row in found}
    rows = await connection.fetch(
        """
        select record_id, appearance_no, programme_id, member_no, features_digest, features,
               standard
        from appearance where record_id = any ($1::bigint[])
        order by record_id, appearance_no
        """,
        ids,
    )
    numbers = await _numbers(connection, ids) if rows else {}
    for row in rows:
        record_id, number = row["record_id"], row["appearance_no"]
        programmes.setdefault(record_id, row["programme_id"])
        kept.setdefault(record_id, []).append(
            Kept(
                number,
                row["member_no"],
                row["features_digest"],
                row["features"],
                row["standard"],
                frozenset(numbers.get(Appearance(record_id, number), ())),
            )
        )
    content = {row["record_id"]: (row["assistance_unit"], row["personal"]) for row in found}
    return [
        Record(record_id, programmes[record_id], *content.get(record_id, (1, None)),
               tuple(kept.get(record_id, ())))
        for record_id in sorted(programmes)
    ]  # fmt: skip


async def _numbers(
    connection: Connection, record_ids: Sequence[int]
) -> dict[Appearance, list[Noted]]:
    rows = await connection.fetch(
        """
        select record_id, appearance_no, kind, tie, blind_index from appearance_number
        where record_id = any ($1::bigint[])
        """,
        list(record_ids),
    )
    found: dict[Appearance, list[Noted]] = {}
    for row in rows:
        appearance = Appearance(row["record_id"], row["appearance_no"])
        found.setdefault(appearance, []).append(Noted(row["kind"], row["tie"], row["blind_index"]))
    return found


async def put(connection: Connection, rows: Rows, *, unsettled: bool) -> None:
    """Writes what a block changes; nothing else is touched.

    `unsettled` leaves the index of keys to be put in order by `settle_keys`: a key at a time it
    would be two thirds of the work of the server.
    """
    await prepare(connection, *TEMPORARY)
    if unsettled:
        await connection.execute("set local gin_pending_list_limit = '2000MB'")
    if rows.appearances:
        await connection.copy_to_table(
            "s_appearance", source=BytesIO(packed_rows(rows.appearances)), format="binary"
        )
        await connection.execute(
            """
            insert into appearance
            select * from s_appearance order by record_id, appearance_no
            on conflict (record_id, appearance_no) do update set
                programme_id = excluded.programme_id, member_no = excluded.member_no,
                features = excluded.features, features_digest = excluded.features_digest,
                keys = excluded.keys, standard = excluded.standard, read_at = excluded.read_at
            """
        )
    if rows.places:
        await _put_places(connection, rows)
    if rows.stale or rows.numbers:
        await _put_numbers(connection, rows)


async def _put_places(connection: Connection, rows: Rows) -> None:
    await stage(connection, "s_appearance_place", rows.places)
    await connection.execute(
        """
        update appearance a
        set member_no = p.member_no, read_at = coalesce(p.read_at, a.read_at)
        from s_appearance_place p
        where a.record_id = p.record_id and a.appearance_no = p.appearance_no
        """
    )


async def _put_numbers(connection: Connection, rows: Rows) -> None:
    if rows.stale:
        await connection.execute(
            """
            delete from appearance_number n
            using unnest($1::bigint[], $2::smallint[]) as s (record_id, appearance_no)
            where n.record_id = s.record_id and n.appearance_no = s.appearance_no
            """,
            [each.record_id for each in rows.stale],
            [each.appearance_no for each in rows.stale],
        )
    if rows.numbers:
        await stage(connection, "s_appearance_number", rows.numbers)
        await connection.execute(
            """
            insert into appearance_number
            select * from s_appearance_number
            order by record_id, appearance_no, kind, tie, blind_index
            on conflict do nothing
            """
        )


async def settle_keys(connection: Connection) -> None:
    """Puts the index of keys in order, where that was left for later."""
    await connection.execute("select settle_keys()")
