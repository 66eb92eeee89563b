"""Officers' life: invited, given roles, acting in one, warned, suspended, let in again."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta

import httpx
import pytest

from ibr.access.staff.people import give_role, suspend
from ibr.access.staff.people.links.one_time import make_link, take_link
from ibr.access.staff.people.look import officer_by_email, officers, state_of
from ibr.access.staff.roles import WantedRole
from ibr.access.staff.sign_in import hash_password
from ibr.db.pool import open_database
from ibr.errors import Conflict, NotAllowed, NotFound
from tests import people_web
from tests.officers_web import (
    NOW,
    PASSWORD,
    as_app,
    as_owner,
    asker,
    link_in,
    number_of,
    send,
    sign_in,
    somebody,
    token,
    visitor,
)
from tests.web_country import WebCountry, filled

ADA = "admin@example.org"
NEW = "a sentence of my own"


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


async def give(country: WebCountry, email: str, role: str, **more: object) -> int:
    ada, number = await asker(country, ADA, "administrator"), await number_of(country, email)
    async with as_app(country) as connection:
        wanted = WantedRole(role=role, **more)  # type: ignore[arg-type]
        return await give_role.give_role(connection, ada, number, wanted, NOW)


async def events(country: WebCountry, kind: str, officer: int) -> list[str]:
    rows = await country.read(
        f"select details::text as d from audit_event where kind = '{kind}' "
        f"and (details ->> 'officer')::integer = {officer} order by event_id"
    )
    return [row["d"] for row in rows]


# Invitations.


async def invited(client: httpx.AsyncClient, email: str, role: str, **more: str) -> httpx.Response:
    return await send(
        client,
        "/officers/invite",
        "/officers/invite",
        email=email,
        name="Nia New",
        role=role,
        **more,
    )


async def test_somebody_is_invited_sets_a_password_and_signs_in(country: WebCountry) -> None:
    email = "nia@example.org"
    async with visitor(country, ADA) as client:
        answer = await invited(client, email, "programme_officer", **{"p-OAP": "yes"})
    assert answer.status_code == 200
    link = link_in(answer.text)
    async with visitor(country) as client:
        # Programs that check mail open links too: looking at it twice changes nothing.
        await client.get(link)
        form = await client.get(link)
        assert email in form.text
        short = await client.post(link, data={"password": "short", "again": "short"})
        other = await client.post(link, data={"password": NEW, "again": NEW + "x"})
        common = await client.post(
            link, data={"password": "Password123456", "again": "Password123456"}
        )
        done = await client.post(link, data={"password": NEW, "again": NEW})
        again = await client.post(link, data={"password": NEW + "!", "again": NEW + "!"})
        signed = await sign_in(client, email, NEW)
        page = await client.get("/account")
    assert [each.status_code for each in (short, other, common)] == [400, 400, 400]
    assert (done.status_code, done.headers["location"]) == (303, "/sign-in")
    assert again.status_code == 404
    assert signed.status_code == 303
    assert "OAP" in page.text
    kept = await country.read("select encode(link_digest, 'hex') as d from officer_link")
    assert link.rsplit("/", 1)[1] not in " ".join(row["d"] for row in kept)
    assert len(await events(country, "officer.invited", await number_of(country, email))) == 1


async def test_a_link_ends_after_72_hours_with_a_newer_one_and_with_suspension(
    country: WebCountry,
) -> None:
    email = await somebody(country, "analyst")
    number = await number_of(country, email)
    ada = await asker(country, ADA, "administrator")
    hashed = hash_password(NEW)

    async def link() -> str:
        async with as_app(country) as connection:
            return await make_link(connection, ada, number, NOW)

    async def take(secret: str, at: datetime) -> None:
        async with as_app(country) as connection:
            await take_link(connection, secret, hashed, at)

    first = await link()
    second = await link()
    with pytest.raises(NotFound):
        await take(first, NOW)
    with pytest.raises(NotFound):
        await take(second, NOW + timedelta(hours=72))
    async with as_app(country) as connection:
        await suspend.suspend(connection, ada, number, NOW)
    with pytest.raises(NotFound):
        await take(second, NOW)
    async with as_app(country) as connection:
        await suspend.let_in(connection, ada, number, NOW)
    with pytest.raises(NotFound):
        await take(second, NOW)
    # The control: a fresh one does.
    await take(await link(), NOW + timedelta(hours=71))


async def test_one_link_used_twice_at_once_sets_one_password(country: WebCountry) -> None:
    email = await somebody(country, "analyst")
    ada, number = await asker(country, ADA, "administrator"), await number_of(country, email)
    async with as_app(country) as connection:
        secret = await make_link(connection, ada, number, NOW)

    async def take() -> bool:
        try:
            async with as_app(country) as connection:
                await take_link(connection, secret, hash_password(NEW), NOW)
        except NotFound:
            return False
        return True

    assert sorted(await asyncio.gather(take(), take(), take())) == [False, False, True]


async def test_a_reset_ends_sessions_and_leaves_second_factors(country: WebCountry) -> None:
    email = await somebody(country, "analyst")
    number = await number_of(country, email)
    async with as_owner(country) as connection:
        await connection.execute(
            "insert into officer_totp (officer_id, secret_sealed, last_step, made_at) "
            "values ($1, 'sealed', 0, now())",
            number,
        )
        await connection.execute("delete from officer_totp where officer_id <> $1", number)
    async with visitor(country, ADA) as client:
        answer = await send(client, f"/officers/{number}/link", f"/officers/{number}")
    link = link_in(answer.text)
    async with visitor(country) as client:
        done = await client.post(link, data={"password": NEW, "again": NEW})
    assert done.status_code == 303
    rows = await country.read(f"select officer_id from officer_totp where officer_id = {number}")
    assert len(rows) == 1
    assert len(await events(country, "officer.reset_asked", number)) == 1


async def test_who_may_not_invite_cannot(country: WebCountry) -> None:
    for email in ("officer@example.org", "auditor@example.org", "help@example.org"):
        async with visitor(country, email) as client:
            shown = await client.get("/officers/invite")
            sent = await send(
                client, "/officers/invite", email="x@example.org", name="X", role="analyst"
            )
        assert (shown.status_code, sent.status_code) == (403, 403)
    assert not await country.read("select 1 from officer where email = 'x@example.org'")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"email": "no address"}, "not an e-mail address"),
        ({"email": ADA}, "already"),
        ({"role": "king"}, "Choose a role"),
        ({"until": "2020-01-01"}, "last day"),
        ({"until": "soon"}, "last day"),
        ({"areas": "NOWHERE"}, "no area"),
        ({"role": "developer"}, "partner"),
        ({"partner": "mis.example.org"}, "partner"),
        ({"name": " "}, "name"),
    ],
)
async def test_a_form_with_a_mistake_comes_back_filled(
    country: WebCountry, fields: dict[str, str], said: str
) -> None:
    given = {"email": "fresh@example.org", "name": "Nia New", "role": "analyst"} | fields
    async with visitor(country, ADA) as client:
        answer = await send(client, "/officers/invite", "/officers/invite", **given)
    assert answer.status_code == 400
    assert said in answer.text
    assert f'value="{given["email"]}"' in answer.text
    assert not await country.read("select 1 from officer where email = 'fresh@example.org'")


# Roles.


async def test_each_role_sees_its_own_and_never_widens_another(country: WebCountry) -> None:
    email = await somebody(country, "analyst")
    oap = next(
        row["programme_id"]
        for row in await country.read("select programme_id from programme where code = 'OAP'")
    )
    await give(country, email, "programme_officer", programmes=(oap,), areas=("R1",))
    async with visitor(country, email) as client:
        as_analyst = await client.get("/person")
        account = await client.get("/account")
        before = client.cookies["ibr_session"]
        role = account.text.split('name="role" value="')[1].split('"')[0]
        moved = await send(client, "/account/role", role=role)
        after = client.cookies["ibr_session"]
        as_officer = await client.get("/person")
        programmes = [await client.get(f"/programmes/{code}") for code in ("OAP", "WORK")]
        top = await client.get("/account")
        client.cookies.set("ibr_session", before)
        with_old = await client.get("/account")
    assert as_analyst.status_code == 403
    assert moved.status_code == 303
    assert before != after
    assert as_officer.status_code == 200
    assert [each.status_code for each in programmes] == [200, 404]
    assert "acting as Programme officer" in top.text
    assert with_old.status_code == 303
    assert await events(country, "officer.role_given", await number_of(country, email))
    rows = await country.read(
        "select details ->> 'acting_as' as role from audit_event where kind = 'officer.acts_in'"
    )
    assert rows[-1]["role"] == "analyst"


async def test_nobody_acts_in_a_role_of_somebody_else(country: WebCountry) -> None:
    email = await somebody(country, "analyst")
    other = await somebody(country, "steward")
    theirs = (
        await country.read(
            f"select role_id from officer_role where officer_id = {await number_of(country, other)}"
        )
    )[0]["role_id"]
    async with visitor(country, email) as client:
        answer = await send(client, "/account/role", role=str(theirs))
        page = await client.get("/review")
    assert "problem=officer.role_unknown" in answer.headers["location"]
    assert page.status_code == 403


async def test_incompatible_roles_and_own_roles_are_refused(country: WebCountry) -> None:
    email = await somebody(country, "steward")
    with pytest.raises(Conflict) as refused:
        await give(country, email, "programme_officer")
    assert refused.value.code == "officer.incompatible"
    with pytest.raises(NotAllowed) as own:
        await give(country, ADA, "analyst")
    assert own.value.code == "officer.own_role"


async def test_a_role_ends_by_itself_and_the_session_with_it(country: WebCountry) -> None:
    last = NOW.date()
    email = await somebody(country, "analyst")
    number = await number_of(country, email)
    await country.read(
        f"update officer_role set valid_until = '{last}' where officer_id = {number}"
    )
    clock = [NOW]
    async with visitor(country, email, clock=clock) as client:
        today = await client.get("/account")
        clock[0] = NOW.replace(hour=23, minute=59)
        async with as_owner(country) as connection:
            await connection.execute(
                "update officer_session set seen_at = $2, started_at = $2 where officer_id = $1",
                number,
                clock[0],
            )
        still = await client.get("/account")
        clock[0] = NOW.replace(hour=0, minute=1) + timedelta(days=1)
        over = await client.get("/account")
    assert (today.status_code, still.status_code, over.status_code) == (200, 200, 303)
    async with as_worker(country) as connection:
        await suspend.keep_officers(connection, 0, NOW + timedelta(days=1))
    found = await one(country, email, NOW + timedelta(days=1))
    assert [each.state(date(2026, 11, 23)) for each in found.grants] == ["ended"]
    # It no longer stands in the way of the same role anew.
    await give(country, email, "analyst")


async def test_a_role_to_come_is_no_role_yet(country: WebCountry) -> None:
    email = await somebody(country, "help_desk")
    await give(country, email, "analyst", valid_from=NOW.date() + timedelta(days=1))
    async with visitor(country, email) as client:
        account = await client.get("/account")
    assert 'action="/account/role"' not in account.text


async def test_ending_a_role_ends_every_session(country: WebCountry) -> None:
    email = await somebody(country, "analyst")
    number = await number_of(country, email)
    role = (await one(country, email, NOW)).grants[0].role_id
    async with visitor(country, email) as theirs, visitor(country, ADA) as client:
        before = await theirs.get("/account")
        await send(client, f"/officers/{number}/roles/{role}/end", f"/officers/{number}")
        after = await theirs.get("/account")
        refused = await sign_in(theirs, email)
    assert (before.status_code, after.status_code) == (200, 303)
    assert refused.status_code in (400, 403)


async def test_the_last_administrator_stays(country: WebCountry) -> None:
    second = await somebody(country, "administrator")
    numbers = [await number_of(country, each) for each in (ADA, second)]
    askers = [await asker(country, each, "administrator") for each in (ADA, second)]

    async def shut(who: int, by: int) -> bool:
        try:
            async with as_app(country) as connection:
                await suspend.suspend(connection, askers[by], numbers[who], NOW)
        except Conflict:
            return False
        return True

    # Two who suspend each other at the same moment: one of them stays.
    done = await asyncio.gather(shut(0, 1), shut(1, 0))
    try:
        assert sorted(done) == [False, True]
    finally:
        await country.read("update officer set suspended_at = null, suspended_why = null")
        await country.read(
            f"update officer_role set ended_at = now() where officer_id = {numbers[1]}"
        )


async def test_the_pages_alone_cannot_make_an_administrator(country: WebCountry) -> None:
    email = await somebody(country, "steward")
    with pytest.raises(NotAllowed) as refused:
        await give(country, email, "administrator")
    assert refused.value.code == "officer.needs_two"
    number = await number_of(country, email)
    statement = (
        "insert into officer_role (officer_id, role, given_at) values ($1, 'administrator', now())"
    )
    with pytest.raises(Exception, match="row-level security"):
        async with as_app(country) as connection:
            await connection.execute(statement, number)
    # The control: in a transaction that carries out what two people approved it goes.
    async with as_app(country) as connection:
        await connection.execute("select set_config('ibr.approved_act', 'officer.role', true)")
        await connection.execute(statement, number)
        await connection.execute(
            "update officer_role set ended_at = now() where officer_id = $1 "
            "and role = 'administrator'",
            number,
        )


# Suspension.


def as_worker(country: WebCountry):  # type: ignore[no-untyped-def]
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def begin():  # type: ignore[no-untyped-def]
        database = await open_database(country.dsn, "ibr_worker", size=1, name="test")
        try:
            async with database.transaction(()) as connection:
                yield connection
        finally:
            await database.close()

    return begin()


async def one(country: WebCountry, email: str, at: datetime):  # type: ignore[no-untyped-def]
    async with as_owner(country) as connection:
        return await officer_by_email(connection, email, at)


async def keep(country: WebCountry, at: datetime, days: int = 90) -> None:
    async with as_worker(country) as connection:
        await suspend.keep_officers(connection, days, at)


async def test_who_is_not_seen_is_warned_and_then_suspended(country: WebCountry) -> None:
    email = await somebody(country, "analyst")
    number = await number_of(country, email)
    await country.read("update officer set active_from = '2030-01-01'")
    await country.read(
        f"update officer set active_from = '{NOW}', seen_at = '{NOW}' where officer_id = {number}"
    )

    async def state(days: float) -> str:
        at = NOW + timedelta(days=days)
        await keep(country, at)
        return state_of(await one(country, email, at), at)

    try:
        assert await state(75) == "active"
        assert await state(76.1) == "warned"
        assert await state(89) == "warned"
        # Nobody is suspended sooner than two weeks after the warning.
        assert await state(90.05) == "warned"
        assert await state(90.2) == "not_seen"
        assert len(await events(country, "officer.warned", number)) == 1
        assert len(await events(country, "officer.suspended", number)) == 1
    finally:
        await country.read("update officer set active_from = now()")


async def test_who_comes_back_in_time_is_not_suspended(country: WebCountry) -> None:
    email = await somebody(country, "analyst")
    number = await number_of(country, email)
    await country.read("update officer set active_from = '2030-01-01'")
    await country.read(
        f"update officer set active_from = '{NOW}', seen_at = null where officer_id = {number}"
    )
    try:
        await keep(country, NOW + timedelta(days=77))
        back = NOW + timedelta(days=80)
        await country.read(f"update officer set seen_at = '{back}' where officer_id = {number}")
        await keep(country, NOW + timedelta(days=95))
        found = await one(country, email, back)
        assert state_of(found, back) == "active"
        # The setting 0 suspends nobody, however long ago.
        await keep(country, NOW + timedelta(days=900), days=0)
        assert (await one(country, email, back)).suspended_at is None
    finally:
        await country.read("update officer set active_from = now()")


async def test_suspension_shuts_out_at_once_and_letting_in_lets_in(country: WebCountry) -> None:
    email = await somebody(country, "analyst")
    number = await number_of(country, email)
    async with visitor(country, email) as theirs, visitor(country, ADA) as client:
        await send(client, f"/officers/{number}/suspend", f"/officers/{number}")
        page = await theirs.get("/account")
        refused = await sign_in(theirs, email)
        twice = await send(client, f"/officers/{number}/suspend", f"/officers/{number}")
        await send(client, f"/officers/{number}/let-in", f"/officers/{number}")
        again = await sign_in(theirs, email)
    assert page.status_code == 303
    assert refused.status_code == 400
    assert "problem=officer.suspended_already" in twice.headers["location"]
    assert again.status_code == 303


# Pages.


async def test_the_list_is_for_who_may_see_it(country: WebCountry) -> None:
    for email, status in ((ADA, 200), ("auditor@example.org", 200), ("analyst@example.org", 403)):
        async with visitor(country, email) as client:
            listed = await client.get("/officers")
            one_of = await client.get(f"/officers/{await number_of(country, ADA)}")
        assert (listed.status_code, one_of.status_code) == (status, status)
    async with visitor(country, "auditor@example.org") as client:
        page = await client.get(f"/officers/{await number_of(country, 'help@example.org')}")
        unknown = await client.get("/officers/999999")
    assert "/suspend" not in page.text
    assert unknown.status_code == 404
    with pytest.raises(NotAllowed):
        async with as_app(country) as connection:
            await officers(connection, await asker(country, ADA, "analyst"), NOW)


async def test_no_page_shows_a_secret(country: WebCountry) -> None:
    email = await somebody(country, "analyst")
    number = await number_of(country, email)
    async with visitor(country, email), visitor(country, ADA) as client:
        page = (await client.get(f"/officers/{number}")).text
    kept = await country.read(
        f"select o.password_hash, encode(s.session_digest, 'hex') as digest, s.form_token "
        f"from officer o join officer_session s using (officer_id) where officer_id = {number}"
    )
    assert kept
    assert not [each for row in kept for each in row.values() if each in page]


async def test_an_administrator_ends_a_session(country: WebCountry) -> None:
    email = await somebody(country, "analyst")
    number = await number_of(country, email)
    async with visitor(country, email) as theirs, visitor(country, ADA) as client:
        page = (await client.get(f"/officers/{number}")).text
        address = page.split("/sessions/")[1].split("/")[0]
        other = await number_of(country, "help@example.org")
        wrong = await send(client, f"/officers/{other}/sessions/{address}/end")
        still = await theirs.get("/account")
        await send(client, f"/officers/{number}/sessions/{address}/end")
        ended = await theirs.get("/account")
    assert "problem=session.unknown" in wrong.headers["location"]
    assert (still.status_code, ended.status_code) == (200, 303)


async def test_own_account_name_password_and_acts(country: WebCountry) -> None:
    email = await somebody(country, "analyst")
    async with visitor(country, email) as client:
        await send(client, "/account/name", name="  Ana   Renamed ")
        page = await client.get("/account")
        wrong = await send(
            client, "/account/password", old="not it at all", password=NEW, again=NEW
        )
        weak = await send(
            client, "/account/password", old=PASSWORD, password="short", again="short"
        )
        done = await send(client, "/account/password", old=PASSWORD, password=NEW, again=NEW)
        after = await client.get("/account")
        old = await sign_in(client, email)
        new = await sign_in(client, email, NEW)
    assert "Ana Renamed" in page.text
    assert "officer.changed" in page.text
    assert "problem=officer.password_wrong" in wrong.headers["location"]
    assert "problem=officer.password" in weak.headers["location"]
    assert done.headers["location"] == "/sign-in"
    assert after.status_code == 303
    assert (old.status_code, new.status_code) == (400, 303)


async def test_own_acts_are_nobody_elses(country: WebCountry) -> None:
    async with as_app(country) as connection:
        with pytest.raises(Exception, match="permission denied"):
            await connection.fetch("select 1 from audit_event")


# Proving again who one is.


async def test_sensitive_pages_ask_again_after_five_minutes_and_lose_nothing(
    country: WebCountry,
) -> None:
    email = await somebody(country, "analyst")
    number = await number_of(country, email)
    clock = [NOW]
    async with visitor(country, ADA, clock=clock) as client:
        page = await client.get(f"/officers/{number}")
        clock[0] = NOW + timedelta(minutes=6)
        form = {"form_token": token(page.text), "role": "help_desk", "areas": "R1"}
        asked = await client.post(f"/officers/{number}/roles", data=form)
        held = (await one(country, email, clock[0])).grants
        wrong = await client.post(
            f"/officers/{number}/roles", data=form | {"prove_password": "not it"}
        )
        right = await client.post(
            f"/officers/{number}/roles", data=form | {"prove_password": PASSWORD}
        )
        shown = await client.get("/officers/invite")
    assert asked.status_code == 401
    assert 'name="areas" value="R1"' in asked.text
    assert PASSWORD not in asked.text
    assert [each.role for each in held] == ["analyst"]
    assert wrong.status_code == 401
    assert "done=role_given" in right.headers["location"]
    assert shown.status_code == 200
    given = (await one(country, email, clock[0])).grants
    assert {each.role: each.areas for each in given} == {"analyst": None, "help_desk": ("R1",)}


async def test_a_page_is_shown_after_the_password(country: WebCountry) -> None:
    clock = [NOW]
    async with visitor(country, ADA, clock=clock) as client:
        clock[0] = NOW + timedelta(minutes=10)
        asked = await client.get("/officers/invite")
        form = {"form_token": token(asked.text), "next": "/officers/invite"}
        elsewhere = await client.post(
            "/prove", data=form | {"prove_password": PASSWORD, "next": "https://evil.example"}
        )
        clock[0] += timedelta(minutes=10)
        without = await client.post("/prove", data=form)
        on = await client.post("/prove", data=form | {"prove_password": PASSWORD})
    assert asked.status_code == 401
    assert elsewhere.headers["location"] == "/"
    assert without.status_code == 401
    assert on.headers["location"] == "/officers/invite"


async def test_guessing_in_an_open_session_is_slowed(country: WebCountry) -> None:
    email = await somebody(country, "administrator")
    number = await number_of(country, email)
    clock = [NOW]
    try:
        async with visitor(country, email, clock=clock) as client:
            clock[0] = NOW + timedelta(minutes=10)
            asked = await client.get("/officers/invite")
            form = {"form_token": token(asked.text), "next": "/"}
            for _ in range(5):
                await client.post("/prove", data=form | {"prove_password": "a guess"})
            slowed = await client.post("/prove", data=form | {"prove_password": PASSWORD})
    finally:
        await country.read(f"update officer_role set ended_at = now() where officer_id = {number}")
    assert slowed.status_code == 429
    assert int(slowed.headers["retry-after"]) >= 1


# What roles of their own begin with.


async def test_planner_and_data_protection_officer_have_pages(country: WebCountry) -> None:
    planner = await somebody(country, "planner")
    async with visitor(country, planner) as client:
        pages = {
            path: (await client.get(path)).status_code
            for path in ("/", "/releases", "/what-if", "/person", "/deliveries", "/findings")
        }
        signed = await send(client, "/releases/1/sign")
    assert pages == {
        "/": 200,
        "/releases": 200,
        "/what-if": 200,
        "/person": 403,
        "/deliveries": 403,
        "/findings": 403,
    }
    assert signed.status_code == 403
    watcher = await somebody(country, "data_protection_officer")
    async with visitor(country, watcher) as client:
        first = await client.get("/")
        opened = await client.get(first.headers["location"])
        others = [(await client.get(path)).status_code for path in ("/officers", "/partners")]
        closed = [(await client.get(path)).status_code for path in ("/person", "/cases")]
    assert first.status_code == 303
    assert opened.status_code == 200
    assert others == [200, 200]
    assert closed == [403, 403]


async def test_the_country_is_as_it_was(country: WebCountry) -> None:
    held = await country.read(
        "select email from officer join officer_role r using (officer_id) "
        "where ended_at is null and r.role = 'administrator' order by email"
    )
    assert [row["email"] for row in held] == [ADA]
    assert people_web.OFFICERS[ADA][1] == "administrator"
