"""SQL of distributing: what Citus says of itself, what stands in the way, and the statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import asyncpg

from ibr.db.distribution.plan import Place
from ibr.db.pool import Connection

# Row-level security of a distributed table asks on every worker, where the list of protected
# records stands as a reference table.
IS_PROTECTED: Final = (
    "create or replace function ibr.is_protected(of_records bigint[]) returns boolean\n"
    "language sql stable set search_path = ''\n"
    "as 'select exists (select from ibr.protected_record p where p.record_id = any (of_records))'"
)
FUNCTIONS_OF_POLICIES: Final = (
    "ibr.programmes_in_reach()",
    "ibr.areas_in_reach()",
    "ibr.everywhere()",
    "ibr.may_touch(text[])",
    "ibr.in_visit()",
    "ibr.visit_records()",
    "ibr.visit_subjects()",
    "ibr.is_of_visit(bigint)",
    "ibr.is_protected(bigint[])",
)


async def citus_version(connection: Connection) -> str | None:
    """What Citus calls itself; None where it is not installed in this database."""
    if await connection.fetchval("select to_regproc('citus_version') is null"):
        return None
    version: str = await connection.fetchval("select citus_version()")
    return version


async def is_coordinator(connection: Connection) -> bool:
    """Whether this server is the one that statements are given to."""
    found: bool = await connection.fetchval("select citus_is_coordinator()")
    return found


async def knows_itself(connection: Connection) -> bool:
    """Whether the coordinator is in its own list of nodes, which reference tables need."""
    found: bool = await connection.fetchval(
        "select exists (select from pg_dist_node where groupid = 0)"
    )
    return found


async def workers(connection: Connection) -> int:
    number: int = await connection.fetchval(
        "select count(*)::integer from citus_get_active_worker_nodes()"
    )
    return number


async def already(connection: Connection) -> set[str]:
    """Tables of the schema that Citus has taken over already."""
    rows = await connection.fetch(
        """
        select c.relname from pg_dist_partition p join pg_class c on c.oid = p.logicalrelid
        where c.relnamespace = 'ibr'::regnamespace
        """
    )
    return {row["relname"] for row in rows}


async def at_work(connection: Connection) -> int:
    """Connections of the registry's programs to this database."""
    number: int = await connection.fetchval(
        """
        select count(*)::integer from pg_stat_activity
        where datname = current_database() and application_name like 'ibr %'
          and pid <> pg_backend_pid()
        """
    )
    return number


async def holding_rows(connection: Connection, tables: Sequence[str]) -> list[str]:
    """Those of these tables that are not empty."""
    found = []
    for table in tables:
        if await connection.fetchval(f"select exists (select from ibr.{table})"):
            found.append(table)
    return found


async def tables(connection: Connection) -> set[str]:
    """Every table of the schema, without partitions."""
    rows = await connection.fetch(
        """
        select relname from pg_class
        where relnamespace = 'ibr'::regnamespace and relkind in ('r', 'p') and not relispartition
        """
    )
    return {row["relname"] for row in rows}


async def unique_keys(connection: Connection) -> list[asyncpg.Record]:
    """Table, name and columns of every unique index; no column for one over an expression."""
    return await connection.fetch(
        """
        select c.relname as table, i.relname as name,
               coalesce(array_agg(a.attname::text order by a.attnum)
                        filter (where a.attnum > 0 and x.indexprs is null), '{}') as columns
        from pg_index x
        join pg_class c on c.oid = x.indrelid
        join pg_class i on i.oid = x.indexrelid
        left join pg_attribute a
          on a.attrelid = x.indrelid
         and a.attnum = any ((x.indkey::smallint[])[0:x.indnkeyatts - 1])
        where c.relnamespace = 'ibr'::regnamespace and not c.relispartition and x.indisunique
        group by c.relname, i.relname
        """
    )


async def foreign_keys(connection: Connection) -> list[asyncpg.Record]:
    """Name, table and the table it points to, of every foreign key between whole tables."""
    return await connection.fetch(
        """
        select k.conname as name, c.relname as table, f.relname as points_to
        from pg_constraint k
        join pg_class c on c.oid = k.conrelid join pg_class f on f.oid = k.confrelid
        where k.contype = 'f' and k.conparentid = 0 and c.relnamespace = 'ibr'::regnamespace
        order by c.relname, k.conname
        """
    )


async def triggers(connection: Connection) -> list[asyncpg.Record]:
    """Table and name of every trigger that somebody made."""
    return await connection.fetch(
        """
        select c.relname as table, t.tgname as name
        from pg_trigger t join pg_class c on c.oid = t.tgrelid
        where not t.tgisinternal and c.relnamespace = 'ibr'::regnamespace
        """
    )


async def policies(connection: Connection) -> list[asyncpg.Record]:
    """Table, name and both expressions of every policy, as the database writes them."""
    return await connection.fetch(
        """
        select tablename as table, policyname as name, qual, with_check
        from pg_policies where schemaname = 'ibr' order by tablename, policyname
        """
    )


async def deeper_partitions(connection: Connection) -> list[str]:
    """Tables whose partitions have partitions of their own."""
    rows = await connection.fetch(
        """
        select distinct p.relname from pg_inherits i
        join pg_class c on c.oid = i.inhrelid and c.relkind = 'p'
        join pg_class p on p.oid = i.inhparent
        where p.relnamespace = 'ibr'::regnamespace
        """
    )
    return [row["relname"] for row in rows]


async def carry_out(connection: Connection, statement: str) -> None:
    await connection.execute(statement)


async def database_name(connection: Connection) -> str:
    name: str = await connection.fetchval("select quote_ident(current_database())")
    return name


def passing_on_settings(database: str) -> str:
    """Row-level security reads settings of the transaction; workers must be told them."""
    return f"alter database {database} set citus.propagate_set_commands = 'local'"


def without_key(table: str, name: str) -> str:
    return f'alter table ibr.{table} drop constraint "{name}"'


def with_policy(table: str, name: str, qual: str | None, with_check: str | None) -> str:
    using = f" using ({qual})" if qual else ""
    check = f" with check ({with_check})" if with_check else ""
    return f'alter policy "{name}" on ibr.{table}{using}{check}'


def with_shards(shards: int) -> str:
    return f"set local citus.shard_count = {int(shards)}"


def as_reference(table: str) -> str:
    return f"select create_reference_table('ibr.{table}')"


def as_distributed(place: Place) -> str:
    alike = "none" if place.table == place.group else f"ibr.{place.group}"
    return (
        f"select create_distributed_table('ibr.{place.table}', '{place.column}', "
        f"colocate_with => '{alike}')"
    )


def on_every_worker(function: str) -> str:
    return f"select create_distributed_function('{function}')"


def without_old_rows(table: str) -> str:
    return f"select truncate_local_data_after_distributing_table('ibr.{table}')"
