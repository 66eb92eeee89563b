"""SQL of what other registries told: put in once, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.sources.told.model import News


async def put(
    connection: Connection,
    source_id: int,
    news: Sequence[News],
    values: Sequence[tuple[bytes, bytes]],
    *,
    message_key: bytes,
    at: datetime,
) -> tuple[int, int]:
    """Puts news in; how much of it was not known, and how much of that was older than what counts.

    `news` is in the order of its key, so that two messages at once never wait for each other
    crosswise.
    """
    row = await connection.fetchrow(
        """
        with given as (
            select * from unnest($2::bytea[], $3::text[], $4::timestamptz[], $5::bytea[],
                                 $6::bytea[]) with ordinality
                as g (subject_index, attribute, as_of, value_index, value_sealed, place)
        ), newest as (
            select g.subject_index, g.attribute, max(k.as_of) as as_of
            from (select distinct subject_index, attribute from given) as g
            join known_attribute k on k.subject_index = g.subject_index and k.source_id = $1
                                  and k.attribute = g.attribute
            group by 1, 2
        ), fresh as (
            insert into known_attribute (subject_index, source_id, attribute, as_of, value_index,
                                         value_sealed, known_at, message_key)
            select subject_index, $1, attribute, as_of, value_index, value_sealed, $7, $8
            from given order by place
            on conflict do nothing
            returning subject_index, attribute, as_of
        )
        select count(*)::integer as fresh,
               (count(*) filter (where f.as_of < n.as_of))::integer as older
        from fresh f left join newest n using (subject_index, attribute)
        """,
        source_id,
        [each.subject for each in news],
        [each.attribute for each in news],
        [each.as_of for each in news],
        [index for index, _ in values],
        [sealed for _, sealed in values],
        at,
        message_key,
    )
    assert row is not None
    return row["fresh"], row["older"]


async def about(connection: Connection, subjects: Sequence[bytes], most: int) -> list[Record]:
    """What was told about these subjects: of each attribute the newest `most` pieces of news."""
    return await connection.fetch(
        """
        select subject_index, source_id, attribute, as_of, value_index, value_sealed, known_at
        from (
            select *, row_number() over (
                partition by subject_index, source_id, attribute
                order by as_of desc, value_index desc) as place
            from known_attribute where subject_index = any ($1::bytea[])
        ) as told
        where place <= $2
        """,
        list(subjects),
        most,
    )


async def sources(connection: Connection) -> dict[int, Record]:
    """Every source by its number, ended ones too: what it told stays."""
    rows = await connection.fetch(
        """
        select s.source_id, s.kind, p.name
        from source_registry s join partner p using (partner_id)
        """
    )
    return {row["source_id"]: row for row in rows}
