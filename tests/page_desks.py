"""What the pages about people's rights and about reports have to show, for the checks of all pages:
a visit that lasts, requests, what is held and erased, an extract, a calendar."""

from __future__ import annotations

from datetime import UTC, datetime

from ibr.access.staff.add_officer import add_officer
from tests import own_web, visitors
from tests.officers_web import as_owner, send, token, visitor
from tests.people_web import KNOWN_UIN, PASSWORD
from tests.web_country import WebCountry

# Somebody at the help desk who serves nobody just now.
HEDY = "hedy@example.org"
_HELP, _WATCHER = "help@example.org", "watcher@example.org"


async def help_desk(country: WebCountry) -> dict[str, str]:
    """A visit that outlasts the checks, in which the person has asked for something."""
    await visitors.people(country)
    async with as_owner(country) as owner:
        await add_officer(owner, HEDY, "Hedy Help", "help_desk", None, PASSWORD)
    asked = {
        "kind": "UIN",
        "value": visitors.MOTHER,
        "birth_date": visitors.MOTHER_BORN,
        "proof": "identity_card",
        "agreed_by": "person",
        "agreed": "yes",
    }
    # The database holds a visit by the clock on the wall, the pages are drawn at a day of the past.
    async with visitor(country, _HELP, clock=[datetime.now(UTC)]) as client:
        begun = await send(client, "/visits", "/visits", **asked)
        assert begun.status_code == 303, begun.text
        address = begun.headers["location"]
        shown = await client.get(address)
        record = shown.text.split('name="record" value="')[1].split('"')[0]
        wish = {"record": record, "kind": "correction", "about": "birth_date"}
        for value in ("1979-05-06", "soon"):
            answer = await client.post(
                f"{address}/requests",
                data={"form_token": token(shown.text), "value": value} | wish,
            )
            assert answer.status_code == (303 if value != "soon" else 400), answer.text
    async with as_owner(country) as owner:
        await owner.execute(
            """
            alter table help_visit drop constraint help_visit_check;
            update help_visit set until = '2100-01-01';
            """
        )
    rows = await country.read("select max(request_no) as number from person_request")
    return {"visit": address.rsplit("/", 1)[1], "request": str(rows[0]["number"])}


async def own_pages(country: WebCountry) -> dict[str, str]:
    """The mother signed in herself, and objected; the session outlasts the checks."""
    ministry = own_web.provider()
    async with own_web.phone(country, ministry) as client:
        back = await own_web.sign_in(client, ministry)
        assert back.status_code == 303, back.text
        data = await client.get("/me/data")
        record = data.text.split('name="record" value="')[1].split('"')[0]
        wish = {"record": record, "kind": "objection", "about": "processing"}
        made = await client.post("/me/requests", data={"form_token": token(data.text)} | wish)
        assert made.status_code == 303, made.text
        secret = client.cookies["ibr_me"]
    await country.read("update help_visit set until = '2100-01-01' where officer_id is null")
    return {"own_session": secret}


async def keeping(country: WebCountry) -> dict[str, str]:
    """A rule and an erasure that wait for a second person, two holds, an extract asked for."""
    rule = {
        "data_class": "search_answers",
        "days": "45",
        "disposal": "delete",
        "legal_basis": "Act 7",
    }
    hold = {"kind": "UIN", "value": "", "programme": "", "held_class": "", "until": ""}
    erasure = {"kind": "UIN", "value": visitors.NEIGHBOUR, "ground": "request", "why": "Asked"}
    extract = {
        "c-sex": "yes",
        "p-OAP": "yes",
        "first": "2026-01",
        "last": "2026-10",
        "form": "csv",
        "days": "30",
        "purpose": "Reach of the pension",
        "legal_basis": "Statistics act",
    }
    page = "/privacy/keeping"
    async with visitor(country, _WATCHER) as client:
        for part, fields in (
            ("rules", rule),
            ("holds", hold | {"value": KNOWN_UIN, "reason": "Court order 5"}),
            ("holds", hold | {"programme": "OAP", "reason": "Inquiry 9"}),
            ("erasures", erasure),
        ):
            done = await send(client, f"{page}/{part}", page, **fields)
            if part == "erasures":
                # The programme is held just now, which the page says at the field.
                assert done.status_code == 400, done.text
            else:
                assert done.status_code == 303, done.text
    async with visitor(country, "analyst@example.org") as client:
        asked = await send(client, "/extracts", "/extracts", **extract)
        assert asked.status_code == 303, asked.text
    return {}


async def feeds(country: WebCountry) -> dict[str, str]:
    """A programme with a rule of its own and somebody to remind."""
    page = "/feeds/OAP"
    rule = {"first_month": "2026-09", "cycle_months": "1", "report_days": "10"}
    contact = {
        "email": "reports@agency.example.org",
        "escalation_email": "head@agency.example.org",
        "language": "fr",
        "before_days": "3",
        "escalation_days": "5",
    }
    async with visitor(country, "admin@example.org") as client:
        for part, fields in (("rule", rule), ("contact", contact)):
            entered = await send(client, f"{page}/{part}", page, **fields)
            assert entered.status_code == 303, entered.text
    return {}
