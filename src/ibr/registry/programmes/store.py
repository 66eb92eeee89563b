"""SQL of the programme catalogue."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ibr.db.pool import Connection
from ibr.registry.programmes.model import Programme


async def put(connection: Connection, programme: Programme) -> bool:
    """Adds a programme or amends it; True when it is new."""
    added: bool = await connection.fetchval(
        """
        insert into ibr.programme (code, names, descriptions, institution, institution_type,
                                   legal_status, functions, contribution_type, programme_type,
                                   assistance_unit, benefit_type, currency, suspended_counts,
                                   cycle_months, report_days, pay_day)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        on conflict (code) do update set
            names = excluded.names, descriptions = excluded.descriptions,
            institution = excluded.institution, institution_type = excluded.institution_type,
            legal_status = excluded.legal_status, functions = excluded.functions,
            contribution_type = excluded.contribution_type,
            programme_type = excluded.programme_type,
            assistance_unit = excluded.assistance_unit, benefit_type = excluded.benefit_type,
            currency = excluded.currency, suspended_counts = excluded.suspended_counts,
            cycle_months = excluded.cycle_months, report_days = excluded.report_days,
            pay_day = excluded.pay_day
        returning xmax = 0
        """,
        programme.code,
        msgspec.json.encode(programme.names).decode(),
        msgspec.json.encode(programme.descriptions).decode(),
        programme.institution,
        programme.institution_type,
        programme.legal_status,
        list(programme.functions),
        programme.contribution_type,
        programme.programme_type,
        programme.assistance_unit,
        programme.benefit_type,
        programme.currency,
        programme.suspended_counts,
        programme.cycle_months,
        programme.report_days,
        programme.pay_day,
    )
    return added


async def every(connection: Connection) -> list[Programme]:
    rows = await connection.fetch("select * from ibr.programme order by code")
    programmes = []
    for row in rows:
        values = {name: row[name] for name in Programme.__struct_fields__}
        values["names"] = msgspec.json.decode(row["names"])
        values["descriptions"] = msgspec.json.decode(row["descriptions"])
        programmes.append(msgspec.convert(values, Programme))
    return programmes


async def merges(connection: Connection, programme_ids: Iterable[int]) -> dict[int, int]:
    """How many chunks were merged into each of these programmes so far."""
    wanted = list(programme_ids)
    rows = await connection.fetch(
        "select programme_id, merges from programme_merge where programme_id = any ($1::integer[])",
        wanted,
    )
    found = {row["programme_id"]: row["merges"] for row in rows}
    return {programme_id: found.get(programme_id, 0) for programme_id in wanted}


async def count_merge(connection: Connection, programme_ids: Iterable[int]) -> dict[int, int]:
    """Counts one more chunk for each; the counts with it. The caller holds the merge locks."""
    rows = await connection.fetch(
        """
        insert into programme_merge (programme_id, merges)
        select programme_id, 1 from unnest($1::integer[]) as p (programme_id)
        on conflict (programme_id) do update set merges = programme_merge.merges + 1
        returning programme_id, merges
        """,
        sorted(programme_ids),
    )
    return {row["programme_id"]: row["merges"] for row in rows}
