"""A country in which every page has something to show, for the checks of all pages.

`pages_ground` fills a fresh database by way of the pages' own forms and of what other tests use,
and names what it made: the names stand in the addresses of tests/page_visits.py, as {case} in
`/cases/{case}`. A new page that needs data: add a function that makes it and returns its names, and
a line in `_everything`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from litestar import Litestar

from ibr.access.agreements import enter
from ibr.access.approvals.acts import register
from ibr.access.budgets.give import give, wanted_from
from ibr.access.budgets.judge import Alarm
from ibr.access.budgets.watching.alarms import raise_alarms
from ibr.access.staff.add_officer import add_officer
from ibr.access.staff.sign_in import begin_session
from ibr.app import ACTS, beside_the_standard
from ibr.asker import Asker, Purpose
from ibr.audit.events import QUESTION_REFUSED
from ibr.audit.record import record_event
from ibr.audit.seals.anchor import FileAnchor
from ibr.audit.seals.begin import begin_sealing
from ibr.audit.seals.seal_due import Sealing
from ibr.clock import now
from ibr.coverage.engine.ground import ground_folder, keep_ground
from ibr.db.pool import open_database, owner_transaction
from ibr.operation.dependencies import Watched
from ibr.protection.seal import Sealer
from ibr.settings import Settings
from tests import page_desks
from tests.callbacks_web import promised
from tests.cases_web import people_enrolled, the_case, three_cases
from tests.database.test_web_applicant import linked
from tests.database.test_web_cases import step
from tests.database.test_web_files import acted, chosen, worked
from tests.database.test_web_held_deliveries import ANOMALIES
from tests.developers_web import FIRST, add_developers
from tests.files_made import as_xlsx, people
from tests.findings_web import CHECK, with_findings
from tests.made_figures import add_districts
from tests.ministry_double import Ministry
from tests.officers_web import as_app, as_owner, link_in, number_of, send, visitor
from tests.own_web import way_to
from tests.people_web import KNOWN_UIN, NOW, PASSWORD
from tests.releases_web import published_country
from tests.review_web import Told, a_pair, address_of, begin
from tests.sign_in_web import Clock, set_up_app
from tests.told_web import DEATH, TOLD, tell
from tests.web_country import KEYRING, WebCountry
from tests.what_if_ground import ground, small_country

ADA, OMAR, WATCHER = "admin@example.org", "officer@example.org", "watcher@example.org"
# Somebody with an authenticator app; and somebody without, who must set one up to come in.
WITH_APP, WITHOUT = "with.app@example.org", "without@example.org"
PARTNER = "mis.example.org"
PERSON = 4712
Names = dict[str, str]


def pages_ground(dsn: str, folder: Path) -> tuple[WebCountry, Names]:
    """The country, with `folder` for its data, and the names of what is in it."""
    register(ACTS)
    country = published_country(dsn)
    return country, asyncio.run(_everything(country, folder))


async def _everything(country: WebCountry, folder: Path) -> Names:
    await add_districts(country.dsn)
    # The country's rows were written with numbers of their own.
    for sequence in ("delivery_id", "record_id"):
        await country.read(f"select setval('{sequence}', 100000)")
    await linked(country.dsn)
    keep_ground(ground(small_country().tables), ground_folder(folder))
    return {
        "number": KNOWN_UIN,
        "check": CHECK.code,
        "partner": PARTNER,
        **await _cases(country),
        **await _findings(country),
        **await _links(country),
        **await _files(country, folder),
        **await _deliveries(country),
        **await _messages(country),
        **await _agreements(country),
        **await _privacy(country),
        **await _officers(country),
        **await page_desks.help_desk(country),
        **await page_desks.own_pages(country),
        **await page_desks.keeping(country),
        **await page_desks.feeds(country),
        **await _sealed(country, folder),
    }


async def _cases(country: WebCountry) -> Names:
    """Three cases, one with a letter and steps of its life."""
    await three_cases(country)
    await people_enrolled(country, {("sex", "1"): 1_234_567, ("birth_year", "1950"): 3_580_245})
    async with visitor(country, OMAR) as client:
        await step(client, country, "request_information", reason="ask_person", language="en")
        await step(client, country, "note", note="Called, nobody answered")
    letters = await country.read("select letter_no from case_letter")
    return {
        "case": str((await the_case(country.dsn)).case_id),
        "letter": str(letters[0]["letter_no"]),
    }


async def _findings(country: WebCountry) -> Names:
    """Findings, and a pair of programmes that exclude each other."""
    numbers = await with_findings(country.dsn)
    pair = {
        "first": "OAP",
        "second": "PWD",
        "relation": "incompatible",
        "unit": "person",
        "keeps": "OAP",
        "legal_reference": "Act 5, section 2",
        "valid_from": "2026-01-01",
        "same_period": "yes",
    }
    async with visitor(country, ADA) as client:
        entered = await send(client, "/pairs", "/pairs", **pair)
    assert entered.status_code == 303, entered.text
    return {"finding": str(numbers[0]), "finding_of_two": str(numbers[1])}


async def _links(country: WebCountry) -> Names:
    """Pairs to be looked at, and a whole person; news that other registries told of somebody."""
    await begin(country)
    household = [("Juma", "2015-02-01", "SON"), ("Neema", "2018", "DAU")]
    arabic = Told(given="أمينة", family="الحسن", household=household, uin="19928847731")
    latin = Told(programme="OAP", given="Aminah", birth="1990", village="Kilimani")
    first = await a_pair(country, arabic, latin, money=900_000)
    await a_pair(country, money=100_000, why="conflict")
    records = f"({first[0].record_id}, {first[1].record_id})"
    await country.read(
        "insert into person_member select record_id, appearance_no, programme_id, "
        f"{PERSON}, now(), 1 from appearance where record_id in {records}"
    )
    await tell(country, KNOWN_UIN, (*TOLD, *DEATH))
    return {"pair": address_of(first).rsplit("/", 1)[1], "person": str(PERSON)}


async def _files(country: WebCountry, folder: Path) -> Names:
    """A file that is tried out, one that was taken in, one that could not be read."""
    rows = as_xlsx(people(12, Sex={2: "?"}))
    async with visitor(country, OMAR) as client:
        tried = (await chosen(client, rows, "list.xlsx")).headers["location"]
        taken = (await chosen(client, rows, "taken.xlsx", "WORK")).headers["location"]
        await worked(country, folder)
        await acted(client, taken, "send")
        await worked(country, folder)
        bad = (await chosen(client, b"PK\x03\x04 nothing", "bad.xlsx", "PWD")).headers["location"]
        await worked(country, folder)
    names = {"file": tried, "file_taken": taken, "file_bad": bad}
    return {name: address.rsplit("/", 1)[1] for name, address in names.items()}


async def _deliveries(country: WebCountry) -> Names:
    """A delivery that waits for somebody to decide."""
    async with as_owner(country) as owner:
        number = await owner.fetchval(
            "update delivery set state = 'held', anomalies = $1 where delivery_id = "
            "(select min(delivery_id) from delivery) returning delivery_id",
            json.dumps(ANOMALIES),
        )
    return {"delivery": "8", "held": str(number)}


async def _messages(country: WebCountry) -> Names:
    """Partners with developers, what they sent, and messages to them that did not arrive."""
    traced = await add_developers(country.dsn, Sealer(KEYRING), PASSWORD)
    await promised(country.dsn, FIRST)
    rows = await country.read("select message_id from outgoing_message order by message_no limit 1")
    return {"trace": traced[FIRST][1], "message": rows[0]["message_id"]}


async def _agreements(country: WebCountry) -> Names:
    """An agreement, a question it did not cover, a change that waits for a second person."""
    clause = {
        "acts": ["enrolled", "search"],
        "programmes": ["OAP"],
        "attributes": ["sex"],
        "purposes": ["enrolment_check"],
    }
    given = {
        "partner": PARTNER,
        "legal_basis": "Social Protection Act",
        "legal_reference": "section 21",
        "valid_from": (NOW - timedelta(days=30)).date().isoformat(),
        "valid_to": (NOW + timedelta(days=30)).date().isoformat(),
        "clauses": [clause],
    }
    async with as_owner(country) as owner:
        wish = await enter.read_wish(owner, given)
        number = await enter.add(owner, wish, asker=None, who="a test", at=NOW)
        refused = {
            "question": "enrolled",
            "programme": wish.clauses[0].programmes[0] if wish.clauses[0].programmes else None,
            "why": "purpose",
            "clauses": [f"{number}.1"],
            "code": "purpose.not_agreed",
        }
        partner = Asker(
            kind="partner", id=wish.partner_id, name="", purpose=Purpose("x"), ask=frozenset()
        )
        await record_event(owner, kind=QUESTION_REFUSED, asker=partner, details=refused, at=NOW)
    page = f"/partners/{PARTNER}"
    async with visitor(country, ADA) as client:
        await send(client, f"{page}/scopes", page, **{"s-registry.enrolled": "yes"}, why="Agreed.")
    rows = await country.read("select max(proposal_id) as number from proposal")
    return {"agreement": str(number), "approval": str(rows[0]["number"])}


async def _privacy(country: WebCountry) -> Names:
    """Look-ups that were counted, an alarm, a budget of somebody's own, a protected person."""
    omar = await number_of(country, OMAR)
    async with visitor(country, OMAR) as client:
        look_up = {"purpose": "complaint", "kind": "UIN", "value": KNOWN_UIN}
        assert (await send(client, "/person", "/person", **look_up)).status_code == 200
        protected = {"kind": "UIN", "value": "UIN-00150-X", "reason": "violence"}
        marked = await send(client, "/protect", "/protect", **protected)
        assert marked.status_code == 303, marked.text
    alarm = Alarm(
        rule="guessing",
        kind="officer",
        id=omar,
        day=NOW.date(),
        hour=9,
        facts={"people": 1_234, "found": 3},
    )
    own = wanted_from(
        ("officer", omar),
        purpose="complaint",
        an_hour=50,
        a_day=200,
        reason="The yearly check of complaints.",
        days=30,
        at=NOW,
    )
    async with as_app(country) as connection:
        await raise_alarms(connection, [alarm], NOW)
        await give(connection, own, asked_by=None, giver=None, at=NOW)
        number = await connection.fetchval("select max(alarm_id) from asking_alarm")
    return {"alarm": str(number)}


async def _officers(country: WebCountry) -> Names:
    """Somebody with an authenticator app, somebody without, and a link for a first password."""
    async with as_owner(country) as owner:
        for email, name in ((WITH_APP, "Tess Two"), (WITHOUT, "Wim Without")):
            await add_officer(owner, email, name, "analyst", None, PASSWORD)
    async with visitor(country, WITH_APP) as client:
        await set_up_app(client, Clock())
    async with visitor(country, ADA) as client:
        for name in ("ned", "nia"):
            new = {"email": f"{name}@example.org", "name": f"{name.title()} New", "role": "analyst"}
            invited = await send(client, "/officers/invite", "/officers/invite", **new)
    return {
        "welcome": link_in(invited.text).rsplit("/", 1)[1],
        "officer": str(await number_of(country, OMAR)),
        "invited": str(await number_of(country, "ned@example.org")),
    }


async def _sealed(country: WebCountry, folder: Path) -> Names:
    """The audit trail, sealed up to here."""
    async with owner_transaction(country.dsn) as owner:
        await begin_sealing(owner, Sealer(KEYRING), now())
    jobs = await open_database(country.dsn, "ibr_worker", size=2, name="test")
    anchor = FileAnchor(folder / "anchor" / "seals.jsonl")
    await Sealing(jobs, Sealer(KEYRING), [anchor]).run(now(), at_once=True)
    await jobs.close()
    return {}


# Everybody must have a second factor, so that the pages about it are seen, and a file of figures of
# more than a few rows needs a second person.
def settings_of(folder: Path) -> Settings:
    return Settings(
        data_dir=folder,
        second_factor="all",
        export_figures=5,
        public_requests_per_minute=100_000,
    )


@asynccontextmanager
async def all_pages(country: WebCountry, folder: Path) -> AsyncIterator[Litestar]:
    """All that the registry answers people with, at one moment that moves by milliseconds."""
    register(ACTS)
    async with country.services(settings_of(folder)) as services:
        ticks = itertools.count()
        moved = replace(
            services,
            now=lambda: NOW + timedelta(milliseconds=next(ticks)),
            ministry=Ministry(Clock()).connector(),
            own_way=way_to(Ministry(Clock())),
        )
        yield beside_the_standard(moved, Watched(moved.database))


async def session_of(country: WebCountry, email: str, *, stale: bool = False) -> str:
    """The secret of a session; of a stale one it is long ago that its officer proved who they are.

    How a session comes about is tested where signing in is.
    """
    number = await number_of(country, email)
    proved = NOW - timedelta(hours=1) if stale else NOW
    async with as_app(country) as connection:
        # No two of somebody's sessions are of one moment.
        count = await connection.fetchval("select count(*) from officer_session")
        return await begin_session(
            connection, number, NOW - timedelta(seconds=60 - count), proved_at=proved
        )
