"""What each partner may do with each programme: every cell at the gate, and behind it (D9, D10)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import msgspec
import pytest

from ibr.access.model import Partner
from ibr.asker import Asker
from ibr.interop.dci.envelope import Caller, Envelopes
from ibr.interop.own.own_door import OwnDoor
from ibr.registry.programmes.model import Programme
from ibr.subject.places import request_place
from tests.conftest import scratch_folder
from tests.door import SEARCH, Door, System, _nothing_else
from tests.later import searching
from tests.matrix import (
    PARTNER_CELLS,
    PARTNER_OPERATIONS,
    RELATIONS,
    SCOPE_SETS,
    PartnerCell,
    Seen,
)
from tests.people import a_number, enrolled
from tests.people_web import NOW

SOMEBODY = {code: a_number() for code in RELATIONS}


@pytest.fixture(scope="module")
def door(dsn: str) -> Iterator[Door]:
    """Four programmes, somebody in each, and a case about each of them."""
    folder = scratch_folder()
    programmes = [Programme(code=code, names={"en": code}, currency="USD") for code in RELATIONS]
    door = Door(dsn, folder, programmes)
    try:
        told = door.partner().report(*(enrolled(SOMEBODY[code], code) for code in RELATIONS))
        assert told.outcomes == ["succ"] * len(RELATIONS)
        door.owner(
            """
            insert into overlap_case (programme_id, record_id, checks, severity, state, step_no,
                                      opened_at, since)
            select programme_id, record_id, array['K09'], 2, 'assigned', 1, $1, $1
            from beneficiary_record
            """,
            NOW,
        )
        _requests_of_everybody(door)
        yield door
    finally:
        door.close()
        shutil.rmtree(folder, ignore_errors=True)


def _requests_of_everybody(door: Door) -> None:
    """Somebody in each programme asked for a correction, in a visit that is over."""
    door.owner(
        """
        insert into help_visit (visit_no, officer_id, subjects, proved, proof_code, consent_version,
                                consent_digest, consent_language, consent_by, consent_at, begun_at,
                                until, ended_at, ended_how)
        values (1, 9, array['s'::bytea], 'x', 'passport', 'v', sha256('v'::bytea), 'en', 'person',
                $1::timestamptz, $1, $1 + interval '1 minute', $1, 'officer')
        """,
        NOW,
    )
    sealer = door.services.sealer
    for number, row in enumerate(
        door.owner("select record_id, programme_id from beneficiary_record order by record_id"), 1
    ):
        proved = b'{"kind":"UIN","value":"X","birth_date":"1956-03-01"}'
        door.owner(
            """
            insert into person_request (request_no, visit_no, programme_id, record_id,
                                        subject_index, role, kind, about, proved, wished, before,
                                        opened_at, due_at)
            values ($1, 1, $2, $3, 's', 0, 'correction', 'name', $4, $5, 'b', $6, $6)
            """,
            *(number, row["programme_id"], row["record_id"]),
            sealer.seal(proved, request_place("proved", row["record_id"], number)),
            sealer.seal(b"Another Name", request_place("wished", row["record_id"], number)),
            NOW,
        )


@pytest.fixture(scope="module")
def systems(door: Door) -> dict[str, System]:
    """A partner for each set of scopes, with the same agreement."""
    report = [code for code, relation in RELATIONS.items() if "tells" in relation]
    ask = [code for code, relation in RELATIONS.items() if "asks" in relation]
    return {
        who: door.partner(report=report, ask=ask, scopes=sorted(scopes))
        for who, scopes in SCOPE_SETS.items()
    }


def outcome(door: Door, systems: dict[str, System], cell: PartnerCell) -> Seen:
    """What comes of a cell."""
    return {
        "enrolled": _asked,
        "search": _searched,
        "report": _told,
        "cases": partial(_listed, "cases"),
        "requests": partial(_listed, "requests"),
    }[cell.operation](door, systems[cell.who], cell.programme)


def _asked(_: Door, system: System, programme: str) -> Seen:
    reply = system.ask(SOMEBODY[programme], programme)
    if reply.status == 403:
        return "refused"
    assert reply.status == 200
    return "seen" if reply.says == ["yes"] else "nothing"


def _searched(_: Door, system: System, programme: str) -> Seen:
    reply = system.post(SEARCH, searching(system, SOMEBODY[programme]))
    if reply.status == 403:
        return "refused"
    [item] = reply.message["search_response"]
    return "seen" if item["data"]["reg_records"] else "nothing"


def _told(_: Door, system: System, programme: str) -> Seen:
    reply = system.report(enrolled(a_number(), programme))
    if reply.status == 500:
        return "nothing"
    refused = reply.status == 403 or reply.outcomes == ["rjct"]
    return "refused" if refused else "seen"


def _listed(what: str, door: Door, system: System, programme: str) -> Seen:
    async def work() -> httpx.Response:
        transport = httpx.ASGITransport(OwnDoor(door.services, _nothing_else))
        async with httpx.AsyncClient(transport=transport, base_url="http://r.test") as client:
            return await client.post(
                f"/api/v1/{what}",
                content=b"{}",
                headers={
                    "authorization": f"Bearer {system.token}",
                    "content-type": "application/json",
                },
            )

    answer = door.run(work())
    if answer.status_code == 403:
        return "refused"
    listed: list[dict[str, Any]] = json.loads(answer.content)[what]
    return "seen" if programme in {each["programme"] for each in listed} else "nothing"


def wrong(door: Door, systems: dict[str, System], *, gate: bool) -> list[str]:
    found = []
    for cell in PARTNER_CELLS:
        seen = outcome(door, systems, cell)
        if seen != (cell.at_the_gate if gate else cell.behind_the_gate):
            found.append(f"{cell}: {seen}")
    return found


def test_at_the_gate(door: Door, systems: dict[str, System]) -> None:
    assert {cell.operation for cell in PARTNER_CELLS} == set(PARTNER_OPERATIONS)
    assert wrong(door, systems, gate=True) == []


class Everything(frozenset[int]):
    """A reach that says yes to every question, and lists what there is."""

    def __contains__(self, _: object) -> bool:
        return True


def switch_the_gate_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """No scope, no programme and no right is asked for any more."""
    for name in ("ibr.questions.enrolled.must_be_agreed", "ibr.interop.dci.enrolled.may_ask"):
        monkeypatch.setattr(name, lambda *_: None)
    for name in ("look", "one_case"):
        monkeypatch.setattr(f"ibr.overlaps.cases.desk.{name}.must_hold", lambda *_: None)
    monkeypatch.setattr("ibr.overlaps.cases.people.seen.must_hold_purpose", lambda *_: None)
    monkeypatch.setattr("ibr.subject.requests.look.must_hold", lambda *_: None)
    real_asker, real_prove = Partner.asker, Envelopes.prove

    async def prove(self: Envelopes, authorization: str, scope: str) -> Caller:
        # Whatever scope the token carries is held against itself.
        claims = self._tokens.check(authorization.removeprefix("Bearer "), 0)
        return await real_prove(self, authorization, min(claims.scopes or {scope}))

    def wide(self: Partner, *given: Any) -> Asker:
        asker = real_asker(self, *given)
        return msgspec.structs.replace(asker, report=Everything(asker.report))

    monkeypatch.setattr(Envelopes, "prove", prove)
    monkeypatch.setattr(Partner, "asker", wide)

    monkeypatch.setattr("ibr.questions.find_beneficiaries.may_search", lambda _: None)


def test_with_the_gate_switched_off(
    door: Door, systems: dict[str, System], monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_the_gate_off(monkeypatch)
    assert wrong(door, systems, gate=False) == []


@pytest.mark.parametrize("table", ["enrolled_index", "overlap_case", "person_request"])
def test_control_without_row_level_security_cells_fail(
    door: Door, systems: dict[str, System], monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    switch_the_gate_off(monkeypatch)
    door.owner(f"alter table {table} no force row level security")
    door.owner(f"alter table {table} disable row level security")
    try:
        assert wrong(door, systems, gate=False) != []
    finally:
        door.owner(f"alter table {table} enable row level security")
        door.owner(f"alter table {table} force row level security")
