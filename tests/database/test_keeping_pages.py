"""The pages of keeping and erasing, research extracts and the record of processing."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest

from ibr.access.approvals.acts import register
from ibr.access.approvals.decide import approve
from ibr.access.staff.add_officer import add_officer
from ibr.access.staff.rights import RIGHTS
from ibr.asker import Asker, Purpose
from ibr.db.pool import open_database
from ibr.errors import NotAllowed
from ibr.identity.persons.look import all_programmes
from ibr.keeping.change_rule import RETENTION_ACTS
from ibr.keeping.erasure.ask import ERASURE_ACTS
from ibr.keeping.erasure.carry_out import Eraser, carry_out, open_erasures
from ibr.keeping.hold import HOLD_ACTS
from ibr.keeping.processing.gather import gather
from ibr.keeping.processing.written import as_markdown
from ibr.protection.seal import Sealer
from ibr.publish.research.ask import RESEARCH_ACTS
from ibr.publish.research.make import Maker, make_due
from tests import people_web
from tests.database.test_web_pages import sign_in, token
from tests.web_country import KEYRING, WebCountry, application, filled

WATCHER, SECOND = "watcher@example.org", "second@example.org"


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.fixture(autouse=True)
async def officers(country: WebCountry) -> dict[str, int]:
    register((*RETENTION_ACTS, *HOLD_ACTS, *ERASURE_ACTS, *RESEARCH_ACTS))
    connection = await asyncpg.connect(country.dsn, server_settings={"search_path": "ibr"})
    try:
        if not await connection.fetchval("select true from officer where email = $1", SECOND):
            await add_officer(
                connection, SECOND, "Dan Second", "data_protection_officer", None,
                people_web.PASSWORD,
            )  # fmt: skip
        rows = await connection.fetch("select email, officer_id from officer")
        return {row["email"]: row["officer_id"] for row in rows}
    finally:
        await connection.close()


@asynccontextmanager
async def visitor(
    country: WebCountry, email: str, later: timedelta = timedelta(0)
) -> AsyncIterator[httpx.AsyncClient]:
    async with country.services() as services:
        moved = replace(services, now=lambda: people_web.NOW + later)
        transport = httpx.ASGITransport(app=application(moved))
        async with httpx.AsyncClient(transport=transport, base_url="http://ibr.test") as client:
            client.headers["accept"] = "text/html"
            answer = await sign_in(client, email)
            assert answer.status_code == 303, answer.text
            yield client


def second(officers: dict[str, int], role: str = "data_protection_officer") -> Asker:
    return Asker(
        kind="officer",
        id=officers[SECOND],
        name="Dan Second",
        purpose=Purpose("official_duty"),
        ask=frozenset(),
        scopes=RIGHTS[role].scopes,  # type: ignore[index]  # a role of the table
        role=role,
    )


async def approved(country: WebCountry, asker: Asker) -> None:
    """Approves the newest proposal."""
    [row] = await country.read("select max(proposal_id) as number from proposal")
    async with (
        country.services() as services,
        services.database.transaction((), asker=asker) as connection,
    ):
        await approve(connection, asker, row["number"], people_web.NOW)


@pytest.mark.parametrize(
    ("email", "path", "status"),
    [
        (WATCHER, "/privacy/keeping", 200),
        ("auditor@example.org", "/privacy/keeping", 200),
        ("admin@example.org", "/privacy/keeping", 200),
        ("officer@example.org", "/privacy/keeping", 403),
        ("analyst@example.org", "/privacy/keeping", 403),
        ("auditor@example.org", "/privacy/record", 200),
        ("auditor@example.org", "/privacy/record/file", 200),
        ("help@example.org", "/privacy/record", 403),
        ("analyst@example.org", "/extracts", 200),
        ("planner@example.org", "/extracts", 403),
        ("auditor@example.org", "/extracts", 403),
        (WATCHER, "/extracts", 403),
    ],
)
async def test_who_sees_what(country: WebCountry, email: str, path: str, status: int) -> None:
    async with visitor(country, email) as client:
        answer = await client.get(path)
    assert answer.status_code == status, answer.text[:300]


@pytest.mark.parametrize("path", ["rules", "holds", "holds/1/lift", "erasures"])
@pytest.mark.parametrize("email", ["auditor@example.org", "admin@example.org"])
async def test_who_only_looks_changes_nothing(country: WebCountry, email: str, path: str) -> None:
    async with visitor(country, email) as client:
        page = await client.get("/privacy/keeping")
        assert "<form" not in page.text.split("<main")[1]
        answer = await client.post(
            f"/privacy/keeping/{path}", data={"form_token": token(page.text)}
        )
    assert answer.status_code == 403


async def test_a_rule_is_proposed_and_counts_when_approved(
    country: WebCountry, officers: dict[str, int]
) -> None:
    async with visitor(country, WATCHER) as client:
        page = await client.get("/privacy/keeping")
        fields = {
            "form_token": token(page.text),
            "data_class": "search_answers",
            "days": "3",
            "disposal": "delete",
            "legal_basis": "Act 7",
        }
        bad = await client.post("/privacy/keeping/rules", data=fields)
        assert bad.status_code == 400
        assert 'id="days-error"' in bad.text
        done = await client.post("/privacy/keeping/rules", data=fields | {"days": "45"})
        assert done.headers["location"] == "/privacy/keeping?done=rule"
        assert "45" not in (await client.get("/privacy/keeping")).text.split("Days")[1][:2000]
        await approved(country, second(officers))
        after = await client.get("/privacy/keeping")
    assert "Act 7" in after.text
    assert "Earlier rules" in after.text


async def test_a_hold_counts_at_once_and_two_lift_it(
    country: WebCountry, officers: dict[str, int]
) -> None:
    async with visitor(country, WATCHER) as client:
        page = await client.get("/privacy/keeping")
        fields = {
            "form_token": token(page.text),
            "kind": "UIN",
            "value": people_web.KNOWN_UIN,
            "programme": "",
            "held_class": "",
            "reason": "Court order 5",
            "until": "",
        }
        both = await client.post("/privacy/keeping/holds", data=fields | {"programme": "OAP"})
        assert both.status_code == 400
        past = await client.post("/privacy/keeping/holds", data=fields | {"until": "2020-01-01"})
        assert past.status_code == 400
        done = await client.post("/privacy/keeping/holds", data=fields)
        assert done.headers["location"].startswith("/privacy/keeping?done=held")
        shown = await client.get("/privacy/keeping")
        assert "Court order 5" in shown.text
        assert people_web.KNOWN_UIN not in shown.text
        erase = {
            "form_token": token(shown.text),
            "kind": "UIN",
            "value": people_web.KNOWN_UIN,
            "ground": "request",
            "why": "Asked in person",
        }
        held = await client.post("/privacy/keeping/erasures", data=erase)
        assert held.status_code == 400
        assert "A legal hold covers this person" in held.text
        [row] = await country.read("select max(hold_id) as number from legal_hold")
        lift = f"/privacy/keeping/holds/{row['number']}/lift"
        wordless = await client.post(lift, data={"form_token": token(shown.text), "why": ""})
        assert wordless.status_code == 400
        await client.post(lift, data={"form_token": token(shown.text), "why": "It is over."})
        [held_still] = await country.read("select lifted_at from legal_hold order by 1 limit 1")
        assert held_still["lifted_at"] is None
        await approved(country, second(officers))
        [row] = await country.read("select max(lifted_at) as at from legal_hold")
    assert row["at"] is not None


async def test_a_person_is_erased_when_a_second_person_approves(
    country: WebCountry, officers: dict[str, int], tmp_path: Path
) -> None:
    other = "UIN-00100-X"
    async with visitor(country, WATCHER) as client:
        page = await client.get("/privacy/keeping")
        fields = {
            "form_token": token(page.text),
            "kind": "UIN",
            "ground": "request",
            "why": "Asked",
        }
        nobody = await client.post("/privacy/keeping/erasures", data=fields | {"value": "NOBODY-1"})
        assert nobody.status_code == 400
        done = await client.post("/privacy/keeping/erasures", data=fields | {"value": other})
        assert done.status_code == 303, done.text[:2000]
        again = await client.post("/privacy/keeping/erasures", data=fields | {"value": other})
        assert again.status_code == 400
    [row] = await country.read(
        "select payload::text as payload from proposal where act = 'erasure' "
        "order by proposal_id desc limit 1"
    )
    assert other not in row["payload"]
    await approved(country, second(officers))
    before = await country.read("select count(*) as all_of_them from beneficiary_record")
    database = await open_database(country.dsn, "ibr_worker", size=4, name="test")
    try:
        eraser = Eraser(
            database=database,
            sealer=Sealer(KEYRING),
            keys=tmp_path,
            programmes=frozenset(await all_programmes(database)),
            now=lambda: people_web.NOW,
        )
        [number] = await open_erasures(database)
        await carry_out(eraser, number)
    finally:
        await database.close()
    after = await country.read("select count(*) as all_of_them from beneficiary_record")
    [erased] = await country.read("select record_ids, state from erasure")
    assert erased["state"] == "done"
    assert before[0]["all_of_them"] - after[0]["all_of_them"] == len(erased["record_ids"])
    async with visitor(country, "auditor@example.org") as client:
        shown = await client.get("/privacy/keeping")
    assert "The person asks for it" in shown.text


async def test_an_extract_is_approved_made_and_taken_once(
    country: WebCountry, officers: dict[str, int]
) -> None:
    async with visitor(country, "analyst@example.org") as client:
        page = await client.get("/extracts")
        fields = {
            "form_token": token(page.text),
            "c-sex": "yes",
            "c-birth_year": "yes",
            "c-area": "yes",
            "p-OAP": "yes",
            "first": "2023-01",
            "last": "2026-12",
            "form": "csv",
            "days": "30",
            "purpose": "Reach of the pension",
            "legal_basis": "Statistics act",
        }
        bad = await client.post("/extracts", data=fields | {"days": "400"})
        assert bad.status_code == 400
        done = await client.post("/extracts", data=fields)
        assert done.headers["location"] == "/extracts?done=asked", done.text[:1500]
        # Not by an administrator, who may approve other acts, but by who watches over privacy.
        with pytest.raises(NotAllowed):
            await approved(country, second(officers, "administrator"))
        await approved(country, second(officers))
        database = await open_database(country.dsn, "ibr_worker", size=3, name="test")
        try:
            maker = Maker(database=database, sealer=Sealer(KEYRING), now=lambda: people_web.NOW)
            assert await make_due(maker) == 1
            assert await make_due(maker) == 0
        finally:
            await database.close()
        [row] = await country.read(
            "select * from research_extract order by extract_no desc limit 1"
        )
        assert row["state"] == "ready"
        address = f"/extracts/{row['extract_no']}/take"
        shown = await client.get("/extracts")
        assert "Take it, once" in shown.text
        taken = await client.post(address, data={"form_token": token(shown.text)})
        assert taken.status_code == 200
        again = await client.post(address, data={"form_token": token(shown.text)})
        assert again.status_code == 404
    rows = list(csv.DictReader(io.StringIO(taken.text)))
    assert len(rows) == row["rows"] > 0
    alike = Counter((each["sex"], each["birth_year"], each["area"]) for each in rows)
    assert min(alike.values()) >= 5
    everybody = await country.read(
        "select count(*) as n from beneficiary_record where programme_id"
        " = (select programme_id from programme where code = 'OAP')"
    )
    assert row["rows"] + row["left_out"] <= everybody[0]["n"]
    [left] = await country.read("select count(*) as n from research_extract_part")
    assert left["n"] == 0
    events = await country.read("select kind from audit_event where kind like 'extract.%'")
    assert {each["kind"] for each in events} == {
        "extract.approved", "extract.made", "extract.taken"
    }  # fmt: skip


async def test_nobody_else_takes_it_and_it_expires(
    country: WebCountry, officers: dict[str, int]
) -> None:
    async with visitor(country, "analyst@example.org") as client:
        page = await client.get("/extracts")
        fields = {
            "form_token": token(page.text), "c-sex": "yes", "p-OAP": "yes", "first": "2026-01",
            "last": "2026-10", "form": "parquet", "days": "5", "purpose": "Another",
            "legal_basis": "Statistics act",
        }  # fmt: skip
        await client.post("/extracts", data=fields)
    await approved(country, second(officers))
    database = await open_database(country.dsn, "ibr_worker", size=3, name="test")
    try:
        await make_due(Maker(database=database, sealer=Sealer(KEYRING), now=lambda: people_web.NOW))
        [row] = await country.read("select max(extract_no) as number from research_extract")
        address = f"/extracts/{row['number']}/take"
        async with visitor(country, "officer@example.org") as client:
            page = await client.get("/")
            refused = await client.post(address, data={"form_token": "x"})
            assert refused.status_code == 403
        later = timedelta(days=6)
        async with visitor(country, "analyst@example.org", later) as client:
            page = await client.get("/extracts")
            assert "Take it, once" not in page.text
            gone = await client.post(address, data={"form_token": token(page.text)})
            assert gone.status_code == 404
        await make_due(
            Maker(database=database, sealer=Sealer(KEYRING), now=lambda: people_web.NOW + later)
        )
    finally:
        await database.close()
    [row] = await country.read(
        "select state from research_extract order by extract_no desc limit 1"
    )
    assert row["state"] == "expired"
    assert (await country.read("select count(*) as n from research_extract_part"))[0]["n"] == 0


async def test_the_record_says_what_is_and_a_change_makes_a_review_due(
    country: WebCountry, officers: dict[str, int]
) -> None:
    async def record() -> object:
        async with (
            country.services() as services,
            services.database.transaction((), asker=second(officers)) as connection,
        ):
            return await gather(
                connection,
                registry_id="ibr.example.org",
                profile="development",
                of_the_machine=(),
                at=people_web.NOW,
            )

    async with visitor(country, WATCHER) as client:
        page = await client.get("/privacy/record")
        assert "Nobody has gone through this record yet." in page.text
        fields = {"form_token": token(page.text), "note": ""}
        fields["digest"] = page.text.split('name="digest" value="')[1].split('"')[0]
        assert (await client.post("/privacy/record", data=fields)).status_code == 400
        done = await client.post("/privacy/record", data=fields | {"note": "All as it should be."})
        assert done.status_code == 303
        reviewed = await client.get("/privacy/record")
        assert "All as it should be." in reviewed.text
        assert "Review due" not in reviewed.text
        connection = await asyncpg.connect(country.dsn, server_settings={"search_path": "ibr"})
        await connection.execute("insert into programme (code, names) values ('NEW', '{}')")
        await connection.close()
        changed = await client.get("/privacy/record")
        assert "has changed since the last review" in changed.text
        file = await client.get("/privacy/record/file")
    assert file.headers["content-type"].startswith("text/markdown")
    assert "# Pack for an impact assessment" in file.text
    assert "beneficiary_record" in file.text
    assert "| NEW |" in file.text
    written = as_markdown(await record())  # type: ignore[arg-type]  # a Processing
    assert "kept_too_long" not in written
    assert "**missing**" in written
