"""Who may look at a pair how, and what is wanted after an answer: pure rules."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from ibr.errors import NotUnderstood
from ibr.identity.model import Pair
from ibr.identity.review.model import (
    ANSWERS,
    LONGEST_NOTE,
    REASONS,
    Answer,
    Given,
    Look,
    Row,
    Why,
    written_pair,
)

LEASE: Final = timedelta(minutes=10)
SET_ASIDE: Final = timedelta(hours=20)
"""A pair that was passed over comes back the next day."""
SECOND_SHARE: Final = 5
"""Of a hundred decided pairs, so many are looked at by somebody else too."""
KNOWN_EVERY: Final = 20
"""Of so many pairs that an officer is offered, one is known, on the whole."""


def look_of(row: Row, officer: int) -> Look:
    """What this officer's answer about the pair would be."""
    if row.truth is not None:
        return "settled" if row.answered else "known"
    if row.state == "gone":
        return "settled"
    if row.second is not None:
        if officer in row.not_by:
            return "given"
        return "third" if row.second == "differ" else "second"
    # What was linked without a person may still be parted by one.
    return "settled" if row.state == "decided" else "first"


def is_sampled(pair: Pair) -> bool:
    """Whether a decision about the pair is checked by a second opinion.

    It hangs on the pair alone, so nobody can decide until a pair falls out of the sample.
    """
    digest = hashlib.blake2b(written_pair(pair).encode(), digest_size=8, person=b"review").digest()
    return int.from_bytes(digest, "big") % 100 < SECOND_SHARE


def second_wanted(pair: Pair, answer: Answer, *, four_eyes: bool) -> Why | None:
    """Why somebody else must look too, after a first opinion.

    Four eyes are asked for whatever the first answer was: were they asked for after `same` alone,
    whoever gives the second opinion would know the first.
    """
    if four_eyes:
        return "four_eyes"
    if answer == "unsure":
        return "unsure"
    return "sample" if is_sampled(pair) else None


def agreed(first: str, second: str) -> bool:
    """Whether two opinions settle a pair: the same, and neither unsure."""
    return first == second and first != "unsure"


def standing(given: Sequence[Given]) -> tuple[Given | None, Given | None]:
    """The first and the second opinion that stand now, in the order they were given in.

    A second opinion stands beside the first one that it was asked about and beside no later one.
    """
    first = next((each for each in reversed(given) if each.opinion == 1), None)
    if first is None or first.decision == "withdrawn":
        return None, None
    later = [each for each in given if each.opinion == 2 and each.decision_no > first.decision_no]
    second = later[-1] if later and later[-1].decision != "withdrawn" else None
    return first, second


def known_is_due(since_known: int, known: int) -> bool:
    """Whether the next pair is a known one, so many answers after the last of so many.

    Never the same number of answers lies between two of them: nobody shall count.
    """
    drawn = hashlib.blake2b(known.to_bytes(8, "big"), digest_size=2, person=b"known").digest()
    apart = KNOWN_EVERY // 2 + int.from_bytes(drawn, "big") % KNOWN_EVERY
    return since_known >= apart


def checked(decision: str, reason_code: str, note: str) -> Answer:
    """The answer, where it and its reason are in the catalogue and the note is short enough;
    NotUnderstood with its field."""
    answer = next((each for each in ANSWERS if each == decision), None)
    if answer is None:
        raise NotUnderstood(
            "review.answer", "Choose same, different or not sure.", field="decision"
        )
    if reason_code not in REASONS[answer]:
        raise NotUnderstood(
            "review.reason", "Choose a reason that fits your answer.", field="reason"
        )
    if len(note) > LONGEST_NOTE:
        raise NotUnderstood(
            "review.note", f"Write at most {LONGEST_NOTE} characters.", field="note"
        )
    return answer


def doubt(weight: float, middle: float) -> float:
    """How far a pair is from the most doubtful weight; the less, the more doubtful."""
    return abs(weight - middle)
