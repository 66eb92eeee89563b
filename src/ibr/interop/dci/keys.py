"""The registry's own keys: made, kept sealed, published."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from nacl.signing import SigningKey

from ibr.db.pool import Connection
from ibr.errors import Unavailable
from ibr.interop.dci import store
from ibr.protection.seal import Sealer, place_of
from ibr_messages.jwk import public_jwk

# An old key stays in the JWKS until whatever it signed has certainly expired.
PUBLISHED_AFTER_END = timedelta(days=7)


class OwnKey(msgspec.Struct, frozen=True):
    """One of the registry's own key pairs, opened."""

    kid: str
    public_jwk: dict[str, Any]
    private: SigningKey


async def own_key(connection: Connection, sealer: Sealer, use: str, at: datetime) -> OwnKey:
    """The key the registry signs with now, for messages (`sig`) or bearer tokens (`token`)."""
    row = await store.current_key(connection, use, at)
    if row is None:
        raise Unavailable(
            "key.missing",
            "The registry has no signing key, so it cannot answer. Run `ibr db upgrade`.",
        )
    seed = sealer.open(
        row["private_sealed"], place_of("registry_key", "private", _place(row["kid"]))
    )
    return OwnKey(row["kid"], msgspec.json.decode(row["public_jwk"]), SigningKey(seed))


async def make_missing_keys(connection: Connection, sealer: Sealer, at: datetime) -> None:
    """Makes the registry's first keys where it has none; the connection is the owner's."""
    for use in ("sig", "token"):
        if await store.current_key(connection, use, at) is None:
            private = SigningKey.generate()
            jwk = public_jwk(private.verify_key)
            await store.add_key(
                connection,
                jwk["kid"],
                use,
                jwk,
                sealer.seal(
                    bytes(private), place_of("registry_key", "private", _place(jwk["kid"]))
                ),
                at,
            )


def _place(kid: str) -> bytes:
    return kid.encode()


async def published_keys(connection: Connection, at: datetime) -> dict[str, Any]:
    """The JWKS of the registry's public keys: current, coming and lately ended ones."""
    rows = await store.published_keys(connection, at - PUBLISHED_AFTER_END)
    return {"keys": [msgspec.json.decode(row["public_jwk"]) for row in rows]}
