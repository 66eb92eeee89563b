"""The pages of agreements: the letter, the form that two people stand for, what was refused."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest

from ibr.access.agreements import enter, store
from ibr.access.approvals.acts import register
from ibr.access.approvals.agreement_acts import AGREEMENT_ACTS
from ibr.asker import Asker, Purpose
from ibr.audit.events import QUESTION_REFUSED
from ibr.audit.record import record_event
from tests.officers_web import NOW, as_owner, send, somebody, visitor
from tests.web_country import WebCountry, filled

TODAY = NOW.date()
SENDER = "mis.example.org"


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    """The small country, whose one partner has an agreement that ends in a month."""
    register(AGREEMENT_ACTS)
    country = filled(dsn)
    asyncio.run(_agreed(country))
    return country


async def _agreed(country: WebCountry) -> None:
    given = {
        "partner": SENDER,
        "legal_basis": "Social Protection Act",
        "legal_reference": "section 21",
        "valid_from": (TODAY - timedelta(days=30)).isoformat(),
        "valid_to": (TODAY + timedelta(days=30)).isoformat(),
        "clauses": [
            {
                "acts": ["enrolled", "search"],
                "programmes": ["OAP"],
                "attributes": ["sex"],
                "purposes": ["enrolment_check"],
            }
        ],
    }
    async with as_owner(country) as owner:
        wish = await enter.read_wish(owner, given)
        number = await enter.add(owner, wish, asker=None, who="a test", at=NOW)
        partner = Asker(
            kind="partner", id=wish.partner_id, name="", purpose=Purpose("x"), ask=frozenset()
        )
        details = {
            "question": "enrolled",
            "programme": wish.clauses[0].programmes[0] if wish.clauses[0].programmes else None,
            "why": "purpose",
            "clauses": [f"{number}.1"],
            "code": "purpose.not_agreed",
        }
        await record_event(owner, kind=QUESTION_REFUSED, asker=partner, details=details, at=NOW)


async def number(country: WebCountry) -> int:
    async with as_owner(country) as owner:
        return max(each.agreement_no for each in await store.agreements(owner))


async def test_it_reads_like_a_letter(country: WebCountry) -> None:
    async with visitor(country, await somebody(country, "auditor")) as client:
        found = await client.get("/agreements")
        one = await client.get(f"/agreements/{await number(country)}")
        none = await client.get("/agreements/99999")
        form = await client.get("/agreements/new")
    assert "National Payments MIS may ask whether a person is enrolled in Old Age Pension" in (
        found.text
    )
    assert "30 days left" in found.text
    assert "By section 21 of Social Protection Act, from " in one.text
    assert "It sees sex." in one.text
    assert "It may not see names" in one.text
    assert "Propose to end it" not in one.text
    assert (none.status_code, form.status_code) == (404, 403)


async def test_what_was_refused_is_explained(country: WebCountry) -> None:
    async with visitor(country, await somebody(country, "data_protection_officer")) as client:
        seen = (await client.get("/agreements/refused")).text
    assert "The purpose that it named is not one of: to check enrolment." in seen
    assert re.search(r'href="/agreements/\d+#agreement-\d+-1"', seen)


@pytest.mark.parametrize("role", ["programme_officer", "analyst", "help_desk", "steward"])
async def test_others_read_none_of_it(country: WebCountry, role: str) -> None:
    async with visitor(country, await somebody(country, role)) as client:
        answers = [
            await client.get(path)
            for path in (
                "/agreements",
                f"/agreements/{await number(country)}",
                "/agreements/refused",
            )
        ]
    assert {each.status_code for each in answers} == {403}


async def test_one_proposes_and_another_approves(country: WebCountry) -> None:
    before = await number(country)
    fields = {
        "partner": SENDER,
        "legal_basis": "Health Act",
        "legal_reference": "section 9",
        "valid_from": TODAY.isoformat(),
        "valid_to": (TODAY + timedelta(days=400)).isoformat(),
        "c1.act.enrolled": "yes",
        "c1.programme.PWD": "yes",
        "c1.purpose.complaint": "yes",
        "why": "The ministry asked for it.",
    }
    async with visitor(country, await somebody(country, "administrator")) as client:
        wrong = await send(client, "/agreements", **fields | {"legal_basis": ""})
        empty = await send(client, "/agreements", partner=SENDER)
        right = await send(client, "/agreements", **fields)
        # Nobody approves their own.
        own = await send(client, f"{right.headers['location']}/approve")
    assert (wrong.status_code, empty.status_code) == (400, 400)
    assert "Name the law or the agreement that allows it." in wrong.text
    assert 'value="section 9"' in wrong.text
    assert 'name="c1.programme.PWD" value="yes" checked' in wrong.text
    assert right.status_code == 303
    assert await number(country) == before
    assert own.status_code in (303, 403)
    async with visitor(country, await somebody(country, "data_protection_officer")) as client:
        waiting = await client.get(right.headers["location"])
        await send(client, f"{right.headers['location']}/approve")
        listed = await client.get("/agreements")
    assert "may ask whether a person is enrolled in PWD, to answer a complaint." in waiting.text
    assert await number(country) == before + 1
    assert "Disability Cash, to answer a complaint" in listed.text


async def test_the_form_is_filled_from_the_one_it_follows(country: WebCountry) -> None:
    follows = await number(country)
    async with visitor(country, await somebody(country, "administrator")) as client:
        form = await client.get(f"/agreements/new?after={follows}")
        one = await client.get(f"/agreements/{follows}")
        ending = await send(client, f"/agreements/{follows}/end", day="soon", why="x")
        past = await send(client, f"/agreements/{follows}/end", day="2020-01-01", why="x")
        right = await send(
            client, f"/agreements/{follows}/end", day=TODAY.isoformat(), why="It was repealed."
        )
    assert "Propose to end it" in one.text
    assert f"takes the place of agreement {follows}" in form.text
    assert 'name="c1.act.enrolled" value="yes" checked' in form.text
    assert "Write a day as" in ending.text
    assert "never in the past" in past.text
    assert right.headers["location"].startswith("/approvals/")


async def test_developers_read_their_own(country: WebCountry) -> None:
    async with as_owner(country) as owner:
        await owner.execute(
            "insert into partner (sender_id, name, client_id, secret_hash, scopes) "
            "values ('other.example.org', 'Somebody Else', 'c9', 'x', '{}')"
        )
    email = await somebody(country, "developer", partner=SENDER)
    async with visitor(country, email) as client:
        own = await client.get("/developers/agreements")
        other = await client.get("/developers/agreements?partner=other.example.org")
        everyone = await client.get("/agreements")
    assert "By section 21 of Social Protection Act" in own.text
    assert (other.status_code, everyone.status_code) == (404, 403)
