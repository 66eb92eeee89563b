"""The page of the audit trail and packs of evidence: who may, what they show, what they prove."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from ibr.audit.evidence.pack import MANIFEST
from ibr.audit.seals.anchor import FileAnchor, read_anchor
from ibr.audit.seals.begin import begin_sealing
from ibr.audit.seals.seal_due import Sealing
from ibr.audit.verify.exported import read_proof, verify_proof
from ibr.clock import now
from ibr.db.pool import open_database, owner_transaction
from ibr.protection.seal import Sealer
from tests import people_web
from tests.cases_web import the_case, three_cases
from tests.database.test_web_pages import token, visitor
from tests.findings_web import with_findings
from tests.made_figures import freeze_made_at
from tests.web_country import KEYRING, WebCountry, filled

AUDITOR, ADMINISTRATOR = "auditor@example.org", "admin@example.org"
CLOSED_TO = ("analyst@example.org", "help@example.org", "officer@example.org", ADMINISTRATOR)


@pytest.fixture(scope="module")
def anchor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("anchor") / "seals.jsonl"


def sealed(dsn: str, anchor: Path) -> None:
    """Seals what waits, as the worker does."""

    async def work() -> None:
        async with owner_transaction(dsn) as owner:
            await begin_sealing(owner, Sealer(KEYRING), now())
        jobs = await open_database(dsn, "ibr_worker", size=2, name="test")
        await Sealing(jobs, Sealer(KEYRING), [FileAnchor(anchor)]).run(now(), at_once=True)
        await jobs.close()

    asyncio.run(work())


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    country = filled(dsn)
    asyncio.run(freeze_made_at(dsn, months=2, people=200, restated=False))
    return country


@pytest.fixture(scope="module")
def findings(country: WebCountry) -> list[int]:
    return asyncio.run(with_findings(country.dsn))


@pytest.mark.parametrize("email", CLOSED_TO)
async def test_who_does_not_watch_sees_no_trail(country: WebCountry, email: str) -> None:
    async with visitor(country, email) as client:
        page = await client.get("/audit")
        home = await client.get("/")
        made = await client.post(
            "/audit/evidence", data={"form_token": token(home.text), "of": "case", "number": "1"}
        )
    assert (page.status_code, made.status_code) == (403, 403)
    assert 'href="/audit"' not in home.text


async def test_an_auditor_sees_what_was_done_and_how_far_it_is_sealed(
    country: WebCountry, anchor: Path
) -> None:
    await asyncio.to_thread(sealed, country.dsn, anchor)
    async with visitor(country, AUDITOR) as client:
        page = await client.get("/audit")
        narrowed = await client.get("/audit?kind=officer&actor=officer")
    assert page.status_code == 200
    assert "audit.key_made" in page.text
    assert "officer.signed_in" in narrowed.text
    assert "audit.key_made" not in narrowed.text
    assert people_web.CANARY not in page.text


async def test_a_search_is_itself_recorded(country: WebCountry) -> None:
    async with visitor(country, AUDITOR) as client:
        await client.get("/audit?kind=partner&day=2026-01-01&until=2026-01-31")
        page = await client.get("/audit?kind=audit")
    assert "audit.searched" in page.text
    assert "2026-01-31" in page.text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("actor=somebody", "officer:3"),
        ("day=yesterday", "2026-01-31"),
        ("kind=nothing", "Choose what it is about"),
        ("day=2026-02-01&until=2026-01-01", "not before the first"),
    ],
)
async def test_what_cannot_be_searched_for_is_said_beside_its_field(
    country: WebCountry, query: str, words: str
) -> None:
    async with visitor(country, AUDITOR) as client:
        page = await client.get(f"/audit?{query}")
    assert page.status_code == 400
    assert words in page.text


async def test_the_page_says_that_sealing_is_late(country: WebCountry, anchor: Path) -> None:
    await asyncio.to_thread(sealed, country.dsn, anchor)
    async with visitor(country, AUDITOR) as client:
        well = await client.get("/audit")
    async with owner_transaction(country.dsn) as owner:
        await owner.execute(
            "update audit_sealing set sealed_at = $1", people_web.NOW - timedelta(minutes=20)
        )
        await owner.execute(
            "update audit_event set at = $1 where event_id = "
            "(select min(event_id) from audit_event, audit_sealing where event_id > last_id)",
            people_web.NOW - timedelta(minutes=20),
        )
    async with visitor(country, AUDITOR) as client:
        late = await client.get("/audit")
    assert 'role="alert"' not in well.text
    assert "Nothing has been sealed for 20 minutes" in late.text


async def pack(client: httpx.AsyncClient, **fields: str) -> zipfile.ZipFile:
    home = await client.get("/audit")
    answer = await client.post("/audit/evidence", data={"form_token": token(home.text)} | fields)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(answer.content))


def checked(archive: zipfile.ZipFile, anchor: Path) -> dict[str, bytes]:
    """The files of a pack after its list of digests and every proof in it was verified."""
    root = archive.namelist()[0].partition("/")[0]
    files = {name.removeprefix(f"{root}/"): archive.read(name) for name in archive.namelist()}
    listed = dict(reversed(line.split("  ")) for line in files.pop(MANIFEST).decode().splitlines())
    assert listed == {name: hashlib.sha256(each).hexdigest() for name, each in files.items()}
    for name, content in files.items():
        if name.startswith("proofs/"):
            path = anchor.with_name(Path(name).name)
            path.write_bytes(content)
            assert verify_proof(read_proof(path), read_anchor(anchor)).broken is None
        assert people_web.CANARY.encode() not in content
    return files


async def test_a_figure_is_proven(country: WebCountry, anchor: Path) -> None:
    await asyncio.to_thread(sealed, country.dsn, anchor)
    async with visitor(country, AUDITOR) as client:
        files = checked(
            await pack(client, of="figure", indicator="N1", period="2026-10", by="area1"), anchor
        )
    result = json.loads(files["result.json"])
    rows = list(csv.reader(files["result.csv"].decode().splitlines()))
    assert rows[0] == ["area1", "numerator", "denominator", "value", "notes"]
    assert len(rows) == len(result["cells"]) + 1
    assert result["sha256"] in files["tables.txt"].decode()
    assert "N1" in files["rule.json"].decode()
    assert b"README" not in files["README.txt"]
    assert "Comment vérifier" in files["LISEZMOI.txt"].decode()


async def test_a_finding_is_proven(country: WebCountry, findings: list[int], anchor: Path) -> None:
    async with visitor(country, AUDITOR) as client:
        page = await client.get(f"/findings/{findings[0]}")
        files = checked(await pack(client, of="finding", number=str(findings[0])), anchor)
    assert "/audit/evidence" in page.text
    rule = json.loads(files["rule.json"])
    assert "select" in rule["statement"].lower()
    assert json.loads(files["snapshot.json"])["sha256"]
    assert files["deliveries.csv"].startswith(b"delivery_id")


async def test_a_case_is_proven_with_every_step(country: WebCountry, anchor: Path) -> None:
    await three_cases(country)
    await asyncio.to_thread(sealed, country.dsn, anchor)
    case = await the_case(country.dsn)
    async with visitor(country, AUDITOR) as client:
        files = checked(await pack(client, of="case", number=str(case.case_id)), anchor)
    steps = json.loads(files["steps.json"])
    events = json.loads(files["events.json"])
    assert [each["step_no"] for each in steps] == list(range(1, case.step_no + 1))
    assert {each["kind"] for each in events} >= {"case.step"}
    assert all(each["seal"] for each in events)
    assert [name for name in files if name.startswith("proofs/")]
    assert "note" not in steps[0]


async def test_what_there_is_not_is_said_where_it_was_asked_for(country: WebCountry) -> None:
    async with visitor(country, AUDITOR) as client:
        home = await client.get("/audit")
        for fields, words in (
            ({"of": "case", "number": "987654"}, "There is none of this number"),
            ({"of": "figure", "indicator": "N1", "period": "soon"}, "Write a month"),
            ({"of": "figure", "indicator": "ZZ", "period": "2026-10"}, "no such figure"),
        ):
            sent = {"form_token": token(home.text)} | fields
            page = await client.post("/audit/evidence", data=sent)
            assert page.status_code in (400, 404)
            assert words in page.text


async def test_that_a_pack_was_made_is_recorded(country: WebCountry) -> None:
    async with visitor(country, AUDITOR) as client:
        await pack(client, of="figure", indicator="N1", period="2026-10")
        page = await client.get("/audit?kind=audit")
    assert "audit.evidence_made" in page.text
    assert "figure N1 2026-10" in page.text
