"""SQL of benefits: each once, with totals by programme and month kept beside them."""

from __future__ import annotations

from collections.abc import Sequence

from ibr.db.pool import Connection
from ibr.db.staging import stage
from ibr.registry.benefits.model import BenefitRow

# s_given holds the benefits that were really new; the enrolment's totals are added from it.
TEMPORARY = (
    """
    create temporary table if not exists s_benefit (
        record_id bigint, given_at timestamptz, benefit_key bigint, programme_id integer,
        benefit_type smallint, value_minor bigint, currency text, quantity integer,
        description text, known_at timestamptz, delivery_id bigint
    ) on commit delete rows
    """,
    """
    create temporary table if not exists s_given (
        record_id bigint, given_at timestamptz, programme_id integer, benefit_type smallint,
        value_minor bigint, currency text, delivery_id bigint
    ) on commit delete rows
    """,
)


async def put_benefits(connection: Connection, rows: Sequence[BenefitRow]) -> list[int]:
    """Inserts what is new and returns the records that received something new."""
    await stage(connection, "s_benefit", rows)
    await connection.execute(
        """
        with new as (
            insert into benefit
            select * from s_benefit order by record_id, given_at, benefit_key
            on conflict do nothing
            returning record_id, given_at, programme_id, benefit_type, value_minor, currency,
                      delivery_id
        )
        insert into s_given select * from new
        """
    )
    await connection.execute(
        """
        insert into benefit_month (programme_id, month, benefit_type, currency, benefits,
                                   value_minor)
        select programme_id, date_trunc('month', given_at)::date, benefit_type,
               coalesce(currency, ''), count(*), coalesce(sum(value_minor), 0)
        from s_given
        group by 1, 2, 3, 4
        order by 1, 2, 3, 4
        on conflict (programme_id, month, benefit_type, currency) do update set
            benefits = benefit_month.benefits + excluded.benefits,
            value_minor = benefit_month.value_minor + excluded.value_minor
        """
    )
    found = await connection.fetch("select distinct record_id from s_given")
    return [row["record_id"] for row in found]
