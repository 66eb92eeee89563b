-- What was asked and told, by whom, and for what purpose. Append-only: nobody may change or
-- delete a row, not even the roles that write it.

create table ibr.question_asked (
    subject_index bytea not null,
    asked_at timestamptz not null,
    question_id uuid not null,
    partner_id integer,
    officer_id integer,
    programme_id integer,
    question text not null check (question in ('enrolled', 'search', 'person_record')),
    purpose_code text not null,
    purpose_text text,
    answer text not null check (answer in ('yes', 'no', 'records', 'none', 'refused')),
    message_key bytea,
    primary key (subject_index, asked_at, question_id)
) partition by range (asked_at);
call ibr.describe('question_asked', 'The ledger: who asked about whom, for what purpose, and which class of answer they got.', '{
    "subject_index": "sensitive: blind index of the identifier asked about",
    "asked_at": "plain: when",
    "question_id": "plain: one number for one question, which may have several subjects",
    "partner_id": "plain: the partner that asked",
    "officer_id": "plain: the officer that asked",
    "programme_id": "plain: the programme asked about",
    "question": "plain: which question",
    "purpose_code": "plain: purpose by its code",
    "purpose_text": "plain: purpose in the asker''s words; officers are told to name nobody",
    "answer": "plain: class of the answer: yes, no, records, none or refused",
    "message_key": "plain: the message that asked"
}');
create table ibr.question_asked_other partition of ibr.question_asked default;

create sequence ibr.audit_event_id;
create table ibr.audit_event (
    event_id bigint not null default nextval('ibr.audit_event_id'),
    at timestamptz not null,
    kind text not null,
    actor_kind text not null check (actor_kind in ('partner', 'officer', 'registry')),
    actor_id integer,
    details jsonb not null,
    digest bytea not null,
    primary key (event_id)
);
call ibr.describe('audit_event', 'Everything that matters for trust, in order, each with its digest.', '{
    "event_id": "plain: order of the event",
    "at": "plain: when",
    "kind": "plain: which event; docs/reference/audit-events.md lists them",
    "actor_kind": "plain: partner, officer or the registry itself",
    "actor_id": "plain: which partner or officer",
    "details": "plain: what happened; never personal data",
    "digest": "plain: SHA-256 over the event, sealed in batches later"
}');

grant insert on ibr.question_asked, ibr.audit_event to ibr_app, ibr_worker;
grant select on ibr.question_asked to ibr_app;
grant select on ibr.question_asked, ibr.audit_event to ibr_auditor;
grant usage on sequence ibr.audit_event_id to ibr_app, ibr_worker;
