"""SQL of visits: whose records a number leads to, and the visits themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.subject.visits.model import HelpVisit


async def carrying(connection: Connection, blind_index: bytes, most: int) -> list[Record]:
    """Records in reach that carry a number as a person's: the one they are about, or a member."""
    return await connection.fetch(
        """
        select r.record_id, i.role, r.personal
        from (
            select record_id, min(role) as role from enrolled_index
            where blind_index = $1 and role in (0, 2) group by record_id
            order by record_id limit $2
        ) as i
        join beneficiary_record r on r.record_id = i.record_id
        order by r.record_id
        """,
        blind_index,
        most,
    )


async def confirmed(
    connection: Connection, blind_index: bytes, records: Sequence[int]
) -> list[Record]:
    """Records that are about the same person as one of these because people said so. What a
    machine alone believes stands elsewhere and is never asked here."""
    return await connection.fetch(
        """
        select distinct r.record_id, 0::smallint as role
        from confirmed_number n
        join confirmed_person mine using (record_id, appearance_no)
        join confirmed_person other
          on other.first_record = mine.first_record and other.first_no = mine.first_no
        join appearance a
          on a.record_id = other.record_id and a.appearance_no = other.appearance_no
         and a.member_no = -1
        join beneficiary_record r on r.record_id = other.record_id
        where n.blind_index = $1 and n.record_id = any ($2::bigint[])
          and r.record_id <> all ($2::bigint[])
        order by r.record_id
        """,
        blind_index,
        list(records),
    )


async def own_numbers(
    connection: Connection, own: Sequence[int], every: Sequence[int]
) -> list[bytes]:
    """The other numbers of these records that nobody else's record carries: one that a clerk typed
    wrongly may be another person's, and who asked about them is not the visitor's to know."""
    rows = await connection.fetch(
        """
        select distinct i.blind_index
        from identifier i join identifier_type t on t.type_id = i.type_id
        where i.record_id = any ($1::bigint[]) and i.role = 0 and i.replaced_at is null
          and t.identifies = 'person'
          and not exists (
              select from enrolled_index e
              where e.blind_index = i.blind_index and e.role in (0, 2)
                and e.record_id <> all ($2::bigint[]))
        order by i.blind_index
        """,
        list(own),
        list(every),
    )
    return [row["blind_index"] for row in rows]


async def next_number(connection: Connection) -> int:
    number: int = await connection.fetchval("select nextval('ibr.help_visit_no')")
    return number


async def add(
    connection: Connection, visit: HelpVisit, proved: bytes, session: bytes | None = None
) -> bool:
    """With the digest of a session where no officer serves. False where the officer serves
    somebody already, as far as is known after waiting for whoever began at the same moment."""
    added = await connection.fetchval(
        """
        insert into help_visit (visit_no, officer_id, subjects, proved, proof_code, consent_version,
                                consent_digest, consent_language, consent_by, consent_at, note,
                                opened_for, begun_at, until, session_digest)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $12, $10, $11, $12, $13, $14)
        on conflict (officer_id) where ended_at is null do nothing returning visit_no
        """,
        visit.visit_no,
        visit.officer_id,
        list(visit.subjects),
        proved,
        visit.proof_code,
        visit.consent.version,
        visit.consent.digest,
        visit.consent.language,
        visit.consent.by,
        visit.note,
        visit.opened_for,
        visit.begun_at,
        visit.until,
        session,
    )
    if added is None:
        return False
    await connection.execute(
        """
        insert into help_visit_record (visit_no, record_id, role)
        select $1, * from unnest($2::bigint[], $3::smallint[])
        """,
        visit.visit_no,
        list(visit.records),
        list(visit.records.values()),
    )
    return True


_VISIT = """
    select v.visit_no, v.officer_id, v.subjects, v.proved, v.proof_code, v.consent_version,
           v.consent_digest, v.consent_language, v.consent_by, v.note, v.opened_for, v.begun_at,
           v.until, v.ended_at,
           array(select r.record_id from help_visit_record r where r.visit_no = v.visit_no
                 order by r.record_id) as records,
           array(select r.role from help_visit_record r where r.visit_no = v.visit_no
                 order by r.record_id) as roles
    from help_visit v
"""


async def one(connection: Connection, number: int, officer_id: int) -> Record | None:
    return await connection.fetchrow(
        f"{_VISIT} where v.visit_no = $1 and v.officer_id = $2", number, officer_id
    )


async def of_session(connection: Connection, session: bytes, at: datetime) -> Record | None:
    """The visit of a person who signed in themselves, as long as it lasts."""
    return await connection.fetchrow(
        f"{_VISIT} where v.session_digest = $1 and v.ended_at is null and v.until > $2",
        session,
        at,
    )


async def go_on(
    connection: Connection, number: int, at: datetime, idle: timedelta, longest: timedelta
) -> None:
    """Lets a person's own visit last for the idle time from now, and never beyond its longest. One
    that is over by the database's own clock is not brought back."""
    await connection.execute(
        """
        update help_visit set until = greatest(until, least(begun_at + $4, $2::timestamptz + $3))
        where visit_no = $1 and session_digest is not null and ended_at is null
          and until > clock_timestamp()
        """,
        number,
        at,
        idle,
        longest,
    )


async def end_session(connection: Connection, session: bytes, at: datetime) -> int | None:
    """Ends a person's own visit; its number, None where there is none that lasts."""
    number: int | None = await connection.fetchval(
        """
        update help_visit set ended_at = $2, ended_how = 'person'
        where session_digest = $1 and ended_at is null and until > $2 returning visit_no
        """,
        session,
        at,
    )
    return number


async def open_number(connection: Connection, officer_id: int, at: datetime) -> int | None:
    found: int | None = await connection.fetchval(
        """
        select visit_no from help_visit
        where officer_id = $1 and ended_at is null and until > $2
        """,
        officer_id,
        at,
    )
    return found


async def end(connection: Connection, number: int, officer_id: int, at: datetime) -> bool:
    ended = await connection.fetchval(
        """
        update help_visit set ended_at = $3, ended_how = 'officer'
        where visit_no = $1 and officer_id = $2 and ended_at is null and until > $3
        returning true
        """,
        number,
        officer_id,
        at,
    )
    return bool(ended)


async def end_over(
    connection: Connection, at: datetime, officer_id: int | None = None
) -> list[Record]:
    """Ends visits whose time is over, of one officer or of everybody."""
    return await connection.fetch(
        """
        update help_visit set ended_at = until, ended_how = 'time'
        where ended_at is null and until <= $1 and ($2::integer is null or officer_id = $2)
        returning visit_no, officer_id
        """,
        at,
        officer_id,
    )
