"""A run of linkage that is killed leaves who is who as it was, and the next run finds it all."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.linkage_desk import LinkageDesk
from tests.linked_country import in_deliveries, linked_country

ROOT = Path(__file__).parents[2]


@pytest.fixture
def desk(dsn: str) -> Iterator[LinkageDesk]:
    desk = LinkageDesk(dsn)
    desk.empty()
    yield desk
    desk.close()


def killed(desk: LinkageDesk, where: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.faults.dying_linkage", desk.dsn, where],
        cwd=ROOT,
        check=False,
        timeout=120,
    )
    assert ended.returncode == -signal.SIGKILL


def half_linked(desk: LinkageDesk) -> None:
    """Half the country is linked, the other half waits."""
    first, rest = in_deliveries(linked_country().entries, 2)
    desk.appear((each.appearance, each.features, list(each.keys)) for each in first)
    desk.link()
    desk.appear((each.appearance, each.features, list(each.keys)) for each in rest)


@pytest.mark.parametrize("where", ["write", "putting"])
def test_wherever_it_is_killed_nothing_is_half_done(desk: LinkageDesk, where: str) -> None:
    half_linked(desk)
    before = desk.persons(), desk.pairs(), desk.count("person_event")
    killed(desk, where)
    assert (desk.persons(), desk.pairs(), desk.count("person_event")) == before
    run = desk.link()
    assert run is not None
    assert run.state == "applied"
    states = [row[0] for row in desk.owner("select state from link_run order by run_no")]
    assert states == ["applied", "failed", "applied"]
    assert desk.persons().keys() == {each.appearance for each in linked_country().entries}


def test_control_a_run_that_counts_by_halves_is_seen(desk: LinkageDesk) -> None:
    half_linked(desk)
    before = desk.persons()
    killed(desk, "torn")
    assert desk.persons() != before
