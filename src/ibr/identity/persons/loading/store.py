"""SQL of appearances to be weighed: all of them, some of them, those that share a key."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ibr.db.pool import Connection
from ibr.identity.model import Appearance


async def appearances_after(
    connection: Connection, after: Appearance, most: int, standard: int
) -> list[Any]:
    """The next appearances that are reported now, by their key, still sealed."""
    return await connection.fetch(
        """
        select record_id, appearance_no, features, keys from appearance
        where (record_id, appearance_no) > ($1, $2::smallint)
          and member_no is not null and standard = $4
        order by record_id, appearance_no limit $3
        """,
        *after,
        most,
        standard,
    )


async def how_many(connection: Connection, standard: int, most: int) -> int:
    """How many are reported now, counted up to `most`."""
    found: int = await connection.fetchval(
        """
        select count(*) from (
            select from appearance where member_no is not null and standard = $1 limit $2
        ) as counted
        """,
        standard,
        most,
    )
    return found


async def these_appearances(
    connection: Connection, wanted: Collection[Appearance], standard: int
) -> list[Any]:
    """These appearances as far as they are reported now, by their key, still sealed."""
    return await connection.fetch(
        """
        select a.record_id, a.appearance_no, a.features, a.keys
        from unnest($1::bigint[], $2::smallint[]) as w (record_id, appearance_no)
        join appearance a using (record_id, appearance_no)
        where a.member_no is not null and a.standard = $3
        order by a.record_id, a.appearance_no
        """,
        [each.record_id for each in wanted],
        [each.appearance_no for each in wanted],
        standard,
    )


async def sharing_keys(
    connection: Connection, keys: Sequence[int], most: int
) -> list[tuple[int, int, int]]:
    """Who has each of these keys: key, record and appearance; keys that more than `most` have are
    left out, whoever asks."""
    rows = await connection.fetch(
        "select key, record_id, appearance_no from who_share($1::bigint[], $2)", list(keys), most
    )
    return [(row["key"], row["record_id"], row["appearance_no"]) for row in rows]
