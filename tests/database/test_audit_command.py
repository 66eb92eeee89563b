"""`ibr audit`: verify, export, find, prove, seal; what each says and how it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ibr.cli.main import app
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer
from tests.audit_desk import AuditDesk, fresh_desk
from tests.conftest import scratch_folder


@pytest.fixture
def desk(cluster: str, template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[AuditDesk]:
    """A desk whose keys lie where the command line looks for them."""
    folder = scratch_folder()
    with fresh_desk(cluster, template, Sealer(open_keyring(folder / "keys", create=True))) as desk:
        monkeypatch.setenv("IBR_DATABASE_URL", desk.dsn)
        monkeypatch.setenv("IBR_DATA_DIR", str(folder))
        monkeypatch.setenv("IBR_ANCHOR_FILE", str(desk.anchor))
        desk.happens(3)
        desk.asks(2)
        yield desk


def ran(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["audit", *words])
    assert result.exit_code == code, result.output
    return result


def test_the_trail_is_sealed_and_verified(desk: AuditDesk) -> None:
    assert "There is no seal yet" in ran("verify").output
    assert "1 seals over 7 events; 1 written outside" in ran("seal").output
    said = ran("verify").output
    assert "The audit trail holds" in said
    assert "1 seals were compared with the anchor" in said
    report = json.loads(ran("verify", "--json").output)
    assert (report["seals"], report["asked"], report["broken"]) == (1, 2, None)
    assert report["code"] in ran("state").output


def test_a_break_is_named_and_ends_with_1(desk: AuditDesk) -> None:
    ran("seal")
    number = desk.value("select max(event_id) from ibr.audit_event")
    desk.owner("delete from ibr.audit_event where event_id = $1", number)
    said = ran("verify", code=1).output
    assert "does NOT hold" in said
    assert f"Event {number}, seal 1" in said
    assert json.loads(ran("verify", "--json", code=1).output)["broken"]["row"] == number


def test_an_export_and_a_proof_are_verified_without_a_database(
    desk: AuditDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran("seal")
    trail, proof = tmp_path / "trail.jsonl", tmp_path / "proof.json"
    ran("export", str(trail))
    ran("export", str(trail), code=1)
    number = json.loads(ran("find", "--kind", "programme", "--json").output)[0]["number"]
    ran("prove", str(number), "--out", str(proof))
    monkeypatch.setenv("IBR_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("IBR_DATA_DIR", str(tmp_path / "nothing"))
    anchor = ("--anchor", str(desk.anchor))
    assert "holds" in ran("verify", "--export", str(trail), *anchor).output
    assert "holds" in ran("verify", "--proof", str(proof), *anchor).output
    assert "Nothing was compared" in ran("verify", "--export", str(trail)).output
    ran("verify", "--export", str(proof), code=1)
    ran("verify", "--proof", str(trail), code=1)
    ran("verify", "--export", str(tmp_path / "none"), code=1)


def test_events_are_found_by_kind_actor_and_day(desk: AuditDesk) -> None:
    ran("seal")
    found = json.loads(ran("find", "--actor", "partner:7", "--json").output)
    assert [each["kind"] for each in found] == ["question.enrolled"]
    assert found[0]["seal"] == 1
    assert json.loads(ran("find", "--day", "2020-01-01", "--json").output) == []
    ran("find", "--actor", "me", code=1)
    ran("find", "--kind", "nothing", code=1)
    assert "programme.added" in ran("find", "--kind", "programme").output


def test_what_is_not_sealed_cannot_be_proven_yet(desk: AuditDesk) -> None:
    number = desk.value("select max(event_id) from ibr.audit_event")
    assert "not sealed yet" in ran("prove", str(number), code=1).output
    assert "no event of this number" in ran("prove", "999999", code=1).output


def test_a_new_key_seals_from_then_on(desk: AuditDesk) -> None:
    ran("seal")
    assert "audit-" in ran("new-key").output
    ran("seal")
    assert "2 seals (1 to 2)" in ran("verify").output


def test_a_restore_is_noted_only_where_there_was_one(desk: AuditDesk) -> None:
    ran("seal")
    said = ran("restored", "--reason", "The disk of the server failed", code=1).output
    assert "nothing to note" in said
