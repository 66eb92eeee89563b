"""How much each receiver is given at once: what answers gets more, what fails gets less.

A receiver that fails is tried with one message at a time, and after ten failures in a row it is
left alone for a while, so that it takes nobody else's place (reliability B7).
"""

from __future__ import annotations

from typing import Final

from ibr.outbox.model import Receiver

FAILURES_TO_OPEN: Final = 10
FIRST_REST: Final = 15.0
LONGEST_REST: Final = 300.0
# A receiver that answers well is given so many times its tries at once, to be sent one after the
# other; one commit then serves many messages.
_MOST_AHEAD: Final = 8


class _Standing:
    """One receiver: how it did of late, and how much of its is in hand."""

    __slots__ = ("failures", "in_hand", "rest", "rests_until", "streak")

    def __init__(self) -> None:
        self.failures = 0
        self.streak = 0
        self.in_hand = 0
        self.rest = FIRST_REST
        self.rests_until = 0.0


class Receivers:
    """The receivers of one process. `moment` is a clock that only goes forward, in seconds."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self._known: dict[Receiver, _Standing] = {}

    def _of(self, receiver: Receiver) -> _Standing:
        standing = self._known.get(receiver)
        if standing is None:
            standing = self._known[receiver] = _Standing()
        return standing

    def may_send(self, receiver: Receiver, sending: int) -> bool:
        """Whether one more may be sent while so many are under way."""
        return sending < (1 if self._of(receiver).failures else self.at_once)

    def rests(self, receiver: Receiver, moment: float) -> bool:
        return self._of(receiver).rests_until > moment

    def rooms(self, moment: float) -> dict[Receiver, int]:
        """How many messages of each known receiver may be claimed; others get `at_once`."""
        return {receiver: self._room(each, moment) for receiver, each in self._known.items()}

    def _room(self, standing: _Standing, moment: float) -> int:
        if standing.rests_until > moment:
            return 0
        if standing.failures:
            return max(0, 1 - standing.in_hand)
        most = self.at_once * min(_MOST_AHEAD, 1 + standing.streak // self.at_once)
        # Not for one place alone: a claim costs the same for many.
        return most - standing.in_hand if standing.in_hand <= most // 2 else 0

    def claimed(self, receiver: Receiver) -> None:
        self._of(receiver).in_hand += 1

    def let_go(self, receiver: Receiver) -> None:
        self._of(receiver).in_hand -= 1

    def answered(self, receiver: Receiver) -> None:
        standing = self._of(receiver)
        standing.failures = 0
        standing.streak += 1
        standing.rest = FIRST_REST

    def failed(self, receiver: Receiver, moment: float) -> None:
        standing = self._of(receiver)
        standing.streak = 0
        standing.failures += 1
        if standing.failures >= FAILURES_TO_OPEN:
            standing.rests_until = moment + standing.rest
            standing.rest = min(LONGEST_REST, 2 * standing.rest)
