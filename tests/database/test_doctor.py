"""`ibr doctor` finds each fault that somebody could make, and says what to do about it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
import pytest
from typer.testing import CliRunner

from ibr.cli.doctor import look
from ibr.cli.main import app
from ibr.clock import now
from ibr.db.backup.shelf import Drill
from ibr.db.backup.take import shelf_of, take_base
from ibr.keeping.erasure import journal
from ibr.keeping.erasure.model import Entry
from ibr.operation.doctor import machine
from ibr.operation.doctor.machine import look_at_machine
from ibr.operation.doctor.model import Finding
from ibr.protection.record_keys import FILE_NAME as RECORD_KEYS
from ibr.settings import Settings
from tests.backup_site import Site
from tests.mail_house import House, free_port, running


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    made = Site()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(autouse=True)
def here(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line's settings are those of the registry of these tests."""
    for name in [each for each in os.environ if each.startswith("IBR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("IBR_DATA_DIR", str(site.settings.data_dir))
    monkeypatch.setenv("IBR_BACKUP_DIR", str(site.settings.backup_dir))


def about(what: str, findings: list[Finding], state: str = "wrong") -> Finding:
    """The one finding of this kind that is not well."""
    [found] = [each for each in findings if each.what == what and each.state == state]
    return found


def test_a_registry_that_was_just_made_is_well() -> None:
    findings = look()
    assert [each for each in findings if each.state == "wrong"] == []
    seen = {each.what for each in findings}
    assert seen >= {
        "settings", "keyring", "disk", "spool", "database", "schema", "clocks", "roles",
        "row-level security", "sealed columns", "key (sig)", "key (token)", "worker", "jobs",
        "outbox", "backup",
    }  # fmt: skip


def test_the_mail_server_is_tried_and_said_to_be_down(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {"reporting calendar", "reminders"} <= {each.what for each in look()}
    assert "mail server" not in {each.what for each in look()}
    monkeypatch.setenv("IBR_SMTP_HOST", "127.0.0.1")
    assert "IBR_SMTP_SENDER" in about("mail server", look()).found
    monkeypatch.setenv("IBR_SMTP_SENDER", "registry@talmira.example")
    monkeypatch.setenv("IBR_SMTP_TLS", "off")
    monkeypatch.setenv("IBR_SMTP_PORT", str(free_port()))
    assert about("mail server", look(), "care").found == "it does not answer"
    with running(House()) as server:
        monkeypatch.setenv("IBR_SMTP_PORT", str(server.port))
        about("mail server", look(), "well")


def test_a_calendar_that_nobody_entered_and_letters_given_up_are_said(site: Site) -> None:
    site.ask("insert into ibr.programme (code, names) values ('DOC', '{}')")
    assert "0 of" in about("reporting calendar", look(), "care").found
    number = site.ask("select programme_id from ibr.programme where code = 'DOC'")[0]
    site.ask(
        "insert into ibr.report_reminder (programme_id, last_month, step, first_month, due_on, "
        f"made_at, mail, message_id) values ({number}, '2026-09', 'late', '2026-09', "
        "'2026-10-15', now(), 'given_up', '<x@y>')"
    )
    assert "1 letters given up" in about("reminders", look(), "care").found
    for table in ("report_reminder", "programme"):
        site.ask(f"delete from ibr.{table} where programme_id = {number}")


def test_what_is_not_well_says_why_and_what_to_do() -> None:
    for each in look():
        assert (each.state == "well") == (each.why == each.do == "")


@contextlib.contextmanager
def changed(site: Site, statement: str, back: str) -> Iterator[None]:
    site.ask(statement)
    try:
        yield
    finally:
        site.ask(back)


FAULTS = {
    "row-level security": (
        "alter table ibr.enrolment no force row level security",
        "alter table ibr.enrolment force row level security",
        "enrolment",
    ),
    "sealed columns": (
        "insert into ibr.registry_key (kid, use, public_jwk, private_sealed, not_before, made_at, "
        "not_after) values ('planted', 'sig', '{}', 'a private key, readable to all who look', "
        "now(), now(), now())",
        "delete from ibr.registry_key where kid = 'planted'",
        "registry_key.private_sealed",
    ),
    "roles": (
        "alter role ibr_app bypassrls",
        "alter role ibr_app nobypassrls",
        "ibr_app has rights over the whole server",
    ),
    "schema": (
        "update public.migration set version_num = '0030'",
        "update public.migration set version_num = '{newest}'",
        "migration 0030",
    ),
}


@pytest.mark.parametrize("what", FAULTS)
def test_each_fault_in_the_database_is_found(site: Site, what: str) -> None:
    make, back, words = FAULTS[what]
    newest = site.ask("select version_num from public.migration")[0]
    with changed(site, make, back.format(newest=newest)):
        found = about(what, look())
        assert words in found.found
    assert [each for each in look() if each.what == what and each.state == "wrong"] == []


def test_a_table_open_to_everybody_is_found(site: Site) -> None:
    give, take = (
        "grant select on ibr.enrolment to public",
        "revoke all on ibr.enrolment from public",
    )
    with changed(site, give, take):
        assert "everybody may use enrolment" in about("roles", look()).found


def test_jobs_that_wait_and_jobs_that_failed_are_found(site: Site) -> None:
    waits = "insert into ibr.job (kind, due_at) values ('tidy', now() - interval '2 hours')"
    lost = "insert into ibr.job (kind, gave_up_at) values ('tidy', now())"
    gone = "delete from ibr.job where kind = 'tidy'"
    with changed(site, waits, gone):
        assert "120 minutes" in about("jobs", look(), "care").found
    with changed(site, lost, gone):
        assert "1 failed for good" in about("jobs", look(), "care").found


def test_a_keyring_that_others_may_read_is_found(site: Site) -> None:
    path = site.settings.data_dir / "keys" / "keyring.json"
    path.chmod(0o644)
    found = about("keyring", look())
    path.chmod(0o600)
    assert "chmod 600" in found.found


def test_what_a_crash_left_in_the_spool_is_found(site: Site) -> None:
    folder = site.settings.data_dir / "spool"
    folder.mkdir(exist_ok=True)
    left = folder / "x.spool"
    left.write_bytes(b"noise")
    os.utime(left, (0, 0))
    found = about("spool", look(), "care")
    left.unlink()
    assert "1 files older than a day" in found.found


def seen(settings: Settings, at: datetime | None = None) -> list[Finding]:
    """What the machine alone says, at another time and with other settings."""
    return list(look_at_machine(settings, [], at or now()))


@pytest.fixture(scope="module")
def backed_up(site: Site) -> Settings:
    take_base(site.settings, now())
    site.keep()
    return msgspec.structs.replace(site.settings, profile="production")


def test_without_a_backup_production_is_not_well(site: Site) -> None:
    elsewhere = msgspec.structs.replace(
        site.settings, profile="production", backup_dir=site.folder / "nothing-there"
    )
    assert "there is none" in about("backup", seen(elsewhere)).found
    trying = msgspec.structs.replace(elsewhere, profile="development")
    assert "there is none" in about("backup", seen(trying), "care").found


@pytest.mark.parametrize(("hours", "state"), [(25, None), (27, "wrong")])
def test_a_backup_is_too_old_after_26_hours(
    backed_up: Settings, hours: int, state: str | None
) -> None:
    findings = seen(backed_up, now() + timedelta(hours=hours))
    assert [each.state for each in findings if each.what == "backup"] == [state or "well"]


@pytest.mark.parametrize(("days", "state"), [(34, "well"), (36, "wrong")])
def test_a_drill_is_too_old_after_35_days(backed_up: Settings, days: int, state: str) -> None:
    drill = Drill(at=now().isoformat(), well=True, seconds=12, backup="x", words=[])
    shelf_of(backed_up).note_drill(drill)
    findings = seen(backed_up, now() + timedelta(days=days))
    assert [each.state for each in findings if each.what == "drill"] == [state]


def test_a_drill_that_failed_is_found(backed_up: Settings) -> None:
    words = ["The log file 0003 is missing."]
    failed = Drill(at=now().isoformat(), well=False, seconds=3, backup="x", words=words)
    shelf_of(backed_up).note_drill(failed)
    found = about("drill", seen(backed_up))
    shelf_of(backed_up).note_drill(msgspec.structs.replace(failed, well=True))
    assert "0003 is missing" in found.found


def test_a_backup_cut_short_is_found(backed_up: Settings) -> None:
    path = shelf_of(backed_up).newest().path
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    found = about("backup", seen(backed_up))
    path.write_bytes(whole)
    assert "is gone, damaged or cut short" in found.found
    assert "ibr db check" in found.do


def test_a_keyring_among_the_backups_is_found(site: Site, backed_up: Settings) -> None:
    assert backed_up.backup_dir is not None
    copy = backed_up.backup_dir / "keyring.json"
    copy.write_text("{}")
    found = about("keyring", seen(backed_up))
    copy.unlink()
    assert "away from every backup" in found.do


def test_log_files_that_nobody_keeps_are_found(
    site: Site, backed_up: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "waiting", lambda _folder: (7, 900.0))
    found = about("log files", seen(backed_up))
    assert "7 wait to be kept, the oldest for 15 minutes" in found.found


def test_the_command_says_it_in_words_and_as_json(site: Site) -> None:
    run = CliRunner()
    plain = run.invoke(app, ["doctor"])
    assert plain.exit_code == 0, plain.output
    assert "well      keyring:" in plain.output
    found = json.loads(run.invoke(app, ["doctor", "--json"]).stdout)
    assert {"what", "well", "state", "words", "why", "do"} == set(found[0])


def test_the_command_ends_with_1_when_something_is_wrong(site: Site) -> None:
    path = site.settings.data_dir / "keys" / "keyring.json"
    path.chmod(0o644)
    done = CliRunner().invoke(app, ["doctor"])
    path.chmod(0o600)
    assert done.exit_code == 1
    assert "NOT WELL  keyring" in done.output
    assert "What to do:" in done.output


def test_a_setting_that_cannot_be_read_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IBR_PORT", "many")
    [found] = look()
    assert (found.what, found.state) == ("settings", "wrong")


def test_an_erasure_that_a_restore_undid_is_found(site: Site) -> None:
    """The journal knows of it, the database does not; and its key is in the file again."""
    keys = site.settings.data_dir / "keys"
    assert about("erasures", look(), "well")
    entry = Entry(
        approved_at=now(),
        erased_at=now(),
        ground="request",
        with_bytes=False,
        records=[77],
        keys=[b"k" * 16],
    )
    journal.append(keys, entry)
    found = about("erasures", look())
    assert "1 that the database does not know" in found.found
    assert "1 records whose key is here" in found.found
    assert "ibr erasure replay" in found.do
    done = CliRunner().invoke(app, ["erasure", "replay", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output) == {"erasures": 1, "records": 0}
    assert about("erasures", look(), "well")
    [row] = site.ask("select last_value >= 77 from ibr.record_id")
    assert row


def test_a_registry_without_keys_of_records_is_told_how_to_make_them(site: Site) -> None:
    path = site.settings.data_dir / "keys" / RECORD_KEYS
    before = path.read_bytes()
    path.unlink()
    try:
        found = about("keys of records", look(), "care")
        assert "ibr erasure prepare" in found.do
    finally:
        path.write_bytes(before)
        path.chmod(0o600)
    assert about("keys of records", look(), "well")


def test_keys_of_records_that_others_may_read_are_found(site: Site) -> None:
    path = site.settings.data_dir / "keys" / RECORD_KEYS
    path.chmod(0o644)
    try:
        assert about("keys of records", look())
    finally:
        path.chmod(0o600)


def test_nights_that_nobody_kept_are_found(site: Site) -> None:
    site.ask("update ibr.retention_rule set set_at = now() - interval '4 days'")
    assert about("retention", look(), "care")
    done = CliRunner().invoke(app, ["retention", "run", "--json"])
    assert done.exit_code == 0, done.output
    assert about("retention", look(), "well")
    shown = CliRunner().invoke(app, ["retention", "show", "--json"])
    assert json.loads(shown.output)["due"]["delivery_bytes"] == [0, 0]


def test_an_erasure_that_waits_is_found(site: Site) -> None:
    site.ask(
        "insert into ibr.erasure (record_ids, ground, approved_at) "
        "values ('{5}', 'request', now() - interval '2 days')"
    )
    try:
        assert about("erasures", look(), "care")
    finally:
        site.ask("delete from ibr.erasure where record_ids = '{5}'")


def test_the_commands_of_keeping_say_what_they_did(site: Site) -> None:
    def run(*words: str) -> str:
        done = CliRunner().invoke(app, list(words))
        assert done.exit_code == 0, done.output
        return done.output

    assert "Rule" in run("retention", "set", "withdrawn", "--days", "400", "--law", "Act 7")
    assert "Hold" in run("retention", "hold", "--class", "withdrawn", "--reason", "Inquiry")
    [number] = site.ask("select max(hold_id) from ibr.legal_hold")
    assert "lifted" in run("retention", "lift", str(number), "--why", "Over")
    assert "already" in run("erasure", "prepare")
    assert json.loads(run("erasure", "list", "--json")) is not None
    record = json.loads(run("privacy", "record", "--json"))
    measures = {each["code"]: each["there"] for each in record["measures"]}
    assert measures["record_keys"]
    assert not measures["retention_rules"]
    refused = CliRunner().invoke(
        app, ["retention", "set", "withdrawn", "--days", "3", "--law", "A"]
    )
    assert refused.exit_code == 1
