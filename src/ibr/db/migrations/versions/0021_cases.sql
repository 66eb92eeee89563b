-- Cases: what becomes of findings. Every step is kept, with who, when and why; none is ever changed.

create table ibr.overlap_case (
    case_id bigint generated always as identity primary key,
    programme_id integer not null references ibr.programme,
    other_programmes integer[] not null default '{}',
    person_id bigint,
    record_id bigint,
    checks text[] not null,
    severity smallint not null check (severity between 1 and 3),
    money_minor bigint,
    currency text,
    sex smallint not null default 0,
    birth_year smallint,
    region_code text,
    state text not null check (state in
        ('triage', 'assigned', 'information', 'field_check', 'proposed', 'approved', 'notified',
         'appeal_window', 'appealed', 'effective', 'closed', 'withdrawn')),
    step_no integer not null,
    officer_id integer references ibr.officer,
    opened_at timestamptz not null,
    since timestamptz not null,
    due_at timestamptz,
    asked_until timestamptz,
    answered boolean not null default false,
    proposed_by integer,
    approved_by integer,
    decided_at timestamptz,
    outcome text check (outcome in
        ('error_claimant', 'error_official', 'error_data', 'fraud_suspicion',
         'corruption_suspicion', 'not_confirmed', 'data_corrected', 'lawful_exception')),
    appeal text check (appeal in ('lodged', 'upheld', 'rejected')),
    appeal_until timestamptz,
    hold_by integer,
    hold_reason text,
    hold_from timestamptz,
    hold_until timestamptz,
    hold_ended_at timestamptz,
    closed_at timestamptz,
    closed_why text,
    settled_at timestamptz,
    check (person_id is not null or record_id is not null),
    check ((state in ('closed', 'withdrawn')) = (closed_at is not null)),
    check ((hold_from is null) = (hold_until is null)),
    check (hold_until > hold_from and hold_until <= hold_from + interval '366 days'),
    check (hold_ended_at <= hold_until)
);
call ibr.describe('overlap_case', 'Findings about one person or record in one programme, followed to the end by people.', '{
    "case_id": "plain: the number of the case",
    "programme_id": "plain: the programme that decides",
    "other_programmes": "plain: other programmes that findings of the case name",
    "person_id": "plain: the person it is about",
    "record_id": "plain: the record it is about, where no person is known",
    "checks": "plain: the checks whose findings it gathers",
    "severity": "plain: the highest of its findings",
    "money_minor": "plain: the sum at stake in minor units, suspected and never counted as saved",
    "currency": "plain: ISO 4217 code of that sum",
    "sex": "personal: as in beneficiary_record, for the figures on fairness",
    "birth_year": "personal: year of birth, for the figures on fairness",
    "region_code": "personal: region of the address, for the figures on fairness and for filters",
    "state": "plain: where it stands",
    "step_no": "plain: its last step; who works on an older one is refused",
    "officer_id": "plain: the officer it is assigned to, empty for the whole programme",
    "opened_at": "plain: when it was opened",
    "since": "plain: since when it stands where it stands",
    "due_at": "plain: when the next step is due",
    "asked_until": "plain: until when the person may answer, once asked",
    "answered": "plain: whether the person or their office has answered",
    "proposed_by": "plain: the officer who proposed the decision",
    "approved_by": "plain: the other officer who approved it",
    "decided_at": "plain: when it was approved",
    "outcome": "plain: what was decided, or is proposed",
    "appeal": "plain: lodged, upheld (for the person) or rejected",
    "appeal_until": "plain: until when the person may appeal",
    "hold_by": "plain: the officer who ordered the interim hold",
    "hold_reason": "plain: why, by code",
    "hold_from": "plain: when the hold began",
    "hold_until": "plain: when it ends by itself, whatever happens",
    "hold_ended_at": "plain: when it was released or ran out",
    "closed_at": "plain: when it was closed or withdrawn",
    "closed_why": "plain: why, by code",
    "settled_at": "plain: when its findings were told that it is closed"
}');
create unique index overlap_case_person on ibr.overlap_case (programme_id, person_id)
    where closed_at is null and person_id is not null;
create unique index overlap_case_record on ibr.overlap_case (programme_id, record_id)
    where closed_at is null and person_id is null;
create index overlap_case_due on ibr.overlap_case (programme_id, due_at, case_id)
    where closed_at is null;
create index overlap_case_officer on ibr.overlap_case (officer_id, due_at) where closed_at is null;
create index overlap_case_of_person on ibr.overlap_case (person_id, programme_id);
create index overlap_case_of_record on ibr.overlap_case (record_id, programme_id);
create index overlap_case_closed on ibr.overlap_case (programme_id, closed_at desc, case_id desc)
    where closed_at is not null;
create index overlap_case_hold on ibr.overlap_case (hold_until)
    where hold_from is not null and hold_ended_at is null;
create index overlap_case_window on ibr.overlap_case (appeal_until) where state = 'appeal_window';
create index overlap_case_unsettled on ibr.overlap_case (closed_at)
    where closed_at is not null and settled_at is null;

create table ibr.case_step (
    case_id bigint not null references ibr.overlap_case,
    step_no integer not null,
    programme_id integer not null,
    action text not null,
    from_state text not null,
    to_state text not null,
    actor_kind text not null check (actor_kind in ('officer', 'partner', 'registry')),
    actor_id integer,
    at timestamptz not null,
    reason_code text,
    note bytea,
    evidence bytea not null,
    before jsonb not null,
    letter_no bigint,
    primary key (case_id, step_no)
);
call ibr.describe('case_step', 'Every step of a case; only ever added to.', '{
    "case_id": "plain: the case",
    "step_no": "plain: order of the steps",
    "programme_id": "plain: the programme that decides",
    "action": "plain: what was done",
    "from_state": "plain: where the case stood",
    "to_state": "plain: where it stands since",
    "actor_kind": "plain: officer, partner, or the registry itself",
    "actor_id": "plain: which officer or partner",
    "at": "plain: when",
    "reason_code": "plain: why, by code",
    "note": "sensitive: what the officer wrote, sealed",
    "evidence": "plain: SHA-256 of the findings as they were at that moment",
    "before": "plain: the case before the step, to take it back",
    "letter_no": "plain: the letter that was made"
}');

create table ibr.case_letter (
    letter_no bigint primary key,
    case_id bigint not null references ibr.overlap_case,
    programme_id integer not null,
    kind text not null check (kind in ('information', 'decision', 'appeal')),
    language text not null,
    content bytea not null,
    digest bytea not null,
    made_by integer not null,
    made_at timestamptz not null,
    voided_at timestamptz
);
create sequence ibr.case_letter_no owned by ibr.case_letter.letter_no;
call ibr.describe('case_letter', 'Letters of a case, as they were printed.', '{
    "letter_no": "plain: the number of the letter",
    "case_id": "plain: the case",
    "programme_id": "plain: the programme that writes",
    "kind": "plain: information (asked for), decision, or appeal (decided)",
    "language": "plain: en or fr",
    "content": "sensitive: the whole letter, sealed",
    "digest": "plain: SHA-256 of the letter, to prove a print",
    "made_by": "plain: the officer",
    "made_at": "plain: when it was made",
    "voided_at": "plain: when the step that made it was taken back"
}');
create index case_letter_case on ibr.case_letter (case_id, letter_no);

create table ibr.case_money (
    entry_no bigint generated always as identity primary key,
    case_id bigint not null references ibr.overlap_case,
    programme_id integer not null,
    kind text not null check (kind in ('stopped', 'recovered', 'restored')),
    amount_minor bigint not null check (amount_minor > 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    first_day date not null,
    last_day date not null,
    entered_by integer not null,
    entered_at timestamptz not null,
    confirmed_by integer,
    confirmed_at timestamptz,
    dropped_by integer,
    dropped_at timestamptz,
    check (last_day >= first_day),
    check (confirmed_by <> entered_by),
    check (confirmed_at is null or dropped_at is null)
);
call ibr.describe('case_money', 'What a programme says was stopped, recovered or given back; counts once another person has confirmed it.', '{
    "entry_no": "plain: the entry",
    "case_id": "plain: the case",
    "programme_id": "plain: the programme that decides",
    "kind": "plain: stopped, recovered, or restored (given back to the person)",
    "amount_minor": "plain: the sum in minor units",
    "currency": "plain: ISO 4217 code",
    "first_day": "plain: first day it is for",
    "last_day": "plain: last day it is for; the same day where it was paid once",
    "entered_by": "plain: the officer who entered it",
    "entered_at": "plain: when",
    "confirmed_by": "plain: the other officer who confirmed it",
    "confirmed_at": "plain: when; until then it counts nowhere",
    "dropped_by": "plain: the officer who found it wrong",
    "dropped_at": "plain: when"
}');
create index case_money_case on ibr.case_money (case_id, entry_no);

-- What another programme is told: that there is a case, and how it ended. No person is in it.
create table ibr.case_notice (
    notice_no bigint generated always as identity primary key,
    programme_id integer not null references ibr.programme,
    case_id bigint not null,
    deciding_programme integer not null references ibr.programme,
    what text not null check (what in ('opened', 'decided', 'overturned', 'ended')),
    checks text[] not null,
    at timestamptz not null,
    seen_by integer,
    seen_at timestamptz
);
call ibr.describe('case_notice', 'What a programme is told of the cases of another one: that there is one, never about whom.', '{
    "notice_no": "plain: the notice",
    "programme_id": "plain: the programme that is told",
    "case_id": "plain: the number of the case",
    "deciding_programme": "plain: the programme that decides it",
    "what": "plain: opened, decided, overturned on appeal, or ended without a decision",
    "checks": "plain: the checks it is about",
    "at": "plain: when",
    "seen_by": "plain: the officer who ticked it off",
    "seen_at": "plain: when"
}');
create unique index case_notice_once on ibr.case_notice (case_id, programme_id, what);
create index case_notice_open on ibr.case_notice (programme_id, notice_no desc);

-- Where a programme has terms of its own. A hold is never longer than the setting of the registry.
create table ibr.case_terms (
    programme_id integer primary key references ibr.programme,
    hold_days smallint check (hold_days between 0 and 366),
    information_days smallint check (information_days between 1 and 366),
    appeal_days smallint check (appeal_days between 1 and 366),
    changed_at timestamptz not null
);
call ibr.describe('case_terms', 'Terms of cases that a programme has of its own.', '{
    "programme_id": "plain: the programme",
    "hold_days": "plain: longest interim hold, 0 for none; empty as everywhere",
    "information_days": "plain: time to answer; empty as everywhere",
    "appeal_days": "plain: time to appeal; empty as everywhere",
    "changed_at": "plain: when they were entered"
}');

grant select on ibr.overlap_case, ibr.case_step, ibr.case_letter, ibr.case_money, ibr.case_notice,
    ibr.case_terms to ibr_app, ibr_worker;
grant insert, update on ibr.overlap_case to ibr_app, ibr_worker;
grant insert on ibr.case_step, ibr.case_notice to ibr_app, ibr_worker;
grant insert on ibr.case_letter, ibr.case_money to ibr_app;
grant update (voided_at) on ibr.case_letter to ibr_app;
grant update (confirmed_by, confirmed_at, dropped_by, dropped_at) on ibr.case_money to ibr_app;
grant update (seen_by, seen_at) on ibr.case_notice to ibr_app;
grant insert, update on ibr.case_terms to ibr_worker;
grant usage on sequence ibr.case_letter_no to ibr_app;
call ibr.guard_by_programme('overlap_case');
call ibr.guard_by_programme('case_step');
call ibr.guard_by_programme('case_letter');
call ibr.guard_by_programme('case_money');
call ibr.guard_by_programme('case_notice');
call ibr.guard_by_programme('case_terms');
