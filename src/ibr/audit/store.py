"""SQL of the audit trail and the ledger: appends and reads, never changes."""

from __future__ import annotations

from collections.abc import Sequence

from ibr.audit.model import Asked, Event, LedgerRow
from ibr.db.pool import Connection


async def append_events(connection: Connection, events: Sequence[Event]) -> None:
    await connection.execute(
        """
        insert into audit_event (at, kind, actor_kind, actor_id, details, digest)
        select e.at, e.kind, e.actor_kind, e.actor_id, e.details::jsonb, e.digest
        from unnest($1::timestamptz[], $2::text[], $3::text[], $4::integer[], $5::text[],
                    $6::bytea[]) as e (at, kind, actor_kind, actor_id, details, digest)
        """,
        [event.at for event in events],
        [event.kind for event in events],
        [event.actor_kind for event in events],
        [event.actor_id for event in events],
        [event.details.decode() for event in events],
        [event.digest for event in events],
    )


async def append_questions(connection: Connection, rows: Sequence[LedgerRow]) -> None:
    await connection.execute(
        """
        insert into question_asked (subject_index, asked_at, question_id, partner_id, officer_id,
                                    programme_id, question, purpose_code, purpose_text, answer,
                                    message_key)
        select * from unnest($1::bytea[], $2::timestamptz[], $3::uuid[], $4::integer[],
                             $5::integer[], $6::integer[], $7::text[], $8::text[], $9::text[],
                             $10::text[], $11::bytea[])
        """,
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
    )


async def questions_about(
    connection: Connection, subjects: Sequence[bytes], limit: int
) -> list[Asked]:
    found = await connection.fetch(
        """
        select max(q.asked_at) as at, coalesce(p.name, o.name, 'The registry') as asker_name,
               case when q.partner_id is not null then 'partner'
                    when q.officer_id is not null then 'officer' else 'registry' end as asker_kind,
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
