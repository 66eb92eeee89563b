"""The worker never outlives the registry that started it, and ends in order when told to."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.registry_process import RegistryProcess


@pytest.fixture
def registry() -> Iterator[RegistryProcess]:
    running = RegistryProcess()
    try:
        yield running
    finally:
        running.stop()


def _worker(registry: RegistryProcess, patience: float = 30) -> int:
    """The worker's process, once it has given its first sign of life."""
    deadline = time.monotonic() + patience
    while not (signs := registry.rows("select worker from ibr.worker_sign order by seen_at desc")):
        assert time.monotonic() < deadline, registry.log()
        time.sleep(0.1)
    return int(signs[0]["worker"].rsplit(":", 1)[1])


def _gone(pid: int, patience: float = 15) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_the_worker_ends_when_the_registry_is_killed(registry: RegistryProcess) -> None:
    registry.start()
    worker = _worker(registry)
    assert registry.process is not None
    registry.process.kill()
    registry.process.wait()
    try:
        assert _gone(worker)
        assert registry.rows("select 1 from ibr.worker_sign") == []
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)


def test_a_worker_of_its_own_ends_with_0_when_told_to(registry: RegistryProcess) -> None:
    process = registry.launch("--role", "worker")
    _worker(registry)
    process.terminate()
    assert process.wait(25) == 0
    assert registry.rows("select 1 from ibr.worker_sign") == []
