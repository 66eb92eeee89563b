"""Partners' keys: with a life, added by hand or fetched, revoked everywhere within a minute
(reliability C11, D7)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from nacl.signing import SigningKey

from ibr.access.keys.change_keys import Times, change_keys, known_keys
from ibr.access.keys.model import FetchState, KnownKey
from ibr.access.model import Partner
from ibr.access.partners import PartnerBook, add_partner, change_partner
from ibr.audit.events import PARTNER_KEYS
from ibr.calls.model import CallFailed, Reply
from ibr.db.pool import open_database, owner_transaction
from ibr.errors import Conflict, NotFound, NotUnderstood
from ibr.ids import new_token
from ibr.interop.dci.partner_keys import PartnerKeys
from ibr_messages.encryption import decryption_key, new_key
from ibr_messages.jwk import check_partner_jwk, check_partner_jwks, public_jwk, usable_keys

T = TypeVar("T")
Json = dict[str, Any]
# Near the real time, which the database goes by when it leaves out keys that ended long ago.
START = datetime.now(UTC).replace(microsecond=0)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
URL = "https://keys.example.org/jwks.json"
ECDH_KEY = new_key("ECDH-ES+A256KW").public_jwk()


def a_key(kid: str | None = None) -> Json:
    jwk = public_jwk(SigningKey.generate().verify_key)
    return {**jwk, "kid": kid} if kid else jwk


class Server:
    """Where a partner publishes its keys."""

    def __init__(self, *keys: Json) -> None:
        self.keys = list(keys)
        self.answer: Reply | Exception | None = None
        self.asked: list[tuple[str, str]] = []
        self.wait = asyncio.Event()
        self.wait.set()

    async def send(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes,
        *,
        longest_answer: int = 0,
    ) -> Reply:
        assert body == b""
        assert longest_answer == 65_536
        self.asked.append((method, url))
        await self.wait.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer or Reply(200, {}, json.dumps({"keys": self.keys}).encode())


class Desk:
    """A database with partners, and processes that fetch."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.runner = asyncio.Runner()
        self.at = START
        self.database = self.run(open_database(dsn, "ibr_app", size=3, name="partner keys"))

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return self.runner.run(awaited())

    def process(self, server: Server) -> PartnerKeys:
        return PartnerKeys(
            partial(self.database.transaction, ()), server.send, clock=lambda: self.at
        )

    def partner(self, *keys: Json, jwks_url: str | None = URL) -> Partner:
        sender = f"spmis-{new_token()[:8]}"

        async def work() -> None:
            async with owner_transaction(self.dsn) as connection:
                await add_partner(
                    connection,
                    sender_id=sender,
                    name=None,
                    report=[],
                    ask=[],
                    scopes=["all"],
                    signature_policy="required",
                    keys=[check_partner_jwk(key) for key in keys],
                    jwks_url=jwks_url,
                    callback_urls=[],
                )
                await connection.execute("update ibr.partner_key set not_before = $1", START - DAY)

        self.run(work())
        return self.now(sender)

    def now(self, sender: str) -> Partner:
        """The partner as a process knows it that has just read."""
        book = PartnerBook(self.database)
        self.run(book.refresh(0))
        return next(each for each in self.run(book.everyone()) if each.sender_id == sender)

    def change(self, partner: Partner, **what: Any) -> None:
        async def work() -> None:
            async with owner_transaction(self.dsn) as connection:
                await change_keys(connection, partner.sender_id, self.at, **what)

        self.run(work())

    def known(self, partner: Partner) -> tuple[dict[str, KnownKey], FetchState | None]:
        async def work() -> tuple[list[KnownKey], FetchState | None]:
            async with owner_transaction(self.dsn) as connection:
                return await known_keys(connection, partner.sender_id)

        found, state = self.run(work())
        return {key.kid: key for key in found}, state

    def states(self, partner: Partner) -> dict[str, str]:
        return {kid: key.state(self.at) for kid, key in self.known(partner)[0].items()}

    def signs(self, partner: Partner, kid: str, at: datetime | None = None) -> bool:
        """Whether a signature with this key is taken from the partner."""
        return self.now(partner.sender_id).key(kid, "", at or self.at) is not None

    def owner(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        async def work() -> list[asyncpg.Record]:
            async with owner_transaction(self.dsn) as connection:
                return await connection.fetch(statement, *values)

        return self.run(work())

    def close(self) -> None:
        self.run(self.database.close())
        self.runner.close()


@pytest.fixture
def desk(dsn: str) -> Iterator[Desk]:
    desk = Desk(dsn)
    try:
        yield desk
    finally:
        desk.close()


# By hand.


def test_several_keys_count_side_by_side_each_in_its_time(desk: Desk) -> None:
    old, new = a_key(), a_key()
    partner = desk.partner(old)
    times = Times(START + DAY, START + 3 * DAY)
    desk.change(partner, add=[check_partner_jwk(new)], times=times)
    moments = [START, START + DAY, START + 3 * DAY, START + 3 * DAY + MINUTE]
    assert [desk.signs(partner, new["kid"], at) for at in moments] == [False, True, True, False]
    assert [desk.signs(partner, old["kid"], at) for at in moments] == [True] * 4
    desk.change(partner, add=[check_partner_jwk(old)], times=Times(None, START + DAY))
    assert not desk.signs(partner, old["kid"], START + 2 * DAY)


def test_two_processes_know_of_a_revocation_when_they_read(desk: Desk) -> None:
    key = a_key()
    partner = desk.partner(key)
    books = [PartnerBook(desk.database), PartnerBook(desk.database)]
    for book in books:
        desk.run(book.refresh(0))
    desk.change(partner, revoke=key["kid"])

    def known_to(book: PartnerBook) -> bool:
        found = desk.run(book.by_number(partner.partner_id))
        assert found is not None
        return found.key(key["kid"], "", desk.at) is not None

    # The control: what was read a moment ago still stands.
    assert [known_to(book) for book in books] == [True, True]
    for book in books:
        book._loaded_at = time.monotonic() - 5.1
    assert [known_to(book) for book in books] == [False, False]


def test_a_revoked_key_never_comes_back(desk: Desk) -> None:
    key = a_key()
    partner = desk.partner(key)
    desk.change(partner, revoke=key["kid"])
    with pytest.raises(Conflict) as refused:
        desk.change(partner, add=[check_partner_jwk(key)])
    assert refused.value.code == "key.revoked"
    with pytest.raises(NotFound):
        desk.change(partner, revoke=key["kid"])
    assert desk.states(partner) == {key["kid"]: "revoked"}


def test_another_key_under_the_same_id_is_refused(desk: Desk) -> None:
    partner = desk.partner(a_key("key-1"))
    with pytest.raises(Conflict) as refused:
        desk.change(partner, add=[check_partner_jwk(a_key("key-1"))])
    assert refused.value.code == "key.kid_taken"


@pytest.mark.parametrize(
    "times", [Times(START + DAY, START), Times(START + DAY, START + DAY), Times(None, START)]
)
def test_times_that_never_count_are_refused(desk: Desk, times: Times) -> None:
    with pytest.raises(NotUnderstood):
        desk.change(desk.partner(), add=[check_partner_jwk(a_key())], times=times)


def test_twenty_keys_count_at_most(desk: Desk) -> None:
    partner = desk.partner(*(a_key() for _ in range(20)))
    with pytest.raises(Conflict) as refused:
        desk.change(partner, add=[check_partner_jwk(a_key())])
    assert refused.value.code == "key.too_many"
    assert len(desk.known(partner)[0]) == 20
    desk.change(partner, revoke=next(iter(desk.known(partner)[0])))
    desk.change(partner, add=[check_partner_jwk(a_key())])


def test_a_key_to_write_to_verifies_nothing_and_the_other_way_round(desk: Desk) -> None:
    signing = a_key()
    partner = desk.partner(signing, ECDH_KEY)
    assert desk.signs(partner, signing["kid"])
    assert not desk.signs(partner, ECDH_KEY["kid"])
    known = desk.now(partner.sender_id).encryption_key(START)
    assert known is not None
    assert known.kid == ECDH_KEY["kid"]


def test_a_partner_is_written_to_with_its_newest_key(desk: Desk) -> None:
    partner = desk.partner(ECDH_KEY)
    newer = check_partner_jwk(new_key("ECDH-ES+A256KW").public_jwk())
    desk.change(partner, add=[newer], times=Times(START + DAY, START + 2 * DAY))
    moments = [START, START + DAY, START + 3 * DAY]
    kids = [desk.now(partner.sender_id).encryption_key(at) for at in moments]
    assert [key.kid if key else None for key in kids] == [
        ECDH_KEY["kid"],
        newer["kid"],
        ECDH_KEY["kid"],
    ]


def test_changes_of_a_partner_are_kept_and_told(desk: Desk) -> None:
    partner = desk.partner()

    async def work(**what: Any) -> None:
        async with owner_transaction(desk.dsn) as connection:
            await change_partner(connection, partner.sender_id, **what)

    added = ["https://one.example/cb", "https://two.example/cb"]
    desk.run(work(encryption_policy="required", signature_profile="raw", add_callbacks=added))
    desk.run(work(remove_callbacks=added[:1], jwks_url=""))
    after = desk.now(partner.sender_id)
    assert (after.encryption_policy, after.signature_profile) == ("required", "raw")
    assert after.callback_urls == ("https://two.example/cb",)
    assert after.jwks_url is None
    assert after.name == partner.name
    with pytest.raises(NotFound):
        desk.run(work(remove_callbacks=["https://three.example"]))
    with pytest.raises(NotUnderstood):
        desk.run(work())


# Fetched.


def test_what_a_partner_publishes_counts(desk: Desk) -> None:
    key = a_key()
    partner, server = desk.partner(), Server(key, ECDH_KEY)
    assert desk.run(desk.process(server).fetch(partner)) == "ok"
    assert server.asked == [("GET", URL)]
    assert desk.signs(partner, key["kid"])
    found, state = desk.known(partner)
    assert {each.source for each in found.values()} == {"fetched"}
    assert state is not None
    assert (state.outcome, state.kept, state.left_out) == ("ok", 2, 0)
    [event] = desk.owner(
        "select details from ibr.audit_event where kind = $1 order by event_id desc limit 1",
        PARTNER_KEYS,
    )
    assert json.loads(event["details"])["added"] == [key["kid"], ECDH_KEY["kid"]]


def test_a_key_that_left_the_list_ends_and_comes_back_with_it(desk: Desk) -> None:
    staying, leaving = a_key(), a_key()
    partner, server = desk.partner(), Server(staying, leaving)
    process = desk.process(server)
    desk.run(process.fetch(partner))
    server.keys.remove(leaving)
    desk.at = START + timedelta(minutes=15)
    desk.run(process.fetch(partner))
    assert not desk.signs(partner, leaving["kid"], desk.at + MINUTE)
    assert desk.signs(partner, staying["kid"])
    server.keys.append(leaving)
    desk.at += timedelta(minutes=15)
    desk.run(process.fetch(partner))
    assert desk.signs(partner, leaving["kid"])


def test_what_staff_decided_is_not_overruled(desk: Desk) -> None:
    by_hand, revoked, ending = a_key(), a_key(), a_key()
    partner, server = desk.partner(by_hand, revoked, ending), Server(revoked, ending, a_key())
    desk.change(partner, revoke=revoked["kid"])
    until = Times(None, START + DAY)
    desk.change(partner, add=[check_partner_jwk(ending)], times=until)
    desk.run(desk.process(server).fetch(partner))
    found, state = desk.known(partner)
    assert found[by_hand["kid"]].not_after is None
    assert found[revoked["kid"]].revoked_at is not None
    assert found[ending["kid"]].not_after == START + DAY
    assert state is not None
    assert (state.kept, state.left_out) == (2, 1)


def test_a_fetched_key_that_was_revoked_stays_so(desk: Desk) -> None:
    key = a_key()
    partner, server = desk.partner(), Server(key, a_key())
    process = desk.process(server)
    desk.run(process.fetch(partner))
    desk.change(partner, revoke=key["kid"])
    for _ in range(2):
        desk.at += timedelta(minutes=15)
        desk.run(process.fetch(partner))
        assert desk.states(partner)[key["kid"]] == "revoked"


def test_another_key_under_a_known_id_replaces_nothing(desk: Desk) -> None:
    first, second = a_key("key-1"), a_key("key-1")
    partner, server = desk.partner(), Server(first)
    process = desk.process(server)
    desk.run(process.fetch(partner))
    server.keys = [second]
    desk.at += timedelta(minutes=15)
    desk.run(process.fetch(partner))
    found, state = desk.known(partner)
    assert found["key-1"].public_jwk["x"] == first["x"]
    assert state is not None
    assert (state.kept, state.left_out) == (0, 1)


def test_a_partner_can_only_publish_for_itself(desk: Desk) -> None:
    key = a_key("key-1")
    victim, attacker = desk.partner(key), desk.partner()
    desk.run(desk.process(Server(a_key("key-1"))).fetch(attacker))
    assert desk.known(victim)[0]["key-1"].public_jwk["x"] == key["x"]
    assert list(desk.known(victim)[0]) == ["key-1"]


PRIVATE = {**a_key(), "d": "AAAA"}
SHORT = rsa.generate_private_key(65537, 1024).public_key().public_numbers()


@pytest.mark.parametrize(
    "useless",
    [
        PRIVATE,
        {"kty": "oct", "k": "AAAA", "kid": "o"},
        {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA", "use": "enc"},
        {**ECDH_KEY, "alg": "ECDH-ES"},
        {**ECDH_KEY, "y": ECDH_KEY["x"]},
        {**ECDH_KEY, "use": "sig"},
        {"kty": "RSA", "n": f"{SHORT.n:x}", "e": "AQAB", "use": "enc"},
        {"kty": "RSA", "n": "_" * 2000, "e": "AQAB"},
        {"kty": "RSA", "n": "_" * 400, "e": "_" * 300},
        {**a_key(), "alg": "none"},
        {**a_key(), "kid": "k" * 301},
        "x",
        None,
        [],
        {},
    ],
    ids=range(15),
)
def test_keys_that_do_not_pass_the_checks_are_left_out(desk: Desk, useless: Any) -> None:
    good = a_key()
    partner = desk.partner()
    desk.run(desk.process(Server(useless, good)).fetch(partner))
    found, state = desk.known(partner)
    assert list(found) == [good["kid"]]
    assert state is not None
    assert state.left_out == 1


FAILURES: dict[str, Reply | Exception] = {
    "timeout": CallFailed("timeout"),
    "address": CallFailed("address"),
    "too_large": CallFailed("too_large"),
    "http_302": Reply(302, {"location": URL}, b""),
    "http_404": Reply(404, {}, b"{}"),
    "http_500": Reply(500, {}, b""),
    "message.json": Reply(200, {}, b"<html>"),
    "key.invalid": Reply(200, {}, b'{"keys":[]}'),
    "key.none_usable": Reply(200, {}, json.dumps({"keys": [PRIVATE]}).encode()),
    "key.too_many": Reply(200, {}, json.dumps({"keys": [a_key() for _ in range(21)]}).encode()),
}


@pytest.mark.parametrize("outcome", FAILURES)
def test_a_list_that_cannot_be_had_changes_nothing(desk: Desk, outcome: str) -> None:
    key = a_key()
    partner, server = desk.partner(), Server(key)
    process = desk.process(server)
    desk.run(process.fetch(partner))
    server.answer = FAILURES[outcome]
    desk.at += timedelta(minutes=15)
    assert desk.run(process.fetch(partner)) == outcome
    assert desk.states(partner) == {key["kid"]: "counts"}
    state = desk.known(partner)[1]
    assert state is not None
    assert (state.outcome, state.fetched_at, state.tried_at) == (outcome, START, desk.at)
    assert state.kept == 1


@pytest.mark.parametrize("body", [b'{"keys":[],"keys":[{}]}', b'{"keys":[{"kty":NaN}]}', b"\xff"])
def test_a_list_is_read_as_strictly_as_a_message(desk: Desk, body: bytes) -> None:
    server = Server()
    server.answer = Reply(200, {}, body)
    assert desk.run(desk.process(server).fetch(desk.partner())) == "message.json"


# For a key that is not known.


def test_an_unknown_key_has_the_list_fetched_at_once(desk: Desk) -> None:
    key = a_key()
    partner = desk.partner(a_key())
    assert desk.run(desk.process(Server(key)).learn(partner))
    assert desk.signs(partner, key["kid"])


def test_a_flood_of_unknown_keys_fetches_once_a_minute(desk: Desk) -> None:
    partner, server = desk.partner(), Server(a_key())
    process = desk.process(server)

    async def flood(count: int) -> list[bool]:
        return [await process.learn(partner) for _ in range(count)]

    assert sum(desk.run(flood(5_000))) == 1
    assert len(server.asked) == 1
    process._asked[partner.partner_id] = time.monotonic() - 61
    desk.at += timedelta(seconds=61)
    assert sum(desk.run(flood(100))) == 1
    assert len(server.asked) == 2


def test_a_flood_is_one_fetch_for_all_processes_together(desk: Desk) -> None:
    partner, server = desk.partner(), Server(a_key())
    for _ in range(5):
        desk.run(desk.process(server).learn(partner))
    assert len(server.asked) == 1
    # The control: a minute later another process may.
    desk.at += timedelta(seconds=60)
    desk.run(desk.process(server).learn(partner))
    assert len(server.asked) == 2


def test_messages_that_arrive_meanwhile_wait_for_the_same_fetch(desk: Desk) -> None:
    key = a_key()
    partner, server = desk.partner(), Server(key)
    process = desk.process(server)

    async def together() -> list[bool]:
        server.wait.clear()
        asking = [asyncio.create_task(process.learn(partner)) for _ in range(20)]
        await asyncio.sleep(0.05)
        asking[0].cancel()
        server.wait.set()
        return [await each for each in asking[1:]]

    assert all(desk.run(together()))
    assert len(server.asked) == 1
    assert desk.signs(partner, key["kid"])


def test_without_an_address_or_when_shut_out_nothing_is_fetched(desk: Desk) -> None:
    server = Server(a_key())
    nowhere = desk.partner(jwks_url=None)
    shut_out = desk.partner()
    desk.owner(
        "update ibr.partner set suspended_at = now() where partner_id = $1", shut_out.partner_id
    )
    process = desk.process(server)
    assert not desk.run(process.learn(nowhere))
    assert not desk.run(process.learn(desk.now(shut_out.sender_id)))
    desk.run(process.fetch_all([nowhere, desk.now(shut_out.sender_id)]))
    assert server.asked == []


def test_all_lists_are_fetched_now_and_then(desk: Desk) -> None:
    server = Server(a_key())
    partners = [desk.partner() for _ in range(12)]
    process = desk.process(server)
    desk.run(process.fetch_all(partners))
    assert len(server.asked) == 12
    desk.run(process.fetch_all(partners))
    assert len(server.asked) == 12
    desk.at += timedelta(minutes=15)
    desk.run(process.fetch_all(partners))
    assert len(server.asked) == 24


# What the roles of the running registry may do to keys.


@pytest.mark.parametrize("role", ["ibr_app", "ibr_worker"])
def test_the_running_registry_cannot_overrule_staff(desk: Desk, role: str) -> None:
    by_hand, fetched, revoked = a_key(), a_key(), a_key()
    partner = desk.partner(by_hand)
    desk.run(desk.process(Server(fetched, revoked)).fetch(partner))
    desk.change(partner, revoke=revoked["kid"])

    async def as_role(statement: str, *values: Any) -> str:
        async with owner_transaction(desk.dsn) as connection:
            await connection.execute(f"set local role {role}")
            return await connection.execute(statement, *values)

    def refused(statement: str, *values: Any) -> None:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            desk.run(as_role(statement, *values))

    end = "update ibr.partner_key set not_after = now() where kid = $1"
    assert desk.run(as_role(end, by_hand["kid"])) == "UPDATE 0"
    assert desk.run(as_role(end, revoked["kid"])) == "UPDATE 0"
    assert desk.run(as_role(end, fetched["kid"])) == "UPDATE 1"
    # The pages revoke what two people approved, so the statement is allowed and finds no row.
    again = "update ibr.partner_key set revoked_at = null where kid = $1 and revoked_at is not null"
    if role == "ibr_app":
        assert desk.run(as_role(again, revoked["kid"])) == "UPDATE 0"
    else:
        refused(again, revoked["kid"])
    refused("update ibr.partner_key set public_jwk = '{}' where kid = $1", fetched["kid"])
    refused("delete from ibr.partner_key where kid = $1", by_hand["kid"])
    refused(
        "insert into ibr.partner_key (partner_id, kid, public_jwk, algorithm, use, source) "
        "values ($1, 'mine', '{}', 'ed25519', 'sig', 'hand')",
        partner.partner_id,
    )


def test_keys_of_long_ago_are_not_read_again_and_again(desk: Desk) -> None:
    revoked, old, ended, current = a_key(), a_key(), a_key(), a_key()
    partner = desk.partner(revoked, old, ended, current)
    desk.change(partner, revoke=revoked["kid"])
    for key, days in ((old, 31), (ended, 29)):
        desk.owner(
            "update ibr.partner_key set not_after = $2 where kid = $1",
            key["kid"],
            START - days * DAY,
        )
    kids = {key.kid for key in desk.now(partner.sender_id).keys}
    assert kids == {revoked["kid"], ended["kid"], current["kid"]}
    counts = [desk.signs(partner, key["kid"]) for key in (revoked, ended, current)]
    assert counts == [False, False, True]
    assert len(desk.known(partner)[0]) == 4


# What is taken from a list.


def test_a_list_with_keys_of_both_uses_is_taken_whole() -> None:
    signing = a_key()
    large = decryption_key(new_key("RSA-OAEP-256").stored()).public_jwk()
    keys = check_partner_jwks({"keys": [signing, large, ECDH_KEY]})
    assert [(key["use"], key["alg"]) for key in keys] == [
        ("sig", "ed25519"),
        ("enc", "RSA-OAEP-256"),
        ("enc", "ECDH-ES+A256KW"),
    ]
    assert usable_keys({"keys": [signing, large, ECDH_KEY]}) == (keys, 0)


def test_a_key_that_does_not_say_its_use_is_for_what_it_can_do() -> None:
    unsaid = {name: value for name, value in ECDH_KEY.items() if name != "use"}
    assert check_partner_jwk(unsaid)["use"] == "enc"
    x25519 = {"kty": "OKP", "crv": "X25519", "x": ECDH_KEY["x"]}
    assert check_partner_jwk(x25519)["alg"] == "ECDH-ES+A256KW"
    assert check_partner_jwk({name: a_key()[name] for name in ("kty", "crv", "x")})["use"] == "sig"


def test_two_keys_with_one_id_are_refused_by_hand() -> None:
    with pytest.raises(NotUnderstood):
        check_partner_jwks({"keys": [a_key("k"), a_key("k")]})
