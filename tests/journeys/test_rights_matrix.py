"""Every mix of rights against every programme: what is allowed, and nothing else (D9, D10)."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest

from ibr.access.model import Partner
from ibr.access.scopes import SCOPES
from ibr.asker import Asker
from tests.door import (
    ENROLLED,
    SEARCH,
    SEARCH_LATER,
    STATUS,
    STATUS_LATER,
    SUBSCRIBE,
    UNSUBSCRIBE,
    UPDATES,
    Door,
    System,
)
from tests.people import a_number, enrolled

CODES = ("DCI001", "DCI002", "DCI003")
ASKED = (*CODES, "NOT_THERE")
SUBSETS = [list(each) for size in range(4) for each in itertools.combinations(CODES, size)]
NEEDED = {
    ENROLLED: "registry.enrolled",
    SEARCH: "registry.search",
    UPDATES: "registry.enrollment.updates",
    STATUS: "registry.txn.status",
    SEARCH_LATER: "registry.search",
    SUBSCRIBE: "registry.subscribe",
    UNSUBSCRIBE: "registry.unsubscribe",
    STATUS_LATER: "registry.txn.status",
}


@pytest.mark.parametrize("report", SUBSETS, ids="+".join)
@pytest.mark.parametrize("ask", SUBSETS, ids="+".join)
def test_programmes(door: Door, report: list[str], ask: list[str]) -> None:
    """Eight cells: each programme and an unknown one, asked about and reported for."""
    partner = door.partner(report=report, ask=ask)
    asked = [partner.ask(a_number(), code).status for code in ASKED]
    told = partner.report(*(enrolled(a_number(), code) for code in ASKED))
    assert asked == [200 if code in ask else 403 for code in ASKED]
    assert told.status == (200 if report else 403)
    assert not report or told.outcomes == ["succ" if code in report else "rjct" for code in ASKED]


@pytest.mark.parametrize("size", range(1, 4))
def test_scopes(door: Door, size: int) -> None:
    assert set(NEEDED.values()) <= set(SCOPES)
    for scopes in itertools.combinations(sorted(set(NEEDED.values())), size):
        partner = door.partner(scopes=list(scopes))
        reached = {path: partner.post(path, b"").status for path in NEEDED}
        assert reached == {path: 200 if scope in scopes else 403 for path, scope in NEEDED.items()}


@pytest.fixture(scope="module")
def somebody(door: Door) -> str:
    number = a_number()
    door.partner().report(enrolled(number, "DCI002"))
    return number


def narrow(door: Door) -> System:
    return door.partner(report=["DCI001"], ask=["DCI001"])


def test_with_the_first_gate_open_the_database_still_sees_nobody(
    door: Door, somebody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ibr.questions.enrolled.may_ask", lambda *_: None)
    monkeypatch.setattr("ibr.interop.dci.enrolled.may_ask", lambda *_: None)
    assert narrow(door).ask(somebody, "DCI002").says == ["no"]


def test_control_with_both_gates_open_somebody_is_seen(
    door: Door, somebody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ibr.questions.enrolled.may_ask", lambda *_: None)
    monkeypatch.setattr("ibr.interop.dci.enrolled.may_ask", lambda *_: None)
    door.owner("alter table enrolled_index no force row level security")
    door.owner("alter table enrolled_index disable row level security")
    try:
        assert narrow(door).ask(somebody, "DCI002").says == ["yes"]
    finally:
        door.owner("alter table enrolled_index enable row level security")
        door.owner("alter table enrolled_index force row level security")


def test_with_the_first_gate_open_the_database_still_takes_nothing(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner, records = narrow(door), door.count("enrolment")

    class Everything(frozenset[int]):
        def __contains__(self, _: object) -> bool:
            return True

    real = Partner.asker

    def wide(self: Partner, *given: Any) -> Asker:
        asker = real(self, *given)
        return msgspec.structs.replace(asker, report=Everything(asker.report))

    monkeypatch.setattr(Partner, "asker", wide)
    assert partner.report(enrolled(a_number(), "DCI002")).status == 500
    assert door.count("enrolment") == records
