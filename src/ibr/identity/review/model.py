"""What reviewing works on: a pair's name, a look, an answer, and the reasons for it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final, Literal

import msgspec

from ibr.errors import NotFound
from ibr.identity.model import Appearance, Pair

Answer = Literal["same", "different", "unsure"]
ANSWERS: Final[tuple[Answer, ...]] = ("same", "different", "unsure")

Look = Literal["first", "second", "third", "known", "given", "settled"]
"""What somebody's look at a pair would be: a first opinion; a second one, without knowing the
first; a third, where two do not agree; an answer to a known pair. `given`: theirs is in and
another is awaited. `settled`: nothing is wanted any more."""

WANTED: Final[frozenset[Look]] = frozenset({"first", "second", "third", "known"})

Why = Literal["four_eyes", "sample", "unsure", "differ"]

# Reasons by answer, the most usual first, in the order a form offers them.
REASONS: Final[dict[Answer, tuple[str, ...]]] = {
    "same": ("same_number", "same_details", "same_household", "name_written_otherwise", "moved"),
    "different": (
        "twins",
        "other_family_member",
        "namesake",
        "other_birth",
        "other_number",
        "other_household",
    ),
    "unsure": ("too_little_known", "contradiction", "ask_programme"),
}
EVERY_REASON: Final = frozenset(code for codes in REASONS.values() for code in codes)
LONGEST_NOTE: Final = 500

_PAIR = re.compile(r"([0-9]{1,18})\.([0-9]{1,4})-([0-9]{1,18})\.([0-9]{1,4})", re.ASCII)
_APPEARANCE = re.compile(r"([0-9]{1,18})\.([0-9]{1,5})", re.ASCII)
_NO_SUCH_PAIR: Final = "There is no such possible link, or it is outside your programmes."


def written_pair(pair: Pair) -> str:
    """The pair as an address writes it: `1001.0-2044.3`. It says nothing of the people."""
    (low, low_no), (high, high_no) = pair
    return f"{low}.{low_no}-{high}.{high_no}"


def read_pair(text: str) -> Pair:
    """The pair of an address; NotFound when it is none."""
    found = _PAIR.fullmatch(text)
    if found is None:
        raise no_such_pair()
    low, low_no, high, high_no = map(int, found.groups())
    pair = (Appearance(low, low_no), Appearance(high, high_no))
    if pair[0] >= pair[1] or max(low_no, high_no) > 2**15 - 1:
        raise no_such_pair()
    return pair


def read_appearance(text: str) -> Appearance:
    """The appearance of an address, `1001.0`; NotFound when it is none."""
    found = _APPEARANCE.fullmatch(text)
    if found is None or int(found[2]) > 2**15 - 1:
        raise NotFound("review.record_unknown", "There is no such record among your programmes.")
    return Appearance(int(found[1]), int(found[2]))


def no_such_pair() -> NotFound:
    return NotFound("review.pair_unknown", _NO_SUCH_PAIR)


Reason = Literal["", "weight", "conflict", "too_large", "differ"]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What part of the queue somebody looks at."""

    programme: int | None = None
    same_programme: bool = False
    reason: Reason = ""
    older_than: datetime | None = None


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A pair in the queue, without anybody's name."""

    pair: Pair
    programmes: tuple[int, int]
    weight: float
    why: str
    money_minor: int
    first_at: datetime
    looked_at_by: str | None
    """The name of a colleague who looks at it just now."""

    @property
    def name(self) -> str:
        return written_pair(self.pair)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A pair as it stands in the tables, with what was asked about it so far."""

    pair: Pair
    programmes: tuple[int, int]
    weight: float
    state: str
    why: str
    money_minor: int
    first_at: datetime
    model_no: int | None
    levels: tuple[int, ...]
    second: Why | None
    second_decision: int | None
    not_by: tuple[int, ...]
    truth: Literal["same", "different"] | None
    known_weight: float | None
    answered: bool
    """Whether this officer has answered it as a known pair."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that was taken about a pair, with the name of who took it."""

    decision_no: int
    decision: str
    opinion: int
    reason_code: str
    decided_by: int
    decided_at: datetime
    four_eyes: bool
    officer: str = ""
    note: str = ""


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """One of the officer's own latest answers, which they may take back."""

    pair: Pair
    decision: str
    reason_code: str
    at: datetime

    @property
    def name(self) -> str:
        return written_pair(self.pair)
