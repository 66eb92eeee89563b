-- Keys of what is read wait in a list and go into their index many at a time. One at a time they
-- are two thirds of the server's work when a million records are read for the first time.
alter index ibr.appearance_keys set (fastupdate = on);

-- Only its owner may put an index in order, and the worker is not the owner.
create function ibr.settle_keys()
returns bigint
language sql security definer
set search_path = ''
set maintenance_work_mem = '256MB'
as $$
    select pg_catalog.gin_clean_pending_list('ibr.appearance_keys'::pg_catalog.regclass)
$$;
revoke all on function ibr.settle_keys() from public;
grant execute on function ibr.settle_keys() to ibr_worker;
