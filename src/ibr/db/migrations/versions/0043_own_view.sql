-- A person's own view: visits at the help desk, requests that go to a programme and come back, and
-- statements that were handed out.
--
-- A transaction of a visit tells the database which one it is (db/pool.py), as the setting
-- ibr.visit. From then on it sees records of that person and of nobody else, and none at all when
-- the visit has ended or its time is over.

create sequence ibr.help_visit_no;
create table ibr.help_visit (
    visit_no bigint primary key,
    officer_id integer not null,
    subjects bytea[] not null,
    proved bytea not null,
    proof_code text not null,
    consent_version text not null,
    consent_digest bytea not null check (length(consent_digest) = 32),
    consent_language text not null,
    consent_by text not null check (consent_by in ('person', 'guardian', 'representative')),
    consent_at timestamptz not null,
    note text check (length(note) between 1 and 200),
    opened_for text,
    begun_at timestamptz not null,
    until timestamptz not null,
    ended_at timestamptz,
    ended_how text check (ended_how in ('officer', 'time')),
    check (until > begun_at and until <= begun_at + interval '1 hour'),
    check (num_nulls(ended_at, ended_how) in (0, 2))
);
call ibr.describe('help_visit', 'Visits at the help desk: one person is served, by consent, for some minutes.', '{
    "visit_no": "plain: number",
    "officer_id": "plain: the officer who serves the person",
    "subjects": "sensitive: blind indexes of the numbers that are the person''s own, the proved one first",
    "proved": "sensitive: the number and birth date that the person proved, sealed",
    "proof_code": "plain: how the person proved who they are",
    "consent_version": "plain: version of the text that the person agreed to",
    "consent_digest": "plain: SHA-256 of that text",
    "consent_language": "plain: the language it was read in",
    "consent_by": "plain: person, guardian or representative",
    "consent_at": "plain: when they agreed",
    "note": "plain: a short note; officers are told to name nobody",
    "opened_for": "plain: why a protected person''s records were opened, by its code",
    "begun_at": "plain: when it began",
    "until": "plain: when it ends by itself",
    "ended_at": "plain: when it ended",
    "ended_how": "plain: officer or time"
}');
-- Nobody serves two people at once; two beginnings at the same moment leave one.
create unique index help_visit_open on ibr.help_visit (officer_id) where ended_at is null;
create index help_visit_due on ibr.help_visit (until) where ended_at is null;

create table ibr.help_visit_record (
    visit_no bigint not null references ibr.help_visit,
    record_id bigint not null,
    role smallint not null,
    primary key (visit_no, record_id)
);
call ibr.describe('help_visit_record', 'The records that are the visitor''s own.', '{
    "visit_no": "plain: the visit",
    "record_id": "plain: the record",
    "role": "plain: 0 the person or head of the household, 2 another member of it"
}');

create sequence ibr.person_request_no;
create table ibr.person_request (
    request_no bigint primary key,
    visit_no bigint not null references ibr.help_visit,
    programme_id integer not null,
    record_id bigint not null,
    subject_index bytea not null,
    role smallint not null,
    kind text not null check (kind in ('correction', 'objection')),
    about text not null,
    proved bytea not null,
    wished bytea,
    before bytea not null,
    opened_at timestamptz not null,
    due_at timestamptz not null,
    answer text check (answer in ('accepted', 'refused')),
    reason_code text,
    answered_at timestamptz,
    answered_kind text check (answered_kind in ('partner', 'officer')),
    answered_by integer,
    done_at timestamptz,
    done_how text check (done_how in ('as_asked', 'otherwise')),
    check (num_nulls(answer, reason_code, answered_at, answered_kind, answered_by) in (0, 5)),
    check (done_at is null or answer = 'accepted'),
    check (num_nulls(done_at, done_how) in (0, 2)),
    check ((kind = 'correction') = (wished is not null))
);
call ibr.describe('person_request', 'What people ask of a programme about their own data, and what came back.', '{
    "request_no": "plain: number",
    "visit_no": "plain: the visit in which it was made",
    "programme_id": "plain: the programme that reported what it is about",
    "record_id": "plain: the record it is about",
    "subject_index": "sensitive: blind index of the number that the person proved",
    "role": "plain: 0 the person or head of the household, 2 another member of it",
    "kind": "plain: correction or objection",
    "about": "plain: the field to correct; processing, or not_mine",
    "proved": "sensitive: the number that the person proved, sealed",
    "wished": "sensitive: what the person says is right, sealed",
    "before": "sensitive: keyed digest of what stood there when it was made",
    "opened_at": "plain: when it was made",
    "due_at": "plain: when it must be answered",
    "answer": "plain: accepted or refused",
    "reason_code": "plain: why, by its code",
    "answered_at": "plain: when it was answered",
    "answered_kind": "plain: partner or officer",
    "answered_by": "plain: which of them",
    "done_at": "plain: when a later delivery was seen to carry the change",
    "done_how": "plain: as_asked, or otherwise where it carries another value"
}');
-- The same is asked once, until it is answered.
create unique index person_request_once
    on ibr.person_request (record_id, subject_index, kind, about) where answer is null;
create index person_request_programme on ibr.person_request (programme_id, request_no desc);
create index person_request_subject on ibr.person_request (subject_index);
create index person_request_open on ibr.person_request (due_at) where answer is null;
create index person_request_awaited on ibr.person_request (request_no)
    where answer = 'accepted' and done_at is null;

create table ibr.statement_given (
    check_digest bytea primary key check (length(check_digest) = 32),
    file_digest bytea not null check (length(file_digest) = 32),
    total_digest bytea not null check (length(total_digest) = 32),
    visit_no bigint not null references ibr.help_visit,
    form text not null check (form in ('pdf', 'json')),
    language text not null,
    given_at timestamptz not null
);
call ibr.describe('statement_given', 'Statements handed out: by digests alone, so that a paper can be checked and nothing of it is kept.', '{
    "check_digest": "plain: SHA-256 of the check number that stands on the paper",
    "file_digest": "plain: SHA-256 of the file",
    "total_digest": "sensitive: SHA-256 of check number and the sums that stand on the paper",
    "visit_no": "plain: the visit in which it was handed out",
    "form": "plain: pdf or json",
    "language": "plain: en or fr",
    "given_at": "plain: when"
}');
create index statement_given_file on ibr.statement_given (file_digest);

-- What a transaction of a visit may see. Both run as their owner: who may not read the visits must
-- be held by them nevertheless.
create function ibr.in_visit() returns boolean
language sql stable parallel safe
return coalesce(current_setting('ibr.visit', true), '') <> '';

create function ibr.visit_records() returns bigint[]
language sql stable parallel safe security definer
set search_path = ''
as $$
    select coalesce(pg_catalog.array_agg(r.record_id), '{}')
    from ibr.help_visit v join ibr.help_visit_record r using (visit_no)
    where v.visit_no = nullif(pg_catalog.current_setting('ibr.visit', true), '')::bigint
      and v.ended_at is null and v.until > pg_catalog.clock_timestamp()
$$;

create function ibr.visit_subjects() returns bytea[]
language sql stable parallel safe security definer
set search_path = ''
as $$
    select coalesce((
        select v.subjects from ibr.help_visit v
        where v.visit_no = nullif(pg_catalog.current_setting('ibr.visit', true), '')::bigint
          and v.ended_at is null and v.until > pg_catalog.clock_timestamp()
    ), '{}')
$$;
-- The index that answers "enrolled?" is asked most of all: outside a visit it costs one setting.
create function ibr.is_of_visit(of_record bigint) returns boolean
language sql stable parallel safe
set search_path = ''
as $$ select of_record = any (ibr.visit_records()) $$;
revoke all on function ibr.in_visit(), ibr.visit_records(), ibr.visit_subjects(),
    ibr.is_of_visit(bigint) from public;
grant execute on function ibr.in_visit(), ibr.visit_records(), ibr.visit_subjects(),
    ibr.is_of_visit(bigint) to ibr_app, ibr_worker, ibr_auditor;

-- Whoever watches that requests are answered sees no record at all, so where somebody lives is asked
-- as the owner.
create function ibr.record_in_areas(of_record bigint) returns boolean
language sql stable parallel safe security definer
set search_path = ''
as $$
    select exists (
        select from ibr.beneficiary_record r
        where r.record_id = of_record
          and (r.region_code = any (ibr.areas_in_reach())
               or r.sub_region_code = any (ibr.areas_in_reach())))
$$;
revoke all on function ibr.record_in_areas(bigint) from public;
grant execute on function ibr.record_in_areas(bigint) to ibr_app;

create procedure ibr.guard_by_visit(table_name text, allowed text)
language plpgsql
set search_path = ''
as $$
begin
    execute pg_catalog.format(
        'create policy within_visit on ibr.%I as restrictive for select to ibr_app using (%s)',
        table_name, allowed);
end
$$;
revoke all on procedure ibr.guard_by_visit(text, text) from public;
do $$
declare
    name text;
begin
    foreach name in array array['beneficiary_record', 'beneficiary_version', 'group_member',
                                'identifier', 'enrolment', 'status_change', 'benefit',
                                'appearance', 'overlap_case'] loop
        call ibr.guard_by_visit(name, format(
            'not (select ibr.in_visit()) '
            'or %I.record_id = any ((select ibr.visit_records())::bigint[])', name));
    end loop;
end
$$;
call ibr.guard_by_visit('enrolled_index',
    'coalesce(current_setting(''ibr.visit'', true), '''') = '''' '
    'or ibr.is_of_visit(enrolled_index.record_id)');
call ibr.guard_by_visit('question_asked',
    'not (select ibr.in_visit()) '
    'or subject_index = any ((select ibr.visit_subjects())::bytea[])');

-- Visits are read by who serves people, requests by who answers them, watches, or made them.
alter table ibr.help_visit enable row level security;
create policy everybody on ibr.help_visit using (true);
call ibr.guard_by_right('help_visit', '{visits}', 'true');
alter table ibr.help_visit_record enable row level security;
create policy everybody on ibr.help_visit_record using (true);
call ibr.guard_by_right('help_visit_record', '{visits}', 'true');
alter table ibr.statement_given enable row level security;
create policy everybody on ibr.statement_given using (true);
create policy handed_out_in_visits on ibr.statement_given as restrictive for insert to ibr_app
    with check ((select ibr.may_touch('{visits}')));
call ibr.guard_by_programme('person_request');
call ibr.guard_by_right('person_request', '{requests}',
    'ibr.record_in_areas(person_request.record_id)');
call ibr.guard_by_visit('person_request',
    'not (select ibr.in_visit()) '
    'or subject_index = any ((select ibr.visit_subjects())::bytea[])');

grant usage on sequence ibr.help_visit_no, ibr.person_request_no to ibr_app;
grant select, insert on ibr.help_visit, ibr.help_visit_record, ibr.person_request,
    ibr.statement_given to ibr_app;
grant update (ended_at, ended_how) on ibr.help_visit to ibr_app, ibr_worker;
grant update (answer, reason_code, answered_at, answered_kind, answered_by) on ibr.person_request
    to ibr_app;
grant select on ibr.help_visit, ibr.person_request to ibr_worker;
grant update (done_at, done_how) on ibr.person_request to ibr_worker;
