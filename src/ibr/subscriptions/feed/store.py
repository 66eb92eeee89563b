"""SQL of the feed as subscriptions read it: the cursor, a block of changes, what is to be told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from ibr.db.pool import Connection

_READER: Final = "subscriptions"
# Whoever asks how much there is need not wait for a count of millions.
MOST_COUNTED: Final = 100_000
TEMPORARY: Final = (
    """
    create temporary table if not exists s_changed (
        topic smallint, record_id bigint, programme_id integer, change_id bigint,
        known_at timestamptz, transaction_no xid8
    ) on commit delete rows
    """,
)


class Horizon(msgspec.Struct, frozen=True):
    """Up to where the feed may be read, and the programmes there were then.

    `below` is the oldest transaction that was still open: every change of an older one is there
    to be read. Programmes are read after it, so each of those changes is of one of them.
    """

    below: int
    codes: dict[str, int]


class Place(msgspec.Struct, frozen=True):
    """A place in the feed: it is ordered by transaction, then by change."""

    transaction_no: int
    change_id: int


class Scanned(msgspec.Struct, frozen=True):
    """A block of the feed that was read: how many changes, how many that anybody is told of."""

    changes: int
    telling: int
    last: Place | None


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription with its scheduled moments around now (rules.py)."""

    number: int
    partner_id: int
    scheduled: bool
    last: datetime | None
    next: datetime | None


async def horizon(connection: Connection) -> Horizon:
    below = await connection.fetchval("select pg_snapshot_xmin(pg_current_snapshot())::text")
    rows = await connection.fetch("select code, programme_id from programme")
    return Horizon(int(below), {row["code"].casefold(): row["programme_id"] for row in rows})


async def hold_cursor(connection: Connection) -> Place | None:
    """Where the reader stands; None while another process reads."""
    row = await connection.fetchrow(
        """
        select transaction_no::text, change_id from feed_cursor where reader = $1
        for update skip locked
        """,
        _READER,
    )
    return Place(int(row["transaction_no"]), row["change_id"]) if row else None


async def take_time(connection: Connection) -> None:
    """A block that matches everybody writes millions of rows; nobody waits for it."""
    await connection.execute("set local statement_timeout = '15min'")


async def move_cursor(
    connection: Connection, to: Place, caught_up_at: datetime | None = None
) -> None:
    """Moves the cursor on; it never goes back."""
    await connection.execute(
        """
        update feed_cursor set
            transaction_no = $2::text::xid8, change_id = $3,
            caught_up_at = coalesce($4, caught_up_at)
        where reader = $1 and (transaction_no, change_id) <= ($2::text::xid8, $3::bigint)
        """,
        _READER,
        str(to.transaction_no),
        to.change_id,
        caught_up_at,
    )


async def scan(connection: Connection, after: Place, below: int, most: int) -> Scanned:
    """Reads the next changes; those that somebody may want to hear of go to s_changed."""
    row = await connection.fetchrow(
        """
        with scanned as (
            select transaction_no, change_id, record_id, programme_id, kind, known_at
            from change
            where (transaction_no, change_id) > ($1::text::xid8, $2::bigint)
              and transaction_no < $3::text::xid8
            order by transaction_no, change_id
            limit $4
        ), telling as (
            insert into s_changed (topic, record_id, programme_id, change_id, known_at,
                                   transaction_no)
            select case kind when 'enrolled' then 1 else 2 end, record_id, programme_id, change_id,
                   known_at, transaction_no
            from scanned where kind in ('enrolled', 'status_changed')
            returning 1
        ), newest as (
            select transaction_no::text as transaction_no, change_id from scanned
            order by scanned.transaction_no desc, change_id desc limit 1
        )
        select (select count(*) from scanned) as changes, (select count(*) from telling) as telling,
               n.transaction_no, n.change_id
        from (select 1) as one left join newest n on true
        """,
        str(after.transaction_no),
        after.change_id,
        str(below),
        most,
    )
    assert row is not None
    last = Place(int(row["transaction_no"]), row["change_id"]) if row["changes"] else None
    return Scanned(row["changes"], row["telling"], last)


async def fill_subjects(
    connection: Connection, topics: Sequence[int], final_statuses: Sequence[int]
) -> None:
    """Puts the changed records under their topics into s_subject (registry/search/matching).

    A change of status is also the end of an enrolment (topic 3) where the status now is final.
    """
    await connection.execute(
        """
        insert into s_subject (topic, record_id)
        select distinct topic, record_id from s_changed where topic = any ($1::smallint[])
        union all
        select distinct 3, c.record_id
        from s_changed c
        join enrolment e on e.record_id = c.record_id and e.programme_id = c.programme_id
        where 3 = any ($1::smallint[]) and c.topic = 2 and e.status = any ($2::smallint[])
        """,
        list(topics),
        list(final_statuses),
    )


async def put_matches(connection: Connection, waiting: Sequence[Waits], now: datetime) -> int:
    """Makes of the matches in s_match what is still to be told; how many rows were written.

    A change counts if the subscriber could not see it when it subscribed, and if it was learned
    within the time of the subscription. What waits already for the same record is told with it.
    """
    said: str = await connection.execute(
        """
        insert into notification (subscription_no, record_id, partner_id, programme_id, change_id,
                                  due_at)
        select m.number, c.record_id, w.partner_id, c.programme_id, max(c.change_id), min(due.at)
        from s_match m
        join unnest($1::integer[], $2::integer[], $3::boolean[], $4::timestamptz[],
                    $5::timestamptz[]) as w (number, partner_id, scheduled, last, next)
          on w.number = m.number
        join subscription s on s.subscription_no = m.number and s.state = 'active'
        join s_changed c
          on c.record_id = m.record_id and c.topic = case m.topic when 3 then 2 else m.topic end
        cross join lateral (
            select case when not w.scheduled or c.known_at < w.last then $6::timestamptz
                        else w.next end as at
        ) as due
        where due.at is not null
          and (s.start_at is null or c.known_at >= s.start_at)
          and (s.end_at is null or c.known_at < s.end_at)
          and (s.made_in is null or not pg_visible_in_snapshot(c.transaction_no, s.made_in))
        group by m.number, c.record_id, w.partner_id, c.programme_id
        order by m.number, c.record_id
        on conflict (subscription_no, record_id) do update set
            change_id = greatest(notification.change_id, excluded.change_id),
            due_at = least(notification.due_at, excluded.due_at)
        """,
        [each.number for each in waiting],
        [each.partner_id for each in waiting],
        [each.scheduled for each in waiting],
        [each.last for each in waiting],
        [each.next for each in waiting],
        now,
    )
    return int(said.rsplit(" ", 1)[1])


async def unmatched(connection: Connection) -> tuple[int, datetime | None]:
    """How many changes were not read yet, counted to the limit, and when the first was learned."""
    row = await connection.fetchrow(
        """
        select count(*) as many, min(known_at) filter (where place = 1) as oldest_at
        from (
            select c.known_at,
                   row_number() over (order by c.transaction_no, c.change_id) as place
            from feed_cursor f
            join change c on (c.transaction_no, c.change_id) > (f.transaction_no, f.change_id)
            where f.reader = $1
            limit $2
        ) as ahead
        """,
        _READER,
        MOST_COUNTED,
    )
    assert row is not None
    return row["many"], row["oldest_at"]


async def see_every_programme(connection: Connection) -> None:
    """For the owner's own statements: the tables' policies hold for their owner too."""
    await connection.execute(
        """
        select set_config('ibr.programmes',
                          (select string_agg(programme_id::text, ',') from ibr.programme), true)
        """
    )


async def renumber_restored(connection: Connection) -> bool:
    """Whether the feed came from another server, and was put in order; the owner's connection.

    Transaction numbers mean nothing on a server that did not give them. Changes that were read
    before get a number older than any, the others that of this transaction.
    """
    restored: bool = await connection.fetchval(
        "select coalesce(max(transaction_no) > pg_current_xact_id(), false) from ibr.feed_cursor"
    )
    if not restored:
        return False
    await see_every_programme(connection)
    await connection.execute(
        """
        update ibr.change c set transaction_no = case
            when (c.transaction_no, c.change_id) <= (f.transaction_no, f.change_id) then '3'::xid8
            else pg_current_xact_id() end
        from ibr.feed_cursor f where f.reader = $1
        """,
        _READER,
    )
    # Linkage reads everything anew: what it has read already it finds unchanged.
    await connection.execute(
        """
        update ibr.feed_cursor
        set transaction_no = case when reader = $1 then '4'::xid8 else '0'::xid8 end, change_id = 0
        """,
        _READER,
    )
    await connection.execute("update ibr.subscription set made_in = null")
    return True
