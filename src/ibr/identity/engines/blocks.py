"""Appearances as columns in DuckDB, and the pairs among them that share a key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Final, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from ibr.identity.engines.found import Keyed
from ibr.identity.model import Appearance
from ibr.identity.weights.prepared import Bands, Prepared, prepare

AT_ONCE: Final = 50_000
"""Appearances handed to DuckDB at once: bounds what stands in memory twice."""

_SMALL, _LONGS = pa.int16(), pa.list_(pa.int64())
_TYPES: Final[dict[str, pa.DataType]] = {
    "given_band": pa.int8(), "family_band": pa.int8(), "father_band": pa.int8(),
    "sex": pa.int8(), "year": _SMALL, "month": pa.int8(), "day": pa.int8(), "dated": pa.int8(),
    "uin": pa.int64(), "uin_near": _LONGS, "others": _LONGS, "others_near": _LONGS,
    "contacts": _LONGS, "other_kinds": pa.list_(pa.string()), "programme": pa.int32(),
}  # fmt: skip
_COLUMNS: Final = pa.schema(
    [
        ("unique_id", pa.int32()),
        ("record", pa.int64()),
        ("fresh", pa.bool_()),
        *((name, _TYPES.get(name, pa.string())) for name in Prepared._fields),
    ]
)
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
    connection.register("appearances_none", _COLUMNS.empty_table())
    connection.execute("create table appearances as select * from appearances_none")
    connection.register("keys_none", _KEYS.empty_table())
    connection.execute("create table appearance_keys as select * from keys_none")
    numbered: list[Appearance] = []
    seen: set[int] = set()
    for block in _blocks(fresh):
        _insert(connection, block, len(numbered), bands, is_fresh=True)
        numbered += [appearance for appearance, _, _ in block]
        if against is not None:
            for _, _, keys in block:
                seen.update(keys)
    count = len(numbered)
    if against is not None:
        near = (each for each in against if not seen.isdisjoint(each[2]))
        for block in _blocks(near):
            _insert(connection, block, len(numbered), bands, is_fresh=False)
            numbered += [appearance for appearance, _, _ in block]
    return Loaded(numbered, count)


def _blocks(appearances: Iterable[Keyed]) -> Iterator[list[Keyed]]:
    left = iter(appearances)
    while block := list(islice(left, AT_ONCE)):
        yield block


def _insert(
    connection: duckdb.DuckDBPyConnection,
    block: list[Keyed],
    first: int,
    bands: Bands,
    *,
    is_fresh: bool,
) -> None:
    columns = list(zip(*(prepare(features, bands) for _, features, _ in block), strict=True))
    arrays = [
        pa.array(range(first, first + len(block)), pa.int32()),
        pa.array([appearance.record_id for appearance, _, _ in block], pa.int64()),
        pa.array([is_fresh] * len(block), pa.bool_()),
        *(
            pa.array(column, _COLUMNS.field(name).type)
            for name, column in zip(Prepared._fields, columns, strict=True)
        ),
    ]
    connection.register("appearances_block", pa.table(arrays, schema=_COLUMNS))
    connection.execute("insert into appearances select * from appearances_block")
    connection.unregister("appearances_block")
    lengths = np.fromiter((len(keys) for _, _, keys in block), np.int64, len(block))
    flat = chain.from_iterable(keys for _, _, keys in block)
    pairs = pa.table(
        [
            pa.array(np.fromiter(flat, np.int64, int(lengths.sum()))),
            pa.array(np.repeat(np.arange(first, first + len(block), dtype=np.int32), lengths)),
        ],
        schema=_KEYS,
    )
    connection.register("keys_block", pairs)
    connection.execute("insert into appearance_keys select * from keys_block")
    connection.unregister("keys_block")


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
