"""SQL of requests of people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.subject.requests.model import View

_COLUMNS: Final = """
    q.request_no, q.programme_id, p.code as programme, q.record_id, q.kind, q.about, q.opened_at,
    q.due_at, q.answer, q.reason_code, q.answered_at, q.answered_kind, q.done_at, q.done_how,
    q.by_self
"""
# $1 is the moment.
_IN_VIEW: Final[dict[View, str]] = {
    "open": "q.answer is null",
    "late": "q.answer is null and q.due_at < $1",
    "awaited": "q.answer = 'accepted' and q.done_at is null",
    "answered": "(q.answer = 'refused' or q.done_at is not null)",
}


async def record(connection: Connection, record_id: int) -> Record | None:
    return await connection.fetchrow(
        """
        select r.record_id, r.programme_id, r.personal, r.known_at, r.subject_index,
               coalesce(e.status || ' ' || e.status_at::text, '') as status
        from beneficiary_record r left join enrolment e using (record_id)
        where r.record_id = $1
        """,
        record_id,
    )


async def add(
    connection: Connection,
    *,
    number: int,
    visit_no: int,
    programme_id: int,
    record_id: int,
    subject_index: bytes,
    role: int,
    kind: str,
    about: str,
    proved: bytes,
    wished: bytes | None,
    before: bytes,
    at: datetime,
    due_at: datetime,
    by_self: bool,
) -> bool:
    """False where the same was asked and is not answered."""
    added = await connection.fetchval(
        """
        insert into person_request (request_no, visit_no, programme_id, record_id, subject_index,
                                    role, kind, about, proved, wished, before, opened_at, due_at,
                                    by_self)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        on conflict (record_id, subject_index, kind, about) where answer is null
        do nothing returning request_no
        """,
        number,
        visit_no,
        programme_id,
        record_id,
        subject_index,
        role,
        kind,
        about,
        proved,
        wished,
        before,
        at,
        due_at,
        by_self,
    )
    return added is not None


async def next_number(connection: Connection) -> int:
    number: int = await connection.fetchval("select nextval('ibr.person_request_no')")
    return number


async def of_subjects(connection: Connection, subjects: Sequence[bytes]) -> list[Record]:
    return await connection.fetch(
        f"""
        select {_COLUMNS} from person_request q join programme p using (programme_id)
        where q.subject_index = any ($1::bytea[]) order by q.request_no desc limit 100
        """,
        list(subjects),
    )


async def counts(connection: Connection, at: datetime) -> Record | None:
    columns = ", ".join(
        f"count(*) filter (where {which})::integer as {view}" for view, which in _IN_VIEW.items()
    )
    return await connection.fetchrow(
        f"select {columns} from person_request q where $1::timestamptz is not null", at
    )


async def in_view(
    connection: Connection,
    view: View,
    at: datetime,
    programme_id: int | None,
    limit: int,
    offset: int,
) -> list[Record]:
    return await connection.fetch(
        f"""
        select {_COLUMNS} from person_request q join programme p using (programme_id)
        where {_IN_VIEW[view]} and $1::timestamptz is not null
          and ($2::integer is null or q.programme_id = $2)
        order by q.answer is not null, q.due_at, q.request_no limit $3 offset $4
        """,
        at,
        programme_id,
        limit,
        offset,
    )


async def one(connection: Connection, number: int) -> Record | None:
    return await connection.fetchrow(
        f"""
        select {_COLUMNS}, q.role, q.proved, q.wished, q.subject_index
        from person_request q join programme p using (programme_id) where q.request_no = $1
        """,
        number,
    )


async def subject_of(connection: Connection, number: int) -> bytes:
    subject: bytes = await connection.fetchval(
        "select subject_index from person_request where request_no = $1", number
    )
    return subject


async def answer(
    connection: Connection,
    number: int,
    *,
    said: str,
    reason: str,
    kind: str,
    by: int,
    at: datetime,
) -> bool:
    """False where it has been answered."""
    done = await connection.fetchval(
        """
        update person_request
        set answer = $2, reason_code = $3, answered_kind = $4, answered_by = $5, answered_at = $6
        where request_no = $1 and answer is null returning true
        """,
        number,
        said,
        reason,
        kind,
        by,
        at,
    )
    return bool(done)


async def awaited(connection: Connection, after: int, most: int) -> list[Record]:
    """The next requests that were accepted and whose change no delivery has carried yet, with
    their records as they stand."""
    return await connection.fetch(
        """
        select q.request_no, q.record_id, q.role, q.kind, q.about, q.proved, q.wished, q.before,
               q.opened_at, r.personal, r.known_at,
               coalesce(e.status || ' ' || e.status_at::text, '') as status,
               exists (select from enrolled_index x where x.record_id = q.record_id
                       and x.blind_index = q.subject_index and x.role = q.role)
               or exists (
                   select from confirmed_number n
                   join confirmed_person mine using (record_id, appearance_no)
                   join confirmed_person other on other.first_record = mine.first_record
                                              and other.first_no = mine.first_no
                   where n.blind_index = q.subject_index and other.record_id = q.record_id
               ) as theirs
        from person_request q
        left join beneficiary_record r using (record_id)
        left join enrolment e using (record_id)
        where q.answer = 'accepted' and q.done_at is null and q.request_no > $1
        order by q.request_no limit $2
        """,
        after,
        most,
    )


async def done(connection: Connection, number: int, how: str, at: datetime) -> bool:
    marked = await connection.fetchval(
        """
        update person_request set done_at = $3, done_how = $2
        where request_no = $1 and done_at is null returning true
        """,
        number,
        how,
        at,
    )
    return bool(marked)
