"""Axe on the pages that officers work with (tests/page_visits.py, WORK)."""

from __future__ import annotations

import pytest

from tests.axe_walk import Walk
from tests.page_visits import WORK, Visit


@pytest.mark.parametrize("visit", WORK, ids=str)
def test_axe_finds_nothing(walk: Walk, visit: Visit) -> None:
    assert walk.wrong_with(visit) == []
