"""What Citus refuses, and what it does slowly: the names of the rules and what they mean."""

from __future__ import annotations

from typing import Final

REFUSED: Final = {
    "join off the key": "Distributed tables are joined by something else than what both are spread "
    "by, or are of different groups.",
    "correlated off the key": "A subquery about each row reads a distributed table by something "
    "else than what both are spread by.",
    "correlated to what is handed on": "A subquery about each row of a function, a local table or "
    "a worked-out query reads a distributed table.",
    "correlated local": "A subquery about each row of a distributed table reads a local table.",
    "locks many rows": "Rows of a distributed table are locked, and not of one shard alone.",
    "conflict off the key": "`on conflict` names columns without what the table is spread by.",
    "clock in conflict": "`do update set` calls the clock or another function that is not "
    "immutable.",
    "moves a row": "The column that a table is spread by is changed.",
    "local join in a write": "A distributed table is written from a join with local or temporary "
    "tables.",
    "local written from shards": "A local table is changed or emptied by a join with distributed "
    "ones.",
    "chance in many shards": "A function that gives another answer each time is called in a change "
    "of many shards.",
    "function asks shards": "A function of the schema that reads distributed tables is called "
    "where workers would run it.",
    "clock of transactions": "Numbers of transactions are asked for on workers, where they are "
    "others: it would run, and answer wrongly.",
    "recursive": "A recursive query stands in one statement with a distributed table.",
    "grouping sets": "Grouping sets, rollup or cube over a distributed table.",
    "place of a row": "A distributed table is asked for `ctid`, which each shard has of its own.",
    "merge": "`merge` into or from a distributed table.",
    "setting stays here": "A setting that row-level security reads is made with `set_config`, of "
    "which workers are not told; `set local` is passed on.",
    "lock on a worker": "An advisory lock is taken in a query of a distributed table.",
}
SLOW: Final = {
    "all shards": "Every shard is asked: nothing says what the table is spread by.",
    "two steps": "A query within is worked out first and handed on.",
    "local join": "A local table is handed to all workers, or the other way round.",
    "pulled": "What is inserted passes through the coordinator.",
    "window": "Windows are not parted by what the table is spread by, so all rows pass through the "
    "coordinator.",
}
