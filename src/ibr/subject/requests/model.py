"""A request of a person about their own data, as each side sees it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final, Literal

import msgspec

Kind = Literal["correction", "objection"]
Answer = Literal["accepted", "refused"]
View = Literal["open", "late", "awaited", "answered"]

VIEWS: Final[tuple[View, ...]] = ("open", "late", "awaited", "answered")
"""Open, open beyond its day, accepted and not yet carried by a delivery, refused or done."""
OBJECTIONS: Final = ("processing", "not_mine")
"""To the programme's use of the data, or to the record being taken for the person's own."""
REASONS: Final[dict[Answer, tuple[str, ...]]] = {
    "accepted": ("will_be_corrected", "will_stop", "not_theirs"),
    "refused": ("correct_as_it_is", "proof_missing", "law_requires"),
}
"""Why it was answered so, by code."""
TO_ANSWER: Final = timedelta(days=30)
LONGEST_WISH: Final = 120
A_PAGE: Final = 50


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a visitor asks: about which of their records, which field or objection, and for a
    correction what is right."""

    record_id: int
    kind: str
    about: str
    value: str = ""


class PersonRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request and where it stands; nothing of the person is in it. `by_self` where the person
    asked by their own sign-in, and not at a help desk."""

    request_no: int
    programme_id: int
    programme: str
    record_id: int
    kind: Kind
    about: str
    opened_at: datetime
    due_at: datetime
    answer: Answer | None
    reason_code: str | None
    answered_at: datetime | None
    answered_kind: str | None
    done_at: datetime | None
    done_how: str | None
    by_self: bool

    def late(self, at: datetime) -> bool:
        return self.answer is None and self.due_at < at

    def state(self, at: datetime) -> str:
        """`open`, `late`, `awaited`, `refused` or `done`."""
        if self.answer is None:
            return "late" if self.late(at) else "open"
        if self.answer == "refused":
            return "refused"
        return "done" if self.done_at is not None else "awaited"


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A page of requests, with how many there are in each view."""

    requests: list[PersonRequest]
    counts: dict[View, int]
    page: int
    pages: int
    total: int


class Whose(msgspec.Struct, frozen=True, kw_only=True):
    """Of whom a request is and what it asks for, for those who answer it; the number is the one
    that the programme itself reported."""

    name: str
    birth_date: date | None
    birth_precision: int
    numbers: list[tuple[str, str]]
    stands: str
    wished: str


class OneRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request; `whose` is None for those who only watch, and where the record is hidden to
    protect somebody or is no longer there."""

    request: PersonRequest
    whose: Whose | None
    may_answer: bool
