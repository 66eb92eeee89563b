-- Work that runs by itself: what is due, who is at it, and when a worker was last seen.

create table ibr.job (
    job_id bigint generated always as identity primary key,
    kind text not null check (kind ~ '^[a-z_]{1,60}$'),
    arguments jsonb not null default '{}',
    key text,
    every_seconds integer check (every_seconds > 0),
    due_at timestamptz not null default now(),
    attempts integer not null default 0,
    leased_until timestamptz,
    lease_token uuid,
    done_at timestamptz,
    gave_up_at timestamptz,
    last_error text,
    known_at timestamptz not null default now()
);
call ibr.describe('job', 'Work to be done once or again and again; one worker at a time holds a lease on it.', '{
    "job_id": "plain: the registry''s number for it",
    "kind": "plain: which handler does it",
    "arguments": "plain: numbers of rows, never personal data",
    "key": "plain: while a job with this key is unfinished, another one is not taken in",
    "every_seconds": "plain: it runs again this long after it was done; empty for work done once",
    "due_at": "plain: not before this moment",
    "attempts": "plain: how often it was begun since it was last done",
    "leased_until": "plain: until when the worker that holds it is trusted to be alive",
    "lease_token": "plain: names the lease; a worker whose lease was given away cannot finish the job",
    "done_at": "plain: when it was done",
    "gave_up_at": "plain: when it had failed too often",
    "last_error": "plain: kind of the last error, never its text",
    "known_at": "plain: when it was taken in"
}');
create index job_due on ibr.job (due_at) where done_at is null and gave_up_at is null;
create unique index job_key on ibr.job (key) where done_at is null and gave_up_at is null;
create index job_over on ibr.job (coalesce(done_at, gave_up_at))
    where done_at is not null or gave_up_at is not null;

create table ibr.worker_sign (
    worker text primary key,
    seen_at timestamptz not null
);
call ibr.describe('worker_sign', 'Signs of life of the processes that run jobs.', '{
    "worker": "plain: machine and process",
    "seen_at": "plain: when it was last seen at work"
}');

-- Partitions belong to the owner, and the worker may make no table: this is the one door. It makes
-- only months around the present one.
create function ibr.provide_benefit_month(month date) returns boolean
language plpgsql security definer
set search_path = ''
as $$
declare
    first_day date := pg_catalog.date_trunc('month', month::timestamp)::date;
begin
    if first_day < current_date - interval '5 years' or first_day > current_date + interval '2 years'
    then
        raise exception 'benefit months are made from five years back to two years ahead';
    end if;
    return ibr.make_benefit_month(first_day);
end
$$;
revoke all on function ibr.provide_benefit_month(date) from public;
grant execute on function ibr.provide_benefit_month(date) to ibr_worker;

grant insert (kind, arguments, key, due_at) on ibr.job to ibr_app;
grant select, insert, update, delete on ibr.job to ibr_worker;
grant select, insert, update, delete on ibr.worker_sign to ibr_worker;
grant select on ibr.worker_sign to ibr_app;
