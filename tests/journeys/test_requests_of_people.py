"""A programme's system answers what people ask; a paper is checked at the command line."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from ibr.cli.main import app
from ibr.interop.own.own_door import OwnDoor
from ibr.registry.programmes.model import Programme
from ibr.subject.places import request_place
from ibr.subject.statements.rules import digest_of_number, digest_of_sums
from tests.conftest import scratch_folder
from tests.door import Door, System, _nothing_else
from tests.people import a_number, enrolled
from tests.people_web import NOW

UIN = a_number()


@pytest.fixture(scope="module")
def door(dsn: str) -> Iterator[Door]:
    """Somebody in DCI001 who asked for another name."""
    folder = scratch_folder()
    programmes = [
        Programme(code=code, names={"en": code}, currency="USD") for code in ("DCI001", "DCI002")
    ]
    door = Door(dsn, folder, programmes)
    try:
        assert door.partner().report(enrolled(UIN, "DCI001")).outcomes == ["succ"]
        door.owner(
            """
            insert into help_visit (visit_no, officer_id, subjects, proved, proof_code,
                                    consent_version, consent_digest, consent_language, consent_by,
                                    consent_at, begun_at, until, ended_at, ended_how)
            values (1, 9, array['s'::bytea], 'x', 'passport', 'v', sha256('v'::bytea), 'en',
                    'person', $1::timestamptz, $1, $1 + interval '1 minute', $1, 'officer')
            """,
            NOW,
        )
        yield door
    finally:
        door.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def number(door: Door) -> int:
    """A request that nobody has answered."""
    door.owner("delete from person_request")
    [row] = door.owner(
        "select nextval('ibr.person_request_no') as number, record_id from beneficiary_record"
    )
    asked: int = row["number"]
    record: int = row["record_id"]
    seal = door.services.sealer.seal
    proved = json.dumps({"kind": "UIN", "value": UIN, "birth_date": "1956-03-01"}).encode()
    door.owner(
        """
        insert into person_request (request_no, visit_no, programme_id, record_id, subject_index,
                                    role, kind, about, proved, wished, before, opened_at, due_at)
        select $1, 1, r.programme_id, r.record_id, r.subject_index, 0, 'correction', 'name', $2, $3,
               'b', now(), now() + interval '30 days'
        from beneficiary_record r
        """,
        asked,
        seal(proved, request_place("proved", record, asked)),
        seal(b"Another Name", request_place("wished", record, asked)),
    )
    return asked


def post(door: Door, system: System, path: str, body: object) -> tuple[int, Any]:
    async def work() -> httpx.Response:
        transport = httpx.ASGITransport(OwnDoor(door.services, _nothing_else))
        async with httpx.AsyncClient(transport=transport, base_url="http://r.test") as client:
            return await client.post(
                f"/api/v1/{path}",
                json=body,
                headers={"authorization": f"Bearer {system.token}"},
            )

    answer = door.run(work())
    return answer.status_code, json.loads(answer.content)


def test_a_system_lists_and_answers(door: Door, number: int) -> None:
    system = door.partner(report=["DCI001"], scopes=["registry.requests"])
    status, said = post(door, system, "requests", {})
    assert status == 200
    [listed] = said["requests"]
    assert (listed["request"], listed["what"], listed["state"]) == (number, "name", "open")
    assert listed["person"]["wished"] == "Another Name"
    assert UIN in {each["identifier_value"] for each in listed["person"]["identifier"]}
    answer = {"request": number, "answer": "accepted", "reason": "will_be_corrected"}
    assert post(door, system, "requests/answers", answer) == (
        200,
        {"request": number, "state": "awaited"},
    )
    status, said = post(door, system, "requests/answers", answer)
    assert (status, said["errors"][0]["code"]) == (409, "person_request.answered")
    [row] = door.owner("select answered_kind from person_request")
    assert row["answered_kind"] == "partner"
    looked = door.owner("select 1 from question_asked where purpose_code = 'data_correction'")
    assert looked


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("requests", {"view": "mine"}, 400, "person_request.filter"),
        ("requests", {"name": "x"}, 400, "person_request.json"),
        ("requests/answers", {"request": 1}, 400, "person_request.json"),
        (
            "requests/answers",
            {"request": 999_999, "answer": "refused", "reason": "law_requires"},
            404,
            "person_request.unknown",
        ),
        (
            "requests/answers",
            {"request": 1, "answer": "refused", "reason": "will_stop"},
            400,
            "person_request.reason",
        ),
        (
            "requests/answers",
            {"request": 1, "answer": "perhaps", "reason": "will_stop"},
            400,
            "person_request.answer",
        ),
    ],
)
def test_what_is_refused(
    door: Door, number: int, path: str, body: dict[str, object], status: int, code: str
) -> None:
    assert number
    system = door.partner(report=["DCI001"], scopes=["registry.requests"])
    answered, said = post(door, system, path, body)
    assert (answered, said["errors"][0]["code"]) == (status, code)


def test_another_programme_s_system_finds_nothing(door: Door, number: int) -> None:
    other = door.partner(report=["DCI002"], scopes=["registry.requests"])
    assert post(door, other, "requests", {})[1]["requests"] == []
    answer = {"request": number, "answer": "refused", "reason": "law_requires"}
    assert post(door, other, "requests/answers", answer)[0] == 404
    without = door.partner(report=["DCI001"], scopes=["registry.cases"])
    assert post(door, without, "requests", {})[0] == 403


def test_a_statement_is_checked_at_the_command_line(
    door: Door, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    content, number = b"a statement", "ABCD2345EFGH6789JKMN"
    door.owner(
        "insert into statement_given (check_digest, file_digest, total_digest, visit_no, form, "
        "language, given_at) values ($1, $2, $3, 1, 'json', 'en', $4)",
        digest_of_number(number),
        hashlib.sha256(content).digest(),
        digest_of_sums(number, "KES 3,400"),
        NOW,
    )
    monkeypatch.setenv("IBR_DATABASE_URL", door.dsn)
    monkeypatch.setenv("IBR_DATA_DIR", str(door.settings.data_dir))
    file = tmp_path / "statement.json"

    def check(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["statements", "check", *words])
        return done.exit_code, done.output

    file.write_bytes(content)
    assert "The file is unchanged." in check(str(file))[1]
    file.write_bytes(content + b".")
    assert check(str(file))[0] == 1
    assert check("--number", number, "--sums", "3 400 KES")[0] == 0
    assert check("--number", number, "--sums", "KES 4,300")[0] == 1
    assert json.loads(check("--number", number, "--json")[1])["sums"] is None
    assert check()[0] == 1
