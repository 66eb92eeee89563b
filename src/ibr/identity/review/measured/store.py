"""SQL of known pairs and of how well pairs are reviewed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.identity.model import Pair

_PAIR: Final = "low_record, low_no, high_record, high_no"


async def next_known(
    connection: Connection, officer: int, reach: Collection[int], now: datetime
) -> Record | None:
    """A known pair that the officer has not answered; another one for each officer."""
    return await connection.fetchrow(
        """
        select k.low_record, k.low_no, k.high_record, k.high_no from review_known k
        join link_pair p using (low_record, low_no, high_record, high_no)
        where k.ended_at is null and k.low_programme = any ($2::integer[])
          and k.high_programme = any ($2::integer[])
          and not exists (select from review_known_answer a
                          where a.officer_id = $1 and a.low_record = k.low_record
                            and a.low_no = k.low_no and a.high_record = k.high_record
                            and a.high_no = k.high_no)
          and not exists (select from review_lease l
                          where l.low_record = k.low_record and l.low_no = k.low_no
                            and l.high_record = k.high_record and l.high_no = k.high_no
                            and l.officer_id <> $1 and l.until_at > $3)
          and not exists (select from review_set_aside s
                          where s.officer_id = $1 and s.low_record = k.low_record
                            and s.low_no = k.low_no and s.high_record = k.high_record
                            and s.high_no = k.high_no and s.until_at > $3)
        order by hashint8(k.low_record * 31 + k.high_record + $1) limit 1
        """,
        officer,
        sorted(reach),
        now,
    )


async def since_known(connection: Connection, officer: int) -> Record:
    """How many known pairs the officer has answered, and how many others since the last."""
    row = await connection.fetchrow(
        """
        with own as (
            select count(*)::integer as known, max(answered_at) as last
            from review_known_answer where officer_id = $1
        )
        select own.known, (select count(*) from link_decision d
                           where d.decided_by = $1 and d.decision <> 'withdrawn'
                             and (own.last is null or d.decided_at > own.last))::integer as since
        from own
        """,
        officer,
    )
    assert row is not None
    return row


async def answer_known(
    connection: Connection,
    pair: Pair,
    officer: int,
    *,
    decision: str,
    reason_code: str,
    note: bytes | None,
    at: datetime,
) -> None:
    await connection.execute(
        f"""
        insert into review_known_answer
            (officer_id, {_PAIR}, decision, reason_code, note, answered_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (officer_id, {_PAIR}) do nothing
        """,
        officer,
        *_flat(pair),
        decision,
        reason_code,
        note,
        at,
    )


async def forget_answer(connection: Connection, pair: Pair, officer: int) -> bool:
    """Takes the officer's answer to a known pair away; whether there was one."""
    said: str = await connection.execute(
        """
        delete from review_known_answer
        where officer_id = $1 and low_record = $2 and low_no = $3 and high_record = $4
          and high_no = $5
        """,
        officer,
        *_flat(pair),
    )
    return said != "DELETE 0"


async def candidates(connection: Connection, state: str, after: int, most: int) -> list[Record]:
    """Pairs of a state that nobody decided and that are not known yet, in the order of a hash."""
    return await connection.fetch(
        """
        select p.low_record, p.low_no, p.high_record, p.high_no, p.low_programme,
               p.high_programme, p.run_no,
               hashint8(p.low_record * 31 + p.high_record) as place
        from link_pair p
        where p.state = $1 and hashint8(p.low_record * 31 + p.high_record)::bigint > $2::bigint
          and ($1 = 'linked' or p.why = 'conflict')
          and not exists (select from review_known k
                          where k.low_record = p.low_record and k.low_no = p.low_no
                            and k.high_record = p.high_record and k.high_no = p.high_no)
          and not exists (select from link_decision d
                          where d.low_record = p.low_record and d.low_no = p.low_no
                            and d.high_record = p.high_record and d.high_no = p.high_no)
        order by place limit $3
        """,
        state,
        after,
        most,
    )


async def plant(
    connection: Connection,
    pair: Pair,
    programmes: Sequence[int],
    truth: str,
    weight: float,
    at: datetime,
) -> None:
    await connection.execute(
        f"""
        insert into review_known
            ({_PAIR}, low_programme, high_programme, truth, weight, planted_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict ({_PAIR}) do nothing
        """,
        *_flat(pair),
        *programmes,
        truth,
        weight,
        at,
    )


async def end_known(connection: Connection, at: datetime) -> int:
    """Takes every known pair out of the queue; how many there were."""
    said: str = await connection.execute(
        "update review_known set ended_at = $1 where ended_at is null", at
    )
    return int(said.removeprefix("UPDATE "))


# The newest second opinion of each pair beside the first opinion that it was asked about.
_TWICE: Final = """
    select distinct on (s.low_record, s.low_no, s.high_record, s.high_no)
           first.decision as first, s.decision as second, first.decided_by as first_by,
           s.decided_by as second_by
    from link_decision s
    join lateral (
        select f.decision, f.decided_by from link_decision f
        where f.low_record = s.low_record and f.low_no = s.low_no
          and f.high_record = s.high_record and f.high_no = s.high_no
          and f.opinion = 1 and f.decision_no < s.decision_no
        order by f.decision_no desc limit 1
    ) as first on first.decision <> 'withdrawn'
    where s.opinion = 2
    order by s.low_record, s.low_no, s.high_record, s.high_no, s.decision_no desc
"""


async def twice(connection: Connection) -> list[tuple[str, str, int]]:
    """First and second opinions, and how many pairs had these two."""
    rows = await connection.fetch(
        f"""
        select first, second, count(*)::integer as many from ({_TWICE}) as t
        where second <> 'withdrawn' group by first, second order by first, second
        """
    )
    return [(row["first"], row["second"], row["many"]) for row in rows]


async def by_weight(connection: Connection) -> list[tuple[int, str, int]]:
    """What was decided of each whole bit of weight, of pairs whose newest opinion stands."""
    rows = await connection.fetch(
        """
        select floor(weight)::integer as bits, decision, count(*)::integer as many from (
            select distinct on (low_record, low_no, high_record, high_no) weight, decision
            from link_decision where opinion = 1
            order by low_record, low_no, high_record, high_no, decision_no desc
        ) as newest
        where decision in ('same', 'different') and weight is not null and weight < 1e6
        group by 1, 2 order by 1, 2
        """
    )
    return [(row["bits"], row["decision"], row["many"]) for row in rows]


async def reviewers(connection: Connection, since: datetime, only: int | None) -> list[Record]:
    """What each reviewer decided since, how it agrees with others and with what is known."""
    return await connection.fetch(
        f"""
        with decided as (
            select decided_by as officer_id,
                   count(*) filter (where decision = 'same')::integer as same,
                   count(*) filter (where decision = 'different')::integer as different,
                   count(*) filter (where decision = 'unsure')::integer as unsure,
                   count(*) filter (where decision = 'withdrawn')::integer as withdrawn
            from link_decision where decided_at >= $1 group by decided_by
        ), twice as ({_TWICE}), both_ways as (
            select first_by as officer_id, first = second as agreed from twice
            where second <> 'withdrawn'
            union all
            select second_by, first = second from twice where second <> 'withdrawn'
        ), opinions as (
            select officer_id, count(*)::integer as twice,
                   count(*) filter (where agreed)::integer as agreed
            from both_ways group by officer_id
        ), known as (
            select a.officer_id, count(*)::integer as known,
                   count(*) filter (where a.decision = k.truth)::integer as known_right,
                   count(*) filter (where a.decision = 'unsure')::integer as known_unsure
            from review_known_answer a
            join review_known k using (low_record, low_no, high_record, high_no)
            group by a.officer_id
        )
        select o.officer_id, o.name, coalesce(d.same, 0) as same,
               coalesce(d.different, 0) as different, coalesce(d.unsure, 0) as unsure,
               coalesce(d.withdrawn, 0) as withdrawn, coalesce(p.twice, 0) as twice,
               coalesce(p.agreed, 0) as agreed, coalesce(k.known, 0) as known,
               coalesce(k.known_right, 0) as known_right,
               coalesce(k.known_unsure, 0) as known_unsure
        from officer o
        left join decided d using (officer_id)
        left join opinions p using (officer_id)
        left join known k using (officer_id)
        where (d.officer_id is not null or p.officer_id is not null or k.officer_id is not null)
          and ($2::integer is null or o.officer_id = $2)
        order by o.name, o.officer_id
        """,
        since,
        only,
    )


def _flat(pair: Pair) -> tuple[int, int, int, int]:
    (low, low_no), (high, high_no) = pair
    return low, low_no, high, high_no
