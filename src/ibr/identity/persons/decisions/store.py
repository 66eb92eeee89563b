"""SQL of what people decided about pairs: appended to, and read as what counts now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from ibr.db.pool import Connection
from ibr.identity.model import Appearance, Decided, Pair

# Of each pair the newest first opinion, and the newest second one beside it.
_NEWEST: Final = """
    select distinct on (d.low_record, d.low_no, d.high_record, d.high_no)
           d.low_record, d.low_no, d.high_record, d.high_no, d.decision, d.decision_no,
           d.decided_at, d.four_eyes, second.decision as second
    from link_decision d
    left join lateral (
        select s.decision from link_decision s
        where s.low_record = d.low_record and s.low_no = d.low_no
          and s.high_record = d.high_record and s.high_no = d.high_no and s.opinion = 2
          and s.decision_no > d.decision_no
        order by s.decision_no desc limit 1
    ) as second on true
    where d.opinion = 1
"""
_ORDER: Final = """
    order by d.low_record, d.low_no, d.high_record, d.high_no, d.decision_no desc
"""
# A second opinion that differs leaves the pair open; where four eyes are needed, silence does too.
_COUNTS: Final = """
    decision in ('same', 'different')
    and (second is null and not four_eyes
         or second = decision
         or second in ('unsure', 'withdrawn') and not four_eyes)
"""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One decision as it was made."""

    decision_no: int
    low_record: int
    low_no: int
    high_record: int
    high_no: int
    decision: str
    opinion: int
    reason_code: str
    note: bytes | None
    decided_by: int
    decided_at: datetime
    weight: float | None
    model_no: int | None
    four_eyes: bool


async def append(
    connection: Connection,
    *,
    low: Appearance,
    high: Appearance,
    decision: str,
    opinion: int,
    reason_code: str,
    note: bytes | None,
    decided_by: int,
    decided_at: datetime,
    weight: float | None,
    model_no: int | None,
    four_eyes: bool,
) -> int:
    number: int = await connection.fetchval(
        """
        insert into link_decision (low_record, low_no, high_record, high_no, decision, opinion,
                                   reason_code, note, decided_by, decided_at, weight, model_no,
                                   four_eyes)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        returning decision_no
        """,
        *low,
        *high,
        decision,
        opinion,
        reason_code,
        note,
        decided_by,
        decided_at,
        weight,
        model_no,
        four_eyes,
    )
    return number


async def both_in_reach(connection: Connection, low: Appearance, high: Appearance) -> bool:
    """Whether the transaction sees both appearances."""
    found: int = await connection.fetchval(
        """
        select count(*) from appearance
        where (record_id, appearance_no) in (($1, $2::smallint), ($3, $4::smallint))
        """,
        *low,
        *high,
    )
    return found == 2


async def mark_pair(connection: Connection, low: Appearance, high: Appearance) -> None:
    """Shows in the queue what was decided: it leaves the queue, or comes back to it."""
    await connection.execute(
        f"""
        with newest as ({_NEWEST}
              and d.low_record = $1 and d.low_no = $2 and d.high_record = $3 and d.high_no = $4
            {_ORDER}
        ), counts as (select exists (select from newest where {_COUNTS}) as now)
        update link_pair p set state = case when c.now then 'decided' else 'open' end
        from counts c
        where p.low_record = $1 and p.low_no = $2 and p.high_record = $3 and p.high_no = $4
          and p.state = case when c.now then p.state else 'decided' end and p.state <> 'gone'
        """,
        *low,
        *high,
    )


async def in_force(connection: Connection, among: Sequence[Pair] | None) -> list[Decided]:
    """What counts, the oldest decision first; of these pairs only, where some are given."""
    wanted = ""
    values: list[object] = []
    if among is not None:
        wanted = """
            and (d.low_record, d.low_no, d.high_record, d.high_no) in (
                select * from unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::smallint[]))
        """
        values = [
            [low.record_id for low, _ in among],
            [low.appearance_no for low, _ in among],
            [high.record_id for _, high in among],
            [high.appearance_no for _, high in among],
        ]
    rows = await connection.fetch(
        f"""
        with newest as ({_NEWEST} {wanted} {_ORDER})
        select low_record, low_no, high_record, high_no, decision, decision_no, decided_at
        from newest where {_COUNTS} order by decision_no
        """,
        *values,
    )
    return [
        Decided(
            low=Appearance(row["low_record"], row["low_no"]),
            high=Appearance(row["high_record"], row["high_no"]),
            verdict=row["decision"],
            decision_no=row["decision_no"],
            decided_at=row["decided_at"],
        )
        for row in rows
    ]


async def decided_after(connection: Connection, decision_no: int, upto: int) -> list[Appearance]:
    """The ends of the pairs that people said something about since."""
    rows = await connection.fetch(
        """
        select low_record as record_id, low_no as appearance_no from link_decision
        where decision_no > $1 and decision_no <= $2
        union select high_record, high_no from link_decision
        where decision_no > $1 and decision_no <= $2
        """,
        decision_no,
        upto,
    )
    return [Appearance(row["record_id"], row["appearance_no"]) for row in rows]


async def pairs_after(connection: Connection, decision_no: int) -> list[Pair]:
    """The pairs that people said something about since."""
    rows = await connection.fetch(
        """
        select distinct low_record, low_no, high_record, high_no from link_decision
        where decision_no > $1
        """,
        decision_no,
    )
    return [(Appearance(row[0], row[1]), Appearance(row[2], row[3])) for row in rows]


async def pairs_among(connection: Connection, among: Sequence[Appearance]) -> list[Pair]:
    """The pairs that people said something about, of which both ends are among these."""
    rows = await connection.fetch(
        """
        with w as materialized (
            select * from unnest($1::bigint[], $2::smallint[]) as w (record_id, appearance_no)
        )
        select distinct d.low_record, d.low_no, d.high_record, d.high_no
        from w join link_decision d on d.low_record = w.record_id and d.low_no = w.appearance_no
        where exists (select from w as other where other.record_id = d.high_record
                                               and other.appearance_no = d.high_no)
        """,
        [each.record_id for each in among],
        [each.appearance_no for each in among],
    )
    return [(Appearance(row[0], row[1]), Appearance(row[2], row[3])) for row in rows]


async def history(connection: Connection, low: Appearance, high: Appearance) -> list[Kept]:
    """Everything that was ever decided about a pair, the oldest first."""
    rows = await connection.fetch(
        """
        select decision_no, low_record, low_no, high_record, high_no, decision, opinion,
               reason_code, note, decided_by, decided_at, weight, model_no, four_eyes
        from link_decision
        where low_record = $1 and low_no = $2 and high_record = $3 and high_no = $4
        order by decision_no
        """,
        *low,
        *high,
    )
    return [Kept(**dict(row)) for row in rows]
