"""One throw-away PostgreSQL cluster for all variants, run by the registry's own launcher.

The peer gets the very same server, settings and kind of connection as the registry, so that no
ratio comes from a configuration.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from ibr.db import embedded
from ibr.settings import Settings


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the cluster is and which process holds it."""

    settings: Settings
    dsn: str
    postmaster: int
    version: str

    def url(self, database: str) -> str:
        return urlunsplit(urlsplit(self.dsn)._replace(path=f"/{database}"))


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def private_cluster() -> Iterator[Cluster]:
    """Make a cluster in a temporary folder, start it, and remove it afterwards."""
    home = Path(tempfile.mkdtemp(prefix="ibr-bench-"))
    # As root the server runs as another user, who must be able to enter; its own folder is 0700.
    home.chmod(0o755)
    settings = Settings(data_dir=home / "var")
    try:
        dsn = embedded.find_or_start(settings).dsn
        folder, version = asyncio.run(_about(dsn))
        postmaster = int((folder / "postmaster.pid").read_text().split()[0])
        yield Cluster(settings, dsn, postmaster, version)
    finally:
        embedded.stop(settings)
        shutil.rmtree(home, ignore_errors=True)


async def _about(dsn: str) -> tuple[Path, str]:
    connection = await asyncpg.connect(dsn)
    folder = await connection.fetchval("show data_directory")
    version = await connection.fetchval("show server_version")
    await connection.close()
    return Path(folder), str(version).split()[0]
