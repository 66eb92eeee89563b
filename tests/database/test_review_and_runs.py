"""From records to the queue to a decision, and through the runs that follow it."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from ibr.db.pool import open_database
from ibr.identity.model import Appearance, Pair
from ibr.identity.persons.floor import Floor
from ibr.identity.persons.kept_run import Run
from ibr.identity.persons.reading.read_appearances import AppearanceReader
from ibr.identity.persons.run import Linkage
from ibr.protection.seal import Sealer
from tests.database.test_review_pages import (
    DIFFERENT,
    SAME,
    say,
    steward,
    take_back,
    take_next,
)
from tests.review_web import Told, a_side, begin, connect
from tests.web_country import KEYRING, WebCountry, filled


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    """Two records of what may be one person, as programmes report them, and nothing linked yet."""
    country = filled(dsn)
    asyncio.run(begin(country))

    async def reported() -> None:
        connection = await connect(country)
        try:
            for programme, birth in (("CASH", "1990-04-05"), ("OAP", "1993-11-20")):
                told = Told(
                    programme=programme,
                    given="Philomena",
                    family="Wekhomba",
                    second="Barasa",
                    birth=birth,
                    phone=None,
                )
                await a_side(connection, told)
            await connection.execute("delete from appearance")
            await connection.execute("delete from link_run")
        finally:
            await connection.close()

    asyncio.run(reported())
    return country


async def run(country: WebCountry, kind: str) -> Run | None:
    database = await open_database(country.dsn, "ibr_worker", size=4, name="test")
    try:
        linkage = Linkage(
            database,
            Sealer(KEYRING),
            partial(AppearanceReader, database, KEYRING),
            floor=Floor(most_moved=1.0),
        )
        return await linkage.run(kind)  # type: ignore[arg-type]
    finally:
        await database.close()


async def one_person(country: WebCountry, pair: Pair) -> bool:
    rows = await country.read(
        f"""
        select person_id from person_member
        where record_id in ({pair[0].record_id}, {pair[1].record_id}) and appearance_no in
              ({pair[0].appearance_no}, {pair[1].appearance_no})
        """
    )
    return len({row["person_id"] for row in rows}) == 1


async def test_a_decision_stands_through_later_runs_until_it_is_taken_back(
    country: WebCountry,
) -> None:
    first = await run(country, "full")
    assert first is not None
    assert first.state == "applied"
    [row] = await country.read(
        "select low_record, low_no, high_record, high_no, state from link_pair "
        "where low_record > 9000000 and high_record > 9000000"
    )
    pair = (Appearance(row[0], row[1]), Appearance(row[2], row[3]))
    assert row["state"] == "open"
    assert not await one_person(country, pair)
    async with steward(country) as client:
        assert (await take_next(client)).headers["location"].startswith("/review/pairs/")
        await say(client, pair, SAME)
        await run(country, "decisions")
        assert await one_person(country, pair)
        await run(country, "full")
        assert await one_person(country, pair)
        assert await state_of_pair(country, pair) == "decided"
        await take_back(client, pair)
        await run(country, "decisions")
        assert not await one_person(country, pair)
        assert await state_of_pair(country, pair) == "open"
        await say(client, pair, DIFFERENT)
        await run(country, "full")
        assert not await one_person(country, pair)
    assert await state_of_pair(country, pair) == "decided"


async def state_of_pair(country: WebCountry, pair: Pair) -> str:
    [row] = await country.read(
        f"select state from link_pair where low_record = {pair[0].record_id} "
        f"and low_no = {pair[0].appearance_no} and high_record = {pair[1].record_id} "
        f"and high_no = {pair[1].appearance_no}"
    )
    return str(row["state"])
