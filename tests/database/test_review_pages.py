"""Possible links on the pages: who decides, who knows what, what is kept, what is never lost."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from ibr.identity.model import Pair
from ibr.identity.review.model import written_pair
from ibr.identity.review.rules import is_sampled
from tests.database.test_web_pages import token, visitor
from tests.review_web import (
    HOSTILE,
    SECRET,
    STEFAN,
    STELLA,
    STEN,
    Told,
    a_pair,
    address_of,
    begin,
    connect,
)
from tests.web_country import WebCountry, filled

AUDITOR, ADMINISTRATOR = "auditor@example.org", "admin@example.org"
SAME = {"decision": "same", "reason": "same_details"}
DIFFERENT = {"decision": "different", "reason": "twins"}
UNSURE = {"decision": "unsure", "reason": "contradiction"}
_cookies: dict[tuple[str, str], str] = {}
TWO_IN_ONE = (Told(programme="OAP"), Told(programme="OAP", given="Aminah"))


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    country = filled(dsn)
    asyncio.run(begin(country))
    return country


@pytest.fixture(autouse=True)
def nothing_waits(country: WebCountry) -> None:
    """Each test begins with an empty queue."""

    async def emptied() -> None:
        connection = await connect(country)
        try:
            for table in (
                "link_pair",
                "link_decision",
                "review_lease",
                "review_second",
                "review_set_aside",
                "review_known",
                "review_known_answer",
            ):
                await connection.execute(f"delete from {table}")
        finally:
            await connection.close()

    asyncio.run(emptied())


async def a_plain_pair(country: WebCountry, **more: Any) -> Pair:
    """A pair whose decision needs no second opinion."""
    while is_sampled(pair := await a_pair(country, **more)):
        await country.read(f"delete from link_pair where low_record = {pair[0].record_id}")
    return pair


@asynccontextmanager
async def steward(
    country: WebCountry, email: str = STELLA, *, later: timedelta = timedelta(0)
) -> AsyncIterator[httpx.AsyncClient]:
    """A steward's browser; signed in once for each, since checking a password takes its time."""
    key = (country.dsn, email)
    fresh = later != timedelta(0) or key not in _cookies
    async with visitor(country, email if fresh else None, later=later) as client:
        if not fresh:
            client.cookies["ibr_session"] = _cookies[key]
        elif later == timedelta(0):
            _cookies[key] = client.cookies["ibr_session"]
        yield client


async def say(client: httpx.AsyncClient, pair: Pair, said: dict[str, str]) -> httpx.Response:
    """Opens the pair and answers it with the form of its page."""
    opened = await client.get(address_of(pair))
    assert opened.status_code == 200, opened.text
    fields = {"form_token": token(opened.text), **said}
    return await client.post(address_of(pair), data=fields)


async def take_next(client: httpx.AsyncClient, **fields: str) -> httpx.Response:
    page = await client.get("/review")
    return await client.post("/review/next", data={"form_token": token(page.text), **fields})


async def take_back(client: httpx.AsyncClient, pair: Pair) -> httpx.Response:
    page = await client.get("/review")
    return await client.post(f"{address_of(pair)}/back", data={"form_token": token(page.text)})


async def state_of(country: WebCountry, pair: Pair) -> str:
    [row] = await country.read(f"select state from link_pair where low_record = {pair[0][0]}")
    return str(row["state"])


async def decisions(country: WebCountry) -> list[tuple[str, int]]:
    rows = await country.read("select decision, opinion from link_decision order by decision_no")
    return [(row["decision"], row["opinion"]) for row in rows]


# Who may.


@pytest.mark.parametrize(
    ("email", "queue", "pair", "answer"),
    [
        (STELLA, 200, 200, 303),
        (AUDITOR, 200, 200, 403),
        (ADMINISTRATOR, 200, 403, 403),
        ("officer@example.org", 403, 403, 403),
        ("analyst@example.org", 403, 403, 403),
        ("help@example.org", 403, 403, 403),
    ],
)
async def test_who_sees_the_queue_and_a_pair_and_who_answers(
    country: WebCountry, email: str, queue: int, pair: int, answer: int
) -> None:
    waits = await a_plain_pair(country)
    async with visitor(country, email) as client:
        listed = await client.get("/review")
        opened = await client.get(address_of(waits))
        said = await client.post(address_of(waits), data={"form_token": token(listed.text), **SAME})
    assert (listed.status_code, opened.status_code, said.status_code) == (queue, pair, answer)
    assert len(await decisions(country)) == (answer == 303)


async def test_a_steward_sees_no_other_page(country: WebCountry) -> None:
    async with steward(country) as client:
        first = await client.get("/")
        others = [await client.get(path) for path in ("/person", "/deliveries", "/callbacks")]
    assert first.headers["location"] == "/review"
    assert {each.status_code for each in others} == {403}


async def test_an_auditor_reads_and_is_offered_nothing_to_decide(country: WebCountry) -> None:
    pair = await a_plain_pair(country)
    async with visitor(country, AUDITOR) as client:
        opened = await client.get(address_of(pair))
        queue = await client.get("/review")
    assert 'name="decision"' not in opened.text
    assert 'action="/review/next"' not in opened.text + queue.text


async def test_a_pair_outside_the_programmes_of_an_officer_is_not_there(
    country: WebCountry,
) -> None:
    pair = await a_plain_pair(country)
    await country.read(
        f"update officer_role r set programmes = array(select programme_id from programme "
        f"where code = 'OAP') from officer o where o.officer_id = r.officer_id and email = '{STEN}'"
    )
    try:
        async with steward(country, STEN) as client:
            opened = await client.get(address_of(pair))
            listed = await client.get("/review")
            said = await client.post(
                address_of(pair), data={"form_token": token(listed.text), **SAME}
            )
    finally:
        await country.read(
            f"update officer_role r set programmes = null from officer o "
            f"where o.officer_id = r.officer_id and email = '{STEN}'"
        )
    assert (opened.status_code, said.status_code) == (404, 404)
    assert written_pair(pair) not in listed.text
    assert await decisions(country) == []


@pytest.mark.parametrize(
    "name", ["x", "1.0-1.0", "2.0-1.0", "1.0-2.0", "1.0-2.99999", "9" * 30 + ".0-1.0", "1.0-2.0;"]
)
async def test_an_address_of_no_pair_leads_nowhere(country: WebCountry, name: str) -> None:
    async with steward(country) as client:
        answer = await client.get(f"/review/pairs/{name}")
    assert answer.status_code == 404


# What is seen, and that it is written down.


async def test_every_look_is_in_the_ledger_of_both_people(country: WebCountry) -> None:
    pair = await a_plain_pair(country)
    async with steward(country) as client:
        await client.get(address_of(pair))
    async with visitor(country, AUDITOR) as client:
        await client.get(address_of(pair))
    rows = await country.read(
        f"""
        select q.purpose_code, r.record_id from question_asked q
        join beneficiary_record r on r.subject_index = q.subject_index
        where q.question = 'possible_link'
          and r.record_id in ({pair[0].record_id}, {pair[1].record_id}) order by 1 desc, 2
        """
    )
    assert [(row["purpose_code"], row["record_id"]) for row in rows] == [
        (purpose, each.record_id) for purpose in ("identity_review", "audit") for each in pair
    ]
    events = await country.read(
        "select details::text from audit_event where kind = 'question.possible_link'"
    )
    assert len(events) >= 2


async def test_both_sides_stand_beside_each_other_and_no_more_than_decides(
    country: WebCountry,
) -> None:
    pair = await a_plain_pair(
        country,
        low=Told(given="أمينة", family="الحسن", uin=SECRET, household=[("Juma", "2015", "SON")]),
        high=Told(programme="OAP", birth="1990", uin=SECRET, given="Amina"),
    )
    async with steward(country) as client:
        page = (await client.get(address_of(pair))).text
    assert "أمينة" in page
    assert "Juma Mwangi" not in page
    assert "Juma الحسن" in page
    assert SECRET not in page
    assert "••••31" in page
    assert "secret lane" not in page
    assert "700" not in re.sub(r"<[^>]*>", "", page)
    assert page.count('class="is-same"') >= 3
    assert 'class="is-alike"' in page


async def test_hostile_names_and_notes_are_text(country: WebCountry) -> None:
    pair = await a_plain_pair(country, low=Told(given=HOSTILE, village=HOSTILE))
    async with steward(country) as client:
        await say(client, pair, {**DIFFERENT, "note": f"{HOSTILE}\r\n'\"--"})
        page = (await client.get(address_of(pair))).text
    assert page.count("&lt;img src=x") >= 3
    assert "<img" not in page


async def test_a_note_is_sealed_and_read_by_colleagues(country: WebCountry) -> None:
    pair = await a_plain_pair(country)
    async with steward(country) as client:
        await say(client, pair, {**DIFFERENT, "note": "ZZ-NOTE seen twice"})
    async with steward(country, STEFAN) as client:
        page = (await client.get(address_of(pair))).text
    kept = await country.read("select note from link_decision")
    assert "ZZ-NOTE seen twice" in page
    assert b"ZZ-NOTE" not in kept[0]["note"]


async def test_the_bits_of_the_table_add_up_to_its_weight(country: WebCountry) -> None:
    pair = await a_plain_pair(country)
    async with steward(country) as client:
        page = (await client.get(address_of(pair))).text
    table = page.split('id="evidence"')[1].split("</table>")[0]
    written = re.findall(r'<td class="number">([+−]?[\d.]+)</td>', table)
    bits = [float(each.replace("−", "-")) for each in written]
    assert len(bits) >= 5
    assert sum(bits[:-1]) == pytest.approx(bits[-1], abs=0.3)
    assert 'class="picture waterfall"' in page


# Answering.


async def test_an_answer_is_stored_and_the_next_pair_comes(country: WebCountry) -> None:
    first = await a_plain_pair(country, money=900)
    second = await a_pair(country, money=500)
    async with steward(country) as client:
        answer = await say(client, first, SAME)
        page = await client.get(answer.headers["location"])
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(address_of(second))
    assert "Your last answer was stored" in page.text
    assert await decisions(country) == [("same", 1)]
    assert await state_of(country, first) == "decided"
    [kept] = await country.read("select weight, reason_code, model_no from link_decision")
    assert (kept["weight"], kept["reason_code"]) == (2.0, "same_details")
    assert kept["model_no"]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "decision-same"),
        ({"decision": "maybe", "reason": "twins"}, "decision-same"),
        ({"decision": "same"}, "reasons"),
        ({"decision": "same", "reason": "twins"}, "reasons"),
        ({**SAME, "note": "n" * 501}, "note"),
    ],
)
async def test_what_is_missing_is_told_and_nothing_is_stored(
    country: WebCountry, said: dict[str, str], field: str
) -> None:
    pair = await a_plain_pair(country)
    async with steward(country) as client:
        answer = await say(client, pair, said)
    assert answer.status_code == 400
    assert f'href="#{field}"' in answer.text
    assert await decisions(country) == []


async def test_lines_of_a_note_count_once(country: WebCountry) -> None:
    pair = await a_plain_pair(country)
    async with steward(country) as client:
        answer = await say(client, pair, {**SAME, "note": "\r\n".join(["x" * 99] * 5)})
    assert answer.status_code == 303


async def test_the_same_form_sent_twice_stores_one_answer(country: WebCountry) -> None:
    pair = await a_plain_pair(country)
    async with steward(country) as client:
        opened = await client.get(address_of(pair))
        fields = {"form_token": token(opened.text), **SAME}
        await client.post(address_of(pair), data=fields)
        again = await client.post(address_of(pair), data=fields)
    assert again.headers["location"] == "/review?trouble=done"
    assert await decisions(country) == [("same", 1)]


async def test_a_form_of_another_session_stores_nothing(country: WebCountry) -> None:
    pair = await a_plain_pair(country)
    async with steward(country, STEFAN) as client:
        foreign = token((await client.get("/review")).text)
    async with steward(country) as client:
        answer = await client.post(address_of(pair), data={"form_token": foreign, **SAME})
    assert answer.status_code == 403
    assert await decisions(country) == []


# The queue.


async def test_the_queue_goes_by_money_then_by_doubt(country: WebCountry) -> None:
    clear = await a_pair(country, money=500, weight=4.9)
    doubtful = await a_pair(country, money=500, weight=2.4)
    rich = await a_pair(country, money=900, weight=4.9)
    async with steward(country) as client:
        listed = (await client.get("/review")).text
    found = re.findall(r'href="/review/pairs/([^"?]+)"', listed)
    assert found == [written_pair(each) for each in (rich, doubtful, clear)]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("same=yes", 1),
        ("reason=conflict", 1),
        ("reason=too_large", 1),
        ("reason=weight", 2),
        ("older=30", 1),
        ("reason=conflict&same=yes", 0),
        ("reason=nonsense&older=4&programme=x&page=-3", 4),
    ],
)
async def test_the_queue_is_narrowed(country: WebCountry, query: str, number: int) -> None:
    await a_pair(country, *TWO_IN_ONE)
    await a_pair(country, why="conflict")
    await a_pair(country, why="group_too_large")
    await a_pair(country, days=40)
    async with steward(country) as client:
        listed = (await client.get(f"/review?{query}")).text
    assert len(re.findall(r'href="/review/pairs/', listed)) == number


async def test_an_empty_queue_says_what_that_means(country: WebCountry) -> None:
    async with steward(country) as client:
        empty = (await client.get("/review")).text
        end = await take_next(client)
    assert "Nothing waits for you" in empty
    assert 'data-key="next"' not in empty
    assert end.headers["location"] == "/review?end=yes"


async def test_two_officers_never_get_the_same_pair(country: WebCountry) -> None:
    pairs = {written_pair(await a_pair(country, money=number)) for number in range(4)}
    async with steward(country) as one, steward(country, STEFAN) as other:
        taken = await asyncio.gather(take_next(one), take_next(other))
    names = {each.headers["location"].split("/")[-1] for each in taken}
    assert len(names) == 2
    assert names <= pairs


async def test_a_lease_ends_by_itself_and_until_then_nobody_else_answers(
    country: WebCountry,
) -> None:
    pair = await a_plain_pair(country)
    async with steward(country) as one:
        await one.get(address_of(pair))
    async with steward(country, STEFAN) as other:
        seen = (await other.get(address_of(pair))).text
        queue = (await other.get("/review")).text
        refused = await other.post(address_of(pair), data={"form_token": token(queue), **SAME})
        none_free = await take_next(other)
    assert "Stella Steward is looking at this pair" in seen
    assert 'name="decision"' not in seen
    assert "Stella Steward is looking" in queue
    assert refused.headers["location"] == "/review?trouble=taken"
    assert none_free.headers["location"] == "/review?end=yes"
    async with steward(country, STEFAN, later=timedelta(minutes=11)) as other:
        taken = await take_next(other)
    assert taken.headers["location"] == address_of(pair)


async def test_a_pair_passed_over_comes_back_another_day(country: WebCountry) -> None:
    first = await a_pair(country, money=900)
    second = await a_pair(country, money=500)
    name = written_pair(first)
    async with steward(country) as client:
        assert (await take_next(client)).headers["location"] == address_of(first)
        assert (await take_next(client, **{"pass": name})).headers["location"] == address_of(second)
        assert (await take_next(client)).headers["location"] == address_of(second)
    async with steward(country, STEFAN) as other:
        assert (await take_next(other)).headers["location"] == address_of(first)
    async with steward(country, later=timedelta(days=1)) as client:
        assert (await take_next(client)).headers["location"] == address_of(first)


async def test_filters_stay_from_pair_to_pair(country: WebCountry) -> None:
    await a_pair(country, money=900)
    wanted = await a_pair(country, *TWO_IN_ONE, money=100)
    async with steward(country) as client:
        taken = await take_next(client, same="yes")
    assert taken.headers["location"] == f"{address_of(wanted)}?same=yes"
