"""A process that starts removes what a crash left, and nothing that another process holds."""

from __future__ import annotations

from pathlib import Path

from ibr.protection.spool import SUFFIX, Spool, clear


def test_what_a_crash_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / f"tmpabc{SUFFIX}"
    left.write_bytes(b"noise")
    clear(tmp_path)
    assert not left.exists()


def test_what_another_process_holds_stays_and_can_be_read(tmp_path: Path) -> None:
    spool = Spool(tmp_path, shared=True)
    spool.write(b"a delivery under way")
    clear(tmp_path)
    assert list(Spool.reopen(spool.ticket())) == [b"a delivery under way"]
    spool.close()


def test_what_was_closed_is_gone(tmp_path: Path) -> None:
    spool = Spool(tmp_path, shared=True)
    spool.close()
    assert list(tmp_path.iterdir()) == []
