"""What a household says of its members: the second look at a pair, when the others are known.

Two records list a household each. If somebody else of the one is somebody else of the other, two
doubtful members are likelier one person; if nobody even could be, they are likelier two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from ibr.identity.model import Appearance, Pair, Weighed
from ibr.identity.weights.comparisons import COMPANIONS, COMPARISONS, level_no
from ibr.identity.weights.model import LinkageModel

PLACE: Final = COMPARISONS.index(COMPANIONS)
SOME: Final = level_no(COMPANIONS, "some")
NONE: Final = level_no(COMPANIONS, "none")
UNKNOWN: Final = 0

Who = Callable[[Appearance], object]
Lists = Mapping[int, Sequence[Appearance]]


def lists_of(appearances: Iterable[Appearance]) -> dict[int, list[Appearance]]:
    """The members of each record that lists several."""
    found: dict[int, list[Appearance]] = {}
    for each in appearances:
        found.setdefault(each.record_id, []).append(each)
    return {record: members for record, members in found.items() if len(members) > 1}


def level_of(low: Appearance, high: Appearance, lists: Lists, who: Who) -> int:
    """Whether the others of the two lists share somebody; unknown where one has no others, or
    where one of the two is somebody else of the other's list already."""
    ours, theirs = lists.get(low.record_id), lists.get(high.record_id)
    if ours is None or theirs is None:
        return UNKNOWN
    low_is, high_is = who(low), who(high)
    here = {who(each) for each in ours if each != low}
    there = {who(each) for each in theirs if each != high}
    if low_is in there or high_is in here:
        return UNKNOWN
    return NONE if here.isdisjoint(there) else SOME


def looked_at_again(
    weighed: Sequence[Weighed], lists: Lists, who: Who, model: LinkageModel
) -> list[Weighed]:
    """The same pairs with what their companions add."""
    bits = [level.bits for level in model.weights[PLACE].levels]
    between: dict[tuple[int, int], list[Pair]] = {}
    for each in weighed:
        if each.low.record_id in lists and each.high.record_id in lists:
            records = (each.low.record_id, each.high.record_id)
            between.setdefault(records, []).append((each.low, each.high))
    found = []
    for each in weighed:
        level = level_of(each.low, each.high, lists, who)
        if level == NONE:
            others = between[each.low.record_id, each.high.record_id]
            # A doubtful pair beside this one is no sign that the households differ.
            if any(low != each.low and high != each.high for low, high in others):
                level = UNKNOWN
        found.append(_with(each, level, bits))
    return found


def _with(each: Weighed, level: int, bits: Sequence[float]) -> Weighed:
    before = each.levels[PLACE]
    if level == before:
        return each
    levels = (*each.levels[:PLACE], level, *each.levels[PLACE + 1 :])
    return Weighed(each.low, each.high, each.weight - bits[before] + bits[level], levels)
