"""SQL of statements that were handed out: digests, and nothing of what they say."""

from __future__ import annotations

from datetime import datetime

from asyncpg import Record

from ibr.db.pool import Connection


async def add(
    connection: Connection,
    *,
    check_digest: bytes,
    file_digest: bytes,
    total_digest: bytes,
    visit_no: int,
    form: str,
    language: str,
    at: datetime,
) -> None:
    await connection.execute(
        """
        insert into statement_given (check_digest, file_digest, total_digest, visit_no, form,
                                     language, given_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        """,
        check_digest,
        file_digest,
        total_digest,
        visit_no,
        form,
        language,
        at,
    )


async def by_number(connection: Connection, check_digest: bytes) -> Record | None:
    return await connection.fetchrow(
        """
        select file_digest, total_digest, form, language, given_at
        from ibr.statement_given where check_digest = $1
        """,
        check_digest,
    )


async def by_file(connection: Connection, file_digest: bytes) -> Record | None:
    return await connection.fetchrow(
        """
        select file_digest, total_digest, form, language, given_at
        from ibr.statement_given where file_digest = $1 order by given_at limit 1
        """,
        file_digest,
    )
