"""The server's process behind a merge is asked to wait, and no other process ever is."""

from __future__ import annotations

import os

import pytest

from ibr.db import priority
from ibr.db.priority import let_it_wait

SOCKET = "postgresql://ibr_owner@/ibr?host=/var/run/postgresql"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes whose priority would have been changed."""
    pids: list[int] = []
    monkeypatch.setattr(priority.os, "setpriority", lambda _which, pid, _value: pids.append(pid))
    return pids


def test_a_process_that_is_not_the_servers_is_left_alone(asked: list[int]) -> None:
    let_it_wait(os.getpid(), SOCKET)
    assert asked == []


def test_a_server_on_another_machine_is_left_alone(asked: list[int]) -> None:
    let_it_wait(1, "postgresql://ibr@database.example/ibr")
    assert asked == []


def test_a_process_that_is_gone_is_no_failure(asked: list[int]) -> None:
    let_it_wait(2**22 - 1, SOCKET)
    assert asked == []


def test_the_servers_process_waits(asked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    title = b"postgres: ibr_owner ibr [local] idle"
    monkeypatch.setattr(priority.Path, "read_bytes", lambda _path: title)
    let_it_wait(77, SOCKET)
    assert asked == [77]
