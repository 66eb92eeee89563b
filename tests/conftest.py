"""What tests share: one private PostgreSQL for the run, an empty migrated database for each module.

A skip is an error where `IBR_TEST_NO_SKIP` is set, as it is in CI: nothing goes untested unseen.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from ibr.clock import today
from ibr.db.embedded import find_or_start, stop
from ibr.db.migrate import upgrade
from ibr.settings import Settings
from tests.watched_log import watched_log

__all__ = ["watched_log"]

SHARED = Path(__file__).resolve().parents[2] / "shared"
TEMPLATE = "ibr_template"


def scratch_folder() -> Path:
    """A short folder that an unprivileged PostgreSQL can reach even when root runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="ibr-", dir="/tmp"))
    folder.chmod(0o711)
    return folder


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The address of a database server for the tests: one's own by IBR_TEST_DATABASE_URL, else a
    private one that is stopped at the end."""
    own = os.environ.get("IBR_TEST_DATABASE_URL")
    if own:
        yield own
        return
    folder = scratch_folder()
    settings = Settings(data_dir=folder)
    location = find_or_start(settings)
    try:
        yield location.dsn
    finally:
        stop(settings)
        shutil.rmtree(folder, ignore_errors=True)


def database_at(cluster: str, name: str) -> str:
    """The address of another database of the same server."""
    head, _, tail = cluster.partition("?")
    base = head.rsplit("/", 1)[0]
    return f"{base}/{name}" + (f"?{tail}" if tail else "")


async def _on(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def template(cluster: str) -> str:
    """The name of an empty, migrated database that others are copied from."""
    name = f"{TEMPLATE}_{uuid.uuid4().hex[:8]}"
    asyncio.run(_on(cluster, f"create database {name}"))
    asyncio.run(upgrade(database_at(cluster, name), today()))
    return name


@pytest.fixture(scope="module")
def dsn(cluster: str, template: str) -> Iterator[str]:
    """The owner's address of a fresh, migrated database for this module."""
    name = f"ibr_{uuid.uuid4().hex[:12]}"
    asyncio.run(_on(cluster, f"create database {name} template {template}"))
    try:
        yield database_at(cluster, name)
    finally:
        asyncio.run(_on(cluster, f"drop database {name} with (force)"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of the standard's own files; the test is skipped where it is missing."""
    if not SHARED.is_dir():
        pytest.skip(f"the standard's own files are not at {SHARED}")
    return SHARED


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]  # pluggy's result object
    if report.skipped and os.environ.get("IBR_TEST_NO_SKIP") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {report.longrepr}"
