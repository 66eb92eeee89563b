"""Counts on their way to whoever may not see small ones: fewer than five are shown as "<5".

Where one count of a column is hidden, its total would give it away; so the next smallest is hidden
with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec

SMALL: Final = 5
Row = TypeVar("Row", bound=msgspec.Struct)


class Small:
    """Stands for a count that is not shown."""

    def __repr__(self) -> str:
        return "<5"


HIDDEN: Final = Small()
Count = int | Small


def hide(counts: Sequence[int]) -> list[Count]:
    """A column of counts that add up to something that is shown elsewhere."""
    hidden = {place for place, count in enumerate(counts) if 0 < count < SMALL}
    if len(hidden) == 1:
        others = [(count, place) for place, count in enumerate(counts) if count >= SMALL]
        hidden |= {place for _, place in sorted(others)[:1]}
    return [HIDDEN if place in hidden else count for place, count in enumerate(counts)]


def share(part: Count, whole: Count) -> float | None:
    """A share, where both counts are shown and there is something to share."""
    if isinstance(part, Small) or isinstance(whole, Small) or not whole:
        return None
    return part / whole
