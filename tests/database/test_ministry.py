"""Signing in by way of the ministry: who gets in, and every lie of a provider that is not believed
(reliability D2). Each lie has its control: the same way with the truth lets the officer in."""

from __future__ import annotations

from typing import Any

import pytest

from ibr.access.staff.second.account import make_break_glass
from ibr.db.pool import owner_transaction
from ibr.protection.blind_index import BlindIndex
from tests.ministry_double import (
    CLIENT,
    ISSUER,
    Change,
    Ministry,
    nonsense,
    there_and_back,
    with_a_key_of_its_own_in_the_header,
    with_an_unlisted_algorithm,
    with_another_key,
    with_one_claim_changed_afterwards,
    with_the_public_key_as_secret,
    without_a_signature,
)
from tests.sign_in_web import (
    EVERYBODY,
    PRODUCTION,
    Clock,
    browser,
    events,
    first_token,
    forget,
    give_code,
    give_password,
    notices,
    set_up_app,
)
from tests.web_country import KEYRING, WebCountry, filled

OMAR = "officer@example.org"


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.fixture
async def ministry(country: WebCountry) -> Ministry:
    await forget(country)
    return Ministry(Clock())


async def back_from(country: WebCountry, ministry: Ministry, **changed: str) -> tuple[int, str]:
    """The status of the way back, and the reason where it did not let in."""
    async with browser(country, ministry.clock, ministry=ministry.connector()) as client:
        answer = await there_and_back(client, ministry, **changed)
        inside = await client.get("/deliveries")
    assert (inside.status_code == 200) == (answer.status_code == 303)
    code = answer.text.split('<span class="code">')[-1].split("<")[0]
    return answer.status_code, code if answer.status_code != 303 else ""


async def test_an_officer_comes_by_the_ministry(country: WebCountry, ministry: Ministry) -> None:
    async with browser(country, ministry.clock, ministry=ministry.connector()) as client:
        form = await client.get("/sign-in?next=/deliveries")
        answer = await there_and_back(client, ministry, "/deliveries")
        page = await client.get("/deliveries")
    assert "Sign in with Ministry Login" in form.text
    assert answer.headers["location"] == "/deliveries"
    assert page.status_code == 200
    assert await notices(country) == ["linked"]


async def test_the_way_there_carries_all_that_protects_it(
    country: WebCountry, ministry: Ministry
) -> None:
    async with browser(country, ministry.clock, ministry=ministry.connector()) as client:
        one = await client.get("/sign-in/ministry")
        two = await client.get("/sign-in/ministry", params={"again": "1"})
    first, second = (ministry.consent(each.headers["location"]) for each in (one, two))
    asked = list(ministry.codes.values())
    assert first != second
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[0][name]) >= 43
        assert asked[0][name] != asked[1][name]
    assert asked[0]["response_type"] == "code"
    assert asked[0]["code_challenge_method"] == "S256"
    assert "prompt" not in asked[0]
    assert asked[1]["prompt"] == "login"


async def test_the_second_time_the_subject_counts_and_no_address(
    country: WebCountry, ministry: Ministry
) -> None:
    assert await back_from(country, ministry) == (303, "")
    ministry.person = {"sub": "subject-1", "email": "new.name@example.org"}
    assert await back_from(country, ministry) == (303, "")
    assert await events(country, "officer.ministry_linked") >= 1


async def test_an_address_that_was_given_on_opens_nothing(
    country: WebCountry, ministry: Ministry
) -> None:
    assert (await back_from(country, ministry))[0] == 303
    ministry.person["sub"] = "subject-2"
    assert await back_from(country, ministry) == (403, "ministry.other_officer")


@pytest.mark.parametrize("person", [
    {"sub": "s", "email": "nobody@example.org", "email_verified": True},
    {"sub": "s", "email": "officer@example.org", "email_verified": False},
    {"sub": "s", "email": "officer@example.org"},
    {"sub": "s", "email": "officer@example.org", "email_verified": "true"},
    {"sub": "s", "email": ["officer@example.org"], "email_verified": True},
    {"sub": "s"},
])  # fmt: skip
async def test_who_is_no_officer_is_told_so_and_nothing_is_made(
    country: WebCountry, ministry: Ministry, person: dict[str, Any]
) -> None:
    ministry.person, ministry.told_more = person, {"sub": "s"}
    before = await country.read("select count(*) as n from officer")
    status, code = await back_from(country, ministry)
    assert status == 403
    assert code in ("ministry.no_officer", "ministry.no_email")
    assert await country.read("select count(*) as n from officer") == before
    assert await country.read("select 1 from officer_ministry") == []


async def test_who_is_shut_out_here_stays_out(country: WebCountry, ministry: Ministry) -> None:
    assert (await back_from(country, ministry))[0] == 303
    await country.read(f"update officer set suspended_at = now() where email = '{OMAR}'")
    refused = await back_from(country, ministry)
    await country.read(f"update officer set suspended_at = null where email = '{OMAR}'")
    assert refused == (403, "ministry.no_officer")
    assert (await back_from(country, ministry))[0] == 303


def put(**changed: Any) -> Change:
    return lambda claims: claims.update(changed)


def leave_out(name: str) -> Change:
    return lambda claims: claims.pop(name)


def moved(**seconds: int) -> Change:
    def change(claims: dict[str, Any]) -> None:
        for name, much in seconds.items():
            claims[name] += much

    return change


@pytest.mark.parametrize(("change", "code"), [
    (put(nonce="another"), "openid.token_nonce"),
    (leave_out("nonce"), "openid.token_nonce"),
    (put(nonce=None), "openid.token_nonce"),
    (put(iss="https://evil.test"), "openid.token_issuer"),
    (put(iss=ISSUER + "/"), "openid.token_issuer"),
    (put(aud="another client"), "openid.token_audience"),
    (put(aud=[CLIENT, "another client"]), "openid.token_audience"),
    (put(azp="another client"), "openid.token_audience"),
    (leave_out("aud"), "openid.token_audience"),
    (moved(exp=-400), "openid.token_expired"),
    (moved(iat=-1000), "openid.token_expired"),
    (moved(iat=1000), "openid.token_expired"),
    (leave_out("exp"), "openid.token_unreadable"),
    (put(exp="tomorrow"), "openid.token_unreadable"),
    (put(exp=True), "openid.token_unreadable"),
    (put(sub=""), "openid.token_unreadable"),
    (put(sub="x" * 256), "openid.token_unreadable"),
    (leave_out("sub"), "openid.token_unreadable"),
])  # fmt: skip
async def test_a_claim_that_is_not_as_it_must_be(
    country: WebCountry, ministry: Ministry, change: Change, code: str
) -> None:
    ministry.claim = change
    assert await back_from(country, ministry) == (401, code)
    ministry.claim = put()
    assert await back_from(country, ministry) == (303, "")


@pytest.mark.parametrize("change", [put(aud=[CLIENT]), put(aud=[CLIENT, "x"], azp=CLIENT)])
async def test_control_other_ways_of_being_right(
    country: WebCountry, ministry: Ministry, change: Change
) -> None:
    ministry.claim = change
    assert await back_from(country, ministry) == (303, "")


@pytest.mark.parametrize(("signed", "code"), [
    (without_a_signature, "openid.token_algorithm"),
    (with_the_public_key_as_secret, "openid.token_algorithm"),
    (with_an_unlisted_algorithm, "openid.token_algorithm"),
    (with_another_key, "openid.token_signature"),
    (with_a_key_of_its_own_in_the_header, "openid.token_signature"),
    (with_one_claim_changed_afterwards, "openid.token_signature"),
    (nonsense, "openid.token_unreadable"),
])  # fmt: skip
async def test_a_signature_that_proves_nothing(
    country: WebCountry, ministry: Ministry, signed: Any, code: str
) -> None:
    ministry.signed = signed
    assert await back_from(country, ministry) == (401, code)
    ministry.signed = None
    assert await back_from(country, ministry) == (303, "")


async def test_a_state_of_another_browser(country: WebCountry, ministry: Ministry) -> None:
    connector = ministry.connector()
    async with (
        browser(country, ministry.clock, ministry=connector) as victim,
        browser(country, ministry.clock, ministry=connector) as attacker,
    ):
        own = await attacker.get("/sign-in/ministry")
        back = ministry.consent(own.headers["location"])
        without = await victim.get(f"/sign-in/ministry/back?{back}")
        await victim.get("/sign-in/ministry")
        other = await victim.get(f"/sign-in/ministry/back?{back}")
        control = await attacker.get(f"/sign-in/ministry/back?{back}")
    assert (without.status_code, other.status_code) == (401, 401)
    assert "sign_in.step_over" in without.text
    assert "openid.state" in other.text
    assert control.status_code == 303


async def test_a_way_back_is_gone_once(country: WebCountry, ministry: Ministry) -> None:
    async with browser(country, ministry.clock, ministry=ministry.connector()) as client:
        sent = await client.get("/sign-in/ministry")
        cookie = client.cookies["ibr_ministry"]
        back = ministry.consent(sent.headers["location"])
        first = await client.get(f"/sign-in/ministry/back?{back}")
    async with browser(country, ministry.clock, ministry=ministry.connector()) as thief:
        thief.cookies.set("ibr_ministry", cookie, domain="ibr.test")
        replayed = await thief.get(f"/sign-in/ministry/back?{back}")
    assert first.status_code == 303
    assert replayed.status_code == 401
    assert "openid.state" in replayed.text


async def test_a_code_that_was_used_is_refused_by_the_provider(
    country: WebCountry, ministry: Ministry
) -> None:
    assert (await back_from(country, ministry, code="code-unknown"))[1] == "openid.code"
    assert (await back_from(country, ministry))[0] == 303


async def test_a_way_back_after_too_long(country: WebCountry, ministry: Ministry) -> None:
    async with browser(country, ministry.clock, ministry=ministry.connector()) as client:
        sent = await client.get("/sign-in/ministry")
        back = ministry.consent(sent.headers["location"])
        ministry.clock.forward(minutes=11)
        answer = await client.get(f"/sign-in/ministry/back?{back}")
    assert answer.status_code == 401


@pytest.mark.parametrize(("changed", "code"), [
    ({"iss": "https://evil.test"}, "openid.issuer"),
    ({"error": "access_denied"}, "openid.refused"),
    ({"code": ""}, "openid.code"),
    ({"state": "x"}, "openid.state"),
])  # fmt: skip
async def test_a_way_back_that_says_something_else(
    country: WebCountry, ministry: Ministry, changed: dict[str, str], code: str
) -> None:
    assert await back_from(country, ministry, **changed) == (401, code)
    assert await back_from(country, ministry, iss=ISSUER) == (303, "")


async def test_an_issuer_that_promises_its_name_must_give_it(
    country: WebCountry, ministry: Ministry
) -> None:
    ministry.describe = put(authorization_response_iss_parameter_supported=True)
    assert await back_from(country, ministry) == (401, "openid.issuer")
    assert await back_from(country, ministry, iss=ISSUER) == (303, "")


@pytest.mark.parametrize("description", [
    put(issuer="https://evil.test"),
    put(code_challenge_methods_supported=["plain"]),
    put(token_endpoint="http://login.ministry.test/token"),
    put(jwks_uri="http://169.254.169.254/latest"),
    put(authorization_endpoint="javascript:alert(1)"),
    leave_out("jwks_uri"),
])  # fmt: skip
async def test_a_provider_that_describes_itself_otherwise_is_not_gone_to(
    country: WebCountry, ministry: Ministry, description: Change
) -> None:
    ministry.describe = description
    async with browser(country, ministry.clock, ministry=ministry.connector()) as client:
        answer = await client.get("/sign-in/ministry")
        ministry.describe = put()
        control = await client.get("/sign-in/ministry")
    assert answer.status_code == 503
    assert "Signing in did not work" in answer.text
    assert control.status_code == 303


@pytest.mark.parametrize("down", ["all", "/token", "/jwks"])
async def test_a_provider_that_cannot_be_reached_leaves_the_password(
    country: WebCountry, ministry: Ministry, down: str
) -> None:
    async with browser(country, ministry.clock, ministry=ministry.connector()) as client:
        sent = await client.get("/sign-in/ministry")
        back = ministry.consent(sent.headers["location"])
        ministry.down = down
        answer = await client.get(f"/sign-in/ministry/back?{back}")
        by_password = await give_password(client, OMAR)
    assert answer.status_code == 503
    assert by_password.headers["location"] == "/"


async def test_keys_that_change_are_fetched_again_but_not_with_every_lie(
    country: WebCountry, ministry: Ministry
) -> None:
    connector = ministry.connector()
    async with browser(country, ministry.clock, ministry=connector) as client:
        assert (await there_and_back(client, ministry)).status_code == 303
        ministry.key = type(ministry.key).generate_key("P-256", {"kid": "two"})
        ministry.signed = lambda it, claims: it.sign(claims, kid="two")
        at_once = await there_and_back(client, ministry)
        ministry.clock.forward(seconds=61)
        later = await there_and_back(client, ministry)
        ministry.signed = lambda it, claims: it.sign(claims, kid="three")
        for _ in range(5):
            await there_and_back(client, ministry)
    assert (at_once.status_code, later.status_code) == (401, 303)
    assert ministry.asked.count("/jwks") == 2


@pytest.mark.parametrize("weak", [
    {"use": "enc"},
    {"kty": "oct", "k": "AAAA"},
    {"crv": "P-384"},
    {"x": "!"},
])  # fmt: skip
async def test_a_listed_key_that_is_no_key_for_this(
    country: WebCountry, ministry: Ministry, weak: dict[str, str]
) -> None:
    right = ministry.key.as_dict(private=False)
    ministry.listed = [right | weak]
    assert await back_from(country, ministry) == (401, "openid.token_signature")
    ministry.listed = [right | weak, right]
    assert await back_from(country, ministry) == (303, "")


async def test_an_address_may_stand_beside_the_token_but_only_of_the_same_person(
    country: WebCountry, ministry: Ministry
) -> None:
    ministry.person = {"sub": "subject-1"}
    told = {"email": OMAR, "email_verified": True}
    ministry.told_more = {"sub": "subject-2", **told}
    assert await back_from(country, ministry) == (401, "openid.other_person")
    ministry.told_more = {"sub": "subject-1", **told}
    assert await back_from(country, ministry) == (303, "")


async def test_a_second_factor_of_the_ministrys_counts_where_the_setting_says_which(
    country: WebCountry, ministry: Ministry
) -> None:
    place = {"second": frozenset({("amr", "mfa"), ("acr", "high")})}
    for told, where in (
        ({}, "/sign-in/set-up"),
        ({"amr": ["pwd"]}, "/sign-in/set-up"),
        ({"amr": "mfa"}, "/sign-in/set-up"),
        ({"acr": "mfa"}, "/sign-in/set-up"),
        ({"amr": ["pwd", "mfa"]}, "/"),
        ({"acr": "high"}, "/"),
    ):
        ministry.claim = put(**told)
        connector = ministry.connector(**place)
        async with browser(country, ministry.clock, EVERYBODY, ministry=connector) as client:
            answer = await there_and_back(client, ministry)
        assert answer.headers["location"] == where, told


async def test_an_own_factor_is_asked_for_after_the_ministry(
    country: WebCountry, ministry: Ministry
) -> None:
    clock, connector = ministry.clock, ministry.connector()
    async with browser(country, clock, ministry=connector) as client:
        await give_password(client, OMAR)
        app = await set_up_app(client, clock)
    async with browser(country, clock, ministry=connector) as client:
        half = await there_and_back(client, ministry, "/deliveries")
        closed = await client.get("/deliveries")
        answer = await give_code(client, app.shows(clock))
    assert half.headers["location"] == "/sign-in/second"
    assert closed.status_code == 303
    assert answer.headers["location"] == "/deliveries"


async def test_an_account_for_emergencies_has_no_way_by_the_ministry(
    country: WebCountry, ministry: Ministry
) -> None:
    assert (await back_from(country, ministry))[0] == 303
    async with owner_transaction(country.dsn) as connection:
        await make_break_glass(connection, BlindIndex(KEYRING.index), OMAR, ministry.clock())
    assert await back_from(country, ministry) == (403, "factor.break_glass")


async def test_an_old_proof_at_the_ministry_does_not_change_factors(
    country: WebCountry, ministry: Ministry
) -> None:
    ministry.claim = moved(auth_time=-3600)
    async with browser(country, ministry.clock, ministry=ministry.connector()) as client:
        await there_and_back(client, ministry)
        old = await client.get("/security/app")
    ministry.claim = put()
    async with browser(country, ministry.clock, ministry=ministry.connector()) as client:
        await there_and_back(client, ministry)
        fresh = await client.get("/security/app")
    assert (old.status_code, fresh.status_code) == (303, 200)


async def test_signing_out_ends_ours_and_offers_theirs(
    country: WebCountry, ministry: Ministry
) -> None:
    async with browser(country, ministry.clock, ministry=ministry.connector()) as client:
        await there_and_back(client, ministry)
        page = await client.get("/deliveries")
        out = await client.post("/sign-out", data={"form_token": first_token(page.text)})
        closed = await client.get("/deliveries")
        form = await client.get(out.headers["location"])
        leave = await client.get("/sign-in/ministry/leave")
    assert closed.status_code == 303
    assert "Sign out there too" in form.text
    assert leave.headers["location"].startswith(f"{ISSUER}/out?client_id=")
    assert "id_token" not in leave.headers["location"]


async def test_without_the_setting_there_is_no_such_way(
    country: WebCountry, ministry: Ministry
) -> None:
    async with browser(country, ministry.clock, PRODUCTION) as client:
        form = await client.get("/sign-in")
        found = [await client.get(f"/sign-in/ministry{tail}") for tail in ("", "/back", "/leave")]
    assert "ministry" not in form.text
    assert {each.status_code for each in found} == {404}


@pytest.mark.parametrize(
    "where", ["//evil.test", "https://evil.test", "/\\evil.test", "javascript:1"]
)
async def test_nobody_is_sent_to_a_strangers_address_afterwards(
    country: WebCountry, ministry: Ministry, where: str
) -> None:
    async with browser(country, ministry.clock, ministry=ministry.connector()) as client:
        answer = await there_and_back(client, ministry, where)
    assert answer.headers["location"] == "/"
