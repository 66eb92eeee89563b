"""SQL of subscriptions: made, cancelled, ended, shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from asyncpg import Record

from ibr.db.pool import Connection
from ibr.registry.search.normal import from_json
from ibr.subscriptions.model import Active, Frequency
from ibr.subscriptions.schedule import read_schedule


async def make(connection: Connection, values: dict[str, Any]) -> int | None:
    """Makes a subscription; None when an equal one of the same partner is active."""
    names = list(values)
    number: int | None = await connection.fetchval(
        f"""
        insert into subscription ({", ".join(names)})
        values ({", ".join(f"${place}" for place in range(1, len(names) + 1))})
        on conflict (partner_id, same_as) where state = 'active' do nothing
        returning subscription_no
        """,
        *values.values(),
    )
    return number


async def end_passed(connection: Connection, partner_id: int, same_as: bytes, at: datetime) -> None:
    """Ends an equal subscription whose time is over, so that a new one can stand."""
    await connection.execute(
        """
        update subscription set state = 'ended', over_at = end_at
        where partner_id = $1 and same_as = $2 and state = 'active' and end_at <= $3
        """,
        partner_id,
        same_as,
        at,
    )


async def count_active(connection: Connection, partner_id: int) -> int:
    return int(
        await connection.fetchval(
            "select count(*) from subscription where partner_id = $1 and state = 'active'",
            partner_id,
        )
    )


async def equal(connection: Connection, partner_id: int, same_as: bytes) -> Record | None:
    return await connection.fetchrow(
        """
        select code, made_at, criteria from subscription
        where partner_id = $1 and same_as = $2 and state = 'active'
        """,
        partner_id,
        same_as,
    )


async def newest_kind(connection: Connection) -> int:
    """The newest kind of identifier."""
    return int(await connection.fetchval("select coalesce(max(type_id), 0) from identifier_type"))


async def states(connection: Connection, partner_id: int, codes: Sequence[str]) -> dict[str, str]:
    """The state of this partner's own subscriptions among these codes, held until the end."""
    rows = await connection.fetch(
        """
        select code, state from subscription
        where partner_id = $1 and code = any ($2::text[])
        order by subscription_no for update
        """,
        partner_id,
        list(codes),
    )
    return {row["code"]: row["state"] for row in rows}


async def cancel(connection: Connection, codes: Sequence[str], at: datetime) -> None:
    """Cancels these subscriptions; what they still waited for is not told."""
    await connection.execute(
        """
        with over as (
            update subscription set state = 'cancelled', over_at = $2
            where code = any ($1::text[]) and state = 'active'
            returning subscription_no
        )
        delete from notification n using over o where n.subscription_no = o.subscription_no
        """,
        list(codes),
        at,
    )


async def end_due(connection: Connection, at: datetime) -> int:
    """Ends the subscriptions whose time is over; what they wait for was due before and is told."""
    said: str = await connection.execute(
        """
        update subscription set state = 'ended', over_at = end_at
        where state = 'active' and end_at <= $1
        """,
        at,
    )
    return int(said.removeprefix("UPDATE "))


async def active_numbers(connection: Connection) -> dict[int, int | None]:
    """Every active subscription, and the newest kind of identifier it stands for."""
    rows = await connection.fetch(
        "select subscription_no, kinds_through from subscription where state = 'active'"
    )
    return {row["subscription_no"]: row["kinds_through"] for row in rows}


async def active(connection: Connection, numbers: Sequence[int]) -> list[Active]:
    """These subscriptions as the feed is matched with them."""
    rows = await connection.fetch(
        """
        select subscription_no, kinds_through, partner_id, event, filter, made_at, start_at,
               end_at, frequency, utc_offset
        from subscription where subscription_no = any ($1::integer[])
        """,
        list(numbers),
    )
    return [
        Active(
            number=row["subscription_no"],
            kinds_through=row["kinds_through"],
            partner_id=row["partner_id"],
            event=row["event"],
            filter=from_json(msgspec.json.decode(row["filter"])),
            made_at=row["made_at"],
            frequency=Frequency(
                start_at=row["start_at"],
                end_at=row["end_at"],
                schedule=read_schedule(row["frequency"]) if row["frequency"] else None,
                text=row["frequency"],
                offset=row["utc_offset"],
            ),
        )
        for row in rows
    ]


async def behind(connection: Connection, newest: int) -> list[Record]:
    """Active subscriptions whose identifiers without a kind were not looked up for the newest."""
    return await connection.fetch(
        """
        select subscription_no, code, criteria from subscription
        where state = 'active' and kinds_through < $1
        """,
        newest,
    )


async def look_up_again(connection: Connection, number: int, kept: str, newest: int) -> None:
    """Keeps the filter with the identifiers of new kinds."""
    await connection.execute(
        "update subscription set filter = $2, kinds_through = $3 where subscription_no = $1",
        number,
        kept,
        newest,
    )


async def every(connection: Connection) -> list[Record]:
    """Every subscription with its subscriber and what waits; the connection is the owner's."""
    return await connection.fetch(
        """
        select s.code, p.sender_id as partner, s.event, s.filter, s.frequency, s.utc_offset,
               s.start_at, s.end_at, s.made_at, s.notified_at, s.notified,
               case when s.state = 'active' and s.end_at <= now() then 'ended' else s.state end
                   as state,
               (select count(*) from ibr.notification n
                where n.subscription_no = s.subscription_no) as waiting
        from ibr.subscription s join ibr.partner p using (partner_id)
        order by s.subscription_no
        """
    )
