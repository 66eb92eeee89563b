"""The audit key: it signs seals and nothing else, and each one endorses the next.

It is another key than those that sign messages, so that whoever can make the registry sign an
answer cannot make it sign another past.
"""

from __future__ import annotations

from datetime import datetime

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from ibr.asker import Asker
from ibr.audit.events import AUDIT_KEY_MADE
from ibr.audit.record import record_event
from ibr.audit.seals import store
from ibr.audit.seals.model import AuditKey, key_id
from ibr.db.pool import Connection
from ibr.errors import Unavailable
from ibr.protection.seal import Sealer, place_of


class SealSigner:
    """Signs with one audit key."""

    def __init__(self, kid: str, key: SigningKey) -> None:
        self.kid = kid
        self._key = key

    def sign(self, statement: bytes) -> bytes:
        """64 bytes of Ed25519."""
        return self._key.sign(statement).signature


def holds(public_key: bytes, statement: bytes, signature: bytes) -> bool:
    """Whether this key signed this statement."""
    try:
        VerifyKey(public_key).verify(statement, signature)
    except (BadSignatureError, ValueError, TypeError):
        return False
    return True


async def signer(connection: Connection, sealer: Sealer) -> SealSigner:
    """Who signs seals now; Unavailable without a key."""
    row = await store.key_in_use(connection)
    if row is None:
        raise Unavailable(
            "audit.key_missing", "There is no key to seal the audit trail with. Run: ibr db upgrade"
        )
    private = sealer.open(row["private_sealed"], _place(row["kid"]))
    return SealSigner(row["kid"], SigningKey(private))


def _place(kid: str) -> bytes:
    return place_of("audit_key", "private_sealed", kid.encode())


async def make_key(
    connection: Connection, sealer: Sealer, asker: Asker | None, at: datetime
) -> AuditKey:
    """Makes the next audit key, endorsed by the one in use, which ends. The connection is the
    owner's."""
    await store.hold_keys(connection)
    before = None
    if await store.key_in_use(connection) is not None:
        before = await signer(connection, sealer)
    private = SigningKey.generate()
    public = bytes(private.verify_key)
    key = AuditKey(
        kid=key_id(public),
        public_key=public,
        made_at=at,
        endorsed_by=before.kid if before else None,
    )
    if before is not None:
        key = AuditKey(
            kid=key.kid,
            public_key=public,
            made_at=at,
            endorsed_by=before.kid,
            endorsement=before.sign(key.statement),
        )
    await store.add_key(connection, key, sealer.seal(bytes(private), _place(key.kid)))
    await record_event(
        connection,
        kind=AUDIT_KEY_MADE,
        asker=asker,
        details={"kid": key.kid, "after": key.endorsed_by},
        at=at,
    )
    return key
