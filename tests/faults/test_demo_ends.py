"""The demo is asked to end: the registry that it started, and the database, end with it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from ibr.db.embedded import stop
from ibr.demo.load import credentials_file
from ibr.settings import Settings
from tests.conftest import scratch_folder
from tests.registry_process import free_port, processes_below

RUN = "from ibr.cli.main import app; app()"
# The fault built in: it does not listen, as any program that nobody taught to.
DEAF = "from ibr.cli import demo; demo.take_children_along = lambda: None; " + RUN
PATIENCE = 90


class Demo:
    """`ibr demo run` in a folder of its own, until its registry is ready."""

    def __init__(self, program: str) -> None:
        self.folder = scratch_folder()
        self.port = free_port()
        self.children: list[int] = []
        environment = os.environ | {
            "IBR_DATA_DIR": str(self.folder),
            "IBR_PORT": str(self.port),
        }
        # Made already, as it seems: what is tested is its end.
        made = self.folder / "demo"
        made.mkdir()
        credentials_file(made).write_text("{}")
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, "demo", "run", "--people", "50"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.until(self.is_ready)
        self.children = [pid for pid in processes_below(self.process.pid) if _serves(pid)]

    def until(self, done: Callable[[], bool], patience: float = PATIENCE) -> None:
        deadline = time.monotonic() + patience
        while not done():
            assert time.monotonic() < deadline, "it took too long"
            time.sleep(0.1)

    def is_ready(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            address = f"http://127.0.0.1:{self.port}/health/ready"
            return httpx.get(address, timeout=5, trust_env=False).status_code == 200
        return False

    def alive(self) -> list[int]:
        return [pid for pid in self.children if _serves(pid)]

    def close(self) -> None:
        """Ends by their numbers what it started and left behind."""
        for pid in [*self.alive(), self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        self.until(lambda: not self.alive())
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(30)
        stop(Settings(data_dir=self.folder))
        shutil.rmtree(self.folder, ignore_errors=True)


def _serves(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return False


@pytest.fixture
def demo(request: pytest.FixtureRequest) -> Iterator[Demo]:
    demo = Demo(getattr(request, "param", RUN))
    yield demo
    demo.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_asked_to_end_the_demo_takes_its_registry_along(demo: Demo, number: signal.Signals) -> None:
    assert demo.children
    demo.process.send_signal(number)
    assert demo.process.wait(PATIENCE) == 0
    assert demo.alive() == []
    assert not demo.is_ready()
    assert not (demo.folder / "postgres" / "data" / "postmaster.pid").exists()


@pytest.mark.parametrize("demo", [DEAF], indirect=True)
def test_control_a_demo_that_does_not_listen_leaves_it_running(demo: Demo) -> None:
    assert demo.children
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(PATIENCE) != 0
    assert demo.alive() == demo.children
