"""Which of many filters match which of a few records, worked out together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ibr.db.pool import Connection
from ibr.registry.search.matching import store
from ibr.registry.search.matching.model import Asked

TEMPORARY = store.TEMPORARY
Shape = store.Shape


def shapes(asked: Iterable[Asked], codes: Mapping[str, int]) -> list[Shape]:
    """The filters, those together that one statement evaluates.

    `codes` are the programmes' numbers by code in small letters. A filter that no programme in
    reach can match is left out.
    """
    return list(store.shapes(asked, codes))


async def match(connection: Connection, together: Sequence[Shape]) -> None:
    """Puts number, topic and record of every match into s_match.

    The records stand in s_subject with their topics.
    """
    await store.plan_for_what_is_there(connection)
    await store.fill_block(connection, {name for each in together for name in each.attributes})
    for each in together:
        await store.evaluate(connection, each)
