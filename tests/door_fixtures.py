"""The fixture that most tests of the message layer begin with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from ibr.registry.programmes.model import Programme
from tests.conftest import scratch_folder
from tests.door import Door

PROGRAMMES = (
    Programme(code="DCI001", names={"en": "Disability cash transfer"}, currency="USD"),
    Programme(code="DCI002", names={"en": "School meals"}, currency="USD", suspended_counts=True),
    Programme(code="DCI003", names={"en": "Old-age pension"}, currency="USD"),
)


@pytest.fixture(scope="module")
def door(dsn: str) -> Iterator[Door]:
    """The standard's door over a database with three programmes."""
    folder = scratch_folder()
    door = Door(dsn, folder, PROGRAMMES)
    try:
        yield door
    finally:
        door.close()
        shutil.rmtree(folder, ignore_errors=True)
