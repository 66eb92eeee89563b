-- What partners have sent: every message once, every delivery whole, every refusal with its mend.

create table ibr.message_received (
    message_key bytea primary key,
    partner_id integer not null,
    kind text not null check (kind in ('enrolled', 'search', 'enrollment_updates', 'txn_status')),
    body_digest bytea not null,
    transaction_id text not null,
    correlation_id text not null,
    answer bytea,
    received_at timestamptz not null
);
call ibr.describe('message_received', 'Every message once: the same one again gets the stored answer (behaviour.md 27).', '{
    "message_key": "plain: digest of sender_id and message_id",
    "partner_id": "plain: who sent it",
    "kind": "plain: which operation",
    "body_digest": "plain: SHA-256 of the bytes received",
    "transaction_id": "plain: transaction_id of the message",
    "correlation_id": "plain: the registry''s id for it",
    "answer": "sensitive: what was answered: sealed, or for yes/no questions one letter a subject",
    "received_at": "plain: when it arrived"
}');
-- A yes/no question has no transaction status in the standard, so it needs no index entry.
create index message_received_transaction on ibr.message_received (partner_id, transaction_id)
    where kind <> 'enrolled';
create index message_received_correlation on ibr.message_received (partner_id, correlation_id)
    where kind <> 'enrolled';

create table ibr.message_reference (
    partner_id integer not null,
    reference_id text not null,
    message_key bytea not null,
    primary key (partner_id, reference_id, message_key)
);
call ibr.describe('message_reference', 'Which message carried which reference_id, for transaction status.', '{
    "partner_id": "plain: who sent it",
    "reference_id": "plain: reference_id of one item",
    "message_key": "plain: the message"
}');

create sequence ibr.delivery_id;
create table ibr.delivery (
    delivery_id bigint primary key,
    partner_id integer not null,
    programme_ids integer[] not null,
    message_key bytea not null,
    door text not null check (door in ('message', 'file')),
    cycle text,
    sequence integer,
    mode text not null default 'delta' check (mode in ('initial', 'delta', 'correction', 'void')),
    as_of timestamptz not null,
    body_digest bytea not null,
    body_bytes bigint not null,
    key_kid text,
    control_total integer,
    state text not null check (state in ('received', 'done', 'failed')),
    records integer not null default 0,
    stored integer not null default 0,
    unchanged integer not null default 0,
    refused integer not null default 0,
    warned integer not null default 0,
    warnings jsonb not null default '{}',
    score real,
    received_at timestamptz not null,
    done_at timestamptz,
    next_item integer not null default 0
);
call ibr.describe('delivery', 'One message or file of news from a partner.', '{
    "delivery_id": "plain: the registry''s number for it",
    "partner_id": "plain: who sent it",
    "programme_ids": "plain: programmes it speaks of",
    "message_key": "plain: the message that carried it",
    "door": "plain: message or file",
    "cycle": "plain: reporting period, 2026-10",
    "sequence": "plain: number within the cycle",
    "mode": "plain: initial, delta, correction or void",
    "as_of": "plain: the sender''s clock: newer news wins over older",
    "body_digest": "plain: SHA-256 of the bytes received",
    "body_bytes": "plain: their number",
    "key_kid": "plain: key the signature was verified with",
    "control_total": "plain: records the sender says it sent",
    "state": "plain: received, done or failed",
    "records": "plain: records read",
    "stored": "plain: records that brought something new",
    "unchanged": "plain: records already known",
    "refused": "plain: records set aside",
    "warned": "plain: records read with a warning",
    "warnings": "plain: how often each warning was given",
    "score": "plain: share of records taken without refusal or warning, 0 to 1",
    "received_at": "plain: when it arrived",
    "done_at": "plain: when its last record was committed",
    "next_item": "plain: first record not yet committed, where work goes on after a crash"
}');
create index delivery_received on ibr.delivery (received_at desc);
create index delivery_message on ibr.delivery (message_key);
create index delivery_unfinished on ibr.delivery (received_at) where state = 'received';

create table ibr.delivery_part (
    delivery_id bigint not null references ibr.delivery,
    part_no integer not null,
    sealed bytea not null,
    primary key (delivery_id, part_no)
);
-- Sealed bytes do not compress; trying would only cost time.
alter table ibr.delivery_part alter column sealed set storage external;
call ibr.describe('delivery_part', 'The bytes of a delivery as they arrived, compressed and sealed, as evidence.', '{
    "delivery_id": "plain: the delivery",
    "part_no": "plain: order of the parts",
    "sealed": "sensitive: compressed and sealed bytes"
}');

create table ibr.refused_record (
    delivery_id bigint not null references ibr.delivery,
    item_no integer not null,
    reference_id text not null,
    programme_id integer,
    field text,
    code text not null,
    reason text not null,
    primary key (delivery_id, item_no)
);
call ibr.describe('refused_record', 'Records set aside, each with the reason and how to mend it.', '{
    "delivery_id": "plain: the delivery",
    "item_no": "plain: position in the delivery, from 0",
    "reference_id": "plain: the sender''s own reference to the record",
    "programme_id": "plain: programme it spoke of, where readable",
    "field": "plain: field at fault",
    "code": "plain: code of the error",
    "reason": "plain: what is wrong and how to mend it; never the value"
}');

grant select, insert on ibr.message_received, ibr.message_reference to ibr_app, ibr_worker;
grant update (answer) on ibr.message_received to ibr_app, ibr_worker;
grant usage on sequence ibr.delivery_id to ibr_app, ibr_worker;
grant select, insert, update on ibr.delivery to ibr_app, ibr_worker;
grant select, insert on ibr.delivery_part, ibr.refused_record to ibr_app, ibr_worker;

alter table ibr.delivery enable row level security;
alter table ibr.delivery force row level security;
create policy programmes_in_reach on ibr.delivery
    using (programme_ids && (select ibr.programmes_in_reach())::integer[] or programme_ids = '{}')
    with check (programme_ids <@ (select ibr.programmes_in_reach())::integer[]);
alter table ibr.refused_record enable row level security;
alter table ibr.refused_record force row level security;
create policy programmes_in_reach on ibr.refused_record
    using (programme_id is null
           or programme_id = any ((select ibr.programmes_in_reach())::integer[]))
    with check (true);
