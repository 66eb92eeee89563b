-- Requests that were acknowledged and are answered later, whole as they arrived.

create table ibr.accepted_request (
    message_key bytea primary key,
    partner_id integer not null,
    action text not null check (action in ('search', 'subscribe', 'unsubscribe', 'txn-status')),
    body bytea not null,
    reference_ids text[] not null,
    scopes text[] not null,
    address text,
    key_kid text,
    encrypted boolean not null default false,
    accepted_at timestamptz not null,
    answered_at timestamptz
);
call ibr.describe('accepted_request', 'Requests acknowledged with ACK: what was asked, and where the answer goes.', '{
    "message_key": "plain: digest of sender_id and message_id",
    "partner_id": "plain: who asked",
    "action": "plain: search, subscribe, unsubscribe or txn-status",
    "body": "sensitive: the signed bytes as they arrived, compressed and sealed",
    "reference_ids": "plain: ids by which its items are named, in their order",
    "scopes": "plain: rights of the token it came with",
    "address": "plain: where the callback goes; empty when the result is only kept",
    "key_kid": "plain: key the signature was verified with",
    "encrypted": "plain: whether it came encrypted, so that its answer goes encrypted too",
    "accepted_at": "plain: when it was acknowledged",
    "answered_at": "plain: when it was answered, and the callback promised where there is an address"
}');
create index accepted_request_open on ibr.accepted_request (accepted_at) where answered_at is null;
grant select, insert on ibr.accepted_request to ibr_app, ibr_worker;
grant update (answered_at) on ibr.accepted_request to ibr_worker;

alter table ibr.message_received drop constraint message_received_kind_check;
alter table ibr.message_received add constraint message_received_kind_check check (kind in
    ('enrolled', 'search', 'enrollment_updates', 'txn_status', 'subscribe', 'unsubscribe'));

-- Each kind of job is claimed by itself, so that a thousand waiting requests stand in nobody's way.
drop index ibr.job_due;
create index job_due on ibr.job (kind, due_at) where done_at is null and gave_up_at is null;
