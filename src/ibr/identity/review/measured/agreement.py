"""How far reviewers agree with each other and with what is known: pure figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

_FIRST_BAND: Final = -4
_LAST_BAND: Final = 10


class Agreement(msgspec.Struct, frozen=True):
    """Pairs that two people looked at, neither knowing the other's answer."""

    pairs: int
    agreed: int
    kappa: float | None

    @property
    def share(self) -> float | None:
        return self.agreed / self.pairs if self.pairs else None


class Band(msgspec.Struct, frozen=True):
    """Decided pairs of one band of weights; open at its end where `low` or `high` is None."""

    low: int | None
    high: int | None
    decided: int
    same: int

    @property
    def share(self) -> float:
        return self.same / self.decided


def agreement(counts: Iterable[tuple[str, str, int]]) -> Agreement:
    """Cohen's kappa of first and second opinions: how much more they agree than chance would.

    None where it has no meaning: no pairs, or everybody always gave the same answer.
    """
    rows = list(counts)
    pairs = sum(many for _, _, many in rows)
    agreed = sum(many for first, second, many in rows if first == second)
    if not pairs:
        return Agreement(0, 0, None)
    answers = {each for row in rows for each in row[:2]}
    by_chance = sum(
        sum(many for first, _, many in rows if first == answer)
        * sum(many for _, second, many in rows if second == answer)
        for answer in answers
    ) / (pairs * pairs)
    if math.isclose(by_chance, 1.0):
        return Agreement(pairs, agreed, None)
    return Agreement(pairs, agreed, (agreed / pairs - by_chance) / (1 - by_chance))


def bands(decided: Sequence[tuple[int, str, int]]) -> list[Band]:
    """The share decided `same` by whole bits of weight, from (bits, answer, how many)."""
    found = []
    for number in range(_FIRST_BAND, _LAST_BAND + 1):
        inside = [each for each in decided if _band(each[0]) == number]
        many = sum(each[2] for each in inside)
        if many:
            found.append(
                Band(
                    None if number == _FIRST_BAND else number,
                    None if number == _LAST_BAND else number + 1,
                    many,
                    sum(each[2] for each in inside if each[1] == "same"),
                )
            )
    return found


def _band(bits: int) -> int:
    return min(max(bits, _FIRST_BAND), _LAST_BAND)
