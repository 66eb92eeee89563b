"""A whole person on the pages: why each pair is one, who may see it, and parting a record."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from ibr.identity.model import Appearance, Pair
from ibr.identity.review.model import written_pair
from ibr.identity.weights.comparisons import COMPARISONS
from tests.database.test_review_pages import (
    ADMINISTRATOR,
    AUDITOR,
    SAME,
    a_plain_pair,
    decisions,
    nothing_waits,
    say,
    steward,
)
from tests.database.test_web_pages import token, visitor
from tests.review_web import HOSTILE, STEFAN, STELLA, STEN, Told, address_of, begin, connect
from tests.web_country import WebCountry, filled

__all__ = ["nothing_waits"]
PERSON = 4711
PAGE = f"/review/persons/{PERSON}"
TWINS = {"reason": "twins"}


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    country = filled(dsn)
    asyncio.run(begin(country))
    return country


async def one_person(country: WebCountry, *, linked: bool = True, **more: Any) -> Pair:
    """Two records that the registry holds to be one person."""
    pair = await a_plain_pair(country, state="linked" if linked else "open", **more)
    connection = await connect(country)
    try:
        await connection.execute("delete from person_member where person_id = $1", PERSON)
        await connection.execute(
            """
            insert into person_member (record_id, appearance_no, programme_id, person_id, since,
                                       run_no)
            select a.record_id, a.appearance_no, a.programme_id, $1, now(), 1 from appearance a
            where a.record_id = any ($2::bigint[])
            """,
            PERSON,
            [each.record_id for each in pair],
        )
        # The first two comparisons agree best, nothing is known of the others.
        await connection.execute(
            "update link_pair set levels = $1, state = $2",
            [1, 1, *[0] * (len(COMPARISONS) - 2)],
            "linked" if linked else "open",
        )
    finally:
        await connection.close()
    return pair


async def post(client: httpx.AsyncClient, what: str, **fields: str) -> httpx.Response:
    opened = await client.get(PAGE)
    return await client.post(f"{PAGE}/{what}", data={"form_token": token(opened.text), **fields})


def record(each: Appearance) -> str:
    return f"{each.record_id}.{each.appearance_no}"


# Who may.


@pytest.mark.parametrize(
    ("email", "opened", "parted"),
    [
        (STELLA, 200, 303),
        (AUDITOR, 200, 403),
        (ADMINISTRATOR, 403, 403),
        ("officer@example.org", 403, 403),
        ("analyst@example.org", 403, 403),
        ("help@example.org", 403, 403),
    ],
)
async def test_who_sees_a_person_and_who_parts(
    country: WebCountry, email: str, opened: int, parted: int
) -> None:
    pair = await one_person(country)
    async with visitor(country, email) as client:
        page = await client.get(PAGE)
        home = await client.get("/review")
        form = {"form_token": token(home.text), "record": record(pair[1]), **TWINS}
        said = await client.post(f"{PAGE}/part", data=form)
    assert (page.status_code, said.status_code) == (opened, parted)
    assert len(await decisions(country)) == (parted == 303)


async def test_an_auditor_is_offered_nothing_to_part(country: WebCountry) -> None:
    await one_person(country)
    async with visitor(country, AUDITOR) as client:
        page = await client.get(PAGE)
    assert f"{PAGE}/part" not in page.text


@pytest.mark.parametrize("number", ["1", "999999999999"])
async def test_a_person_of_no_number_and_one_out_of_reach_are_not_there(
    country: WebCountry, number: str
) -> None:
    async with steward(country) as client:
        assert (await client.get(f"/review/persons/{number}")).status_code == 404


async def test_a_record_out_of_reach_is_not_shown_and_not_parted(country: WebCountry) -> None:
    pair = await one_person(country, low=Told(given="Zawadi"))
    await country.read(
        f"update officer_role r set programmes = array(select programme_id from programme "
        f"where code = 'OAP') from officer o where o.officer_id = r.officer_id and email = '{STEN}'"
    )
    try:
        async with steward(country, STEN) as client:
            page = await client.get(PAGE)
            home = await client.get("/review")
            form = {"form_token": token(home.text), "record": record(pair[1]), **TWINS}
            said = await client.post(f"{PAGE}/part", data=form)
    finally:
        await country.read(
            f"update officer_role r set programmes = null from officer o "
            f"where o.officer_id = r.officer_id and email = '{STEN}'"
        )
    assert page.status_code == 200
    assert "Zawadi" not in page.text
    assert said.status_code == 303
    assert await decisions(country) == []


# What is seen, and that it is written down.


async def test_it_says_by_whom_and_why_the_two_are_one(country: WebCountry) -> None:
    pair = await one_person(country)
    async with steward(country) as client:
        by_weight = (await client.get(PAGE)).text
        await say(client, pair, SAME)
        by_people = (await client.get(PAGE)).text
    assert "The registry" in by_weight
    assert "times as likely" in by_weight
    assert "same given name" in by_weight
    assert f"/review/pairs/{written_pair(pair)}" in by_weight
    assert "Stella Steward" in by_people
    assert "Names and birth date agree" in by_people


async def test_every_look_is_in_the_ledger_of_each(country: WebCountry) -> None:
    await one_person(country)
    before = len(await country.read("select from question_asked"))
    async with steward(country) as client:
        await client.get(PAGE)
    rows = await country.read("select purpose_code, question from question_asked order by asked_at")
    assert len(rows) == before + 2
    assert (rows[-1]["question"], rows[-1]["purpose_code"]) == ("possible_link", "identity_review")


async def test_what_somebody_wrote_is_shown_as_text(country: WebCountry) -> None:
    await one_person(country, low=Told(given=HOSTILE))
    async with steward(country) as client:
        page = await client.get(PAGE)
    assert HOSTILE not in page.text
    assert "&lt;img src=x" in page.text


async def test_who_is_still_to_give_an_opinion_is_not_told_the_first(country: WebCountry) -> None:
    pair = await one_person(country, linked=False, low=Told(programme="OAP"), high=Told(
        programme="OAP", given="Zawadi"))  # fmt: skip
    async with steward(country, STELLA) as client:
        await say(client, pair, SAME)
        mine = (await client.get(PAGE)).text
    async with steward(country, STEFAN) as client:
        theirs = (await client.get(PAGE)).text
    assert "Stella Steward" not in theirs
    assert ("Zawadi" in theirs, "Amina" in theirs) in ((True, False), (False, True))
    assert "Zawadi" in mine, "control: who has given theirs sees both"


# Parting.


async def test_a_parted_record_is_a_decision_and_is_taken_back(country: WebCountry) -> None:
    pair = await one_person(country)
    async with steward(country) as client:
        parted = await post(client, "part", record=record(pair[1]), note="Two sisters", **TWINS)
        page = (await client.get(parted.headers["location"])).text
        assert parted.headers["location"] == f"{PAGE}?done=parted"
        assert await decisions(country) == [("different", 1)]
        assert "Two sisters" in page
        assert "parted; the next run follows" in page
        joined = await post(client, "join", record=record(pair[1]))
        again = await post(client, "join", record=record(pair[1]))
    assert joined.headers["location"] == f"{PAGE}?done=joined"
    assert again.headers["location"] == f"{PAGE}?trouble=not_parted"
    assert await decisions(country) == [("different", 1), ("withdrawn", 1)]


async def test_a_confirmed_link_is_parted_too_and_counts_in_answers_no_more(
    country: WebCountry,
) -> None:
    pair = await one_person(country)
    async with steward(country, STEFAN) as client:
        await say(client, pair, SAME)
    confirmed = f"select from confirmed_person where first_record = {pair[0].record_id}"
    assert len(await country.read(confirmed)) == 2
    async with steward(country, STELLA) as client:
        await post(client, "part", record=record(pair[0]), **TWINS)
    assert await country.read(confirmed) == []
    assert await decisions(country) == [("same", 1), ("different", 1)]


async def test_nobody_takes_back_what_a_colleague_parted(country: WebCountry) -> None:
    pair = await one_person(country)
    async with steward(country, STEFAN) as client:
        await post(client, "part", record=record(pair[1]), **TWINS)
    async with steward(country, STELLA) as client:
        answer = await post(client, "join", record=record(pair[1]))
    assert answer.headers["location"] == f"{PAGE}?trouble=not_parted"
    assert await decisions(country) == [("different", 1)]


async def test_where_both_receive_in_one_programme_a_second_opinion_is_asked_for(
    country: WebCountry,
) -> None:
    pair = await one_person(
        country, low=Told(programme="OAP"), high=Told(programme="OAP", given="Zawadi")
    )
    async with steward(country, STELLA) as client:
        await post(client, "part", record=record(pair[1]), **TWINS)
    [row] = await country.read("select why, not_by from review_second")
    assert row["why"] == "four_eyes"
    [kept] = await country.read("select four_eyes from link_decision")
    assert kept["four_eyes"] is True


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"reason": ""}, 400),
        ({"reason": "same_number"}, 400),
        ({"reason": "twins", "note": "x" * 501}, 400),
        ({"reason": "twins", "record": "x"}, 404),
        ({"reason": "twins", "record": "1.0"}, 303),
    ],
)
async def test_what_is_missing_is_said_and_nothing_stored(
    country: WebCountry, fields: dict[str, str], status: int
) -> None:
    pair = await one_person(country)
    async with steward(country) as client:
        answer = await post(client, "part", **{"record": record(pair[1]), **fields})
    assert answer.status_code == status
    assert await decisions(country) == []


async def test_while_a_colleague_looks_at_the_pair_nothing_is_parted(country: WebCountry) -> None:
    pair = await one_person(country)
    async with steward(country, STEFAN) as client:
        await client.get(address_of(pair))
    async with steward(country, STELLA) as client:
        answer = await post(client, "part", record=record(pair[1]), **TWINS)
    assert answer.headers["location"] == f"{PAGE}?trouble=taken"
    assert await decisions(country) == []


async def test_a_number_leads_to_the_person_and_nonsense_to_the_queue(country: WebCountry) -> None:
    async with steward(country) as client:
        found = await client.get("/review/persons", params={"number": str(PERSON)})
        other = await client.get("/review/persons", params={"number": "x"})
    assert (found.headers["location"], other.headers["location"]) == (PAGE, "/review")
