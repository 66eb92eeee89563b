"""Hands out a statement: made once, remembered by its digests, never kept."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime

from ibr.asker import Asker
from ibr.audit.events import STATEMENT_GIVEN
from ibr.audit.record import record_event
from ibr.db.pool import Database
from ibr.errors import NotUnderstood
from ibr.subject.statements import store
from ibr.subject.statements.model import FORMS, Form
from ibr.subject.statements.rules import (
    canonical_number,
    digest_of_number,
    digest_of_sums,
    new_check_number,
)
from ibr.subject.visits.during import within
from ibr.subject.visits.model import HelpVisit


def read_form(written: str) -> Form:
    """NotUnderstood for a form that is none."""
    for each in FORMS:
        if written == each:
            return each
    raise NotUnderstood("statement.form", "A statement is made as pdf or json.", field="form")


async def give_statement(
    database: Database,
    asker: Asker,
    visit: HelpVisit,
    *,
    form: Form,
    language: str,
    sums: str,
    draw: Callable[[str], bytes],
    at: datetime,
) -> bytes:
    """The file, drawn with its check number; `sums` are those that stand on it. It is remembered
    before it leaves, in the visit that it is handed out in."""
    number = new_check_number()
    content = await asyncio.to_thread(draw, number)
    plain = canonical_number(number) or ""
    async with within(database, asker, visit) as connection:
        await store.add(
            connection,
            check_digest=digest_of_number(plain),
            file_digest=hashlib.sha256(content).digest(),
            total_digest=digest_of_sums(plain, sums),
            visit_no=visit.visit_no,
            form=form,
            language=language,
            at=at,
        )
        await record_event(
            connection,
            kind=STATEMENT_GIVEN,
            asker=asker,
            details={"visit": visit.visit_no, "form": form, "language": language},
            at=at,
        )
    return content
