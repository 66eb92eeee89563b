-- Deliveries as first-class: control totals, holds, voids, and when each was known.

alter table ibr.delivery drop constraint delivery_state_check;
alter table ibr.delivery add constraint delivery_state_check check (state in (
    'received', 'done', 'failed', 'held', 'refused', 'voiding', 'voided', 'reinstating'
));
alter table ibr.delivery
    add column programme_id integer,
    add column totals jsonb not null default '{}',
    add column replaces bigint,
    add column content_digest bytea,
    add column same_as bigint,
    add column checked_at timestamptz,
    add column anomalies jsonb not null default '[]';
call ibr.describe('delivery', 'One message or file of news from a partner.', '{
    "state": "plain: received, done, failed, held, refused, voiding, voided or reinstating",
    "programme_id": "plain: the one programme that the sender says all of it is about, if it says so",
    "totals": "plain: control totals of the sender: records, people, money in minor units by currency",
    "replaces": "plain: an earlier delivery of the same sender that this one replaces or withdraws",
    "content_digest": "plain: digest of its records as read, to know the same content again",
    "same_as": "plain: the earlier delivery that has the very same content",
    "checked_at": "plain: when it passed the checks on arrival, or was let go by a person",
    "anomalies": "plain: what the checks on arrival found, by code, with the figures compared"
}');
create index delivery_waiting on ibr.delivery (received_at)
    where state in ('held', 'voiding', 'reinstating');
create index delivery_content on ibr.delivery (partner_id, content_digest)
    where content_digest is not null;
create index delivery_replaces on ibr.delivery (replaces) where replaces is not null;

-- What each delivery added up to when it was checked: the next ones are compared with it.
create table ibr.delivery_found (
    delivery_id bigint not null references ibr.delivery,
    programme_id integer not null,
    cycle text not null,
    records integer not null,
    people integer not null,
    refused integer not null,
    known integer not null,
    ended integer not null,
    changed integer not null,
    restated integer not null,
    money jsonb not null,
    codes jsonb not null,
    primary key (delivery_id, programme_id)
);
call ibr.describe('delivery_found', 'What a delivery adds up to, by programme, counted on arrival.', '{
    "delivery_id": "plain: the delivery",
    "programme_id": "plain: the programme",
    "cycle": "plain: reporting period; the month of the sender''s clock where none was named",
    "records": "plain: records about the programme, without those set aside",
    "people": "plain: different beneficiaries among them",
    "refused": "plain: records set aside",
    "known": "plain: beneficiaries that were recorded before",
    "ended": "plain: of those, how many were enrolled and are said to be so no more",
    "changed": "plain: of those, how many are said to have another status than before",
    "restated": "plain: of those, of how many a status is said at all",
    "money": "plain: value of the benefits in minor units, by currency",
    "codes": "plain: the codes that occur, by field"
}');
create index delivery_found_cycle on ibr.delivery_found (programme_id, cycle);

create table ibr.delivery_act (
    delivery_id bigint not null references ibr.delivery,
    act_no integer not null,
    kind text not null check (kind in (
        'held', 'released', 'refused', 'void_asked', 'voided', 'reinstate_asked', 'reinstated',
        'undo_failed'
    )),
    by_kind text not null check (by_kind in ('partner', 'officer', 'registry')),
    by_id integer not null,
    by_name text not null,
    reason text,
    counts jsonb not null default '{}',
    at timestamptz not null,
    primary key (delivery_id, act_no)
);
call ibr.describe('delivery_act', 'What was done with a delivery, by whom and why; never changed.', '{
    "delivery_id": "plain: the delivery",
    "act_no": "plain: order of the acts on it, from 1",
    "kind": "plain: held, released, refused, void_asked, voided, reinstate_asked, reinstated, undo_failed",
    "by_kind": "plain: partner, officer or registry",
    "by_id": "plain: the partner''s or officer''s number, 0 for the registry itself",
    "by_name": "plain: name of the partner or officer",
    "reason": "plain: why, in the words of whoever did it",
    "counts": "plain: how many records, benefits and sums were touched",
    "at": "plain: when"
}');

-- Which records a delivery spoke of, a row for each chunk merged: what a void must look at again.
create table ibr.delivery_touched (
    delivery_id bigint not null,
    first_item integer not null,
    record_ids bigint[] not null,
    primary key (delivery_id, first_item)
);
call ibr.describe('delivery_touched', 'Which records a delivery spoke of, chunk by chunk.', '{
    "delivery_id": "plain: the delivery",
    "first_item": "plain: the chunk''s first record, counted from 0",
    "record_ids": "plain: the records it spoke of, ascending"
}');

create table ibr.delivery_check_terms (
    programme_id integer primary key,
    terms jsonb not null,
    by_name text not null,
    set_at timestamptz not null
);
call ibr.describe('delivery_check_terms', 'Limits of the checks on arrival where a programme has its own.', '{
    "programme_id": "plain: the programme",
    "terms": "plain: the limits that differ from the usual ones, by name",
    "by_name": "plain: who set them",
    "set_at": "plain: when"
}');

grant select, insert on ibr.delivery_found, ibr.delivery_act, ibr.delivery_touched
    to ibr_app, ibr_worker;
grant select on ibr.delivery_check_terms to ibr_app, ibr_worker;
grant insert, update on ibr.delivery_check_terms to ibr_worker;
grant select on ibr.delivery_act to ibr_auditor;
call ibr.guard_by_programme('delivery_found');
call ibr.guard_by_programme('delivery_check_terms');
-- Who sees a delivery sees what was done with it, and nobody else does.
alter table ibr.delivery_act enable row level security;
alter table ibr.delivery_act force row level security;
create policy with_its_delivery on ibr.delivery_act for select
    using (exists (select from ibr.delivery d where d.delivery_id = delivery_act.delivery_id));
create policy written_by_any on ibr.delivery_act for insert with check (true);

-- What stood until a delivery was voided. Rows are moved here out of the tables that everything
-- else reads, so that nothing that was recorded is ever lost.
create table ibr.withdrawn_benefit (
    record_id bigint not null,
    given_at timestamptz not null,
    benefit_key bigint not null,
    programme_id integer not null,
    benefit_type smallint not null,
    value_minor bigint,
    currency text,
    quantity integer,
    description text,
    known_at timestamptz not null,
    delivery_id bigint not null,
    withdrawn_at timestamptz not null,
    voided_delivery bigint not null,
    primary key (record_id, given_at, benefit_key, withdrawn_at)
);
call ibr.describe('withdrawn_benefit', 'Benefits that stood until a delivery was voided.', '{
    "record_id": "plain: who received it",
    "given_at": "plain: date of the benefit",
    "benefit_key": "plain: as in benefit",
    "programme_id": "plain: the programme that gave it",
    "benefit_type": "plain: code of CD.IBR benefit_type",
    "value_minor": "plain: value in whole minor units of the currency",
    "currency": "plain: ISO 4217 code",
    "quantity": "plain: how many, for benefits in kind",
    "description": "plain: what was given, for benefits in kind",
    "known_at": "plain: when the registry learned it",
    "delivery_id": "plain: the delivery that brought it",
    "withdrawn_at": "plain: until when it was known so",
    "voided_delivery": "plain: the delivery whose void or return took it out"
}');

create table ibr.withdrawn_status (
    record_id bigint not null,
    changed_at timestamptz not null,
    status smallint not null,
    programme_id integer not null,
    known_at timestamptz not null,
    delivery_id bigint not null,
    withdrawn_at timestamptz not null,
    voided_delivery bigint not null,
    primary key (record_id, changed_at, status, withdrawn_at)
);
call ibr.describe('withdrawn_status', 'Changes of status that stood until a delivery was voided.', '{
    "record_id": "plain: the record",
    "changed_at": "plain: since when the status held",
    "status": "plain: code of CD.IBR enrolment_status, 0 where only the date was known",
    "programme_id": "plain: the programme",
    "known_at": "plain: when the registry learned it",
    "delivery_id": "plain: the delivery that brought it",
    "withdrawn_at": "plain: until when it was known so",
    "voided_delivery": "plain: the delivery whose void or return took it out"
}');

create table ibr.withdrawn_enrolment (
    record_id bigint not null,
    programme_id integer not null,
    enrolled_at timestamptz,
    enrolled_said_at timestamptz,
    status smallint not null,
    status_at timestamptz not null,
    status_rank smallint not null,
    as_of timestamptz not null,
    known_at timestamptz not null,
    delivery_id bigint not null,
    withdrawn_at timestamptz not null,
    voided_delivery bigint not null,
    primary key (record_id, withdrawn_at)
);
call ibr.describe('withdrawn_enrolment', 'Enrolments as they stood until a delivery was voided.', '{
    "record_id": "plain: the record",
    "programme_id": "plain: the programme",
    "enrolled_at": "plain: date of enrolment",
    "enrolled_said_at": "plain: as in enrolment",
    "status": "plain: code of CD.IBR enrolment_status",
    "status_at": "plain: since when it had this status",
    "status_rank": "plain: as in enrolment",
    "as_of": "plain: the sender''s clock of the newest report",
    "known_at": "plain: when the registry learned it",
    "delivery_id": "plain: the delivery that brought it",
    "withdrawn_at": "plain: until when it was known so",
    "voided_delivery": "plain: the delivery whose void or return took it out"
}');
grant select, insert on ibr.withdrawn_benefit, ibr.withdrawn_status, ibr.withdrawn_enrolment
    to ibr_worker;
grant select on ibr.withdrawn_benefit, ibr.withdrawn_status, ibr.withdrawn_enrolment to ibr_app;
call ibr.guard_by_programme('withdrawn_benefit');
call ibr.guard_by_programme('withdrawn_status');
call ibr.guard_by_programme('withdrawn_enrolment');

-- Only the worker undoes a delivery; the process that answers the world cannot take a row away.
grant delete on ibr.status_change, ibr.benefit, ibr.benefit_month to ibr_worker;

-- No role of the registry may delete a record or an enrolment. What a void leaves without any word
-- goes by this function alone: only records in reach, only while that delivery is being undone, and
-- only what was kept in withdrawn_enrolment for it before.
create function ibr.take_out_withdrawn(wanted bigint[], undone bigint) returns integer
language plpgsql security definer
set search_path = ''
as $$
declare
    gone bigint[];
begin
    select pg_catalog.array_agg(distinct w.record_id) into gone
    from ibr.withdrawn_enrolment w
    join ibr.delivery d on d.delivery_id = w.voided_delivery
    where w.record_id = any (wanted) and w.voided_delivery = undone
      and d.state in ('voiding', 'reinstating')
      and w.programme_id = any (d.programme_ids)
      and w.programme_id = any (ibr.programmes_in_reach());
    delete from ibr.enrolment where record_id = any (gone);
    delete from ibr.beneficiary_record where record_id = any (gone);
    return coalesce(pg_catalog.cardinality(gone), 0);
end
$$;
revoke all on function ibr.take_out_withdrawn(bigint[], bigint) from public;
grant execute on function ibr.take_out_withdrawn(bigint[], bigint) to ibr_worker;

alter table ibr.change drop constraint change_kind_check;
alter table ibr.change add constraint change_kind_check check (kind in (
    'enrolled', 'status_changed', 'details_changed', 'benefit_given', 'withdrawn',
    'benefit_withdrawn'
));
call ibr.describe('change', 'The feed of changes. Read it up to the oldest transaction still open, so that none is missed.', '{
    "kind": "plain: enrolled, status_changed, details_changed, benefit_given, withdrawn or benefit_withdrawn"
}');

-- Whoever looks at a record as it was known earlier finds it by an identifier that it carries no
-- more; the index of those that stand knows only what stands.
create index identifier_replaced on ibr.identifier (blind_index) where replaced_at is not null;
