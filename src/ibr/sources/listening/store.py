"""SQL of the registry's own subscriptions at other registries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ibr.db.pool import Connection
from ibr.sources.listening.model import Listening, Subscribing


async def subscribe(
    connection: Connection, source_id: int, transaction_no: int, asked: Sequence[Subscribing]
) -> None:
    await connection.execute(
        """
        insert into own_subscription (source_id, transaction_no, item_no, subject_index,
                                      event_type, starts_at, ends_at)
        select $1, $2, s.* from unnest($3::integer[], $4::bytea[], $5::text[], $6::timestamptz[],
                                       $7::timestamptz[]) as s
        """,
        source_id,
        transaction_no,
        [each.item_no for each in asked],
        [each.subject for each in asked],
        [each.event_type for each in asked],
        [each.starts_at for each in asked],
        [each.ends_at for each in asked],
    )


async def heard_of(
    connection: Connection, source_id: int, subjects: Sequence[bytes], until: datetime
) -> set[bytes]:
    """Those of the subjects that a subscription lasting beyond this moment is about."""
    rows = await connection.fetch(
        """
        select distinct subject_index from own_subscription
        where source_id = $1 and subject_index = any ($2::bytea[])
          and state in ('asked', 'active') and ends_at > $3
        """,
        source_id,
        list(subjects),
        until,
    )
    return {row["subject_index"] for row in rows}


async def hears_everyone(connection: Connection, source_id: int, until: datetime) -> bool:
    found: bool = await connection.fetchval(
        """
        select exists (select from own_subscription where source_id = $1
                       and subject_index is null and state in ('asked', 'active')
                       and ends_at > $2)
        """,
        source_id,
        until,
    )
    return found


async def give_code(
    connection: Connection,
    source_id: int,
    transaction_no: int,
    given: Sequence[tuple[int, str]],
    at: datetime,
) -> int:
    """Makes subscriptions active under the codes that the source gave; how many.

    A code that stood at an older subscription of the same source has moved to this one.
    """
    numbers, codes = [number for number, _ in given], [code for _, code in given]
    await connection.execute(
        """
        update own_subscription s set code = null, state = 'ended', settled_at = $5
        from unnest($3::integer[], $4::text[]) as g (item_no, code)
        where s.source_id = $1 and s.code = g.code
          and (s.transaction_no, s.item_no) <> ($2, g.item_no)
        """,
        source_id,
        transaction_no,
        numbers,
        codes,
        at,
    )
    said: str = await connection.execute(
        """
        update own_subscription s set code = g.code, state = 'active', reason = null,
                                      settled_at = $5
        from unnest($3::integer[], $4::text[]) as g (item_no, code)
        where s.source_id = $1 and s.transaction_no = $2 and s.item_no = g.item_no
          and s.state in ('asked', 'refused')
        """,
        source_id,
        transaction_no,
        numbers,
        codes,
        at,
    )
    return int(said.removeprefix("UPDATE "))


async def refuse(
    connection: Connection,
    transaction_no: int,
    refused: Sequence[tuple[int, str | None]] | None,
    reason: str | None,
    at: datetime,
) -> None:
    """Subscriptions that were asked for and will not come: these items, or all of them."""
    await connection.execute(
        """
        update own_subscription s set state = 'refused', reason = coalesce(r.reason, $4),
                                      settled_at = $5
        from unnest($2::integer[], $3::text[]) as r (item_no, reason)
        where s.transaction_no = $1 and s.state = 'asked'
          and (s.item_no = r.item_no or r.item_no = 0)
        """,
        transaction_no,
        [number for number, _ in refused] if refused is not None else [0],
        [why for _, why in refused] if refused is not None else [None],
        reason,
        at,
    )


async def listening(
    connection: Connection, source_id: int, codes: Sequence[str], at: datetime
) -> list[Listening]:
    """Subscriptions at this source that count now, by the codes it gave."""
    rows = await connection.fetch(
        """
        select code, subject_index as subject, event_type from own_subscription
        where source_id = $1 and code = any ($2::text[]) and state in ('active', 'ending')
          and ends_at > $3
        """,
        source_id,
        list(codes),
        at,
    )
    return [Listening(**dict(row)) for row in rows]


async def listening_about(
    connection: Connection, source_id: int, subjects: Sequence[bytes], at: datetime
) -> list[Listening]:
    """Subscriptions at this source that count now and are about these subjects or everybody."""
    rows = await connection.fetch(
        """
        select code, subject_index as subject, event_type from own_subscription
        where source_id = $1 and state in ('active', 'ending') and ends_at > $3
          and (subject_index is null or subject_index = any ($2::bytea[]))
        """,
        source_id,
        list(subjects),
        at,
    )
    return [Listening(**dict(row)) for row in rows]


async def active_codes(connection: Connection, source_id: int, most: int) -> list[str]:
    """Codes of subscriptions that count, for this transaction alone."""
    rows = await connection.fetch(
        """
        select code from own_subscription
        where source_id = $1 and state = 'active' and code is not null
        order by subscription_no limit $2 for update
        """,
        source_id,
        most,
    )
    return [row["code"] for row in rows]


async def ask_end(
    connection: Connection, source_id: int, codes: Sequence[str], ending_no: int
) -> None:
    """Notes that the end of these subscriptions was asked for, and by which request."""
    await connection.execute(
        """
        update own_subscription set state = 'ending', ending_no = $3
        where source_id = $1 and code = any ($2::text[]) and state = 'active'
        """,
        source_id,
        list(codes),
        ending_no,
    )


async def end(
    connection: Connection, ending_no: int, codes: Sequence[str] | None, at: datetime
) -> int:
    """Ends what a request asked to end: these codes, or all of them; how many."""
    said: str = await connection.execute(
        """
        update own_subscription set state = 'ended', settled_at = $3
        where ending_no = $1 and state = 'ending'
          and ($2::text[] is null or code = any ($2::text[]))
        """,
        ending_no,
        None if codes is None else list(codes),
        at,
    )
    return int(said.removeprefix("UPDATE "))


async def keep_after_all(connection: Connection, ending_no: int, reason: str | None) -> None:
    """Notes why the source would not end subscriptions. They lapse when their time is over."""
    await connection.execute(
        "update own_subscription set reason = $2 where ending_no = $1 and state = 'ending'",
        ending_no,
        reason,
    )


async def lapse(connection: Connection, at: datetime) -> int:
    """Ends subscriptions whose time is over; how many."""
    said: str = await connection.execute(
        """
        update own_subscription set state = 'ended', settled_at = $1
        where state in ('asked', 'active', 'ending') and ends_at <= $1
        """,
        at,
    )
    return int(said.removeprefix("UPDATE "))


async def still_active(connection: Connection) -> set[int]:
    """Sources at which subscriptions count."""
    rows = await connection.fetch(
        "select distinct source_id from own_subscription where state = 'active'"
    )
    return {row["source_id"] for row in rows}
