"""SQL of backups and drills."""

from __future__ import annotations

import asyncpg

from ibr.db.backup.shelf import Sum

# Beyond so many rows only the count is compared: the server's own page checksums do the rest.
CHECKSUM_ROWS = 1_000_000

_TABLES = """
    select c.relname as name, greatest(c.reltuples, 0)::bigint as about
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'ibr' and c.relkind in ('r', 'p') and not c.relispartition
    order by c.relname
"""


async def sums(connection: asyncpg.Connection) -> dict[str, Sum]:
    """Rows and checksum of every table of the registry, as this connection's snapshot sees them."""
    found = {}
    for table in await connection.fetch(_TABLES):
        # Names come from the catalogue, and are quoted by the server itself.
        name = await connection.fetchval("select quote_ident($1)", table["name"])
        checksum = (
            "sum(hashtextextended(t::text, 0)::numeric)::text"
            if table["about"] < CHECKSUM_ROWS
            else "null"
        )
        row = await connection.fetchrow(f"select count(*) as n, {checksum} as s from ibr.{name} t")
        assert row is not None
        found[str(table["name"])] = Sum(row["n"], row["s"])
    return found


async def server(connection: asyncpg.Connection) -> asyncpg.Record:
    """Which cluster this is, of which version, how long its log files are, and who asks."""
    row = await connection.fetchrow(
        """
        select s.system_identifier::text as system,
               current_setting('server_version_num')::integer / 10000 as major,
               pg_size_bytes(current_setting('wal_segment_size')) as segment_bytes,
               pg_is_in_recovery() as recovering,
               r.rolsuper or r.rolbypassrls as sees_all
        from pg_control_system() s, pg_roles r where r.rolname = current_user
        """
    )
    assert row is not None
    return row


async def keeps_log(connection: asyncpg.Connection) -> tuple[str, str]:
    """Whether log files are handed over, and by which command."""
    mode: str = await connection.fetchval("show archive_mode")
    command: str = await connection.fetchval("show archive_command")
    return mode, command


async def set_server(connection: asyncpg.Connection, name: str, value: str | None) -> None:
    """Sets one of the server's settings for good, or takes it back with None."""
    quoted = await connection.fetchval("select quote_literal($1::text)", value)
    await connection.execute(
        f"alter system reset {name}" if value is None else f"alter system set {name} = {quoted}"
    )


async def reload(connection: asyncpg.Connection) -> None:
    """Makes the server read its settings again."""
    await connection.execute("select pg_reload_conf()")


async def current_log_file(connection: asyncpg.Connection) -> str:
    """The name of the log file that is being written."""
    name: str = await connection.fetchval("select pg_walfile_name(pg_current_wal_lsn())")
    return name


async def finish_log_file(connection: asyncpg.Connection) -> str:
    """Ends the current log file so that it is handed over; the name of the one that was ended."""
    name: str = await connection.fetchval("select pg_walfile_name(pg_switch_wal())")
    return name


async def restore_point(connection: asyncpg.Connection, name: str) -> None:
    """Marks this moment in the log under a name."""
    await connection.execute("select pg_create_restore_point($1)", name)


async def recovering(connection: asyncpg.Connection) -> bool:
    """Whether the server still replays its log."""
    answer: bool = await connection.fetchval("select pg_is_in_recovery()")
    return answer


async def make_roles(connection: asyncpg.Connection) -> None:
    """Makes the registry's roles where a dump is to be restored: a dump holds none."""
    for role in ("ibr_app", "ibr_worker", "ibr_analyst", "ibr_auditor"):
        if not await connection.fetchval("select 1 from pg_roles where rolname = $1", role):
            await connection.execute(
                f"create role {role} nologin nosuperuser nobypassrls noinherit"
            )


async def is_empty(connection: asyncpg.Connection) -> bool:
    """Whether nothing of the registry is in this database."""
    answer: bool = await connection.fetchval(
        "select not exists (select from pg_namespace where nspname = 'ibr')"
    )
    return answer


async def export_snapshot(connection: asyncpg.Connection) -> str:
    """A name under which another program sees the very moment of this transaction."""
    name: str = await connection.fetchval("select pg_export_snapshot()")
    return name
