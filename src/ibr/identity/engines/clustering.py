"""Who is who: from weighed pairs and people's decisions to clusters, each of them one person.

Decisions come first, the newest before the older. Then pairs are taken by falling weight, and
joined unless something forbids it; then once more, where asked, with what households say.
Neither the order of the input nor its division into deliveries changes what comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ibr.identity.engines.companions import lists_of, looked_at_again
from ibr.identity.model import Appearance, Clusters, Decided, Number, Pair, Weighed
from ibr.identity.weights.model import LinkageModel

CONFLICT: Final = "conflict"
TOO_LARGE: Final = "too_large"
_DECIDED: Final = "decided"
"""Inside only: a person has parted the two, so they are not shown again."""
_DIGITS: Final = 6
"""Two engines may add the same bits in another order; further digits decide nothing."""

Numbers = Mapping[Appearance, Number | None]


def cluster(
    appearances: Numbers,
    weighed: Iterable[Weighed],
    decided: Iterable[Decided],
    model: LinkageModel,
    *,
    households: bool = False,
) -> Clusters:
    """The clusters of all `appearances`, which stand with their foundational numbers.

    Pairs and decisions about anybody who is not among them are left out. With `households` the
    other members of a list are asked too; then `appearances` must be closed: with anybody, all of
    the record, and all whom they could be joined to.
    """
    known = [each for each in weighed if each.low in appearances and each.high in appearances]
    heard = [each for each in decided if each.low in appearances and each.high in appearances]
    found = _Round(appearances, known, heard, model)
    found.run(model.link)
    if households:
        known = looked_at_again(known, lists_of(appearances), found.groups.of, model)
        found = _Round(appearances, known, heard, model)
        found.run(model.link)
    return Clusters(
        _in_full(appearances, found.groups),
        tuple(sorted(found.linked, key=_by_pair)),
        tuple(sorted(found.opened(model), key=lambda each: _by_pair(each[0]))),
    )


def _by_pair(each: Weighed) -> Pair:
    return each.low, each.high


def _in_full(appearances: Numbers, groups: _Groups) -> tuple[tuple[Appearance, ...], ...]:
    """Every cluster sorted, those of one appearance too, by their first appearance."""
    found: list[tuple[Appearance, ...]] = []
    for each in sorted(appearances):
        members = groups.members_of(each)
        if members is None:
            found.append((each,))
        elif members[0] == each:
            found.append(tuple(members))
    return tuple(found)


class _Round:
    """One pass over the pairs, after the decisions."""

    def __init__(
        self,
        appearances: Numbers,
        weighed: Sequence[Weighed],
        decided: Sequence[Decided],
        model: LinkageModel,
    ) -> None:
        self.groups = _Groups(appearances, model.most_in_cluster)
        self.linked: list[Weighed] = []
        self._refused: list[tuple[Weighed, str]] = []
        self._left: list[Weighed] = []
        self._settled = self._decide(decided)
        self._pairs = sorted(
            weighed, key=lambda each: (-round(each.weight, _DIGITS), each.low, each.high)
        )

    def run(self, link: float) -> None:
        """Joins whom nothing keeps apart."""
        for place, pair in enumerate(self._pairs):
            if round(pair.weight, _DIGITS) < link:
                self._left = self._pairs[place:]
                return
            why = self.groups.join(pair.low, pair.high)
            if why:
                self._refused.append((pair, why))
            else:
                self.linked.append(pair)

    def opened(self, model: LinkageModel) -> list[tuple[Weighed, str]]:
        """What a person should look at: heavy and still not joined, or between the thresholds."""
        found = [(pair, why) for pair, why in self._refused if why != _DECIDED]
        for pair in self._left:
            if round(pair.weight, _DIGITS) < model.review:
                break
            why = self.groups.why_not(pair.low, pair.high)
            # Members of one household are two people, and whom a person parted stays parted.
            if why not in (None, _DECIDED) and not self.groups.share_record(pair.low, pair.high):
                found.append((pair, why or ""))
        return [each for each in found if _by_pair(each[0]) not in self._settled]

    def _decide(self, decided: Iterable[Decided]) -> set[Pair]:
        """Puts decisions in force, the newest first, and returns the pairs that they settle.

        Where an older one contradicts newer ones it is not followed, and its pair stays open.
        """
        seen: set[Pair] = set()
        settled: set[Pair] = set()
        newest = sorted(decided, key=lambda each: (each.decided_at, each.decision_no), reverse=True)
        for each in newest:
            pair = (each.low, each.high)
            if pair in seen:
                continue
            seen.add(pair)
            follow = self.groups.part if each.verdict == "different" else self.groups.force
            if follow(each.low, each.high):
                settled.add(pair)
        return settled


class _Groups:
    """Disjoint sets of appearances; whoever was never joined to anybody is not kept."""

    def __init__(self, numbers: Numbers, most: int) -> None:
        self._numbers = numbers
        self._most = most
        self._group: dict[Appearance, list[Appearance]] = {}
        self._parted: dict[Appearance, set[Appearance]] = {}

    def of(self, each: Appearance) -> Appearance:
        """The appearance that stands for the set of this one."""
        group = self._group.get(each)
        return each if group is None else group[0]

    def members_of(self, each: Appearance) -> list[Appearance] | None:
        """The set of an appearance, sorted; None where it is alone."""
        group = self._group.get(each)
        if group is not None:
            group.sort()
        return group

    def share_record(self, low: Appearance, high: Appearance) -> bool:
        """Whether joining the two would make one person of two members of a record."""
        ours = {each.record_id for each in self._all(low)}
        return any(each.record_id in ours for each in self._all(high))

    def join(self, low: Appearance, high: Appearance) -> str:
        """Joins two sets and returns nothing, or says why it does not."""
        why = self.why_not(low, high)
        if why is None:
            return ""
        if not why:
            self._unite(low, high)
        return why

    def why_not(self, low: Appearance, high: Appearance) -> str | None:
        """What forbids joining two, nothing where they may be joined; None where they are one."""
        ours, theirs = self._all(low), self._all(high)
        if ours is theirs:
            return None
        if self._are_parted(ours, theirs):
            return _DECIDED
        if self.share_record(low, high) or not self._numbers_agree(ours, theirs):
            return CONFLICT
        return TOO_LARGE if len(ours) + len(theirs) > self._most else ""

    def force(self, low: Appearance, high: Appearance) -> bool:
        """Joins two because a person said so; only a newer decision of a person forbids it."""
        ours, theirs = self._all(low), self._all(high)
        if ours is not theirs:
            if self._are_parted(ours, theirs):
                return False
            self._unite(low, high)
        return True

    def part(self, low: Appearance, high: Appearance) -> bool:
        """Keeps two apart because a person said so, unless newer decisions have made them one."""
        if self._all(low) is self._all(high):
            return False
        self._parted.setdefault(low, set()).add(high)
        self._parted.setdefault(high, set()).add(low)
        return True

    def _all(self, each: Appearance) -> list[Appearance]:
        group = self._group.get(each)
        if group is None:
            group = self._group[each] = [each]
        return group

    def _are_parted(self, ours: list[Appearance], theirs: list[Appearance]) -> bool:
        if not self._parted:
            return False
        return any(not self._parted.get(each, frozenset()).isdisjoint(theirs) for each in ours)

    def _numbers_agree(self, ours: list[Appearance], theirs: list[Appearance]) -> bool:
        """Whether every two foundational numbers are the same or one slip apart."""
        mine = [number for each in ours if (number := self._numbers[each]) is not None]
        if not mine:
            return True
        others = [number for each in theirs if (number := self._numbers[each]) is not None]
        return all(
            one.token == other.token or not set(one.near).isdisjoint(other.near)
            for one in mine
            for other in others
        )

    def _unite(self, low: Appearance, high: Appearance) -> None:
        ours, theirs = self._all(low), self._all(high)
        if len(ours) < len(theirs):
            ours, theirs = theirs, ours
        ours += theirs
        for each in theirs:
            self._group[each] = ours
