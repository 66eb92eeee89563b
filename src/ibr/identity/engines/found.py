"""What goes into an engine and what comes out, whichever engine it is."""

from __future__ import annotations

from typing import NamedTuple

from ibr.identity.model import Appearance, Features, Number, Weighed

Keyed = tuple[Appearance, Features, list[int]]
"""An appearance with what is compared of it and its blocking keys."""


class Found(NamedTuple):
    """What weighing brought."""

    weighed: list[Weighed]
    """Pairs of at least the weight asked for, sorted by their appearances."""
    compared: int
    """Pairs that shared a key."""
    keys_dropped: int
    """Keys that too many shared to be followed."""
    everybody: list[Appearance] = []
    """Who was looked at, sorted."""
    numbers: dict[Appearance, Number] = {}
    """The foundational numbers of those in a pair who bear one."""


def in_order(each: Weighed) -> tuple[Appearance, Appearance]:
    """By this pairs are sorted."""
    return each.low, each.high
