"""SQL of the figures of cases; counts only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from asyncpg import Record

from ibr.db.pool import Connection

# Decided: approved and told, or settled without loss; overturned is decided and not confirmed.
_DECIDED: Final = "(c.decided_at is not null and c.state <> 'withdrawn')"
_CONFIRMED: Final = (
    "(c.outcome in ('error_claimant', 'error_official', 'error_data', 'fraud_suspicion', "
    "'corruption_suspicion') and c.appeal is distinct from 'upheld')"
)
_COUNTS: Final = f"""
    count(*) as opened,
    count(*) filter (where c.closed_at is null) as open,
    count(*) filter (where {_DECIDED}) as decided,
    count(*) filter (where {_DECIDED} and {_CONFIRMED}) as confirmed
"""


async def by_check(connection: Connection) -> list[Record]:
    """A case counts once for each check and version whose findings it gathers."""
    return await connection.fetch(
        f"""
        select f.check_code, f.check_version, {_COUNTS},
               count(*) filter (where c.appeal is not null) as appeals,
               count(*) filter (where c.appeal = 'upheld') as overturned
        from (select distinct case_id, check_code, check_version from finding
              where case_id is not null) as f
        join overlap_case c using (case_id)
        group by f.check_code, f.check_version order by f.check_code, f.check_version
        """
    )


async def by_group(connection: Connection, at: datetime) -> list[Record]:
    """The same by sex, by band of age and by region, with the people enrolled of each group.

    `persons` is empty where nobody was counted yet.
    """
    return await connection.fetch(
        f"""
        with cases as (
            select g.what, g.which, {_COUNTS}
            from overlap_case c cross join lateral (values
                ('sex', c.sex::text),
                ('age', {_band("c.birth_year")}),
                ('region', coalesce(c.region_code, ''))
            ) as g (what, which)
            group by g.what, g.which
        ),
        people as (
            select case e.what when 'birth_year' then 'age' else e.what end as what,
                   case e.what when 'birth_year' then {_band("nullif(e.which, '')::integer")}
                               else e.which end as which,
                   sum(e.persons)::bigint as persons
            from enrolled_people e group by 1, 2
        )
        select what, which, coalesce(opened, 0) as opened, coalesce(open, 0) as open,
               coalesce(decided, 0) as decided, coalesce(confirmed, 0) as confirmed,
               case when exists (select from people) then coalesce(persons, 0) end as persons
        from cases full join people using (what, which) order by what, which
        """,
        at,
    )


def _band(year: str) -> str:
    """Twenty years of age, those of 80 and more together; empty where the year is not known."""
    return (
        f"case when {year} is null then '' else least(greatest("
        f"(extract(year from $1::timestamptz) - {year})::integer / 20, 0) * 20, 80)::text end"
    )


async def counted_on(connection: Connection) -> datetime | None:
    """The moment of the snapshot in which people were counted."""
    found: datetime | None = await connection.fetchval(
        """
        select max(s.as_known_at) from snapshot s
        where s.snapshot_no = (select max(snapshot_no) from enrolled_people)
        """
    )
    return found


async def areas(connection: Connection, codes: Sequence[str]) -> list[Record]:
    return await connection.fetch(
        "select code, names::text as names from area where code = any ($1::text[])", list(codes)
    )


async def outcomes(connection: Connection) -> list[Record]:
    return await connection.fetch(
        f"""
        select coalesce(c.outcome, '') as outcome, count(*) as cases
        from overlap_case c where {_DECIDED} group by 1 order by 2 desc, 1
        """
    )


async def whole(connection: Connection, at: datetime) -> Record:
    """Open cases with their ages, appeals, and who is or was on hold for how long."""
    row = await connection.fetchrow(
        f"""
        select {_COUNTS},
               count(*) filter (where c.closed_at is null and c.due_at < $1) as overdue,
               percentile_cont(0.5) within group (
                   order by extract(epoch from $1 - c.opened_at) / 86400)
                   filter (where c.closed_at is null) as age_half,
               percentile_cont(0.9) within group (
                   order by extract(epoch from $1 - c.opened_at) / 86400)
                   filter (where c.closed_at is null) as age_most,
               count(*) filter (where {_DECIDED} and c.outcome in
                   ('error_claimant', 'error_official', 'error_data')) as adverse,
               count(*) filter (where c.appeal is not null) as appeals,
               count(*) filter (where c.appeal = 'upheld') as overturned,
               count(*) filter (where c.appeal = 'rejected') as rejected,
               count(*) filter (where c.hold_ended_at is null and c.hold_from <= $1
                                and c.hold_until > $1) as held_now,
               count(*) filter (where c.hold_from is not null) as held_ever,
               coalesce(sum(greatest(extract(epoch from
                   least(coalesce(c.hold_ended_at, c.hold_until), $1) - c.hold_from), 0))
                   filter (where c.hold_from is not null), 0) / 86400 as held_days,
               count(*) filter (where c.hold_from is not null and c.closed_at is not null
                                and not ({_DECIDED} and {_CONFIRMED})) as held_wrongly
        from overlap_case c
        """,
        at,
    )
    assert row is not None
    return row


async def money(connection: Connection) -> list[Record]:
    """What two people have confirmed, in cases that hold to this day."""
    return await connection.fetch(
        f"""
        select m.currency, m.kind, sum(m.amount_minor)::bigint as amount, count(*) as entries
        from case_money m join overlap_case c using (case_id)
        where m.confirmed_at is not null and {_DECIDED}
          and (m.kind = 'restored' or ({_CONFIRMED} and c.state in ('effective', 'closed')))
        group by m.currency, m.kind order by m.currency, m.kind
        """
    )
