"""The page of a person shows what other registries told, and only to whom may see the person."""

from __future__ import annotations

import re

import httpx
import pytest

from ibr.protection.blind_index import BlindIndex
from tests import people_web
from tests.database.test_web_pages import look_up, visitor
from tests.told_web import DEATH, TOLD, tell
from tests.web_country import KEYRING, WebCountry, filled

OFFICER = "officer@example.org"
PENSION = "pension@example.org"


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


def words(answer: httpx.Response) -> str:
    """What a reader reads, on one line."""
    assert answer.status_code == 200, answer.text
    main = answer.text.split("<main", 1)[1]
    return " ".join(re.sub(r"<[^>]+>", " ", main).replace("&#39;", "'").split())


async def seen(country: WebCountry, email: str = OFFICER, **changed: str) -> str:
    async with visitor(country, email) as client:
        return words(await look_up(client, **changed))


async def test_without_news_there_is_no_card(country: WebCountry) -> None:
    assert "From other registries" not in await seen(country, value="UIN-00101-X")


async def test_what_was_told_stands_with_source_and_times(country: WebCountry) -> None:
    await tell(country, people_web.KNOWN_UIN)
    text = await seen(country)
    card = text.split("From other registries", 1)[1].split("Who asked about this person")[0]
    assert "Poverty score 45.2 Earlier 31.5 as of 1 Oct 2026" in card
    assert card.count("45.2") == 1
    assert "National Social Registry Social registry" in card
    assert "9 Oct 2026, 08:00 UTC 2 Nov 2026, 10:15 UTC" in card
    assert "D-12, Lake Region" in card
    assert "+254700000001 +254700000002" in card
    assert "Not employed" in card
    assert "Lives with a disability Yes" in card
    assert "Mobility – A lot of difficulty" in card
    assert "DC-0099-1234" not in card
    assert "•••••••••234" in card
    assert "Reported as deceased" not in text


async def test_it_is_read_in_french_too(country: WebCountry) -> None:
    await tell(country, people_web.KNOWN_UIN)
    async with visitor(country, OFFICER) as client:
        client.headers["accept-language"] = "fr"
        card = words(await look_up(client)).split("Autres registres", 1)[1]
    for said in ("Score de pauvreté 45,2", "Registre social", "Sans emploi", "Mobilité", "Oui"):
        assert said in card
    assert "Appris le" in card


async def test_a_reported_death_is_shown_first_as_something_to_check(country: WebCountry) -> None:
    await tell(country, people_web.KNOWN_UIN, (*TOLD, *DEATH))
    text = await seen(country)
    assert (
        "Civil Registration Office (Civil registry) reports the death of this person: "
        "2 October 2026. Check it with the programme." in text
    )
    assert text.index("Reported as deceased") < text.index("Benefits over time")
    assert "Date of death 2 October 2026" in text


async def test_a_death_that_was_taken_back_is_no_longer_shown_first(country: WebCountry) -> None:
    await tell(country, people_web.KNOWN_UIN, DEATH)
    await tell(country, people_web.KNOWN_UIN, (("civil", "vital_status", "alive", 20),))
    text = await seen(country)
    assert "Reported as deceased" not in text
    assert "No death registered" in text


async def test_who_may_not_see_the_person_sees_nothing_told(country: WebCountry) -> None:
    outside = await country.read(
        """
        select r.subject_index from beneficiary_record r join programme p using (programme_id)
        where p.code = 'MEAL'
        """
    )
    assert outside
    uin = next(
        uin
        for number in range(100, 400)
        if people_index(uin := f"UIN-{number:05d}-X") in {row["subject_index"] for row in outside}
    )
    await tell(country, uin, (("social", "income_level", "level-canary", 2),))
    assert "level-canary" in await seen(country, value=uin)
    hidden = await seen(country, PENSION, value=uin)
    assert "level-canary" not in hidden
    assert hidden.replace(uin, "") == (await seen(country, PENSION, value="UIN-99999-X")).replace(
        "UIN-99999-X", ""
    )


def people_index(uin: str) -> bytes:
    return BlindIndex(KEYRING.index).of("UIN", uin)


async def test_looking_is_recorded_as_ever(country: WebCountry) -> None:
    before = (await country.read("select count(*) as n from question_asked"))[0]["n"]
    await seen(country)
    after = (await country.read("select count(*) as n from question_asked"))[0]["n"]
    assert after == before + 1
