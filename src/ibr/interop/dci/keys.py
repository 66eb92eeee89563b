"""The registry's own keys: made, kept sealed, announced, used, ended, revoked.

To sign with, to be written to, and for bearer tokens. A next key stands in the JWKS a day before
it is used, so that whoever keeps our keys for a while has it in time; a key that ended is honoured
for as long as what it did may be under way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import asyncpg
import msgspec
from nacl.signing import SigningKey
from prometheus_client import Gauge

from ibr.access.tokens import TokenKey, Tokens
from ibr.audit.events import OWN_KEY_MADE, OWN_KEY_REVOKED
from ibr.audit.record import record_event
from ibr.clock import now
from ibr.db.locks import hold_own_keys
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotFound, Unavailable
from ibr.interop.dci import store
from ibr.protection.seal import Sealer, place_of
from ibr_messages.encryption import ALGORITHMS, DecryptionKey, decryption_key, new_key
from ibr_messages.jwk import public_jwk
from ibr_messages.signature import Signer

Use = Literal["sig", "enc", "token"]

SIGNING: Final = "EdDSA"
KEYS: Final[dict[Use, tuple[str, ...]]] = {
    "sig": (SIGNING,),
    "enc": ALGORITHMS,
    "token": (SIGNING,),
}
# How long before it is used a key stands in the JWKS. Tokens are nobody's business but ours: all
# processes have read a new key after some seconds.
ANNOUNCED: Final[dict[Use, timedelta]] = {
    "sig": timedelta(hours=24),
    "enc": timedelta(hours=24),
    "token": timedelta(minutes=2),
}
# A key to sign with stays in the JWKS, and one to be written to still decrypts, for so long after
# its end: messages may have been on their way for days.
HONOURED: Final = timedelta(days=7)
# No token lives longer than this.
_TOKEN_HONOURED: Final = timedelta(hours=1)
# What was accepted before is opened for so long with the key that it was written to.
_KEPT: Final = timedelta(days=30)
YEAR: Final = timedelta(days=365)

_AGE = Gauge(
    "ibr_own_key_days_until_a_year",
    "Days until the key in use is a year old; below zero it should have been replaced.",
    ["use"],
)

State = Literal["announced", "in use", "ended", "revoked"]


class OwnKey(msgspec.Struct, frozen=True, kw_only=True):
    """One of the registry's own key pairs, its private half still sealed."""

    kid: str
    use: Use
    algorithm: str
    public_jwk: dict[str, Any]
    private_sealed: bytes
    made_at: datetime
    not_before: datetime
    not_after: datetime | None
    revoked_at: datetime | None

    def state(self, at: datetime) -> State:
        """What the key is at this moment."""
        if self.revoked_at is not None:
            return "revoked"
        if at < self.not_before:
            return "announced"
        return "in use" if self.not_after is None or at < self.not_after else "ended"

    def decrypts(self, at: datetime) -> bool:
        """Whether what is written to it now is read: from its announcement to a week after it
        left the JWKS."""
        return self.revoked_at is None and (
            self.not_after is None or at < self.not_after + HONOURED
        )


def _own(row: asyncpg.Record) -> OwnKey:
    return OwnKey(**{**dict(row), "public_jwk": msgspec.json.decode(row["public_jwk"])})


def in_use(keys: Sequence[OwnKey], use: Use, algorithm: str, at: datetime) -> OwnKey | None:
    """The key of this use and algorithm that is used now: of several the newest."""
    usable = [
        key
        for key in keys
        if (key.use, key.algorithm) == (use, algorithm) and key.state(at) == "in use"
    ]
    return max(usable, key=_begins, default=None)


def _begins(key: OwnKey) -> tuple[datetime, str]:
    return key.not_before, key.kid


class OwnKeys:
    """The registry's own keys as they were read last, some seconds ago: signs with the right one
    of the moment, knows which ones decrypt, and hands the tokens theirs."""

    def __init__(
        self,
        registry_id: str,
        sealer: Sealer,
        tokens: Tokens,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._registry_id = registry_id
        self._sealer = sealer
        self._tokens = tokens
        self._clock = clock
        self._keys: list[OwnKey] = []
        self._signers: dict[str, Signer] = {}
        self._decryptors: dict[str, DecryptionKey] = {}
        self._signer: Signer | None = None
        self._signs_from = self._signs_until = float("inf")

    async def read(self, connection: Connection) -> None:
        """Reads the keys anew; what was revoked meanwhile is used no more."""
        at = self._clock()
        keys = [_own(row) for row in await store.own_keys(connection, at - _KEPT)]
        if keys != self._keys:
            self._tokens.use(self._token_keys(keys, at))
            self._keys = keys
            self._signers, self._decryptors = {}, {}
            self._signs_until = float("-inf")
        _tell_ages(keys, at)

    def _token_keys(self, keys: Sequence[OwnKey], at: datetime) -> list[TokenKey]:
        return [
            TokenKey(
                kid=key.kid,
                seed=_opened(self._sealer, key),
                public_jwk=key.public_jwk,
                begins=key.not_before.timestamp(),
                honoured_until=(
                    (key.not_after + _TOKEN_HONOURED).timestamp() if key.not_after else float("inf")
                ),
            )
            for key in keys
            if key.use == "token"
            and key.revoked_at is None
            and (key.not_after is None or at < key.not_after + _TOKEN_HONOURED)
        ]

    def sign(self, canonical_bytes: bytes, moment: float) -> str:
        """The signature string for these bytes, with the key of this moment."""
        return self.signer(moment).sign(canonical_bytes, moment)

    def sign_digest(self, digest: bytes, moment: float) -> str:
        """The same for a digest that was made elsewhere."""
        return self.signer(moment).sign_digest(digest, moment)

    def signer(self, moment: float) -> Signer:
        """Who signs at this moment; Unavailable without a key, for nothing leaves unsigned."""
        if self._signer is None or not self._signs_from <= moment < self._signs_until:
            self._signer = self._choose(moment)
        return self._signer

    def _choose(self, moment: float) -> Signer:
        at = datetime.fromtimestamp(moment, tz=self._clock().tzinfo)
        key = in_use(self._keys, "sig", SIGNING, at)
        if key is None:
            raise Unavailable(
                "key.missing",
                "The registry has no key to sign with, so it cannot answer. "
                "Run: ibr keys rotate --use sig --now",
            )
        turns = [each.not_before for each in self._keys if each.use == "sig"]
        turns += [key.not_after] if key.not_after else []
        later = [turn.timestamp() for turn in turns if turn > at]
        self._signs_from, self._signs_until = (
            key.not_before.timestamp(),
            min(later, default=float("inf")),
        )
        if key.kid not in self._signers:
            private = SigningKey(_opened(self._sealer, key))
            self._signers[key.kid] = Signer(self._registry_id, key.kid, private)
        return self._signers[key.kid]

    def decryption_key(
        self, kid: str, at: datetime, *, accepted_before: bool = False
    ) -> DecryptionKey | None:
        """The private key that a message names, by its id or, as with signatures, by the middle of
        `sender|key|algorithm`. A message that was accepted before is opened even with a key that
        was revoked since."""
        named = {kid, *kid.split("|")[1:2]}
        for key in self._keys:
            if key.use == "enc" and key.kid in named and (accepted_before or key.decrypts(at)):
                # Another thread may read the keys anew meanwhile, so it is looked up once.
                found = self._decryptors.get(key.kid)
                if found is None:
                    found = decryption_key(_opened(self._sealer, key), key.kid)
                    self._decryptors[key.kid] = found
                return found
        return None


def _tell_ages(keys: Sequence[OwnKey], at: datetime) -> None:
    for use, days in days_until_a_year(keys, at).items():
        _AGE.labels(use=use).set(days)


def days_until_a_year(keys: Sequence[OwnKey], at: datetime) -> dict[Use, int]:
    """For each use, the days until the oldest key in use is a year old; a use without a key is
    left out."""
    ages: dict[Use, int] = {}
    for use, algorithms in KEYS.items():
        found = [in_use(keys, use, algorithm, at) for algorithm in algorithms]
        days = [(key.not_before + YEAR - at).days for key in found if key is not None]
        if len(days) == len(algorithms):
            ages[use] = min(days)
    return ages


def _place(kid: str) -> bytes:
    return place_of("registry_key", "private", kid.encode())


def _opened(sealer: Sealer, key: OwnKey) -> bytes:
    return sealer.open(key.private_sealed, _place(key.kid))


async def own_keys(connection: Connection, at: datetime) -> list[OwnKey]:
    """The registry's own keys, but for those that ended or were revoked long ago."""
    return [_own(row) for row in await store.own_keys(connection, at - YEAR)]


async def published_keys(connection: Connection, at: datetime) -> dict[str, Any]:
    """The JWKS: keys in use and coming ones; lately ended ones only to verify with, because
    nobody should write to those any more. None that was revoked."""
    rows = await store.published_keys(connection, at, at - HONOURED)
    return {"keys": [msgspec.json.decode(row["public_jwk"]) for row in rows]}


async def make_missing_keys(connection: Connection, sealer: Sealer, at: datetime) -> None:
    """Makes the registry's first keys where it has none; the connection is the owner's."""
    await hold_own_keys(connection)
    keys = await own_keys(connection, at)
    for use, algorithms in KEYS.items():
        for algorithm in algorithms:
            if in_use(keys, use, algorithm, at) is None:
                await _make(connection, sealer, use, algorithm, made_at=at, not_before=at)


async def rotate(
    connection: Connection, sealer: Sealer, use: Use, at: datetime
) -> list[tuple[str, datetime]]:
    """Makes the next keys of a use and announces them: their ids, and when they are used first.

    The keys before them end at that moment. The connection is the owner's.
    """
    await hold_own_keys(connection)
    keys = await own_keys(connection, at)
    coming = [key for key in keys if key.use == use and key.state(at) == "announced"]
    if coming:
        raise Conflict(
            "key.coming",
            f"A next key is announced already, {coming[0].kid}, used from "
            f"{coming[0].not_before:%Y-%m-%d %H:%M} UTC on.",
        )
    begins = at + ANNOUNCED[use]
    made = []
    for algorithm in KEYS[use]:
        kid = await _make(connection, sealer, use, algorithm, made_at=at, not_before=begins)
        await store.end_keys(connection, use, algorithm, kid, begins)
        made.append((kid, begins))
    return made


async def rotate_now(
    connection: Connection, sealer: Sealer, use: Use, at: datetime
) -> list[tuple[str, datetime]]:
    """Revokes the keys in use and replaces them at once, for when a key was stolen: whoever keeps
    our JWKS does not know the new ones yet. The connection is the owner's."""
    await hold_own_keys(connection)
    keys = await own_keys(connection, at)
    for algorithm in KEYS[use]:
        key = in_use(keys, use, algorithm, at)
        if key is not None:
            await revoke(connection, sealer, key.kid, at)
    await make_missing_keys(connection, sealer, at)
    keys = await own_keys(connection, at)
    found = [in_use(keys, use, algorithm, at) for algorithm in KEYS[use]]
    return [(key.kid, key.not_before) for key in found if key is not None]


async def revoke(connection: Connection, sealer: Sealer, kid: str, at: datetime) -> str | None:
    """Revokes a key of the registry's own: it is neither used nor published any more.

    Where it was in use, the announced one is used at once, or else a new one; its id is given
    back. The connection is the owner's.
    """
    await hold_own_keys(connection)
    keys = {key.kid: key for key in await own_keys(connection, at)}
    key = keys.get(kid)
    if key is None or not await store.revoke_own_key(connection, kid, at):
        raise NotFound("key.unknown", f"The registry has no key {kid} that could be revoked.")
    await record_event(
        connection,
        kind=OWN_KEY_REVOKED,
        asker=None,
        details={"kid": kid, "use": key.use},
        at=at,
    )
    left = [each for each in keys.values() if each.kid != kid]
    present = in_use(left, key.use, key.algorithm, at)
    if key.state(at) == "announced" and present is not None:
        # The key in use was to end when the revoked one began; nobody else takes its place now.
        await store.reopen_key(connection, present.kid, key.not_before)
    if key.state(at) == "ended" or present is not None:
        return None
    same = [each for each in left if (each.use, each.algorithm) == (key.use, key.algorithm)]
    coming = min(
        (each for each in same if each.state(at) == "announced"), key=_begins, default=None
    )
    if coming is None:
        return await _make(connection, sealer, key.use, key.algorithm, made_at=at, not_before=at)
    await store.begin_key(connection, coming.kid, at)
    return coming.kid


async def _make(
    connection: Connection,
    sealer: Sealer,
    use: Use,
    algorithm: str,
    *,
    made_at: datetime,
    not_before: datetime,
) -> str:
    jwk, private = _new_pair(algorithm)
    kid = str(jwk["kid"])
    await store.add_key(
        connection,
        jwk,
        use=use,
        algorithm=algorithm,
        sealed=sealer.seal(private, _place(kid)),
        made_at=made_at,
        not_before=not_before,
    )
    await record_event(
        connection,
        kind=OWN_KEY_MADE,
        asker=None,
        details={"kid": kid, "use": use, "from": not_before.isoformat()},
        at=made_at,
    )
    return kid


def _new_pair(algorithm: str) -> tuple[dict[str, Any], bytes]:
    """A fresh key pair: its public JWK, and the private half as it is kept."""
    for known in ALGORITHMS:
        if algorithm == known:
            key: DecryptionKey = new_key(known)
            return key.public_jwk(), key.stored()
    signing = SigningKey.generate()
    return public_jwk(signing.verify_key), bytes(signing)
