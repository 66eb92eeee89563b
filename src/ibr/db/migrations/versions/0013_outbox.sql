-- Promises to others: messages that the registry has still to deliver, and those it delivered.

create table ibr.outgoing_message (
    message_no bigint generated always as identity primary key,
    partner_id integer not null,
    kind text not null check (kind in ('on-search', 'on-subscribe', 'on-unsubscribe',
        'txn-on-status', 'notify', 'search', 'subscribe', 'unsubscribe', 'txn-status')),
    address text not null,
    origin text not null generated always as
        (coalesce(lower(substring(address from '^[A-Za-z]+://[^/?#]+')), '')) stored,
    message_id text not null,
    transaction_id text not null,
    correlation_id text,
    programme_ids integer[] not null default '{}',
    stream bytea,
    content bytea not null,
    state text not null default 'waiting'
        check (state in ('waiting', 'delivered', 'dead', 'withdrawn')),
    attempts integer not null default 0,
    deaths integer not null default 0,
    due_at timestamptz not null,
    leased_until timestamptz,
    lease_token uuid,
    last_outcome text,
    made_at timestamptz not null,
    settled_at timestamptz
);
call ibr.describe('outgoing_message', 'Promised messages: each is tried until it is delivered or a person must look at it.', '{
    "message_no": "plain: order of the promises, header.meta.sequence of the message, the cursor of a replay",
    "partner_id": "plain: who receives it",
    "kind": "plain: action of the message",
    "address": "plain: where it is delivered",
    "origin": "plain: scheme, host and port of the address; with the partner it names the receiver",
    "message_id": "plain: message_id, the same on every try",
    "transaction_id": "plain: transaction_id of the business transaction",
    "correlation_id": "plain: the registry''s id for it",
    "programme_ids": "plain: programmes whose records it shows; the receiver must still be allowed to see them when it is sent",
    "stream": "plain: messages of one stream are delivered in their order, one after the other",
    "content": "sensitive: header and message, compressed and sealed; signed anew for each try; empty some time after delivery",
    "state": "plain: waiting, delivered, dead (given up, a person decides) or withdrawn (the receiver lost the right to it)",
    "attempts": "plain: tries that ended, since it was promised or last sent again",
    "deaths": "plain: tries that did not end, because the process that made them was killed",
    "due_at": "plain: not before this moment",
    "leased_until": "plain: until when the process that tries it is trusted to be alive",
    "lease_token": "plain: names the lease; who lost it cannot settle the message",
    "last_outcome": "plain: how the last try ended, by a code",
    "made_at": "plain: when it was promised",
    "settled_at": "plain: when it was delivered, given up or withdrawn"
}');
create index outgoing_message_due on ibr.outgoing_message (partner_id, origin, due_at, message_no)
    where state = 'waiting';
create index outgoing_message_leased on ibr.outgoing_message (partner_id, origin)
    where state = 'waiting' and leased_until is not null;
create index outgoing_message_settled on ibr.outgoing_message (settled_at)
    where settled_at is not null and content <> ''::bytea;
create index outgoing_message_stream on ibr.outgoing_message (stream, message_no)
    where state = 'waiting' and stream is not null;
create index outgoing_message_dead on ibr.outgoing_message (message_no desc) where state = 'dead';
create index outgoing_message_partner on ibr.outgoing_message (partner_id, message_no);
create index outgoing_message_id on ibr.outgoing_message (message_id);
grant select, insert on ibr.outgoing_message to ibr_app, ibr_worker;
-- A promise takes its number before it is written: the message says it in its header.
grant usage on sequence ibr.outgoing_message_message_no_seq to ibr_app, ibr_worker;
grant update, delete on ibr.outgoing_message to ibr_worker;
-- A person resends from a page; what a message says can never be changed.
grant update (state, attempts, deaths, due_at, leased_until, lease_token, settled_at)
    on ibr.outgoing_message to ibr_app;
