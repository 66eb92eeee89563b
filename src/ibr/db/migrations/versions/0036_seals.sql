-- Audit events and the ledger of questions sealed in batches, each chained to the one before.
--
-- Nothing is added to what an answer waits for but one small row for each statement that writes to
-- the ledger: sealing finds its events by their numbers, for which there is an index already.

-- A transaction gets its number before it draws that of its first event. So whoever reads the last
-- event's number and then draws a transaction number of its own knows that every event up to there
-- is of an older transaction: once all of those have ended, a number that is not there will never
-- be.
alter table ibr.audit_event alter column event_id set default
    case when pg_current_xact_id() is not null then nextval('ibr.audit_event_id') end;

create table ibr.ledger_batch (
    batch_id bigint not null default
        case when pg_current_xact_id() is not null then nextval('ibr.audit_event_id') end,
    at timestamptz not null,
    rows integer not null check (rows >= 0),
    digest bytea not null,
    of_before boolean not null default false,
    primary key (batch_id)
);
call ibr.describe('ledger_batch', 'Rows of the ledger that one statement wrote, with their digest; sealed like events, so that a look-up that was removed is missed.', '{
    "batch_id": "plain: number of the batch, from the same row of numbers as the events",
    "at": "plain: when its newest row was asked",
    "rows": "plain: how many rows of the ledger it holds",
    "digest": "plain: SHA-256 over those rows, without whom they are about in readable form",
    "of_before": "plain: whether it stands for all rows that were there before sealing began"
}');

alter table ibr.question_asked add column batch_id bigint not null default 0;
call ibr.describe('question_asked', 'The ledger: who asked about whom, for what purpose, and which class of answer they got.', '{
    "batch_id": "plain: the batch that holds the row''s digest; 0 from before sealing began"
}');

create table ibr.audit_key (
    kid text primary key,
    public_key bytea not null,
    private_sealed bytea not null,
    made_at timestamptz not null,
    ended_at timestamptz,
    endorsed_by text references ibr.audit_key (kid),
    endorsement bytea,
    check ((endorsed_by is null) = (endorsement is null))
);
call ibr.describe('audit_key', 'Keys that sign seals and nothing else; the private half is sealed with the keyring.', '{
    "kid": "plain: the key''s id, made from its public half",
    "public_key": "plain: the public half, Ed25519",
    "private_sealed": "plain: the private half, sealed with the keyring",
    "made_at": "plain: when it was made",
    "ended_at": "plain: when the next one took over; it still verifies",
    "endorsed_by": "plain: the key before it",
    "endorsement": "plain: what the key before it signed of it"
}');
create unique index audit_key_in_use on ibr.audit_key ((true)) where ended_at is null;

create table ibr.audit_seal (
    seal_no bigint primary key check (seal_no > 0),
    chain text not null,
    at timestamptz not null,
    first_id bigint not null,
    last_id bigint not null,
    members integer not null check (members > 0),
    root bytea not null,
    gaps bigint[] not null,
    late bigint[] not null,
    lost bigint[] not null,
    previous bytea not null,
    kid text not null references ibr.audit_key (kid),
    signature bytea not null,
    marks bytea not null
);
call ibr.describe('audit_seal', 'Seals: each closes a batch of events with a Merkle root, is chained to the seal before and signed.', '{
    "seal_no": "plain: number of the seal",
    "chain": "plain: which chain of seals; one for each registry",
    "at": "plain: when it was made",
    "first_id": "plain: first number of the batch",
    "last_id": "plain: last number of the batch",
    "members": "plain: how many events and batches of the ledger it closes",
    "root": "plain: root of the Merkle tree over them",
    "gaps": "plain: numbers between first and last that were not there, as pairs of first and last",
    "late": "plain: numbers of earlier batches that were written later than those were sealed",
    "lost": "plain: first and last number of seals that a restored backup did not hold, if any",
    "previous": "plain: SHA-256 of the seal before, as it was signed",
    "kid": "plain: the key that signed it",
    "signature": "plain: Ed25519 over all of this but the marks",
    "marks": "plain: first eight bytes of each leaf, to name the row where a root does not hold"
}');

create index audit_seal_numbers on ibr.audit_seal (last_id);
create index audit_seal_late on ibr.audit_seal using gin (late) where cardinality(late) > 0;

create table ibr.audit_sealing (
    one boolean primary key default true check (one),
    chain text,
    last_id bigint not null default 0,
    sealed_at timestamptz,
    open_gaps jsonb not null default '[]',
    lost bigint[] not null default '{}',
    anchored_no bigint not null default 0,
    anchored_at timestamptz,
    trouble text
);
call ibr.describe('audit_sealing', 'How far sealing is: one row.', '{
    "one": "plain: there is one row",
    "chain": "plain: the chain of seals; empty until sealing begins",
    "last_id": "plain: number up to which events are sealed",
    "sealed_at": "plain: everything that was written before this moment is sealed",
    "open_gaps": "plain: numbers that may still come: first, last, and the transaction that tells when not",
    "lost": "plain: seals that a restored backup did not hold, to be said by the next seal",
    "anchored_no": "plain: last seal that was written outside the database",
    "anchored_at": "plain: when",
    "trouble": "plain: why nothing is sealed or anchored, by a code; empty where all is well"
}');
insert into ibr.audit_sealing default values;

-- Whoever writes must know whether sealing is late, and may not read the trail.
create function ibr.unsealed_since()
returns timestamptz
language sql stable security definer
set search_path = ''
as $$
    select least(
        (select e.at from ibr.audit_event e where e.event_id > s.last_id
         order by e.event_id limit 1),
        (select b.at from ibr.ledger_batch b where b.batch_id > s.last_id
         order by b.batch_id limit 1)
    )
    from ibr.audit_sealing s
$$;
revoke all on function ibr.unsealed_since() from public;
grant execute on function ibr.unsealed_since() to ibr_app, ibr_worker, ibr_auditor;

grant insert on ibr.ledger_batch to ibr_app, ibr_worker;
grant select (batch_id) on ibr.ledger_batch to ibr_app;
grant select on ibr.audit_event, ibr.ledger_batch to ibr_worker;
grant select on ibr.audit_sealing to ibr_app, ibr_worker, ibr_auditor;
grant update (last_id, sealed_at, open_gaps, lost, anchored_no, anchored_at, trouble)
    on ibr.audit_sealing to ibr_worker;
grant select on ibr.audit_seal to ibr_app, ibr_worker, ibr_auditor;
grant insert on ibr.audit_seal to ibr_worker;
grant select on ibr.audit_key to ibr_worker;
grant select (kid, public_key, made_at, ended_at, endorsed_by, endorsement) on ibr.audit_key
    to ibr_app, ibr_auditor;
grant select on ibr.ledger_batch to ibr_auditor;
grant select on sequence ibr.audit_event_id to ibr_worker, ibr_auditor;
