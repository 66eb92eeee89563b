"""Appearances as columns in DuckDB, and the pairs among them that share a key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ibr.identity.engines.columns import COMPARED, Columns, columns_of
from ibr.identity.engines.found import Keyed
from ibr.identity.model import Appearance
from ibr.identity.weights.prepared import Bands

_FIRST: Final = [("unique_id", pa.int32()), ("record", pa.int64()), ("fresh", pa.bool_())]
_COLUMNS: Final = pa.schema([*_FIRST, *COMPARED])
COLUMN_NAMES: Final = tuple(_COLUMNS.names)
_KEYS: Final = pa.schema([("key", pa.int64()), ("unique_id", pa.int32())])


class Loaded(NamedTuple):
    """What was loaded: the appearances by their number in DuckDB."""

    appearances: list[Appearance]
    fresh: int
    """How many of them are new; they come first."""


def load(
    connection: duckdb.DuckDBPyConnection,
    fresh: Iterable[Keyed],
    against: Iterable[Keyed] | None,
    bands: Bands,
) -> Loaded:
    """Fills the tables `appearances` and `appearance_keys`. Of those in `against`, only whoever
    shares a key with somebody new is kept."""
    others = None if against is None else columns_of(against, bands)
    return load_columns(connection, columns_of(fresh, bands), others)


def load_columns(
    connection: duckdb.DuckDBPyConnection,
    fresh: Iterable[Columns],
    against: Iterable[Columns] | None,
) -> Loaded:
    """The same, of appearances that are columns already."""
    connection.register("appearances_none", _COLUMNS.empty_table())
    connection.execute("create table appearances as select * from appearances_none")
    connection.register("keys_none", _KEYS.empty_table())
    connection.execute("create table appearance_keys as select * from keys_none")
    numbered: list[Appearance] = []
    keys: list[NDArray[np.int64]] = []
    for block in fresh:
        _insert(connection, block, len(numbered), is_fresh=True)
        numbered += block.appearances()
        if against is not None:
            keys.append(block.keys)
    count = len(numbered)
    if against is not None and keys:
        sought = np.unique(np.concatenate(keys))
        for block in against:
            near = block.near(sought)
            if len(near.records):
                _insert(connection, near, len(numbered), is_fresh=False)
                numbered += near.appearances()
    return Loaded(numbered, count)


def _insert(
    connection: duckdb.DuckDBPyConnection, block: Columns, first: int, *, is_fresh: bool
) -> None:
    many = len(block.records)
    places = np.arange(first, first + many, dtype=np.int32)
    own = [pa.array(places), pa.array(block.records), pa.array(np.full(many, is_fresh))]
    table = pa.table([*own, *block.compared.columns], schema=_COLUMNS)
    keys = pa.table([block.keys, np.repeat(places, block.keys_each)], schema=_KEYS)
    for name, rows in (("appearances", table), ("appearance_keys", keys)):
        connection.register("block", rows)
        connection.execute(f"insert into {name} select * from block")
        connection.unregister("block")


def count_dropped(connection: duckdb.DuckDBPyConnection, most: int) -> int:
    """Drops the keys that more than `most` appearances share, and says how many keys those were.

    A key that hundreds share says next to nothing, and its pairs grow with the square.
    """
    connection.execute(
        "create table common_keys as select key from appearance_keys "
        f"group by key having count(*) > {int(most)}"
    )
    found = connection.execute("select count(*) from common_keys").fetchall()
    return int(found[0][0])


def find_pairs(connection: duckdb.DuckDBPyConnection, *, only_fresh: bool) -> int:
    """Fills the table `pairs` with those who share a key, each pair once; says how many.

    Two of one record are never a pair: a household does not list a person twice.
    """
    side = "and (l.unique_id < n or r.unique_id < n)" if only_fresh else ""
    limit = "cross join (select count(*) as n from appearances where fresh)" if only_fresh else ""
    connection.execute(
        f"""
        create table pairs as
        with several as (
            select key from appearance_keys group by key having count(*) > 1
            except select key from common_keys
        ),
        kept as (
            select k.key, k.unique_id, a.record
            from appearance_keys k
            join several using (key)
            join appearances a using (unique_id)
        )
        select l.unique_id as join_key_l, r.unique_id as join_key_r, 0 as match_key,
            cast(count(*) as usmallint) as shared
        from kept l join kept r
        on l.key = r.key and l.unique_id < r.unique_id and l.record <> r.record
        {limit}
        where true {side}
        group by l.unique_id, r.unique_id
        """
    )
    found = connection.execute("select count(*) from pairs").fetchall()
    return int(found[0][0])


def forget_keys(connection: duckdb.DuckDBPyConnection) -> None:
    """Gives back the memory of the keys, once the pairs are found."""
    connection.execute("drop table appearance_keys")
    connection.execute("drop table common_keys")
