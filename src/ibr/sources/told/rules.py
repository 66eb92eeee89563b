"""Which news counts: the newest by the source's own time, whatever order it arrived in.

What is kept is a set: the same news twice is one element of it. What counts is a function of that
set alone, so neither order nor repetition of messages can change it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from ibr.sources.told.model import Known, Told

# A clock may be a little fast. News from further ahead would block all that follows it.
FUTURE = timedelta(minutes=15)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


def as_of(said: datetime | None, item: datetime | None, received: datetime) -> datetime | None:
    """The source's own time of some news: when the record last changed, else the item's time.

    A time that lies ahead, or before there were such registries, is no time; None where none is
    left.
    """
    for each in (said, item):
        if each is not None and EARLIEST <= each <= received + FUTURE:
            return each
    return None


def _newest_first(told: Told) -> tuple[datetime, bytes]:
    # Two values of the same moment: the source contradicts itself, and somebody has to be right.
    # The digest decides, as arbitrary as a coin and the same every time it is asked.
    return (told.as_of, told.value_index)


def known(told: Iterable[Told]) -> dict[tuple[int, str], Known]:
    """What counts for each source and attribute, with the earlier news behind it."""
    found: dict[tuple[int, str], list[Told]] = {}
    for each in told:
        found.setdefault((each.source_id, each.attribute), []).append(each)
    counted = {}
    for key, several in found.items():
        several.sort(key=_newest_first, reverse=True)
        counted[key] = Known(now=several[0], before=several[1:])
    return counted
