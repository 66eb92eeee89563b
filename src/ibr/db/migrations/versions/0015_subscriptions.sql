-- Who wants to hear of which changes, what is still to be told, and how far the feed was read.

-- When a change was learned: a subscription counts from a moment on and until one.
alter table ibr.change add column known_at timestamptz not null default now();
comment on column ibr.change.known_at is 'plain: when the registry learned it';
-- The feed is read in the order of transactions, up to the oldest one still open (0007).
create index change_feed on ibr.change (transaction_no, change_id);
drop index ibr.change_order;

create table ibr.subscription (
    subscription_no integer generated always as identity primary key,
    code text not null unique check (length(code) <= 99),
    partner_id integer not null references ibr.partner,
    event text not null check (event in ('enrolled', 'status_changed', 'ended')),
    filter jsonb not null,
    kinds_through smallint,
    same_as bytea not null,
    criteria bytea not null,
    reg_type text,
    purpose_code text not null,
    purpose_text text,
    notify_address text,
    start_at timestamptz,
    end_at timestamptz,
    frequency text,
    utc_offset interval not null default '0',
    state text not null default 'active' check (state in ('active', 'cancelled', 'ended')),
    made_at timestamptz not null,
    made_in pg_snapshot default pg_current_snapshot(),
    over_at timestamptz,
    notified_at timestamptz,
    notified bigint not null default 0,
    check (end_at > start_at)
);
call ibr.describe('subscription', 'Who wants to hear of which changes.', '{
    "subscription_no": "plain: the registry''s number for it",
    "code": "plain: the code its subscriber knows it by",
    "partner_id": "plain: the subscriber",
    "event": "plain: enrolled, status_changed or ended (a change to a final status)",
    "filter": "sensitive: which records, in normal form; identifiers as blind indexes only",
    "kinds_through": "plain: newest kind of identifier that an identifier without a kind was looked up for; empty where there is none",
    "same_as": "plain: keyed digest of event, filter and schedule: an equal one is the same subscription",
    "criteria": "sensitive: the criteria as they were asked, and the filter before it was made blind, sealed",
    "reg_type": "plain: kind of registry as the subscriber wrote it",
    "purpose_code": "plain: purpose by its code",
    "purpose_text": "plain: purpose in the subscriber''s words",
    "notify_address": "plain: where its news go unless a notify address is registered",
    "start_at": "plain: changes learned before are not told",
    "end_at": "plain: it ends by itself; changes learned from then on are not told",
    "frequency": "plain: Quartz cron expression of the moments of notification; empty for at once",
    "utc_offset": "plain: how far the clock of the frequency is ahead of UTC",
    "state": "plain: active, cancelled by its subscriber, or ended by itself",
    "made_at": "plain: when it was made",
    "made_in": "plain: the transactions that its subscriber could see then; empty after a restore",
    "over_at": "plain: when it was cancelled or ended",
    "notified_at": "plain: when news were last written out for it",
    "notified": "plain: how many were written out"
}');
-- Asked for twice at once it is still one.
create unique index subscription_once on ibr.subscription (partner_id, same_as)
    where state = 'active';
create index subscription_partner on ibr.subscription (partner_id);

-- Without a foreign key: a million rows a minute may come in, and a subscription is never deleted.
create table ibr.notification (
    subscription_no integer not null,
    record_id bigint not null,
    partner_id integer not null,
    programme_id integer not null,
    change_id bigint not null,
    due_at timestamptz not null,
    primary key (subscription_no, record_id)
);
call ibr.describe('notification', 'What is still to be told: one row for each subscription and record, however often the record changes meanwhile.', '{
    "subscription_no": "plain: the subscription",
    "record_id": "plain: the record that changed",
    "partner_id": "plain: the subscriber",
    "programme_id": "plain: the record''s programme",
    "change_id": "plain: the newest change that is told, and the place in the order",
    "due_at": "plain: not before this moment"
}');
create index notification_due on ibr.notification (partner_id, due_at, change_id);

-- How far a reader of the feed has come. It moves in the transaction that writes what was found.
create table ibr.feed_cursor (
    reader text primary key,
    transaction_no xid8 not null,
    change_id bigint not null,
    caught_up_at timestamptz not null
);
call ibr.describe('feed_cursor', 'How far each reader of the feed of changes has come.', '{
    "reader": "plain: who reads",
    "transaction_no": "plain: transaction of the last change read",
    "change_id": "plain: the last change read",
    "caught_up_at": "plain: when nothing was left to be read"
}');
insert into ibr.feed_cursor (reader, transaction_no, change_id, caught_up_at)
values ('subscriptions', pg_snapshot_xmin(pg_current_snapshot()), 0, now());

grant select on ibr.subscription, ibr.notification, ibr.feed_cursor to ibr_app, ibr_worker;
grant insert, update on ibr.subscription to ibr_worker;
grant insert, update, delete on ibr.notification to ibr_worker;
grant update on ibr.feed_cursor to ibr_worker;
call ibr.guard_by_programme('notification');

-- Who was told is in the ledger like who asked.
alter table ibr.question_asked drop constraint question_asked_question_check;
alter table ibr.question_asked add constraint question_asked_question_check
    check (question in ('enrolled', 'search', 'person_record', 'notify'));
