"""A thousand known numbers, phones, accounts and names are found nowhere that anybody may look.

Loaded by every way in, asked about, refused, provoked to fail; then everything that is left behind
is searched: dump, tables, arguments of jobs, metrics, trace, log, files, backups and what backups
bring back (reliability F6, F13).
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from ibr.clock import now
from ibr.db.backup.backup_key import PRIVATE_FILE, private_half
from ibr.db.backup.restore import Until, restore, unseal
from ibr.db.backup.take import dump_command, shelf_of, take_base, take_dump
from ibr.db.embedded import cluster_of, stop
from ibr.settings import Settings
from tests.canaries import PEOPLE, everything, found_in, found_in_files, record, values
from tests.forms import CONTENT_TYPE, as_file
from tests.registry_process import ENROLLED, UPDATES, Partner, RegistryProcess

LARGE, SMALL, BY_FORM = range(100), range(100, 110), range(110, PEOPLE)


class Left:
    """A registry that everybody was told to, and what it left behind."""

    def __init__(self) -> None:
        self.registry = RegistryProcess()
        self.said: list[bytes] = []

    def live(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in (("IBR_LOG_LEVEL", "debug"), ("IBR_TRACE", "all")):
            monkeypatch.setenv(name, value)
        self.registry.add_programmes("P0", "P1")
        partner = self.registry.add_partner(
            "p.example.org", ["P0", "P1"], ["http://127.0.0.1:9/callbacks"]
        )
        self.registry.start(patience=180)
        with httpx.Client(timeout=60) as client:
            self._report(client, partner)
            self._ask(client, partner)
            self._provoke(client, partner)
            self._look_at_pages(client)
            self._wait_for_the_worker()
            self.said.append(client.get(f"{self.registry.url}/metrics").content)

    def _report(self, client: httpx.Client, partner: Partner) -> None:
        for numbers in (LARGE, SMALL):
            body = partner.updates([record(number, "P0") for number in numbers])
            self._must_be_well(partner.post(client, UPDATES, body))
        body = partner.updates([record(number, "P1") for number in BY_FORM])
        self._must_be_well(self._as_form(client, partner, UPDATES, body, "csv"))
        again = partner.updates([record(number, "P1") for number in SMALL])
        self._must_be_well(self._as_form(client, partner, UPDATES, again, "json"))

    def _as_form(
        self, client: httpx.Client, partner: Partner, path: str, body: bytes, kind: str
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {partner.token()}", "Content-Type": CONTENT_TYPE}
        content = as_file(body, kind)
        return client.post(f"{self.registry.url}{path}", content=content, headers=headers)

    @staticmethod
    def _must_be_well(answer: httpx.Response) -> None:
        assert answer.status_code == 200, answer.text
        outcomes = {each["status"] for each in answer.json()["message"]["enrolled_response"]}
        assert outcomes == {"succ"}, answer.text[:2000]

    def _ask(self, client: httpx.Client, partner: Partner) -> None:
        for number in (0, 105, 200):
            question = partner.question(values(number)["uin"], "P0")
            assert partner.post(client, ENROLLED, question).status_code == 200
        items = [
            {
                "reference_id": f"r{number}",
                "timestamp": now().isoformat(),
                "search_criteria": {
                    "query_type": "idtype-value",
                    "query": {"type": "UIN", "value": values(number)["uin"]},
                },
            }
            for number in range(20)
        ]
        for path in ("/registry/sync/search", "/registry/search"):
            body = partner.message("search", {"search_request": items}, len(items))
            assert partner.post(client, path, body).status_code == 200

    def _provoke(self, client: httpx.Client, partner: Partner) -> None:
        """Failures at every step, each with somebody's values in it."""
        told = values(3)
        spoiled = [{**record(3, "P0"), "enrollment_date": told["name"]}]
        partner.post(client, UPDATES, partner.updates(spoiled))
        foreign = partner.updates([record(4, "NOT-MINE")])
        partner.post(client, UPDATES, foreign)
        whole = partner.updates([record(5, "P0")])
        for body in (
            whole[:-40],
            whole.replace(b"Amina", b"Ami\\u0000na"),
            whole.replace(b'"signature"', b'"signatur"'),
            f'{{"{told["uin"]}": "{told["account"]}"}}'.encode(),
            told["phone"].encode(),
        ):
            partner.post(client, UPDATES, body)
            partner.post(client, ENROLLED, body)
        secret = {"Authorization": f"Bearer {told['account']}"}
        client.post(f"{self.registry.url}{ENROLLED}", content=whole, headers=secret)
        form = {"grant_type": "client_credentials", "client_id": told["name"]}
        client.post(f"{self.registry.url}/oauth2/client/token", data=form)
        # Somebody's number in an address, where it does not belong.
        for path in (f"/people/{told['uin']}", f"/{told['uin']}", f"/registry/{told['account']}"):
            client.get(f"{self.registry.url}{path}", params={"q": told["phone"]})

    def _look_at_pages(self, client: httpx.Client) -> None:
        told = values(6)
        url = f"{self.registry.url}/sign-in"
        client.post(url, data={"email": told["account"], "password": told["name"]})

    def _wait_for_the_worker(self) -> None:
        """Until the acknowledged search was answered, and its callback failed at least once."""
        deadline = time.monotonic() + 120
        question = "select count(*) from ibr.outgoing_message where attempts > 0"
        while not self.registry.rows(question)[0][0]:
            assert time.monotonic() < deadline, self.registry.log()
            time.sleep(0.2)

    def dumped(self) -> bytes:
        found = self.registry.rows("show server_version_num")[0][0]
        out = io.BytesIO()
        backup = take_dump(self.registry.settings, self.registry.dsn, now())
        unseal(backup.path, self.private, out)
        # The dump in the backup is not compressed, so it can be searched as it is.
        assert dump_command(self.registry.dsn, int(found) // 10_000)
        return out.getvalue()

    @property
    def private(self) -> bytes:
        return private_half(self.registry.folder / "keys" / PRIVATE_FILE)

    def close(self) -> None:
        self.registry.stop()


@pytest.fixture(scope="module")
def left() -> Iterator[Left]:
    made = Left()
    with pytest.MonkeyPatch.context() as monkeypatch:
        try:
            made.live(monkeypatch)
            yield made
        finally:
            made.close()


def test_there_are_a_thousand_of_them_and_they_are_enrolled(left: Left) -> None:
    assert len(set(everything())) == 1000
    rows = left.registry.rows("select count(distinct record_id) from ibr.enrolment")
    assert rows[0][0] == PEOPLE + len(SMALL)


def test_pg_dump_holds_none_of_them(left: Left) -> None:
    dumped = left.dumped()
    assert b"beneficiary_record" in dumped
    assert len(dumped) > 500_000
    assert found_in(dumped) == set()


def test_no_job_was_told_of_anybody(left: Left) -> None:
    rows = left.registry.rows("select kind, arguments::text, key, last_error from ibr.job")
    assert rows
    assert found_in(repr([tuple(row) for row in rows]).encode()) == set()


def test_the_trace_tells_of_messages_and_of_nobody(left: Left) -> None:
    rows = left.registry.rows("select t::text from ibr.message_trace t")
    assert len(rows) > 5
    assert found_in(repr([tuple(row) for row in rows]).encode()) == set()


def test_no_metric_is_about_anybody(left: Left) -> None:
    [metrics] = left.said
    assert b"ibr_requests_total" in metrics
    assert found_in(metrics) == set()


def test_the_log_at_its_most_talkative_names_nobody(left: Left) -> None:
    log = (left.registry.folder / "registry.log").read_bytes()
    assert log.count(b"\n") > 3
    assert found_in(log) == set()


def test_no_file_of_the_registry_or_its_database_holds_any(left: Left) -> None:
    """Tables and log of PostgreSQL as they stand on the disk, the spool, keys and all else."""
    assert (left.registry.folder / "postgres" / "data" / "pg_wal").is_dir()
    assert found_in_files(left.registry.folder) == {}


def test_no_backup_holds_any_nor_what_it_brings_back(left: Left) -> None:
    backup = take_base(left.registry.settings, now())
    shelf = shelf_of(left.registry.settings)
    assert found_in_files(shelf.folder) == {}
    out = io.BytesIO()
    unseal(backup.path, left.private, out)
    assert len(out.getvalue()) > 10_000_000
    assert found_in(out.getvalue()) == set()
    into = Settings(data_dir=left.registry.folder / "restored")
    restore(shelf, backup, left.private, into, Until())
    try:
        assert found_in_files(into.data_dir) == {}
    finally:
        stop(into)


# Controls: whatever is searched above, a value that stands there is found.


@pytest.mark.parametrize("number", [0, 249])
def test_control_each_value_is_found_in_each_form(number: int) -> None:
    for value in values(number).values():
        plain = value.lstrip("+").upper()
        for form in (value, value.lower(), value.encode().hex(), value.encode().hex().upper()):
            assert plain in found_in(f"… {form} …".encode()), form
    assert found_in(b"7788000199110" * 0 + b"778899999911") == set()


def test_control_one_row_in_the_clear_is_found_in_table_dump_and_files(left: Left) -> None:
    name = values(7)["name"]
    with planted(left, name):
        assert found_in(left.dumped()) == {name}
        left.registry.rows("checkpoint")
        assert set().union(*found_in_files(left.registry.folder / "postgres").values()) == {name}


@contextlib.contextmanager
def planted(left: Left, value: str) -> Iterator[None]:
    """A value in a column where it does not belong, for as long as this lasts."""
    left.registry.rows("create table ibr.zz_planted as select $1::text as said", value)
    try:
        yield
    finally:
        left.registry.rows("drop table ibr.zz_planted")


def test_control_a_file_with_one_is_found(left: Left, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    content = b"x" * 100 + msgspec.json.encode(record(9, "P0"))
    (tmp_path / "deep" / "left.spool").write_bytes(content)
    [hits] = found_in_files(tmp_path).values()
    assert {value.lstrip("+") for value in values(9).values()} <= hits


def test_control_cluster_and_spool_are_below_the_folder_that_is_searched(left: Left) -> None:
    home = cluster_of(left.registry.settings).home
    assert home.is_relative_to(left.registry.folder)
