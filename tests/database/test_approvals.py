"""Acts that need two people: proposed by one, carried out once when another approves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
from nacl.signing import SigningKey

from ibr.access.approvals import decide, partner_acts
from ibr.access.approvals.acts import register
from ibr.access.approvals.bulk_export import NeedsSecond, must_be_granted, payload_of
from ibr.access.approvals.two_people import Act, Approver, Detail, Payload
from ibr.access.staff.people import give_role, suspend
from ibr.access.staff.people.links.one_time import make_link
from ibr.access.staff.rights import APPROVE, OFFICERS
from ibr.asker import Asker
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotAllowed, NotFound, NotUnderstood, RegistryError
from ibr_messages.jwk import public_jwk
from tests.officers_web import (
    NOW,
    PASSWORD,
    as_app,
    asker,
    link_in,
    number_of,
    register_acts,
    send,
    sign_in,
    somebody,
    visitor,
)
from tests.web_country import WebCountry, filled

ADA = "admin@example.org"


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    register_acts()
    register((COUNTED, BROKEN))
    return filled(dsn)


@pytest.fixture(scope="module")
def two(country: WebCountry) -> tuple[Asker, Asker]:
    """Two administrators."""

    async def both() -> tuple[Asker, Asker]:
        second = await somebody(country, "administrator")
        return (
            await asker(country, ADA, "administrator"),
            await asker(country, second, "administrator"),
        )

    return asyncio.run(both())


# An act whose effect can be counted, and one that breaks half-way.


async def _explain(_connection: Connection, payload: Payload) -> list[Detail]:
    return [Detail(what="name", before="old", after=str(payload["name"]))]


async def _note(
    connection: Connection, two: Approver, payload: Payload, at: datetime
) -> Mapping[str, str]:
    await connection.execute(
        "insert into officer_change (officer_id, at, what, role) values ($1, $2, 'role_given', $3)",
        two.proposed_by,
        at,
        payload["name"],
    )
    return {"client_secret": "shown once"}


async def _break(
    connection: Connection, two: Approver, payload: Payload, at: datetime
) -> Mapping[str, str]:
    await _note(connection, two, payload, at)
    raise NotFound("programme.unknown", "It broke half-way.")


COUNTED = Act(name="test.noted", propose=OFFICERS, explain=_explain, carry_out=_note)
BROKEN = Act(name="test.broken", propose=OFFICERS, explain=_explain, carry_out=_break)


async def proposed(
    country: WebCountry, by: Asker, name: str, act: str = "test.noted", at: datetime = NOW
) -> int:
    async with as_app(country) as connection:
        return await decide.propose(connection, by, act, {"name": name}, at)


async def approved(
    country: WebCountry, by: Asker, number: int, at: datetime = NOW
) -> Mapping[str, str] | str:
    """What was shown, or the code of the refusal."""
    try:
        async with as_app(country) as connection:
            return await decide.approve(connection, by, number, at)
    except RegistryError as refused:
        return refused.code


async def done_for(country: WebCountry, who: Asker) -> str:
    """Everything that these acts did for somebody, one after the other."""
    rows = await country.read(
        "select string_agg(role, '' order by change_id) as done from officer_change "
        f"where officer_id = {who.id} and role like '-%'"
    )
    return str(rows[0]["done"] or "")


async def test_it_is_done_once_by_two_people(country: WebCountry, two: tuple[Asker, Asker]) -> None:
    one, other = two
    number = await proposed(country, one, "-a")
    before = await done_for(country, one)
    own = await approved(country, one, number)
    assert own == "act.own"
    assert await done_for(country, one) == before
    assert await approved(country, other, number) == {"client_secret": "shown once"}
    assert await approved(country, other, number) == "act.decided"
    assert await done_for(country, one) == before + "-a"
    kinds = await country.read(
        "select kind, actor_id from audit_event "
        f"where (details ->> 'proposal')::integer = {number} order by event_id"
    )
    assert [tuple(row) for row in kinds] == [
        ("act.proposed", one.id),
        ("act.approved", other.id),
    ]


async def test_several_who_approve_at_once_do_it_once(
    country: WebCountry, two: tuple[Asker, Asker]
) -> None:
    one, other = two
    number = await proposed(country, one, "-b")
    before = await done_for(country, one)
    done = await asyncio.gather(*(approved(country, other, number) for _ in range(4)))
    assert sorted(str(each) for each in done if isinstance(each, str)) == ["act.decided"] * 3
    assert await done_for(country, one) == before + "-b"


async def test_control_without_the_lock_it_would_be_done_more_than_once(
    country: WebCountry, two: tuple[Asker, Asker], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two
    number = await proposed(country, one, "-c")
    before = await done_for(country, one)
    real = decide.store.proposal
    met = asyncio.Barrier(2)

    async def unlocked(connection: Connection, of: int, *, to_decide: bool = False) -> Any:
        found = await real(connection, of)
        await met.wait()
        return found

    monkeypatch.setattr(decide.store, "proposal", unlocked)
    done = await asyncio.gather(approved(country, other, number), approved(country, other, number))
    assert not [each for each in done if isinstance(each, str)]
    assert await done_for(country, one) == before + "-c-c"


async def test_half_way_nothing_is_done_and_it_stays_open(
    country: WebCountry, two: tuple[Asker, Asker]
) -> None:
    one, other = two
    number = await proposed(country, one, "-d", "test.broken")
    before = await done_for(country, one)
    assert await approved(country, other, number) == "programme.unknown"
    assert await done_for(country, one) == before
    async with as_app(country) as connection:
        waiting = await decide.due(connection, other, NOW)
        assert number in [each.proposal.proposal_id for each in waiting]
        await decide.refuse(connection, other, number, NOW, why="It cannot be done.")


async def test_it_expires_after_seven_days(country: WebCountry, two: tuple[Asker, Asker]) -> None:
    one, other = two
    number = await proposed(country, one, "-e")
    late = NOW + timedelta(days=7)
    assert await approved(country, other, number, late) == "act.expired"
    async with as_app(country) as connection:
        assert number not in [
            each.proposal.proposal_id for each in await decide.due(connection, other, late)
        ]
    assert not isinstance(await approved(country, other, number, late - timedelta(seconds=1)), str)


async def test_who_lost_the_right_meanwhile_can_neither_approve_nor_have_it_approved(
    country: WebCountry, two: tuple[Asker, Asker]
) -> None:
    one, other = two
    gone = await somebody(country, "administrator")
    them = await asker(country, gone, "administrator")
    number, theirs = await proposed(country, one, "-f"), await proposed(country, them, "-g")
    async with as_app(country) as connection:
        await suspend.suspend(connection, one, them.id, NOW)
    # Their session still says administrator; the database knows better.
    assert APPROVE in them.scopes
    assert await approved(country, them, number) == "act.right_lost"
    assert await approved(country, other, theirs) == "act.proposer_gone"
    async with as_app(country) as connection:
        await suspend.let_in(connection, one, them.id, NOW)
        role = (await give_role.locked_officer(connection, them.id, NOW)).grants[0].role_id
        await give_role.end_role(connection, one, them.id, role, NOW)
    assert await approved(country, them, number) == "act.right_lost"
    assert await approved(country, other, theirs) == "act.proposer_gone"
    for each in (number, theirs):
        async with as_app(country) as connection:
            await decide.refuse(connection, other, each, NOW, why="Not any more.")


async def test_who_has_not_the_right_neither_proposes_nor_approves(
    country: WebCountry, two: tuple[Asker, Asker]
) -> None:
    one, _ = two
    analyst = await asker(country, "analyst@example.org", "analyst")
    number = await proposed(country, one, "-h")
    assert await approved(country, analyst, number) == "page.not_allowed"
    with pytest.raises(NotAllowed):
        await proposed(country, analyst, "-i")
    with pytest.raises(NotFound):
        async with as_app(country) as connection:
            await decide.one(connection, analyst, number)
    async with as_app(country) as connection:
        assert await decide.due(connection, analyst, NOW) == []
    # Whoever claims a role that they do not hold is found out by what the database has.
    liar = await asker(country, "analyst@example.org", "administrator")
    assert await approved(country, liar, number) == "act.right_lost"
    partner = Asker(kind="partner", id=1, name="", purpose=one.purpose, ask=frozenset())
    assert await approved(country, partner, number) == "act.officers_only"
    async with as_app(country) as connection:
        await decide.refuse(connection, one, number, NOW)


async def test_refusing_needs_a_reason_and_withdrawing_does_not(
    country: WebCountry, two: tuple[Asker, Asker]
) -> None:
    one, other = two
    number = await proposed(country, one, "-j")
    with pytest.raises(NotUnderstood):
        async with as_app(country) as connection:
            await decide.refuse(connection, other, number, NOW, why="  ")
    with pytest.raises(Conflict):
        await proposed(country, other, "-j")
    async with as_app(country) as connection:
        await decide.refuse(connection, one, number, NOW)
        found, _ = await decide.one(connection, one, number)
    assert found.proposal.decision == "withdrawn"
    assert await approved(country, other, number) == "act.decided"


async def test_the_table_itself_refuses_that_somebody_approves_their_own(
    country: WebCountry, two: tuple[Asker, Asker]
) -> None:
    one, other = two
    number = await proposed(country, one, "-k")
    with pytest.raises(asyncpg.CheckViolationError):
        async with as_app(country) as connection:
            await decide.store.decide(connection, number, "approved", one.id, None, NOW)
    async with as_app(country) as connection:
        await decide.store.decide(connection, number, "approved", other.id, None, NOW)


# The acts of the registry itself.


def a_key() -> dict[str, Any]:
    return public_jwk(SigningKey.generate().verify_key)


def a_partner(sender_id: str) -> dict[str, Any]:
    return {
        "sender_id": sender_id,
        "name": "Ministry of Health",
        "report": [],
        "ask": ["OAP"],
        "scopes": ["registry.enrolled"],
        "encryption": "accepted",
        "keys": [a_key()],
        "jwks_url": None,
        "callback_urls": [],
    }


async def act(
    country: WebCountry, two: tuple[Asker, Asker], name: str, payload: dict[str, Any]
) -> Mapping[str, str] | str:
    async with as_app(country) as connection:
        number = await decide.propose(connection, two[0], name, payload, NOW)
    return await approved(country, two[1], number)


async def test_a_partner_is_added_by_two_people_and_its_rights_changed_so(
    country: WebCountry, two: tuple[Asker, Asker]
) -> None:
    sender = "health.example.org"
    shown = await act(country, two, partner_acts.ADD, a_partner(sender))
    assert isinstance(shown, Mapping)
    assert set(shown) == {"sender_id", "client_id", "client_secret"}
    key = a_key()
    scopes = ["registry.enrolled", "registry.search"]
    assert (
        await act(country, two, partner_acts.SCOPE, {"sender_id": sender, "scopes": scopes}) == {}
    )
    assert (
        await act(
            country, two, partner_acts.KEY, {"sender_id": sender, "add": [key], "revoke": None}
        )
        == {}
    )
    assert (
        await act(
            country, two, partner_acts.KEY, {"sender_id": sender, "add": [], "revoke": key["kid"]}
        )
        == {}
    )
    found = (await country.read(f"select * from partner where sender_id = '{sender}'"))[0]
    keys = await country.read(
        f"select kid, source, revoked_at is not null as revoked from partner_key "
        f"where partner_id = {found['partner_id']} order by added_at"
    )
    assert sorted(found["scopes"]) == scopes
    assert shown["client_secret"] not in str(dict(found))
    assert [row["source"] for row in keys] == ["hand", "hand"]
    assert {row["kid"]: row["revoked"] for row in keys}[key["kid"]] is True
    proposals = await country.read("select payload::text as p from proposal")
    assert shown["client_secret"] not in " ".join(row["p"] for row in proposals)
    acted = await country.read(
        "select actor_id from audit_event where kind in ('partner.added', 'partner.changed', "
        f"'partner.keys_changed') and (details ->> 'partner')::integer = {found['partner_id']}"
    )
    assert {row["actor_id"] for row in acted} == {two[0].id}


@pytest.mark.parametrize(
    "statement",
    [
        "insert into partner (sender_id, name, client_id, secret_hash, scopes) "
        "values ('x', 'x', 'x', 'x', '{}')",
        "insert into partner_programme (partner_id, programme_id) values (1, 1)",
        "insert into partner_key (partner_id, kid, public_jwk, algorithm, use, source) "
        "values (1, 'x', '{}', 'ed25519', 'sig', 'hand')",
    ],
)
async def test_the_pages_write_no_partner_without_two_people(
    country: WebCountry, statement: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with as_app(country) as connection:
            await connection.execute(statement)
    async with as_app(country) as connection:
        # No row of a partner can be changed either: the policy lets the statement see none.
        status = await connection.execute("update partner set scopes = '{}'")
    assert status == "UPDATE 0"


async def test_what_could_not_be_carried_out_is_not_proposed(
    country: WebCountry, two: tuple[Asker, Asker]
) -> None:
    for wrong, code in (
        ({"sender_id": "mis.example.org"}, "partner.exists"),
        ({"sender_id": "a b"}, "partner.sender_id"),
        ({"keys": []}, "partner.no_key"),
        ({"ask": ["NOPE"]}, "programme.unknown"),
        ({"scopes": ["registry.everything"]}, "scope.unknown"),
        ({"keys": [a_key() | {"d": "private"}]}, "key.private"),
    ):
        with pytest.raises(RegistryError) as refused:
            await act(country, two, partner_acts.ADD, a_partner("new.example.org") | wrong)
        assert refused.value.code == code
    assert not await country.read("select 1 from partner where sender_id = 'new.example.org'")


async def test_an_administrator_is_made_by_two_people(
    country: WebCountry, two: tuple[Asker, Asker]
) -> None:
    email = await somebody(country, "steward")
    number = await number_of(country, email)
    payload = {
        "officer": number,
        "role": "administrator",
        "programmes": None,
        "areas": None,
        "from": None,
        "until": "2027-12-31",
    }
    assert await act(country, two, "officer.role", payload) == {}
    rows = await country.read(
        f"select role, valid_until::text as until, given_by from officer_role "
        f"where officer_id = {number} and role = 'administrator'"
    )
    assert [tuple(row) for row in rows] == [("administrator", "2027-12-31", two[0].id)]
    # Nobody is the second person for their own role.
    third = await somebody(country, "data_protection_officer")
    them = await asker(country, third, "data_protection_officer")
    async with as_app(country) as connection:
        with pytest.raises(Conflict):
            await decide.propose(
                connection, two[0], "officer.role", payload | {"officer": them.id}, NOW
            )


async def test_a_large_file_needs_a_second_person_and_is_open_to_its_proposer_for_a_day(
    country: WebCountry, two: tuple[Asker, Asker]
) -> None:
    analyst = await asker(country, "analyst@example.org", "analyst")
    payload = payload_of(["N1"], ["programme"], ["2026-10"], {}, "csv", 11)

    async def may(who: Asker, at: datetime, **changed: Any) -> bool:
        try:
            async with as_app(country) as connection:
                await must_be_granted(connection, who, payload | changed, 10, at)
        except NeedsSecond:
            return False
        return True

    assert await may(analyst, NOW, figures=10)
    assert not await may(analyst, NOW)
    async with as_app(country) as connection:
        number = await decide.propose(connection, analyst, "export.bulk", payload, NOW)
    assert not await may(analyst, NOW)
    assert await approved(country, two[1], number) == {}
    assert await may(analyst, NOW + timedelta(hours=23))
    assert not await may(analyst, NOW + timedelta(hours=25))
    assert not await may(two[0], NOW)
    assert not await may(analyst, NOW, figures=12)


# The pages.


async def newest(country: WebCountry) -> int:
    """The number of the proposal made last."""
    return int((await country.read("select max(proposal_id) as n from proposal"))[0]["n"])


async def test_the_pages_from_proposing_to_the_secret_shown_once(
    country: WebCountry, two: tuple[Asker, Asker]
) -> None:
    second = two[1].name
    form = {
        "sender_id": "labour.example.org",
        "name": "Ministry of Labour",
        "a-OAP": "yes",
        "s-registry.enrolled": "yes",
        "keys": '{"keys": [' + json.dumps(a_key()) + "]}",
        "why": "Agreement of 2026.",
    }
    async with visitor(country, ADA) as one, visitor(country, second) as other:
        done = await send(one, "/partners/add", "/partners/add", **form)
        address = await newest(country)
        mine = await one.get("/approvals")
        own = await send(one, f"/approvals/{address}/approve", f"/approvals/{address}")
        page = await other.get(f"/approvals/{address}")
        shown = await send(other, f"/approvals/{address}/approve", f"/approvals/{address}")
        later = await other.get(f"/approvals/{address}")
        twice = await send(other, f"/approvals/{address}/approve")
    assert done.headers["location"] == "/partners?done=proposed"
    assert f'href="/approvals/{address}"' in mine.text
    assert "problem=act.own" in own.headers["location"]
    assert "labour.example.org" in page.text
    assert "Agreement of 2026." in page.text
    assert "client_secret" in shown.text
    assert "client_secret" not in later.text
    assert "problem=act.decided" in twice.headers["location"]


async def test_a_form_of_a_partner_with_a_mistake_comes_back_filled(
    country: WebCountry, two: tuple[Asker, Asker]
) -> None:
    form = {"sender_id": "bad.example.org", "name": "Bad", "s-registry.enrolled": "yes"}
    async with visitor(country, ADA) as client:
        no_key = await send(client, "/partners/add", "/partners/add", **form)
        no_json = await send(client, "/partners/add", "/partners/add", **form, keys="{")
        address = await send(
            client, "/partners/add", "/partners/add", **form, jwks_url="http://10.0.0.1/x"
        )
        scopes = await send(client, "/partners/mis.example.org/scopes")
        keys = await send(client, "/partners/mis.example.org/keys", keys="[]")
        unknown = await client.get("/partners/nobody.example.org")
    statuses = [each.status_code for each in (no_key, no_json, address, scopes, keys, unknown)]
    assert statuses == [400, 400, 400, 400, 400, 404]
    assert 'value="bad.example.org"' in no_key.text


@pytest.mark.parametrize("role", ["administrator", "data_protection_officer"])
async def test_who_may_be_the_second_person_is_invited_by_two(
    country: WebCountry, two: tuple[Asker, Asker], role: str
) -> None:
    email = f"chief.{role}@example.org"
    async with visitor(country, ADA) as one, visitor(country, two[1].name) as other:
        invited = await send(
            *(one, "/officers/invite", "/officers/invite"), email=email, name="Chief", role=role
        )
        number = await number_of(country, email)
        # Who invited can get no link for them: with it they would be their own second person.
        alone = await send(one, f"/officers/{number}/link", f"/officers/{number}")
        address = await newest(country)
        shown = await send(other, f"/approvals/{address}/approve", f"/approvals/{address}")
    assert "/welcome/" not in invited.text
    assert "problem=officer.no_role_yet" in alone.headers["location"]
    async with visitor(country) as client:
        link = link_in(shown.text)
        done = await client.post(link, data={"password": PASSWORD, "again": PASSWORD})
        let_in = await sign_in(client, email)
    assert (done.status_code, let_in.status_code) == (303, 303)
    await country.read(f"update officer_role set ended_at = now() where officer_id = {number}")


async def test_a_reset_for_who_may_be_the_second_person_takes_two(
    country: WebCountry, two: tuple[Asker, Asker]
) -> None:
    number = two[1].id
    with pytest.raises(NotAllowed) as refused:
        async with as_app(country) as connection:
            await make_link(connection, two[0], number, NOW)
    assert refused.value.code == "officer.link_needs_two"
    async with visitor(country, ADA) as one:
        proposed = await send(one, f"/officers/{number}/link", f"/officers/{number}")
    assert "done=proposed" in proposed.headers["location"]
    waiting = await country.read(
        "select max(proposal_id) as n from proposal where act = 'officer.link'"
    )
    # Neither who proposed it nor whom it is for may be shown the link.
    assert await approved(country, two[0], waiting[0]["n"]) == "act.own"
    assert await approved(country, two[1], waiting[0]["n"]) == "officer.own_link"
    third = await somebody(country, "data_protection_officer")
    them = await asker(country, third, "data_protection_officer")
    shown = await approved(country, them, waiting[0]["n"])
    assert isinstance(shown, Mapping)
    assert set(shown) == {"link"}
