"""SQL of exemptions that were decided in a case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from ibr.db.pool import Connection


async def enter(connection: Connection, case_ids: Sequence[int], at: datetime) -> list[Record]:
    """The findings of these cases are lawful, so they are not to be found again until the day that
    was decided; the exemptions."""
    return await connection.fetch(
        """
        insert into check_exemption (check_code, only_programme, same_as, reason, legal_reference,
                                     valid_from, valid_to, entered_by, entered_at, case_id)
        select f.check_code, f.programme_id, f.same_as, 'Lawful exception, case ' || f.case_id,
               c.exception_law, $2::date, greatest(c.exception_until, $2::date),
               'case ' || f.case_id, $2, f.case_id
        from finding f join overlap_case c using (case_id)
        where f.case_id = any ($1::bigint[]) and f.closed_at is null
          and not exists (select from check_exemption x
                          where x.case_id = f.case_id and x.check_code = f.check_code
                          and x.same_as = f.same_as)
        order by f.finding_id
        returning exemption_no, check_code, valid_to, case_id
        """,
        list(case_ids),
        at,
    )


async def end(connection: Connection, case_id: int, who: str, at: datetime) -> list[Record]:
    """Takes back what was exempt by a case."""
    return await connection.fetch(
        """
        update check_exemption set withdrawn_at = $3, withdrawn_by = $2
        where case_id = $1 and withdrawn_at is null returning exemption_no, check_code
        """,
        case_id,
        who,
        at,
    )


async def of_case(connection: Connection, case_id: int) -> list[Record]:
    """What is or was exempt by a case."""
    return await connection.fetch(
        """
        select exemption_no, check_code, legal_reference, valid_from, valid_to, withdrawn_at
        from check_exemption where case_id = $1 order by exemption_no
        """,
        case_id,
    )
