"""SQL of who an officer is at the ministry's own sign-in."""

from __future__ import annotations

from datetime import datetime

from ibr.db.pool import Connection


async def officer_of_subject(connection: Connection, issuer: str, subject: str) -> int | None:
    found: int | None = await connection.fetchval(
        "select officer_id from officer_ministry where issuer = $1 and subject = $2",
        issuer,
        subject,
    )
    return found


async def officer_of_email(connection: Connection, email: str) -> int | None:
    found: int | None = await connection.fetchval(
        "select officer_id from officer where email = $1 and suspended_at is null", email
    )
    return found


async def link(
    connection: Connection, issuer: str, subject: str, officer_id: int, at: datetime
) -> bool:
    """False when the officer is known there as somebody else, or the person here as another."""
    linked = await connection.fetchval(
        """
        insert into officer_ministry (issuer, subject, officer_id, linked_at, used_at)
        values ($1, $2, $3, $4, $4) on conflict do nothing returning true
        """,
        issuer,
        subject,
        officer_id,
        at,
    )
    return linked is not None


async def used(connection: Connection, issuer: str, subject: str, at: datetime) -> None:
    await connection.execute(
        "update officer_ministry set used_at = $3 where issuer = $1 and subject = $2",
        issuer,
        subject,
        at,
    )
