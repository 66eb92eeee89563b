"""What other registries tell, taken in: only of people held here, and only what was agreed.

News about anybody else is dropped and counted and never stored. What programmes reported and who
is enrolled in what stay as they are, whatever a source says: the registry finds, people decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ibr.audit.events import SOURCE_TOLD
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer
from ibr.registry.overview.identified import held
from ibr.sources.model import Source
from ibr.sources.told.learn import learn
from ibr.sources.told.model import Learned, News


class Dropped(msgspec.Struct, kw_only=True):
    """How much of a message was left out, and why."""

    not_asked: int = 0
    wrong_person: int = 0
    not_held: int = 0
    not_agreed: int = 0
    unreadable: int = 0
    wrong_time: int = 0


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """News of one person, who is known under any of these indexes; the first one held counts."""

    subjects: Sequence[bytes]
    values: dict[str, object]
    as_of: datetime


async def take_news(
    connection: Connection,
    sealer: Sealer,
    blind_index: BlindIndex,
    source: Source,
    candidates: Sequence[Candidate],
    dropped: Dropped,
    *,
    message_key: bytes,
    at: datetime,
) -> Learned:
    """Keeps what may be kept, and writes the audit event of the message.

    The transaction must have every programme in reach: whether somebody is held does not depend
    on who asks.
    """
    here = await held(connection, (each for news in candidates for each in news.subjects))
    news: list[News] = []
    for candidate in candidates:
        subject = next((each for each in candidate.subjects if each in here), None)
        if subject is None:
            dropped.not_held += 1
            continue
        for attribute, value in candidate.values.items():
            if attribute not in source.attributes:
                dropped.not_agreed += 1
                continue
            news.append(
                News(subject=subject, attribute=attribute, value=value, as_of=candidate.as_of)
            )
    learned = await learn(
        connection, sealer, blind_index, source.source_id, news, message_key=message_key, at=at
    )
    await record_event(
        connection,
        kind=SOURCE_TOLD,
        asker=None,
        details={
            "source": source.source_id,
            "new": learned.new,
            "older": learned.older,
            "known": learned.again,
            "dropped": {name: n for name, n in msgspec.structs.asdict(dropped).items() if n},
        },
        at=at,
    )
    return learned
