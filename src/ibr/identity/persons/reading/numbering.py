"""Which number each person of a record bears, however the record is written next time; pure.

A number stays with the human being: who decided something about appearance 2 decided it about a
person, and another member must never slip into that number. So members are recognised by their
numbers and their features, never by their place in the list.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Final, NamedTuple

from ibr.identity.model import Features, Number

OWN_NUMBER: Final = 0
FLOOR: Final = 4.0
"""Less likeness than this is another person."""


class Known(NamedTuple):
    """Somebody who appears in a record; `tokens` are blind indexes of their own numbers."""

    features: Features
    digest: bytes
    tokens: Set[bytes]
    is_own: bool


class Earlier(NamedTuple):
    """An appearance that has its number; `reported` says whether it still was at last."""

    number: int
    known: Known
    reported: bool


def first(now: Sequence[Known]) -> list[int]:
    """The numbers of those of a record that was never read before."""
    return numbered((), now) if len(now) != 1 or not now[0].is_own else [OWN_NUMBER]


def numbered(earlier: Sequence[Earlier], now: Sequence[Known]) -> list[int]:
    """The number of each who appears now, in their order."""
    numbers: dict[int, int] = {}
    free = {each.number: each for each in earlier}
    _same_features(free, now, numbers)
    if free and len(numbers) < len(now):
        _best_likeness(free, now, numbers)
    # New ones by their digest, so that their place in the list says nothing.
    fresh = sorted(
        (place for place in range(len(now)) if place not in numbers),
        key=lambda place: (not now[place].is_own, now[place].digest, place),
    )
    following = max((each.number for each in earlier), default=OWN_NUMBER) + 1
    for place in fresh:
        if now[place].is_own and not earlier:
            numbers[place] = OWN_NUMBER
        else:
            numbers[place] = following
            following += 1
    return [numbers[place] for place in range(len(now))]


def _same_features(free: dict[int, Earlier], now: Sequence[Known], numbers: dict[int, int]) -> None:
    by_digest: dict[bytes, list[int]] = {}
    for each in sorted(free.values(), key=lambda each: (not each.reported, each.number)):
        by_digest.setdefault(each.known.digest, []).append(each.number)
    for place, known in enumerate(now):
        waiting = by_digest.get(known.digest)
        if waiting:
            numbers[place] = waiting.pop(0)
            del free[numbers[place]]


def _best_likeness(free: dict[int, Earlier], now: Sequence[Known], numbers: dict[int, int]) -> None:
    pairs = []
    for place, known in enumerate(now):
        if place in numbers:
            continue
        for each in free.values():
            score = likeness(each.known, known) + (0.25 if each.reported else 0)
            if score >= FLOOR:
                pairs.append((-score, each.number, known.digest, place))
    for _, number, _, place in sorted(pairs):
        if number in free and place not in numbers:
            numbers[place] = number
            del free[number]


def likeness(one: Known, other: Known) -> float:
    """How likely both are one member of one household, whose surname and phone say nothing."""
    a, b = one.features, other.features
    score = 1.0 if one.is_own and other.is_own else 0.0
    if not a.in_group and not b.in_group and one.is_own and other.is_own:
        # A record of one person is about that person, whatever is corrected in it.
        return 100.0
    if one.tokens & other.tokens:
        score += 5
    score += _ids(a, b)
    score += _names(a, b)
    score += _births(a.birth, b.birth)
    if a.sex and b.sex:
        score += 0.5 if a.sex == b.sex else -3
    return score


def _ids(a: Features, b: Features) -> float:
    score = 0.0
    if a.uin and b.uin and a.uin.token != b.uin.token:
        score -= 1 if _near(a.uin, b.uin) else 4
    mine, others = ({(each.kind, each.token) for each in _all(one)} for one in (a, b))
    return score + (5 if mine & others else 0)


def _all(features: Features) -> tuple[Number, ...]:
    return (features.uin, *features.others) if features.uin else features.others


def _near(one: Number, other: Number) -> bool:
    return bool(set(one.near) & set(other.near))


def _names(a: Features, b: Features) -> float:
    if not a.names or not b.names:
        return 0
    given = set(a.given_skeleton.split()), set(b.given_skeleton.split())
    if given[0] & given[1]:
        return 4
    # The order of the names may have been put right.
    if given[0] & set(b.names) or given[1] & set(a.names):
        return 3
    # A short form is the beginning of the name.
    if a.given[:2] and a.given[:2] == b.given[:2]:
        return 2
    return -2


def _births(one: str, other: str) -> float:
    if not one or not other:
        return 0
    if one == other:
        return 3
    years = abs(int(one[:4]) - int(other[:4]))
    if years == 0:
        return 2
    if one[4:] == other[4:] and years <= 3:
        return 0
    return -1 if years == 1 else -3
