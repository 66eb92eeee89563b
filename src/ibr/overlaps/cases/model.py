"""A case, its steps, and the words for both."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal

import msgspec

State = Literal[
    "triage",
    "assigned",
    "information",
    "field_check",
    "proposed",
    "approved",
    "notified",
    "appeal_window",
    "appealed",
    "effective",
    "closed",
    "withdrawn",
]
Action = Literal[
    "open",
    "add_finding",
    "assign",
    "note",
    "request_information",
    "information_received",
    "field_check",
    "field_check_done",
    "order_hold",
    "release_hold",
    "propose",
    "send_back",
    "approve",
    "notify",
    "delivered",
    "appeal",
    "uphold_appeal",
    "reject_appeal",
    "take_effect",
    "close",
    "withdraw",
    "end_exception",
    "undo",
    "hold_over",
    "finding_gone",
    "exempt",
]
Outcome = Literal[
    "error_claimant",
    "error_official",
    "error_data",
    "fraud_suspicion",
    "corruption_suspicion",
    "not_confirmed",
    "data_corrected",
    "lawful_exception",
]
OPEN_STATES: Final[tuple[State, ...]] = (
    "triage",
    "assigned",
    "information",
    "field_check",
    "proposed",
    "approved",
    "notified",
    "appeal_window",
    "appealed",
    "effective",
)
STATES: Final[tuple[State, ...]] = (*OPEN_STATES, "closed", "withdrawn")

# Error is nobody's intention, fraud is a claimant's, corruption is staff's: three things, never
# one. The latter two are only suspected here; an authority decides.
ERRORS: Final = frozenset({"error_claimant", "error_official", "error_data"})
SUSPICIONS: Final = frozenset({"fraud_suspicion", "corruption_suspicion"})
CLEARED: Final = frozenset({"not_confirmed", "data_corrected", "lawful_exception"})
CONFIRMED: Final = ERRORS | SUSPICIONS
OUTCOMES: Final[tuple[Outcome, ...]] = (
    "error_claimant",
    "error_official",
    "error_data",
    "fraud_suspicion",
    "corruption_suspicion",
    "not_confirmed",
    "data_corrected",
    "lawful_exception",
)

EXCEPTION: Final = "lawful_exception"
# Why a case is closed whose lawful exception was ended before its last day.
ENDED: Final = "exception_ended"

# Nobody is suspected by these: what they find is a list for outreach or for planning.
WITHOUT_CASE: Final = frozenset({"K18", "K20", "K23", "K24"})
# A child's two payees may be parted by violence: who decides on one is shown nothing of the other.
NEVER_THE_OTHER: Final = frozenset({"K05"})


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """Days for each step; the longest hold; for how long a step can be taken back."""

    triage_days: int = 5
    assigned_days: int = 10
    information_days: int = 21
    field_check_days: int = 30
    approval_days: int = 7
    letter_days: int = 5
    delivery_days: int = 14
    appeal_days: int = 30
    appeal_decision_days: int = 30
    effect_days: int = 30
    hold_days: int = 30
    undo_minutes: int = 10


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case as it stands; the fields are the columns of overlap_case."""

    case_id: int
    programme_id: int
    other_programmes: list[int]
    person_id: int | None
    record_id: int | None
    checks: list[str]
    severity: int
    money_minor: int | None = None
    currency: str | None = None
    at_stake: dict[str, int] = {}
    """By currency, in minor units; the two above are the one that is shown where there is room for
    one."""
    sex: int = 0
    birth_year: int | None = None
    region_code: str | None = None
    state: State
    step_no: int
    officer_id: int | None = None
    opened_at: datetime
    since: datetime
    due_at: datetime | None
    asked_until: datetime | None = None
    answered: bool = False
    proposed_by: int | None = None
    approved_by: int | None = None
    decided_at: datetime | None = None
    outcome: Outcome | None = None
    exception_law: str | None = None
    exception_until: date | None = None
    appeal: Literal["lodged", "upheld", "rejected"] | None = None
    appeal_until: datetime | None = None
    hold_by: int | None = None
    hold_reason: str | None = None
    hold_from: datetime | None = None
    hold_until: datetime | None = None
    hold_ended_at: datetime | None = None
    closed_at: datetime | None = None
    closed_why: str | None = None

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def is_exception(self) -> bool:
        """Whether it ended with a lawful exception that was not ended since."""
        return (
            self.outcome == EXCEPTION
            and self.decided_at is not None
            and self.state == "closed"
            and self.closed_why != ENDED
        )

    def on_hold(self, at: datetime) -> bool:
        """Whether payment is asked to wait at this moment; true for no moment after its end,
        whether or not anything has written the end down."""
        if self.hold_from is None or self.hold_until is None or self.hold_ended_at is not None:
            return False
        return self.hold_from <= at < self.hold_until

    def overdue(self, at: datetime) -> bool:
        return self.is_open and self.due_at is not None and self.due_at < at


# What a step may change of a case, and what taking it back brings back.
MOVING: Final[tuple[str, ...]] = (
    "state",
    "officer_id",
    "since",
    "due_at",
    "asked_until",
    "answered",
    "proposed_by",
    "approved_by",
    "decided_at",
    "outcome",
    "exception_law",
    "exception_until",
    "appeal",
    "appeal_until",
    "hold_by",
    "hold_reason",
    "hold_from",
    "hold_until",
    "hold_ended_at",
    "closed_at",
    "closed_why",
)


class By(msgspec.Struct, frozen=True):
    """Who acts: an officer with rights, a partner's system, or the registry itself."""

    kind: Literal["officer", "partner", "registry"]
    id: int | None = None
    rights: frozenset[str] = frozenset()


REGISTRY: Final = By("registry")


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to be done with a case."""

    action: Action
    reason: str | None = None
    outcome: Outcome | None = None
    officer_id: int | None = None
    days: int | None = None
    on: datetime | None = None
    law: str | None = None
    until: date | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step as it is kept."""

    step_no: int
    action: Action
    from_state: State
    to_state: State
    actor_kind: Literal["officer", "partner", "registry"]
    actor_id: int | None
    at: datetime
    reason_code: str | None
    letter_no: int | None
    evidence: bytes
    note: str | None = None
    actor_name: str | None = None
