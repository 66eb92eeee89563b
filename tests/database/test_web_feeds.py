"""The feed-health page and the calendar's forms: who sees what, who changes what."""

from __future__ import annotations

import pytest

from tests.database.test_web_pages import token, visitor
from tests.web_country import WebCountry, filled

ADDRESS = "reports@agency.example"


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


async def test_it_shows_what_is_late_in_words(country: WebCountry) -> None:
    async with visitor(country, "analyst@example.org") as client:
        shown = await client.get("/feeds")
    assert shown.status_code == 200
    assert "What is late now" in shown.text
    assert "Missing after its last day" in shown.text
    assert "In time" in shown.text
    assert shown.text.count("<details>") == 5
    # Whoever may not change the calendar is offered no form.
    assert "Change the calendar" not in shown.text


async def test_an_officer_sees_their_own_programmes_only(country: WebCountry) -> None:
    async with visitor(country, "pension@example.org") as client:
        shown = await client.get("/feeds")
    assert shown.text.count("<details>") == 1
    assert 'id="feed-OAP"' in shown.text
    assert 'id="feed-WORK"' not in shown.text
    assert "WORK" not in shown.text


@pytest.mark.parametrize("who", ["analyst@example.org", "officer@example.org"])
async def test_only_who_keeps_the_calendar_changes_it(country: WebCountry, who: str) -> None:
    async with visitor(country, who) as client:
        assert (await client.get("/feeds/OAP")).status_code == 403
        listed = await client.get("/feeds")
        form = {"first_month": "2026-12", "cycle_months": "1", "report_days": "5"}
        form["form_token"] = token(listed.text)
        assert (await client.post("/feeds/OAP/rule", data=form)).status_code == 403
        assert (await client.post("/feeds/OAP/contact", data=form)).status_code == 403
    assert await country.read("select * from reporting_rule where first_month = '2026-12'") == []


@pytest.mark.parametrize("who", ["admin@example.org", "steward@example.org"])
async def test_a_rule_is_entered_replaced_and_taken_back(country: WebCountry, who: str) -> None:
    async with visitor(country, who) as client:
        shown = await client.get("/feeds/OAP")
        form = {"form_token": token(shown.text), "first_month": "2026-10", "cycle_months": "1"}
        for days, done in (("20", "entered"), ("20", "same"), ("25", "entered")):
            answer = await client.post("/feeds/OAP/rule", data=form | {"report_days": days})
            assert answer.headers["location"] == f"/feeds/OAP?done={done}"
        after = await client.get(answer.headers["location"])
        assert "Entered. Pages go by it at once" in after.text
        answer = await client.post("/feeds/OAP/rule/end", data=form)
        assert answer.headers["location"].endswith("taken_back")
        answer = await client.post("/feeds/OAP/rule/end", data=form)
        assert answer.headers["location"].endswith("nothing")
    rows = await country.read(
        "select report_days, replaced_at, changed_by from reporting_rule "
        "where programme_id = (select programme_id from programme where code = 'OAP') "
        "order by rule_no desc limit 2"
    )
    assert [row["report_days"] for row in rows] == [25, 20]
    assert all(row["replaced_at"] and row["changed_by"] for row in rows)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"first_month": "2026-13"}, "Write a month as 2026-10"),
        ({"first_month": "1999-01"}, "Write a month as 2026-10"),
        ({"report_days": "400"}, "Write a number of days from 0 to 366."),
        ({"report_days": "soon"}, "Write a number of days from 0 to 366."),
        ({"cycle_months": "-1"}, "Choose how often it reports."),
    ],
)
async def test_a_form_says_what_to_mend(
    country: WebCountry, form: dict[str, str], said: str
) -> None:
    async with visitor(country, "admin@example.org") as client:
        shown = await client.get("/feeds/WORK")
        given = {"first_month": "2026-10", "cycle_months": "1", "report_days": "15"} | form
        given["form_token"] = token(shown.text)
        answer = await client.post("/feeds/WORK/rule", data=given)
    assert answer.status_code == 400
    assert said in answer.text


async def test_a_contact_is_named_and_nobody_after_that(country: WebCountry) -> None:
    async with visitor(country, "admin@example.org") as client:
        shown = await client.get("/feeds/WORK")
        form = {
            "form_token": token(shown.text),
            "email": ADDRESS,
            "language": "fr",
            "before_days": "5",
            "escalation_days": "10",
        }
        wrong = await client.post(
            "/feeds/WORK/contact", data=form | {"email": "a@b.example\r\nBcc: c@d.example"}
        )
        assert wrong.status_code == 400
        done = await client.post("/feeds/WORK/contact", data=form)
        assert done.headers["location"].endswith("named")
        assert ADDRESS in (await client.get("/feeds/WORK")).text
        # The list shows nobody's address.
        assert ADDRESS not in (await client.get("/feeds")).text
        done = await client.post("/feeds/WORK/contact", data=form | {"email": ""})
        assert done.headers["location"].endswith("nobody")
    [row] = await country.read("select * from reporting_contact")
    assert (row["language"], row["before_days"]) == ("fr", 5)
    assert row["replaced_at"] is not None
    events = await country.read(
        "select details::text as said from audit_event where kind like 'calendar.contact%'"
    )
    assert len(events) == 2
    assert not any("@" in row["said"] for row in events)


async def test_a_programme_that_is_none_is_not_found(country: WebCountry) -> None:
    async with visitor(country, "admin@example.org") as client:
        assert (await client.get("/feeds/NONE")).status_code == 404


async def test_in_french(country: WebCountry) -> None:
    async with visitor(country, "analyst@example.org") as client:
        client.cookies.set("ibr_language", "fr")
        shown = await client.get("/feeds")
    assert "Santé des flux" in shown.text
    assert "Manquant après son dernier jour" in shown.text
