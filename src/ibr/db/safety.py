"""What a database must promise before anything is acknowledged (reliability A3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

import asyncpg

from ibr.errors import Unavailable

# In quotes because only asyncpg's type stubs know these classes as generic.
AnyConnection: TypeAlias = "asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]"


async def refuse_unsafe(
    connection: AnyConnection, kind: Literal["own", "embedded"] = "own"
) -> list[str]:
    """Refuses a server that could lose or garble what it confirmed; returns lesser warnings.

    Checksums cannot be demanded of a server that is not ours, so there they are a warning.
    """
    names = list(_MUST_BE) + ["server_version_num", "data_checksums", "server_encoding"]
    names += ["log_statement", "log_min_duration_statement", "log_parameter_max_length"]
    rows = await connection.fetch(
        "select name, setting from pg_catalog.pg_settings where name = any($1::text[])",
        names,
    )
    seen = {row["name"]: row["setting"] for row in rows}
    wrong = [
        f"{name} is {seen.get(name)} and must be {' or '.join(allowed)}"
        for name, allowed in _MUST_BE.items()
        if seen.get(name) not in allowed
    ]
    if int(seen["server_version_num"]) < 150000:
        wrong.append(f"server_version_num is {seen['server_version_num']} and must be 150000 or up")
    if seen["server_encoding"] != "UTF8":
        wrong.append(f"server_encoding is {seen['server_encoding']} and must be UTF8")
    warnings = []
    if seen["data_checksums"] != "on":
        sentence = "data_checksums is off and must be on"
        if kind == "embedded":
            wrong.append(sentence)
        else:
            warnings.append("data_checksums is off: damage to the disk would go unnoticed.")
    writes = seen["log_statement"] in ("mod", "all") or seen["log_min_duration_statement"] != "-1"
    if writes and seen.get("log_parameter_max_length") != "0":
        warnings.append(
            "The server's log may receive personal data: set log_parameter_max_length to 0."
        )
    if wrong:
        raise Unavailable(
            "database.unsafe",
            f"The database could lose what it has confirmed: {'; '.join(wrong)}. "
            "Change its configuration and start again.",
        )
    return warnings


async def server_clock(connection: AnyConnection) -> datetime:
    """The server's time now, in UTC."""
    moment: datetime = await connection.fetchval("select clock_timestamp()")
    return moment


_MUST_BE = {
    "fsync": ("on",),
    "full_page_writes": ("on",),
    "synchronous_commit": ("on", "remote_apply"),
    "wal_level": ("replica", "logical"),
}
