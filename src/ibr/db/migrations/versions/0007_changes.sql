-- What changed, in order: the feed that subscriptions, linkage and indicators read.

create sequence ibr.change_id;
create table ibr.change (
    record_id bigint not null,
    change_id bigint not null default nextval('ibr.change_id'),
    programme_id integer not null,
    kind text not null check (kind in ('enrolled', 'status_changed', 'details_changed', 'benefit_given')),
    happened_at timestamptz not null,
    delivery_id bigint not null,
    transaction_no xid8 not null default pg_current_xact_id(),
    primary key (record_id, change_id)
);
call ibr.describe('change', 'The feed of changes. Read it up to the oldest transaction still open, so that none is missed.', '{
    "record_id": "plain: whose record changed",
    "change_id": "plain: order of the change",
    "programme_id": "plain: the programme",
    "kind": "plain: enrolled, status_changed, details_changed or benefit_given",
    "happened_at": "plain: when it happened by the sender''s clock",
    "delivery_id": "plain: the delivery that brought it",
    "transaction_no": "plain: transaction that wrote it; a smaller number may still commit later"
}');
create index change_order on ibr.change (change_id);
grant usage on sequence ibr.change_id to ibr_app, ibr_worker;
grant select, insert on ibr.change to ibr_app, ibr_worker;
call ibr.guard_by_programme('change');
