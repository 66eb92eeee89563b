-- How long each class of data is kept, what may not be disposed of, who was erased, and extracts.

create table ibr.retention_rule (
    rule_no integer generated always as identity primary key,
    class text not null check (class in (
        'delivery_bytes', 'record_versions', 'ended_enrolments', 'withdrawn', 'search_answers',
        'told_elsewhere', 'case_notes', 'closed_findings', 'help_visits'
    )),
    keep_days integer check (keep_days between 7 and 36500),
    disposal text not null check (disposal in ('delete', 'pseudonymise')),
    legal_basis text not null check (length(legal_basis) between 1 and 500),
    asked_by integer,
    set_by integer,
    set_at timestamptz not null,
    check (asked_by is null or set_by is distinct from asked_by),
    check (disposal = 'delete' or class = 'ended_enrolments')
);
call ibr.describe('retention_rule', 'How long a class of data is kept, by which law; never changed, only followed by another.', '{
    "rule_no": "plain: number; the highest of a class counts",
    "class": "plain: which class of data, by its code",
    "keep_days": "plain: days after the event of the class; empty for as long as no rule says otherwise",
    "disposal": "plain: delete or pseudonymise",
    "legal_basis": "plain: the law or decision it rests on, in words",
    "asked_by": "plain: the officer who proposed it; empty for the registry''s own start and the command line",
    "set_by": "plain: the other officer, who approved it",
    "set_at": "plain: since when it counts"
}');
create index retention_rule_class on ibr.retention_rule (class, rule_no desc);
insert into ibr.retention_rule (class, keep_days, disposal, legal_basis, set_at)
select class, keep_days, disposal, 'The registry''s own start, until a law is named.', now()
from (values ('delivery_bytes', 730, 'delete'), ('record_versions', 1825, 'delete'),
             ('ended_enrolments', 3650, 'pseudonymise'), ('withdrawn', 1825, 'delete'),
             ('search_answers', 90, 'delete'), ('told_elsewhere', 730, 'delete'),
             ('case_notes', 1825, 'delete'), ('closed_findings', 1825, 'delete'),
             ('help_visits', 1825, 'delete'))
     as begun (class, keep_days, disposal);

create table ibr.legal_hold (
    hold_id integer generated always as identity primary key,
    kind text not null check (kind in ('person', 'programme', 'class')),
    blind_index bytea,
    about_programme integer,
    class text,
    reason text not null check (length(reason) between 1 and 500),
    until date,
    placed_by integer,
    placed_at timestamptz not null,
    lift_asked_by integer,
    lifted_by integer,
    lifted_at timestamptz,
    lifted_why text check (length(lifted_why) between 1 and 500),
    check (num_nonnulls(about_programme, class) + (kind = 'person')::integer = 1),
    check (lift_asked_by is null or lifted_by is distinct from lift_asked_by)
);
call ibr.describe('legal_hold', 'What may be neither disposed of nor erased, why, and who lifted it.', '{
    "hold_id": "plain: number",
    "kind": "plain: person, programme or class of data",
    "blind_index": "sensitive: HMAC of the person''s identifier, so that records reported later are held too",
    "about_programme": "plain: the programme, where it holds one",
    "class": "plain: the class of data, where it holds one",
    "reason": "plain: why, in words that name nobody",
    "until": "plain: last day; empty until it is lifted",
    "placed_by": "plain: the officer who placed it; empty for the command line",
    "placed_at": "plain: when",
    "lift_asked_by": "plain: the officer who proposed to lift it",
    "lifted_by": "plain: the other officer, who lifted it",
    "lifted_at": "plain: when it was lifted",
    "lifted_why": "plain: why, in words that name nobody"
}');
create index legal_hold_open on ibr.legal_hold (hold_id) where lifted_at is null;

create table ibr.legal_hold_record (
    hold_id integer not null references ibr.legal_hold,
    record_id bigint not null,
    primary key (record_id, hold_id)
);
call ibr.describe('legal_hold_record', 'Records that a hold on a person covered when it was placed.', '{
    "hold_id": "plain: the hold",
    "record_id": "plain: the record"
}');

create table ibr.retention_run (
    run_no integer generated always as identity primary key,
    started_at timestamptz not null,
    ended_at timestamptz
);
call ibr.describe('retention_run', 'Nights in which what was past its time was disposed of.', '{
    "run_no": "plain: number",
    "started_at": "plain: when it began",
    "ended_at": "plain: when it was done; empty where it was interrupted"
}');
create table ibr.retention_disposed (
    run_no integer not null references ibr.retention_run,
    class text not null,
    rule_no integer not null references ibr.retention_rule,
    through timestamptz not null,
    since timestamptz,
    disposed bigint not null,
    held bigint not null,
    primary key (run_no, class)
);
call ibr.describe('retention_disposed', 'What a run disposed of, class by class, as counts.', '{
    "run_no": "plain: the run",
    "class": "plain: the class of data",
    "rule_no": "plain: the rule it followed",
    "through": "plain: what happened before this moment was past its time",
    "since": "plain: the oldest event among what was disposed of",
    "disposed": "plain: how much was disposed of",
    "held": "plain: how much was past its time and held"
}');

create table ibr.stripped_record (
    record_id bigint primary key,
    stripped_at timestamptz not null
);
call ibr.describe('stripped_record', 'Records without a person any more: what was paid is kept, to whom is not.', '{
    "record_id": "plain: the record",
    "stripped_at": "plain: when everything that tells of the person was taken out"
}');

create table ibr.erasure (
    erasure_id integer generated always as identity primary key,
    record_ids bigint[] not null check (cardinality(record_ids) between 1 and 100),
    ground text not null check (ground in ('request', 'unlawful', 'court_order')),
    with_bytes boolean not null default false,
    state text not null default 'approved' check (state in ('approved', 'rows_gone', 'done')),
    asked_by integer,
    approved_by integer,
    approved_at timestamptz not null,
    rows_gone_at timestamptz,
    done_at timestamptz,
    counts jsonb not null default '{}',
    replayed integer not null default 0,
    check (asked_by is null or approved_by is distinct from asked_by)
);
call ibr.describe('erasure', 'Records that were erased at a request: by number only, and how far it is.', '{
    "erasure_id": "plain: number",
    "record_ids": "plain: the records, of which nothing is left",
    "ground": "plain: request of the person, unlawful from the start, or a court''s order",
    "with_bytes": "plain: whether the bytes of deliveries that carried them go at once, too",
    "state": "plain: approved, rows_gone (keys still to be destroyed) or done",
    "asked_by": "plain: the officer who proposed it; empty for the command line",
    "approved_by": "plain: the other officer, who approved it",
    "approved_at": "plain: when",
    "rows_gone_at": "plain: when the rows were gone",
    "done_at": "plain: when the keys were destroyed, too",
    "counts": "plain: rows taken out, by what they were",
    "replayed": "plain: how often it was done again after a restore"
}');
create index erasure_open on ibr.erasure (erasure_id) where state <> 'done';

create table ibr.erased_key (
    record_key bytea primary key,
    erasure_id integer not null,
    erased_at timestamptz not null,
    refused integer not null default 0,
    refused_at timestamptz
);
call ibr.describe('erased_key', 'Erased records by their keyed hash, so that a late delivery does not bring them back.', '{
    "record_key": "sensitive: blind index of programme, identifier type and value, as in record_key",
    "erasure_id": "plain: the erasure",
    "erased_at": "plain: when; only an enrolment after that is taken in",
    "refused": "plain: how often a delivery carried it since and was refused that record",
    "refused_at": "plain: when last"
}');

create table ibr.research_extract (
    extract_no integer generated always as identity primary key,
    asked_by integer not null,
    approved_by integer not null,
    approved_at timestamptz not null,
    wanted jsonb not null,
    form text not null check (form in ('csv', 'parquet')),
    expires_at timestamptz not null,
    state text not null default 'approved' check (state in (
        'approved', 'ready', 'taken', 'expired', 'failed'
    )),
    made_at timestamptz,
    rows integer,
    left_out integer,
    coarsened integer,
    protected_left_out integer,
    bytes bigint,
    digest bytea,
    taken_at timestamptz,
    reason text,
    check (asked_by <> approved_by)
);
call ibr.describe('research_extract', 'Extracts for research: rows without names or numbers, asked for by one and approved by another.', '{
    "extract_no": "plain: number",
    "asked_by": "plain: the officer who asked for it and alone may take it",
    "approved_by": "plain: the other officer, who approved it",
    "approved_at": "plain: when",
    "wanted": "plain: columns, months, programmes, purpose and legal basis, as approved",
    "form": "plain: csv or parquet",
    "expires_at": "plain: from when it is gone",
    "state": "plain: approved, ready, taken, expired or failed",
    "made_at": "plain: when it was made",
    "rows": "plain: rows in it",
    "left_out": "plain: rows left out because fewer than five were alike",
    "coarsened": "plain: rows whose area or birth year was made coarser so that five are alike",
    "protected_left_out": "plain: rows of protected people, left out",
    "bytes": "plain: length of the file",
    "digest": "plain: SHA-256 of the file",
    "taken_at": "plain: when it was taken",
    "reason": "plain: why it failed, by code"
}');
create table ibr.research_extract_part (
    extract_no integer not null references ibr.research_extract,
    part_no integer not null,
    sealed bytea not null,
    primary key (extract_no, part_no)
);
alter table ibr.research_extract_part alter column sealed set storage external;
call ibr.describe('research_extract_part', 'The file of an extract until it is taken or expires, compressed and sealed.', '{
    "extract_no": "plain: the extract",
    "part_no": "plain: order of the parts",
    "sealed": "sensitive: compressed and sealed bytes"
}');

create table ibr.processing_review (
    review_no integer generated always as identity primary key,
    digest bytea not null,
    reviewed_by integer not null,
    reviewed_at timestamptz not null,
    note text not null check (length(note) between 1 and 1000)
);
call ibr.describe('processing_review', 'When somebody last went through the record of processing, and what it said then.', '{
    "review_no": "plain: number",
    "digest": "plain: SHA-256 of the record as it stood",
    "reviewed_by": "plain: the officer who went through it",
    "reviewed_at": "plain: when",
    "note": "plain: what came of it, in words that name nobody"
}');

-- What two people must approve is written in the transaction of that act only.
alter table ibr.retention_rule enable row level security;
create policy read on ibr.retention_rule for select using (true);
create policy approved on ibr.retention_rule for insert
    with check ((select ibr.approved_act()) = 'retention.rule');
alter table ibr.legal_hold enable row level security;
create policy read on ibr.legal_hold for select using (true);
create policy place on ibr.legal_hold for insert with check (lifted_at is null);
create policy lift on ibr.legal_hold for update
    using ((select ibr.approved_act()) = 'hold.lift') with check (true);
alter table ibr.erasure enable row level security;
create policy read on ibr.erasure for select using (true);
create policy approved on ibr.erasure for insert
    with check ((select ibr.approved_act()) = 'erasure' and state = 'approved');
create policy go_on on ibr.erasure for update to ibr_worker using (true) with check (true);
alter table ibr.research_extract enable row level security;
create policy read on ibr.research_extract for select using (true);
create policy approved on ibr.research_extract for insert
    with check ((select ibr.approved_act()) = 'research.extract' and state = 'approved');
create policy go_on on ibr.research_extract for update using (true) with check (true);

grant select, insert on ibr.retention_rule, ibr.legal_hold, ibr.legal_hold_record, ibr.erasure,
    ibr.research_extract, ibr.processing_review to ibr_app;
grant update (lift_asked_by, lifted_by, lifted_at, lifted_why) on ibr.legal_hold to ibr_app;
grant select on ibr.retention_run, ibr.retention_disposed to ibr_app;
grant select on ibr.erased_key to ibr_app, ibr_worker;
grant update (refused, refused_at) on ibr.erased_key to ibr_app, ibr_worker;
grant select on ibr.retention_rule, ibr.legal_hold, ibr.legal_hold_record, ibr.erasure,
    ibr.research_extract, ibr.stripped_record, ibr.processing_review to ibr_worker;
grant select, insert, update on ibr.retention_run, ibr.retention_disposed to ibr_worker;
grant update (state, rows_gone_at, done_at, counts, replayed) on ibr.erasure to ibr_worker;
grant update (state, taken_at) on ibr.research_extract to ibr_app;
grant update on ibr.research_extract to ibr_worker;
grant select, delete on ibr.research_extract_part to ibr_app;
grant select, insert, delete on ibr.research_extract_part to ibr_worker;
grant select on ibr.retention_rule, ibr.legal_hold, ibr.retention_run, ibr.retention_disposed,
    ibr.erasure, ibr.research_extract, ibr.processing_review to ibr_auditor;
grant select on ibr.help_visit_record to ibr_worker;

-- Records that no disposal and no erasure may touch today: of a person or of a programme.
create function ibr.held_among(wanted bigint[]) returns bigint[]
language sql stable security definer
set search_path = ''
as $$
    select coalesce(pg_catalog.array_agg(distinct held.record_id), '{}')
    from (
        select l.record_id from ibr.legal_hold_record l join ibr.legal_hold h using (hold_id)
        where l.record_id = any (wanted) and h.lifted_at is null
          and (h.until is null or h.until >= current_date)
        union all
        select e.record_id from ibr.legal_hold h
        join ibr.enrolled_index e on e.blind_index = h.blind_index
        where e.record_id = any (wanted) and h.lifted_at is null
          and (h.until is null or h.until >= current_date)
        union all
        select b.record_id from ibr.legal_hold h
        join ibr.enrolment b on b.programme_id = h.about_programme
        where b.record_id = any (wanted) and h.lifted_at is null
          and (h.until is null or h.until >= current_date)
    ) held
$$;

create function ibr.held_programmes() returns integer[]
language sql stable security definer
set search_path = ''
as $$
    select coalesce(pg_catalog.array_agg(about_programme), '{}') from ibr.legal_hold
    where kind = 'programme' and lifted_at is null and (until is null or until >= current_date)
$$;

create function ibr.class_is_held(wanted text) returns boolean
language sql stable security definer
set search_path = ''
as $$
    select exists (
        select from ibr.legal_hold
        where class = wanted and lifted_at is null and (until is null or until >= current_date))
$$;

-- Before this moment something of a class is past its time; null where the class is held or is
-- kept. Nobody disposes ahead of the clock.
create function ibr.past_its_time(wanted text, moment timestamptz) returns timestamptz
language plpgsql stable security definer
set search_path = ''
as $$
declare
    days integer;
begin
    if moment > pg_catalog.now() + interval '1 day' then
        raise exception 'nothing is disposed of ahead of its time';
    end if;
    select keep_days into days from ibr.retention_rule
    where class = wanted order by rule_no desc limit 1;
    return moment - pg_catalog.make_interval(days => days);
end
$$;

-- What leads to a person and what tells of them, of these records; what was paid stays. Called by
-- the two functions below, which say when that may be.
create function ibr.take_out_person(wanted bigint[]) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    numbers bytea[];
    own bytea[];
    about_cases bigint[];
    letters bigint[];
    visits bigint[];
    found jsonb := '{}';
    gone bigint;
begin
    if pg_catalog.cardinality(ibr.held_among(wanted)) > 0 then
        raise exception 'a record is held' using errcode = 'IBH01';
    end if;
    select pg_catalog.array_agg(distinct blind_index),
           pg_catalog.array_agg(distinct blind_index) filter (where role = 0)
      into numbers, own
    from ibr.identifier where record_id = any (wanted);
    select pg_catalog.array_agg(distinct case_id) into about_cases from (
        select case_id from ibr.finding
        where case_id is not null and (record_id = any (wanted) or other_record = any (wanted))
        union
        select case_id from ibr.overlap_case where record_id = any (wanted)
        union
        select c.case_id from ibr.overlap_case c
        join ibr.person_member m on m.person_id = c.person_id
        where m.record_id = any (wanted) and c.programme_id = m.programme_id
    ) those;

    delete from ibr.enrolled_index where blind_index = any (numbers) and record_id = any (wanted);
    get diagnostics gone = row_count;
    found := found || pg_catalog.jsonb_build_object('index_entries', gone);
    delete from ibr.identifier where record_id = any (wanted);
    get diagnostics gone = row_count;
    found := found || pg_catalog.jsonb_build_object('identifiers', gone);
    delete from ibr.record_key where record_id = any (wanted);
    delete from ibr.beneficiary_version where record_id = any (wanted);
    get diagnostics gone = row_count;
    found := found || pg_catalog.jsonb_build_object('versions', gone);
    delete from ibr.group_member where record_id = any (wanted);

    update ibr.confirmed_person p
    set first_record = led.record_id, first_no = led.appearance_no
    from (
        select distinct on (o.first_record, o.first_no)
               o.first_record, o.first_no, o.record_id, o.appearance_no
        from ibr.confirmed_person o
        where o.first_record = any (wanted) and not o.record_id = any (wanted)
        order by o.first_record, o.first_no, o.record_id, o.appearance_no
    ) led
    where p.first_record = led.first_record and p.first_no = led.first_no
      and not p.record_id = any (wanted);
    delete from ibr.confirmed_person where record_id = any (wanted);
    delete from ibr.confirmed_number where record_id = any (wanted);
    delete from ibr.appearance_number where record_id = any (wanted);
    delete from ibr.appearance where record_id = any (wanted);
    get diagnostics gone = row_count;
    found := found || pg_catalog.jsonb_build_object('appearances', gone);
    update ibr.person p set ended_at = pg_catalog.now()
    where p.ended_at is null and p.person_id in (
        select m.person_id from ibr.person_member m where m.record_id = any (wanted))
      and not exists (select from ibr.person_member m
                      where m.person_id = p.person_id and not m.record_id = any (wanted));
    delete from ibr.person_member where record_id = any (wanted);
    delete from ibr.person_event where record_id = any (wanted);
    delete from ibr.review_second
    where low_record = any (wanted) or high_record = any (wanted);
    delete from ibr.review_lease
    where low_record = any (wanted) or high_record = any (wanted);
    delete from ibr.review_set_aside
    where low_record = any (wanted) or high_record = any (wanted);
    delete from ibr.review_known_answer
    where low_record = any (wanted) or high_record = any (wanted);
    delete from ibr.review_known
    where low_record = any (wanted) or high_record = any (wanted);
    delete from ibr.link_decision
    where low_record = any (wanted) or high_record = any (wanted);
    delete from ibr.link_pair
    where low_record = any (wanted) or high_record = any (wanted);
    get diagnostics gone = row_count;
    found := found || pg_catalog.jsonb_build_object('links', gone);
    delete from ibr.notification where record_id = any (wanted);
    -- What was asked and shown at the help desk; a visit that lasts ends, for its words are gone.
    delete from ibr.person_request where record_id = any (wanted);
    get diagnostics gone = row_count;
    found := found || pg_catalog.jsonb_build_object('requests', gone);
    visits := array(select distinct r.visit_no from ibr.help_visit_record r
                    where r.record_id = any (wanted));
    delete from ibr.statement_given where visit_no = any (visits);
    delete from ibr.help_visit_record where record_id = any (wanted);
    update ibr.help_visit
    set subjects = '{}', proved = '', note = null, ended_how = coalesce(ended_how, 'time'),
        ended_at = coalesce(ended_at, pg_catalog.now())
    where visit_no = any (visits);
    get diagnostics gone = row_count;
    found := found || pg_catalog.jsonb_build_object('visits', gone);
    delete from ibr.protected_record where record_id = any (wanted);

    delete from ibr.finding
    where record_id = any (wanted) or other_record = any (wanted);
    get diagnostics gone = row_count;
    found := found || pg_catalog.jsonb_build_object('findings', gone);
    update ibr.case_step set note = null, letter_no = null where case_id = any (about_cases);
    letters := array(select letter_no from ibr.case_letter where case_id = any (about_cases));
    delete from ibr.case_letter where case_id = any (about_cases);
    found := found || pg_catalog.jsonb_build_object(
        'letters', pg_catalog.cardinality(letters), 'letter_nos', letters,
        'case_ids', coalesce(about_cases, '{}'));
    update ibr.overlap_case set sex = 0, birth_year = null, region_code = null
    where case_id = any (about_cases);
    get diagnostics gone = row_count;
    found := found || pg_catalog.jsonb_build_object('cases', gone);

    -- What others told of a number, and our own questions about it, where no other record has it.
    own := (select pg_catalog.array_agg(each) from pg_catalog.unnest(own) each
            where not exists (select from ibr.enrolled_index e where e.blind_index = each));
    delete from ibr.known_attribute where subject_index = any (own);
    get diagnostics gone = row_count;
    found := found || pg_catalog.jsonb_build_object('told', gone);
    delete from ibr.own_question where subject_index = any (own);
    return found;
end
$$;

-- Takes everything about the records of an approved erasure out, and remembers their keyed hashes.
-- The caller holds the merge locks of all programmes and has all of them in reach.
create function ibr.take_out_erased(wanted_erasure integer, moment timestamptz) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
    wanted bigint[];
    whole boolean;
    deliveries bigint[] := '{}';
    found jsonb;
    gone bigint;
begin
    select record_ids, with_bytes into wanted, whole from ibr.erasure
    where erasure_id = wanted_erasure and state = 'approved' for update;
    if wanted is null then
        raise exception 'no erasure of that number is approved and open';
    end if;
    insert into ibr.erased_key (record_key, erasure_id, erased_at)
    select record_key, wanted_erasure, moment from ibr.record_key where record_id = any (wanted)
    on conflict (record_key) do update
        set erasure_id = excluded.erasure_id,
            -- Done again after a restore, it counts from when it was done first.
            erased_at = case when erased_key.erasure_id = excluded.erasure_id
                             then erased_key.erased_at else excluded.erased_at end;
    found := ibr.take_out_person(wanted);
    -- Whoever follows the feed of changes learns that the record is gone.
    insert into ibr.change (record_id, programme_id, kind, happened_at, delivery_id)
    select record_id, programme_id, 'withdrawn', moment, delivery_id
    from ibr.beneficiary_record where record_id = any (wanted);
    delete from ibr.benefit where record_id = any (wanted);
    get diagnostics gone = row_count;
    found := found || pg_catalog.jsonb_build_object('benefits', gone);
    delete from ibr.status_change where record_id = any (wanted);
    delete from ibr.withdrawn_benefit where record_id = any (wanted);
    delete from ibr.withdrawn_status where record_id = any (wanted);
    delete from ibr.withdrawn_enrolment where record_id = any (wanted);
    delete from ibr.stripped_record where record_id = any (wanted);
    delete from ibr.enrolment where record_id = any (wanted);
    delete from ibr.beneficiary_record where record_id = any (wanted);
    get diagnostics gone = row_count;
    if whole then
        deliveries := array(
            select distinct d.delivery_id
            from ibr.delivery_touched t join ibr.delivery d using (delivery_id)
            where t.record_ids && wanted and d.state in ('done', 'failed', 'refused', 'voided')
              and not d.programme_ids && ibr.held_programmes()
              and not ibr.class_is_held('delivery_bytes'));
        delete from ibr.delivery_part where delivery_id = any (deliveries);
    end if;
    return found || pg_catalog.jsonb_build_object('records', gone, 'delivery_ids', deliveries);
end
$$;

-- Enrolments that ended so long ago that the person behind them is not kept: some of them, in the
-- order of their numbers from `after` on, with those that are held.
create function ibr.due_enrolments(moment timestamptz, after bigint, most integer)
returns table (record_id bigint, ended_at timestamptz, held boolean)
language sql stable security definer
set search_path = ''
as $$
    with due as (
        select e.record_id, e.status_at from ibr.enrolment e
        where e.record_id > after and e.status in (2, 3)
          and e.status_at < ibr.past_its_time('ended_enrolments', moment)
          and not exists (select from ibr.stripped_record s where s.record_id = e.record_id)
          and e.programme_id = any ((select ibr.programmes_in_reach())::integer[])
        order by e.record_id limit most
    )
    select d.record_id, d.status_at,
           ibr.class_is_held('ended_enrolments')
           or d.record_id = any ((select ibr.held_among((select pg_catalog.array_agg(x.record_id)
                                                         from due x)))::bigint[])
    from due d order by d.record_id
$$;

-- Strips records of the person: names, numbers, links, the day of birth. `blanks` are sealed empty
-- documents, one for each. Only what is due and not held; anything else undoes the whole.
create function ibr.strip_records(
    wanted bigint[], blanks bytea[], as_rule text, moment timestamptz
) returns integer
language plpgsql security definer
set search_path = ''
as $$
declare
    due integer;
begin
    select count(*) into due from ibr.enrolment e
    where e.record_id = any (wanted) and e.status in (2, 3)
      and e.status_at < ibr.past_its_time('ended_enrolments', moment)
      and e.programme_id = any ((select ibr.programmes_in_reach())::integer[]);
    if due <> pg_catalog.cardinality(wanted) then
        raise exception 'a record is not past its time';
    end if;
    if ibr.class_is_held('ended_enrolments') then
        raise exception 'the class is held' using errcode = 'IBH01';
    end if;
    perform ibr.take_out_person(wanted);
    if as_rule = 'delete' then
        delete from ibr.benefit where record_id = any (wanted);
        delete from ibr.status_change where record_id = any (wanted);
        delete from ibr.withdrawn_benefit where record_id = any (wanted);
        delete from ibr.withdrawn_status where record_id = any (wanted);
        delete from ibr.withdrawn_enrolment where record_id = any (wanted);
        delete from ibr.enrolment where record_id = any (wanted);
        delete from ibr.beneficiary_record where record_id = any (wanted);
    else
        update ibr.beneficiary_record b
        set personal = given.blank, death_date = null, birth_precision = least(b.birth_precision, 1),
            birth_date = pg_catalog.date_trunc('year', b.birth_date::timestamp)::date,
            subject_index = pg_catalog.decode(pg_catalog.md5(pg_catalog.random()::text
                || pg_catalog.clock_timestamp()::text || b.record_id::text), 'hex'),
            content_digest = '\x00000000000000000000000000000000'
        from (select pg_catalog.unnest(wanted) as record_id, pg_catalog.unnest(blanks) as blank)
             given
        where b.record_id = given.record_id;
        insert into ibr.stripped_record (record_id, stripped_at)
        select each, moment from pg_catalog.unnest(wanted) each on conflict do nothing;
    end if;
    return due;
end
$$;

-- Disposes of some of a class that is past its time: how much, how much of it is held, the oldest
-- event of what went, the numbers of deliveries whose keys can go, and where to go on. Enrolments
-- go by the two functions above.
create function ibr.dispose(wanted text, moment timestamptz, after bigint, most integer)
returns table (disposed bigint, held bigint, since timestamptz, ids bigint[], reached bigint)
language plpgsql security definer
set search_path = ''
as $$
declare
    before timestamptz := ibr.past_its_time(wanted, moment);
    stopped boolean := ibr.class_is_held(wanted);
    kept integer[] := ibr.held_programmes();
begin
    disposed := 0; held := 0; ids := '{}';
    if before is null then
        return next;
        return;
    end if;
    if wanted = 'delivery_bytes' then
        with due as (
            select d.delivery_id, coalesce(d.done_at, d.received_at) as at, stopped
                or d.programme_ids && kept
                or exists (
                    select from ibr.delivery_touched t
                    where t.delivery_id = d.delivery_id
                      and pg_catalog.cardinality(ibr.held_among(t.record_ids)) > 0) as is_held
            from ibr.delivery d
            where d.delivery_id > after and d.state in ('done', 'failed', 'refused', 'voided')
              and coalesce(d.done_at, d.received_at) < before
              and exists (select from ibr.delivery_part p where p.delivery_id = d.delivery_id)
            order by d.delivery_id limit most
        ), gone as (
            delete from ibr.delivery_part p using due d
            where p.delivery_id = d.delivery_id and not d.is_held returning 1
        )
        select count(*) filter (where not d.is_held), count(*) filter (where d.is_held),
               min(d.at) filter (where not d.is_held), max(d.delivery_id),
               coalesce(pg_catalog.array_agg(d.delivery_id) filter (where not d.is_held), '{}')
          into disposed, held, since, reached, ids
        from due d;
    elsif wanted = 'record_versions' then
        select max(v.record_id) into reached from (
            select record_id from ibr.beneficiary_version
            where record_id > after order by record_id limit most) v;
        with due as (
            select v.record_id, v.as_of, v.known_at,
                   stopped or v.programme_id = any (kept) as is_held
            from ibr.beneficiary_version v
            where v.record_id > after and v.record_id <= reached and v.known_at < before
        ), of_people as (
            select (select ibr.held_among(pg_catalog.array_agg(d.record_id)) from due d) as ids
        ), gone as (
            delete from ibr.beneficiary_version v using due d, of_people p
            where v.record_id = d.record_id and v.as_of = d.as_of and v.known_at = d.known_at
              and not d.is_held and not v.record_id = any (p.ids)
            returning v.known_at
        )
        select (select count(*) from gone), (select count(*) from due)
               - (select count(*) from gone), (select min(g.known_at) from gone g)
          into disposed, held, since;
    elsif wanted = 'withdrawn' then
        if stopped then
            held := (select count(*) from ibr.withdrawn_enrolment where withdrawn_at < before)
                + (select count(*) from ibr.withdrawn_benefit where withdrawn_at < before)
                + (select count(*) from ibr.withdrawn_status where withdrawn_at < before);
        else
            with due as (
                select 1 as kind, w.ctid as place, w.record_id, w.programme_id, w.withdrawn_at
                from ibr.withdrawn_enrolment w where w.withdrawn_at < before
                union all
                select 2, w.ctid, w.record_id, w.programme_id, w.withdrawn_at
                from ibr.withdrawn_benefit w where w.withdrawn_at < before
                union all
                select 3, w.ctid, w.record_id, w.programme_id, w.withdrawn_at
                from ibr.withdrawn_status w where w.withdrawn_at < before
            ), of_people as materialized (
                select (select ibr.held_among(pg_catalog.array_agg(distinct d.record_id))
                        from due d) as ids
            ), free as materialized (
                select d.* from due d, of_people p
                where not d.programme_id = any (kept) and not d.record_id = any (p.ids)
                limit most
            ), first as (
                delete from ibr.withdrawn_enrolment w using free f
                where f.kind = 1 and w.ctid = f.place returning w.withdrawn_at
            ), second as (
                delete from ibr.withdrawn_benefit w using free f
                where f.kind = 2 and w.ctid = f.place returning w.withdrawn_at
            ), third as (
                delete from ibr.withdrawn_status w using free f
                where f.kind = 3 and w.ctid = f.place returning w.withdrawn_at
            ), gone as (
                select * from first union all select * from second union all select * from third
            )
            select (select count(*) from gone),
                   (select count(*) from due d, of_people p
                    where d.programme_id = any (kept) or d.record_id = any (p.ids)),
                   (select min(g.withdrawn_at) from gone g),
                   case when (select count(*) from free) = most then 1 end
              into disposed, held, since, reached;
        end if;
    elsif wanted = 'search_answers' then
        with due as (
            select m.message_key, m.received_at from ibr.message_received m
            where m.kind in ('search', 'txn_status') and m.received_at < before
              and not exists (select from ibr.accepted_request a
                              where a.message_key = m.message_key and a.answered_at is null)
            limit most
        ), answers as (
            delete from ibr.message_received m using due d
            where m.message_key = d.message_key and not stopped returning m.received_at
        ), named as (
            delete from ibr.message_reference r using due d
            where r.message_key = d.message_key and not stopped returning 1
        ), requests as (
            delete from ibr.accepted_request a using due d
            where a.message_key = d.message_key and not stopped returning 1
        )
        select (select count(*) from answers), case when stopped then (select count(*) from due)
               else 0 end, (select min(x.received_at) from answers x),
               case when (select count(*) from due) = most and not stopped then 1 end
          into disposed, held, since, reached;
    elsif wanted = 'told_elsewhere' then
        with due as (
            select k.ctid as place, k.known_at,
                   stopped or exists (select from ibr.legal_hold h
                                      where h.blind_index = k.subject_index and h.lifted_at is null
                                        and (h.until is null or h.until >= current_date))
                   as is_held
            from ibr.known_attribute k where k.known_at < before
        ), free as materialized (select * from due d where not d.is_held limit most), gone as (
            delete from ibr.known_attribute k using free f where k.ctid = f.place
            returning k.known_at
        )
        select (select count(*) from gone), (select count(*) from due d where d.is_held),
               (select min(g.known_at) from gone g),
               case when (select count(*) from free) = most then 1 end
          into disposed, held, since, reached;
    elsif wanted = 'case_notes' then
        with due as (
            select c.case_id, c.closed_at,
                   stopped or c.programme_id = any (kept) or exists (
                       select from ibr.person_member m where m.person_id = c.person_id
                         and pg_catalog.cardinality(ibr.held_among(array[m.record_id])) > 0)
                   or c.record_id is not null
                      and pg_catalog.cardinality(ibr.held_among(array[c.record_id])) > 0
                   as is_held
            from ibr.overlap_case c
            where c.case_id > after and c.closed_at < before
              and (exists (select from ibr.case_letter l where l.case_id = c.case_id)
                   or exists (select from ibr.case_step s
                              where s.case_id = c.case_id and s.note is not null))
            order by c.case_id limit most
        ), notes as (
            update ibr.case_step s set note = null, letter_no = null from due d
            where s.case_id = d.case_id and not d.is_held returning 1
        ), letters as (
            delete from ibr.case_letter l using due d
            where l.case_id = d.case_id and not d.is_held returning 1
        )
        select count(*) filter (where not d.is_held), count(*) filter (where d.is_held),
               min(d.closed_at) filter (where not d.is_held), max(d.case_id),
               coalesce(pg_catalog.array_agg(d.case_id) filter (where not d.is_held), '{}')
          into disposed, held, since, reached, ids
        from due d;
    elsif wanted = 'closed_findings' then
        with due as (
            select f.finding_id, f.closed_at,
                   stopped or f.programme_id = any (kept)
                   or pg_catalog.cardinality(ibr.held_among(
                          pg_catalog.array_remove(array[f.record_id, f.other_record], null))) > 0
                   as is_held
            from ibr.finding f
            where f.finding_id > after and f.closed_at < before
              and (f.case_id is null or exists (
                  select from ibr.overlap_case c
                  where c.case_id = f.case_id and c.closed_at < before))
            order by f.finding_id limit most
        ), gone as (
            delete from ibr.finding f using due d
            where f.finding_id = d.finding_id and not d.is_held returning 1
        )
        select (select count(*) from gone), count(*) filter (where d.is_held),
               min(d.closed_at) filter (where not d.is_held), max(d.finding_id)
          into disposed, held, since, reached
        from due d;
    elsif wanted = 'help_visits' then
        with due as (
            select v.visit_no, v.ended_at,
                   stopped or exists (
                       select from ibr.help_visit_record r join ibr.enrolment e using (record_id)
                       where r.visit_no = v.visit_no and e.programme_id = any (kept))
                   or pg_catalog.cardinality(ibr.held_among(array(
                       select r.record_id from ibr.help_visit_record r
                       where r.visit_no = v.visit_no))) > 0 as is_held
            from ibr.help_visit v
            where v.visit_no > after and v.ended_at < before
              -- As long as a programme owes an answer or a correction, the visit is kept.
              and not exists (
                  select from ibr.person_request q
                  where q.visit_no = v.visit_no
                    and (q.answer is null or q.answer = 'accepted' and q.done_at is null))
            order by v.visit_no limit most
        ), requests as (
            delete from ibr.person_request q using due d
            where q.visit_no = d.visit_no and not d.is_held returning 1
        ), statements as (
            delete from ibr.statement_given s using due d
            where s.visit_no = d.visit_no and not d.is_held returning 1
        ), records as (
            delete from ibr.help_visit_record r using due d
            where r.visit_no = d.visit_no and not d.is_held returning 1
        ), gone as (
            delete from ibr.help_visit v using due d
            where v.visit_no = d.visit_no and not d.is_held returning 1
        )
        select (select count(*) from gone), count(*) filter (where d.is_held),
               min(d.ended_at) filter (where not d.is_held), max(d.visit_no)
          into disposed, held, since, reached
        from due d;
    else
        raise exception 'no such class of data';
    end if;
    return next;
end
$$;

revoke all on function ibr.held_among(bigint[]), ibr.held_programmes(), ibr.class_is_held(text),
    ibr.past_its_time(text, timestamptz), ibr.take_out_person(bigint[]),
    ibr.take_out_erased(integer, timestamptz),
    ibr.due_enrolments(timestamptz, bigint, integer),
    ibr.strip_records(bigint[], bytea[], text, timestamptz),
    ibr.dispose(text, timestamptz, bigint, integer) from public;
grant execute on function ibr.held_among(bigint[]), ibr.held_programmes(), ibr.class_is_held(text)
    to ibr_app, ibr_worker;
grant execute on function ibr.past_its_time(text, timestamptz),
    ibr.take_out_erased(integer, timestamptz),
    ibr.due_enrolments(timestamptz, bigint, integer),
    ibr.strip_records(bigint[], bytea[], text, timestamptz),
    ibr.dispose(text, timestamptz, bigint, integer) to ibr_worker;
