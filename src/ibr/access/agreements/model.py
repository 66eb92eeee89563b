"""An agreement with its clauses, and the words for both."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal

import msgspec

Act = Literal["report", "enrolled", "search", "possible_duplicates", "changes", "cases", "figures"]
ACTS: Final[tuple[Act, ...]] = (
    "report",
    "enrolled",
    "search",
    "possible_duplicates",
    "changes",
    "cases",
    "figures",
)
# What comes back of a record; which members of the standard's record each is stands in
# registry/search/within.py.
ATTRIBUTES: Final = (
    "name",
    "identifiers",
    "sex",
    "birth_date",
    "contact",
    "address",
    "family",
    "disability",
    "household",
    "enrolment",
    "benefits",
    "other",
)
UNKEPT: Final = "entered before agreements were kept"

State = Literal["in_force", "to_come", "over", "ended"]


class Clause(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence of an agreement. `programmes` None is all of them, `attributes` None the whole
    record, `purposes` None any purpose that is named."""

    clause_no: int
    acts: tuple[str, ...]
    programmes: tuple[int, ...] | None = None
    attributes: tuple[str, ...] | None = None
    purposes: tuple[str, ...] | None = None


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement with a partner."""

    agreement_no: int
    partner_id: int
    legal_basis: str
    legal_reference: str | None
    legal_link: str | None
    signed_by: str | None
    signed_on: date | None
    document_digest: bytes | None
    valid_from: date
    valid_to: date | None
    takes_place_of: int | None
    entered_by: str
    entered_at: datetime
    ended_from: date | None
    ended_by: str | None
    ended_at: datetime | None
    ended_why: str | None
    clauses: tuple[Clause, ...] = ()

    def state(self, today: date) -> State:
        """Where it stands on a day; only what is in force lets anything through."""
        if self.ended_from is not None and self.ended_from <= today:
            return "ended"
        if self.valid_to is not None and self.valid_to < today:
            return "over"
        return "to_come" if self.valid_from > today else "in_force"

    @property
    def last_day(self) -> date | None:
        """The last day on which it counts, as far as is known."""
        if self.ended_from is None:
            return self.valid_to
        before = date.fromordinal(self.ended_from.toordinal() - 1)
        return before if self.valid_to is None else min(before, self.valid_to)

    @property
    def wants_mending(self) -> bool:
        """Whether it says less than an agreement must: a law, and a purpose for each question."""
        asks = [each for each in self.clauses if set(each.acts) - {"report", "figures"}]
        return self.legal_basis == UNKEPT or any(each.purposes is None for each in asks)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement as somebody enters it; programmes by number, no clause without an act."""

    partner_id: int
    legal_basis: str
    legal_reference: str | None = None
    legal_link: str | None = None
    signed_by: str | None = None
    signed_on: date | None = None
    document_digest: bytes | None = None
    valid_from: date
    valid_to: date | None = None
    takes_place_of: int | None = None
    clauses: tuple[Clause, ...]
