"""Keeps the registry's own subscriptions: asked for, given, refused, ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ibr.db.pool import Connection
from ibr.sources.listening import store
from ibr.sources.listening.model import Listening, Subscribing


async def asked(
    connection: Connection, source_id: int, transaction_no: int, items: Sequence[Subscribing]
) -> None:
    """Notes the subscriptions that a request asks for."""
    await store.subscribe(connection, source_id, transaction_no, items)


async def given(
    connection: Connection,
    source_id: int,
    transaction_no: int,
    codes: Sequence[tuple[int, str]],
    at: datetime,
) -> int:
    """The codes that the source gave, by item of the request; how many count now."""
    if not codes:
        return 0
    return await store.give_code(connection, source_id, transaction_no, codes, at)


async def refused(
    connection: Connection,
    transaction_no: int,
    items: Sequence[tuple[int, str | None]] | None,
    reason: str | None,
    at: datetime,
) -> None:
    """Subscriptions that will not come: these items, or with None all that were asked for."""
    if items is None or items:
        await store.refuse(connection, transaction_no, items, reason, at)


async def by_code(
    connection: Connection, source_id: int, codes: Sequence[str], at: datetime
) -> dict[str, Listening]:
    """Subscriptions at this source that count now, by their codes; unknown codes are missing."""
    if not codes:
        return {}
    found = await store.listening(connection, source_id, codes, at)
    return {each.code: each for each in found}


async def about(
    connection: Connection, source_id: int, subjects: Sequence[bytes], at: datetime
) -> list[Listening]:
    """Subscriptions at this source that count now and are about these people or everybody."""
    return await store.listening_about(connection, source_id, subjects, at)


async def ended(
    connection: Connection, ending_no: int, codes: Sequence[str] | None, at: datetime
) -> int:
    """The source confirmed the end: of these codes, or with None of all that were named."""
    return await store.end(connection, ending_no, codes, at)


async def kept(connection: Connection, ending_no: int, reason: str | None) -> None:
    """The source would not end them; they lapse when their time is over."""
    await store.keep_after_all(connection, ending_no, reason)


async def heard_of(
    connection: Connection, source_id: int, subjects: Sequence[bytes], until: datetime
) -> set[bytes]:
    """Those of the people that a subscription lasting beyond `until` is about."""
    return await store.heard_of(connection, source_id, subjects, until)


async def hears_everyone(connection: Connection, source_id: int, until: datetime) -> bool:
    """Whether a subscription about everybody lasts beyond `until`."""
    return await store.hears_everyone(connection, source_id, until)


async def active_codes(connection: Connection, source_id: int, most: int) -> list[str]:
    """Codes of subscriptions that count, for this transaction alone."""
    return await store.active_codes(connection, source_id, most)


async def ending(
    connection: Connection, source_id: int, codes: Sequence[str], ending_no: int
) -> None:
    """The end of these was asked for by the request with this number."""
    await store.ask_end(connection, source_id, codes, ending_no)


async def lapse(connection: Connection, at: datetime) -> int:
    """Ends those whose time is over; how many."""
    return await store.lapse(connection, at)


async def still_active(connection: Connection) -> set[int]:
    """Sources at which subscriptions count."""
    return await store.still_active(connection)
