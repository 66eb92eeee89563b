"""People sign in themselves: who gets in, to what, and every lie that is not believed. Each lie has
its control: the same way with the truth lets the person in."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from ibr.registry.protected.mark import mark
from ibr.settings import Settings
from ibr.subject.own.limits import AN_HOUR, IN_VAIN_A_DAY
from tests import own_web, visitors
from tests.ministry_double import (
    CLIENT,
    ISSUER,
    Change,
    Ministry,
    with_another_key,
    with_the_public_key_as_secret,
    without_a_signature,
)
from tests.own_web import code_in, person, phone, provider, sign_in
from tests.sign_in_web import BASE, events, first_token
from tests.visitors import as_owner
from tests.web_country import WebCountry

PAGES = ("/me/benefits", "/me/data", "/me/asked", "/me/requests")


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    made = visitors.visited(dsn)
    asyncio.run(visitors.people(made))
    return made


@pytest.fixture(autouse=True)
async def nothing_is_counted(country: WebCountry) -> None:
    await country.read("delete from sign_in_failure")


async def outcome(country: WebCountry, ministry: Ministry, **changed: str) -> tuple[int, str]:
    """The status of the way back, and the code where nobody was let in."""
    async with phone(country, ministry) as client:
        answer = await sign_in(client, ministry, **changed)
        inside = await client.get("/me/data")
    assert (inside.status_code == 200) == (answer.status_code == 303)
    return answer.status_code, "" if answer.status_code == 303 else code_in(answer)


async def test_the_mother_sees_her_own(country: WebCountry) -> None:
    ministry = provider()
    async with phone(country, ministry) as client:
        start = await client.get("/me")
        answer = await sign_in(client, ministry)
        shown = {each: await client.get(each) for each in ("/me", *PAGES)}
    assert "Sign in with National Login" in start.text
    assert visitors.MOTHER not in start.text
    assert answer.headers["location"] == "/me"
    assert {each.status_code for each in shown.values()} == {200}
    assert "Mariam Hassan" in shown["/me"].text
    assert visitors.MOTHER in shown["/me/data"].text
    assert "You, yourself" in shown["/me/asked"].text
    everything = "".join(each.text for each in shown.values())
    # Not what the machine believes, and not the child in her household.
    assert visitors.CANARY not in everything
    assert visitors.CHILD not in everything


async def test_a_child_of_a_household_sees_nothing_of_its_head(country: WebCountry) -> None:
    ministry = provider(visitors.CHILD, visitors.CHILD_BORN)
    async with phone(country, ministry) as client:
        await sign_in(client, ministry)
        shown = "".join([(await client.get(each)).text for each in ("/me", *PAGES)])
    assert visitors.CHILD in shown
    assert "Mariam" not in shown
    assert visitors.MOTHER not in shown.replace(visitors.CHILD, "")


async def test_the_way_there_carries_all_that_protects_it(country: WebCountry) -> None:
    ministry = provider()
    async with phone(country, ministry) as client:
        for _ in range(2):
            ministry.consent((await client.get("/me/sign-in")).headers["location"])
    first, second = ministry.codes.values()
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 43
        assert first[name] != second[name]
    assert first["prompt"] == "login"
    assert first["acr_values"] == own_web.LEVEL
    assert first["scope"] == "openid profile"
    assert first["redirect_uri"] == f"{BASE}/me/back"
    assert int(first["max_age"]) <= 900


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
    (put(iss="https://evil.test"), "openid.token_issuer"),
    (put(aud="another client"), "openid.token_audience"),
    (put(aud=[CLIENT, "another"]), "openid.token_audience"),
    (moved(exp=-400), "openid.token_expired"),
    (moved(iat=-1000), "openid.token_expired"),
    (leave_out("sub"), "openid.token_unreadable"),
    (put(acr="urn:weak"), "own.level"),
    (leave_out("acr"), "own.level"),
    (put(acr=[own_web.LEVEL]), "own.level"),
    (moved(auth_time=-1000), "own.not_fresh"),
    (leave_out("auth_time"), "own.not_fresh"),
    (leave_out("uin"), "own.number"),
    (put(uin=900011234), "own.number"),
    (put(uin=["UIN-90001-X"]), "own.number"),
    (put(uin="*"), "own.number"),
    (leave_out("birthdate"), "own.birth_date"),
    (put(birthdate="1980"), "own.birth_date"),
    (put(birthdate="2999-01-01"), "own.birth_date"),
])  # fmt: skip
async def test_a_claim_that_is_not_as_it_must_be(
    country: WebCountry, change: Change, code: str
) -> None:
    ministry = provider()
    ministry.claim = change
    # Nothing more stands beside the token.
    ministry.told_more = {"sub": ministry.person["sub"]}
    assert (await outcome(country, ministry))[1] == code
    ministry.claim = put()
    assert await outcome(country, ministry) == (303, "")


@pytest.mark.parametrize(("signed", "code"), [
    (without_a_signature, "openid.token_algorithm"),
    (with_the_public_key_as_secret, "openid.token_algorithm"),
    (with_another_key, "openid.token_signature"),
])  # fmt: skip
async def test_a_signature_that_proves_nothing(country: WebCountry, signed: Any, code: str) -> None:
    ministry = provider()
    ministry.signed = signed
    assert await outcome(country, ministry) == (401, code)
    ministry.signed = None
    assert await outcome(country, ministry) == (303, "")


async def test_number_and_birth_date_may_stand_beside_the_token(country: WebCountry) -> None:
    ministry = provider()
    told = dict(ministry.person)
    ministry.person = {"sub": told["sub"], "acr": told["acr"]}
    ministry.told_more = told | {"sub": "somebody else"}
    assert await outcome(country, ministry) == (401, "openid.other_person")
    ministry.told_more = told | {"birthdate": "1980/05/06"}
    assert await outcome(country, ministry) == (303, "")


async def test_what_stands_beside_may_be_signed_too(country: WebCountry) -> None:
    ministry = provider()
    told = dict(ministry.person)
    ministry.person = {"sub": told["sub"], "acr": told["acr"]}
    for changed, code in (
        ({"iss": ISSUER, "aud": "another client"}, "openid.token_audience"),
        ({"iss": "https://evil.test", "aud": CLIENT}, "openid.token_issuer"),
        ({"iss": ISSUER, "aud": CLIENT}, ""),
    ):
        ministry.told_more = told | changed
        ministry.more_signed = ministry.sign
        assert (await outcome(country, ministry))[1] == code
    ministry.more_signed = lambda claims: with_another_key(ministry, claims)
    assert (await outcome(country, ministry))[1] == "openid.token_signature"


async def test_a_state_of_another_browser_and_a_way_back_gone_twice(country: WebCountry) -> None:
    ministry = provider()
    async with phone(country, ministry) as victim, phone(country, ministry) as attacker:
        own = await attacker.get("/me/sign-in")
        back = ministry.consent(own.headers["location"])
        await victim.get("/me/sign-in")
        other = await victim.get(f"/me/back?{back}")
        cookie = attacker.cookies["ibr_me_way"]
        control = await attacker.get(f"/me/back?{back}")
    async with phone(country, ministry) as thief:
        thief.cookies.set("ibr_me_way", cookie, domain="ibr.test")
        replayed = await thief.get(f"/me/back?{back}")
    assert (other.status_code, code_in(other)) == (401, "openid.state")
    assert control.status_code == 303
    assert (replayed.status_code, code_in(replayed)) == (401, "openid.state")


async def test_a_code_that_was_used_and_a_way_that_took_too_long(country: WebCountry) -> None:
    ministry = provider()
    assert await outcome(country, ministry, code="code-unknown") == (401, "openid.code")
    assert await outcome(country, ministry, error="access_denied") == (401, "openid.refused")
    async with phone(country, ministry) as client:
        back = ministry.consent((await client.get("/me/sign-in")).headers["location"])
        ministry.clock.forward(minutes=11)
        late = await client.get(f"/me/back?{back}")
    assert (late.status_code, code_in(late)) == (401, "sign_in.step_over")
    assert await outcome(country, provider()) == (303, "")


async def test_a_way_that_was_begun_by_officers_leads_nowhere_here(country: WebCountry) -> None:
    """The sealed way of one door is of no use at the other, whatever the cookie is called."""
    ministry = provider()
    async with phone(country, ministry) as client:
        back = ministry.consent((await client.get("/me/sign-in")).headers["location"])
        own = client.cookies["ibr_me_way"]
        client.cookies.set("ibr_ministry", own, domain="ibr.test")
        officers = await client.get(f"/sign-in/ministry/back?{back}")
        control = await client.get(f"/me/back?{back}")
    assert officers.status_code in (401, 404)
    assert control.status_code == 303


NOBODIES = [
    person("UIN-99999-X", visitors.MOTHER_BORN),
    person(visitors.MOTHER, "1980-05-07"),
    person(visitors.MOTHER, visitors.CHILD_BORN),
    person(visitors.SHARED, visitors.SHARED_BORN),
]


@pytest.mark.parametrize("told", NOBODIES)
async def test_who_is_nobody_here_is_told_one_sentence(
    country: WebCountry, told: dict[str, Any]
) -> None:
    """A number of nobody, another birth date, a number of two people: word for word the same."""

    async def said(of: dict[str, Any]) -> tuple[int, str]:
        ministry = provider()
        ministry.person = of
        async with phone(country, ministry) as client:
            answer = await sign_in(client, ministry)
            assert "ibr_me" not in client.cookies
        return answer.status_code, answer.text

    before = await country.read("select count(*) as n from help_visit")
    first, found = await said(NOBODIES[0]), await said(told)
    assert found == first
    assert found[0] == 403
    assert told["uin"] not in found[1]
    assert await country.read("select count(*) as n from help_visit") == before
    assert await outcome(country, provider()) == (303, "")


async def test_a_number_that_stands_in_a_stranger_s_record_shows_nobody(
    country: WebCountry,
) -> None:
    """K02: her number also in another woman's record, born otherwise. At a desk an officer sees
    who stands there; here neither of the two is shown anything."""
    mine, hers = provider(), provider()
    hers.person = person(visitors.MOTHER, visitors.TWINS_BORN)
    [row] = await country.read(
        "select record_id from beneficiary_record r join enrolled_index i using (record_id) "
        f"where i.blind_index = '\\x{_index(visitors.TWIN).hex()}' limit 1"
    )
    assert await outcome(country, mine) == (303, "")
    await as_owner(
        country,
        "insert into enrolled_index select (each.made).* from (select jsonb_populate_record(e, "
        "jsonb_build_object('blind_index', $1::bytea)) as made from enrolled_index e "
        "where record_id = $2 and role = 0 limit 1) as each",
        _index(visitors.MOTHER),
        row["record_id"],
    )
    try:
        assert await outcome(country, mine) == (403, "own.nobody")
        assert await outcome(country, hers) == (403, "own.nobody")
    finally:
        await as_owner(
            country,
            "delete from enrolled_index where record_id = $1 and blind_index = $2",
            row["record_id"],
            _index(visitors.MOTHER),
        )
    assert await outcome(country, mine) == (303, "")


def _index(number: str) -> bytes:
    return visitors.people_web.BlindIndex(visitors.KEYRING.index).of("UIN", number)


async def test_a_protected_person_is_shown_nothing_and_told_nothing(country: WebCountry) -> None:
    ministry = provider(visitors.NEIGHBOUR, visitors.NEIGHBOUR_BORN)
    stranger = provider("UIN-99998-X", visitors.NEIGHBOUR_BORN)
    assert await outcome(country, ministry) == (303, "")
    async with phone(country, ministry) as signed_in:
        await sign_in(signed_in, ministry)
        asker = await visitors.officer(country, "administrator")
        asker = msgspec.structs.replace(asker, scopes=asker.scopes | {"protect"})
        async with visitors.desk(country) as services:
            index = _index(visitors.NEIGHBOUR)
            await mark(
                services.database,
                asker,
                asker.reach,
                index=index,
                reason="violence",
                until=None,
                at=visitors.now(),
            )
        # A session that was open already shows nothing from then on.
        during = await signed_in.get("/me/data")
    assert during.headers["location"] == "/me?done=over"
    try:
        async with phone(country, ministry) as one, phone(country, stranger) as other:
            hers, theirs = await sign_in(one, ministry), await sign_in(other, stranger)
        assert (hers.status_code, hers.text) == (theirs.status_code, theirs.text)
    finally:
        for statement in (
            "update protected_person set ended_at = now(), ended_by = 1, ended_why = 'x'",
            "delete from protected_record",
            "delete from protected_number",
        ):
            await as_owner(country, statement)
    assert await outcome(country, ministry) == (303, "")


async def test_an_officer_s_session_is_nothing_here_and_a_person_s_nothing_there(
    country: WebCountry,
) -> None:
    ministry = provider()
    async with phone(country, ministry) as client:
        form = await client.get("/sign-in")
        fields = {"email": visitors.HELP, "password": visitors.people_web.PASSWORD, "next": "/"}
        await client.post("/sign-in", data=fields | {"form_token": first_token(form.text)})
        assert (await client.get("/visits")).status_code == 200
        officer = client.cookies["ibr_session"]
        for page in PAGES:
            assert (await client.get(page)).headers["location"] == "/me?done=over"
        client.cookies.set("ibr_me", officer, domain="ibr.test")
        assert (await client.get("/me/data")).status_code == 303
    async with phone(country, ministry) as client:
        await sign_in(client, ministry)
        mine = client.cookies["ibr_me"]
        # The control: it opens her own pages.
        assert (await client.get("/me/data")).status_code == 200
        for name in ("ibr_me", "ibr_session"):
            client.cookies.set(name, mine, domain="ibr.test")
            for page in ("/", "/visits", "/person", "/requests", "/account", "/audit"):
                answer = await client.get(page)
                assert answer.status_code == 303
                assert answer.headers["location"].startswith("/sign-in")


async def test_the_cookie_is_kept_from_scripts_and_other_sites(country: WebCountry) -> None:
    ministry = provider()
    production = Settings(profile="production", public_url=BASE)
    async with phone(country, ministry, production) as client:
        answer = await sign_in(client, ministry)
    cookies = [each for each in answer.headers.get_list("set-cookie") if "ibr_me=" in each]
    [cookie] = cookies
    assert cookie.startswith("__Host-ibr_me=")
    for part in ("HttpOnly", "Secure", "Path=/", "SameSite=lax"):
        assert part.lower() in cookie.lower()
    assert "Max-Age" not in cookie
    assert "Domain" not in cookie


async def test_a_session_ends_idle_after_an_hour_and_by_signing_out(country: WebCountry) -> None:
    ministry = provider()
    async with phone(country, ministry) as client:
        await sign_in(client, ministry)
        for _ in range(5):
            ministry.clock.forward(minutes=11)
            assert (await client.get("/me/requests")).status_code == 200
        ministry.clock.forward(minutes=6)
        assert (await client.get("/me/requests")).headers["location"] == "/me?done=over"
    ministry = provider()
    async with phone(country, ministry) as client:
        await sign_in(client, ministry)
        ministry.clock.forward(minutes=14)
        assert (await client.get("/me/data")).status_code == 200
        ministry.clock.forward(minutes=16)
        assert (await client.get("/me/data")).status_code == 303
    ministry = provider()
    async with phone(country, ministry) as client:
        await sign_in(client, ministry)
        kept = client.cookies["ibr_me"]
        page = await client.get("/me")
        stale = await client.post("/me/sign-out", data={"form_token": "x"})
        assert stale.status_code == 403
        gone = await client.post("/me/sign-out", data={"form_token": first_token(page.text)})
        assert gone.headers["location"] == "/me?done=out"
        client.cookies.set("ibr_me", kept, domain="ibr.test")
        assert (await client.get("/me/data")).status_code == 303
        leave = await client.get("/me/leave")
    assert leave.headers["location"].startswith(f"{ISSUER}/out?")
    assert "id_token" not in leave.headers["location"]
    [row] = await country.read(
        "select ended_how from help_visit where session_digest is not null "
        "order by visit_no desc limit 1"
    )
    assert row["ended_how"] == "person"


async def test_a_request_made_by_oneself_goes_to_the_programme_and_comes_back(
    country: WebCountry,
) -> None:
    ministry = provider(visitors.TWIN, visitors.TWINS_BORN)
    async with phone(country, ministry) as client:
        await sign_in(client, ministry)
        page = await client.get("/me/data")
        record = page.text.split('name="record" value="')[1].split('"')[0]
        wish = {
            "form_token": first_token(page.text),
            "record": record,
            "kind": "correction",
            "about": "birth_date",
            "value": "1999-09-08",
        }
        wrong = await client.post("/me/requests", data=wish | {"value": "soon"})
        made = await client.post("/me/requests", data=wish)
        twice = await client.post("/me/requests", data=wish)
        others = await client.post("/me/requests", data=wish | {"record": "900001"})
        mine = await client.get("/me/requests")
    assert (wrong.status_code, twice.status_code, others.status_code) == (400, 400, 404)
    assert "birth_date" in wrong.text
    assert made.headers["location"] == "/me/requests?done=asked"
    assert "asked by yourself" in mine.text
    assert "Waits for the programme" in mine.text
    [row] = await country.read(
        "select request_no, by_self from person_request order by request_no desc limit 1"
    )
    assert row["by_self"]
    [event] = await country.read(
        "select actor_kind, details::text from audit_event where kind = 'person_request.made' "
        "order by event_id desc limit 1"
    )
    assert event["actor_kind"] == "person"
    assert "1999" not in event["details"]


async def test_a_statement_as_pdf_and_as_json(country: WebCountry) -> None:
    ministry = provider()
    async with phone(country, ministry) as client:
        await sign_in(client, ministry)
        form = {"form_token": first_token((await client.get("/me")).text)}
        pdf = await client.post("/me/statement", data=form | {"form": "pdf"})
        plain = await client.post("/me/statement", data=form | {"form": "json"})
        neither = await client.post("/me/statement", data=form | {"form": "doc"})
        told = json.loads(plain.content)
        checked = await client.post(
            "/statements/check",
            data={"form_token": "", "number": told["statement"]["check_number"], "sums": ""},
        )
    assert pdf.content.startswith(b"%PDF")
    assert told["person"]["identifier"]["identifier_value"] == visitors.MOTHER
    assert told["complete"] is True
    assert any(each["self"] for each in told["who_asked"])
    assert visitors.CANARY not in plain.text
    assert neither.status_code == 400
    assert "The check number is ours" in checked.text


async def test_each_look_is_written_down_as_the_person_s_own(country: WebCountry) -> None:
    ministry = provider(visitors.OTHER_TWIN, visitors.TWINS_BORN)
    asked = (
        "select officer_id, partner_id, purpose_code from question_asked "
        f"where subject_index = '\\x{_index(visitors.OTHER_TWIN).hex()}'"
    )
    async with phone(country, ministry) as client:
        await sign_in(client, ministry)
        for each in ("/me", *PAGES):
            await client.get(each)
        shown = await client.get("/me/asked")
    rows = await country.read(asked)
    assert len(rows) == 7
    assert {tuple(row.values()) for row in rows} == {(None, None, "own_access")}
    # Seven looks of one day are one line, for they must not push the others out of sight.
    assert shown.text.count("You, yourself") == 1
    assert await events(country, "person.signed_in") >= 1


async def test_whoever_signs_in_too_often_waits(country: WebCountry) -> None:
    ministry, usual = provider(), provider()
    for number in range(IN_VAIN_A_DAY):
        ministry.person = person(f"UIN-9990{number}-X", visitors.MOTHER_BORN, sub="stolen")
        assert await outcome(country, ministry) == (403, "own.nobody")
    # From now on not even with a number that is somebody's.
    ministry.person = person(visitors.MOTHER, visitors.MOTHER_BORN, sub="stolen")
    assert await outcome(country, ministry) == (429, "own.too_many")
    assert await outcome(country, usual) == (303, "")
    for _ in range(AN_HOUR - 1):
        assert await outcome(country, usual) == (303, "")
    assert await outcome(country, usual) == (429, "own.too_many")
    usual.clock.forward(minutes=61)
    assert await outcome(country, usual) == (303, "")


async def test_many_who_are_nobody_from_one_place_wait(country: WebCountry) -> None:
    ministry = provider()
    async with phone(country, ministry, place="10.9.9.9") as client:
        codes = []
        for number in range(41):
            ministry.person = person(f"UIN-98{number:03}-X", "1980-05-06", sub=f"many-{number}")
            codes.append(code_in(await sign_in(client, ministry)))
    assert codes == ["own.nobody"] * 40 + ["own.too_many"]
    assert await outcome(country, provider()) == (303, "")


async def test_without_settings_there_is_no_way_in(country: WebCountry) -> None:
    async with phone(country, None) as client:
        start = await client.get("/me")
        tried = [await client.get(f"/me/{each}") for each in ("sign-in", "leave")]
    assert start.status_code == 200
    assert "/me/sign-in" not in start.text
    assert "help desk" in start.text
    assert [each.status_code for each in tried] == [404, 404]


async def test_a_provider_that_is_down_is_said_so(country: WebCountry) -> None:
    ministry = provider()
    ministry.down = "all"
    async with phone(country, ministry) as client:
        answer = await client.get("/me/sign-in")
        ministry.down = ""
        control = await sign_in(client, ministry)
    assert (answer.status_code, code_in(answer)) == (503, "openid.unreachable")
    assert control.status_code == 303


async def test_the_pages_are_in_french_and_need_no_script(country: WebCountry) -> None:
    ministry = provider()
    async with phone(country, ministry) as client:
        client.headers["accept-language"] = "fr"
        start = await client.get("/me")
        await sign_in(client, ministry)
        shown = [start, *[await client.get(each) for each in ("/me", *PAGES)]]
    for each in shown:
        assert '<html lang="fr"' in each.text
        assert "<script" not in each.text
        assert "no-store" in each.headers["cache-control"]
    assert "Mes propres données" in shown[0].text


async def test_a_session_is_of_no_use_after_its_time_by_the_database_s_word(
    country: WebCountry,
) -> None:
    """The program still believes in it; the database does not."""
    ministry = provider()
    async with phone(country, ministry) as client:
        await sign_in(client, ministry)
        await as_owner(
            country,
            "update help_visit set begun_at = now() - interval '30 minutes', "
            "until = now() - interval '1 second' where session_digest is not null "
            "and ended_at is null",
        )
        ministry.clock.at -= timedelta(minutes=10)
        answer = await client.get("/me/data")
    assert answer.headers["location"] == "/me?done=over"


async def test_who_is_erased_is_signed_out_and_found_no_more(country: WebCountry) -> None:
    ministry, other = provider(visitors.BELIEVED, visitors.MOTHER_BORN), provider()
    async with phone(country, ministry) as client, phone(country, other) as neighbour:
        await sign_in(client, ministry)
        await sign_in(neighbour, other)
        assert (await client.get("/me/data")).status_code == 200
        await as_owner(
            country,
            """
            with mine as (
                select array_agg(record_id) as records from enrolled_index where blind_index = $1
            ), erased as (
                insert into erasure (record_ids, ground, approved_at)
                select records, 'request', now() from mine returning erasure_id
            )
            select 1 from erased
            """,
            _index(visitors.BELIEVED),
        )
        await as_owner(country, "select take_out_erased(max(erasure_id), now()) from erasure")
        assert (await client.get("/me/data")).headers["location"] == "/me?done=over"
        assert (await neighbour.get("/me/data")).status_code == 200
    assert await outcome(country, ministry) == (403, "own.nobody")


async def test_the_number_is_in_no_log_no_address_and_nowhere_in_the_clear(
    country: WebCountry, capfd: pytest.CaptureFixture[str]
) -> None:
    """What the provider tells is sealed with the record's own key, or a keyed digest, or gone."""
    ministry, nobody = provider(), provider("UIN-90077-X", visitors.MOTHER_BORN)
    addresses: list[str] = []

    async def remember(answer: httpx.Response) -> None:
        addresses.append(f"{answer.request.url} {answer.headers.get('location', '')}")

    for each in (ministry, nobody):
        async with phone(country, each) as client:
            client.event_hooks["response"].append(remember)
            await sign_in(client, each)
            for page in ("/me", *PAGES):
                await client.get(page)
    written = "".join(capfd.readouterr())
    assert len(addresses) == 14
    for secret in (visitors.MOTHER, "UIN-90077-X", "s-UIN"):
        assert secret not in written
        assert not [each for each in addresses if secret in each]
        assert await _tables_with(country, secret) == []
    # The control: it would be found.
    await as_owner(
        country,
        "update help_visit set note = $1 where visit_no = (select max(visit_no) from help_visit)",
        visitors.MOTHER,
    )
    assert await _tables_with(country, visitors.MOTHER) == ["help_visit"]
    await as_owner(country, "update help_visit set note = null")


async def _tables_with(country: WebCountry, secret: str) -> list[str]:
    """Tables in which a text stands, in letters or as the bytes of them."""
    found = []
    for row in await country.read(
        "select relname from pg_class where relnamespace = 'ibr'::regnamespace and relkind = 'r'"
    ):
        name = row["relname"]
        seen = await country.read(
            f"select 1 from ibr.{name} as each where each::text like '%{secret}%' "
            f"or each::text like '%{secret.encode().hex()}%' limit 1"
        )
        if seen:
            found.append(name)
    return sorted(found)
