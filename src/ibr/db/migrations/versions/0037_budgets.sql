-- Budgets of distinct people per asker and purpose, alarms, and protected people.

-- What an asker may ask about, where it is not what its role or the settings say. Append-only but
-- for its end: what counted when stays known.
create table ibr.budget (
    budget_id integer generated always as identity primary key,
    asker_kind text not null check (asker_kind in ('partner', 'officer')),
    asker_id integer not null,
    purpose_code text not null default '',
    people_an_hour integer not null check (people_an_hour >= 0),
    people_a_day integer not null check (people_a_day >= 0),
    reason text not null,
    valid_from timestamptz not null,
    valid_until timestamptz,
    asked_by integer,
    given_by integer,
    given_at timestamptz not null,
    ended_by integer,
    ended_at timestamptz,
    check (asked_by is null or given_by is distinct from asked_by)
);
call ibr.describe('budget', 'How many different people one asker may ask about, where it is not the usual.', '{
    "budget_id": "plain: number",
    "asker_kind": "plain: partner or officer",
    "asker_id": "plain: which partner or officer",
    "purpose_code": "plain: for questions of this purpose; empty for all that have none of their own",
    "people_an_hour": "plain: different people in an hour",
    "people_a_day": "plain: different people in a day",
    "reason": "plain: why, in the words of who asked for it; never about a person",
    "valid_from": "plain: since when it counts",
    "valid_until": "plain: until when, empty for as long as nobody ends it",
    "asked_by": "plain: the officer who asked for it, empty where the command line set it",
    "given_by": "plain: the other officer, who gave it",
    "given_at": "plain: when",
    "ended_by": "plain: the officer who ended it before its time",
    "ended_at": "plain: when"
}');
create index budget_of on ibr.budget (asker_kind, asker_id) where ended_at is null;

-- Whom somebody has asked about on a day: one row for each person, however often. Each day is a
-- partition that is dropped two days later.
create table ibr.budget_subject (
    day date not null,
    asker_kind text not null,
    asker_id integer not null,
    purpose_code text not null,
    subject_index bytea not null,
    primary key (day, asker_kind, asker_id, purpose_code, subject_index)
) partition by range (day);
call ibr.describe('budget_subject', 'Whom an asker has asked about on a day, once each; dropped two days later.', '{
    "day": "plain: the day, UTC",
    "asker_kind": "plain: partner or officer",
    "asker_id": "plain: which partner or officer",
    "purpose_code": "plain: which of the asker''s budgets it counts against",
    "subject_index": "sensitive: blind index of the identifier asked about"
}');
create table ibr.budget_subject_other partition of ibr.budget_subject default;

create table ibr.budget_used (
    day date not null,
    asker_kind text not null,
    asker_id integer not null,
    purpose_code text not null,
    people integer not null default 0,
    found integer not null default 0,
    in_sequence integer not null default 0,
    at_night integer not null default 0,
    hour smallint not null,
    hour_people integer not null default 0,
    hour_found integer not null default 0,
    hour_in_sequence integer not null default 0,
    allowed integer not null,
    refused integer not null default 0,
    counted_at timestamptz not null,
    primary key (day, asker_kind, asker_id, purpose_code)
);
call ibr.describe('budget_used', 'How many different people an asker has asked about on a day, and what the questions looked like.', '{
    "day": "plain: the day, UTC",
    "asker_kind": "plain: partner or officer",
    "asker_id": "plain: which partner or officer",
    "purpose_code": "plain: which of the asker''s budgets",
    "people": "plain: different people asked about that day",
    "found": "plain: of them, those about whom there was something to tell",
    "in_sequence": "plain: of them, those whose number stood next to one asked about just before",
    "at_night": "plain: of them, those asked about at night",
    "hour": "plain: the hour that the counts of an hour are of",
    "hour_people": "plain: people first asked about in that hour",
    "hour_found": "plain: of them, those about whom there was something to tell",
    "hour_in_sequence": "plain: of them, those in sequence",
    "allowed": "plain: how many people the budget of the day allowed",
    "refused": "plain: questions refused because the budget was used up",
    "counted_at": "plain: when it was last counted"
}');
create index budget_used_lately on ibr.budget_used (counted_at);

create table ibr.asking_alarm (
    alarm_id integer generated always as identity primary key,
    rule text not null,
    asker_kind text not null check (asker_kind in ('partner', 'officer', 'registry')),
    asker_id integer not null,
    day date not null,
    hour smallint not null default 0,
    raised_at timestamptz not null,
    facts jsonb not null,
    subject_index bytea,
    looked_by integer,
    looked_at timestamptz,
    outcome text check (outcome in ('explained', 'false_alarm', 'misuse', 'protected_need')),
    note text
);
call ibr.describe('asking_alarm', 'Questions that look like something else than work, for a person to look at.', '{
    "alarm_id": "plain: number",
    "rule": "plain: which rule raised it",
    "asker_kind": "plain: partner, officer or the registry where it is about several",
    "asker_id": "plain: which partner or officer, 0 for several",
    "day": "plain: the day it is about",
    "hour": "plain: the hour it is about",
    "raised_at": "plain: when it was raised",
    "facts": "plain: the counts that raised it; never about whom",
    "subject_index": "sensitive: blind index of the person, where it is about one",
    "looked_by": "plain: the officer who looked at it",
    "looked_at": "plain: when",
    "outcome": "plain: explained, false_alarm, misuse or protected_need",
    "note": "plain: in the officer''s words; officers are told to name nobody"
}');
-- The same rule tells of the same asker once a day; of each person's own alarm, each time.
create unique index asking_alarm_once
    on ibr.asking_alarm (day, rule, asker_kind, asker_id, coalesce(subject_index, ''::bytea));
create index asking_alarm_open on ibr.asking_alarm (raised_at) where outcome is null;

create table ibr.protected_person (
    protection_id integer generated always as identity primary key,
    reason_code text not null,
    valid_until date,
    marked_by integer not null,
    marked_at timestamptz not null,
    ended_by integer,
    ended_at timestamptz,
    ended_why text
);
call ibr.describe('protected_person', 'People whose records need special handling, by number; who they are stands nowhere here.', '{
    "protection_id": "plain: number",
    "reason_code": "plain: why, by its code",
    "valid_until": "plain: the last day, empty for as long as nobody ends it",
    "marked_by": "plain: the officer who marked the person",
    "marked_at": "plain: when",
    "ended_by": "plain: the officer who ended it",
    "ended_at": "plain: when",
    "ended_why": "plain: why it ended, in words that name nobody"
}');

create table ibr.protected_number (
    blind_index bytea not null,
    protection_id integer not null,
    whose text not null check (whose in ('own', 'household')),
    known_at timestamptz not null,
    primary key (blind_index, protection_id)
);
call ibr.describe('protected_number', 'Identifiers that lead to a protected person, or to whoever lives with them.', '{
    "blind_index": "sensitive: HMAC of type and canonical value",
    "protection_id": "plain: the protection",
    "whose": "plain: own, or of somebody in a household with them",
    "known_at": "plain: when the registry learned it"
}');

-- The records that those numbers stand in. Kept by the marking and, for what is reported later, by
-- a job; the policies below look here.
create table ibr.protected_record (
    record_id bigint not null,
    protection_id integer not null,
    programme_id integer not null,
    primary key (record_id, protection_id)
);
call ibr.describe('protected_record', 'Records in which a protected person, or somebody of their household, stands.', '{
    "record_id": "plain: the record",
    "protection_id": "plain: the protection",
    "programme_id": "plain: the programme that reports it"
}');

-- Whoever may see what records say of people does not see these, through any door, unless the
-- transaction opens the class "protected" (db/classes.py). Counts and the answer to "enrolled?"
-- never come here: they say nothing of where somebody is.
create procedure ibr.guard_protected(table_name text, hidden text)
language plpgsql
set search_path = ''
as $$
begin
    execute pg_catalog.format(
        'create policy protected_people on ibr.%I as restrictive for select '
        'to ibr_app, ibr_worker using ('
        'not (select ibr.may_touch(''{people,links,cases,findings}'')) '
        'or (select ibr.may_touch(''{protected}'')) or not (%s))',
        table_name, hidden);
end
$$;
revoke all on procedure ibr.guard_protected(text, text) from public;
do $$
declare
    name text;
begin
    foreach name in array array['beneficiary_record', 'beneficiary_version', 'group_member',
                                'identifier', 'appearance'] loop
        call ibr.guard_protected(name, format(
            'exists (select from ibr.protected_record p where p.record_id = %I.record_id)', name));
    end loop;
end
$$;
call ibr.guard_protected('link_pair',
    'exists (select from ibr.protected_record p
             where p.record_id in (link_pair.low_record, link_pair.high_record))');

-- Making a day's partition ahead and dropping what is used needs the owner.
create function ibr.provide_budget_days(today date) returns integer
language plpgsql security definer
set search_path = ''
as $$
declare
    made integer := 0;
    that_day date;
    name text;
    old record;
begin
    if today < current_date - 2 or today > current_date + 2 then
        raise exception 'budget days are made around today';
    end if;
    for ahead in 0..2 loop
        that_day := today + ahead;
        name := 'budget_subject_' || pg_catalog.to_char(that_day, 'YYYYMMDD');
        -- A day that has begun without its partition stays with the others until it is over.
        if pg_catalog.to_regclass('ibr.' || name) is null
           and not exists (select from ibr.budget_subject_other o where o.day = that_day)
        then
            execute pg_catalog.format(
                'create table ibr.%I partition of ibr.budget_subject for values from (%L) to (%L)',
                name, that_day, that_day + 1);
            made := made + 1;
        end if;
    end loop;
    for old in
        select c.relname from pg_catalog.pg_inherits i
        join pg_catalog.pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'ibr.budget_subject'::pg_catalog.regclass
          and c.relname ~ '^budget_subject_[0-9]{8}$'
          and c.relname < 'budget_subject_' || pg_catalog.to_char(today - 1, 'YYYYMMDD')
    loop
        execute pg_catalog.format('drop table ibr.%I', old.relname);
    end loop;
    delete from ibr.budget_subject_other o where o.day < today - 1;
    return made;
end
$$;
revoke all on function ibr.provide_budget_days(date) from public;
grant execute on function ibr.provide_budget_days(date) to ibr_worker;

grant select on ibr.budget, ibr.asking_alarm, ibr.protected_person, ibr.protected_number,
    ibr.protected_record, ibr.budget_used, ibr.budget_subject to ibr_app, ibr_worker;
grant insert on ibr.budget, ibr.budget_subject, ibr.asking_alarm, ibr.protected_person,
    ibr.protected_number, ibr.protected_record to ibr_app, ibr_worker;
grant delete on ibr.protected_number, ibr.protected_record to ibr_app, ibr_worker;
grant insert, update on ibr.budget_used to ibr_app, ibr_worker;
grant update (ended_by, ended_at) on ibr.budget to ibr_app, ibr_worker;
grant update (facts, looked_by, looked_at, outcome, note) on ibr.asking_alarm
    to ibr_app, ibr_worker;
grant update (ended_by, ended_at, ended_why) on ibr.protected_person to ibr_app;
grant delete on ibr.budget_used to ibr_worker;
grant select on ibr.budget, ibr.budget_used, ibr.asking_alarm to ibr_auditor;
