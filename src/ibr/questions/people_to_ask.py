"""People whom the registry asks another registry about: chosen, and written to the ledger.

That somebody is a beneficiary is told to the other registry by the very question, so nobody is
named there without a row that says so, written in the transaction that promises the message.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ibr.asker import Asker
from ibr.audit.events import SOURCE_ASKED
from ibr.audit.questions_asked import record_question
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.protection.seal import Sealer
from ibr.registry.overview.identified import Block, Identified, identified
from ibr.sources.asked.model import Chosen, OrderKind
from ibr.sources.model import Source

__all__ = ["Block", "Identified", "people_to_ask", "write_down"]


async def people_to_ask(
    connection: Connection,
    sealer: Sealer,
    asker: Asker,
    source: Source,
    chosen: Chosen,
    *,
    after: bytes,
    most: int,
) -> Block:
    """The next block of the people chosen, by the identifier that the source knows them by."""
    wanted = set(chosen.programmes) or asker.reach
    return await identified(
        connection,
        sealer,
        source.identifier_type,
        programmes=sorted(wanted & asker.reach),
        enrolled_only=chosen.enrolled_only,
        disabled=chosen.disabled,
        regions=chosen.regions,
        after=after,
        most=most,
    )


async def write_down(
    connection: Connection,
    asker: Asker,
    source: Source,
    kind: OrderKind,
    subjects: Sequence[bytes],
    *,
    transaction_id: str,
    items: int,
    at: datetime,
) -> None:
    """The ledger's rows, one for each person, and the audit event of a message to a source."""
    if subjects:
        await record_question(
            connection,
            asker,
            question="other_registry",
            subjects=subjects,
            programme_id=None,
            answer="sent",
            message_key=None,
            at=at,
        )
    await record_event(
        connection,
        kind=SOURCE_ASKED,
        asker=None,
        details={
            "source": source.source_id,
            "what": kind,
            "items": items,
            "people": len(subjects),
            "purpose": source.purpose_code,
            "transaction_id": transaction_id,
        },
        at=at,
    )
