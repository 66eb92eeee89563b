"""Every step of a case on one screen: from where it leads where, who may take it, and why."""

from __future__ import annotations

from typing import Final

import msgspec

from ibr.access.staff.rights import CASE_APPROVE, CASE_ASSIGN, CASE_DECIDE
from ibr.overlaps.cases.model import OPEN_STATES, Action, State


class Path(msgspec.Struct, frozen=True):
    """From where a step leads where (None: it stays), which right it takes, and its reasons."""

    starts: tuple[State, ...]
    ends: State | None
    rights: tuple[str, ...]
    reasons: tuple[str, ...] = ()
    by_registry: bool = False
    by_partner: bool = False


_WORKED: Final[tuple[State, ...]] = ("assigned", "information", "field_check")
_UNDECIDED: Final[tuple[State, ...]] = ("triage", *_WORKED)
_DECIDE, _APPROVE = (CASE_DECIDE,), (CASE_APPROVE,)
_EVIDENCE: Final = ("evidence_clear", "person_agrees", "source_confirms", "law_says")

PATHS: Final[dict[Action, Path]] = {
    "assign": Path(_UNDECIDED, "assigned", (CASE_ASSIGN, CASE_DECIDE), by_registry=True),
    "note": Path(OPEN_STATES, None, _DECIDE, by_registry=True, by_partner=True),
    "request_information": Path(
        _WORKED, "information", _DECIDE, ("ask_person", "ask_office", "ask_source")
    ),
    "information_received": Path(
        ("information",),
        "assigned",
        _DECIDE,
        ("answered", "answered_in_part", "not_reached"),
        by_partner=True,
    ),
    "field_check": Path(_WORKED, "field_check", _DECIDE, ("home_visit", "office_visit", "call")),
    "field_check_done": Path(
        ("field_check",), "assigned", _DECIDE, ("met", "not_met", "data_found"), by_partner=True
    ),
    "order_hold": Path(
        (*_WORKED, "proposed"),
        None,
        _DECIDE,
        ("paid_twice_soon", "deceased_two_sources", "identity_misused"),
    ),
    "release_hold": Path(
        OPEN_STATES, None, _DECIDE, ("cleared", "hardship", "appeal_lodged", "no_reason_left")
    ),
    "propose": Path(_WORKED, "proposed", _DECIDE, _EVIDENCE, by_partner=True),
    "send_back": Path(("proposed",), "assigned", _APPROVE, ("more_evidence", "not_heard", "wrong")),
    "approve": Path(("proposed",), "approved", _APPROVE),
    "notify": Path(("approved",), "notified", _DECIDE),
    "delivered": Path(("notified",), "appeal_window", _DECIDE, ("by_hand", "by_post", "read_out")),
    "appeal": Path(
        ("notified", "appeal_window", "effective"),
        "appealed",
        _DECIDE,
        ("in_time", "late_accepted"),
        by_partner=True,
    ),
    "uphold_appeal": Path(("appealed",), "closed", _APPROVE, ("facts_wrong", "law", "hardship")),
    "reject_appeal": Path(("appealed",), "effective", _APPROVE, ("facts_stand", "too_late")),
    "take_effect": Path(("appeal_window",), "effective", _DECIDE, by_registry=True),
    "close": Path(
        ("effective",), "closed", _DECIDE, ("programme_acted", "nothing_to_do"), by_partner=True
    ),
    "withdraw": Path(
        OPEN_STATES,
        "withdrawn",
        _APPROVE,
        ("same_as_another", "person_died", "no_longer_served", "mistake"),
    ),
    "end_exception": Path(
        ("closed",), "closed", _APPROVE, ("facts_wrong", "law", "no_longer_lawful")
    ),
    "hold_over": Path(OPEN_STATES, None, (), by_registry=True),
    "finding_gone": Path(_UNDECIDED, "closed", (), by_registry=True),
    "exempt": Path(_UNDECIDED, "closed", (), by_registry=True),
    "add_finding": Path(OPEN_STATES, None, (), by_registry=True),
}
