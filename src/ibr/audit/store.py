"""SQL of the audit trail and the ledger: appends and reads, never changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Final

from ibr.audit.model import LATE, Asked, Event, LedgerRow
from ibr.db.pool import Connection

# Whether something has waited too long to be sealed, with nothing sealed meanwhile. One small row
# is read as long as sealing goes on; the first event that waits is looked for only when it does
# not. Whoever owns the database is not held back: the command line must be able to mend things.
_LATE: Final = f"""
    coalesce((
        select s.sealed_at < now() - interval '{int(LATE.total_seconds())} seconds'
           and current_user in ('ibr_app', 'ibr_worker')
           and ibr.unsealed_since() < now() - interval '{int(LATE.total_seconds())} seconds'
        from ibr.audit_sealing s
    ), false)
"""
_EVENTS: Final = """
    insert into audit_event (at, kind, actor_kind, actor_id, details, digest)
    select e.at, e.kind, e.actor_kind, e.actor_id, e.details::jsonb, e.digest
    from {others} unnest({arrays}) as e (at, kind, actor_kind, actor_id, details, digest)
"""
_ROWS: Final = """
    insert into question_asked (subject_index, asked_at, question_id, partner_id, officer_id,
                                programme_id, question, purpose_code, purpose_text, answer,
                                message_key, batch_id)
    select rows.*, batch.batch_id
    from batch cross join
         unnest($1::bytea[], $2::timestamptz[], $3::uuid[], $4::integer[], $5::integer[],
                $6::integer[], $7::text[], $8::text[], $9::text[], $10::text[], $11::bytea[])
             as rows
"""
_BATCH: Final = f"""
    insert into ledger_batch (at, rows, digest)
    select $12::timestamptz, $13::integer, $14::bytea where not {_LATE}
    returning batch_id
"""
_APPEND_EVENTS: Final = (
    _EVENTS.format(
        others="",
        arrays="$1::timestamptz[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::bytea[]",
    )
    + f" where e.kind = any ($7::text[]) or not {_LATE}"
)
_APPEND_QUESTIONS: Final = f"with batch as ({_BATCH}) {_ROWS}"
_APPEND_BOTH: Final = "with batch as ({}), told as ({}) {}".format(
    _BATCH,
    _EVENTS.format(
        others="batch cross join",
        arrays="$15::timestamptz[], $16::text[], $17::text[], $18::integer[], $19::text[], "
        "$20::bytea[]",
    ),
    _ROWS,
)


def _of_events(events: Sequence[Event]) -> tuple[object, ...]:
    return (
        [event.at for event in events],
        [event.kind for event in events],
        [event.actor_kind for event in events],
        [event.actor_id for event in events],
        [event.details.decode() for event in events],
        [event.digest for event in events],
    )


def _of_rows(rows: Sequence[LedgerRow], digest: bytes) -> tuple[object, ...]:
    return (
        [row.subject for row in rows],
        [row.at for row in rows],
        [row.question_id for row in rows],
        [row.partner_id for row in rows],
        [row.officer_id for row in rows],
        [row.programme_id for row in rows],
        [row.question for row in rows],
        [row.purpose_code for row in rows],
        [row.purpose_text for row in rows],
        [row.answer for row in rows],
        [row.message_key for row in rows],
        max(row.at for row in rows),
        len(rows),
        digest,
    )


async def append_events(
    connection: Connection, events: Sequence[Event], even_late: Iterable[str] = ()
) -> bool:
    """Appends the events; False where sealing is late and one of them is of a kind that must wait
    until it goes on. What was written must then be undone."""
    said: str = await connection.execute(_APPEND_EVENTS, *_of_events(events), list(even_late))
    return said == f"INSERT 0 {len(events)}"


async def append_questions(
    connection: Connection, rows: Sequence[LedgerRow], digest: bytes
) -> bool:
    """Writes rows of the ledger, and with them the batch that holds their digest; False where
    sealing is late, and then nothing was written."""
    said: str = await connection.execute(_APPEND_QUESTIONS, *_of_rows(rows, digest))
    return said == f"INSERT 0 {len(rows)}"


async def append_both(
    connection: Connection, rows: Sequence[LedgerRow], digest: bytes, events: Sequence[Event]
) -> bool:
    """The same with events beside the rows, in one statement; False as for rows alone."""
    said: str = await connection.execute(_APPEND_BOTH, *_of_rows(rows, digest), *_of_events(events))
    return said == f"INSERT 0 {len(rows)}"


ROW_COLUMNS: Final = """
    subject_index as subject, asked_at as at, question_id, partner_id, officer_id, programme_id,
    question, purpose_code, purpose_text, answer, message_key
"""


async def rows_of_before(connection: Connection) -> AsyncIterator[LedgerRow]:
    """Rows of the ledger from before sealing began, in the order of their key."""
    async for row in connection.cursor(
        f"""
        select {ROW_COLUMNS} from ibr.question_asked where batch_id = 0
        order by subject_index, asked_at, question_id
        """,
        prefetch=2000,
    ):
        yield LedgerRow(**dict(row))


async def bind_rows_of_before(
    connection: Connection, at: datetime, rows: int, digest: bytes
) -> None:
    await connection.execute(
        "insert into ibr.ledger_batch (at, rows, digest, of_before) values ($1, $2, $3, true)",
        at,
        rows,
        digest,
    )


async def questions_about(
    connection: Connection, subjects: Sequence[bytes], limit: int
) -> list[Asked]:
    found = await connection.fetch(
        """
        select max(q.asked_at) as at, coalesce(p.name, o.name,
                        case when q.purpose_code = 'own_access' then 'The person themself'
                             else 'The registry' end) as asker_name,
               case when q.partner_id is not null then 'partner'
                    when q.officer_id is not null then 'officer'
                    when q.purpose_code = 'own_access' then 'person'
                    else 'registry' end as asker_kind,
               q.programme_id, q.question, q.purpose_code, q.purpose_text, max(q.answer) as answer
        from question_asked q
        left join partner p using (partner_id)
        left join officer o using (officer_id)
        where q.subject_index = any ($1::bytea[])
        group by q.question_id, p.name, o.name, q.partner_id, q.officer_id, q.programme_id,
                 q.question, q.purpose_code, q.purpose_text
        order by 1 desc
        limit $2
        """,
        list(subjects),
        limit,
    )
    return [Asked(**dict(row)) for row in found]
