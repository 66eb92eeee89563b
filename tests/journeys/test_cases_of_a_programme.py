"""A programme's system reads its cases and reports steps; others and other ways are refused."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from ibr.interop.own.own_door import OwnDoor
from ibr.interop.own.own_schemas import VIEWS
from ibr.overlaps.cases.opening.keep import keep_cases
from tests.cases_web import TERMS, as_worker
from tests.described import fits
from tests.door import Door, System, _nothing_else
from tests.people import a_number, enrolled
from tests.people_web import NOW

SCOPE = "registry.cases"
MINE, OTHERS = a_number(), a_number()


@pytest.fixture(scope="module")
def ready(door: Door) -> Door:
    """A case in each of two programmes."""
    door.partner().report(enrolled(MINE, "DCI001"), enrolled(OTHERS, "DCI002"))
    door.owner(
        """
        insert into finding (check_code, same_as, check_version, severity, programme_id, record_id,
                             facts, first_run, last_run, found_at)
        select 'K09', b.record_id::text::bytea, 1, 2, b.programme_id, b.record_id, '{}', 1, 1, $1
        from beneficiary_record b
        """,
        NOW,
    )

    async def work() -> None:
        async with as_worker(door.dsn) as database:
            await keep_cases(database, door.services.book.programmes, NOW, TERMS)

    door.run(work())
    door.owner("update overlap_case set state = 'assigned'")
    return door


def system(door: Door, **rights: Any) -> System:
    return door.partner(**{"report": ["DCI001"], "ask": ["all"], "scopes": [SCOPE], **rights})


def posted(door: Door, by: System, path: str, body: Any) -> httpx.Response:
    async def work() -> httpx.Response:
        transport = httpx.ASGITransport(OwnDoor(door.services, _nothing_else))
        async with httpx.AsyncClient(transport=transport, base_url="http://r.test") as client:
            headers = {
                "authorization": f"Bearer {by.token}",
                "content-type": "application/json",
            }
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            return await client.post(f"/api/v1/{path}", content=content, headers=headers)

    return door.run(work())


def the_only_case(door: Door, by: System) -> dict[str, Any]:
    [case] = posted(door, by, "cases", {}).json()["cases"]
    return case


def test_it_sees_the_cases_of_the_programmes_it_reports_for_and_no_others(ready: Door) -> None:
    case = the_only_case(ready, system(ready))
    assert (case["programme"], case["checks"], case["state"]) == ("DCI001", ["K09"], "assigned")
    assert {"identifier_type": "UIN", "identifier_value": MINE} in case["identifier"]
    [row] = ready.owner(
        "select partner_id, purpose_code from question_asked where question = 'case' limit 1"
    )
    assert row["partner_id"] is not None
    assert row["purpose_code"] == "case_work"


def test_answers_are_as_the_published_description_says(ready: Door) -> None:
    by = system(ready)
    answer = posted(ready, by, "cases", {}).json()
    assert answer["cases"]
    assert fits("CasesAnswer", answer) == []
    assert fits("CasesAnswer", answer | {"name": "Sudarat"}), "control"
    step = {"case": 1, "step": 1, "action": "note"}
    assert fits("CaseStep", step) == []
    refused = posted(ready, by, "cases/steps", step | {"case": 999_999})
    assert (refused.status_code >= 400, fits("OwnErrors", refused.json())) == (True, [])


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_that_is_described_is_served(ready: Door, view: str) -> None:
    assert posted(ready, system(ready), "cases", {"view": view}).status_code == 200


def test_a_view_of_one_officer_is_not_described_and_not_served(ready: Door) -> None:
    assert posted(ready, system(ready), "cases", {"view": "mine"}).status_code == 400
    assert fits("CasesQuestion", {"view": "mine"})


def test_without_the_scope_it_sees_nothing(ready: Door) -> None:
    answer = posted(ready, system(ready, scopes=["registry.enrolled"]), "cases", {})
    assert answer.status_code in (401, 403)
    assert MINE not in answer.text


def test_a_programme_out_of_reach_looks_unknown(ready: Door) -> None:
    by = system(ready)
    answers = [posted(ready, by, "cases", {"programme": code}) for code in ("DCI002", "NONE")]
    assert [each.status_code for each in answers] == [404, 404]
    assert answers[0].content == answers[1].content


def test_it_reports_a_step_once_and_is_told_when_it_is_late(ready: Door) -> None:
    by = system(ready)
    case = the_only_case(ready, by)
    step = {"case": case["case"], "step": case["step"], "action": "note", "note": "from our system"}
    first, again = (posted(ready, by, "cases/steps", step) for _ in range(2))
    assert first.json()["step"] == case["step"] + 1
    assert (fits("CaseStep", step), fits("CaseStepAnswer", first.json())) == ([], [])
    assert again.status_code == 409
    assert again.json()["errors"][0]["code"] == "case.changed"
    [row] = ready.owner("select actor_kind from case_step where action = 'note'")
    assert row["actor_kind"] == "partner"


@pytest.mark.parametrize("action", ["approve", "order_hold", "withdraw", "assign", "hold_over"])
def test_what_is_peoples_is_refused(ready: Door, action: str) -> None:
    by = system(ready)
    case = the_only_case(ready, by)
    step = {"case": case["case"], "step": case["step"], "action": action}
    answer = posted(ready, by, "cases/steps", step)
    assert answer.status_code in (403, 409)
    assert action not in case["possible"]


def test_a_case_of_another_programme_is_not_there(ready: Door) -> None:
    [row] = ready.owner(
        "select case_id, step_no from overlap_case join programme using (programme_id) "
        "where code = 'DCI002'"
    )
    step = {"case": row["case_id"], "step": row["step_no"], "action": "note", "note": "x"}
    assert posted(ready, system(ready), "cases/steps", step).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{",
        b"\xff",
        {"view": "mine"},
        {"view": 7},
        {"page": 0},
        {"who": "me"},
        {"page": "1"},
    ],
)
def test_what_is_not_understood_is_refused_without_its_value(ready: Door, body: Any) -> None:
    answer = posted(ready, system(ready), "cases", body)
    assert answer.status_code == 400
    assert "me" not in answer.json()["errors"][0]["message"].split()
