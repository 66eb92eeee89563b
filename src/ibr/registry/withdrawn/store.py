"""SQL of restating records: as they stand now, and what is moved out of the tables that are read.

Only the worker's role may take rows away, and every row taken away is kept in the same statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.registry.withdrawn.model import BenefitKey, StatusKey


async def contents(connection: Connection, ids: Sequence[int]) -> list[Record]:
    return await connection.fetch(
        """
        select record_id, personal, as_of, known_at, delivery_id, assistance_unit, programme_id,
               content_digest
        from beneficiary_record where record_id = any ($1::bigint[])
        """,
        list(ids),
    )


async def enrolments(connection: Connection, ids: Sequence[int]) -> list[Record]:
    return await connection.fetch(
        """
        select record_id, programme_id, enrolled_at, enrolled_said_at, status, status_at,
               status_rank, as_of, known_at, delivery_id
        from enrolment where record_id = any ($1::bigint[])
        """,
        list(ids),
    )


async def benefits(connection: Connection, ids: Sequence[int]) -> list[Record]:
    return await connection.fetch(
        """
        select record_id, given_at, benefit_key, delivery_id from benefit
        where record_id = any ($1::bigint[])
        """,
        list(ids),
    )


async def statuses(connection: Connection, ids: Sequence[int]) -> list[Record]:
    return await connection.fetch(
        """
        select record_id, changed_at, status, delivery_id from status_change
        where record_id = any ($1::bigint[])
        """,
        list(ids),
    )


async def index(connection: Connection, ids: Sequence[int]) -> list[Record]:
    # By the identifiers, replaced ones too: the index has no other way in than its blind indexes.
    return await connection.fetch(
        """
        select e.blind_index, e.role, e.record_id, e.programme_id
        from identifier i
        join enrolled_index e on e.blind_index = i.blind_index
             and e.programme_id = i.programme_id and e.record_id = i.record_id and e.role = i.role
        where i.record_id = any ($1::bigint[])
        """,
        list(ids),
    )


async def withdraw_benefits(
    connection: Connection, keys: Sequence[BenefitKey], at: datetime, delivery_id: int
) -> None:
    """Moves benefits out and takes them off the totals by month."""
    await connection.execute(
        """
        with out as (
            delete from benefit b
            using unnest($1::bigint[], $2::timestamptz[], $3::bigint[])
                  as k (record_id, given_at, benefit_key)
            where b.record_id = k.record_id and b.given_at = k.given_at
              and b.benefit_key = k.benefit_key
            returning b.record_id, b.given_at, b.benefit_key, b.programme_id, b.benefit_type,
                      b.value_minor, b.currency, b.quantity, b.description, b.known_at,
                      b.delivery_id
        ), kept as (
            insert into withdrawn_benefit (record_id, given_at, benefit_key, programme_id,
                                           benefit_type, value_minor, currency, quantity,
                                           description, known_at, delivery_id, withdrawn_at,
                                           voided_delivery)
            select out.*, $4::timestamptz, $5::bigint from out
        ), less as (
            select programme_id, date_trunc('month', given_at)::date as month, benefit_type,
                   coalesce(currency, '') as currency, count(*) as benefits,
                   coalesce(sum(value_minor), 0) as value_minor
            from out group by 1, 2, 3, 4
        )
        update benefit_month m
        set benefits = m.benefits - less.benefits, value_minor = m.value_minor - less.value_minor
        from less
        where m.programme_id = less.programme_id and m.month = less.month
          and m.benefit_type = less.benefit_type and m.currency = less.currency
        """,
        [each[0] for each in keys],
        [each[1] for each in keys],
        [each[2] for each in keys],
        at,
        delivery_id,
    )


async def drop_empty_months(connection: Connection, programme_ids: Sequence[int]) -> None:
    await connection.execute(
        "delete from benefit_month where benefits = 0 and programme_id = any ($1::integer[])",
        list(programme_ids),
    )


async def withdraw_statuses(
    connection: Connection, keys: Sequence[StatusKey], at: datetime, delivery_id: int
) -> None:
    await connection.execute(
        """
        with out as (
            delete from status_change s
            using unnest($1::bigint[], $2::timestamptz[], $3::smallint[])
                  as k (record_id, changed_at, status)
            where s.record_id = k.record_id and s.changed_at = k.changed_at
              and s.status = k.status
            returning s.record_id, s.changed_at, s.status, s.programme_id, s.known_at,
                      s.delivery_id
        )
        insert into withdrawn_status (record_id, changed_at, status, programme_id, known_at,
                                      delivery_id, withdrawn_at, voided_delivery)
        select out.*, $4::timestamptz, $5::bigint from out
        """,
        [each[0] for each in keys],
        [each[1] for each in keys],
        [each[2] for each in keys],
        at,
        delivery_id,
    )


async def keep_enrolments(
    connection: Connection, ids: Sequence[int], at: datetime, delivery_id: int
) -> None:
    """Keeps how these enrolments stand, before they are changed or taken out."""
    await connection.execute(
        """
        insert into withdrawn_enrolment (record_id, programme_id, enrolled_at, enrolled_said_at,
                                         status, status_at, status_rank, as_of, known_at,
                                         delivery_id, withdrawn_at, voided_delivery)
        select record_id, programme_id, enrolled_at, enrolled_said_at, status, status_at,
               status_rank, as_of, known_at, delivery_id, $2::timestamptz, $3::bigint
        from enrolment where record_id = any ($1::bigint[])
        """,
        list(ids),
        at,
        delivery_id,
    )


async def take_out(connection: Connection, ids: Sequence[int], delivery_id: int) -> int:
    """Takes records out that nobody speaks of any more; how many there were to take.

    Their enrolments were kept before, without which the database lets none of them go.
    """
    gone: int = await connection.fetchval(
        "select ibr.take_out_withdrawn($1::bigint[], $2::bigint)", list(ids), delivery_id
    )
    return gone


async def add_up_totals(connection: Connection, ids: Sequence[int]) -> None:
    await connection.execute(
        """
        update enrolment e set
            benefit_count = coalesce(b.benefits, 0), benefit_total = coalesce(b.value, 0),
            first_benefit_at = b.first_at, last_benefit_at = b.last_at
        from unnest($1::bigint[]) as wanted (record_id)
        left join (
            select record_id, count(*) as benefits, sum(value_minor) as value,
                   min(given_at) as first_at, max(given_at) as last_at
            from benefit where record_id = any ($1::bigint[]) group by record_id
        ) b using (record_id)
        where e.record_id = wanted.record_id
        """,
        list(ids),
    )
