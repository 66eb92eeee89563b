"""The migrations on every PostgreSQL there is here: the system's and the Python package's."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from ibr.clock import today
from ibr.db.embedded import find_or_start, stop
from ibr.db.migrate import newest, upgrade
from ibr.db.programs import find_programs
from ibr.settings import Settings
from tests.conftest import scratch_folder


def folders() -> list[Path]:
    """One folder of programs for each major version found."""
    found = {}
    for major in range(15, 20):
        try:
            found[major] = find_programs(major).folder
        except Exception:
            continue
    return list(found.values())


@pytest.mark.parametrize("programs", folders(), ids=str)
def test_every_migration_runs(programs: Path) -> None:
    folder = scratch_folder()
    settings = Settings(data_dir=folder)
    try:
        location = find_or_start(settings, programs=programs)
        assert asyncio.run(upgrade(location.dsn, today())).current == newest()
    finally:
        stop(settings)
        shutil.rmtree(folder, ignore_errors=True)


def test_there_are_two_of_them() -> None:
    assert len(folders()) >= 2
