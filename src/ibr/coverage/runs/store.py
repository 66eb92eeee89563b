"""SQL of what a run needs and no engine counts: overlaps that cases confirmed."""

from __future__ import annotations

from datetime import date

from asyncpg import Record

from ibr.db.pool import Connection


async def confirmed_overlaps(connection: Connection, first: date, last: date) -> list[Record]:
    """Findings of an incompatible pair, in these days, whose case was decided as confirmed and not
    overturned; the smaller number of a programme first."""
    return await connection.fetch(
        """
        select least(f.programme_id, f.other_programme) as one,
               greatest(f.programme_id, f.other_programme) as two,
               f.person_id, f.first_day, f.last_day
        from finding f join overlap_case c using (case_id)
        where f.check_code = 'K06' and f.person_id is not null and f.other_programme is not null
          and f.first_day <= $2 and f.last_day >= $1
          and c.decided_at is not null and c.state <> 'withdrawn'
          and c.outcome in ('error_claimant', 'error_official', 'error_data', 'fraud_suspicion',
                            'corruption_suspicion')
          and c.appeal is distinct from 'upheld'
        """,
        first,
        last,
    )


async def first_benefit(connection: Connection) -> date | None:
    """The day of the first benefit that anybody was given."""
    first: date | None = await connection.fetchval("select min(given_at)::date from benefit")
    return first


async def longest_wait(connection: Connection) -> int:
    """Days after a month's end by which every programme should have reported; two months at most,
    so that one programme with a long time does not keep everybody's figures back."""
    days: int = await connection.fetchval(
        """
        select least(coalesce(max(coalesce(r.report_days, p.report_days)), 0), 62)
        from programme p left join lateral (
            select report_days from reporting_rule
            where programme_id = p.programme_id and replaced_at is null
            order by first_month desc limit 1
        ) r on true
        """
    )
    return days


async def deliveries_between(
    connection: Connection, after: int | None, through: int | None
) -> list[tuple[int, str]]:
    """The deliveries that changed a record after one change and up to another, with their state
    now; none where it was not noted up to where a run has read."""
    if after is None or through is None or through <= after:
        return []
    rows = await connection.fetch(
        """
        select changed.delivery_id, d.state
        from (select distinct delivery_id from change
              where change_id > $1 and change_id <= $2) as changed
        join delivery d using (delivery_id)
        order by changed.delivery_id
        """,
        after,
        through,
    )
    return [(row["delivery_id"], row["state"]) for row in rows]
