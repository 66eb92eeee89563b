-- Who is who: above the records and never in them. Appearances are what is compared, persons are
-- what was found; a link can be cut again, and everything that happened to a person is kept.

-- One person as one record shows them: the record's own person, or a member of its group.
create table ibr.appearance (
    record_id bigint not null,
    appearance_no smallint not null,
    programme_id integer not null,
    member_no smallint,
    features bytea not null,
    features_digest bytea not null,
    keys bigint[] not null,
    standard smallint not null,
    read_at timestamptz not null,
    primary key (record_id, appearance_no)
);
call ibr.describe('appearance', 'A person as one record shows them: the record''s own, or a member of its group.', '{
    "record_id": "plain: the record",
    "appearance_no": "plain: 0 the record''s own person when first read, from 1 the others; stays with the human being, never reused",
    "programme_id": "plain: the programme that reports it",
    "member_no": "plain: place in the group as now reported; -1 the record''s own person, empty where no longer reported",
    "features": "sensitive: standardised names, dates, places and blind numbers, sealed",
    "features_digest": "plain: keyed digest of the features, to know unchanged ones",
    "keys": "sensitive: blocking keys, keyed hashes",
    "standard": "plain: version of the standardisation",
    "read_at": "plain: when the features were read from the record"
}');
create index appearance_keys on ibr.appearance using gin (keys) with (fastupdate = off);
-- What was read since the last run is what the next one weighs.
create index appearance_read on ibr.appearance (read_at);

create table ibr.link_model (
    model_no integer generated always as identity primary key,
    standard smallint not null,
    content jsonb not null,
    trained jsonb not null,
    state text not null check (state in ('candidate', 'current', 'retired')),
    made_at timestamptz not null,
    current_at timestamptz
);
call ibr.describe('link_model', 'Weights that say how much each agreement counts; never changed, only followed by another.', '{
    "model_no": "plain: the version",
    "standard": "plain: version of the standardisation it was trained on",
    "content": "plain: levels with their weights, name frequencies by keyed hash, thresholds",
    "trained": "plain: on what it was trained, and how well it did there",
    "state": "plain: candidate, current or retired",
    "made_at": "plain: when it was trained",
    "current_at": "plain: when it came into use"
}');
create unique index link_model_current on ibr.link_model (state) where state = 'current';

create table ibr.link_run (
    run_no integer generated always as identity primary key,
    kind text not null check (kind in ('full', 'changes', 'decisions')),
    model_no integer not null,
    state text not null check (state in ('running', 'applied', 'proposed', 'dropped', 'failed')),
    from_transaction xid8,
    through_transaction xid8,
    through_change bigint,
    through_decision bigint not null default 0,
    counts jsonb not null default '{}',
    quality jsonb not null default '{}',
    reason text,
    started_at timestamptz not null,
    finished_at timestamptz
);
call ibr.describe('link_run', 'Each time it was worked out who is who.', '{
    "run_no": "plain: the run",
    "kind": "plain: full: everybody; changes: what changed against everybody; decisions: what people decided",
    "model_no": "plain: the model it used",
    "state": "plain: running, applied, proposed (worse than its floor: nothing was changed), dropped or failed",
    "from_transaction": "plain: changes after this transaction were read",
    "through_transaction": "plain: and up to this one",
    "through_change": "plain: the last change read",
    "through_decision": "plain: the last decision of people that it followed",
    "counts": "plain: appearances, pairs, links, persons and the like",
    "quality": "plain: what was measured of it",
    "reason": "plain: why it was proposed, dropped or failed",
    "started_at": "plain: when it began",
    "finished_at": "plain: when it ended"
}');

create sequence ibr.person_id;
create table ibr.person (
    person_id bigint primary key,
    made_at timestamptz not null,
    made_run integer not null,
    merged_into bigint,
    ended_at timestamptz
);
call ibr.describe('person', 'A person: the appearances that are believed to be one human being.', '{
    "person_id": "plain: the registry''s own number, dense; says nothing of the person",
    "made_at": "plain: when it was first found",
    "made_run": "plain: by which run",
    "merged_into": "plain: the person that this one turned out to be",
    "ended_at": "plain: when it lost its last appearance"
}');

create table ibr.person_member (
    record_id bigint not null,
    appearance_no smallint not null,
    programme_id integer not null,
    person_id bigint not null,
    since timestamptz not null,
    run_no integer not null,
    primary key (record_id, appearance_no)
);
call ibr.describe('person_member', 'Whose appearance each is, now.', '{
    "record_id": "plain: the record",
    "appearance_no": "plain: the appearance",
    "programme_id": "plain: the programme that reports it",
    "person_id": "plain: the person",
    "since": "plain: since when it is so",
    "run_no": "plain: the run that found it"
}');
create index person_member_person on ibr.person_member (person_id);

create table ibr.person_event (
    event_id bigint generated always as identity,
    record_id bigint not null,
    appearance_no smallint not null,
    programme_id integer not null,
    from_person bigint,
    to_person bigint,
    run_no integer not null,
    happened_at timestamptz not null,
    primary key (record_id, event_id)
);
call ibr.describe('person_event', 'Every move of an appearance from one person to another; the way back.', '{
    "event_id": "plain: order of the events",
    "record_id": "plain: the record",
    "appearance_no": "plain: the appearance that moved",
    "programme_id": "plain: the programme that reports it",
    "from_person": "plain: the person it belonged to before",
    "to_person": "plain: the person it belongs to since; empty where it is no longer reported",
    "run_no": "plain: the run that moved it",
    "happened_at": "plain: when"
}');
create index person_event_from on ibr.person_event (from_person);
create index person_event_to on ibr.person_event (to_person);

-- Pairs worth keeping: those that were linked, and those that a person must look at.
create table ibr.link_pair (
    low_record bigint not null,
    low_no smallint not null,
    high_record bigint not null,
    high_no smallint not null,
    low_programme integer not null,
    high_programme integer not null,
    weight double precision not null,
    levels smallint[] not null,
    state text not null check (state in ('linked', 'open', 'decided', 'apart', 'gone')),
    why text not null default '',
    money_minor bigint not null default 0,
    run_no integer not null,
    first_at timestamptz not null,
    primary key (low_record, low_no, high_record, high_no)
);
call ibr.describe('link_pair', 'Two appearances that may be one person: linked by weight, or to be looked at.', '{
    "low_record": "plain: record of the first appearance; the pair is in order",
    "low_no": "plain: the first appearance",
    "high_record": "plain: record of the second appearance",
    "high_no": "plain: the second appearance",
    "low_programme": "plain: programme of the first",
    "high_programme": "plain: programme of the second",
    "weight": "personal: log2 of the odds that they are one person",
    "levels": "personal: level of agreement by comparison, in the order of the model",
    "state": "plain: linked, open (to be looked at), decided by a person, apart (near, but known to be two: members of one household, or parted by a person), or gone (no longer near)",
    "why": "plain: why it is open though it weighs enough: conflict, too_large or empty",
    "money_minor": "plain: what the two receive together in a month, in minor units, for the order of the queue",
    "run_no": "plain: the run that last weighed it",
    "first_at": "plain: when it was first found"
}');
create index link_pair_open on ibr.link_pair (money_minor desc, weight) where state = 'open';
create index link_pair_high on ibr.link_pair (high_record, high_no);

-- What people decided. Only ever added to: who changes their mind adds another row.
create table ibr.link_decision (
    decision_no bigint generated always as identity primary key,
    low_record bigint not null,
    low_no smallint not null,
    high_record bigint not null,
    high_no smallint not null,
    decision text not null check (decision in ('same', 'different', 'unsure', 'withdrawn')),
    opinion smallint not null default 1 check (opinion in (1, 2)),
    reason_code text not null,
    note bytea,
    decided_by bigint not null,
    decided_at timestamptz not null,
    weight double precision,
    model_no integer,
    four_eyes boolean not null default false
);
call ibr.describe('link_decision', 'What people decided about a pair; the newest counts, above every weight.', '{
    "decision_no": "plain: order of the decisions",
    "low_record": "plain: record of the first appearance; the pair is in order",
    "low_no": "plain: the first appearance",
    "high_record": "plain: record of the second appearance",
    "high_no": "plain: the second appearance",
    "decision": "plain: same, different, unsure, or withdrawn (as if never decided)",
    "opinion": "plain: 1 the first opinion, 2 a second one given without knowing the first",
    "reason_code": "plain: why, by code",
    "note": "sensitive: what the reviewer wrote, sealed",
    "decided_by": "plain: the officer; 0 whoever runs the registry, on its command line",
    "decided_at": "plain: when",
    "weight": "personal: the weight that the reviewer was shown",
    "model_no": "plain: the model that weighed it",
    "four_eyes": "plain: whether it counts only when a second opinion agrees"
}');
create index link_decision_pair
    on ibr.link_decision (low_record, low_no, high_record, high_no, decision_no);
create index link_decision_high on ibr.link_decision (high_record, high_no);

-- A look for possible duplicates, at a pair or at a case is in the ledger like every question.
alter table ibr.question_asked drop constraint question_asked_question_check;
alter table ibr.question_asked add constraint question_asked_question_check check (question in
    ('enrolled', 'search', 'person_record', 'notify', 'other_registry', 'possible_duplicates',
     'possible_link', 'identity_review', 'case'));

insert into ibr.feed_cursor (reader, transaction_no, change_id, caught_up_at)
values ('linkage', '0', 0, now());

grant usage on sequence ibr.person_id to ibr_worker;
grant select on ibr.appearance, ibr.link_model, ibr.link_run, ibr.person, ibr.person_member,
    ibr.person_event, ibr.link_pair, ibr.link_decision to ibr_app, ibr_worker;
grant insert, update, delete on ibr.appearance, ibr.person_member, ibr.link_pair to ibr_worker;
grant insert, update on ibr.link_model, ibr.link_run, ibr.person to ibr_worker;
grant insert on ibr.person_event to ibr_worker;
grant insert on ibr.link_decision to ibr_app, ibr_worker;
grant update (state) on ibr.link_pair to ibr_app;
call ibr.guard_by_programme('appearance');
-- Row-level security lets no index be used but by operators that can tell nothing, and those of
-- arrays are not among them. So keys are looked up by a function of the tables' owner, whom the
-- policy then must not hold; it asks for the programmes in reach itself.
alter table ibr.appearance no force row level security;

-- Who has each of these keys; keys that more than `most` have are left out. A limit on how many
-- would let the planner hope to find them sooner by reading the whole table, once for each key.
create function ibr.who_share(wanted bigint[], most integer)
returns table (key bigint, record_id bigint, appearance_no smallint)
language plpgsql stable security definer
set search_path = ''
set enable_seqscan = off
set enable_indexscan = off
as $$
#variable_conflict use_column
begin
    return query
    select wanted_key.key, found.record_id, found.appearance_no
    from pg_catalog.unnest(wanted) as wanted_key (key)
    cross join lateral (
        select near.record_id, near.appearance_no, pg_catalog.count(*) over () as many
        from (
            select a.record_id, a.appearance_no from ibr.appearance a
            where a.keys operator(pg_catalog.@>) array[wanted_key.key]
              and a.member_no is not null
              and a.programme_id = any ((select ibr.programmes_in_reach())::integer[])
            limit most + 1
        ) as near
    ) as found
    where found.many <= most;
end
$$;
revoke all on function ibr.who_share(bigint[], integer) from public;
grant execute on function ibr.who_share(bigint[], integer) to ibr_app, ibr_worker;
call ibr.guard_by_programme('person_member');
call ibr.guard_by_programme('person_event');

-- Every number that stands beside an appearance: its own identifiers, phones and accounts, and the
-- numbers of others named with it, as a payee or a caregiver. Blind, for checks and for evidence.
create table ibr.appearance_number (
    record_id bigint not null,
    appearance_no smallint not null,
    kind text not null,
    tie text not null default '',
    blind_index bytea not null,
    programme_id integer not null,
    primary key (record_id, appearance_no, kind, tie, blind_index)
);
call ibr.describe('appearance_number', 'Numbers of an appearance as now reported, blind.', '{
    "record_id": "plain: the record",
    "appearance_no": "plain: the appearance",
    "kind": "plain: identifier type of the standard in capitals; PHONE, ACCOUNT and EMAIL for contacts",
    "tie": "plain: empty for the person''s own; else the relationship of whoever it belongs to, as PAYEE",
    "blind_index": "sensitive: HMAC of type and canonical value",
    "programme_id": "plain: the programme that reports it"
}');
grant select on ibr.appearance_number to ibr_app, ibr_worker;
grant insert, update, delete on ibr.appearance_number to ibr_worker;
call ibr.guard_by_programme('appearance_number');

-- How good linkage was found to be, each time it was measured; a figure that nobody kept cannot be
-- compared with the next one.
create table ibr.link_quality (
    quality_no integer generated always as identity primary key,
    kind text not null check (kind in ('made_up', 'febrl', 'reviewed')),
    model_no integer,
    method text not null,
    measured jsonb not null,
    measured_at timestamptz not null
);
call ibr.describe('link_quality', 'Each time the quality of linkage was measured.', '{
    "quality_no": "plain: the measurement",
    "kind": "plain: on what: made_up (the made-up country), febrl, or reviewed (what people decided)",
    "model_no": "plain: the model that was measured; empty for one trained for the purpose",
    "method": "plain: on how many, from which seed, with which versions",
    "measured": "plain: the figures; counts and shares, of nobody in particular",
    "measured_at": "plain: when"
}');
create index link_quality_model on ibr.link_quality (model_no, kind, quality_no desc);
grant select, insert on ibr.link_quality to ibr_worker;
grant select on ibr.link_quality to ibr_app;
