"""SQL of appearances to be weighed: all of them, some of them, those that share a key."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ibr.db.pool import Connection
from ibr.identity.model import Appearance

BEFORE_ALL: Final = Appearance(-(2**63), 0)
_SHAPE: Final = 20
_SENT: Final = np.dtype([("length", ">i4"), ("value", ">i8")])


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


async def ends_of_blocks(connection: Connection, size: int, standard: int) -> list[Appearance]:
    """The last of every so many appearances that are reported now, by their key."""
    rows = await connection.fetch(
        """
        select record_id, appearance_no from (
            select record_id, appearance_no,
                   row_number() over (order by record_id, appearance_no) as place
            from appearance where member_no is not null and standard = $2
        ) as numbered
        where place % $1 = 0 order by 1, 2
        """,
        size,
        standard,
    )
    return [Appearance(row["record_id"], row["appearance_no"]) for row in rows]


async def appearances_packed(
    connection: Connection, after: Appearance, most: int, standard: int
) -> list[Any]:
    """The same as `appearances_after`, with the keys as `unpacked_keys` reads them."""
    return await connection.fetch(
        """
        select record_id, appearance_no, features, array_send(keys) from appearance
        where (record_id, appearance_no) > ($1, $2::smallint)
          and member_no is not null and standard = $4
        order by record_id, appearance_no limit $3
        """,
        *after,
        most,
        standard,
    )


async def keys_packed(
    connection: Connection, after: Appearance, most: int, standard: int
) -> list[Any]:
    """The keys alone of the next appearances that are reported now."""
    return await connection.fetch(
        """
        select record_id, appearance_no, array_send(keys) from appearance
        where (record_id, appearance_no) > ($1, $2::smallint)
          and member_no is not null and standard = $4
        order by record_id, appearance_no limit $3
        """,
        *after,
        most,
        standard,
    )


def unpacked_keys(sent: bytes) -> NDArray[np.int64]:
    """An array of bigint as PostgreSQL's `array_send` writes it: twenty bytes on its shape, then
    each value with its length before it. The driver would make a Python number of each."""
    return np.frombuffer(sent, _SENT, offset=min(_SHAPE, len(sent)))["value"].astype(np.int64)


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
    return await _these(connection, "a.keys", wanted, standard)


async def these_packed(
    connection: Connection, wanted: Collection[Appearance], standard: int
) -> list[Any]:
    """The same, with the keys as `unpacked_keys` reads them."""
    return await _these(connection, "array_send(a.keys)", wanted, standard)


async def _these(
    connection: Connection, keys: str, wanted: Collection[Appearance], standard: int
) -> list[Any]:
    return await connection.fetch(
        f"""
        select a.record_id, a.appearance_no, a.features, {keys}
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
