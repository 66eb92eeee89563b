"""Is this paper ours, and unchanged? Says so, and nothing of what stands on it.

Anybody may ask: who holds a paper has its check number, and nobody guesses one.
"""

from __future__ import annotations

import hmac

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.subject.statements import store
from ibr.subject.statements.model import Checked
from ibr.subject.statements.rules import (
    canonical_number,
    canonical_sums,
    digest_of_number,
    digest_of_sums,
)


async def check_paper(connection: Connection, number: str, sums: str) -> Checked | None:
    """What is known of a check number; None where no statement has it. `sums` are those read from
    the paper, empty where nobody asks."""
    plain = canonical_number(number)
    row = None if plain is None else await store.by_number(connection, digest_of_number(plain))
    if row is None or plain is None:
        return None
    right: bool | None = None
    if canonical_sums(sums):
        right = hmac.compare_digest(row["total_digest"], digest_of_sums(plain, sums))
    return _checked(row, sums=right, unchanged=False)


async def check_file(connection: Connection, digest: bytes) -> Checked | None:
    """What is known of a file by its SHA-256; None where it is not one of ours to the last byte."""
    row = await store.by_file(connection, digest)
    return None if row is None else _checked(row, sums=None, unchanged=True)


def _checked(row: Record, *, sums: bool | None, unchanged: bool) -> Checked:
    return Checked(
        given_at=row["given_at"],
        form=row["form"],
        language=row["language"],
        sums=sums,
        unchanged=unchanged,
    )
