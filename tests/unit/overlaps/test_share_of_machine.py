"""How much memory DuckDB may take follows the machine, and the container where it is smaller."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ibr.overlaps.snapshot.engine import engine, share_of_machine

GIB = 1024**3


@pytest.mark.parametrize(
    ("machine", "container", "share"),
    [
        (64, None, "16384MiB"),
        (64, "max", "16384MiB"),
        (64, str(24 * GIB), "6144MiB"),
        (16, str(64 * GIB), "4096MiB"),
        (4, None, "3072MiB"),
        (64, str(2 * GIB), "3072MiB"),
    ],
)
def test_a_quarter_and_at_least_three_gigabytes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    machine: int,
    container: str | None,
    share: str,
) -> None:
    monkeypatch.setattr(
        os, "sysconf", {"SC_PHYS_PAGES": machine * GIB // 4096, "SC_PAGE_SIZE": 4096}.__getitem__
    )
    bound = tmp_path / "memory.max"
    if container is not None:
        bound.write_text(f"{container}\n", encoding="ascii")
    assert share_of_machine(bound) == share


def test_duckdb_keeps_to_it(tmp_path: Path) -> None:
    connection = engine(tmp_path / "spilt", memory="3072MiB")
    assert connection.execute("select current_setting('memory_limit')").fetchone() == ("3.0 GiB",)
