"""A log line carries listed keys only; whatever else is said to it is not written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from ibr.log import set_up


@pytest.fixture(autouse=True)
def as_in_service() -> Iterator[None]:
    """The log as the registry sets it up; afterwards as if nothing had been."""
    before = structlog.get_config()
    set_up("info")
    yield
    structlog.configure(**before)


def line(**entry: Any) -> str:
    """What would be written of this entry."""
    written: Any = entry
    for processor in structlog.get_config()["processors"]:
        written = processor(None, "info", written)
    return str(written)


def test_what_is_not_listed_is_not_written() -> None:
    assert "ZZ-CANARY" not in line(event="something happened", name="ZZ-CANARY")


def test_control_what_is_listed_is_written() -> None:
    assert json.loads(line(event="x", path="/registry/sync/enrolled"))["path"] == (
        "/registry/sync/enrolled"
    )


def test_a_correlation_id_is_written_only_where_it_is_our_own() -> None:
    ours = "0123456789abcdef0123456789abcdef"
    assert ours in line(event="request answered", correlation_id=ours)
    assert "ZZ-CANARY" not in line(event="request answered", correlation_id="ZZ-CANARY-0001")


def test_an_exception_is_written_without_its_text() -> None:
    try:
        raise ValueError("ZZ-CANARY 9451937701")
    except ValueError:
        written = line(event="the registry failed to answer", exc_info=True)
    assert "ZZ-CANARY" not in written
    assert "ValueError in " in written
