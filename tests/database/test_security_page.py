"""The page of one's own account: factors and sessions, changed only by who has just signed in."""

from __future__ import annotations

import httpx
import pytest

from ibr.settings import Settings
from tests.sign_in_web import (
    PRODUCTION,
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
from tests.web_country import WebCountry, filled

OMAR = "officer@example.org"
HANA = "help@example.org"


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.fixture
async def clock(country: WebCountry) -> Clock:
    await forget(country)
    return Clock()


async def send(client: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    """Sends a form of the page."""
    page = await client.get("/security")
    return await client.post(path, data={"form_token": first_token(page.text), **fields})


async def a_passkey_of(country: WebCountry, email: str, name: str, number: str) -> None:
    await country.read(
        "insert into officer_passkey (credential_id, officer_id, name, public_key, sign_count, "
        f"made_at) select decode('{number}', 'hex'), officer_id, '{name}', '\\x00', 0, now() "
        f"from officer where email = '{email}'"
    )


async def test_an_app_is_set_up_with_codes_on_paper(country: WebCountry, clock: Clock) -> None:
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        app = await set_up_app(client, clock)
        page = await client.get("/security")
    assert len(app.codes) == 10
    assert "10 codes on paper are left" in page.text
    assert "An authenticator app was set up" in page.text
    assert all(code not in page.text for code in app.codes)


async def test_factors_are_changed_only_by_who_has_just_signed_in(
    country: WebCountry, clock: Clock
) -> None:
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        app = await set_up_app(client, clock)
        clock.forward(minutes=10)
        page = await client.get("/security")
        form = await client.get("/security/app")
        codes = await send(client, "/security/codes")
        again = await send(client, "/security/again")
        await give_password(client, OMAR, after="/security")
        await give_code(client, app.shows(clock))
        control = await send(client, "/security/codes")
    assert "sign in once more" in page.text
    assert form.headers["location"] == "/security"
    assert codes.status_code == 403
    assert again.headers["location"] == "/sign-in?next=/security&again=1"
    assert len(codes_in(control.text)) == 10


async def test_new_codes_make_the_earlier_ones_useless(country: WebCountry, clock: Clock) -> None:
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        app = await set_up_app(client, clock)
        fresh = codes_in((await send(client, "/security/codes")).text)
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        old = await give_code(client, app.codes[0])
        new = await give_code(client, fresh[0])
    assert (old.status_code, new.status_code) == (400, 303)


async def test_a_wrong_first_code_changes_nothing(country: WebCountry, clock: Clock) -> None:
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        form = await client.get("/security/app")
        fields = {
            "form_token": first_token(form.text),
            "ticket": field(form.text, "ticket"),
            "code": "000000",
        }
        wrong = await client.post("/security/app", data=fields)
    assert wrong.status_code == 400
    assert secret_in(wrong.text) == secret_in(form.text)
    assert await country.read("select 1 from officer_totp") == []


async def test_a_secret_of_another_session_is_of_no_use(country: WebCountry, clock: Clock) -> None:
    async with browser(country, clock) as victim, browser(country, clock) as thief:
        await give_password(victim, OMAR)
        await give_password(thief, HANA)
        form = await thief.get("/security/app")
        own = await victim.get("/security/app")
        fields = {
            "form_token": first_token(own.text),
            "ticket": field(form.text, "ticket"),
            "code": code_at(secret_in(form.text), clock.at),
        }
        answer = await victim.post("/security/app", data=fields)
    assert answer.headers["location"] == "/security/app"
    assert await country.read("select 1 from officer_totp") == []


async def test_the_last_factor_stays(country: WebCountry, clock: Clock) -> None:
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        await set_up_app(client, clock)
        last = await send(client, "/security/app/remove")
        await a_passkey_of(country, OMAR, "Key", "aa" * 16)
        control = await send(client, "/security/app/remove")
        key = await send(client, f"/security/passkeys/{'aa' * 16}/remove")
    assert last.status_code == 409
    assert control.headers["location"] == "/security?done=removed"
    assert key.status_code == 409


async def test_nobody_removes_a_passkey_of_somebody_else(country: WebCountry, clock: Clock) -> None:
    await a_passkey_of(country, HANA, "Hers", "bb" * 16)
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        await set_up_app(client, clock)
        await a_passkey_of(country, OMAR, "His", "aa" * 16)
        theirs = await send(client, f"/security/passkeys/{'bb' * 16}/remove")
        nonsense = await send(client, "/security/passkeys/no-number/remove")
        control = await send(client, f"/security/passkeys/{'aa' * 16}/remove")
    assert (theirs.status_code, nonsense.status_code) == (404, 404)
    assert control.status_code == 303
    assert len(await country.read("select 1 from officer_passkey")) == 1


async def test_a_change_of_factors_renews_this_session_and_ends_the_others(
    country: WebCountry, clock: Clock
) -> None:
    async with browser(country, clock) as other, browser(country, clock) as client:
        await give_password(other, OMAR)
        await give_password(client, OMAR)
        before = client.cookies["ibr_session"]
        await set_up_app(client, clock)
        after = client.cookies["ibr_session"]
        here, there = await client.get("/deliveries"), await other.get("/deliveries")
        client.cookies.clear()
        client.cookies.set("ibr_session", before, domain="ibr.test")
        stolen = await client.get("/deliveries")
    assert before != after
    assert (here.status_code, there.status_code, stolen.status_code) == (200, 303, 303)


async def test_sessions_are_listed_and_ended(country: WebCountry, clock: Clock) -> None:
    async with browser(country, clock) as other, browser(country, clock) as client:
        other.headers["user-agent"] = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"
        await give_password(other, OMAR)
        await give_password(client, OMAR)
        page = await client.get("/security")
        number = page.text.split('name="session" value="')[1].split('"')[0]
        ended = await send(client, "/security/sessions", session=number)
        again = await send(client, "/security/sessions", session=number)
        there, here = await other.get("/deliveries"), await client.get("/deliveries")
    assert "Firefox, Windows" in page.text
    assert ended.headers["location"] == "/security?done=ended"
    assert again.status_code == 404
    assert (there.status_code, here.status_code) == (303, 200)


async def test_nobody_ends_a_session_of_somebody_else(country: WebCountry, clock: Clock) -> None:
    async with browser(country, clock) as hana, browser(country, clock) as omar:
        await give_password(hana, HANA)
        await give_password(omar, OMAR)
        rows = await country.read(
            "select session_no from officer_session s join officer using (officer_id) "
            f"where email = '{HANA}'"
        )
        refused = await send(omar, "/security/sessions", session=str(rows[0]["session_no"]))
        await send(omar, "/security/sessions", session="others")
        untouched = await hana.get("/security")
    assert refused.status_code == 404
    assert untouched.status_code == 200


async def test_all_other_sessions_end_at_once(country: WebCountry, clock: Clock) -> None:
    async with browser(country, clock) as one, browser(country, clock) as client:
        await give_password(one, OMAR)
        await give_password(client, OMAR)
        await send(client, "/security/sessions", session="others")
        there, here = await one.get("/deliveries"), await client.get("/deliveries")
    assert (there.status_code, here.status_code) == (303, 200)


@pytest.mark.parametrize(
    "change",
    [
        "update officer set suspended_at = now() where email = '{email}'",
        "update officer_role r set ended_at = now() from officer o "
        "where o.officer_id = r.officer_id and o.email = '{email}'",
        "update officer_role r set valid_until = '2020-01-01' from officer o "
        "where o.officer_id = r.officer_id and o.email = '{email}'",
        "update officer set password_hash = 'x' where email = '{email}'",
    ],
    ids=["suspended", "role ended", "role over", "password"],
)
async def test_a_session_ends_with_what_it_stood_on(
    country: WebCountry, clock: Clock, change: str
) -> None:
    async with browser(country, clock) as client:
        await give_password(client, HANA)
        control = await client.get("/security")
        rows = await country.read(f"select * from officer where email = '{HANA}'")
        await country.read(change.format(email=HANA))
        ended = await client.get("/security")
    kept = rows[0]["password_hash"]
    await country.read(
        f"update officer set suspended_at = null, password_hash = '{kept}' where email = '{HANA}'"
    )
    await country.read("update officer_role set ended_at = null, valid_until = null")
    assert control.status_code == 200
    assert ended.status_code == 303


async def test_cookies_in_production_belong_to_this_host_and_to_no_script(
    country: WebCountry, clock: Clock
) -> None:
    async with browser(country, clock, PRODUCTION) as client:
        form = await client.get("/sign-in")
        answer = await give_password(client, OMAR)
        page = await client.get("/deliveries")
        plain = client.cookies["__Host-ibr_session"]
        client.cookies.clear()
        # A neighbour under the same domain can set this name, and not the other.
        client.cookies.set("ibr_session", plain, domain="ibr.test")
        planted = await client.get("/deliveries")
    cookies = [*form.headers.get_list("set-cookie"), *answer.headers.get_list("set-cookie")]
    assert all(each.startswith("__Host-ibr_") for each in cookies)
    for each in cookies:
        flags = each.lower()
        assert "secure" in flags
        assert "httponly" in flags
        assert "path=/" in flags
        assert "domain" not in flags
        assert "samesite=lax" in flags or "samesite=strict" in flags
    assert page.status_code == 200
    assert planted.status_code == 303


@pytest.mark.parametrize(("hours", "status"), [(1.9, 200), (2.1, 303)])
async def test_the_longest_session_is_a_setting(
    country: WebCountry, clock: Clock, hours: float, status: int
) -> None:
    settings = Settings(session_hours=2, session_minutes=600)
    async with browser(country, clock, settings) as client:
        await give_password(client, OMAR)
        clock.forward(hours=hours)
        page = await client.get("/deliveries")
    assert page.status_code == status


@pytest.mark.parametrize("ticket", ["", "nonsense", "A" * 300])
async def test_a_passkey_that_answers_nothing_of_ours_is_refused(
    country: WebCountry, clock: Clock, ticket: str
) -> None:
    before = await events(country, "officer.signed_in")
    async with browser(country, clock, PRODUCTION) as client:
        form = await client.get("/sign-in")
        fields = {"form_token": first_token(form.text), "ticket": ticket, "answer": "{}"}
        stale = await client.post("/sign-in/passkey", data=fields)
    assert stale.status_code == 400
    assert "open too long" in stale.text
    assert await events(country, "officer.signed_in") == before


@pytest.mark.parametrize("answer", ["", "{}", "[]", "null", '{"id":1}', '{"id":"YQ","rawId":"YQ"}'])
async def test_what_is_no_passkey_is_refused_in_words(
    country: WebCountry, clock: Clock, answer: str
) -> None:
    async with browser(country, clock, PRODUCTION) as client:
        form = await client.get("/sign-in")
        ticket = field(form.text, "ticket")
        fields = {"form_token": first_token(form.text), "ticket": ticket, "answer": answer}
        refused = await client.post("/sign-in/passkey", data=fields)
        again = await client.post("/sign-in/passkey", data=fields)
    assert refused.status_code == 400
    assert "passkey does not belong" in refused.text
    assert "open too long" in again.text


async def test_alarms_of_all_accounts_are_for_those_who_watch(
    country: WebCountry, clock: Clock
) -> None:
    async with browser(country, clock) as ada, browser(country, clock) as omar:
        await give_password(ada, "admin@example.org")
        await give_password(omar, OMAR)
        watched, unwatched = await ada.get("/security"), await omar.get("/security")
    assert "Alarms of all accounts" in watched.text
    assert "Alarms of all accounts" not in unwatched.text
    assert await notices(country) == []


async def test_a_password_given_again_does_not_change_factors(
    country: WebCountry, clock: Clock
) -> None:
    async with browser(country, clock) as client:
        await give_password(client, OMAR)
        clock.forward(minutes=10)
        await country.read(f"update officer_session set proved_at = '{clock.at.isoformat()}'")
        form = await client.get("/security/app")
    assert form.headers["location"] == "/security"
