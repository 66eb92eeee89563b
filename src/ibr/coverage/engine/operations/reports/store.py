"""SQL of reports: what came when for which month, what was taken of it, what was frozen of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from asyncpg import Record

from ibr.coverage.engine.operations.reports.model import Arrived, Reporter, Terms
from ibr.db.pool import Connection
from ibr.periods import read_month

# A delivery that names no cycle speaks for the month of its sender's clock.
MONTH_OF_DELIVERY: Final = r"""
    case when d.cycle ~ '^\d{4}-(0[1-9]|1[0-2])$' and d.cycle > '0001' then d.cycle
         else to_char(d.as_of at time zone 'UTC', 'YYYY-MM') end
"""
# One that was withdrawn as a whole, or is still being read, tells nothing; one without a record
# that was taken names no programme.
_TOLD: Final = rf"""
    told as (
        select d.delivery_id, d.programme_ids, d.received_at, d.records, d.refused,
               d.control_total, {MONTH_OF_DELIVERY} as month,
               case when cardinality(d.programme_ids) = 1 then d.programme_ids[1] end
                   as programme_id
        from delivery d
        where d.state = 'done' and d.mode <> 'void' and d.received_at <= $1 and d.done_at <= $1
    )
"""


async def reporters(connection: Connection, programmes: Collection[int]) -> list[Reporter]:
    """These programmes as the catalogue has them."""
    rows = await connection.fetch(
        """
        select programme_id, code, cycle_months, report_days, pay_day, valid_from, valid_to,
               known_at
        from programme where programme_id = any ($1::integer[]) order by code
        """,
        sorted(programmes),
    )
    terms = await terms_of(connection, programmes)
    return [
        msgspec.convert(dict(row) | {"terms": terms.get(row["programme_id"], ())}, Reporter)
        for row in rows
    ]


async def terms_of(
    connection: Connection, programmes: Collection[int]
) -> dict[int, tuple[Terms, ...]]:
    """What counts of what was entered of each programme's reports, by their first months."""
    rows = await connection.fetch(
        """
        select programme_id, first_month, cycle_months, report_days from reporting_rule
        where programme_id = any ($1::integer[]) and replaced_at is null
        order by programme_id, first_month
        """,
        sorted(programmes),
    )
    found: dict[int, tuple[Terms, ...]] = {}
    for row in rows:
        terms = Terms(
            first_month=read_month(row["first_month"]),
            cycle_months=row["cycle_months"],
            report_days=row["report_days"],
        )
        found[row["programme_id"]] = (*found.get(row["programme_id"], ()), terms)
    return found


async def arrived(
    connection: Connection, programmes: Collection[int], at: datetime
) -> list[Arrived]:
    """When the first delivery of each programme came for each month, as far as known then."""
    rows = await connection.fetch(
        f"""
        with {_TOLD}
        select p.programme_id, t.month, min(t.received_at) as first_at
        from told t, unnest(t.programme_ids) as p (programme_id)
        where p.programme_id = any ($2::integer[])
        group by p.programme_id, t.month
        """,
        at,
        sorted(programmes),
    )
    return [Arrived(row["programme_id"], read_month(row["month"]), row["first_at"]) for row in rows]


async def taken(
    connection: Connection, programmes: Collection[int], months: Sequence[str], at: datetime
) -> list[Record]:
    """Records sent, set aside and declared for each month, of deliveries of one programme; those
    of several, or of none that could be read, under an empty programme."""
    return await connection.fetch(
        f"""
        with {_TOLD}
        select month, programme_id, sum(records)::bigint as records,
               sum(refused)::bigint as refused,
               sum(control_total)::bigint as declared,
               coalesce(sum(records) filter (where control_total is not null), 0)::bigint
                   as declared_read
        from told
        where month = any ($2::text[])
          and (programme_ids && $3::integer[] or programme_ids = '{{}}')
        group by month, programme_id
        """,
        at,
        list(months),
        sorted(programmes),
    )


async def shared(
    connection: Connection, months: Sequence[str], at: datetime
) -> list[tuple[str, int]]:
    """Months and programmes of which some deliveries speak together with other programmes."""
    rows = await connection.fetch(
        f"""
        with {_TOLD}
        select distinct t.month, p.programme_id from told t, unnest(t.programme_ids) as p
            (programme_id)
        where cardinality(t.programme_ids) > 1 and t.month = any ($2::text[])
        """,
        at,
        list(months),
    )
    return [(row["month"], row["programme_id"]) for row in rows]


async def refused(
    connection: Connection, programmes: Collection[int], months: Sequence[str], at: datetime
) -> list[Record]:
    """Records set aside for each month, programme and field at fault; empty where the reason is
    no single field."""
    return await connection.fetch(
        f"""
        with {_TOLD}
        select t.month, t.programme_id, coalesce(r.field, '') as field, count(*) as refused
        from told t join refused_record r using (delivery_id)
        where t.month = any ($2::text[]) and t.refused > 0
          and (t.programme_ids && $3::integer[] or t.programme_ids = '{{}}')
        group by t.month, t.programme_id, coalesce(r.field, '')
        """,
        at,
        list(months),
        sorted(programmes),
    )


async def restated_runs(
    connection: Connection, indicator: str, periods: Sequence[str]
) -> list[tuple[str, str, int]]:
    """Breakdown, period and the first run of tables that a later run stated anew."""
    rows: list[Any] = await connection.fetch(
        """
        select breakdown, period, min(before_run) as first_run from figure_restated
        where indicator = $1 and breakdown in ('', 'programme') and period = any ($2::text[])
        group by breakdown, period order by breakdown, period
        """,
        indicator,
        list(periods),
    )
    return [(row["breakdown"], row["period"], row["first_run"]) for row in rows]
