"""When a message is tried again, and when it is given up (reliability B3, behaviour.md 37)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from ibr.outbox.model import InHand, Settled, Try

# Between the first try and the second, and so on: three days in all.
WAITS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (2, 10, 30, 60, 300, 1_800, 7_200, 21_600, 43_200, 86_400, 86_400)
)
MOST_TRIES: Final = len(WAITS) + 1
# Tries that did not end because their process was killed are not the receiver's fault and do not
# count; but a message must not kill one process after the other for ever.
MOST_DEATHS: Final = 50
LONGEST_WISH: Final = timedelta(hours=1)
# Each wait is up to a fifth shorter or longer by chance, so that messages that failed together
# do not come back together.
_JITTER: Final = 0.2


def wait_after(tries: int, chance: Callable[[], float]) -> timedelta:
    """How long to wait after so many tries; `chance` is from 0 to 1."""
    return WAITS[tries - 1] * (1 - _JITTER + 2 * _JITTER * chance())


def settled(message: InHand, tried: Try, chance: Callable[[], float]) -> Settled:
    """What is written down of a message after this try."""
    if tried.delivered:
        return Settled(message=message, state="delivered", outcome=tried.outcome)
    if tried.withdrawn:
        return Settled(message=message, state="withdrawn", outcome=tried.outcome)
    if not tried.made:
        return Settled(
            message=message,
            state="waiting",
            outcome=tried.outcome or None,
            wait=tried.after,
            counts=False,
        )
    if not tried.again or message.attempts >= MOST_TRIES:
        return Settled(message=message, state="dead", outcome=tried.outcome)
    wait = max(wait_after(message.attempts, chance), min(tried.after, LONGEST_WISH))
    return Settled(message=message, state="waiting", outcome=tried.outcome, wait=wait)
