"""SQL of findings as pages show them, and of exemptions. Row-level security keeps findings to the
programmes of the transaction; `everything` lets in those that are about no programme."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.overlaps.findings.model import Wanted

_FINDING: Final = """
    select f.finding_id, f.check_code, f.check_version, f.severity, p.code as programme,
           o.code as other_programme, f.person_id, f.record_id, f.other_record, f.area_code,
           f.facts, f.first_day, f.last_day, f.money_minor, f.currency, f.found_at, f.first_run,
           f.last_run, r.snapshot_no, s.as_known_at, s.vintages, f.case_id, f.closed_at,
           f.closed_reason
    from finding f
    join check_run r on r.run_no = f.last_run
    join snapshot s on s.snapshot_no = r.snapshot_no
    left join programme p on p.programme_id = f.programme_id
    left join programme o on o.programme_id = f.other_programme
"""
_SEEN: Final = "(coalesce(f.programme_id, f.other_programme) is not null or $1)"
_FITS: Final = f"""
    {_SEEN} and (f.closed_at is not null) = $2
    and ($3::text is null or f.check_code = $3)
    and ($4::text is null or exists (
        select from programme g where g.code = $4
        and g.programme_id in (f.programme_id, f.other_programme)))
    and ($5::smallint is null or f.severity = $5)
    and ($6::text is null or f.area_code = $6 or exists (
        select from beneficiary_record b
        where b.record_id = f.record_id and $6 in (b.region_code, b.sub_region_code)))
"""


def _given(wanted: Wanted, everything: bool) -> tuple[object, ...]:
    return (
        everything,
        wanted.closed,
        wanted.check,
        wanted.programme,
        wanted.severity,
        wanted.area,
    )


async def reaches_everything(connection: Connection, programmes: Sequence[int]) -> bool:
    """Whether these are all the programmes there are."""
    found: bool = await connection.fetchval(
        "select not exists (select from programme where programme_id <> all ($1::integer[]))",
        list(programmes),
    )
    return found


async def count(connection: Connection, wanted: Wanted, everything: bool) -> int:
    found: int = await connection.fetchval(
        f"select count(*) from finding f where {_FITS}", *_given(wanted, everything)
    )
    return found


async def listed(
    connection: Connection, wanted: Wanted, everything: bool, most: int, skip: int
) -> list[Record]:
    """Findings that fit, the most severe first and among them the oldest."""
    return await connection.fetch(
        f"""
        {_FINDING} where {_FITS}
        order by f.severity desc, f.finding_id limit $7 offset $8
        """,
        *_given(wanted, everything),
        most,
        skip,
    )


async def one(connection: Connection, finding_id: int, everything: bool) -> Record | None:
    return await connection.fetchrow(
        f"{_FINDING} where {_SEEN} and f.finding_id = $2", everything, finding_id
    )


async def about(connection: Connection, record_ids: Sequence[int]) -> list[Record]:
    """Open findings about these records, or the persons whose records they are."""
    return await connection.fetch(
        f"""
        {_FINDING}
        where f.closed_at is null and f.programme_id is not null
          and (f.record_id = any ($1::bigint[]) or f.other_record = any ($1::bigint[])
               or f.person_id in (select person_id from person_member
                                  where record_id = any ($1::bigint[]) and appearance_no = 0))
        order by f.severity desc, f.finding_id limit 50
        """,
        list(record_ids),
    )


async def counts(connection: Connection, everything: bool) -> list[Record]:
    """Open findings by check and currency."""
    return await connection.fetch(
        f"""
        select f.check_code, f.currency, count(*)::integer as findings,
               (count(*) filter (where f.severity = 3))::integer as now,
               (count(*) filter (where f.severity = 2))::integer as soon,
               count(f.case_id)::integer as in_cases,
               coalesce(sum(f.money_minor), 0)::bigint as money_minor
        from finding f where f.closed_at is null and {_SEEN}
        group by f.check_code, f.currency order by f.check_code, f.currency
        """,
        everything,
    )


async def programme_codes(connection: Connection, programmes: Sequence[int]) -> list[str]:
    rows = await connection.fetch(
        "select code from programme where programme_id = any ($1::integer[]) order by code",
        list(programmes),
    )
    return [row["code"] for row in rows]


async def regions(connection: Connection) -> list[Record]:
    return await connection.fetch("select code, names from area where level = 1 order by code")


async def programme_number(connection: Connection, code: str) -> int | None:
    found: int | None = await connection.fetchval(
        "select programme_id from ibr.programme where code = $1", code
    )
    return found


async def same_as_of(connection: Connection, finding_id: int) -> Record | None:
    """The check and subject of a finding."""
    return await connection.fetchrow(
        "select check_code, same_as from ibr.finding where finding_id = $1", finding_id
    )


async def exempt(
    connection: Connection,
    *,
    check_code: str,
    only_programme: int | None,
    same_as: bytes | None,
    blind_index: bytes | None,
    reason: str,
    legal_reference: str | None,
    valid_from: date,
    valid_to: date | None,
    who: str,
    at: datetime,
) -> int:
    number: int = await connection.fetchval(
        """
        insert into ibr.check_exemption (check_code, only_programme, same_as, blind_index, reason,
                                         legal_reference, valid_from, valid_to, entered_by,
                                         entered_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning exemption_no
        """,
        check_code,
        only_programme,
        same_as,
        blind_index,
        reason,
        legal_reference,
        valid_from,
        valid_to,
        who,
        at,
    )
    return number


async def close_exempt(connection: Connection, finding_id: int, at: datetime) -> None:
    await connection.execute(
        """
        update ibr.finding set closed_at = $2, closed_reason = 'exempt'
        where finding_id = $1 and closed_at is null
        """,
        finding_id,
        at,
    )


async def withdraw(connection: Connection, exemption_no: int, who: str, at: datetime) -> str | None:
    """Takes an exemption back; its check, None where there is none that counts."""
    found: str | None = await connection.fetchval(
        """
        update ibr.check_exemption set withdrawn_at = $3, withdrawn_by = $2
        where exemption_no = $1 and withdrawn_at is null returning check_code
        """,
        exemption_no,
        who,
        at,
    )
    return found


async def exemptions(connection: Connection, *, every: bool) -> list[Record]:
    """Exemptions that count, with `every` also those that were taken back."""
    return await connection.fetch(
        """
        select x.exemption_no, x.check_code, p.code as programme,
               (select max(f.finding_id) from ibr.finding f
                where f.check_code = x.check_code and f.same_as = x.same_as) as finding_id,
               x.blind_index is not null as by_number, x.reason, x.legal_reference, x.valid_from,
               x.valid_to, x.entered_by, x.entered_at, x.withdrawn_at, x.withdrawn_by,
               x.case_id
        from ibr.check_exemption x
        left join ibr.programme p on p.programme_id = x.only_programme
        where $1 or x.withdrawn_at is null order by x.exemption_no
        """,
        every,
    )
