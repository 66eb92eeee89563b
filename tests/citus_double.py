"""What Citus offers to a coordinator, as plain functions that refuse what Citus refuses.

No part of Citus: it keeps what it was told in tables and spreads nothing. What it refuses is what
the sources of Citus 13 say that it does (commands/create_distributed_table.c, commands/policy.c):
subqueries in policies, keys without the distribution column, foreign keys that a shard cannot keep,
triggers, groups whose first table is not there yet.
"""

from __future__ import annotations

from typing import Final

SCRIPT: Final = r"""
create table pg_dist_node (groupid integer, nodename text);
insert into pg_dist_node values (0, 'coordinator'), (1, 'one'), (2, 'two');
create table pg_dist_partition (logicalrelid regclass, partmethod text, partkey text, alike text);
create table citus_told (no integer generated always as identity, what text);
create function citus_version() returns text language sql as $$ select 'Citus 13.2.2, a double' $$;
create function citus_is_coordinator() returns boolean language sql as $$ select true $$;
create function citus_get_active_worker_nodes(out node_name text, out node_port bigint)
returns setof record language sql as $$
    select nodename, 5432::bigint from pg_dist_node where groupid > 0
$$;

create function citus_refuses_policies(whose regclass) returns void language plpgsql as $$
declare bad record;
begin
    for bad in select polname from pg_policy
               where polrelid = whose
                 and coalesce(pg_get_expr(polqual, polrelid), '')
                     || coalesce(pg_get_expr(polwithcheck, polrelid), '') ~* '\mselect\M' loop
        raise exception 'cannot create policy: subqueries are not supported, % on %',
            bad.polname, whose;
    end loop;
    if exists (select from pg_trigger where tgrelid = whose and not tgisinternal) then
        raise exception 'cannot distribute relation "%" because it has triggers', whose;
    end if;
end $$;

create function create_reference_table(whose regclass) returns void language plpgsql as $$
declare other record;
begin
    perform citus_refuses_policies(whose);
    for other in select confrelid::regclass as name from pg_constraint
                 where contype = 'f' and conrelid = whose and confrelid <> whose
                   and not exists (select from pg_dist_partition where logicalrelid = confrelid)
    loop
        raise exception 'the table % it points to is no Citus table', other.name;
    end loop;
    for other in select conrelid::regclass as name from pg_constraint
                 where contype = 'f' and confrelid = whose and conrelid <> whose loop
        perform citus_refuses_policies(other.name);
    end loop;
    insert into pg_dist_partition values (whose, 'n', null, null);
    insert into citus_told (what) values (format('reference %s', whose));
end $$;

create function create_distributed_table(
    whose regclass, by_column text, distribution_type text default 'hash',
    colocate_with text default 'default'
) returns void language plpgsql as $$
declare bad record;
begin
    perform citus_refuses_policies(whose);
    if not exists (select from pg_attribute where attrelid = whose and attname = by_column) then
        raise exception 'column "%" of relation "%" does not exist', by_column, whose;
    end if;
    for bad in select i.indexrelid::regclass as name from pg_index i
               where i.indrelid = whose and i.indisunique and not exists (
                   select from pg_attribute a where a.attrelid = whose and a.attname = by_column
                     and a.attnum = any ((i.indkey::smallint[])[0:i.indnkeyatts - 1])) loop
        raise exception 'cannot create constraint "%": it must include the partition column',
            bad.name;
    end loop;
    if exists (select from pg_constraint where contype = 'f' and confrelid = whose) then
        raise exception 'foreign keys from reference or local to distributed tables: %', whose;
    end if;
    if colocate_with <> 'none' and not exists (
        select from pg_dist_partition p
        join pg_attribute mine on mine.attrelid = whose and mine.attname = by_column
        join pg_attribute theirs on theirs.attrelid = p.logicalrelid and theirs.attname = p.partkey
        where p.logicalrelid = colocate_with::regclass and mine.atttypid = theirs.atttypid) then
        raise exception 'cannot colocate % and %', whose, colocate_with;
    end if;
    insert into pg_dist_partition values (whose, 'h', by_column, colocate_with);
    insert into citus_told (what)
    values (format('distributed %s by %s with %s', whose, by_column, colocate_with));
end $$;

create function create_distributed_function(whose text) returns void language plpgsql as $$
begin
    perform whose::regprocedure;
    insert into citus_told (what) values (format('function %s', whose));
end $$;

create function truncate_local_data_after_distributing_table(whose regclass) returns void
language plpgsql as $$
begin
    insert into citus_told (what) values (format('emptied %s', whose));
end $$;
"""
