"""DuckDB as it is used here: a bounded amount of memory, no extension, no network, and nothing
readable left in its temporary files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import duckdb

_LEAST: Final = 3 * 1024**3
_CONTAINERS_BOUND: Final = Path("/sys/fs/cgroup/memory.max")


def share_of_machine(bound: Path = _CONTAINERS_BOUND) -> str:
    """How much memory DuckDB may take: a quarter of the machine's or the container's, at least
    three gigabytes.

    What does not fit goes to the disk encrypted, which costs more than the work itself.
    """
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    said = bound.read_text(encoding="ascii").strip() if bound.is_file() else "max"
    if said.isdigit():
        total = min(total, int(said))
    return f"{max(_LEAST, total // 4) // 1024**2}MiB"


MEMORY: Final = share_of_machine()
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
