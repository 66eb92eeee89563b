"""People by their identifiers: who may be asked about elsewhere, and whom the registry holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from ibr.codelists.enrolment_status import COUNTS_AS_ENROLLED, SUSPENDED
from ibr.db.pool import Connection
from ibr.protection.seal import Sealer, place_of
from ibr.registry.overview import store

# People looked at with one statement, and statements in one block: less than a second in all.
_WINDOW = 1000
_WINDOWS = 20


class Identified(msgspec.Struct, frozen=True):
    """Somebody by one identifier: its blind index, and the value in clear."""

    subject: bytes
    value: str


class Block(msgspec.Struct, frozen=True):
    """Some people, how far they were looked for, and whether that was the end."""

    people: list[Identified]
    reached: bytes
    end: bool


async def identified(
    connection: Connection,
    sealer: Sealer,
    kind: str,
    *,
    programmes: Sequence[int],
    enrolled_only: bool,
    disabled: bool | None,
    regions: Sequence[str],
    after: bytes,
    most: int,
) -> Block:
    """Up to `most` people who carry an identifier of this kind, behind `after`, each once.

    Where few are wanted out of many, a block may have none of them and still not be the end.
    """
    found: list[Identified] = []
    for _ in range(_WINDOWS):
        rows = await store.identified(
            connection,
            kind,
            programmes=programmes,
            statuses=sorted(COUNTS_AS_ENROLLED) if enrolled_only else None,
            suspended=SUSPENDED,
            disabled=disabled,
            regions=regions,
            after=after,
            window=min(_WINDOW, 4 * most),
        )
        if not rows:
            return Block(found, after, True)
        for row in rows:
            after = row["blind_index"]
            if row["value_sealed"] is None:
                continue
            place = place_of("identifier", "value", row["record_id"])
            found.append(Identified(after, sealer.open(row["value_sealed"], place).decode()))
            if len(found) == most:
                return Block(found, after, False)
    return Block(found, after, False)


async def held(connection: Connection, indexes: Iterable[bytes]) -> set[bytes]:
    """Those of the indexes that somebody in a programme in reach is known under."""
    wanted = sorted(set(indexes))
    return await store.held(connection, wanted) if wanted else set()
