"""The life of the registry's own keys, by a clock that the test turns (reliability D7)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any, TypeVar

import asyncpg
import pytest

from ibr.access.partners import PartnerBook
from ibr.access.tokens import Tokens
from ibr.audit.events import OWN_KEY_MADE, OWN_KEY_REVOKED
from ibr.db.pool import Database, open_database, owner_transaction
from ibr.errors import Conflict, NotFound, NotProven, Unavailable
from ibr.interop.dci import keys
from ibr.interop.dci.keys import OwnKeys
from ibr.protection.keyring import new_keyring
from ibr.protection.seal import Sealer
from ibr_messages import encryption
from ibr_messages.encryption import decrypt, encrypt, encryption_key, new_key, read_encrypted
from ibr_messages.signature import read_signature

T = TypeVar("T")
Json = dict[str, Any]
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SCOPES = frozenset({"registry.search"})


class Process:
    """One process of the registry: keys of its own, as it last read them."""

    def __init__(self, registry: Registry, database: Database) -> None:
        self.registry = registry
        self.database = database
        self.tokens = Tokens("ibr.example.org", 900)
        self.keys = OwnKeys(
            "ibr.example.org", registry.sealer, self.tokens, clock=lambda: registry.at
        )
        self.book = PartnerBook(database, self.keys.read)

    def reads(self) -> Process:
        """What happens every few seconds."""
        self.registry.run(self.book.refresh(0))
        return self

    @property
    def signs_with(self) -> str:
        signature = self.keys.sign(b"{}", self.registry.at.timestamp())
        return read_signature(signature).kid

    def opens(self, message: Json) -> bytes | None:
        sealed = read_encrypted(message, 1000)
        key = self.keys.decryption_key(sealed.kid, self.registry.at)
        return decrypt(sealed, key) if key else None

    def token(self) -> str:
        return self.tokens.make("c", SCOPES, self.registry.at.timestamp())

    def knows(self, token: str) -> bool:
        try:
            self.tokens.check(token, self.registry.at.timestamp())
        except NotProven:
            return False
        return True


class Registry:
    """A database with keys, two processes, and a clock."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.runner = asyncio.Runner()
        self.sealer = Sealer(new_keyring())
        self.at = START
        self.run(self._owner("delete from ibr.registry_key"))
        self.change(keys.make_missing_keys)
        self.database = self.run(open_database(dsn, "ibr_app", size=1, name="own keys"))
        self.one, self.other = Process(self, self.database), Process(self, self.database)
        self.one.reads()
        self.other.reads()

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return self.runner.run(awaited())

    async def _owner(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        async with owner_transaction(self.dsn) as connection:
            return await connection.fetch(statement, *values)

    def change(self, what: Any, *given: Any) -> Any:
        """One of the commands."""

        async def work() -> Any:
            async with owner_transaction(self.dsn) as connection:
                return await what(connection, self.sealer, *given, self.at)

        return self.run(work())

    def rotate(self, use: str = "sig") -> str:
        return self.change(keys.rotate, use)[0][0]

    def published(self, use: str = "sig") -> list[str]:
        return [key["kid"] for key in self.jwks() if key["use"] == use]

    def jwks(self) -> list[Json]:
        async def work() -> Json:
            async with owner_transaction(self.dsn) as connection:
                return await keys.published_keys(connection, self.at)

        return self.run(work())["keys"]

    def encrypted(self, kid: str) -> Json:
        """A message that a partner encrypts to this published key."""
        [jwk] = [key for key in self.jwks() if key["kid"] == kid]
        return encrypt(b"hello", encryption_key(jwk))

    def all(self) -> dict[str, keys.OwnKey]:
        async def work() -> list[keys.OwnKey]:
            async with owner_transaction(self.dsn) as connection:
                return await keys.own_keys(connection, self.at)

        return {key.kid: key for key in self.run(work())}

    def events(self, kind: str) -> int:
        rows = self.run(self._owner("select 1 from ibr.audit_event where kind = $1", kind))
        return len(rows)

    def close(self) -> None:
        self.run(self.database.close())
        self.runner.close()


# Made once: each test begins without keys, so none ever meets the same key twice in one life.
_MADE = {algorithm: [new_key(algorithm) for _ in range(3)] for algorithm in encryption.ALGORITHMS}


@pytest.fixture
def registry(dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    ready = {algorithm: cycle(made) for algorithm, made in _MADE.items()}
    monkeypatch.setattr(keys, "new_key", lambda algorithm: next(ready[algorithm]))
    registry = Registry(dsn)
    try:
        yield registry
    finally:
        registry.close()


def test_the_first_start_makes_a_key_of_each_kind(registry: Registry) -> None:
    assert [(key["use"], key["alg"]) for key in registry.jwks()] == [
        ("sig", "EdDSA"),
        *sorted((("enc", "RSA-OAEP-256"), ("enc", "ECDH-ES+A256KW")), key=_by_kid(registry)),
    ]
    assert all({"kty", "kid", "use", "alg"} <= set(key) for key in registry.jwks())
    assert all(not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key) for key in registry.jwks())
    registry.change(keys.make_missing_keys)
    assert len(registry.all()) == 4


def _by_kid(registry: Registry) -> Any:
    order = [key["alg"] for key in registry.jwks()]
    return lambda each: order.index(each[1])


def test_a_next_key_is_announced_a_day_ahead_to_the_second(registry: Registry) -> None:
    old = registry.one.signs_with
    new = registry.rotate()
    assert registry.published() == [old, new]
    assert registry.all()[new].not_before - registry.all()[new].made_at == DAY
    registry.one.reads()
    registry.at = START + DAY - timedelta(seconds=1)
    assert registry.one.signs_with == old
    # Without reading anything: both processes change at the same moment.
    registry.at = START + DAY
    assert registry.one.signs_with == new
    assert registry.other.reads().signs_with == new
    assert registry.published() == [new, old]


def test_a_process_that_has_not_read_lately_still_signs_with_a_published_key(
    registry: Registry,
) -> None:
    registry.rotate()
    registry.at = START + DAY + timedelta(seconds=5)
    assert registry.other.signs_with in registry.published()


def test_an_old_key_is_published_for_a_week_after_its_end(registry: Registry) -> None:
    old = registry.one.signs_with
    registry.rotate()
    registry.at = START + DAY + 7 * DAY - timedelta(seconds=1)
    assert old in registry.published()
    registry.at = START + DAY + 7 * DAY
    assert old not in registry.published()


def test_there_is_one_next_key_and_no_third(registry: Registry) -> None:
    registry.rotate()
    with pytest.raises(Conflict):
        registry.rotate()
    registry.at = START + DAY
    registry.rotate()
    assert len(registry.published()) == 3


def test_a_revoked_key_is_replaced_at_once_and_is_gone_from_the_list(registry: Registry) -> None:
    stolen = registry.one.signs_with
    registry.at = START + HOUR
    new = registry.change(keys.revoke, stolen)
    assert registry.published() == [new]
    assert registry.one.reads().signs_with == new
    assert registry.other.reads().signs_with == new
    assert registry.events(OWN_KEY_REVOKED)


def test_an_announced_key_takes_the_place_of_a_revoked_one(registry: Registry) -> None:
    """Partners know it already."""
    stolen, announced = registry.one.signs_with, registry.rotate()
    registry.at = START + HOUR
    assert registry.change(keys.revoke, stolen) == announced
    assert registry.one.reads().signs_with == announced
    assert registry.published() == [announced]


def test_revoking_the_announced_key_leaves_the_present_one_in_use(registry: Registry) -> None:
    """It was to end when the other began."""
    present, announced = registry.one.signs_with, registry.rotate()
    assert registry.change(keys.revoke, announced) is None
    registry.at = START + 3 * DAY
    assert registry.one.reads().signs_with == present
    assert registry.published() == [present]
    assert registry.rotate() != announced


def test_a_key_is_revoked_once_and_must_be_there(registry: Registry) -> None:
    stolen = registry.one.signs_with
    registry.change(keys.revoke, stolen)
    for kid in (stolen, "unknown"):
        with pytest.raises(NotFound):
            registry.change(keys.revoke, kid)


def test_a_compromise_replaces_every_key_of_the_use_at_once(registry: Registry) -> None:
    stolen = registry.published("enc")
    made = registry.change(keys.rotate_now, "enc")
    assert sorted(kid for kid, _ in made) == sorted(registry.published("enc"))
    assert not set(stolen) & set(registry.published("enc"))
    assert {begins for _, begins in made} == {START}
    assert registry.one.reads().signs_with == registry.published()[0]


def test_with_no_key_left_nothing_is_signed(registry: Registry) -> None:
    registry.run(registry._owner("update ibr.registry_key set revoked_at = now()"))
    registry.one.reads()
    with pytest.raises(Unavailable):
        _ = registry.one.signs_with
    with pytest.raises(Unavailable):
        registry.one.token()


def test_what_is_written_to_us_is_opened_through_a_rotation(registry: Registry) -> None:
    old = registry.published("enc")
    to_old = [registry.encrypted(kid) for kid in old]
    made = [kid for kid, _ in registry.change(keys.rotate, "enc")]
    to_new = [registry.encrypted(kid) for kid in made]
    registry.one.reads()
    # From its announcement on, because nobody else knows when it is to be used.
    assert [registry.one.opens(each) for each in to_old + to_new] == [b"hello"] * 4
    assert registry.published("enc")[:2] == old
    registry.at = START + DAY
    assert sorted(registry.published("enc")) == sorted(made)
    registry.at = START + DAY + 7 * DAY - timedelta(seconds=1)
    assert [registry.one.reads().opens(each) for each in to_old] == [b"hello"] * 2
    registry.at = START + DAY + 7 * DAY
    assert [registry.one.opens(each) for each in to_old] == [None, None]
    assert [registry.one.reads().opens(each) for each in to_old] == [None, None]
    assert [registry.one.opens(each) for each in to_new] == [b"hello"] * 2


def test_a_revoked_key_opens_only_what_was_accepted_before(registry: Registry) -> None:
    [kid, _] = registry.published("enc")
    message = registry.encrypted(kid)
    registry.change(keys.revoke, kid)
    assert registry.one.reads().opens(message) is None
    kept = registry.one.keys.decryption_key(kid, registry.at, accepted_before=True)
    assert kept is not None
    assert decrypt(read_encrypted(message, 1000), kept) == b"hello"


def test_a_key_is_named_by_its_id_alone_or_between_sender_and_algorithm(registry: Registry) -> None:
    [kid, _] = registry.published("enc")
    named = registry.one.keys
    for spelled in (kid, f"ibr.example.org|{kid}", f"ibr.example.org|{kid}|RSA-OAEP-256"):
        assert named.decryption_key(spelled, registry.at) is not None
    signing = registry.one.signs_with
    for wrong in ("", "|", kid[:-1], f"{kid}|x", f"x|y|{kid}", signing, "../../keys", "%"):
        assert named.decryption_key(wrong, registry.at) is None


def test_tokens_go_on_through_a_rotation(registry: Registry) -> None:
    before = registry.one.token()
    registry.rotate("token")
    registry.one.reads()
    registry.other.reads()
    registry.at = START + timedelta(minutes=2)
    after = registry.one.token()
    assert [registry.other.knows(each) for each in (before, after)] == [True, True]
    assert registry.published("token") == []


def test_tokens_of_a_revoked_key_let_nobody_in(registry: Registry) -> None:
    token = registry.one.token()
    assert registry.other.knows(token)
    [kid] = [key.kid for key in registry.all().values() if key.use == "token"]
    registry.change(keys.revoke, kid)
    # The control: until it reads again, a process cannot know.
    assert registry.other.knows(token)
    assert not registry.other.reads().knows(token)
    assert not registry.one.reads().knows(token)
    assert registry.other.knows(registry.one.token())


def test_a_private_key_opens_only_where_it_stands(registry: Registry) -> None:
    registry.run(
        registry._owner(
            "update ibr.registry_key k set private_sealed = o.private_sealed "
            "from ibr.registry_key o where k.use = 'sig' and o.use = 'token'"
        )
    )
    registry.one.reads()
    with pytest.raises(Unavailable):
        _ = registry.one.signs_with


def test_every_new_key_is_an_event(registry: Registry) -> None:
    before = registry.events(OWN_KEY_MADE)
    registry.rotate()
    assert registry.events(OWN_KEY_MADE) == before + 1


def test_days_are_counted_until_a_key_is_a_year_old(registry: Registry) -> None:
    found = list(registry.all().values())
    assert keys.days_until_a_year(found, START) == {"sig": 365, "enc": 365, "token": 365}
    assert keys.days_until_a_year(found, START + 366 * DAY)["sig"] == -1
    assert keys.days_until_a_year([], START) == {}


def test_signing_costs_no_more_for_it(registry: Registry) -> None:
    """The key of the moment is looked for only when one begins or ends."""
    registry.rotate()
    registry.one.reads()
    first = registry.one.keys.signer(registry.at.timestamp())
    began = time.perf_counter()
    for _ in range(10_000):
        assert registry.one.keys.signer(registry.at.timestamp()) is first
    assert time.perf_counter() - began < 0.5
