"""SQL of pairs: what is linked with what, and what a person should look at."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

import msgspec

from ibr.db.pool import Connection
from ibr.identity.model import Appearance, Weighed

TEMPORARY: Final = (
    """
    create temporary table if not exists s_pair (
        low_record bigint, low_no smallint, high_record bigint, high_no smallint,
        weight double precision, levels smallint[], state text, why text
    ) on commit delete rows
    """,
    """
    create temporary table if not exists s_touched (
        record_id bigint, appearance_no smallint
    ) on commit delete rows
    """,
)


class KeptPair(msgspec.Struct, frozen=True, gc=False):
    """A pair as it is to be kept: linked, open, decided, with the reason why it is open."""

    weighed: Weighed
    state: str
    why: str = ""


async def neighbours(connection: Connection, of: Collection[Appearance]) -> list[Appearance]:
    """Who stands in a record with these, is near them, is one person with them, or was compared
    with them by people."""
    rows = await connection.fetch(
        """
        with w as materialized (
            select * from unnest($1::bigint[], $2::smallint[]) as w (record_id, appearance_no)
        )
        select p.high_record as record_id, p.high_no as appearance_no
        from w join link_pair p on p.low_record = w.record_id and p.low_no = w.appearance_no
        where p.state <> 'gone'
        union
        select p.low_record, p.low_no
        from w join link_pair p on p.high_record = w.record_id and p.high_no = w.appearance_no
        where p.state <> 'gone'
        union
        select d.high_record, d.high_no
        from w join link_decision d on d.low_record = w.record_id and d.low_no = w.appearance_no
        union
        select d.low_record, d.low_no
        from w join link_decision d on d.high_record = w.record_id and d.high_no = w.appearance_no
        union
        select other.record_id, other.appearance_no
        from w join person_member m using (record_id, appearance_no)
        join person_member other on other.person_id = m.person_id
        union
        select a.record_id, a.appearance_no
        from w join appearance a using (record_id)
        """,
        [each.record_id for each in of],
        [each.appearance_no for each in of],
    )
    return [Appearance(row["record_id"], row["appearance_no"]) for row in rows]


async def pairs_within(connection: Connection, among: Collection[Appearance]) -> list[Weighed]:
    """Kept pairs of which both ends are among these."""
    rows = await connection.fetch(
        """
        with w as materialized (
            select * from unnest($1::bigint[], $2::smallint[]) as w (record_id, appearance_no)
        )
        select p.low_record, p.low_no, p.high_record, p.high_no, p.weight, p.levels
        from w join link_pair p on p.low_record = w.record_id and p.low_no = w.appearance_no
        where p.state <> 'gone'
          and exists (select from w as other where other.record_id = p.high_record
                                               and other.appearance_no = p.high_no)
        """,
        [each.record_id for each in among],
        [each.appearance_no for each in among],
    )
    return [
        Weighed(
            Appearance(row["low_record"], row["low_no"]),
            Appearance(row["high_record"], row["high_no"]),
            row["weight"],
            tuple(row["levels"]),
        )
        for row in rows
    ]


async def stage_pairs(connection: Connection, pairs: Iterable[KeptPair]) -> None:
    await connection.copy_records_to_table(
        "s_pair",
        records=(
            (*each.weighed.low, *each.weighed.high, each.weighed.weight, each.weighed.levels,
             each.state, each.why)
            for each in pairs
        ),
    )  # fmt: skip


async def stage_touched(connection: Connection, touched: Iterable[Appearance]) -> None:
    await connection.copy_records_to_table("s_touched", records=touched)


async def put_pairs(connection: Connection, run_no: int, at: datetime) -> None:
    """Keeps the staged pairs; what is as it was is not written again."""
    await connection.execute("analyze s_pair")
    await connection.execute(
        """
        insert into link_pair (low_record, low_no, high_record, high_no, low_programme,
                               high_programme, weight, levels, state, why, run_no, first_at)
        select s.low_record, s.low_no, s.high_record, s.high_no, low.programme_id,
               high.programme_id, s.weight, s.levels, s.state, s.why, $1, $2
        from s_pair s
        join appearance low
          on low.record_id = s.low_record and low.appearance_no = s.low_no
        join appearance high
          on high.record_id = s.high_record and high.appearance_no = s.high_no
        on conflict (low_record, low_no, high_record, high_no) do update set
            weight = excluded.weight, levels = excluded.levels, state = excluded.state,
            why = excluded.why, run_no = excluded.run_no
        where (link_pair.weight, link_pair.levels, link_pair.state, link_pair.why)
              is distinct from
              (excluded.weight, excluded.levels, excluded.state, excluded.why)
        """,
        run_no,
        at,
    )


async def forget_others(connection: Connection, run_no: int) -> int:
    """Of everybody, the pairs that are not among the staged ones are no longer near."""
    said: str = await connection.execute(
        """
        update link_pair p set state = 'gone', why = '', run_no = $1
        where p.state <> 'gone' and not exists (
            select from s_pair s where s.low_record = p.low_record and s.low_no = p.low_no
                                   and s.high_record = p.high_record and s.high_no = p.high_no)
        """,
        run_no,
    )
    return int(said.removeprefix("UPDATE "))


async def forget_touched(connection: Connection, run_no: int) -> int:
    """The same for pairs with an end among the staged touched appearances."""
    await connection.execute("analyze s_touched")
    said: str = await connection.execute(
        """
        with near as (
            select p.low_record, p.low_no, p.high_record, p.high_no
            from s_touched t join link_pair p
              on p.low_record = t.record_id and p.low_no = t.appearance_no
            where p.state <> 'gone'
            union
            select p.low_record, p.low_no, p.high_record, p.high_no
            from s_touched t join link_pair p
              on p.high_record = t.record_id and p.high_no = t.appearance_no
            where p.state <> 'gone'
            except
            select low_record, low_no, high_record, high_no from s_pair
        )
        update link_pair p set state = 'gone', why = '', run_no = $1
        from near n
        where p.low_record = n.low_record and p.low_no = n.low_no
          and p.high_record = n.high_record and p.high_no = n.high_no
        """,
        run_no,
    )
    return int(said.removeprefix("UPDATE "))


async def put_money(connection: Connection, run_no: int, since: datetime, until: datetime) -> None:
    """What the two of each newly open pair receive together in a month, on average of three.

    In the currency of the first's programme, or else of the second's; another currency is never
    added to it.
    """
    await connection.execute(
        """
        with newly as materialized (
            select p.low_record, p.low_no, p.high_record, p.high_no,
                   coalesce(low.currency, high.currency) as currency
            from link_pair p
            join programme low on low.programme_id = p.low_programme
            join programme high on high.programme_id = p.high_programme
            where p.run_no = $1 and p.state = 'open'
        ), received as (
            select b.record_id, b.currency, sum(b.value_minor) / 3 as money
            from (
                select low_record as record_id from newly union select high_record from newly
            ) as each
            join benefit b using (record_id)
            where b.given_at >= $2 and b.given_at < $3
            group by b.record_id, b.currency
        )
        update link_pair p set money_minor = m.money
        from (
            select n.low_record, n.low_no, n.high_record, n.high_no,
                   coalesce(low.money, 0)::bigint
                   + case when n.high_record = n.low_record then 0
                          else coalesce(high.money, 0)::bigint end as money
            from newly n
            left join received low
              on low.record_id = n.low_record and low.currency = n.currency
            left join received high
              on high.record_id = n.high_record and high.currency = n.currency
        ) as m
        where p.low_record = m.low_record and p.low_no = m.low_no
          and p.high_record = m.high_record and p.high_no = m.high_no
          and p.money_minor is distinct from m.money
        """,
        run_no,
        since,
        until,
    )
