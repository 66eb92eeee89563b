"""The pages of findings and of programme pairs: who may open them, what they show and enter."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.database.test_web_pages import look_up, token, visitor
from tests.findings_web import CHECK, MARKUP, emptied, with_findings
from tests.web_country import WebCountry, filled

ADMINISTRATOR, AUDITOR = "admin@example.org", "auditor@example.org"
EVERYWHERE, PENSIONS = "officer@example.org", "pension@example.org"
ANALYST, HELP_DESK = "analyst@example.org", "help@example.org"
SAYS = "active"


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.fixture
def found(country: WebCountry) -> Iterator[list[int]]:
    yield asyncio.run(with_findings(country.dsn))
    asyncio.run(emptied(country.dsn))


@pytest.mark.parametrize(
    ("email", "total"), [(ADMINISTRATOR, 3), (AUDITOR, 3), (EVERYWHERE, 3), (PENSIONS, 2)]
)
async def test_each_sees_the_findings_of_their_programmes(
    country: WebCountry, found: list[int], email: str, total: int
) -> None:
    async with visitor(country, email) as client:
        page = await client.get("/findings")
        single = [await client.get(f"/findings/{number}") for number in found]
    assert page.status_code == 200
    assert f"{total} findings" in page.text
    assert [each.status_code for each in single] == [200, 200, 200 if total == 3 else 404]


async def test_an_analyst_sees_how_many_and_no_finding(
    country: WebCountry, found: list[int]
) -> None:
    async with visitor(country, ANALYST) as client:
        page = await client.get("/findings")
        single = await client.get(f"/findings/{found[0]}")
        check = await client.get(f"/findings/checks/{CHECK.code}")
    assert "&lt; 5" in page.text
    assert "/findings/1" not in page.text
    assert "Each finding" not in page.text
    assert single.status_code == 403
    assert check.status_code == 200


async def test_the_help_desk_sees_none_of_it(country: WebCountry, found: list[int]) -> None:
    async with visitor(country, HELP_DESK) as client:
        answers = [await client.get(path) for path in ("/findings", f"/findings/{found[0]}")]
        person = await look_up(client, purpose="help_desk_request")
    assert [each.status_code for each in answers] == [403, 403]
    assert "Findings about these records" not in person.text


async def test_a_list_is_narrowed_and_keeps_its_filters(
    country: WebCountry, found: list[int]
) -> None:
    async with visitor(country, AUDITOR) as client:
        now = (await client.get("/findings?severity=3")).text
        other = (await client.get("/findings?programme=PWD")).text
        none = (await client.get("/findings?check=K99&area=nowhere&page=9")).text
        closed = (await client.get("/findings?closed=yes")).text
    assert "1 finding<" in now
    assert f"/findings/{found[1]}" in other
    assert f"/findings/{found[0]}" not in other
    assert "No finding fits" in none
    assert "0 findings" in closed


async def test_a_finding_says_what_it_rests_on(country: WebCountry, found: list[int]) -> None:
    async with visitor(country, AUDITOR) as client:
        page = (await client.get(f"/findings/{found[0]}")).text
        old = (await client.get(f"/findings/{found[2]}")).text
    for said in ("KES", "2026-11-05", "2026-10", "version", "Each fact", f"checks/{CHECK.code}"):
        assert said in page
    assert "Found by an earlier version" in old
    assert MARKUP not in old
    assert "&lt;script&gt;" in old


async def test_a_persons_page_shows_what_is_about_them(
    country: WebCountry, found: list[int]
) -> None:
    async with visitor(country, AUDITOR) as client:
        person = await look_up(client, purpose="audit")
    assert "Findings about these records" in person.text
    assert f"/findings/{found[0]}" in person.text


async def test_the_first_page_counts_them(country: WebCountry, found: list[int]) -> None:
    async with visitor(country, AUDITOR) as client:
        page = (await client.get("/")).text
    assert "Findings of the checks" in page
    assert "1 of them to look at now" in page


async def exempted(country: WebCountry, email: str, number: int, **fields: str) -> int:
    async with visitor(country, email) as client:
        page = await client.get("/deliveries")
        form = {"form_token": token(page.text), "reason": "An orphanage", **fields}
        return (await client.post(f"/findings/{number}/exempt", data=form)).status_code


async def test_an_administrator_enters_what_is_lawful(
    country: WebCountry, found: list[int]
) -> None:
    assert await exempted(country, AUDITOR, found[0]) == 403
    assert await exempted(country, ADMINISTRATOR, found[0], reason=" ") == 400
    assert await exempted(country, ADMINISTRATOR, found[0], until="tomorrow") == 400
    assert await exempted(country, ADMINISTRATOR, found[0], form_token="x") == 403
    assert await country.read("select * from check_exemption") == []
    assert await exempted(country, ADMINISTRATOR, found[0], law="Act 3") == 303
    [row] = await country.read(f"select * from finding where finding_id = {found[0]}")
    assert row["closed_reason"] == "exempt"
    [entered] = await country.read("select * from check_exemption")
    assert (entered["entered_by"], entered["legal_reference"]) == ("Ada Admin", "Act 3")


PAIR = {
    "first": "OAP",
    "second": "PWD",
    "relation": "incompatible",
    "unit": "person",
    "keeps": "OAP",
    "legal_reference": f"Act 5 {MARKUP}",
    "valid_from": "2026-01-01",
    "same_period": "yes",
}


async def entered(country: WebCountry, email: str, **fields: str) -> tuple[int, str]:
    async with visitor(country, email) as client:
        page = await client.get("/pairs")
        form = {"form_token": token(page.text), **PAIR, **fields}
        answer = await client.post("/pairs", data=form)
        if answer.status_code != 303:
            return answer.status_code, answer.text
        return 303, (await client.get(answer.headers["location"])).text


@pytest.fixture
def no_pairs(country: WebCountry) -> Iterator[None]:
    yield
    asyncio.run(emptied(country.dsn))


@pytest.mark.parametrize("email", [EVERYWHERE, ANALYST, AUDITOR, HELP_DESK])
async def test_everybody_reads_pairs_and_an_administrator_enters_them(
    country: WebCountry, no_pairs: None, email: str
) -> None:
    refused, _ = await entered(country, email)
    assert refused == 403
    assert await country.read("select * from programme_pair") == []
    status, page = await entered(country, ADMINISTRATOR)
    assert status == 303
    assert "Entered. The checks go by it" in page
    async with visitor(country, email) as client:
        shown = (await client.get("/pairs")).text
    assert "Exclude each other" in shown
    assert MARKUP not in shown
    assert "&lt;script&gt;" in shown
    assert "Enter and record" not in shown
    [row] = await country.read("select changed_by from programme_pair")
    assert row["changed_by"] == "Ada Admin"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("second", "OAP", "Choose two different programmes"),
        ("second", "", "Choose two different programmes"),
        ("relation", "friends", "Choose what holds"),
        ("cap", "much", "Write an amount"),
        ("tolerance_days", "999", "Write a number of days"),
        ("legal_reference", "", "Name the law"),
        ("valid_from", "soon", "Write a day"),
        ("valid_to", "2025-01-01", "not before the first"),
        ("keeps", "MEAL", "Choose one of the two"),
    ],
)
async def test_a_form_says_what_to_mend_and_keeps_what_was_written(
    country: WebCountry, no_pairs: None, field: str, value: str, said: str
) -> None:
    status, page = await entered(country, ADMINISTRATOR, **{field: value, "note": "kept words"})
    assert status == 400
    assert said in page
    assert "kept words" in page
    assert await country.read("select * from programme_pair") == []


async def test_a_pair_is_changed_ended_and_never_forgotten(
    country: WebCountry, no_pairs: None
) -> None:
    await entered(country, ADMINISTRATOR)
    [row] = await country.read("select pair_no from programme_pair")
    number = str(row["pair_no"])
    async with visitor(country, ADMINISTRATOR) as client:
        form = (await client.get(f"/pairs?edit={number}")).text
    assert f'name="instead_of" value="{number}"' in form
    status, page = await entered(
        country, ADMINISTRATOR, relation="allowed", keeps="", instead_of=number
    )
    assert status == 303
    assert "1 entry that was replaced" in page
    # Whoever still had the older row before them is told.
    status, _ = await entered(country, ADMINISTRATOR, relation="complementary", instead_of=number)
    assert status == 409
    [row] = await country.read("select pair_no from programme_pair where replaced_at is null")
    async with visitor(country, ADMINISTRATOR) as client:
        fields = {"form_token": token((await client.get("/pairs")).text), "last_day": "2026-10-31"}
        ended = await client.post(f"/pairs/{row['pair_no']}/end", data=fields)
        wrong = await client.post(f"/pairs/{row['pair_no']}/end", data=fields)
    assert ended.status_code == 303
    assert wrong.status_code == 404
    kept = await country.read("select valid_to from programme_pair where replaced_at is null")
    assert [each["valid_to"].isoformat() for each in kept] == ["2026-10-31"]
    assert len(await country.read("select * from programme_pair")) == 3
