-- A person's own sign-in: a visit without an officer. The database holds it as it holds a visit at
-- the help desk: through the setting ibr.visit, by the records that stand beside it.

alter table ibr.help_visit alter column officer_id drop not null;
alter table ibr.help_visit add column session_digest bytea check (length(session_digest) = 32);
alter table ibr.help_visit add constraint help_visit_of_one
    check (num_nonnulls(officer_id, session_digest) = 1);
alter table ibr.help_visit drop constraint help_visit_ended_how_check;
alter table ibr.help_visit add constraint help_visit_ended_how_check
    check (ended_how in ('officer', 'person', 'time'));
call ibr.describe('help_visit', 'Visits: one person is served at the help desk, by consent, for some minutes; or signed in by themselves.', '{
    "officer_id": "plain: the officer who serves the person; empty where they signed in themselves",
    "session_digest": "sensitive: digest of the cookie of a person who signed in themselves",
    "ended_how": "plain: officer, person or time"
}');
create unique index help_visit_session on ibr.help_visit (session_digest);
grant update (until) on ibr.help_visit to ibr_app;

alter table ibr.person_request add column by_self boolean not null default false;
call ibr.describe('person_request', 'What people ask of a programme about their own data, and what came back.', '{
    "by_self": "plain: whether the person asked by their own sign-in, and not at a help desk"
}');

-- The class "own" is what a person who signed in holds beside what a visit shows: a statement may be
-- handed out; no request is answered; and one is made about nothing but what is theirs.
alter policy handed_out_in_visits on ibr.statement_given
    with check ((select ibr.may_touch('{visits,own}')));
create policy not_by_the_person on ibr.person_request as restrictive for update to ibr_app
    using ((select ibr.may_touch('{visits}')) or not (select ibr.may_touch('{own}')));
create policy made_in_visit on ibr.person_request as restrictive for insert to ibr_app
    with check (
        not (select ibr.in_visit())
        or subject_index = any ((select ibr.visit_subjects())::bytea[])
           and record_id = any ((select ibr.visit_records())::bigint[]));

-- What hangs on a record or a case was narrowed by area, and whoever sees every area saw it of
-- everybody by the classes that a visit opens. No statement of a visit reads it so; a person's own
-- session must not even be able to.
do $$
declare
    name text;
begin
    foreach name in array array['change', 'appearance_number', 'person_member', 'person_event'] loop
        call ibr.guard_by_visit(name, format(
            'not (select ibr.in_visit()) '
            'or %I.record_id = any ((select ibr.visit_records())::bigint[])', name));
    end loop;
    foreach name in array array['case_step', 'case_letter', 'case_money'] loop
        call ibr.guard_by_visit(name, format(
            'not (select ibr.in_visit()) '
            'or exists (select from ibr.overlap_case c where c.case_id = %I.case_id)', name));
    end loop;
    foreach name in array array['case_notice', 'link_pair', 'link_decision'] loop
        call ibr.guard_by_visit(name, 'not (select ibr.in_visit())');
    end loop;
end
$$;

-- People act, too: the audit trail says so. What stands there already satisfies it.
alter table ibr.audit_event drop constraint audit_event_actor_kind_check;
alter table ibr.audit_event add constraint audit_event_actor_kind_check
    check (actor_kind in ('partner', 'officer', 'person', 'registry')) not valid;
call ibr.describe('audit_event', 'Everything that matters for trust, in order, each with its digest.', '{
    "actor_kind": "plain: partner, officer, a person by their own sign-in, or the registry itself",
    "actor_id": "plain: which partner or officer; of a person the number of the visit"
}');
