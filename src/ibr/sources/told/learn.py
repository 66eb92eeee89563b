"""Keeps news from other registries and says what is known of somebody.

It never touches what programmes reported, nor an enrolment: what others say stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from ibr.db.pool import Connection
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer, place_of
from ibr.sources.model import Kind
from ibr.sources.told import store
from ibr.sources.told.model import Known, Learned, News, Told
from ibr.sources.told.rules import known

# Of one attribute; a page stays a page where a source repeats itself for years.
MOST_TOLD = 20
_Key = tuple[bytes, str, datetime, bytes]
_encoder = msgspec.json.Encoder(order="deterministic")


class Saying(msgspec.Struct, frozen=True, kw_only=True):
    """What one source says about somebody, attribute by attribute."""

    source_id: int
    name: str
    kind: Kind
    known: dict[str, Known]


async def learn(
    connection: Connection,
    sealer: Sealer,
    blind_index: BlindIndex,
    source_id: int,
    news: Iterable[News],
    *,
    message_key: bytes,
    at: datetime,
) -> Learned:
    """Puts news in. Told again it changes nothing; older than what counts, it is history."""
    keyed: dict[_Key, tuple[News, bytes]] = {}
    given = 0
    for each in news:
        given += 1
        encoded = _encoder.encode(each.value)
        keyed.setdefault(_key(blind_index, source_id, each, encoded), (each, encoded))
    if not keyed:
        return Learned()
    ordered = sorted(keyed)
    fresh, older = await store.put(
        connection,
        source_id,
        [keyed[key][0] for key in ordered],
        [
            (key[-1], sealer.seal(keyed[key][1], _place(key[0], source_id, key[-1])))
            for key in ordered
        ],
        message_key=message_key,
        at=at,
    )
    return Learned(new=fresh - older, older=older, again=given - fresh)


def _key(blind_index: BlindIndex, source_id: int, news: News, encoded: bytes) -> _Key:
    """The key of a piece of news. The digest of its value is made for this very person, source
    and attribute, so that equal values of two people do not look equal."""
    of_whom = f"known {news.subject.hex()} {source_id} {news.attribute} {news.as_of.isoformat()}"
    return (
        news.subject,
        news.attribute,
        news.as_of,
        blind_index.of(of_whom, encoded.decode()),
    )


def _place(subject: bytes, source_id: int, value_index: bytes) -> bytes:
    row = subject + source_id.to_bytes(4, "big") + value_index
    return place_of("known_attribute", "value", row)


def opened(
    sealer: Sealer, subject: bytes, source_id: int, value_index: bytes, sealed: bytes
) -> Any:
    """The value of one piece of news as it is kept."""
    return msgspec.json.decode(sealer.open(sealed, _place(subject, source_id, value_index)))


async def told_about(
    connection: Connection, sealer: Sealer, subjects: Sequence[bytes]
) -> list[Saying]:
    """What every source says about somebody known under these indexes, in the sources' order."""
    rows = await store.about(connection, subjects, MOST_TOLD)
    if not rows:
        return []
    sources = await store.sources(connection)
    found: dict[int, dict[str, Known]] = {}
    told = [
        Told(
            source_id=row["source_id"],
            attribute=row["attribute"],
            value=opened(
                sealer,
                row["subject_index"],
                row["source_id"],
                row["value_index"],
                row["value_sealed"],
            ),
            value_index=row["value_index"],
            as_of=row["as_of"],
            known_at=row["known_at"],
        )
        for row in rows
    ]
    for (source_id, attribute), each in known(told).items():
        found.setdefault(source_id, {})[attribute] = each
    return [
        Saying(
            source_id=source_id,
            name=sources[source_id]["name"],
            kind=sources[source_id]["kind"],
            known=found[source_id],
        )
        for source_id in sorted(found)
    ]
