"""SQL of the doctor: what the database says of itself, its roles and its tables."""

from __future__ import annotations

from datetime import datetime

import asyncpg

Connection = asyncpg.Connection

# These hold a programme's number and no row of a programme's: rights, the catalogue, and what
# belongs to people across programmes. tests/database/test_roles.py says why of each.
NOT_GUARDED = (
    "programme",
    "partner_programme",
    "officer",
    "outgoing_message",
    "question_asked",
    # The policies of other tables look here for whom they hide.
    "protected_record",
)
# Its owner looks keys up in it; see the same test.
NOT_FORCED = ("appearance",)


async def log_place(connection: asyncpg.Connection) -> int:
    """How far the log is written."""
    place: int = await connection.fetchval("select (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint")
    return place


async def replayed(connection: asyncpg.Connection) -> asyncpg.Record:
    """Of a replica: whether it follows, how far it has replayed, the moment of what it has."""
    row = await connection.fetchrow(
        """
        select pg_is_in_recovery() as follows,
               (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint as place,
               pg_is_in_recovery() and pg_is_wal_replay_paused() as paused,
               extract(epoch from now() - pg_last_xact_replay_timestamp())::double precision as age
        """
    )
    assert row is not None
    return row


async def version(connection: Connection) -> str:
    """The server's version."""
    said: str = await connection.fetchval("show server_version")
    return said


async def clock(connection: Connection) -> object:
    """The server's time."""
    return await connection.fetchval("select clock_timestamp()")


async def roles(connection: Connection) -> list[asyncpg.Record]:
    """The registry's roles, with what none of them may have, and whether we may become them."""
    rows: list[asyncpg.Record] = await connection.fetch(
        """
        select rolname as name, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb as mighty,
               rolcanlogin as signs_in, pg_has_role(current_user, oid, 'member') as ours
        from pg_roles where rolname = any ($1::text[])
        """,
        ["ibr_app", "ibr_worker", "ibr_auditor", "ibr_analyst"],
    )
    return rows


async def owned_by_roles(connection: Connection) -> int:
    """Tables that one of the roles owns: it could then do to them what it likes."""
    number: int = await connection.fetchval(
        """
        select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
        join pg_roles r on r.oid = c.relowner
        where n.nspname = 'ibr'
          and r.rolname in ('ibr_app', 'ibr_worker', 'ibr_auditor', 'ibr_analyst')
        """
    )
    return number


async def open_to_everybody(connection: Connection) -> list[str]:
    """Tables of the registry that every user of the server may use."""
    rows = await connection.fetch(
        """
        select distinct c.relname as name from pg_class c
        join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) a
        where n.nspname = 'ibr' and a.grantee = 0 order by 1
        """
    )
    return [row["name"] for row in rows]


async def unguarded(connection: Connection) -> list[str]:
    """Tables with rows of a programme and without row-level security that also binds their
    owner."""
    rows = await connection.fetch(
        """
        select distinct c.relname as name from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid
        where n.nspname = 'ibr' and c.relkind in ('r', 'p') and not c.relispartition
          and a.attname in ('programme_id', 'programme_ids') and not a.attisdropped
          and not (c.relrowsecurity and (c.relforcerowsecurity or c.relname = any ($2::text[])))
          and c.relname <> all ($1::text[]) order by 1
        """,
        list(NOT_GUARDED),
        list(NOT_FORCED),
    )
    return [row["name"] for row in rows]


async def readable_sealed(connection: Connection) -> list[str]:
    """Columns that say they are sealed and hold something that is not: by its first byte."""
    columns = await connection.fetch(
        """
        select c.relname as table_name, a.attname as column_name from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where n.nspname = 'ibr' and c.relkind in ('r', 'p') and not c.relispartition
          and a.atttypid = 'bytea'::regtype
          and col_description(c.oid, a.attnum) ~ '^sensitive:.*[, ]sealed$'
        """
    )
    found = []
    for each in columns:
        table, column = await connection.fetchrow(  # type: ignore[misc]  # one row, always
            "select quote_ident($1), quote_ident($2)", each["table_name"], each["column_name"]
        )
        # A sealed value begins with its version, 1 or 2 (protection/seal.py).
        first = await connection.fetchval(
            f"""
            select exists (
                select from (select {column} as v from ibr.{table}
                             where {column} is not null and length({column}) > 0 limit 1000) t
                where get_byte(v, 0) not in (1, 2) or length(v) < 31
            )
            """
        )
        if first:
            found.append(f"{each['table_name']}.{each['column_name']}")
    return found


async def work(connection: Connection) -> asyncpg.Record:
    """How far behind jobs and promised messages are."""
    row = await connection.fetchrow(
        """
        select (select coalesce(extract(epoch from now() - max(seen_at)), -1)::float8
                from worker_sign) as worker,
               (select coalesce(extract(epoch from now() - min(due_at)), 0)::float8 from job
                where done_at is null and gave_up_at is null and due_at <= now()
                  and coalesce(leased_until, '-infinity') < now()) as lag,
               (select count(*) from job where gave_up_at is not null and done_at is null) as lost
        """
    )
    assert row is not None
    return row


async def unsigned_partners(connection: Connection) -> int:
    """Partners whose messages need no signature."""
    number: int = await connection.fetchval(
        "select count(*) from partner where signature_policy <> 'required'"
    )
    return number


async def partner_keys_ending(connection: Connection, days: int) -> int:
    """Partners whose last key to verify with ends in so many days."""
    number: int = await connection.fetchval(
        """
        select count(*) from (
            select partner_id from partner_key
            where revoked_at is null and use = 'sig'
            group by partner_id
            having max(coalesce(not_after, 'infinity')) < now() + make_interval(days => $1)
        ) as ending
        """,
        days,
    )
    return number


async def reporting(connection: Connection) -> asyncpg.Record:
    """How far the calendar is entered, and how reminders go."""
    await connection.execute(
        """
        select set_config('ibr.programmes',
                          coalesce(string_agg(programme_id::text, ','), ''), true)
        from ibr.programme
        """
    )
    row = await connection.fetchrow(
        """
        select (select count(*) from ibr.programme) as programmes,
               (select count(distinct programme_id) from ibr.reporting_rule
                where replaced_at is null) as ruled,
               (select count(*) from ibr.reporting_contact where replaced_at is null) as named,
               (select count(*) from ibr.report_reminder
                where mail = 'given_up' and made_at > now() - interval '30 days') as given_up,
               (select count(*) from ibr.report_reminder
                where mail = 'waiting' and made_at < now() - interval '1 day') as stuck
        """
    )
    assert row is not None
    return row


async def keeping(
    connection: Connection,
) -> tuple[datetime | None, datetime | None, datetime | None]:
    """Since when the oldest erasure waits, when the last night came to its end, and since when
    there are rules."""
    row = await connection.fetchrow(
        """
        select (select min(approved_at) from erasure where state <> 'done') as waiting,
               (select max(ended_at) from retention_run) as last,
               (select min(set_at) from retention_rule) as since
        """
    )
    assert row is not None
    return row["waiting"], row["last"], row["since"]
