-- Possible links, looked at by people: who looks at which pair just now, which pairs want a second
-- look, and known pairs that measure the looking itself.

alter table ibr.officer drop constraint officer_role_check;
alter table ibr.officer add constraint officer_role_check check (role in
    ('administrator', 'programme_officer', 'analyst', 'auditor', 'help_desk', 'developer',
     'steward'));

-- Whose decisions, the newest first: what a reviewer may take back.
create index link_decision_officer on ibr.link_decision (decided_by, decision_no desc);

create table ibr.review_lease (
    low_record bigint not null,
    low_no smallint not null,
    high_record bigint not null,
    high_no smallint not null,
    officer_id integer not null,
    taken_at timestamptz not null,
    until_at timestamptz not null,
    primary key (low_record, low_no, high_record, high_no)
);
call ibr.describe('review_lease', 'Who looks at which possible link just now, so that no two do.', '{
    "low_record": "plain: record of the first appearance; the pair is in order",
    "low_no": "plain: the first appearance",
    "high_record": "plain: record of the second appearance",
    "high_no": "plain: the second appearance",
    "officer_id": "plain: who looks at it",
    "taken_at": "plain: since when",
    "until_at": "plain: until when it is kept for them"
}');
create index review_lease_officer on ibr.review_lease (officer_id);

create table ibr.review_set_aside (
    officer_id integer not null,
    low_record bigint not null,
    low_no smallint not null,
    high_record bigint not null,
    high_no smallint not null,
    until_at timestamptz not null,
    primary key (officer_id, low_record, low_no, high_record, high_no)
);
call ibr.describe('review_set_aside', 'Pairs that an officer passed over; the next one is another, for a while.', '{
    "officer_id": "plain: who passed it over",
    "low_record": "plain: record of the first appearance; the pair is in order",
    "low_no": "plain: the first appearance",
    "high_record": "plain: record of the second appearance",
    "high_no": "plain: the second appearance",
    "until_at": "plain: until when it is not offered to them again"
}');

create table ibr.review_second (
    low_record bigint not null,
    low_no smallint not null,
    high_record bigint not null,
    high_no smallint not null,
    why text not null check (why in ('four_eyes', 'sample', 'unsure', 'differ')),
    decision_no bigint not null,
    not_by integer[] not null,
    wanted_at timestamptz not null,
    primary key (low_record, low_no, high_record, high_no)
);
call ibr.describe('review_second', 'Pairs that somebody decided and somebody else must look at too.', '{
    "low_record": "plain: record of the first appearance; the pair is in order",
    "low_no": "plain: the first appearance",
    "high_record": "plain: record of the second appearance",
    "high_no": "plain: the second appearance",
    "why": "plain: four_eyes (both receive money in one programme), sample, unsure, or differ (two opinions do not agree)",
    "decision_no": "plain: the decision that another opinion is wanted of",
    "not_by": "plain: officers who have given theirs",
    "wanted_at": "plain: since when"
}');

-- Pairs whose truth is known by two foundational numbers. They are shown without these numbers
-- among the others, and what is answered measures the reviewer and changes nothing.
create table ibr.review_known (
    low_record bigint not null,
    low_no smallint not null,
    high_record bigint not null,
    high_no smallint not null,
    low_programme integer not null,
    high_programme integer not null,
    truth text not null check (truth in ('same', 'different')),
    weight real not null,
    planted_at timestamptz not null,
    ended_at timestamptz,
    primary key (low_record, low_no, high_record, high_no)
);
call ibr.describe('review_known', 'Pairs whose truth is known, shown among the others to measure how well people decide.', '{
    "low_record": "plain: record of the first appearance; the pair is in order",
    "low_no": "plain: the first appearance",
    "high_record": "plain: record of the second appearance",
    "high_no": "plain: the second appearance",
    "low_programme": "plain: programme of the first",
    "high_programme": "plain: programme of the second",
    "truth": "plain: same or different, as the two foundational numbers say",
    "weight": "personal: log2 of the odds without the foundational numbers",
    "planted_at": "plain: since when it is shown",
    "ended_at": "plain: when it was taken out"
}');

create table ibr.review_known_answer (
    officer_id integer not null,
    low_record bigint not null,
    low_no smallint not null,
    high_record bigint not null,
    high_no smallint not null,
    decision text not null check (decision in ('same', 'different', 'unsure')),
    reason_code text not null,
    note bytea,
    answered_at timestamptz not null,
    primary key (officer_id, low_record, low_no, high_record, high_no)
);
call ibr.describe('review_known_answer', 'What reviewers answered about known pairs.', '{
    "officer_id": "plain: the reviewer",
    "low_record": "plain: record of the first appearance; the pair is in order",
    "low_no": "plain: the first appearance",
    "high_record": "plain: record of the second appearance",
    "high_no": "plain: the second appearance",
    "decision": "plain: same, different or unsure",
    "reason_code": "plain: why, by code",
    "note": "sensitive: what the reviewer wrote, sealed",
    "answered_at": "plain: when"
}');

grant select, insert, update, delete on ibr.review_lease, ibr.review_set_aside, ibr.review_second
    to ibr_app, ibr_worker;
grant select on ibr.review_known to ibr_app, ibr_worker;
grant insert, update on ibr.review_known to ibr_worker;
grant select, insert, update, delete on ibr.review_known_answer to ibr_app;
grant select on ibr.review_known_answer to ibr_worker;
