"""Readiness flips within seconds when what it needs breaks, and comes back (reliability G1)."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from ibr.cli.db import prepare
from ibr.db.backup.shelf import Shelf
from ibr.db.embedded import find_or_start, stop
from ibr.db.pool import Database, open_database
from ibr.operation import callbacks, dependencies, state, subscribers
from ibr.operation.dependencies import Watched
from ibr.operation.health import handlers
from ibr.operation.requests import Draining
from ibr.settings import Settings
from tests.conftest import _on, scratch_folder


class Running(NamedTuple):
    """A registry's health, over an embedded database of its own."""

    settings: Settings
    dsn: str
    client: TestClient[Any]
    draining: Draining

    def ready(self) -> tuple[int, dict[str, str]]:
        begun = time.monotonic()
        answer = self.client.get("/health/ready")
        assert time.monotonic() - begun < 5
        wrong = {k: v for k, v in answer.json()["checks"].items() if v != "ok"}
        return answer.status_code, wrong

    def on(self, statement: str) -> None:
        asyncio.run(_on(self.dsn, statement))


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    folder = scratch_folder()
    settings = Settings(data_dir=folder / "var")
    dsn = find_or_start(settings).dsn
    asyncio.run(prepare(settings, dsn))
    draining = Draining()
    pools: list[Database] = []

    async def begin(app: Litestar) -> None:
        pools.append(await open_database(dsn, "ibr_app", size=2, name="app"))
        pools.append(await open_database(dsn, "ibr_worker", size=1, name="jobs"))
        inner.database, inner.jobs = pools

    class Later:
        """The pools belong to the loop of the application, which begins later."""

        database: Database
        jobs: Database

    inner = Later()
    later = _Delegate(lambda: inner.database)
    watched = Watched(later, _Delegate(lambda: inner.jobs), settings.data_dir, draining)  # type: ignore[arg-type]
    made = Litestar(
        handlers(later, watched, Shelf(folder / "backups")),  # type: ignore[arg-type]
        on_startup=[begin],
        openapi_config=None,
    )
    try:
        with TestClient(made) as client:
            yield Running(settings, dsn, client, draining)
    finally:
        stop(settings)
        shutil.rmtree(folder, ignore_errors=True)


class _Delegate:
    """Stands for a pool that is opened later."""

    def __init__(self, pool: Callable[[], Database]) -> None:
        self._pool = pool

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool(), name)


def test_all_is_well_at_first(running: Running) -> None:
    assert running.ready() == (200, {})
    checks = running.client.get("/health/ready").json()["checks"]
    assert set(checks) >= {"database", "queue", "sealing", "keys", "disk"}


def test_without_the_keyring_it_is_not_ready(running: Running) -> None:
    path = running.settings.data_dir / "keys" / "keyring.json"
    path.rename(path.with_suffix(".away"))
    status, wrong = running.ready()
    path.with_suffix(".away").rename(path)
    assert (status, set(wrong)) == (503, {"keys"})
    # Where the keys are is nobody's business who can reach this address.
    assert str(running.settings.data_dir) not in wrong["keys"]
    assert running.ready() == (200, {})


def test_a_keyring_that_others_may_read_counts_as_none(running: Running) -> None:
    path = running.settings.data_dir / "keys" / "keyring.json"
    path.chmod(0o644)
    assert running.ready()[0] == 503
    path.chmod(0o600)
    assert running.ready() == (200, {})


def test_with_a_full_disk_it_is_not_ready(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(Path("/"))._replace(free=50 * 1024 * 1024)
    monkeypatch.setattr(dependencies.shutil, "disk_usage", lambda _: usage)
    assert running.ready() == (503, {"disk": "only 50 MB are free"})


def test_when_acknowledged_requests_wait_too_long_it_is_not_ready(running: Running) -> None:
    running.on(
        "insert into ibr.job (kind, due_at) values "
        "('answer_request', now() - interval '20 minutes')"
    )
    status, wrong = running.ready()
    running.on("delete from ibr.job where kind = 'answer_request'")
    assert (status, wrong) == (
        503,
        {"queue": "the oldest acknowledged request waits for 20 minutes"},
    )
    assert running.ready() == (200, {})


def test_long_work_that_waits_does_not_stop_answers(running: Running) -> None:
    running.on(
        "insert into ibr.job (kind, due_at) values ('link_changes', now() - interval '5 hours')"
    )
    assert running.ready() == (200, {})
    running.on("delete from ibr.job where kind = 'link_changes'")


def test_while_ending_it_is_not_ready(running: Running) -> None:
    running.draining.begun = True
    assert running.ready() == (503, {"process": "is ending"})
    running.draining.begun = False


def metrics(running: Running) -> str:
    for looked in (state._Looked, callbacks._Counted, subscribers._Looked):
        looked.at = float("-inf")
    return running.client.get("/metrics").text


def test_the_metrics_say_how_far_behind_jobs_are(running: Running) -> None:
    running.on(
        "insert into ibr.job (kind, due_at) values ('link_changes', now() - interval '100 seconds')"
    )
    text = metrics(running)
    running.on("delete from ibr.job where kind = 'link_changes'")
    assert 'ibr_jobs_due{kind="link_changes"} 1.0' in text
    [line] = [each for each in text.splitlines() if 'lag_seconds{kind="link_changes"}' in each]
    assert 100 <= float(line.split()[1]) < 130
    assert 'ibr_database_connections{state="most"} 2.0' in text
    assert "ibr_backup_age_seconds NaN" in text


def test_without_its_database_it_is_not_ready_and_still_tells(running: Running) -> None:
    """Last, because it takes the database away."""
    stop(running.settings)
    status, wrong = running.ready()
    assert status == 503
    assert "cannot reach its database" in wrong["database"]
    assert running.client.get("/health/live").status_code == 200
    assert "ibr_worker_seen_seconds NaN" in metrics(running)
    find_or_start(running.settings)
    assert running.ready() == (200, {})
