"""Refusals that are events of their own: somebody may be trying to speak in another's name."""

from __future__ import annotations

from ibr.access.agreements.rules import NotAgreedError
from ibr.audit.events import QUESTION_REFUSED, SIGNATURE_REFUSED
from ibr.audit.record import record_event
from ibr.clock import now
from ibr.db.pool import Database
from ibr.errors import RegistryError


async def note(database: Database, refused: RegistryError) -> None:
    """Keeps what no agreement allows with the clause that stood against it, and a signature that
    is missing or does not hold; nothing for any other refusal."""
    if isinstance(refused, NotAgreedError):
        async with database.transaction(()) as connection:
            await record_event(
                connection,
                kind=QUESTION_REFUSED,
                asker=refused.asker,
                details={**refused.because, "code": refused.code},
                at=now(),
            )
        return
    if not refused.code.startswith("signature."):
        return
    async with database.transaction(()) as connection:
        await record_event(
            connection,
            kind=SIGNATURE_REFUSED,
            asker=None,
            details={"reason": refused.code},
            at=now(),
        )
