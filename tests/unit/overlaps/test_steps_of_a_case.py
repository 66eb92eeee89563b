"""The life of a case step by step: what is allowed, and beside it what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ibr.access.staff.rights import RIGHTS
from ibr.errors import Conflict, NotAllowed, NotUnderstood
from ibr.overlaps.cases.model import REGISTRY, Act, By, Case, Terms
from ibr.overlaps.cases.rules import apply, possible, who_can

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TERMS = Terms(hold_days=14)
OMAR, PIA, THIRD = (By("officer", n, RIGHTS["programme_officer"].scopes) for n in (1, 2, 3))
AUDITOR = By("officer", 4, RIGHTS["auditor"].scopes)


def a_case(**changed: Any) -> Case:
    plain: dict[str, Any] = {
        "case_id": 1,
        "programme_id": 1,
        "other_programmes": [],
        "person_id": 1,
        "record_id": None,
        "checks": ["K01"],
        "severity": 2,
        "state": "assigned",
        "step_no": 1,
        "opened_at": NOW,
        "since": NOW,
        "due_at": NOW,
    }
    return Case(**plain | changed)


def does(case: Case, action: Any, by: By = OMAR, day: int = 0, **how: Any) -> Case:
    return apply(case, Act(action=action, **how), by, NOW + timedelta(days=day), TERMS)


def decided() -> Case:
    case = does(a_case(), "request_information", reason="ask_person")
    case = does(case, "information_received", reason="answered")
    case = does(case, "propose", reason="evidence_clear", outcome="error_claimant")
    return does(case, "approve", PIA)


def test_the_whole_way() -> None:
    case = does(decided(), "notify")
    case = does(case, "delivered", reason="by_hand", on=NOW + timedelta(days=3), day=4)
    assert case.appeal_until == datetime(2026, 4, 5, tzinfo=UTC)
    case = does(case, "take_effect", REGISTRY, day=34)
    case = does(case, "close", reason="programme_acted", day=40)
    assert (case.state, case.closed_why) == ("closed", "programme_acted")


def test_nobody_loses_anything_unheard() -> None:
    with pytest.raises(Conflict, match="must have been asked"):
        does(a_case(), "propose", reason="evidence_clear", outcome="error_data")
    asked = does(a_case(), "request_information", reason="ask_person")
    with pytest.raises(Conflict, match="must have been asked"):
        does(asked, "propose", reason="evidence_clear", outcome="error_data", day=20)
    late = does(asked, "propose", reason="evidence_clear", outcome="error_data", day=21)
    assert late.state == "proposed"
    missed = does(asked, "information_received", reason="not_reached")
    with pytest.raises(Conflict, match="must have been asked"):
        does(missed, "propose", reason="evidence_clear", outcome="error_data", day=1)


def test_what_takes_nothing_from_anybody_needs_no_hearing_and_ends_with_the_approval() -> None:
    case = does(a_case(), "propose", reason="evidence_clear", outcome="not_confirmed")
    assert does(case, "approve", PIA).closed_why == "cleared"


def test_a_suspicion_goes_to_an_authority_and_is_not_decided_here() -> None:
    case = does(a_case(), "propose", reason="evidence_clear", outcome="fraud_suspicion")
    case = does(case, "approve", PIA)
    assert (case.state, case.closed_why) == ("closed", "referred")


def test_the_second_person_is_another() -> None:
    case = does(a_case(), "propose", reason="evidence_clear", outcome="not_confirmed")
    with pytest.raises(Conflict, match="Somebody else"):
        does(case, "approve", OMAR)
    assert does(case, "approve", PIA).approved_by == PIA.id


def test_an_appeal_is_decided_by_neither_of_the_two() -> None:
    case = does(does(decided(), "notify"), "appeal", reason="in_time", day=1)
    for by in (OMAR, PIA):
        with pytest.raises(Conflict, match="Somebody else"):
            does(case, "uphold_appeal", by, reason="facts_wrong", day=2)
    upheld = does(case, "uphold_appeal", THIRD, reason="facts_wrong", day=2)
    assert (upheld.state, upheld.appeal, upheld.closed_why) == ("closed", "upheld", "overturned")
    rejected = does(case, "reject_appeal", THIRD, reason="facts_stand", day=2)
    assert rejected.state == "effective"
    with pytest.raises(Conflict):
        does(rejected, "appeal", reason="late_accepted", day=3)


def test_a_late_appeal_is_accepted_by_name_only() -> None:
    case = does(does(decided(), "notify"), "delivered", reason="by_hand", on=NOW)
    case = does(case, "take_effect", REGISTRY, day=40)
    with pytest.raises(NotUnderstood, match="late"):
        does(case, "appeal", reason="in_time", day=41)
    assert does(case, "appeal", reason="late_accepted", day=41).state == "appealed"


def test_nothing_takes_effect_before_the_appeal_time_is_over() -> None:
    case = does(does(decided(), "notify"), "delivered", reason="by_hand", on=NOW)
    for by in (OMAR, REGISTRY):
        with pytest.raises(Conflict, match="by itself"):
            does(case, "take_effect", by, day=29)


@pytest.mark.parametrize("days", [0, 15, -1, None])
def test_a_hold_has_a_longest(days: int | None) -> None:
    with pytest.raises(NotUnderstood, match="1 to 14"):
        does(a_case(), "order_hold", reason="paid_twice_soon", days=days)


def test_a_hold_ends_by_the_clock_though_nothing_wrote_it_down() -> None:
    case = does(a_case(), "order_hold", reason="paid_twice_soon", days=14)
    assert case.on_hold(NOW + timedelta(days=13, hours=23))
    assert not case.on_hold(NOW + timedelta(days=14))
    with pytest.raises(Conflict):
        does(case, "order_hold", reason="paid_twice_soon", days=1, day=20)
    with pytest.raises(Conflict, match="by itself"):
        does(case, "hold_over", REGISTRY, day=13)
    late = does(case, "hold_over", REGISTRY, day=60)
    assert late.hold_ended_at == NOW + timedelta(days=14)


def test_an_auditor_does_nothing() -> None:
    assert possible(a_case(), AUDITOR, NOW, TERMS) == []
    with pytest.raises(NotAllowed):
        does(a_case(), "note", AUDITOR)


def test_a_refusal_says_what_is_possible() -> None:
    with pytest.raises(Conflict, match="approve, withdraw") as refused:
        does(a_case(state="proposed"), "notify")
    assert refused.value.code == "case.not_from_here"
    assert "notify" not in who_can(a_case(state="proposed"))
    with pytest.raises(Conflict, match="nothing, it is closed"):
        does(a_case(state="closed", closed_at=NOW), "note")


def test_handing_on_does_not_stop_the_clock() -> None:
    case = does(a_case(state="information", due_at=NOW), "assign", officer_id=2, day=5)
    assert (case.state, case.due_at, case.officer_id) == ("information", NOW, 2)


def test_who_works_on_a_case_does_not_withdraw_it() -> None:
    case = a_case(officer_id=OMAR.id)
    with pytest.raises(Conflict, match="Somebody else"):
        does(case, "withdraw", OMAR, reason="mistake")
    assert does(case, "withdraw", PIA, reason="mistake").state == "withdrawn"
