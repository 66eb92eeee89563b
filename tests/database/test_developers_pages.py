"""The developers' pages: each developer sees the own partner's connection, and nothing else."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import msgspec
import pytest

from ibr.access.staff.add_officer import add_officer
from ibr.access.staff.rights import RIGHTS
from ibr.db.pool import owner_transaction
from ibr.errors import NotFound, NotUnderstood
from ibr.protection.seal import Sealer
from ibr.settings import Settings
from ibr.web.gate import SESSION_COOKIE
from tests import people_web
from tests.developers_web import CALLBACK, DEVELOPERS, FIRST, SECOND, add_developers
from tests.web_country import KEYRING, WebCountry, application, filled

PASSWORD = people_web.PASSWORD
OWN = ("", "/samples", "/messages", "/callbacks")
# Everything that is not the developers' own.
CLOSED = ("/programmes/OAP", "/person", "/deliveries", "/deliveries/1")


class Filled(msgspec.Struct):
    """The small country with two partners, the trace ids of each, and who is signed in: a sign-in
    is slow on purpose."""

    country: WebCountry
    traced: dict[str, list[str]]
    signed_in: dict[str, str] = {}


@pytest.fixture(scope="module")
def made(dsn: str) -> Filled:
    country = filled(dsn)
    return Filled(country, asyncio.run(add_developers(dsn, Sealer(KEYRING), PASSWORD)))


@asynccontextmanager
async def visitor(made: Filled, email: str) -> AsyncIterator[httpx.AsyncClient]:
    async with made.country.services(Settings()) as services:
        transport = httpx.ASGITransport(app=application(services))
        async with httpx.AsyncClient(transport=transport, base_url="http://ibr.test") as client:
            client.headers["accept"] = "text/html"
            if email not in made.signed_in:
                form = await client.get("/sign-in")
                fields = {"email": email, "password": PASSWORD, "form_token": token(form.text)}
                assert (await client.post("/sign-in", data=fields)).status_code == 303
                made.signed_in[email] = client.cookies[SESSION_COOKIE]
            client.cookies.set(SESSION_COOKIE, made.signed_in[email])
            yield client


def token(page: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


async def test_a_developer_begins_at_the_own_connection(made: Filled) -> None:
    async with visitor(made, DEVELOPERS[FIRST]) as client:
        home = await client.get("/")
        assert (home.status_code, home.headers["location"]) == (303, "/developers")
        page = (await client.get("/developers")).text
    assert FIRST in page
    assert SECOND not in page
    assert "/registry/sync/enrolled" in page


@pytest.mark.parametrize("path", CLOSED)
async def test_a_developer_sees_no_figure_and_nobody(made: Filled, path: str) -> None:
    async with visitor(made, DEVELOPERS[FIRST]) as client:
        assert (await client.get(path)).status_code == 403
    async with visitor(made, "admin@example.org") as client:
        assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize("path", OWN)
@pytest.mark.parametrize("role", [each for each in RIGHTS if each != "developer"])
async def test_other_roles_see_no_developers_page(made: Filled, role: str, path: str) -> None:
    email = next(email for email, (_, held, _) in people_web.OFFICERS.items() if held == role)
    async with visitor(made, email) as client:
        answer = await client.get(f"/developers{path}")
    assert answer.status_code == (200 if role == "administrator" else 403)


@pytest.mark.parametrize("path", OWN)
async def test_the_own_partner_may_be_named_and_another_may_not(made: Filled, path: str) -> None:
    async with visitor(made, DEVELOPERS[FIRST]) as client:
        own = await client.get(f"/developers{path}", params={"partner": FIRST})
        other = await client.get(f"/developers{path}", params={"partner": SECOND})
        nobody = await client.get(f"/developers{path}", params={"partner": "no-such"})
    assert (own.status_code, other.status_code, nobody.status_code) == (200, 404, 404)
    assert other.text.count(SECOND) == 0


async def test_a_developer_sees_the_own_messages_only(made: Filled) -> None:
    async with visitor(made, DEVELOPERS[FIRST]) as client:
        page = (await client.get("/developers/messages")).text
    shown = set(re.findall(r'/developers/messages/([^"?]+)"', page))
    assert shown == set(made.traced[FIRST])


async def test_a_message_of_another_partner_is_not_there(made: Filled) -> None:
    async with visitor(made, DEVELOPERS[FIRST]) as client:
        for trace_id in [*made.traced[SECOND], *made.traced["nobody"]]:
            assert (await client.get(f"/developers/messages/{trace_id}")).status_code == 404
        for trace_id in made.traced[FIRST]:
            assert (await client.get(f"/developers/messages/{trace_id}")).status_code == 200


async def test_an_administrator_sees_all_and_those_of_nobody(made: Filled) -> None:
    async with visitor(made, "admin@example.org") as client:
        page = (await client.get("/developers/messages")).text
        one = (await client.get("/developers/messages", params={"partner": SECOND})).text
        for ids in made.traced.values():
            for trace_id in ids:
                assert (await client.get(f"/developers/messages/{trace_id}")).status_code == 200
    everything = {each for ids in made.traced.values() for each in ids}
    assert set(re.findall(r'/developers/messages/([^"?]+)"', page)) == everything
    assert set(re.findall(r'/developers/messages/([^"?]+)"', one)) == set(made.traced[SECOND])


async def test_a_refused_message_says_why_and_shows_what_was_computed(made: Filled) -> None:
    async with visitor(made, DEVELOPERS[FIRST]) as client:
        page = (await client.get(f"/developers/messages/{made.traced[FIRST][1]}")).text
    assert "Signed without sorting the members" in page
    assert "Sort the members by name." in page
    assert "DIGEST=" in page
    assert "err.signature.invalid" in page


async def test_a_kept_message_is_opened_for_its_partner(made: Filled) -> None:
    async with visitor(made, DEVELOPERS[FIRST]) as client:
        page = html.unescape(
            (await client.get(f"/developers/messages/{made.traced[FIRST][0]}")).text
        )
    assert f'"of": "{made.traced[FIRST][0]}"' in page
    rows = await made.country.read("select content from message_trace where content is not null")
    assert rows
    assert not any(b"header" in row["content"] for row in rows)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"verdict": "refused"}, 1),
        ({"verdict": "accepted"}, 2),
        ({"direction": "out"}, 1),
        ({"text": "search"}, 2),
        ({"text": "err.signature.invalid"}, 1),
        ({"text": "no such thing"}, 0),
        ({"verdict": "anything else"}, 3),
        ({"page": "9"}, 0),
    ],
)
async def test_messages_are_filtered(made: Filled, filters: dict[str, str], count: int) -> None:
    async with visitor(made, DEVELOPERS[FIRST]) as client:
        page = (await client.get("/developers/messages", params=filters)).text
    assert len(re.findall(r'href="/developers/messages/[^"?]+"', page)) == count


async def test_samples_carry_the_own_ids(made: Filled) -> None:
    async with visitor(made, DEVELOPERS[FIRST]) as client:
        page = html.unescape((await client.get("/developers/samples")).text)
    assert page.count(f'"sender_id": "{FIRST}"') == 8
    assert "KmhRhkARgqCX7YDCg4/WNsvnxuZeMYuIvyB6LJ4OyzIlM1+nXfxTrXqEqetLqe3hxjYAeij" in page


async def test_the_secret_is_on_no_page(made: Filled) -> None:
    [row] = await made.country.read(f"select secret_hash from partner where sender_id = '{FIRST}'")
    async with visitor(made, DEVELOPERS[FIRST]) as client:
        for path in OWN:
            page = (await client.get(f"/developers{path}")).text
            assert row["secret_hash"] not in page
            assert "argon2" not in page


async def send(
    client: httpx.AsyncClient, address: str, partner: str = FIRST, kind: str = "on-search"
) -> httpx.Response:
    form = await client.get("/developers", params={"partner": FIRST})
    fields = {
        "form_token": token(form.text),
        "partner": partner,
        "address": address,
        "kind": kind,
    }
    return await client.post("/developers/callbacks", data=fields)


@pytest.mark.parametrize("kind", ["on-search", "txn-on-status"])
async def test_a_test_callback_is_promised_and_recorded(made: Filled, kind: str) -> None:
    async with visitor(made, DEVELOPERS[FIRST]) as client:
        answer = await send(client, f"{CALLBACK}/on-search", kind=kind)
        assert answer.status_code == 303
        page = (await client.get(answer.headers["location"])).text
        listed = (await client.get("/developers/callbacks")).text
    message_id = answer.headers["location"].rsplit("/", 1)[1]
    [row] = await made.country.read(
        f"select * from outgoing_message where message_id = '{message_id}'"
    )
    assert (row["kind"], row["state"]) == (kind, "waiting")
    assert row["transaction_id"].startswith("test-callback-")
    assert row["address"] == f"{CALLBACK}/on-search"
    assert "It is on its way." in page
    assert message_id in listed
    [event] = await made.country.read(
        "select actor_kind from audit_event where kind = 'callback.tested' "
        "order by event_id desc limit 1"
    )
    assert event["actor_kind"] == "officer"


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/callback",
        "https://spmis-first.example/callbacks",
        "https://spmis-first.example:8443/callback",
        "http://spmis-first.example/callback",
        "https://spmis-first.example/callback/../admin",
        "http://127.0.0.1:5432/",
        "",
    ],
)
async def test_a_test_goes_to_registered_addresses_only(made: Filled, address: str) -> None:
    before = await made.country.read("select count(*) from outgoing_message")
    async with visitor(made, DEVELOPERS[FIRST]) as client:
        answer = await send(client, address)
    assert answer.status_code == 400
    assert "not a registered callback address" in answer.text
    assert await made.country.read("select count(*) from outgoing_message") == before


async def test_no_test_is_sent_in_another_partners_name(made: Filled) -> None:
    async with visitor(made, DEVELOPERS[SECOND]) as client:
        page = await client.get("/developers")
        # The second partner has no address, so its page has no form; its token is in the header.
        fields = {
            "form_token": token(page.text),
            "partner": FIRST,
            "address": CALLBACK,
            "kind": "on-search",
        }
        answer = await client.post("/developers/callbacks", data=fields)
    assert answer.status_code == 404


async def test_a_callback_of_another_partner_is_neither_seen_nor_sent_again(made: Filled) -> None:
    async with visitor(made, DEVELOPERS[FIRST]) as client:
        address = (await send(client, CALLBACK)).headers["location"]
        assert (await client.get(address)).status_code == 200
    async with visitor(made, DEVELOPERS[SECOND]) as client:
        assert (await client.get(address)).status_code == 404
        fields = {"form_token": token((await client.get("/developers")).text)}
        assert (await client.post(f"{address}/again", data=fields)).status_code == 404


async def test_what_was_given_up_is_sent_again_by_its_developer(made: Filled, dsn: str) -> None:
    async with visitor(made, DEVELOPERS[FIRST]) as client:
        address = (await send(client, CALLBACK)).headers["location"]
        message_id = address.rsplit("/", 1)[1]
        async with owner_transaction(dsn) as owner:
            await owner.execute(
                "update ibr.outgoing_message set state = 'dead', last_outcome = 'timeout', "
                "settled_at = now() where message_id = $1",
                message_id,
            )
        page = (await client.get(address)).text
        assert "No whole answer within 10 seconds" in page
        answer = await client.post(f"{address}/again", data={"form_token": token(page)})
        assert answer.status_code == 303
    [row] = await made.country.read(
        f"select state from outgoing_message where message_id = '{message_id}'"
    )
    assert row["state"] == "waiting"


@pytest.mark.parametrize(
    ("role", "partner", "error"),
    [
        ("developer", None, NotUnderstood),
        ("administrator", FIRST, NotUnderstood),
        ("developer", "no-such-partner", NotFound),
    ],
)
async def test_only_a_developer_has_a_partner_and_never_none(
    made: Filled, dsn: str, role: str, partner: str | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        async with owner_transaction(dsn) as owner:
            await add_officer(owner, f"{role}@new.example", "n", role, None, PASSWORD, partner)
