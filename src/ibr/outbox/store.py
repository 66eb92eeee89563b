"""SQL of promised messages: taken in once, held by one process at a time, settled by who holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Final

import asyncpg
import msgspec

from ibr.db.pool import Connection
from ibr.outbox.model import InHand, Promise, Receiver, Settled
from ibr.outbox.rules import MOST_DEATHS

CHANNEL: Final = "ibr_outbox"
# A process that holds messages says so again several times in this long.
LEASE_SECONDS: Final = 20
# How far ahead is looked, for one receiver, past messages that wait for an earlier one.
_LOOK_AHEAD: Final = 1_000
# A larger content is read when it is that message's turn, so that a claim holds little memory.
_READ_AT_ONCE: Final = 32_768


async def numbers(connection: Connection, count: int) -> list[int]:
    rows = await connection.fetch(
        "select nextval('outgoing_message_message_no_seq') as number from generate_series(1, $1)",
        count,
    )
    return sorted(row["number"] for row in rows)


async def put(connection: Connection, promises: Sequence[Promise], sealed: Sequence[bytes]) -> None:
    """Keeps promises with the caller's transaction; wakes the deliverers."""
    await connection.execute(
        """
        with kept as (
            insert into outgoing_message (message_no, partner_id, kind, address, message_id,
                                          transaction_id, correlation_id, programme_ids, stream,
                                          content, due_at, made_at)
            overriding system value
            select p.message_no, p.partner_id, p.kind, p.address, p.message_id, p.transaction_id,
                   p.correlation_id,
                   array(select jsonb_array_elements_text(p.programmes::jsonb)::integer),
                   p.stream, p.content, now(), p.made_at
            from unnest($1::bigint[], $2::integer[], $3::text[], $4::text[], $5::text[],
                        $6::text[], $7::text[], $8::text[], $9::bytea[], $10::bytea[],
                        $11::timestamptz[])
                 as p (message_no, partner_id, kind, address, message_id, transaction_id,
                       correlation_id, programmes, stream, content, made_at)
        )
        select pg_notify($12, '')
        """,
        [each.message_no for each in promises],
        [each.partner_id for each in promises],
        [each.kind for each in promises],
        [each.address for each in promises],
        [each.message_id for each in promises],
        [each.transaction_id for each in promises],
        [each.correlation_id for each in promises],
        [msgspec.json.encode(sorted(each.programmes)).decode() for each in promises],
        [each.stream for each in promises],
        list(sealed),
        [each.made_at for each in promises],
        CHANNEL,
    )


# The receivers with something waiting, each found by one step along the index: as cheap with a
# hundred thousand messages waiting as with ten.
_RECEIVERS: Final = """
    receiver as (
        (select partner_id, origin from outgoing_message where state = 'waiting'
         order by partner_id, origin limit 1)
        union all
        select next.partner_id, next.origin
        from receiver cross join lateral (
            select m.partner_id, m.origin from outgoing_message m
            where m.state = 'waiting'
              and (m.partner_id, m.origin) > (receiver.partner_id, receiver.origin)
            order by m.partner_id, m.origin limit 1
        ) as next
    )
"""


# $1 token, $2 to $4 rooms of known receivers, $5 room of any other, $6 partners held back,
# $7 what this process has in hand, $8 how many at most.
_CLAIM: Final = f"""
    with recursive {_RECEIVERS},
    room as (
        select partner_id, origin, coalesce(known.room, $5) as room
        from receiver
        left join unnest($2::integer[], $3::text[], $4::integer[])
             as known (partner_id, origin, room) using (partner_id, origin)
        where partner_id <> all ($6::integer[])
          and not exists (
              select from outgoing_message other
              where other.partner_id = receiver.partner_id and other.origin = receiver.origin
                and other.state = 'waiting' and other.leased_until > now()
                and other.lease_token <> $1::uuid)
    ),
    due as materialized (
        select first.message_no, first.turn
        from room cross join lateral (
            select free.message_no,
                   row_number() over (order by free.due_at, free.message_no) as turn
            from (
                select near.message_no, near.due_at
                from (
                    select m.message_no, m.due_at, m.stream from outgoing_message m
                    where m.partner_id = room.partner_id and m.origin = room.origin
                      and m.state = 'waiting' and m.due_at <= now()
                      and (m.leased_until is null or m.leased_until <= now())
                      and m.message_no <> all ($7::bigint[])
                    order by m.due_at, m.message_no
                    limit {_LOOK_AHEAD}
                ) as near
                where near.stream is null or not exists (
                    select from outgoing_message earlier
                    where earlier.stream = near.stream and earlier.state = 'waiting'
                      and earlier.partner_id = room.partner_id
                      and earlier.message_no < near.message_no)
                order by near.due_at, near.message_no
                limit room.room
            ) as free
        ) as first
        where room.room > 0
        order by first.turn
        limit $8
    ),
    held as materialized (
        select message_no from outgoing_message join due using (message_no)
        where state = 'waiting'
        for update of outgoing_message skip locked
    )
    update outgoing_message m
    set deaths = deaths + case when m.lease_token is null then 0 else 1 end,
        lease_token = $1::uuid, leased_until = now() + make_interval(secs => {LEASE_SECONDS})
    from held
    where m.message_no = held.message_no
    returning m.message_no, m.partner_id, m.origin, m.kind, m.address, m.message_id,
              m.transaction_id, m.correlation_id, m.programme_ids, m.stream,
              m.attempts + 1 as attempts,
              case when octet_length(m.content) <= {_READ_AT_ONCE} then m.content end as sealed
"""


async def claim(
    connection: Connection,
    *,
    token: str,
    in_hand: Collection[int],
    rooms: Mapping[Receiver, int],
    otherwise: int,
    held_back: Collection[int],
    most: int,
) -> list[InHand]:
    """Up to `most` messages that are due, for this process alone until its lease ends.

    Of each receiver as many as `rooms` says, or `otherwise`; none of the partners `held_back`,
    and none of a receiver that another process is busy with: so no receiver gets more at once
    than it should, whatever the number of processes. Of a stream only the first that waits.

    A claim need not survive a crash of the database: the message is then merely due again. So
    its commit does not wait for the disk.
    """
    # One claim at a time: two at once could each give a receiver all it may have.
    await connection.execute(
        "select set_config('synchronous_commit', 'off', true), "
        "pg_advisory_xact_lock(hashtext('ibr outbox claim'))"
    )
    known = list(rooms)
    rows = await connection.fetch(
        _CLAIM,
        token,
        [each[0] for each in known],
        [each[1] for each in known],
        [rooms[each] for each in known],
        otherwise,
        list(held_back),
        list(in_hand),
        most,
    )
    return [_in_hand(row) for row in sorted(rows, key=itemgetter("message_no"))]


def _in_hand(row: asyncpg.Record) -> InHand:
    values = dict(row)
    return InHand(programmes=tuple(values.pop("programme_ids")), **values)


async def content(connection: Connection, message_no: int) -> bytes:
    sealed: bytes = await connection.fetchval(
        "select content from outgoing_message where message_no = $1", message_no
    )
    return sealed


async def seconds_to_next(connection: Connection) -> float | None:
    """How long until another message of some receiver is due."""
    seconds = await connection.fetchval(
        f"""
        with recursive {_RECEIVERS}
        select extract(epoch from min(next.due_at) - now())
        from receiver cross join lateral (
            select m.due_at from outgoing_message m
            where m.partner_id = receiver.partner_id and m.origin = receiver.origin
              and m.state = 'waiting' and m.due_at > now()
            order by m.due_at limit 1
        ) as next
        """
    )
    return None if seconds is None else max(0.0, float(seconds))


async def renew(connection: Connection, token: str, held: Collection[int]) -> None:
    """Makes the leases longer; like a claim, it need not survive a crash."""
    await connection.execute("select set_config('synchronous_commit', 'off', true)")
    await connection.execute(
        """
        update outgoing_message set leased_until = now() + make_interval(secs => $3)
        where message_no = any ($2::bigint[]) and lease_token = $1::uuid and state = 'waiting'
        """,
        token,
        list(held),
        LEASE_SECONDS,
    )


async def settle(connection: Connection, token: str, results: Sequence[Settled]) -> set[int]:
    """Writes down how tries ended; the numbers of those that this process still held."""
    rows = await connection.fetch(
        """
        update outgoing_message m
        set state = s.state, due_at = coalesce(now() + s.wait, m.due_at),
            attempts = m.attempts + s.counted, leased_until = null, lease_token = null,
            last_outcome = coalesce(s.outcome, m.last_outcome),
            settled_at = case when s.state <> 'waiting' then now() end
        from unnest($2::bigint[], $3::text[], $4::text[], $5::interval[], $6::integer[])
             as s (message_no, state, outcome, wait, counted)
        where m.message_no = s.message_no and m.lease_token = $1::uuid and m.state = 'waiting'
        returning m.message_no
        """,
        token,
        [each.message.message_no for each in results],
        [each.state for each in results],
        [each.outcome for each in results],
        [each.wait for each in results],
        [1 if each.counts else 0 for each in results],
    )
    streamed = [each for each in results if each.message.stream is not None]
    if streamed:
        await _move_followers(connection, streamed)
    return {row["message_no"] for row in rows}


async def _move_followers(connection: Connection, results: Sequence[Settled]) -> None:
    """What waits behind a message need not be looked at before that is due again, and is due at
    once when that is done with. That it waits at all is made sure of by the claim."""
    await connection.execute(
        """
        update outgoing_message m
        set due_at = case when s.state = 'waiting' then greatest(m.due_at, now() + s.wait)
                          else least(m.due_at, now()) end
        from unnest($1::bigint[], $2::integer[], $3::bytea[], $4::text[], $5::interval[])
             as s (message_no, partner_id, stream, state, wait)
        where m.stream = s.stream and m.partner_id = s.partner_id and m.state = 'waiting'
          and m.message_no > s.message_no and m.attempts = 0
        """,
        [each.message.message_no for each in results],
        [each.message.partner_id for each in results],
        [each.message.stream for each in results],
        [each.state for each in results],
        [each.wait for each in results],
    )


async def give_up_orphans(connection: Connection) -> int:
    """Gives up messages that so many processes died with: one of them may be what kills them."""
    said: str = await connection.execute(
        """
        update outgoing_message
        set state = 'dead', last_outcome = 'worker_died', settled_at = now(),
            leased_until = null, lease_token = null
        where state = 'waiting' and leased_until < now() and deaths >= $1
        """,
        MOST_DEATHS,
    )
    return int(said.removeprefix("UPDATE "))
