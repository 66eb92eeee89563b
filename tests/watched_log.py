"""Watches what the registry logs in every test: never a made-up person, never a canary.

In most tests the registry runs in the test's own process, at the most talkative level. A line that
names somebody fails the very test that made it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import pytest
import structlog

from ibr.log import set_up

# Names and numbers that tests and the made-up people in them use (tests/people.py,
# tests/registry_process.py, tests/canaries.py), and whatever is called a canary.
NOBODY = re.compile(
    r"ZZ-?CANARY|Phumchai|Sudarat|Haddad\b|\bU\d{9}\b|\b10000\d{3}\b|7788\d{4}9911|999550\d{4}77",
    re.IGNORECASE,
)


class Watch:
    """A place for log lines to be written to; remembers those that name somebody."""

    def __init__(self) -> None:
        self.lines = 0
        self.wrong: list[str] = []

    def write(self, text: str) -> None:
        self.lines += bool(text.strip())
        if NOBODY.search(text):
            self.wrong.append(text.strip())
        sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


@pytest.fixture(autouse=True)
def watched_log(request: pytest.FixtureRequest) -> Iterator[Watch]:
    """The log as in service, at its most talkative, and watched."""
    before = structlog.get_config()
    watch = Watch()
    set_up("debug")
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(watch))  # type: ignore[arg-type]  # it writes as a file does
    yield watch
    structlog.configure(**before)
    assert watch.wrong == [], "the log names somebody"
