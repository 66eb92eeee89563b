-- When each programme reports, whom it named to be written to, and who was reminded of what.

create table ibr.reporting_rule (
    rule_no integer generated always as identity primary key,
    programme_id integer not null references ibr.programme,
    first_month text not null check (first_month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    cycle_months smallint not null check (cycle_months between 0 and 120),
    report_days smallint not null check (report_days between 0 and 366),
    known_at timestamptz not null,
    replaced_at timestamptz,
    changed_by text not null
);
call ibr.describe('reporting_rule', 'How often a programme reports and until when; rows are replaced, never changed.', '{
    "rule_no": "plain: the row",
    "programme_id": "plain: the programme",
    "first_month": "plain: the first month it holds for, and the first of its first cycle, as 2026-10",
    "cycle_months": "plain: how many months a report is about; 0 where none is due",
    "report_days": "plain: days after the end of a cycle within which its report is due",
    "known_at": "plain: when it was entered",
    "replaced_at": "plain: when another row took its place, or it was taken back",
    "changed_by": "plain: who entered it"
}');
create unique index reporting_rule_now on ibr.reporting_rule (programme_id, first_month)
    where replaced_at is null;

create table ibr.reporting_contact (
    contact_no integer generated always as identity primary key,
    programme_id integer not null references ibr.programme,
    email text not null check (length(email) between 3 and 254),
    escalation_email text check (length(escalation_email) between 3 and 254),
    language text not null check (language in ('en', 'fr')),
    before_days smallint not null check (before_days between 0 and 60),
    escalation_days smallint not null check (escalation_days between 1 and 366),
    known_at timestamptz not null,
    replaced_at timestamptz,
    changed_by text not null
);
call ibr.describe('reporting_contact', 'Whom a programme named to be reminded of its reports; rows are replaced, never changed.', '{
    "contact_no": "plain: the row",
    "programme_id": "plain: the programme",
    "email": "personal: address of the one who is reminded",
    "escalation_email": "personal: address of the one who is written to as well when it stays silent",
    "language": "plain: language of the letters: en or fr",
    "before_days": "plain: days before the last day on which a reminder goes out; 0 for none",
    "escalation_days": "plain: days after the last day on which it is escalated",
    "known_at": "plain: when it was entered",
    "replaced_at": "plain: when another row took its place, or it was taken back",
    "changed_by": "plain: who entered it"
}');
create unique index reporting_contact_now on ibr.reporting_contact (programme_id)
    where replaced_at is null;

create table ibr.report_reminder (
    programme_id integer not null references ibr.programme,
    last_month text not null check (last_month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    step text not null check (step in ('before', 'late', 'escalation')),
    first_month text not null,
    due_on date not null,
    made_at timestamptz not null,
    mail text not null check (mail in ('waiting', 'sent', 'given_up', 'none')),
    message_id text not null,
    attempts smallint not null default 0,
    next_at timestamptz,
    sent_at timestamptz,
    outcome text,
    told smallint not null default 0,
    primary key (programme_id, last_month, step)
);
call ibr.describe('report_reminder', 'Which step of reminding was taken for which report, once; no address is in it.', '{
    "programme_id": "plain: the programme",
    "last_month": "plain: the last month of the cycle that the report is about",
    "step": "plain: before, late or escalation",
    "first_month": "plain: the first month of that cycle",
    "due_on": "plain: the last day on which the report was in time",
    "made_at": "plain: when the step was taken",
    "mail": "plain: waiting, sent, given_up, or none where there was nobody to write to",
    "message_id": "plain: Message-ID of the letter, the same at every try",
    "attempts": "plain: how often it was tried to send it",
    "next_at": "plain: when it is tried next",
    "sent_at": "plain: when the mail server took it",
    "outcome": "plain: code of how the last try ended",
    "told": "plain: how many partners were told by a message as well"
}');
create index report_reminder_waiting on ibr.report_reminder (next_at) where mail = 'waiting';

grant select on ibr.reporting_rule, ibr.reporting_contact, ibr.report_reminder
    to ibr_app, ibr_worker;
grant insert on ibr.reporting_rule, ibr.reporting_contact to ibr_app, ibr_worker;
grant update (replaced_at) on ibr.reporting_rule, ibr.reporting_contact to ibr_app, ibr_worker;
grant insert, update on ibr.report_reminder to ibr_worker;

call ibr.guard_by_programme('reporting_rule');
call ibr.guard_by_programme('reporting_contact');
call ibr.guard_by_programme('report_reminder');
-- When a programme reports belongs to what it sent; whom to write to is for those who enter it.
call ibr.guard_by_right('reporting_rule', '{deliveries}', 'true');
call ibr.guard_by_right('reporting_contact', '{contacts}', 'true');
call ibr.guard_by_right('report_reminder', '{deliveries}', 'true');

-- Whose reports are not in a frozen figure is frozen with it, and with what is published of it.
alter table ibr.figure_table add column not_reported jsonb;
alter table ibr.release_table add column not_reported jsonb;
call ibr.describe('figure_table', 'Frozen figures: all cells of one indicator, breakdown and period.', '{
    "not_reported": "plain: programmes whose report was due and had not come, each with its last day; empty where it was not noted"
}');
call ibr.describe('release_table', 'The tables of releases as readers see them.', '{
    "not_reported": "plain: programmes whose report was due and had not come, as the figures were frozen; in the digest"
}');
grant select (not_reported) on ibr.release_table to ibr_app, ibr_analyst, ibr_auditor;
