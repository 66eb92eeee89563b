"""SQL of the review queue: what waits, for whom, who looks at it, and what is known."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.identity.model import Pair
from ibr.identity.review.model import Wanted

_PAIR: Final = "low_record, low_no, high_record, high_no"
_REASON: Final = "case p.why when 'group_too_large' then 'too_large' else p.why end"
# $1 the programmes in reach, $2 the officer, $3 one programme, $4 the same programme only,
# $5 reason, $6 not newer than.
_NARROWED: Final = """
    p.low_programme = any ($1::integer[]) and p.high_programme = any ($1::integer[])
      and ($3::integer is null or $3 in (p.low_programme, p.high_programme))
      and (not $4::boolean or p.low_programme = p.high_programme)
      and ($5::text = '' or {why} = case $5::text when 'weight' then '' else $5::text end)
      and ($6::timestamptz is null or p.first_at <= $6)
"""


class _Half(NamedTuple):
    """One half of the queue: why a pair is in it, where it is read from, and which count."""

    why: str
    source: str
    wanted: str


_FIRST: Final = _Half(
    _REASON,
    "link_pair p",
    f"""
    {_NARROWED.format(why=_REASON)} and p.state = 'open' and $2::integer is not null
      and not exists (select from review_second s
                      where s.low_record = p.low_record and s.low_no = p.low_no
                        and s.high_record = p.high_record and s.high_no = p.high_no)
      and not exists (select from review_known k
                      where k.low_record = p.low_record and k.low_no = p.low_no
                        and k.high_record = p.high_record and k.high_no = p.high_no
                        and k.ended_at is null)
    """,
)
# Why a second opinion is wanted is not told: it would give the first one away.
_WHY_AGAIN: Final = f"case s.why when 'differ' then 'differ' else {_REASON} end"
_AGAIN: Final = _Half(
    _WHY_AGAIN,
    """link_pair p
    join review_second s on s.low_record = p.low_record and s.low_no = p.low_no
        and s.high_record = p.high_record and s.high_no = p.high_no""",
    f"""
    {_NARROWED.format(why=_WHY_AGAIN)} and p.state <> 'gone' and not $2 = any (s.not_by)
    """,
)


def _waiting(half: _Half) -> str:
    """The pairs of a half in order; $7 now, $8 the most doubtful weight, $9 how many, $10 only
    those that nobody looks at and that the officer has not passed over.

    Each half comes in order from an index of its own; together they would be sorted anew for
    every pair that somebody takes.
    """
    return f"""
        select p.low_record, p.low_no, p.high_record, p.high_no, p.low_programme,
               p.high_programme, p.weight, p.money_minor, p.first_at, {half.why} as why,
               o.name as looked_at_by
        from {half.source}
        left join review_lease l on l.low_record = p.low_record and l.low_no = p.low_no
            and l.high_record = p.high_record and l.high_no = p.high_no
            and l.until_at > $7 and l.officer_id <> $2
        left join officer o on o.officer_id = l.officer_id
        where {half.wanted}
          and (not $10::boolean or l.officer_id is null and not exists (
                select from review_set_aside a
                where a.officer_id = $2 and a.low_record = p.low_record and a.low_no = p.low_no
                  and a.high_record = p.high_record and a.high_no = p.high_no
                  and a.until_at > $7))
        order by p.money_minor desc, abs(p.weight - $8::real) limit $9
    """


async def waiting(
    connection: Connection,
    reach: Collection[int],
    officer: int,
    wanted: Wanted,
    *,
    middle: float,
    now: datetime,
    most: int,
    free: bool,
) -> list[Record]:
    """The first pairs of both halves of the queue, still to be put in one order."""
    values = (*_values(reach, officer, wanted), now, middle, most, free)
    return [
        *await connection.fetch(_waiting(_FIRST), *values),
        *await connection.fetch(_waiting(_AGAIN), *values),
    ]


def _counted(half: _Half) -> str:
    return f"""
        select count(*) as pairs,
               count(*) filter (where p.low_programme = p.high_programme) as same_programme,
               count(*) filter (where {half.why} = 'differ') as differ, min(p.first_at) as oldest
        from {half.source} where {half.wanted}
    """


async def count(
    connection: Connection, reach: Collection[int], officer: int, wanted: Wanted
) -> Record:
    """How much waits for this officer: all, both in one programme, two that differ, the oldest."""
    row = await connection.fetchrow(
        f"""
        select sum(pairs)::integer as pairs, sum(same_programme)::integer as same_programme,
               sum(differ)::integer as differ, min(oldest) as oldest
        from (({_counted(_FIRST)}) union all ({_counted(_AGAIN)})) as both_halves
        """,
        *_values(reach, officer, wanted),
    )
    assert row is not None
    return row


def _values(reach: Collection[int], officer: int, wanted: Wanted) -> tuple[object, ...]:
    return (
        sorted(reach),
        officer,
        wanted.programme,
        wanted.same_programme,
        wanted.reason,
        wanted.older_than,
    )


async def waits_for_anybody(connection: Connection, reach: Collection[int]) -> int:
    """How many pairs within reach wait for a first opinion or another one."""
    found: int = await connection.fetchval(
        """
        select (select count(*) from link_pair
                where state = 'open' and low_programme = any ($1::integer[])
                  and high_programme = any ($1::integer[]))::integer
             + (select count(*) from review_second s join link_pair p
                using (low_record, low_no, high_record, high_no)
                where p.state in ('decided', 'linked') and p.low_programme = any ($1::integer[])
                  and p.high_programme = any ($1::integer[]))::integer
        """,
        sorted(reach),
    )
    return found


async def row(
    connection: Connection, pair: Pair, officer: int, reach: Collection[int], *, hold: bool
) -> Record | None:
    """A pair within reach as it stands; held for the transaction where it is to be decided."""
    return await connection.fetchrow(
        f"""
        select p.low_programme, p.high_programme, p.weight, p.state, p.money_minor, p.first_at,
               p.levels, {_REASON} as why, r.model_no, s.why as second,
               s.decision_no as second_decision, s.not_by, k.truth, k.weight as known_weight,
               a.officer_id is not null as answered
        from link_pair p
        left join link_run r on r.run_no = p.run_no
        left join review_second s on s.low_record = p.low_record and s.low_no = p.low_no
            and s.high_record = p.high_record and s.high_no = p.high_no
        left join review_known k on k.low_record = p.low_record and k.low_no = p.low_no
            and k.high_record = p.high_record and k.high_no = p.high_no and k.ended_at is null
        left join review_known_answer a on a.officer_id = $5 and a.low_record = p.low_record
            and a.low_no = p.low_no and a.high_record = p.high_record and a.high_no = p.high_no
        where p.low_record = $1 and p.low_no = $2 and p.high_record = $3 and p.high_no = $4
          and p.low_programme = any ($6::integer[]) and p.high_programme = any ($6::integer[])
        {"for update of p" if hold else ""}
        """,
        *_flat(pair),
        officer,
        sorted(reach),
    )


async def take(
    connection: Connection, pair: Pair, officer: int, now: datetime, until: datetime
) -> bool:
    """Keeps the pair for the officer; False where a colleague looks at it just now."""
    taken = await connection.fetchval(
        f"""
        insert into review_lease as l ({_PAIR}, officer_id, taken_at, until_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict ({_PAIR}) do update
            set officer_id = excluded.officer_id, taken_at = excluded.taken_at,
                until_at = excluded.until_at
            where l.officer_id = excluded.officer_id or l.until_at <= excluded.taken_at
        returning true
        """,
        *_flat(pair),
        officer,
        now,
        until,
    )
    return taken is not None


async def holder(connection: Connection, pair: Pair, now: datetime) -> Record | None:
    """Who looks at the pair just now, and until when it is kept for them."""
    return await connection.fetchrow(
        """
        select l.officer_id, o.name, l.until_at from review_lease l
        join officer o using (officer_id)
        where l.low_record = $1 and l.low_no = $2 and l.high_record = $3 and l.high_no = $4
          and l.until_at > $5
        """,
        *_flat(pair),
        now,
    )


async def let_go(connection: Connection, officer: int, now: datetime) -> None:
    """Gives back what the officer looked at, and forgets what they passed over long ago."""
    await connection.execute("delete from review_lease where officer_id = $1", officer)
    await connection.execute(
        "delete from review_set_aside where officer_id = $1 and until_at <= $2", officer, now
    )


async def set_aside(connection: Connection, pair: Pair, officer: int, until: datetime) -> None:
    await connection.execute(
        f"""
        insert into review_set_aside (officer_id, {_PAIR}, until_at)
        values ($5, $1, $2, $3, $4, $6)
        on conflict (officer_id, {_PAIR}) do update set until_at = excluded.until_at
        """,
        *_flat(pair),
        officer,
        until,
    )


async def want_second(
    connection: Connection,
    pair: Pair,
    why: str,
    decision_no: int,
    not_by: Sequence[int],
    at: datetime,
) -> None:
    await connection.execute(
        f"""
        insert into review_second ({_PAIR}, why, decision_no, not_by, wanted_at)
        values ($1, $2, $3, $4, $5, $6, $7::integer[], $8)
        on conflict ({_PAIR}) do update
            set why = excluded.why, decision_no = excluded.decision_no, not_by = excluded.not_by,
                wanted_at = excluded.wanted_at
        """,
        *_flat(pair),
        why,
        decision_no,
        list(not_by),
        at,
    )


async def want_no_second(connection: Connection, pair: Pair) -> None:
    await connection.execute(
        """
        delete from review_second
        where low_record = $1 and low_no = $2 and high_record = $3 and high_no = $4
        """,
        *_flat(pair),
    )


async def receiving(
    connection: Connection, records: Sequence[int], counted: Collection[int], suspended: int
) -> int:
    """How many of these records are enrolled now and have received benefits."""
    found: int = await connection.fetchval(
        """
        select count(*) from enrolment e join programme p using (programme_id)
        where e.record_id = any ($1::bigint[]) and e.benefit_count > 0
          and (e.status = any ($2::smallint[]) or (e.status = $3 and p.suspended_counts))
        """,
        list(records),
        list(counted),
        suspended,
    )
    return found


async def own_latest(connection: Connection, officer: int, most: int) -> list[Record]:
    """The officer's newest answers that stand, known pairs among them as if they were any."""
    return await connection.fetch(
        f"""
        select * from (
            (select {_PAIR}, decision, reason_code, decided_at as at from link_decision d
             where d.decided_by = $1 and d.decision <> 'withdrawn'
               and not exists (
                    select from link_decision n
                    where n.low_record = d.low_record and n.low_no = d.low_no
                      and n.high_record = d.high_record and n.high_no = d.high_no
                      and n.decision_no > d.decision_no
                      and n.opinion <= d.opinion)
             order by d.decision_no desc limit $2)
            union all
            (select {_PAIR}, decision, reason_code, answered_at from review_known_answer
             where officer_id = $1 order by answered_at desc limit $2)
        ) as own
        order by at desc limit $2
        """,
        officer,
        most,
    )


def _flat(pair: Pair) -> tuple[int, int, int, int]:
    (low, low_no), (high, high_no) = pair
    return low, low_no, high, high_no
