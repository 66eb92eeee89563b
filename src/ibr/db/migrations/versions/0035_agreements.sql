-- Agreements: which partner may tell, ask and see what, for which purpose, by which law, until
-- when. And row-level security that knows, beside the programmes, the areas and the classes of data that
-- the asker of a transaction may touch.
--
-- A transaction says who asks by three settings (db/pool.py), all of them gone at its end:
--   ibr.programmes  programme numbers with commas between them, as before
--   ibr.areas       area codes with commas between them; * is everywhere
--   ibr.rights      classes of data with blanks between them (db/classes.py)
-- What is unset or empty lets nothing through.

create function ibr.may_touch(classes text[]) returns boolean
language sql stable parallel safe
return coalesce(
    string_to_array(nullif(current_setting('ibr.rights', true), ''), ' ') && classes, false
);

create function ibr.everywhere() returns boolean
language sql stable parallel safe
return coalesce(current_setting('ibr.areas', true) = '*', false);

-- The areas in reach with all that lies in them. Which areas there are is read anew for each
-- statement of somebody with areas of their own; everybody else never comes here.
create function ibr.areas_in_reach() returns text[]
language sql stable parallel safe
set search_path = ''
as $$
    with recursive within as (
        select code
        from pg_catalog.unnest(pg_catalog.string_to_array(
            nullif(pg_catalog.current_setting('ibr.areas', true), ''), ',')) as code
        union
        select below.code from ibr.area below join within on below.parent = within.code
    )
    select coalesce(pg_catalog.array_agg(code), '{}') from within
$$;
revoke all on function ibr.may_touch(text[]), ibr.everywhere(), ibr.areas_in_reach() from public;
grant execute on function ibr.may_touch(text[]), ibr.everywhere(), ibr.areas_in_reach()
    to ibr_app, ibr_worker, ibr_auditor;

-- One more policy beside the one by programme, for the role that answers askers; both must let a
-- row through. `whose` is the condition by area, 'true' where a table has nothing to do with where
-- somebody lives. Both questions are put in a sub-select, so that PostgreSQL asks once a statement;
-- who may see people everywhere never comes to the second half of the condition by area.
create procedure ibr.guard_by_right(table_name text, classes text[], whose text)
language plpgsql
set search_path = ''
as $$
declare
    allowed text := pg_catalog.format('(select ibr.may_touch(%L::text[]))', classes);
begin
    if whose <> 'true' then
        allowed := allowed || pg_catalog.format(' and ((select ibr.everywhere()) or %s)', whose);
    end if;
    execute pg_catalog.format(
        'create policy right_and_area on ibr.%I as restrictive to ibr_app '
        'using (%s) with check (%s)', table_name, allowed, allowed
    );
end
$$;
revoke all on procedure ibr.guard_by_right(text, text[], text) from public;

-- Where somebody lives is what their record says now. What hangs on a record is seen by whoever
-- sees the record: a copy of the area beside each benefit and each identifier would have to move
-- with everybody who moves.
call ibr.guard_by_right('beneficiary_record', '{counts,standing,people}',
    '(region_code = any ((select ibr.areas_in_reach())::text[])
      or sub_region_code = any ((select ibr.areas_in_reach())::text[]))');

do $$
declare
    each record;
begin
    for each in select * from (values
        ('group_member', '{counts,people}'),
        ('enrolment', '{counts,standing,people}'),
        ('identifier', '{people}'),
        ('beneficiary_version', '{people}'),
        ('status_change', '{people}'),
        ('benefit', '{people}'),
        ('change', '{people}'),
        ('appearance', '{standing,people}'),
        ('appearance_number', '{people}'),
        ('person_member', '{counts,people}'),
        ('person_event', '{people}')
    ) as t (name, classes) loop
        call ibr.guard_by_right(each.name, each.classes::text[], format(
            'exists (select from ibr.beneficiary_record r where r.record_id = %I.record_id)',
            each.name));
    end loop;
end
$$;

-- The index that answers "enrolled?" is asked more often than all other tables together. A condition
-- with a sub-select in it is made ready for each of these questions, even where it is never come to
-- (12 % of the database's work for a single one); a function is looked at when it is called.
create function ibr.lives_in_reach(of_record bigint) returns boolean
language sql stable parallel safe
set search_path = ''
as $$ select exists (select from ibr.beneficiary_record r where r.record_id = of_record) $$;
revoke all on function ibr.lives_in_reach(bigint) from public;
grant execute on function ibr.lives_in_reach(bigint) to ibr_app, ibr_worker;
call ibr.guard_by_right('enrolled_index', '{standing,people}',
    'ibr.lives_in_reach(enrolled_index.record_id)');

-- A delivery and what was refused of it belong to a programme, not to a place: a file has people of
-- every district, and a refused record was never read far enough to live anywhere.
call ibr.guard_by_right('delivery', '{deliveries}', 'true');
call ibr.guard_by_right('refused_record', '{deliveries}', 'true');

-- A finding about somebody is seen where they live. One about an area is seen there; one about a
-- programme as a whole is about nobody, and seen by all who see the programme.
call ibr.guard_by_right('finding', '{findings,finding_counts}',
    '(num_nonnulls(person_id, record_id, area_code) = 0
      or area_code = any ((select ibr.areas_in_reach())::text[])
      or exists (select from ibr.beneficiary_record r where r.record_id = finding.record_id)
      or exists (select from ibr.beneficiary_record r where r.record_id = finding.other_record)
      or exists (select from ibr.person_member m where m.person_id = finding.person_id))');

call ibr.guard_by_right('overlap_case', '{cases,case_counts}',
    '(exists (select from ibr.beneficiary_record r where r.record_id = overlap_case.record_id)
      or exists (select from ibr.person_member m where m.person_id = overlap_case.person_id))');
call ibr.guard_by_right('case_step', '{cases,case_counts}',
    'exists (select from ibr.overlap_case c where c.case_id = case_step.case_id)');
call ibr.guard_by_right('case_letter', '{cases}',
    'exists (select from ibr.overlap_case c where c.case_id = case_letter.case_id)');
call ibr.guard_by_right('case_money', '{cases,case_counts}',
    'exists (select from ibr.overlap_case c where c.case_id = case_money.case_id)');
-- A notice tells that another programme has a case, and never about whom.
call ibr.guard_by_right('case_notice', '{cases,case_counts}', 'true');

-- Pairs and decisions span programmes, so no policy by one programme stands before them. A pair is
-- seen by who sees both of its programmes; a decision stands with the pair or records it is read for.
create procedure ibr.guard_pairs(table_name text)
language plpgsql
set search_path = ''
as $$
begin
    execute pg_catalog.format('alter table ibr.%I enable row level security', table_name);
    execute pg_catalog.format('alter table ibr.%I force row level security', table_name);
    execute pg_catalog.format('create policy everybody on ibr.%I using (true)', table_name);
    call ibr.guard_by_right(table_name, '{links,people}', pg_catalog.format(
        '(exists (select from ibr.beneficiary_record r where r.record_id = %1$I.low_record)
          and exists (select from ibr.beneficiary_record r where r.record_id = %1$I.high_record))',
        table_name));
end
$$;
call ibr.guard_pairs('link_pair');
call ibr.guard_pairs('link_decision');
create policy both_programmes_in_reach on ibr.link_pair as restrictive to ibr_app
    using (low_programme = any ((select ibr.programmes_in_reach())::integer[])
           and high_programme = any ((select ibr.programmes_in_reach())::integer[]));
drop procedure ibr.guard_pairs(text);

-- The ledger is written by everybody, and read by those who may: a subject's questions beside their
-- record. Its owner is not held by it: the seals are checked by the command line as the owner. Of
-- the audit trail the pages may not read more than number and time, by grants of its columns.
alter table ibr.question_asked enable row level security;
create policy everybody on ibr.question_asked using (true);
create policy right_to_read on ibr.question_asked as restrictive for select to ibr_app
    using ((select ibr.may_touch('{ledger}')));

-- Agreements. A row is never changed but to end it; what is agreed anew is another row, which says
-- what it takes the place of. Nothing is read of partner.ask_all, report_all, legal_basis,
-- purpose_code and of partner_programme any more; they stay for a version of before that still
-- serves while this migration runs.
create table ibr.agreement (
    agreement_no integer generated always as identity primary key,
    partner_id integer not null references ibr.partner,
    legal_basis text not null check (length(legal_basis) between 1 and 500),
    legal_reference text check (length(legal_reference) between 1 and 300),
    legal_link text check (legal_link ~ '^https://' and length(legal_link) <= 500),
    signed_by text check (length(signed_by) between 1 and 300),
    signed_on date,
    document_digest bytea check (length(document_digest) = 32),
    valid_from date not null,
    valid_to date,
    takes_place_of integer references ibr.agreement,
    entered_by text not null,
    entered_at timestamptz not null,
    ended_from date,
    ended_by text,
    ended_at timestamptz,
    ended_why text check (length(ended_why) between 1 and 500),
    check (valid_to >= valid_from),
    check (num_nulls(ended_from, ended_by, ended_at, ended_why) in (0, 4))
);
call ibr.describe('agreement', 'What a partner may tell, ask and see, by which law, until when.', '{
    "agreement_no": "plain: the registry''s number for it",
    "partner_id": "plain: the partner it is with",
    "legal_basis": "plain: the law or agreement that allows it, in words",
    "legal_reference": "plain: where it stands there, for example section 4",
    "legal_link": "plain: where it can be read",
    "signed_by": "plain: who signed it, by office or name",
    "signed_on": "plain: on what day",
    "document_digest": "plain: SHA-256 of the signed document, which is kept elsewhere",
    "valid_from": "plain: first day",
    "valid_to": "plain: last day, empty when open",
    "takes_place_of": "plain: the agreement that this one followed",
    "entered_by": "plain: who entered it: an officer, the second one, or the command line",
    "entered_at": "plain: when",
    "ended_from": "plain: first day on which it counts no more, where it was ended before its time",
    "ended_by": "plain: who ended it",
    "ended_at": "plain: when that was entered",
    "ended_why": "plain: why"
}');
create index agreement_partner on ibr.agreement (partner_id, agreement_no);

create table ibr.agreement_clause (
    agreement_no integer not null references ibr.agreement,
    clause_no smallint not null check (clause_no between 1 and 99),
    acts text[] not null check (cardinality(acts) > 0 and acts <@ array[
        'report', 'enrolled', 'search', 'possible_duplicates', 'changes', 'cases', 'figures']),
    programmes integer[],
    attributes text[],
    purposes text[] check (cardinality(purposes) > 0),
    primary key (agreement_no, clause_no)
);
call ibr.describe('agreement_clause', 'One sentence of an agreement: what may be done with which programmes, for which purposes, and what comes back.', '{
    "agreement_no": "plain: the agreement",
    "clause_no": "plain: the clause, from 1",
    "acts": "plain: report, enrolled, search, possible_duplicates, changes, cases, figures",
    "programmes": "plain: the programmes, empty for all there are and will be",
    "attributes": "plain: what comes back of a record, empty for all of it",
    "purposes": "plain: for which purposes, by code, empty for any that is named"
}');

-- Today's rows as agreements: by right and period what each partner could do until now.
insert into ibr.agreement (partner_id, legal_basis, valid_from, entered_by, entered_at)
select p.partner_id, coalesce(nullif(left(p.legal_basis, 500), ''),
                              'entered before agreements were kept'),
       (p.known_at at time zone 'UTC')::date, 'the registry itself', now()
from ibr.partner p
where p.ask_all or p.report_all
   or exists (select from ibr.partner_programme pp
              where pp.partner_id = p.partner_id and pp.valid_to is null
                and (pp.may_ask or pp.may_report));
-- A right to one programme with a last day is an agreement of its own.
insert into ibr.agreement (partner_id, legal_basis, legal_reference, valid_from, valid_to,
                           entered_by, entered_at)
select p.partner_id, coalesce(nullif(left(p.legal_basis, 500), ''),
                              'entered before agreements were kept'),
       'programme ' || pp.programme_id, pp.valid_from, pp.valid_to, 'the registry itself', now()
from ibr.partner p join ibr.partner_programme pp using (partner_id)
where pp.valid_to >= pp.valid_from and (pp.may_ask or pp.may_report);

with held as (
    select a.agreement_no, p.ask_all and a.valid_to is null as ask_all,
           p.report_all and a.valid_to is null as report_all,
           array_agg(pp.programme_id order by pp.programme_id) filter (where pp.may_ask) as ask,
           array_agg(pp.programme_id order by pp.programme_id) filter (where pp.may_report)
               as report,
           'registry.figures' = any (p.scopes) and a.valid_to is null as figures
    from ibr.agreement a
    join ibr.partner p using (partner_id)
    left join ibr.partner_programme pp on pp.partner_id = p.partner_id
        and (a.valid_to is null and pp.valid_to is null
             or a.legal_reference = 'programme ' || pp.programme_id)
    where a.entered_by = 'the registry itself'
    group by a.agreement_no, p.partner_id
)
insert into ibr.agreement_clause (agreement_no, clause_no, acts, programmes)
select agreement_no, 1, array['report', 'cases'], case when report_all then null else report end
from held where report_all or report is not null
union all
select agreement_no, 2, array['enrolled', 'search', 'possible_duplicates', 'changes'],
       case when ask_all then null else ask end
from held where ask_all or ask is not null
union all
select agreement_no, 3, array['figures'], null from held where figures;
update ibr.agreement set legal_reference = null where entered_by = 'the registry itself';

-- The pages write agreements that two people stand for, and no others.
alter table ibr.agreement enable row level security;
create policy agreement_read on ibr.agreement for select using (true);
create policy agreement_add on ibr.agreement for insert with check (
    (select ibr.approved_act()) in ('agreement.add', 'partner.add', 'partner.scope'));
create policy agreement_end on ibr.agreement for update
    using ((select ibr.approved_act()) in ('agreement.add', 'agreement.end', 'partner.scope'))
    with check ((select ibr.approved_act()) in ('agreement.add', 'agreement.end', 'partner.scope'));
alter table ibr.agreement_clause enable row level security;
create policy agreement_clause_read on ibr.agreement_clause for select using (true);
create policy agreement_clause_add on ibr.agreement_clause for insert with check (
    (select ibr.approved_act()) in ('agreement.add', 'partner.add', 'partner.scope'));
grant select on ibr.agreement, ibr.agreement_clause to ibr_app, ibr_worker, ibr_auditor;
grant insert on ibr.agreement, ibr.agreement_clause to ibr_app;
grant update (ended_from, ended_by, ended_at, ended_why) on ibr.agreement to ibr_app;

-- What was refused to partners, for those who may know why; the pages may not read the audit trail
-- itself. It holds no personal data and no value that was sent.
create index audit_event_refused on ibr.audit_event (event_id desc)
    where kind = 'question.refused' and actor_kind = 'partner';
create function ibr.refused_to_partners(of_partner integer, most integer)
returns table (event_id bigint, at timestamptz, partner_id integer, details jsonb)
language sql stable security definer
set search_path = ''
as $$
    select e.event_id, e.at, e.actor_id, e.details
    from ibr.audit_event e
    where e.kind = 'question.refused' and e.actor_kind = 'partner'
      and (of_partner is null or e.actor_id = of_partner)
      and (select ibr.may_touch('{refusals}'))
    order by e.event_id desc limit least(most, 500)
$$;
revoke all on function ibr.refused_to_partners(integer, integer) from public;
grant execute on function ibr.refused_to_partners(integer, integer) to ibr_app;
