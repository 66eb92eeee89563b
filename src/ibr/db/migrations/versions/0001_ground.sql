-- The ground: the schema, the roles with the least they need, and two functions.
--
-- ibr_app     answers questions, shows pages, takes deliveries in; sees only the programmes that
--             the transaction says are in reach (row-level security).
-- ibr_worker  runs jobs; the same row-level security, longer time-outs.
-- ibr_analyst reads aggregated views (from issue 4 on).
-- ibr_auditor reads the audit trail and the ledger.
--
-- Roles belong to the whole server, so another database of the same server may have made them.

do $$
declare
    name text;
begin
    foreach name in array array['ibr_app', 'ibr_worker', 'ibr_analyst', 'ibr_auditor'] loop
        -- Asked first: who may not make roles can still use a database whose roles are there.
        if not exists (select from pg_roles where rolname = name) then
            begin
                execute format('create role %I nologin nosuperuser nobypassrls noinherit', name);
            exception when duplicate_object or unique_violation then
                null;
            end;
        end if;
        -- Whoever migrates must be able to become each role; a superuser already is.
        if not (select rolsuper from pg_roles where rolname = current_user) then
            begin
                execute format('grant %I to %I', name, current_user);
            exception when others then
                raise notice 'could not grant % to %', name, current_user;
            end;
        end if;
    end loop;
end
$$;

create schema ibr;
revoke all on schema ibr from public;
grant usage on schema ibr to ibr_app, ibr_worker, ibr_analyst, ibr_auditor;

-- Time-outs for anyone who signs in as one of these roles directly. The registry's own
-- connections ask for the same values themselves (db/pool.py).
do $$
begin
    alter role ibr_app set statement_timeout = '5s';
    alter role ibr_app set lock_timeout = '1s';
    alter role ibr_app set idle_in_transaction_session_timeout = '15s';
    alter role ibr_worker set statement_timeout = '30s';
    alter role ibr_worker set lock_timeout = '10s';
    alter role ibr_worker set idle_in_transaction_session_timeout = '60s';
    alter role ibr_analyst set statement_timeout = '30s';
    alter role ibr_analyst set lock_timeout = '1s';
    alter role ibr_auditor set statement_timeout = '30s';
    alter role ibr_auditor set lock_timeout = '1s';
exception when insufficient_privilege then
    raise notice 'the roles keep the time-outs that whoever made them has set';
end
$$;

-- The programmes that the current transaction may see and write, set by
-- set_config('ibr.programmes', '1,4,7', true). Unset or empty means none: it fails closed.
create function ibr.programmes_in_reach() returns integer[]
language sql stable parallel safe
set search_path = ''
as $$
    select pg_catalog.string_to_array(
        nullif(pg_catalog.current_setting('ibr.programmes', true), ''), ','
    )::integer[]
$$;

-- Comments on a table and its columns in one go. Each column's comment starts with its kind:
-- plain, personal or sensitive. The data dictionary and the architecture tests read them.
create procedure ibr.describe(table_name text, about text, columns jsonb)
language plpgsql
set search_path = ''
as $$
declare
    entry record;
begin
    execute pg_catalog.format('comment on table ibr.%I is %L', table_name, about);
    for entry in select * from pg_catalog.jsonb_each_text(columns) loop
        execute pg_catalog.format(
            'comment on column ibr.%I.%I is %L', table_name, entry.key, entry.value
        );
    end loop;
end
$$;

-- Row-level security by programme, the same for every table that holds a programme's rows.
-- The function is called inside a sub-select so that PostgreSQL asks it once a statement.
create procedure ibr.guard_by_programme(table_name text)
language plpgsql
set search_path = ''
as $$
begin
    execute pg_catalog.format('alter table ibr.%I enable row level security', table_name);
    execute pg_catalog.format('alter table ibr.%I force row level security', table_name);
    execute pg_catalog.format(
        'create policy programmes_in_reach on ibr.%I '
        'using (programme_id = any ((select ibr.programmes_in_reach())::integer[])) '
        'with check (programme_id = any ((select ibr.programmes_in_reach())::integer[]))',
        table_name
    );
end
$$;
