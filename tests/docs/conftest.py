"""A registry for the tutorials to run against, and the documentation as text."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from ibr.db.embedded import stop
from ibr.settings import Settings
from tests.conftest import scratch_folder

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


@dataclass(frozen=True)
class Reader:
    """Somebody who follows a tutorial: a folder, a shell's environment, a registry's address."""

    folder: Path
    environment: dict[str, str]
    address: str

    def run(self, commands: str) -> str:
        """What the commands print; a failed one fails the test."""
        own = commands.replace("http://127.0.0.1:8080", self.address)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", own],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{own}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{address}/health/ready", timeout=2, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError("the registry did not become ready")


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """A reader in a folder that looks like the project's, and a fresh registry that runs."""
    data = scratch_folder()
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    bare = {name: value for name, value in os.environ.items() if not name.startswith("IBR_")}
    environment = bare | {
        "IBR_DATA_DIR": str(data),
        "IBR_PORT": str(port),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "NO_PROXY": "127.0.0.1",
    }
    folder = data / "reader"
    folder.mkdir()
    (folder / "examples").symlink_to(ROOT / "examples")
    process = subprocess.Popen(
        [sys.executable, "-m", "ibr", "serve"], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        _wait_until_ready(address, process)
        yield Reader(folder, environment, address)
    finally:
        process.terminate()
        process.wait(60)
        stop(Settings(data_dir=data))
        shutil.rmtree(data, ignore_errors=True)
