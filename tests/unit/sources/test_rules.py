"""Which news counts, and which item an answer is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from ibr.sources.asked.model import item_no, reference_id
from ibr.sources.told.model import Told
from ibr.sources.told.rules import as_of, known

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def a_day(number: int) -> datetime:
    return datetime(2026, 3, number, tzinfo=UTC)


def said(value: str, day: int, digest: bytes = b"a", *, source: int = 1) -> Told:
    return Told(
        source_id=source,
        attribute="poverty_score",
        value=value,
        value_index=digest,
        as_of=a_day(day),
        known_at=NOW,
    )


def test_the_newest_counts_in_every_order() -> None:
    news = [said("5", 5), said("2", 2), said("9", 9), said("7", 7)]
    for order in permutations(news):
        found = known(order)[1, "poverty_score"]
        assert found.now.value == "9"
        assert [each.value for each in found.before] == ["7", "5", "2"]


def test_two_values_of_one_moment_are_decided_alike_in_every_order() -> None:
    news = [said("low", 5, b"\x01"), said("high", 5, b"\x02"), said("old", 1, b"\xff")]
    assert {known(order)[1, "poverty_score"].now.value for order in permutations(news)} == {"high"}


def test_each_source_speaks_for_itself() -> None:
    found = known([said("1", 5), said("2", 3, source=2)])
    assert {key: each.now.value for key, each in found.items()} == {
        (1, "poverty_score"): "1",
        (2, "poverty_score"): "2",
    }


@pytest.mark.parametrize(
    ("record", "item", "expected"),
    [
        (a_day(1), a_day(2), a_day(1)),
        (None, a_day(2), a_day(2)),
        (NOW + timedelta(minutes=10), a_day(2), NOW + timedelta(minutes=10)),
        (NOW + timedelta(days=1), a_day(2), a_day(2)),
        (datetime(1970, 1, 1, tzinfo=UTC), a_day(2), a_day(2)),
        (NOW + timedelta(days=1), NOW + timedelta(days=1), None),
        (None, None, None),
    ],
)
def test_the_time_of_news(
    record: datetime | None, item: datetime | None, expected: datetime | None
) -> None:
    assert as_of(record, item, NOW) == expected


def test_an_item_is_found_under_its_own_reference_and_no_other() -> None:
    assert item_no("abc", reference_id("abc", 12)) == 12
    for other in ("abc", "abc-", "abc-x", "abd-12", "abc-12-1", "abc-012", "abc-1234567", 12, None):
        assert item_no("abc", other) is None
    assert item_no("abc", "abc-²") is None
