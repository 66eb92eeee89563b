"""The ledger of questions: who asked about whom, for what purpose, and which class of answer."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from ibr.asker import Asker
from ibr.audit import store
from ibr.audit.model import Asked, Event, LedgerRow, digest_of_lines, ledger_line, ledger_order
from ibr.audit.record import sealing_is_late
from ibr.db.pool import Connection

# The subject of a question that was about nobody in particular or found nobody.
NOBODY = b"\x00" * 16


def ledger_row(
    asker: Asker,
    *,
    question: str,
    question_id: uuid.UUID,
    subject: bytes,
    programme_id: int | None,
    answer: str,
    message_key: bytes | None,
    at: datetime,
) -> LedgerRow:
    """The ledger's row for one subject."""
    return LedgerRow(
        subject=subject,
        at=at,
        question_id=question_id,
        partner_id=asker.id if asker.kind == "partner" else None,
        officer_id=asker.id if asker.kind == "officer" else None,
        programme_id=programme_id,
        question=question,
        purpose_code=asker.purpose.code,
        purpose_text=asker.purpose.text,
        answer=answer,
        message_key=message_key,
    )


async def record_questions(connection: Connection, rows: Sequence[LedgerRow]) -> None:
    """Writes ledger rows with one statement, in the transaction of the answer, with the digest by
    which a row that is changed or removed later is found out.

    Unavailable where the audit trail has not been sealed for too long: a look-up that nobody can
    prove afterwards does not happen.
    """
    ordered = sorted(rows, key=ledger_order)
    digest = digest_of_lines(map(ledger_line, ordered))
    if rows and not await store.append_questions(connection, ordered, digest):
        raise sealing_is_late()


async def record_asked(
    connection: Connection, rows: Sequence[LedgerRow], events: Sequence[Event]
) -> None:
    """Ledger rows and the events beside them in one statement, for those who answer a thousand
    questions a second. Unavailable as for rows alone."""
    ordered = sorted(rows, key=ledger_order)
    digest = digest_of_lines(map(ledger_line, ordered))
    if not await store.append_both(connection, ordered, digest, events):
        raise sealing_is_late()


async def record_question(
    connection: Connection,
    asker: Asker,
    *,
    question: str,
    subjects: Sequence[bytes],
    programme_id: int | None,
    answer: str,
    message_key: bytes | None,
    at: datetime,
) -> None:
    """Writes one question about these subjects; about nobody when there are none."""
    question_id = uuid.uuid4()
    rows = [
        ledger_row(
            asker,
            question=question,
            question_id=question_id,
            subject=subject,
            programme_id=programme_id,
            answer=answer,
            message_key=message_key,
            at=at,
        )
        for subject in dict.fromkeys(subjects or [NOBODY])
    ]
    await record_questions(connection, rows)


async def who_asked(
    connection: Connection, subjects: Sequence[bytes], limit: int = 100
) -> list[Asked]:
    """Who asked about these subjects, the newest first, one entry a question."""
    return await store.questions_about(connection, subjects, limit)
