-- What became of each message at the door, for those who build a partner's system; and the
-- officers who may see it: a developer works for one partner.

create table ibr.message_trace (
    trace_id text primary key check (length(trace_id) <= 40),
    at timestamptz not null,
    partner_id integer,
    direction text not null check (direction in ('in', 'out')),
    path text not null check (length(path) <= 500),
    action text check (length(action) <= 60),
    message_id text check (length(message_id) <= 200),
    transaction_id text check (length(transaction_id) <= 200),
    http_status smallint,
    verdict text not null check (verdict in ('accepted', 'refused')),
    code text,
    standard_code text,
    sentence text,
    signature text not null check (signature in ('verified', 'off', 'wrong', 'unchecked', 'ours')),
    kid text check (length(kid) <= 300),
    diagnosis jsonb,
    bytes bigint,
    milliseconds integer,
    content bytea,
    answer bytea
);
call ibr.describe('message_trace', 'What became of messages at the door, for the developers of the partner; kept for fourteen days.', '{
    "trace_id": "plain: random number of the row, which its address on the pages has",
    "at": "plain: when the message arrived, or was sent",
    "partner_id": "plain: whose message it was, empty where nobody was proven; only this partner''s developers and administrators see the row",
    "direction": "plain: in for what arrived, out for what the registry sent",
    "path": "plain: address here of what arrived, address there of what was sent; without a query",
    "action": "plain: header.action",
    "message_id": "plain: header.message_id",
    "transaction_id": "plain: transaction_id of the business transaction",
    "http_status": "plain: HTTP status of the answer, empty where none came",
    "verdict": "plain: accepted or refused; of what was sent: delivered or not",
    "code": "plain: the registry''s own code of the refusal",
    "standard_code": "plain: the standard''s code of the refusal",
    "sentence": "plain: the refusal in words; never repeats what was sent",
    "signature": "plain: verified, off (the partner need not sign), wrong, unchecked (it never came to that) or ours",
    "kid": "plain: key that the signature was verified with",
    "diagnosis": "plain: why a signature did not verify: causes, digests, times and key ids; nothing of the content",
    "bytes": "plain: size of the message",
    "milliseconds": "plain: time until the answer was ready",
    "content": "sensitive: the message, compressed and sealed; only where trace_content is set, which production refuses",
    "answer": "sensitive: the answer, compressed and sealed; only where trace_content is set"
}');
create index message_trace_partner on ibr.message_trace (partner_id, at desc, trace_id);
create index message_trace_at on ibr.message_trace (at desc, trace_id);

create table ibr.trace_day (
    partner_id integer not null,
    day date not null,
    seen bigint not null,
    content_bytes bigint not null,
    primary key (partner_id, day)
);
call ibr.describe('trace_day', 'How much was to be traced of a partner in a day; beyond a limit no more rows are kept.', '{
    "partner_id": "plain: the partner, 0 where nobody was proven",
    "day": "plain: day in UTC",
    "seen": "plain: messages that were to be traced, kept or not",
    "content_bytes": "plain: bytes of content that were to be kept"
}');

grant select, insert on ibr.message_trace to ibr_app, ibr_worker;
grant delete on ibr.message_trace to ibr_worker;
grant select, insert, update on ibr.trace_day to ibr_app, ibr_worker;
grant delete on ibr.trace_day to ibr_worker;

alter table ibr.officer add column partner_id integer references ibr.partner;
alter table ibr.officer drop constraint officer_role_check;
alter table ibr.officer add constraint officer_role_check check (role in
    ('administrator', 'programme_officer', 'analyst', 'auditor', 'help_desk', 'developer'));
-- A developer without a partner would see nothing; anybody else with one would see too much.
alter table ibr.officer add constraint officer_partner_check
    check ((role = 'developer') = (partner_id is not null));
comment on column ibr.officer.partner_id is
    'plain: the partner whose developer this is, empty for everybody else';
