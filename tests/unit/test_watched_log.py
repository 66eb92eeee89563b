"""The watch over the log that every test has does see what it is there for."""

from __future__ import annotations

import pytest

from ibr.log import logger
from tests.watched_log import Watch


@pytest.mark.parametrize(
    "words", ["ZZ-CANARY-0001-ACC", "zzcanary0001qx", "Haddad", "U000000017", "10000017"]
)
def test_control_a_line_that_names_somebody_is_seen(watched_log: Watch, words: str) -> None:
    logger().info("something happened", reason=words)
    assert len(watched_log.wrong) == 1
    watched_log.wrong.clear()


def test_a_line_about_a_programme_is_not(watched_log: Watch) -> None:
    logger().info("delivery.done", programme="DCI001", count=10_000, seconds=1.25, bytes=48_001)
    assert watched_log.lines == 1
    assert watched_log.wrong == []


def test_what_is_not_listed_is_not_even_written(watched_log: Watch) -> None:
    logger().info("something happened", name="ZZ-CANARY-0001-ACC")
    assert watched_log.wrong == []
