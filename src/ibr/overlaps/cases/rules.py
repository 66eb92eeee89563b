"""The life of a case as a pure state machine: which step from where, by whom, on what condition.

Nothing else changes a case. A refusal says what is possible instead.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from ibr.access.staff.rights import CASE_DECIDE
from ibr.errors import Conflict, NotAllowed, NotUnderstood, RegistryError
from ibr.overlaps.cases.model import (
    ENDED,
    ERRORS,
    EXCEPTION,
    MOVING,
    OUTCOMES,
    SUSPICIONS,
    Act,
    Action,
    By,
    Case,
    State,
    Step,
    Terms,
)
from ibr.overlaps.cases.paths import PATHS, Path

LONGEST_LAW: Final = 500
LONGEST_EXCEPTION: Final = 3 * 366
NEVER_UNDONE: Final = frozenset({"open", "undo", "order_hold", "add_finding", "end_exception"})


def apply(case: Case, act: Act, by: By, at: datetime, terms: Terms) -> Case:
    """The case after the step; refused with what is possible instead."""
    # A clock that was set back makes no step earlier than the one before it.
    at = max(at, case.since)
    refused = why_not(case, act, by, at, terms)
    if refused is not None:
        raise refused
    path = PATHS[act.action]
    changes: dict[str, Any] = _EFFECTS.get(act.action, _nothing)(case, act, by, at, terms)
    state: State = changes.pop("state", path.ends or case.state)
    if state != case.state or act.action == "request_information":
        changes = {"since": at, "due_at": _due(state, at, terms), **changes}
    if state in ("closed", "withdrawn"):
        changes |= {"closed_at": case.closed_at or at, "due_at": None}
        changes.setdefault("closed_why", act.reason or act.action)
    if state in ("closed", "withdrawn", "effective"):
        changes |= _hold_ended(case, at)
    return msgspec.structs.replace(case, step_no=case.step_no + 1, state=state, **changes)


def undone(
    case: Case, last: Step, before: dict[str, Any], by: By, at: datetime, terms: Terms
) -> Case:
    """The case as it stood before its last step, where whoever took it takes it back at once."""
    mine = last.actor_kind == by.kind == "officer" and last.actor_id == by.id
    if not mine or last.action in NEVER_UNDONE or last.step_no != case.step_no:
        raise Conflict("case.nothing_to_undo", "Only your own last step can be taken back.")
    if at - last.at > timedelta(minutes=terms.undo_minutes):
        raise Conflict(
            "case.too_late_to_undo",
            f"A step can be taken back for {terms.undo_minutes} minutes. Take the step that "
            "corrects it instead.",
        )
    return msgspec.structs.replace(case, step_no=case.step_no + 1, **before)


def what_moves(case: Case) -> dict[str, Any]:
    """The fields that a step may change, to bring them back."""
    return {name: getattr(case, name) for name in MOVING}


def possible(case: Case, by: By, at: datetime, terms: Terms) -> list[Action]:
    """Which steps this actor may take now, in the order of the life cycle."""
    return [
        action
        for action in PATHS
        if why_not(case, Act(action=action), by, at, terms, in_detail=False) is None
    ]


def who_can(case: Case) -> dict[Action, tuple[str, ...]]:
    """Which steps lead on from here, and which of these rights each takes."""
    return {
        action: path.rights
        for action, path in PATHS.items()
        if path.rights and case.state in path.starts and _fits(case, action)
    }


def why_not(
    case: Case, act: Act, by: By, at: datetime, terms: Terms, *, in_detail: bool = True
) -> RegistryError | None:
    """Why a step is refused, None where it is not. Without `in_detail` only whether it could be."""
    path = PATHS.get(act.action)
    if path is None or case.state not in path.starts or not _fits(case, act.action):
        return Conflict("case.not_from_here", _instead(case))
    if not _may(path, by):
        return NotAllowed("case.not_yours", "Your role does not allow this step of a case.")
    return (
        _same_person(case, act.action, by)
        or _too_early(case, act.action, at)
        or (_in_detail(case, act, path, by, at, terms) if in_detail else None)
    )


def _may(path: Path, by: By) -> bool:
    if by.kind == "registry":
        return path.by_registry
    if by.kind == "partner":
        return path.by_partner and CASE_DECIDE in by.rights
    return bool(by.rights.intersection(path.rights))


def _fits(case: Case, action: str) -> bool:
    """What beside the state decides whether a step makes sense at all."""
    if action == "order_hold":
        return case.hold_from is None
    if action in ("release_hold", "hold_over"):
        return case.hold_from is not None and case.hold_ended_at is None
    if action == "appeal":
        return case.appeal is None
    if action == "end_exception":
        return case.is_exception
    return True


def _instead(case: Case) -> str:
    steps = ", ".join(each.replace("_", " ") for each in who_can(case))
    return (
        f"That step does not lead on from here. Possible now: {steps or 'nothing, it is closed'}."
    )


def _same_person(case: Case, action: str, by: By) -> RegistryError | None:
    """Two steps that must be two people's."""
    first: set[int | None] = set()
    if action in ("approve", "send_back"):
        first = {case.proposed_by}
    elif action in ("uphold_appeal", "reject_appeal", "end_exception"):
        first = {case.proposed_by, case.approved_by}
    elif action == "withdraw":
        first = {case.officer_id, case.proposed_by}
    if by.kind == "officer" and by.id in first - {None}:
        return Conflict(
            "case.second_person",
            "Somebody else must take this step: it checks what you have done. Ask a colleague.",
        )
    return None


def _too_early(case: Case, action: str, at: datetime) -> RegistryError | None:
    until = None
    if action == "take_effect":
        until = case.appeal_until
    elif action == "hold_over":
        until = case.hold_until
    if until is not None and at < until:
        return Conflict(
            "case.too_early", "That comes by itself when its time is over, and not before."
        )
    return None


def _in_detail(
    case: Case, act: Act, path: Path, by: By, at: datetime, terms: Terms
) -> RegistryError | None:
    if path.reasons and act.reason not in path.reasons:
        return NotUnderstood("case.reason", "Choose the reason for this step.", field="reason")
    if act.action == "propose":
        return _proposal(case, act, at)
    if act.action == "order_hold" and not 1 <= (act.days or 0) <= terms.hold_days:
        return NotUnderstood(
            "case.hold_days",
            f"A hold lasts from 1 to {terms.hold_days} days in this programme.",
            field="days",
        )
    if act.action == "delivered" and not (act.on and _day(case.since) <= act.on <= at):
        return NotUnderstood(
            "case.delivered_on",
            "Say on which day the letter was handed over: not before it was made, not after today.",
            field="on",
        )
    if act.action == "appeal" and by.kind != "registry":
        return _appeal_in_time(case, act, at)
    return None


def _proposal(case: Case, act: Act, at: datetime) -> RegistryError | None:
    if act.outcome not in OUTCOMES:
        return NotUnderstood("case.outcome", "Choose what you propose.", field="outcome")
    if act.outcome in ERRORS and not heard(case, at):
        return Conflict(
            "case.not_heard",
            "The person must have been asked first, and have answered or let the time pass. "
            "Ask for information.",
        )
    if act.outcome == EXCEPTION:
        return _exception(act, at)
    return None


def _exception(act: Act, at: datetime) -> RegistryError | None:
    """What is lawful is so by some law and for some time; then it is looked at again."""
    if not (act.law and act.law.strip() and len(act.law) <= LONGEST_LAW and act.law.isprintable()):
        return NotUnderstood(
            "case.exception_law",
            f"Name the law or rule that allows it, in at most {LONGEST_LAW} characters.",
            field="law",
        )
    latest = at.date() + timedelta(days=LONGEST_EXCEPTION)
    if act.until is None or not at.date() < act.until <= latest:
        return NotUnderstood(
            "case.exception_until",
            "Name the last day on which it is lawful: after today, and within three years. "
            "After it, it is looked at again.",
            field="until",
        )
    return None


def _appeal_in_time(case: Case, act: Act, at: datetime) -> RegistryError | None:
    late = case.state == "effective" or (case.appeal_until is not None and at >= case.appeal_until)
    if late != (act.reason == "late_accepted"):
        return NotUnderstood(
            "case.appeal_time",
            "The appeal is late: it can be accepted all the same, with that reason."
            if late
            else "The appeal is in time.",
            field="reason",
        )
    return None


def heard(case: Case, at: datetime) -> bool:
    """Whether the person has had the chance to answer."""
    return case.answered or (case.asked_until is not None and case.asked_until <= at)


def _due(state: State, at: datetime, terms: Terms) -> datetime | None:
    days = {
        "triage": terms.triage_days,
        "assigned": terms.assigned_days,
        "information": terms.information_days,
        "field_check": terms.field_check_days,
        "proposed": terms.approval_days,
        "approved": terms.letter_days,
        "notified": terms.delivery_days,
        "appealed": terms.appeal_decision_days,
        "effective": terms.effect_days,
    }.get(state)
    return None if days is None else at + timedelta(days=days)


def first_due(at: datetime, terms: Terms) -> datetime:
    """When a new case is due to be looked at."""
    return at + timedelta(days=terms.triage_days)


_Changes = dict[str, Any]


def _nothing(_case: Case, _act: Act, _by: By, _at: datetime, _terms: Terms) -> _Changes:
    return {}


def _assigned(case: Case, act: Act, _by: By, _at: datetime, _terms: Terms) -> _Changes:
    # Handing a case on does not begin it anew: what was asked for stays asked for.
    state: State = "assigned" if case.state == "triage" else case.state
    if state == case.state:
        return {"officer_id": act.officer_id, "state": state, "due_at": case.due_at}
    return {"officer_id": act.officer_id, "state": state}


def _asked(_case: Case, _act: Act, _by: By, at: datetime, terms: Terms) -> _Changes:
    until = at + timedelta(days=terms.information_days)
    return {"asked_until": until, "due_at": until, "answered": False}


def _answered(_case: Case, act: Act, _by: By, _at: datetime, _terms: Terms) -> _Changes:
    return {"answered": act.reason != "not_reached"}


def _held(_case: Case, act: Act, by: By, at: datetime, _terms: Terms) -> _Changes:
    return {
        "hold_by": by.id,
        "hold_reason": act.reason,
        "hold_from": at,
        "hold_until": at + timedelta(days=act.days or 0),
    }


def _hold_ended(case: Case, at: datetime) -> _Changes:
    if case.hold_until is None or case.hold_ended_at is not None:
        return {}
    return {"hold_ended_at": min(at, case.hold_until)}


def _released(case: Case, _act: Act, _by: By, at: datetime, _terms: Terms) -> _Changes:
    return _hold_ended(case, at)


def _proposed(_case: Case, act: Act, by: By, _at: datetime, _terms: Terms) -> _Changes:
    lawful = act.outcome == EXCEPTION
    return {
        "outcome": act.outcome,
        "proposed_by": by.id if by.kind == "officer" else None,
        "exception_law": act.law.strip() if lawful and act.law else None,
        "exception_until": act.until if lawful else None,
    }


def _sent_back(_case: Case, _act: Act, _by: By, _at: datetime, _terms: Terms) -> _Changes:
    return {
        "outcome": None,
        "proposed_by": None,
        "exception_law": None,
        "exception_until": None,
    }


def _approved(case: Case, _act: Act, by: By, at: datetime, _terms: Terms) -> _Changes:
    changes: _Changes = {"approved_by": by.id, "decided_at": at}
    if case.outcome in ERRORS:
        return changes
    # Nothing is taken from anybody by these, so nothing has to wait for an appeal.
    why = "referred" if case.outcome in SUSPICIONS else "cleared"
    return changes | {"state": "closed", "closed_why": why}


def _window(_case: Case, act: Act, _by: By, at: datetime, terms: Terms) -> _Changes:
    until = _day(act.on or at) + timedelta(days=terms.appeal_days + 1)
    return {"appeal_until": until, "due_at": until}


def _appealed(_case: Case, _act: Act, _by: By, _at: datetime, _terms: Terms) -> _Changes:
    return {"appeal": "lodged"}


def _upheld(_case: Case, _act: Act, _by: By, _at: datetime, _terms: Terms) -> _Changes:
    return {"appeal": "upheld", "closed_why": "overturned"}


def _exception_ended(_case: Case, _act: Act, _by: By, at: datetime, _terms: Terms) -> _Changes:
    return {"closed_why": ENDED, "since": at}


def _rejected(_case: Case, _act: Act, _by: By, _at: datetime, _terms: Terms) -> _Changes:
    return {"appeal": "rejected"}


def _day(moment: datetime) -> datetime:
    """The first moment of its day."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


_EFFECTS: Final[dict[str, Callable[[Case, Act, By, datetime, Terms], _Changes]]] = {
    "assign": _assigned,
    "request_information": _asked,
    "information_received": _answered,
    "order_hold": _held,
    "release_hold": _released,
    "hold_over": _released,
    "propose": _proposed,
    "send_back": _sent_back,
    "approve": _approved,
    "delivered": _window,
    "appeal": _appealed,
    "uphold_appeal": _upheld,
    "reject_appeal": _rejected,
    "end_exception": _exception_ended,
}
