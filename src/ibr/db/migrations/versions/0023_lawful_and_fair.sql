-- Lawful exceptions with their law and last day, money by currency, whom figures are held against,
-- and what was under way while checks ran.

alter table ibr.overlap_case
    add column at_stake jsonb not null default '{}',
    add column exception_law text,
    add column exception_until date;
call ibr.describe('overlap_case', 'Findings about one person or record in one programme, followed to the end by people.', '{
    "money_minor": "plain: of the sums at stake the one in the programme''s own currency, else in the first by its code",
    "at_stake": "plain: the sum at stake by currency in minor units, suspected and never counted as saved",
    "exception_law": "plain: the law or rule that allows it, where that is decided or proposed",
    "exception_until": "plain: last day of a lawful exception; after it the checks find again"
}');
update ibr.overlap_case set at_stake = jsonb_build_object(currency, money_minor)
where money_minor is not null and currency is not null;

alter table ibr.check_exemption add column case_id bigint;
call ibr.describe('check_exemption', 'Who or what is lawfully exempt from a check.', '{
    "case_id": "plain: the case in which it was decided, empty where it was entered by hand"
}');
create index check_exemption_finding on ibr.check_exemption (check_code, same_as)
    where withdrawn_at is null;
create index check_exemption_case on ibr.check_exemption (case_id) where case_id is not null;

-- What belongs to no case yet is a small part of all that was ever found.
create index finding_waiting on ibr.finding (finding_id)
    where closed_at is null and case_id is null;

alter table ibr.check_run add column under_way jsonb not null default '{}';
call ibr.describe('check_run', 'One check on one snapshot.', '{
    "under_way": "plain: what was not read to the end when the snapshot was taken: deliveries, and whether news waited for linkage; empty where nothing was"
}');

-- Whom the cases are counted against: everybody enrolled, once in each programme.
create table ibr.enrolled_people (
    snapshot_no integer not null references ibr.snapshot,
    programme_id integer not null references ibr.programme,
    what text not null check (what in ('sex', 'birth_year', 'region')),
    which text not null,
    persons bigint not null check (persons > 0),
    primary key (snapshot_no, programme_id, what, which)
);
call ibr.describe('enrolled_people', 'How many people were enrolled in each programme in the newest snapshot, by group, for the figures on fairness.', '{
    "snapshot_no": "plain: the snapshot",
    "programme_id": "plain: the programme",
    "what": "plain: sex, birth_year or region",
    "which": "plain: code of the group; empty where not known",
    "persons": "plain: persons, each once in each programme"
}');
grant select on ibr.enrolled_people to ibr_app, ibr_worker;
grant insert, delete on ibr.enrolled_people to ibr_worker;
call ibr.guard_by_programme('enrolled_people');
