-- Which programmes go together, what the checks found, and by which rule, when, and from what.

create table ibr.programme_pair (
    pair_no integer generated always as identity primary key,
    first_programme integer not null references ibr.programme,
    second_programme integer not null references ibr.programme,
    relation text not null check (relation in ('incompatible', 'allowed', 'complementary')),
    unit text not null default 'person' check (unit in ('person', 'household')),
    same_period boolean not null default true,
    tolerance_days smallint not null default 0 check (tolerance_days between 0 and 366),
    cap_minor bigint check (cap_minor >= 0),
    currency text check (currency ~ '^[A-Z]{3}$'),
    keeps integer references ibr.programme,
    conditions jsonb not null default '{}',
    legal_reference text not null,
    note text,
    valid_from date not null,
    valid_to date,
    known_at timestamptz not null,
    replaced_at timestamptz,
    changed_by text not null,
    check (first_programme < second_programme),
    check (valid_to >= valid_from),
    check ((cap_minor is null) = (currency is null)),
    check (keeps in (first_programme, second_programme))
);
call ibr.describe('programme_pair', 'Which programmes exclude each other, may go together or belong together; rows are replaced, never changed.', '{
    "pair_no": "plain: the row",
    "first_programme": "plain: the one of the two with the smaller number",
    "second_programme": "plain: the other",
    "relation": "plain: incompatible, allowed or complementary",
    "unit": "plain: whether it is about one person or about one household",
    "same_period": "plain: whether only benefits for the same period count",
    "tolerance_days": "plain: lawful days of transition",
    "cap_minor": "plain: both are allowed up to this sum a month, in minor units",
    "currency": "plain: ISO 4217 code of the cap",
    "keeps": "plain: the programme whose benefit stays when the two exclude each other",
    "conditions": "plain: for whom the pair holds: {\"min_age\", \"max_age\", \"sex\", \"is_disabled\"}; of two that belong together, who is entitled to the other, and to which: {\"entitled_to\"}",
    "legal_reference": "plain: the law or rule that says so",
    "note": "plain: in words, for whoever reads a finding",
    "valid_from": "plain: first day",
    "valid_to": "plain: last day, empty while it holds",
    "known_at": "plain: when the registry learned it",
    "replaced_at": "plain: when another row took its place",
    "changed_by": "plain: who entered it"
}');
create index programme_pair_now on ibr.programme_pair (first_programme, second_programme)
    where replaced_at is null;

-- What a programme's own law says of whom it is for and how much is due, as far as checks need it.
create table ibr.programme_rule (
    rule_no integer generated always as identity primary key,
    programme integer not null references ibr.programme,
    kind text not null check (kind ~ '^[a-z_]{1,40}$'),
    value jsonb not null,
    legal_reference text not null,
    valid_from date not null,
    valid_to date,
    known_at timestamptz not null,
    replaced_at timestamptz,
    changed_by text not null,
    check (valid_to >= valid_from)
);
call ibr.describe('programme_rule', 'Rules of one programme that checks need: ages, caps, amounts; rows are replaced, never changed.', '{
    "rule_no": "plain: the row",
    "programme": "plain: the programme",
    "kind": "plain: what it is about, for example age_from or caregiver_cap",
    "value": "plain: the rule itself, in the form of its kind",
    "legal_reference": "plain: the law or rule that says so",
    "valid_from": "plain: first day",
    "valid_to": "plain: last day, empty while it holds",
    "known_at": "plain: when the registry learned it",
    "replaced_at": "plain: when another row took its place",
    "changed_by": "plain: who entered it"
}');
create index programme_rule_now on ibr.programme_rule (programme, kind) where replaced_at is null;

-- What the registry holds at one moment, written out without names for checks and figures.
create table ibr.snapshot (
    snapshot_no integer generated always as identity primary key,
    as_known_at timestamptz not null,
    through_change bigint not null,
    link_run integer,
    files jsonb not null,
    rows jsonb not null,
    vintages jsonb not null,
    dropped_at timestamptz
);
call ibr.describe('snapshot', 'What the registry held at one moment, written out without names; checks are run on it.', '{
    "snapshot_no": "plain: the snapshot",
    "as_known_at": "plain: the moment",
    "through_change": "plain: the newest change in it",
    "link_run": "plain: the run that said who is who",
    "files": "plain: its files with their SHA-256",
    "rows": "plain: rows by table",
    "vintages": "plain: how recent each programme and source is",
    "dropped_at": "plain: when its files were deleted"
}');

create table ibr.check_run (
    run_no integer generated always as identity primary key,
    snapshot_no integer not null references ibr.snapshot,
    check_code text not null,
    check_version smallint not null,
    parameters jsonb not null,
    period_from date not null,
    period_to date not null,
    state text not null check (state in ('done', 'failed', 'partial')),
    counts jsonb not null default '{}',
    digest bytea not null,
    started_at timestamptz not null,
    finished_at timestamptz not null
);
call ibr.describe('check_run', 'One check on one snapshot.', '{
    "run_no": "plain: the run",
    "snapshot_no": "plain: what it was run on",
    "check_code": "plain: the check, for example K06",
    "check_version": "plain: version of its rule",
    "parameters": "plain: its parameters",
    "period_from": "plain: first day of the period looked at",
    "period_to": "plain: last day",
    "state": "plain: done, failed, or partial where it was asked about some people only",
    "counts": "plain: found, opened, still there, closed, exempt",
    "digest": "plain: of all that was found: the same again is the same",
    "started_at": "plain: when it began",
    "finished_at": "plain: when it ended"
}');
create index check_run_check on ibr.check_run (check_code, run_no);

create table ibr.finding (
    finding_id bigint generated always as identity primary key,
    check_code text not null,
    same_as bytea not null,
    check_version smallint not null,
    severity smallint not null check (severity between 1 and 3),
    programme_id integer,
    other_programme integer,
    person_id bigint,
    record_id bigint,
    other_record bigint,
    area_code text,
    facts jsonb not null,
    first_day date,
    last_day date,
    money_minor bigint,
    currency text,
    first_run integer not null,
    last_run integer not null,
    found_at timestamptz not null,
    closed_at timestamptz,
    closed_reason text check (closed_reason in
        ('no_longer_found', 'rule_changed', 'exempt', 'person_changed', 'decided')),
    case_id bigint
);
call ibr.describe('finding', 'What a check found: a hypothesis for a person to look at, never an act.', '{
    "finding_id": "plain: the finding",
    "check_code": "plain: the check that found it",
    "same_as": "plain: digest of the check and its subject: the same again is the same finding",
    "check_version": "plain: version of the rule that last found it",
    "severity": "plain: 1 look when there is time, 2 look soon, 3 look now",
    "programme_id": "plain: the programme it concerns first",
    "other_programme": "plain: the second programme",
    "person_id": "plain: the person it is about",
    "record_id": "plain: the record it is about",
    "other_record": "plain: the second record",
    "area_code": "plain: the area, where no person is meant",
    "facts": "personal: dates, counts and amounts that the explanation is made of; never a name or number of a person",
    "first_day": "plain: first day it is about",
    "last_day": "plain: last day",
    "money_minor": "plain: the sum at stake, in minor units",
    "currency": "plain: ISO 4217 code",
    "first_run": "plain: the check run that first found it",
    "last_run": "plain: the check run that last found it",
    "found_at": "plain: when it was first found",
    "closed_at": "plain: when it went away or was settled",
    "closed_reason": "plain: why it was closed",
    "case_id": "plain: the case it became part of"
}');
create unique index finding_once on ibr.finding (check_code, same_as) where closed_at is null;
create index finding_settled on ibr.finding (check_code, same_as) where closed_reason = 'decided';
create index finding_open on ibr.finding (programme_id, severity desc, finding_id)
    where closed_at is null;
create index finding_order on ibr.finding (severity desc, finding_id) where closed_at is null;
create index finding_record on ibr.finding (record_id) where closed_at is null;
create index finding_person on ibr.finding (person_id) where closed_at is null;
create index finding_case on ibr.finding (case_id) where case_id is not null;

-- Who is lawfully exempt from a check, until when, and why.
create table ibr.check_exemption (
    exemption_no integer generated always as identity primary key,
    check_code text not null,
    only_programme integer,
    same_as bytea,
    blind_index bytea,
    reason text not null,
    legal_reference text,
    valid_from date not null,
    valid_to date,
    entered_by text not null,
    entered_at timestamptz not null,
    withdrawn_at timestamptz,
    withdrawn_by text,
    check (num_nonnulls(only_programme, same_as, blind_index) > 0),
    check (valid_to >= valid_from)
);
call ibr.describe('check_exemption', 'Who or what is lawfully exempt from a check.', '{
    "exemption_no": "plain: the row",
    "check_code": "plain: the check",
    "only_programme": "plain: only in this programme",
    "same_as": "plain: the very finding that is exempt",
    "blind_index": "sensitive: a number that is exempt, as an institution''s account",
    "reason": "plain: why, in words",
    "legal_reference": "plain: the rule that says so",
    "valid_from": "plain: first day",
    "valid_to": "plain: last day",
    "entered_by": "plain: who entered it",
    "entered_at": "plain: when",
    "withdrawn_at": "plain: when it was taken back",
    "withdrawn_by": "plain: who took it back"
}');

-- A finding is seen by whoever sees one of its programmes. One that is about no programme is seen
-- by every transaction; who may read it is decided by the questions themselves.
alter table ibr.finding enable row level security;
alter table ibr.finding force row level security;
create policy programmes_in_reach on ibr.finding
    using (coalesce(programme_id, other_programme) is null
           or programme_id = any ((select ibr.programmes_in_reach())::integer[])
           or other_programme = any ((select ibr.programmes_in_reach())::integer[]))
    with check (coalesce(programme_id, other_programme) is null
           or programme_id = any ((select ibr.programmes_in_reach())::integer[])
           or other_programme = any ((select ibr.programmes_in_reach())::integer[]));

grant select on ibr.programme_pair, ibr.programme_rule, ibr.snapshot, ibr.check_run, ibr.finding,
    ibr.check_exemption to ibr_app, ibr_worker;
grant insert on ibr.programme_pair, ibr.programme_rule, ibr.check_exemption to ibr_app, ibr_worker;
grant update (replaced_at, valid_to) on ibr.programme_pair, ibr.programme_rule
    to ibr_app, ibr_worker;
grant update (withdrawn_at, withdrawn_by) on ibr.check_exemption to ibr_app, ibr_worker;
grant insert, update on ibr.snapshot, ibr.check_run, ibr.finding to ibr_worker;
grant update (closed_at, closed_reason, case_id) on ibr.finding to ibr_app;
