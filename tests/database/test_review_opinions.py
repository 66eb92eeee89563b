"""Second opinions without knowing the first, answers taken back, and pairs whose truth is known."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest

from ibr.identity.model import Pair
from ibr.identity.persons.decide import decisions_in_force
from ibr.identity.review.known_pairs import end, plant
from ibr.identity.review.model import written_pair
from ibr.identity.review.rules import is_sampled
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer
from tests import people_web
from tests.database.test_review_pages import (
    AUDITOR,
    DIFFERENT,
    SAME,
    TWO_IN_ONE,
    UNSURE,
    a_plain_pair,
    country,
    decisions,
    nothing_waits,
    say,
    state_of,
    steward,
    take_back,
    take_next,
)
from tests.database.test_web_pages import visitor
from tests.review_web import STEFAN, STELLA, STEN, Told, a_pair, address_of, connect
from tests.web_country import KEYRING, WebCountry

__all__ = ["country", "nothing_waits"]
NOTE = "ZZ-FIRST-NOTE"


async def in_force(country: WebCountry) -> list[tuple[Pair, str]]:
    connection = await connect(country)
    try:
        found = await decisions_in_force(connection)
    finally:
        await connection.close()
    return [((each.low, each.high), each.verdict) for each in found]


async def answered(country: WebCountry, email: str, pair: Pair, said: dict[str, str]) -> int:
    async with steward(country, email) as client:
        answer = await say(client, pair, said)
    return answer.status_code


# Four eyes.


async def test_one_pair_of_eyes_is_not_enough_in_one_programme(country: WebCountry) -> None:
    pair = await a_pair(country, *TWO_IN_ONE)
    await answered(country, STELLA, pair, SAME)
    assert await in_force(country) == []
    assert await state_of(country, pair) == "open"
    await answered(country, STEFAN, pair, SAME)
    assert await in_force(country) == [(pair, "same")]
    assert await state_of(country, pair) == "decided"
    assert await decisions(country) == [("same", 1), ("same", 2)]


async def test_control_one_is_enough_where_only_one_of_them_receives(country: WebCountry) -> None:
    pair = await a_plain_pair(
        country, low=Told(programme="OAP"), high=Told(programme="OAP", benefits=0)
    )
    await answered(country, STELLA, pair, SAME)
    assert await in_force(country) == [(pair, "same")]


async def test_nobody_gives_both_opinions(country: WebCountry) -> None:
    pair = await a_pair(country, *TWO_IN_ONE)
    async with steward(country) as client:
        await say(client, pair, SAME)
        seen = (await client.get(address_of(pair))).text
        listed = (await client.get("/review")).text
        again = await say(client, pair, SAME)
    assert "You have given your opinion" in seen
    assert 'name="decision"' not in seen
    assert "Nothing waits for you" in listed
    assert again.headers["location"] == "/review?trouble=done"
    assert await decisions(country) == [("same", 1)]


# Blindness.


@pytest.mark.parametrize("first", [SAME, DIFFERENT])
async def test_a_second_opinion_is_asked_for_without_a_word_of_the_first(
    country: WebCountry, first: dict[str, str]
) -> None:
    pair = await a_pair(country, *TWO_IN_ONE)
    async with steward(country, STEFAN) as other:
        untouched = (await other.get("/review")).text, (await other.get(address_of(pair))).text
    await connect_and_let_go(country)
    await answered(country, STELLA, pair, {**first, "note": NOTE})
    async with steward(country, STEFAN) as other:
        seen = (await other.get("/review")).text, (await other.get(address_of(pair))).text
    for before, after in zip(untouched, seen, strict=True):
        assert without_tokens(after) == without_tokens(before)


async def test_control_once_both_are_in_everybody_reads_them(country: WebCountry) -> None:
    pair = await a_pair(country, *TWO_IN_ONE)
    await answered(country, STELLA, pair, {**SAME, "note": NOTE})
    async with visitor(country, AUDITOR) as client:
        audited = (await client.get(address_of(pair))).text
    await answered(country, STEFAN, pair, SAME)
    async with steward(country, STEFAN) as other:
        seen = (await other.get(address_of(pair))).text
    assert NOTE in audited
    assert NOTE in seen
    assert "Stella Steward" in seen


async def test_a_sample_is_looked_at_twice_and_the_first_answer_counts_meanwhile(
    country: WebCountry,
) -> None:
    while not is_sampled(pair := await a_pair(country)):
        await country.read("delete from link_pair")
    await answered(country, STELLA, pair, DIFFERENT)
    assert await in_force(country) == [(pair, "different")]
    async with steward(country, STEFAN) as other:
        taken = await take_next(other)
        await say(other, pair, DIFFERENT)
    assert taken.headers["location"] == address_of(pair)
    assert await decisions(country) == [("different", 1), ("different", 2)]
    assert await in_force(country) == [(pair, "different")]


# Where two do not agree.


@pytest.mark.parametrize("last", [SAME, DIFFERENT])
async def test_two_that_differ_are_settled_by_a_third_who_sees_both(
    country: WebCountry, last: dict[str, str]
) -> None:
    pair = await a_pair(country, *TWO_IN_ONE)
    await answered(country, STELLA, pair, {**SAME, "note": NOTE})
    await answered(country, STEFAN, pair, DIFFERENT)
    assert await in_force(country) == []
    for email in (STELLA, STEFAN):
        async with steward(country, email) as client:
            assert "Nothing waits for you" in (await client.get("/review")).text
    async with steward(country, STEN) as third:
        listed = (await third.get("/review?reason=differ")).text
        seen = (await third.get(address_of(pair))).text
        await say(third, pair, last)
    assert written_pair(pair) in listed
    assert NOTE in seen
    assert await in_force(country) == [(pair, last["decision"])]
    assert await state_of(country, pair) == "decided"


async def test_who_is_not_sure_asks_a_colleague(country: WebCountry) -> None:
    pair = await a_plain_pair(country)
    await answered(country, STELLA, pair, UNSURE)
    assert await in_force(country) == []
    await answered(country, STEFAN, pair, UNSURE)
    async with steward(country, STEN) as third:
        assert (await take_next(third)).headers["location"] == address_of(pair)
        await say(third, pair, SAME)
    assert await in_force(country) == [(pair, "same")]


# Taken back.


async def test_an_answer_is_taken_back_and_nothing_of_it_is_lost(country: WebCountry) -> None:
    pair = await a_plain_pair(country)
    async with steward(country) as client:
        await say(client, pair, SAME)
        back = await take_back(client, pair)
        page = (await client.get(back.headers["location"])).text
    assert "Your answer was taken back" in page
    assert 'name="decision"' in page
    assert await in_force(country) == []
    assert await state_of(country, pair) == "open"
    assert await decisions(country) == [("same", 1), ("withdrawn", 1)]
    await answered(country, STELLA, pair, DIFFERENT)
    assert await in_force(country) == [(pair, "different")]


async def test_a_second_opinion_is_taken_back_and_wanted_again(country: WebCountry) -> None:
    pair = await a_pair(country, *TWO_IN_ONE)
    await answered(country, STELLA, pair, SAME)
    await answered(country, STEFAN, pair, SAME)
    async with steward(country, STEFAN) as other:
        await take_back(other, pair)
    assert await in_force(country) == []
    await answered(country, STEN, pair, SAME)
    assert await in_force(country) == [(pair, "same")]


async def test_a_first_opinion_taken_back_takes_the_wish_for_a_second_with_it(
    country: WebCountry,
) -> None:
    pair = await a_pair(country, *TWO_IN_ONE)
    async with steward(country) as client:
        await say(client, pair, SAME)
        await take_back(client, pair)
    assert await country.read("select * from review_second") == []
    await answered(country, STEFAN, pair, DIFFERENT)
    await answered(country, STELLA, pair, DIFFERENT)
    assert await in_force(country) == [(pair, "different")]


async def test_nobody_takes_back_what_a_colleague_said(country: WebCountry) -> None:
    pair = await a_plain_pair(country)
    await answered(country, STELLA, pair, SAME)
    async with steward(country, STEFAN) as other:
        refused = await take_back(other, pair)
    assert refused.headers["location"] == "/review?trouble=not_yours"
    assert await in_force(country) == [(pair, "same")]


async def test_an_answer_is_taken_back_long_after_a_run_followed_it(country: WebCountry) -> None:
    pair = await a_plain_pair(country)
    await answered(country, STELLA, pair, SAME)
    await country.read("update link_pair set state = 'linked'")
    async with steward(country, later=timedelta(days=200)) as client:
        back = await take_back(client, pair)
    assert back.status_code == 303
    assert (await decisions(country))[-1] == ("withdrawn", 1)
    assert await in_force(country) == []


# Known pairs.


async def planted(country: WebCountry, count: int) -> dict[str, int]:
    connection = await connect(country)
    try:
        found = await plant(
            connection, Sealer(KEYRING), BlindIndex(KEYRING.index), count, people_web.NOW
        )
    finally:
        await connection.close()
    return dict(found)


async def two_known(country: WebCountry) -> tuple[Pair, Pair]:
    """One pair of each truth, doubtful without the numbers that tell it."""
    one = await a_pair(
        country,
        Told(uin="19928847731", family="Otieno"),
        Told(programme="OAP", uin="19928847731", birth="1990", phone=None),
        state="linked",
        weight=9,
    )
    other = await a_pair(
        country,
        Told(uin="28855512345", family="Otieno"),
        Told(programme="OAP", uin="71112345678", birth="1990", phone=None),
        why="conflict",
    )
    return one, other


async def test_known_pairs_are_planted_by_what_two_numbers_say(country: WebCountry) -> None:
    one, other = await two_known(country)
    await a_pair(country, state="linked")
    assert await planted(country, 10) == {"same": 1, "different": 1}
    rows = await country.read("select low_record, truth from review_known order by low_record")
    assert [tuple(row) for row in rows] == [(one[0][0], "same"), (other[0][0], "different")]
    assert await planted(country, 10) == {"same": 0, "different": 0}


async def test_a_known_pair_looks_like_any_and_changes_nothing(country: WebCountry) -> None:
    one, _ = await two_known(country)
    await planted(country, 10)
    async with steward(country) as client:
        page = (await client.get(address_of(one))).text
        answer = await say(client, one, {**SAME, "note": NOTE})
        listed = (await client.get("/review")).text
        quality = (await client.get("/review/quality")).text
    assert "••••31" not in page
    assert "Unique identification number" not in page
    read = re.sub(r"<[^>]*>", " ", page)
    assert not re.search(r"known (pair|truth)|measure|sample", read)
    assert answer.status_code == 303
    assert f"/review/pairs/{written_pair(one)}/back" in listed
    assert await decisions(country) == []
    assert await state_of(country, one) == "linked"
    assert "1 of 1" in quality


async def test_an_answer_to_a_known_pair_is_taken_back_like_any(country: WebCountry) -> None:
    one, _ = await two_known(country)
    await planted(country, 10)
    async with steward(country) as client:
        await say(client, one, DIFFERENT)
        back = await take_back(client, one)
    assert back.headers["location"].startswith(address_of(one))
    assert await country.read("select * from review_known_answer") == []


async def test_among_many_answers_a_known_pair_comes_by_itself(country: WebCountry) -> None:
    one, other = await two_known(country)
    await planted(country, 10)
    ordinary = await a_plain_pair(country, money=1)
    async with steward(country) as client:
        assert (await take_next(client)).headers["location"] == address_of(ordinary)
        await country.read(
            """
            insert into link_decision (low_record, low_no, high_record, high_no, decision,
                                       reason_code, decided_by, decided_at)
            select n, 0, n + 1, 0, 'same', 'x', (select officer_id from officer
                   where email = 'stella@example.org'), now()
            from generate_series(1, 40) as n
            """
        )
        taken = (await take_next(client)).headers["location"]
    assert taken in (address_of(one), address_of(other))


async def test_known_pairs_are_taken_out_and_their_answers_stay(country: WebCountry) -> None:
    one, _ = await two_known(country)
    await planted(country, 10)
    await answered(country, STELLA, one, SAME)
    connection = await connect(country)
    try:
        assert await end(connection, people_web.NOW) == 2
    finally:
        await connection.close()
    assert len(await country.read("select * from review_known_answer")) == 1
    async with visitor(country, AUDITOR) as client:
        assert "1 of 1" in (await client.get("/review/quality")).text


# Figures.


async def test_the_figures_say_how_far_two_agree(country: WebCountry) -> None:
    for said in (SAME, SAME, DIFFERENT):
        pair = await a_pair(country, *TWO_IN_ONE)
        await answered(country, STELLA, pair, said)
        await answered(country, STEFAN, pair, DIFFERENT if said is DIFFERENT else SAME)
    pair = await a_pair(country, *TWO_IN_ONE, weight=4.2)
    await answered(country, STELLA, pair, SAME)
    await answered(country, STEFAN, pair, DIFFERENT)
    async with visitor(country, AUDITOR) as client:
        all_of_them = (await client.get("/review/quality")).text
    async with steward(country, STEFAN) as client:
        own = (await client.get("/review/quality")).text
    assert "3 of 4" in all_of_them
    assert "0.50" in all_of_them
    assert "Stella Steward" in all_of_them
    assert "Stella Steward" not in own


async def test_the_first_page_counts_what_waits(country: WebCountry) -> None:
    await a_pair(country)
    async with visitor(country, AUDITOR) as client:
        auditor = (await client.get("/")).text
    async with visitor(country, "officer@example.org") as client:
        officer = (await client.get("/")).text
    assert "Possible links to look at" in auditor
    assert "Possible links to look at" not in officer


def without_tokens(html: str) -> str:
    """A page without what differs from session to session and minute to minute."""
    lines = [each for each in html.splitlines() if "form_token" not in each]
    return "\n".join(each for each in lines if "Kept for you until" not in each)


async def connect_and_let_go(country: WebCountry) -> None:
    """Ends every lease, as time does."""
    await country.read("delete from review_lease")
    await asyncio.sleep(0)
