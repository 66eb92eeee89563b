"""The batch engine: Splink on DuckDB weighs every pair that shares a key.

Splink is given the pairs and a model whose every weight is known; it trains nothing, asks nothing
of the network and keeps nothing. The plain engine gives the same weights (`engines/plain.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from ibr.identity.engines import blocks
from ibr.identity.engines.blocks import Loaded
from ibr.identity.engines.columns import Columns, columns_of
from ibr.identity.engines.found import Found, Keyed, in_order
from ibr.identity.engines.level_conditions import CONDITIONS, ELSE
from ibr.identity.features.numbers import FOUNDATIONAL
from ibr.identity.model import Appearance, Number, Weighed
from ibr.identity.weights.comparisons import COMPARISONS, Comparison
from ibr.identity.weights.model import LinkageModel

MEMORY: Final = "2GB"
THREADS: Final = 2
PAIRS_AT_ONCE: Final = 1_000_000

logging.getLogger("splink").setLevel(logging.WARNING)


@contextmanager
def opened(memory: str, threads: int, folder: Path | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory that loads no extension and asks no network. Only with a `folder` of the
    registry's own may it write to disk what does not fit, encrypted."""
    config: dict[str, Any] = {
        "memory_limit": memory,
        "threads": threads,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "preserve_insertion_order": False,
        "temp_directory": str(folder) if folder is not None else "",
    }
    if folder is not None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        config["temp_file_encryption"] = True
        # Without it nothing could be written at all: DuckDB holds the random numbers of its own
        # cryptography to be too weak for writing, and has no other that needs no extension. The
        # files live as long as the connection, in a folder of the registry's own user.
        config["force_mbedtls_unsafe"] = True
    connection = duckdb.connect(":memory:", config=config)
    try:
        connection.execute("set lock_configuration = true")
        yield connection
    finally:
        connection.close()


def link(
    appearances: Iterable[Keyed],
    model: LinkageModel,
    *,
    against: Iterable[Keyed] | None = None,
    least: float | None = None,
    memory: str = MEMORY,
    threads: int = THREADS,
    folder: Path | None = None,
) -> Found:
    """Every pair that shares a key and weighs at least `least` (else the model's review threshold):
    among `appearances`, or with `against` also between them and those, but not among those."""
    others = None if against is None else columns_of(against, model.bands)
    return link_columns(
        columns_of(appearances, model.bands),
        model,
        against=others,
        least=least,
        memory=memory,
        threads=threads,
        folder=folder,
    )


def link_columns(
    appearances: Iterable[Columns],
    model: LinkageModel,
    *,
    against: Iterable[Columns] | None = None,
    least: float | None = None,
    memory: str = MEMORY,
    threads: int = THREADS,
    folder: Path | None = None,
) -> Found:
    """The same of appearances that are columns already, with the bands of the model."""
    threshold = model.review if least is None else least
    with opened(memory, threads, folder) as connection:
        loaded = blocks.load_columns(connection, appearances, against)
        dropped = blocks.count_dropped(connection, model.most_in_block)
        compared = blocks.find_pairs(connection, only_fresh=against is not None)
        everybody = loaded.appearances
        if not compared:
            return Found([], 0, dropped, sorted(everybody))
        blocks.forget_keys(connection)
        _weigh(connection, model, threshold, compared, len(everybody))
        weighed = _read(connection, loaded)
        numbers = _numbers(connection, everybody)
        return Found(weighed, compared, dropped, sorted(everybody), numbers)


def _weigh(
    connection: duckdb.DuckDBPyConnection, model: LinkageModel, least: float, pairs: int, count: int
) -> None:
    """Has Splink weigh `pairs` into the table `weighed`, so many at once: it copies what it needs
    of both sides, and all of it at once would not fit."""
    connection.execute("create table weighed (l integer, r integer, weight double)")
    api = DuckDBAPI(connection)
    linker = Linker(
        api.register("appearances"),
        settings_of(model),
        log_level=None,
        validate_settings=False,  # They never change but for the weights; tests look at each level.
    )
    parts = -(-pairs // PAIRS_AT_ONCE)
    for part in range(parts):
        name = f"pairs_{part}"
        first, end = count * part // parts, count * (part + 1) // parts
        connection.execute(
            f"create table {name} as select * from pairs "
            f"where join_key_l >= {first} and join_key_l < {end}"
        )
        linker.table_management.register_blocked_pairs_for_predict(api.register(name))
        found = linker.inference.predict(threshold_match_weight=least, warning_mode="never")
        connection.execute(
            "insert into weighed select unique_id_l, unique_id_r, match_weight "
            f"from {found.physical_name}"
        )
        found.drop_table_from_database_and_remove_from_cache()
        connection.execute(f"drop table {name}")


def settings_of(model: LinkageModel) -> SettingsCreator:
    """The model in Splink's words. Splink wants two probabilities for each level; any two with the
    right ratio will do, for it only adds up the logarithms of the ratios."""
    return SettingsCreator(
        link_type="dedupe_only",
        probability_two_random_records_match=_likely(model.prior),
        blocking_rules_to_generate_predictions=[block_on("unique_id")],
        comparisons=[
            {
                "output_column_name": comparison.name,
                "comparison_levels": [
                    _level(
                        CONDITIONS[comparison.name][level.level],
                        level.bits,
                        is_unknown=level.level == "unknown",
                    )
                    for level in weights.levels
                ],
            }
            for comparison, weights in zip(COMPARISONS, model.weights, strict=True)
        ],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
    )


def _level(condition: str, bits: float, *, is_unknown: bool) -> dict[str, Any]:
    said: dict[str, Any] = {"sql_condition": condition, "label_for_charts": condition[:40]}
    if is_unknown:
        return said | {"is_null_level": True}
    return said | {"m_probability": _likely(bits), "u_probability": _likely(-bits)}


def _likely(bits: float) -> float:
    """The probability of something whose odds are 2 to the power of `bits`."""
    odds: float = 2.0**-bits
    return 1.0 / (1.0 + odds)


def level_columns(comparisons: Iterable[Comparison] = COMPARISONS) -> str:
    """SQL for the number of the level in each comparison, on rows with `_l` and `_r` columns."""
    columns = []
    for comparison in comparisons:
        conditions = CONDITIONS[comparison.name]
        cases = [f"when {conditions['unknown']} then 0"]
        for number, level in enumerate(comparison.levels, 1):
            asked = conditions[level]
            cases.append(f"else {number}" if asked == ELSE else f"when {asked} then {number}")
        columns.append(f"cast(case {' '.join(cases)} end as utinyint) as {comparison.name}_level")
    return ",\n".join(columns)


def with_levels(table: str, columns: str) -> str:
    """A query for `columns` and the levels of every pair in `table`, which has columns l and r."""
    fields = [name for name in blocks.COLUMN_NAMES if name not in ("unique_id", "record", "fresh")]
    sides = ", ".join(f"l.{name} as {name}_l, r.{name} as {name}_r" for name in fields)
    return (
        f"select {columns}, {level_columns()} from (select p.*, {sides} from {table} p "
        "join appearances l on l.unique_id = p.l join appearances r on r.unique_id = p.r)"
    )


def _read(connection: duckdb.DuckDBPyConnection, loaded: Loaded) -> list[Weighed]:
    names = loaded.appearances
    found: list[Weighed] = []
    query = with_levels("weighed", "l, r, weight")
    table: pa.Table = connection.sql(query).to_arrow_table()
    for batch in table.to_batches(max_chunksize=50_000):
        low, high, weights, *levels = (column.to_pylist() for column in batch.columns)
        rows = zip(low, high, weights, zip(*levels, strict=True), strict=True)
        for low_no, high_no, weight, of_all in rows:
            one, other = names[low_no], names[high_no]
            if one > other:
                one, other = other, one
            found.append(Weighed(one, other, weight, of_all))
    found.sort(key=in_order)
    return found


def _numbers(
    connection: duckdb.DuckDBPyConnection, everybody: list[Appearance]
) -> dict[Appearance, Number]:
    rows = connection.sql(
        """
        select unique_id, uin, uin_near from appearances
        where uin <> 0 and unique_id in (select l from weighed union select r from weighed)
        """
    ).to_arrow_table()
    columns = (column.to_pylist() for column in rows.columns)
    return {
        everybody[place]: Number(FOUNDATIONAL, token, tuple(near))
        for place, token, near in zip(*columns, strict=True)
    }
