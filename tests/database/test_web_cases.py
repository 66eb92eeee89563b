"""The pages of cases: who may open them, what they show and hide, what their forms do."""

from __future__ import annotations

import asyncio
import html
import re
from datetime import timedelta

import httpx
import pytest

from tests import people_web
from tests.cases_web import a_finding, does, emptied, kept, officer, the_case, three_cases
from tests.database.test_web_pages import token, visitor
from tests.web_country import WebCountry, filled

OMAR, PIA = "officer@example.org", "pension@example.org"
CLOSED_TO = ("analyst@example.org", "help@example.org")


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.fixture(autouse=True)
def some_cases(country: WebCountry) -> None:
    """Three cases of the pension, one of them assigned."""
    asyncio.run(three_cases(country))


async def number(country: WebCountry) -> int:
    return (await the_case(country.dsn)).case_id


async def step(
    client: httpx.AsyncClient, country: WebCountry, action: str, **fields: str
) -> httpx.Response:
    """A step of the newest case by its form."""
    case = await the_case(country.dsn)
    page = await client.get(f"/cases/{case.case_id}")
    sent = {
        "form_token": token(page.text),
        "step": str(case.step_no),
        "action": action,
        "place": "",
    }
    return await client.post(f"/cases/{case.case_id}", data=sent | fields)


@pytest.mark.parametrize("email", CLOSED_TO)
async def test_who_works_on_no_cases_sees_none(country: WebCountry, email: str) -> None:
    case = await number(country)
    async with visitor(country, email) as client:
        for address in ("/cases", "/cases/told", f"/cases/{case}"):
            assert (await client.get(address)).status_code == 403
        home = await client.get("/")
    assert 'href="/cases"' not in home.text


async def test_an_analyst_sees_figures_and_nobody(country: WebCountry) -> None:
    async with visitor(country, "analyst@example.org") as client:
        page = await client.get("/cases/figures")
    assert page.status_code == 200
    assert "fewer than 5" in page.text
    assert 'href="/cases"' not in page.text


async def test_small_counts_are_shown_to_who_sees_the_cases_themselves(country: WebCountry) -> None:
    async with visitor(country, OMAR) as client:
        page = await client.get("/cases/figures")
    assert "fewer than 5" not in page.text


async def test_the_list_names_nobody(country: WebCountry) -> None:
    async with visitor(country, OMAR) as client:
        page = await client.get("/cases")
    assert page.text.count('<th scope="row">') == 3
    assert "3 cases" in page.text
    assert people_web.CANARY not in page.text


async def test_a_list_is_narrowed(country: WebCountry) -> None:
    async with visitor(country, OMAR) as client:
        mine = await client.get("/cases?view=mine")
        none = await client.get("/cases?view=mine&check=K01")
        odd = await client.get("/cases?view=%27&severity=9&page=999999999&state=x&programme=-1")
    assert "1 case<" in mine.text
    assert "No case fits" in none.text
    assert odd.status_code == 200


async def test_the_page_of_a_case_says_what_was_found_and_what_can_be_done(
    country: WebCountry,
) -> None:
    async with visitor(country, OMAR) as client:
        page = await client.get(f"/cases/{await number(country)}")
    text = html.unescape(page.text)
    assert "OAP and WORK exclude each other" in text
    assert "Ask for information" in text
    assert "Approve" not in re.sub(r"<select.*?</select>", "", text, flags=re.DOTALL)
    assert 'value="error_claimant" disabled' in text


async def test_who_is_in_no_person_yet_is_shown_by_the_record(country: WebCountry) -> None:
    await emptied(country)
    await a_finding(country.dsn, 1, person_id=-257)
    await kept(country.dsn)
    async with visitor(country, OMAR) as client:
        page = await client.get(f"/cases/{await number(country)}")
    assert "Whom it is about" in page.text
    assert "The record is no longer reported" not in page.text


async def test_an_auditor_reads_and_has_no_form(country: WebCountry) -> None:
    async with visitor(country, "auditor@example.org") as client:
        page = await client.get(f"/cases/{await number(country)}")
        refused = await step(client, country, "note", note="mine")
    assert page.status_code == 200
    assert 'name="action"' not in page.text
    assert refused.status_code == 403


async def test_an_officer_without_the_other_programme_reads_of_another_one(
    country: WebCountry,
) -> None:
    async with visitor(country, PIA) as client:
        page = html.unescape((await client.get(f"/cases/{await number(country)}")).text)
        client.cookies.set("ibr_language", "fr")
        french = html.unescape((await client.get(f"/cases/{await number(country)}")).text)
    assert "OAP and another programme exclude each other" in page
    assert "WORK" not in page
    assert "un autre programme" in french


async def test_hostile_notes_are_text(country: WebCountry) -> None:
    evil = '<script>alert("x")</script>{{ 7*7 }}\u202e'
    async with visitor(country, OMAR) as client:
        await step(client, country, "note", note=evil)
        page = await client.get(f"/cases/{await number(country)}")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text
    assert "{{ 7*7 }}" in page.text


async def test_a_refused_step_keeps_what_was_written(country: WebCountry) -> None:
    async with visitor(country, OMAR) as client:
        answer = await step(
            client, country, "propose", outcome="error_data", reason="law_says", note="my long note"
        )
    assert answer.status_code == 409
    assert "must have been asked first" in answer.text
    assert "my long note" in answer.text


async def test_a_lawful_exception_names_its_law_and_its_last_day(country: WebCountry) -> None:
    exception = {"outcome": "lawful_exception", "reason": "law_says", "law": "Act 5, section 12"}
    async with visitor(country, OMAR) as client:
        refused = await step(client, country, "propose", **exception)
        answer = await step(
            client, country, "propose", **exception, until=f"{people_web.NOW.year + 1}-06-30"
        )
        page = await client.get(f"/cases/{await number(country)}")
    assert refused.status_code == 400
    assert "Name the last day on which it is lawful" in refused.text
    assert 'value="Act 5, section 12"' in refused.text
    assert answer.status_code == 303
    assert "Act 5, section 12" in page.text
    async with visitor(country, PIA) as client:
        await step(client, country, "approve")
        await kept(country.dsn, people_web.NOW + timedelta(hours=1))
        page = await client.get(f"/cases/{await number(country)}")
    assert "Not found again" in page.text
    assert "End the lawful exception" in page.text


async def test_the_second_of_two_officers_is_told(country: WebCountry) -> None:
    case = await the_case(country.dsn)
    async with visitor(country, PIA) as client:
        page = await client.get(f"/cases/{case.case_id}")
        await does(country.dsn, await officer(country.dsn, OMAR), "note", note="first")
        fields = {
            "form_token": token(page.text),
            "step": str(case.step_no),
            "action": "note",
            "note": "second one's words",
        }
        answer = await client.post(f"/cases/{case.case_id}", data=fields)
    assert answer.status_code == 409
    assert "Somebody else has worked on this case" in html.unescape(answer.text)
    assert "second one&#39;s words" in answer.text


async def test_many_are_handed_out_and_the_place_is_kept(country: WebCountry) -> None:
    omar = await officer(country.dsn, OMAR)
    rows = await country.read("select case_id, step_no from overlap_case order by case_id")
    async with visitor(country, OMAR) as client:
        page = await client.get("/cases?view=unassigned&check=K06")
        fields = {
            "form_token": token(page.text),
            "view": "unassigned",
            "check": "K06",
            "officer": str(omar.id),
            **{f"case-{row['case_id']}": str(row["step_no"]) for row in rows[:2]},
        }
        answer = await client.post("/cases", data=fields)
        nothing = await client.post("/cases", data={"form_token": token(page.text)})
    assert answer.headers["location"] == "/cases?view=unassigned&check=K06&assigned=2&left=0"
    assert nothing.status_code == 400
    mine = await country.read(f"select from overlap_case where officer_id = {omar.id}")
    assert len(mine) == 3


async def test_all_that_fit_are_handed_out(country: WebCountry) -> None:
    async with visitor(country, OMAR) as client:
        page = await client.get("/cases")
        fields = {"form_token": token(page.text), "view": "open", "all": "yes", "officer": ""}
        answer = await client.post("/cases", data=fields)
    assert "assigned=3" in answer.headers["location"]


async def test_a_letter_is_made_sealed_and_read_again(country: WebCountry) -> None:
    async with visitor(country, OMAR) as client:
        made = await step(
            client, country, "request_information", reason="ask_person", language="fr"
        )
        page = await client.get(made.headers["location"])
        [row] = await country.read("select letter_no, content, language from case_letter")
        address = f"/cases/{await number(country)}/letters/{row['letter_no']}"
        letter = html.unescape((await client.get(address)).text)
    assert f'href="{address}"' in page.text
    assert b"Pension" not in row["content"]
    assert "Pension de vieillesse" in letter
    assert "K06" not in letter.split("<article")[1].split("</article")[0]
    assert "WORK" not in letter


async def test_a_letter_of_a_case_out_of_reach_is_not_there(country: WebCountry) -> None:
    await emptied(country)
    await a_finding(country.dsn, 1, programme="CASH", other_programme=None)
    await kept(country.dsn)
    omar = await officer(country.dsn, OMAR)
    await does(country.dsn, omar, "assign", officer_id=omar.id)
    async with visitor(country, OMAR) as client:
        await step(client, country, "request_information", reason="ask_person", language="en")
        address = f"/cases/{await number(country)}/letters/"
        [row] = await country.read("select letter_no from case_letter")
        assert (await client.get(f"{address}{row['letter_no']}")).status_code == 200
    async with visitor(country, PIA) as client:
        assert (await client.get(f"{address}{row['letter_no']}")).status_code == 404


async def test_a_step_is_taken_back_and_its_letter_with_it(country: WebCountry) -> None:
    async with visitor(country, OMAR) as client:
        await step(client, country, "request_information", reason="ask_person", language="en")
        case = await the_case(country.dsn)
        page = await client.get(f"/cases/{case.case_id}")
        fields = {"form_token": token(page.text), "step": str(case.step_no), "place": ""}
        answer = await client.post(f"/cases/{case.case_id}/undo", data=fields)
        again = await client.post(f"/cases/{case.case_id}/undo", data=fields)
    assert answer.status_code == 303
    assert again.status_code == 409
    [row] = await country.read("select voided_at from case_letter")
    assert row["voided_at"] is not None
    assert (await the_case(country.dsn)).state == "assigned"


async def _decided(country: WebCountry) -> None:
    omar, pia = await officer(country.dsn, OMAR), await officer(country.dsn, PIA)
    await does(country.dsn, omar, "request_information", reason="ask_person")
    await does(country.dsn, omar, "information_received", reason="answered")
    await does(country.dsn, omar, "propose", reason="evidence_clear", outcome="error_claimant")
    await does(country.dsn, pia, "approve")


async def test_money_counts_once_another_has_confirmed_it(country: WebCountry) -> None:
    await _decided(country)
    case = await the_case(country.dsn)
    address = f"/cases/{case.case_id}"
    entry = {
        "kind": "stopped",
        "amount": "1,250.50",
        "currency": "KES",
        "first": "2026-09-01",
        "last": "2026-10-31",
    }
    async with visitor(country, OMAR) as client:
        form = {"form_token": token((await client.get(address)).text)}
        wrong = await client.post(f"{address}/money", data=form | entry)
        right = await client.post(f"{address}/money", data=form | entry | {"amount": "1250.50"})
        own = await client.post(f"{address}/money", data=form | {"what": "confirm", "entry": "1"})
    [row] = await country.read("select entry_no, amount_minor, confirmed_at from case_money")
    assert (wrong.status_code, right.status_code, own.status_code) == (400, 303, 409)
    assert (row["amount_minor"], row["confirmed_at"]) == (125_050, None)
    async with visitor(country, PIA) as client:
        form = {"form_token": token((await client.get(address)).text)}
        fields = form | {"what": "confirm", "entry": str(row["entry_no"])}
        assert (await client.post(f"{address}/money", data=fields)).status_code == 303
        figures = await client.get("/cases/figures")
    # The decision is not in effect yet: nothing was saved so far.
    assert "KES\xa01,250.50" not in figures.text


async def test_nothing_is_entered_from_a_suspicion(country: WebCountry) -> None:
    case = await the_case(country.dsn)
    async with visitor(country, OMAR) as client:
        form = {"form_token": token((await client.get(f"/cases/{case.case_id}")).text)}
        answer = await client.post(
            f"/cases/{case.case_id}/money",
            data=form
            | {
                "kind": "stopped",
                "amount": "10",
                "currency": "KES",
                "first": "2026-09-01",
                "last": "2026-09-30",
            },
        )
    assert answer.status_code == 409
    assert await country.read("select from case_money") == []


async def test_notices_are_taken_note_of(country: WebCountry) -> None:
    async with visitor(country, OMAR) as client:
        page = await client.get("/cases/told")
        notices = re.findall(r'name="(notice-\d+)"', page.text)
        fields = {"form_token": token(page.text), notices[0]: "1"}
        await client.post("/cases/told", data=fields)
        after = await client.get("/cases/told")
        seen = await client.get("/cases/told?seen=yes")
    assert len(notices) == 3
    assert after.text.count('name="notice-') == 2
    assert "Omar Officer" in seen.text
    assert people_web.CANARY not in page.text


async def test_a_form_from_elsewhere_does_nothing(country: WebCountry) -> None:
    case = await the_case(country.dsn)
    async with visitor(country, OMAR) as client:
        for address in ("", "/undo", "/money"):
            answer = await client.post(
                f"/cases/{case.case_id}{address}",
                data={"form_token": "guessed", "action": "note", "note": "x", "step": "2"},
            )
            assert answer.status_code == 403
    assert (await the_case(country.dsn)).step_no == case.step_no


@pytest.mark.parametrize("place", ["%00", "view=mine&view=x", "a=b&" * 100, "//evil", "\r\nX: y"])
async def test_a_place_in_a_list_leads_nowhere_else(country: WebCountry, place: str) -> None:
    async with visitor(country, OMAR) as client:
        answer = await step(client, country, "note", note="x", place=place)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"/cases/{await number(country)}?")
    assert "evil" not in answer.headers["location"]


async def test_a_hold_is_counted_down_and_is_over_by_the_clock(country: WebCountry) -> None:
    omar = await officer(country.dsn, OMAR)
    await does(country.dsn, omar, "order_hold", reason="paid_twice_soon", days=14)
    address = f"/cases/{await number(country)}"
    async with visitor(country, OMAR) as client:
        now = await client.get(address)
    async with visitor(country, OMAR, later=timedelta(days=15)) as client:
        after = await client.get(address)
    assert "Payment is asked to wait" in now.text
    assert "Payment is asked to wait" not in after.text
    assert "Was on hold" in after.text
