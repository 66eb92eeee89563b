"""DuckDB as it is used here: a bounded amount of memory, no extension, no network, and nothing
readable left in its temporary files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

MEMORY: Final = "3GB"
THREADS: Final = 2


def engine(
    temporary: Path,
    *readable: Path,
    memory: str = MEMORY,
    threads: int = THREADS,
    locked: bool = True,
) -> duckdb.DuckDBPyConnection:
    """A connection to an empty database in memory that reads these folders and nothing else.

    `locked`: no statement can change that again.
    """
    temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = duckdb.connect(
        config={
            "memory_limit": memory,
            "threads": threads,
            "temp_directory": str(temporary),
            "temp_file_encryption": "true",
            # Without it nothing could be written at all: DuckDB holds the random numbers of its
            # own cryptography to be too weak, and has no other that needs no extension.
            "force_mbedtls_unsafe": "true",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
    )
    folders = ", ".join(quoted(str(each.resolve())) for each in (temporary, *readable))
    connection.execute(f"set allowed_directories = [{folders}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set timezone = 'UTC'")
    if locked:
        connection.execute("set lock_configuration = true")
    return connection


def quoted(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
