"""What does not fit into memory goes to disk, and nothing there can be read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

import duckdb
import pytest

from ibr.identity.engines.splink_engine import opened
from ibr.overlaps.snapshot.engine import engine

_NAME = b"Wanjiru-of-the-hills"
_PUT = f"create table many as select '{_NAME.decode()}' || range as name from range(1000000)"
_SORT = "select count(*) from (select name from many order by md5(name) offset 1)"

Open = Callable[[Path], AbstractContextManager[duckdb.DuckDBPyConnection]]


def _linkage(folder: Path) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    return opened("25MB", 2, folder)


def _checks(folder: Path) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    return closing(engine(folder, memory="25MB"))


def _written(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())


@pytest.mark.parametrize("open_in", [_linkage, _checks])
def test_more_than_fits_is_written_and_unreadable(open_in: Open, tmp_path: Path) -> None:
    with open_in(tmp_path) as connection:
        connection.execute(_PUT)
        assert connection.execute(_SORT).fetchall() == [(999_999,)]
        written = _written(tmp_path)
        assert len(written) > 1_000_000
        assert _NAME not in written


def test_without_encryption_the_names_could_be_read(tmp_path: Path) -> None:
    """The control: the search above finds names where they are."""
    config = {"memory_limit": "25MB", "threads": 2, "temp_directory": str(tmp_path)}
    with closing(duckdb.connect(":memory:", config=config)) as connection:
        connection.execute(_PUT)
        connection.execute(_SORT).fetchall()
        assert _NAME in _written(tmp_path)
