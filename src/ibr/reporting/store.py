"""SQL of the calendar: what was entered, what deliveries add up to, who was reminded."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

import msgspec
from asyncpg import Record

from ibr.coverage.engine.operations.reports.store import MONTH_OF_DELIVERY
from ibr.db.pool import Connection
from ibr.periods import read_month
from ibr.reporting.model import Contact, ContactEntered, MonthKey, MonthSums, Reminder, RuleEntered

_CONTACT: Final = "email, escalation_email, language, before_days, escalation_days"
_REMINDER: Final = """
    programme_id, last_month, step, first_month, due_on, made_at, mail, attempts, sent_at, outcome,
    told
"""


async def reach_everything(connection: Connection) -> None:
    """Lets the owner's transaction reach every programme, as the registry's own roles do."""
    await connection.execute(
        """
        select set_config('ibr.programmes',
                          coalesce(string_agg(programme_id::text, ','), ''), true) from programme
        """
    )


async def names(connection: Connection, programmes: Collection[int]) -> dict[int, dict[str, str]]:
    """The names of programmes by their numbers."""
    rows = await connection.fetch(
        """
        select programme_id, names::text as names from programme
        where programme_id = any ($1::integer[])
        """,
        sorted(programmes),
    )
    return {
        row["programme_id"]: msgspec.json.decode(row["names"], type=dict[str, str]) for row in rows
    }


async def numbers(connection: Connection) -> dict[str, int]:
    """The number of every programme by its code."""
    rows = await connection.fetch("select code, programme_id from programme order by code")
    return {row["code"]: row["programme_id"] for row in rows}


async def sums(
    connection: Connection, programmes: Collection[int], at: datetime
) -> dict[MonthKey, MonthSums]:
    """What the deliveries that had come by a moment add up to, by programme and month.

    A delivery counts once it is read to its end; one that is being read or held is waiting.
    """
    rows = await connection.fetch(
        f"""
        with told as (
            select p.programme_id, {MONTH_OF_DELIVERY} as month, d.delivery_id, d.partner_id,
                   d.received_at, d.records, d.refused, d.mode, d.sequence,
                   cardinality(d.programme_ids) = 1 as alone,
                   jsonb_path_exists(d.anomalies, '$[*] ? (@.code starts with "total.")')
                       as differs,
                   d.state = 'done' and d.done_at <= $1 as counts
            from delivery d, unnest(d.programme_ids) as p (programme_id)
            where p.programme_id = any ($2::integer[]) and d.mode <> 'void'
              and d.received_at <= $1 and d.state in ('received', 'held', 'done')
        ), numbered as (
            select programme_id, month, max(sequence) - count(distinct sequence) as gaps
            from told where counts and sequence > 0 and mode in ('initial', 'delta')
            group by programme_id, month, partner_id
        ), gone as (
            select programme_id, month, sum(gaps)::integer as gaps from numbered
            group by programme_id, month
        )
        select programme_id, month,
               min(received_at) filter (where counts) as first_at,
               max(received_at) filter (where counts) as last_at,
               count(*) filter (where counts) as deliveries,
               max(delivery_id) filter (where counts) as newest,
               coalesce(sum(records) filter (where counts and alone), 0)::bigint as records,
               coalesce(sum(refused) filter (where counts and alone), 0)::bigint as refused,
               coalesce(bool_or(counts and not alone), false) as shared,
               count(*) filter (where counts and differs) as differing,
               coalesce(max(gone.gaps), 0) as gaps,
               count(*) filter (where not counts) as waiting
        from told left join gone using (programme_id, month)
        group by programme_id, month
        """,
        at,
        sorted(programmes),
    )
    return {
        MonthKey(row["programme_id"], read_month(row["month"])): MonthSums(
            **{name: row[name] for name in MonthSums.__struct_fields__}
        )
        for row in rows
    }


async def rules(connection: Connection, programme_id: int) -> list[RuleEntered]:
    """Everything that was entered of when a programme reports, the newest first."""
    rows = await connection.fetch(
        """
        select first_month, cycle_months, report_days, known_at, replaced_at, changed_by
        from reporting_rule where programme_id = $1 order by rule_no desc
        """,
        programme_id,
    )
    return [RuleEntered(**dict(row)) for row in rows]


async def replace_rule(
    connection: Connection, programme_id: int, first_month: str, at: datetime
) -> bool:
    """Takes away what counts from a month on; False where nothing was entered for it."""
    said: str = await connection.execute(
        """
        update reporting_rule set replaced_at = $3
        where programme_id = $1 and first_month = $2 and replaced_at is null
        """,
        programme_id,
        first_month,
        at,
    )
    return said != "UPDATE 0"


async def add_rule(connection: Connection, programme_id: int, rule: RuleEntered) -> None:
    await connection.execute(
        """
        insert into reporting_rule (programme_id, first_month, cycle_months, report_days, known_at,
                                    changed_by)
        values ($1, $2, $3, $4, $5, $6)
        """,
        programme_id,
        rule.first_month,
        rule.cycle_months,
        rule.report_days,
        rule.known_at,
        rule.changed_by,
    )


async def contacts(connection: Connection, programme_id: int) -> list[ContactEntered]:
    """Everybody who was named for a programme, the newest first."""
    rows = await connection.fetch(
        f"""
        select {_CONTACT}, known_at, replaced_at, changed_by from reporting_contact
        where programme_id = $1 order by contact_no desc
        """,
        programme_id,
    )
    return [
        ContactEntered(
            contact=_contact(row),
            known_at=row["known_at"],
            replaced_at=row["replaced_at"],
            changed_by=row["changed_by"],
        )
        for row in rows
    ]


async def contacts_now(connection: Connection, programmes: Collection[int]) -> dict[int, Contact]:
    """Whom to write to now, by programme."""
    rows = await connection.fetch(
        f"""
        select programme_id, {_CONTACT} from reporting_contact
        where programme_id = any ($1::integer[]) and replaced_at is null
        """,
        sorted(programmes),
    )
    return {row["programme_id"]: _contact(row) for row in rows}


def _contact(row: Record) -> Contact:
    return Contact(**{name: row[name] for name in Contact.__struct_fields__})


async def replace_contact(connection: Connection, programme_id: int, at: datetime) -> bool:
    """Takes away who counts; False where nobody was named."""
    said: str = await connection.execute(
        """
        update reporting_contact set replaced_at = $2
        where programme_id = $1 and replaced_at is null
        """,
        programme_id,
        at,
    )
    return said != "UPDATE 0"


async def add_contact(
    connection: Connection, programme_id: int, contact: Contact, by: str, at: datetime
) -> None:
    await connection.execute(
        f"""
        insert into reporting_contact (programme_id, {_CONTACT}, known_at, changed_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        programme_id,
        contact.email,
        contact.escalation_email,
        contact.language,
        contact.before_days,
        contact.escalation_days,
        at,
        by,
    )


async def reminders(
    connection: Connection, programmes: Collection[int], most: int = 5_000
) -> list[Reminder]:
    """The steps that were taken, the newest first."""
    rows = await connection.fetch(
        f"""
        select {_REMINDER} from report_reminder where programme_id = any ($1::integer[])
        order by made_at desc, programme_id, last_month desc limit $2
        """,
        sorted(programmes),
        most,
    )
    return [Reminder(**dict(row)) for row in rows]
