"""Second factors over the pages: who needs one, that each counts once, and what it cannot be
talked out of (reliability D12)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest

from ibr.access.staff.second import totp
from ibr.access.staff.second.account import account_of, make_break_glass, reset_factors
from ibr.access.staff.second.steps import try_code
from ibr.access.staff.sign_in import hash_password
from ibr.db.pool import owner_transaction
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer
from tests import people_web
from tests.sign_in_web import (
    EVERYBODY,
    PRODUCTION,
    App,
    Clock,
    browser,
    code_at,
    codes_in,
    events,
    field,
    first_token,
    forget,
    give_code,
    give_password,
    notices,
    secret_in,
    set_up_app,
)
from tests.web_country import KEYRING, WebCountry, filled

OMAR = "officer@example.org"
ADA = "admin@example.org"
PAGES = ("/", "/person", "/deliveries", "/security", "/security/app", "/cases")


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.fixture
async def clock(country: WebCountry) -> Clock:
    await forget(country)
    return Clock()


async def with_app(country: WebCountry, clock: Clock, email: str = OMAR) -> App:
    async with browser(country, clock) as client:
        assert (await give_password(client, email)).headers["location"] == "/"
        return await set_up_app(client, clock)


async def test_without_a_factor_a_password_opens_a_session(
    country: WebCountry, clock: Clock
) -> None:
    async with browser(country, clock) as client:
        answer = await give_password(client, OMAR, after="/deliveries")
        page = await client.get("/deliveries")
    assert answer.headers["location"] == "/deliveries"
    assert page.status_code == 200


async def test_half_signed_in_opens_nothing(country: WebCountry, clock: Clock) -> None:
    await with_app(country, clock)
    async with browser(country, clock) as client:
        half = await give_password(client, OMAR)
        closed = [await client.get(path) for path in PAGES]
        sent = await client.post("/security/codes", data={"form_token": "x"})
    assert half.headers["location"] == "/sign-in/second"
    assert {each.status_code for each in closed} == {303}
    assert all(each.headers["location"].startswith("/sign-in") for each in closed)
    assert sent.headers["location"] == "/sign-in"


async def test_a_code_of_the_app_opens_the_session_where_one_wanted_to_go(
    country: WebCountry, clock: Clock
) -> None:
    app = await with_app(country, clock)
    async with browser(country, clock) as client:
        await give_password(client, OMAR, after="/deliveries")
        answer = await give_code(client, app.shows(clock))
        page = await client.get("/deliveries")
    assert answer.headers["location"] == "/deliveries"
    assert page.status_code == 200
    how = await country.read("select how from officer_session order by started_at desc limit 1")
    assert how[0]["how"] == "password totp"


async def test_a_code_is_accepted_once(country: WebCountry, clock: Clock) -> None:
    app = await with_app(country, clock)
    code = app.shows(clock)
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        assert (await give_code(client, code)).status_code == 303
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        again = await give_code(client, code)
        clock.forward(seconds=30)
        control = await give_code(client, app.shows(clock))
    assert again.status_code == 400
    assert control.status_code == 303


async def test_the_code_that_set_the_app_up_is_used_too(country: WebCountry, clock: Clock) -> None:
    app = await with_app(country, clock)
    clock.forward(seconds=-30)
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        answer = await give_code(client, app.shows(clock))
    assert answer.status_code == 400


async def test_of_two_processes_with_one_code_one_gets_in(
    country: WebCountry, clock: Clock
) -> None:
    app = await with_app(country, clock)
    code, blind_index = app.shows(clock), BlindIndex(KEYRING.index)
    rows = await country.read(f"select officer_id from officer where email = '{OMAR}'")

    async def one(services: object) -> str:
        async with country.services() as own, own.database.transaction(()) as connection:
            account = await account_of(connection, rows[0]["officer_id"], clock.at)
            assert account is not None
            found = await try_code(connection, Sealer(KEYRING), blind_index, account, code, clock())
            await asyncio.sleep(0.05)
            return found.kind

    found = await asyncio.gather(*(one(number) for number in range(4)))
    assert sorted(found) == ["ok", "wrong", "wrong", "wrong"]


@pytest.mark.parametrize(("steps", "status"), [(-2, 400), (-1, 303), (0, 303), (1, 303), (2, 400)])
async def test_a_clock_may_be_half_a_minute_off(
    country: WebCountry, clock: Clock, steps: int, status: int
) -> None:
    app = await with_app(country, clock)
    clock.forward(minutes=5)
    code = code_at(app.secret, clock.at + timedelta(seconds=30 * steps))
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        answer = await give_code(client, code)
    assert answer.status_code == status


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "٠١٢٣٤٥", "abcdef", "' or 1=1", "x" * 500]
)
async def test_what_is_no_code_is_refused_in_words(
    country: WebCountry, clock: Clock, code: str
) -> None:
    await with_app(country, clock)
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        answer = await give_code(client, code)
    assert answer.status_code == 400
    assert "That code is wrong" in answer.text
    assert not code or code not in answer.text


async def test_guessing_codes_is_slowed_wherever_it_comes_from(
    country: WebCountry, clock: Clock
) -> None:
    app = await with_app(country, clock)
    for number in range(5):
        async with browser(country, clock, place=f"10.9.0.{number}") as client:
            await give_password(client, OMAR)
            assert (await give_code(client, "000000")).status_code == 400
    async with browser(country, clock, place="10.9.1.1") as client:
        await give_password(client, OMAR)
        slowed = await give_code(client, app.shows(clock))
        clock.forward(seconds=int(slowed.headers["retry-after"]))
        control = await give_code(client, app.shows(clock))
    assert slowed.status_code == 429
    assert control.status_code == 303


async def test_many_wrong_codes_are_told_to_the_officer_once(
    country: WebCountry, clock: Clock
) -> None:
    await with_app(country, clock)
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        for _ in range(10):
            await give_code(client, "000000")
            clock.forward(seconds=70)
            await give_password(client, OMAR)
    assert (await notices(country)).count("guessing") == 1


async def test_a_recovery_code_opens_once(country: WebCountry, clock: Clock) -> None:
    app = await with_app(country, clock)
    assert len(set(app.codes)) == 10
    for status in (303, 400):
        async with browser(country, clock) as client:
            await give_password(client, OMAR)
            answer = await give_code(client, app.codes[0].lower().replace(" ", "-"))
        assert answer.status_code == status
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        control = await give_code(client, app.codes[1])
    assert control.status_code == 303
    assert "recovery_used" in await notices(country)


async def test_nothing_of_a_factor_stands_readable_in_the_database(
    country: WebCountry, clock: Clock
) -> None:
    app = await with_app(country, clock)
    rows = await country.read(
        "select encode(secret_sealed, 'escape') as kept from officer_totp "
        "union all select encode(code_digest, 'escape') from officer_recovery_code"
    )
    kept = " ".join(row["kept"] for row in rows)
    assert len(rows) == 11
    assert app.secret not in kept
    assert all(code.replace(" ", "") not in kept for code in app.codes)


async def test_an_other_password_keeps_the_factors_and_ends_the_sessions(
    country: WebCountry, clock: Clock
) -> None:
    app = await with_app(country, clock)
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        await give_code(client, app.shows(clock))
        before = await client.get("/deliveries")
        await set_password(country, OMAR, "quite another password")
        ended = await client.get("/deliveries")
        half = await give_password(client, OMAR, "quite another password")
        clock.forward(seconds=30)
        control = await give_code(client, app.shows(clock))
    await set_password(country, OMAR, people_web.PASSWORD)
    assert (before.status_code, ended.status_code) == (200, 303)
    assert half.headers["location"] == "/sign-in/second"
    assert control.status_code == 303


async def set_password(country: WebCountry, email: str, password: str) -> None:
    hashed = hash_password(password)
    await country.read(f"update officer set password_hash = '{hashed}' where email = '{email}'")


async def test_a_step_begun_under_an_other_password_leads_nowhere(
    country: WebCountry, clock: Clock
) -> None:
    app = await with_app(country, clock)
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        form = await client.get("/sign-in/second")
        await set_password(country, OMAR, "quite another password")
        fields = {"code": app.shows(clock), "form_token": first_token(form.text)}
        answer = await client.post("/sign-in/second", data=fields)
    await set_password(country, OMAR, people_web.PASSWORD)
    assert answer.headers["location"] == "/sign-in?over=1"


async def test_a_step_of_yesterday_or_of_another_browser_leads_nowhere(
    country: WebCountry, clock: Clock
) -> None:
    app = await with_app(country, clock)
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        form = await client.get("/sign-in/second")
        fields = {"code": app.shows(clock), "form_token": first_token(form.text)}
        async with browser(country, clock) as other:
            elsewhere = await other.post("/sign-in/second", data=fields)
        clock.forward(minutes=11)
        late = await client.post("/sign-in/second", data=fields | {"code": app.shows(clock)})
    assert elsewhere.headers["location"] == late.headers["location"] == "/sign-in?over=1"


async def test_a_step_opens_one_session(country: WebCountry, clock: Clock) -> None:
    app = await with_app(country, clock)
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        cookie = client.cookies["ibr_step"]
        form = await client.get("/sign-in/second")
        fields = {"form_token": first_token(form.text), "code": app.shows(clock)}
        first = await client.post("/sign-in/second", data=fields)
    clock.forward(seconds=30)
    async with browser(country, clock) as thief:
        thief.cookies.set("ibr_step", cookie, domain="ibr.test")
        second = await thief.post("/sign-in/second", data=fields | {"code": app.shows(clock)})
    assert first.headers["location"] == "/"
    assert second.headers["location"] == "/sign-in?over=1"


async def set_up_at_sign_in(
    client: httpx.AsyncClient, clock: Clock, code: str | None = None
) -> tuple[str, httpx.Response]:
    form = await client.get("/sign-in/set-up")
    secret = secret_in(form.text)
    fields = {
        "form_token": first_token(form.text),
        "ticket": field(form.text, "ticket"),
        "code": code or code_at(secret, clock.at),
    }
    return secret, await client.post("/sign-in/set-up", data=fields)


@pytest.mark.parametrize(
    ("email", "where"),
    [
        (ADA, "/sign-in/set-up"),
        ("auditor@example.org", "/sign-in/set-up"),
        ("steward@example.org", "/sign-in/set-up"),
        ("analyst@example.org", "/"),
        (OMAR, "/"),
    ],
)
async def test_production_demands_a_factor_of_some_roles(
    country: WebCountry, clock: Clock, email: str, where: str
) -> None:
    async with browser(country, clock, PRODUCTION) as client:
        answer = await give_password(client, email)
    assert answer.headers["location"] == where


async def test_who_must_have_a_factor_sets_one_up_before_anything_else(
    country: WebCountry, clock: Clock
) -> None:
    async with browser(country, clock, PRODUCTION) as client:
        await give_password(client, ADA, after="/deliveries")
        closed = await client.get("/deliveries")
        second = await client.get("/sign-in/second")
        _, wrong = await set_up_at_sign_in(client, clock, "000000")
        _, done = await set_up_at_sign_in(client, clock)
        page = await client.get("/deliveries")
    assert closed.status_code == 303
    assert second.headers["location"] == "/sign-in/set-up"
    assert wrong.status_code == 400
    assert len(codes_in(done.text)) == 10
    assert 'href="/deliveries"' in done.text
    assert page.status_code == 200


async def test_an_app_cannot_be_set_up_half_signed_in_where_there_is_one(
    country: WebCountry, clock: Clock
) -> None:
    async with browser(country, clock, PRODUCTION) as client:
        await give_password(client, ADA)
        form = await client.get("/sign-in/set-up")
        secret = secret_in(form.text)
        async with browser(country, clock, PRODUCTION, place="10.0.0.9") as other:
            await give_password(other, ADA)
            await set_up_at_sign_in(other, clock)
        late = await client.post(
            "/sign-in/set-up",
            data={
                "form_token": first_token(form.text),
                "ticket": field(form.text, "ticket"),
                "code": code_at(secret, clock.at),
            },
        )
    assert late.headers["location"] == "/sign-in/second"


async def test_a_setting_demands_a_factor_of_everybody(country: WebCountry, clock: Clock) -> None:
    async with browser(country, clock, EVERYBODY) as client:
        answer = await give_password(client, "help@example.org")
    assert answer.headers["location"] == "/sign-in/set-up"


async def test_a_picture_holds_the_secret_and_no_style(country: WebCountry, clock: Clock) -> None:
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        page = await client.get("/security/app")
    picture = page.text.split("<svg", 2)[2].split("</svg>")[0]
    assert "style" not in picture
    assert "<path" in picture
    assert "Code for the authenticator app" in picture


async def test_an_account_for_emergencies_needs_a_code_on_paper_and_is_an_alarm(
    country: WebCountry, clock: Clock
) -> None:
    blind_index = BlindIndex(KEYRING.index)
    async with owner_transaction(country.dsn) as connection:
        codes = await make_break_glass(connection, blind_index, ADA, clock())
    before = await events(country, "officer.break_glass_used")
    async with browser(country, clock) as client:
        half = await give_password(client, ADA)
        inside = await give_code(client, codes[3])
        page = await client.get("/security")
        app = await client.get("/security/app")
    assert half.headers["location"] == "/sign-in/second"
    assert inside.headers["location"] == "/"
    assert await events(country, "officer.break_glass_used") == before + 1
    assert "break_glass" in await notices(country)
    assert "The emergency account was used" in page.text
    assert app.status_code == 403


async def test_an_account_for_emergencies_without_codes_is_shut(
    country: WebCountry, clock: Clock
) -> None:
    async with owner_transaction(country.dsn) as connection:
        await make_break_glass(connection, BlindIndex(KEYRING.index), ADA, clock())
    await country.read("update officer_recovery_code set used_at = now()")
    async with browser(country, clock, PRODUCTION) as client:
        half = await give_password(client, ADA)
        set_up = await client.get("/sign-in/set-up")
    assert half.headers["location"] == "/sign-in/second"
    assert set_up.headers["location"] == "/sign-in/second"


async def test_who_lost_all_factors_begins_anew_and_is_told(
    country: WebCountry, clock: Clock
) -> None:
    await with_app(country, clock)
    async with owner_transaction(country.dsn) as connection:
        await reset_factors(connection, OMAR, clock())
    async with browser(country, clock) as client:
        answer = await give_password(client, OMAR)
    assert answer.headers["location"] == "/"
    assert "reset" in await notices(country)
    sessions = await country.read(
        "select count(*) as n from officer_session where ended_at is null"
    )
    assert sessions[0]["n"] == 1


def test_a_secret_opens_for_its_officer_alone() -> None:
    sealer = Sealer(KEYRING)
    sealed = sealer.seal(b"SECRET", totp._place(1))
    assert sealer.open(sealed, totp._place(1)) == b"SECRET"
    with pytest.raises(Exception, match="does not belong"):
        sealer.open(sealed, totp._place(2))
