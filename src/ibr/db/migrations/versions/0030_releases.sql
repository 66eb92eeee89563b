-- Releases: figures that left the ministry, as they were shown. What is hidden stands nowhere in
-- them but by its key; what was published is never changed and never deleted.

create table ibr.release (
    release_no integer generated always as identity primary key,
    audience text not null check (audience in ('public', 'partners')),
    state text not null default 'built' check (state in ('built', 'signed', 'published', 'withdrawn')),
    periods text[] not null check (cardinality(periods) > 0),
    choice jsonb not null,
    minimum smallint not null,
    shape jsonb not null,
    definitions jsonb not null,
    licence text not null,
    note text not null default '',
    as_of_run integer not null references ibr.indicator_run (run_no),
    after integer[] not null,
    known_before jsonb not null default '[]',
    looked_by text,
    looked_at timestamptz,
    digest bytea not null,
    tables integer not null,
    shown integer not null,
    hidden integer not null,
    built_at timestamptz not null,
    built_by text not null,
    published_at timestamptz,
    published_by text,
    withdrawn_at timestamptz,
    withdrawn_by text,
    withdrawn_reason text,
    check (state <> 'published' or published_at is not null),
    check ((state = 'withdrawn') = (withdrawn_at is not null)),
    check ((withdrawn_at is null) = (withdrawn_reason is null))
);
call ibr.describe('release', 'Releases of figures to the public or to partners: built, signed, published, withdrawn.', '{
    "release_no": "plain: number of the release",
    "audience": "plain: public or partners; it says which rule protects",
    "state": "plain: built, signed by two people, published, or withdrawn with a reason",
    "periods": "plain: the months whose figures it holds",
    "choice": "plain: indicators and breakdowns",
    "minimum": "plain: the smallest count that is shown",
    "shape": "plain: functions of programmes and regions of districts as they were, for what adds up",
    "definitions": "plain: the indicators as they were defined",
    "licence": "plain: the licence under which it may be used",
    "note": "plain: what the publisher says of it",
    "as_of_run": "plain: the newest run of figures when it was built",
    "after": "plain: releases that its readers had when it was built; it holds only together with them",
    "known_before": "plain: places of figures, never values, that nothing can hide any more",
    "looked_by": "plain: who looked at those and found that it may be published all the same",
    "looked_at": "plain: when",
    "digest": "plain: SHA-256 over its tables; signatures are for this",
    "tables": "plain: how many tables",
    "shown": "plain: how many figures are shown",
    "hidden": "plain: how many are not",
    "built_at": "plain: when it was built",
    "built_by": "plain: by whom",
    "published_at": "plain: when it was published; it stays when it is withdrawn",
    "published_by": "plain: by whom",
    "withdrawn_at": "plain: when it was withdrawn",
    "withdrawn_by": "plain: by whom",
    "withdrawn_reason": "plain: why, in words for the public"
}');

create table ibr.release_table (
    release_no integer not null references ibr.release (release_no),
    indicator text not null,
    breakdown text not null,
    period text not null,
    run_no integer not null references ibr.indicator_run (run_no),
    version smallint not null,
    cells bytea not null,
    hidden bytea not null,
    largest bytea,
    shown_count integer not null,
    hidden_count integer not null,
    reports_received integer,
    reports_expected integer,
    sources jsonb not null default '[]',
    as_known_at timestamptz not null,
    primary key (release_no, indicator, breakdown, period)
);
call ibr.describe('release_table', 'The tables of releases as readers see them.', '{
    "release_no": "plain: the release",
    "indicator": "plain: code of the indicator",
    "breakdown": "plain: dimensions joined by *, empty for the total",
    "period": "plain: the month",
    "run_no": "plain: the run whose figures these are",
    "version": "plain: version of the indicator''s definition",
    "cells": "plain: the figures that are shown, MessagePack compressed with Zstandard",
    "hidden": "plain: keys of those that are not, with the reason; the reason is for officers only",
    "largest": "personal: largest receipts under each sum of money, so that a later release can be held against this one; only who builds releases reads them",
    "shown_count": "plain: how many figures are shown",
    "hidden_count": "plain: how many are not",
    "reports_received": "plain: reports of the month received, empty where none are due",
    "reports_expected": "plain: reports of the month that were due",
    "sources": "plain: denominators that were divided by",
    "as_known_at": "plain: up to when the registry''s news are in the figures"
}');
create index release_table_period on ibr.release_table (period, indicator, breakdown);

create table ibr.release_signature (
    release_no integer not null references ibr.release (release_no),
    officer_id integer not null references ibr.officer (officer_id),
    officer_name text not null,
    digest bytea not null,
    signed_at timestamptz not null,
    primary key (release_no, officer_id)
);
call ibr.describe('release_signature', 'Who stands for a release; two different people before it is published.', '{
    "release_no": "plain: the release",
    "officer_id": "plain: the officer; nobody signs twice",
    "officer_name": "plain: their name as it was",
    "digest": "plain: what they signed",
    "signed_at": "plain: when"
}');

create table ibr.release_calendar (
    entry_no integer generated always as identity primary key,
    audience text not null check (audience in ('public', 'partners')),
    period text not null check (period ~ '^[0-9]{4}-[0-9]{2}$'),
    due_on date not null,
    note text not null default '',
    entered_by text not null,
    entered_at timestamptz not null,
    cancelled_at timestamptz,
    release_no integer references ibr.release (release_no)
);
call ibr.describe('release_calendar', 'Releases that are to come, announced beforehand.', '{
    "entry_no": "plain: the entry",
    "audience": "plain: public or partners",
    "period": "plain: the month that will be published",
    "due_on": "plain: the day on which it will be",
    "note": "plain: what is special about it",
    "entered_by": "plain: who announced it",
    "entered_at": "plain: when",
    "cancelled_at": "plain: when it was taken back",
    "release_no": "plain: the release that came of it"
}');
create unique index release_calendar_once on ibr.release_calendar (audience, period)
    where cancelled_at is null;

grant select on ibr.release, ibr.release_signature, ibr.release_calendar
    to ibr_app, ibr_worker, ibr_analyst, ibr_auditor;
grant select (release_no, indicator, breakdown, period, run_no, version, cells, hidden, shown_count,
    hidden_count, reports_received, reports_expected, sources, as_known_at)
    on ibr.release_table to ibr_app, ibr_analyst, ibr_auditor;
grant select on ibr.release_table to ibr_worker;
grant insert on ibr.release, ibr.release_table to ibr_worker;
grant insert on ibr.release_signature to ibr_app;
grant insert on ibr.release_calendar to ibr_app, ibr_worker;
grant update (state, looked_by, looked_at, published_at, published_by, withdrawn_at, withdrawn_by,
    withdrawn_reason) on ibr.release to ibr_app;
grant update (cancelled_at, release_no) on ibr.release_calendar to ibr_app, ibr_worker;
