"""The ground that every run of these tests begins with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulation.ground import Ground, laid


@pytest.fixture(scope="module")
def ground(cluster: str, template: str) -> Iterator[Ground]:
    with laid(cluster, template) as made:
        yield made
