-- Runs of indicators and the figures they froze. A table of figures is one row: it is written
-- once, never changed, and read whole.

create table ibr.indicator_run (
    run_no integer generated always as identity primary key,
    kind text not null check (kind in ('full', 'month', 'recompute')),
    state text not null check (state in ('done', 'failed')),
    snapshot_no bigint,
    as_known_at timestamptz not null,
    first_month date not null,
    last_month date not null check (last_month >= first_month),
    inputs jsonb not null,
    code_version text not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    tables integer not null default 0,
    cells bigint not null default 0,
    seconds jsonb not null default '{}',
    reason text not null default '',
    asked_by text not null
);
call ibr.describe('indicator_run', 'Runs that worked out figures: from what, by which code, for which months.', '{
    "run_no": "plain: the registry''s number for the run",
    "kind": "plain: full for all months, month for what was new, recompute for old months again",
    "state": "plain: done, or failed with nothing kept of it",
    "snapshot_no": "plain: the snapshot that was counted",
    "as_known_at": "plain: up to when the registry''s news are in the figures",
    "first_month": "plain: first day of the first month that was worked out",
    "last_month": "plain: first day of the last one",
    "inputs": "plain: run of linkage, denominators, files of facts and news of each programme",
    "code_version": "plain: version of the registry and digest of the catalogue of indicators",
    "started_at": "plain: when it began",
    "finished_at": "plain: when it ended",
    "tables": "plain: how many tables it froze",
    "cells": "plain: how many figures",
    "seconds": "plain: seconds that each step took",
    "reason": "plain: why it failed, or why it was asked for",
    "asked_by": "plain: who asked for it; empty where it ran by itself"
}');

create table ibr.figure_table (
    indicator text not null,
    breakdown text not null,
    period text not null check (period ~ '^[0-9]{4}(-[0-9]{2})?$'),
    run_no integer not null references ibr.indicator_run (run_no),
    version smallint not null,
    cells bytea not null,
    cell_count integer not null,
    digest bytea not null,
    reports_received integer,
    reports_expected integer,
    sources jsonb not null default '[]',
    primary key (indicator, breakdown, period, run_no)
);
call ibr.describe('figure_table', 'Frozen figures: all cells of one indicator, breakdown and period.', '{
    "indicator": "plain: code of the indicator",
    "breakdown": "plain: dimensions joined by *, empty for the total",
    "period": "plain: a month as 2026-10 or a year as 2026",
    "run_no": "plain: the run that froze it; the highest one counts",
    "version": "plain: version of the indicator''s definition",
    "cells": "plain: the cells, MessagePack compressed with Zstandard; counts of persons, so for officers only",
    "cell_count": "plain: how many cells",
    "digest": "plain: SHA-256 of the cells before compression",
    "reports_received": "plain: reports of the period received, empty where none are due",
    "reports_expected": "plain: reports of the period that were due",
    "sources": "plain: denominators that were divided by"
}');
create index figure_table_period on ibr.figure_table (period, indicator);
create index figure_table_run on ibr.figure_table (run_no);

create table ibr.figure_restated (
    run_no integer not null references ibr.indicator_run (run_no),
    before_run integer not null references ibr.indicator_run (run_no),
    indicator text not null,
    breakdown text not null,
    period text not null,
    cells_changed integer not null,
    cells integer not null,
    value_before text,
    value_after text,
    largest_change text,
    why jsonb not null,
    primary key (run_no, indicator, breakdown, period)
);
call ibr.describe('figure_restated', 'Tables that were frozen anew with other figures: what changed, and why.', '{
    "run_no": "plain: the run that froze the new figures",
    "before_run": "plain: the run whose figures counted before",
    "indicator": "plain: code of the indicator",
    "breakdown": "plain: dimensions joined by *, empty for the total",
    "period": "plain: the period",
    "cells_changed": "plain: how many cells have another figure, or are new or gone",
    "cells": "plain: how many cells there are now",
    "value_before": "plain: the total before, where the breakdown is the total",
    "value_after": "plain: the total now",
    "largest_change": "plain: the largest difference of a value",
    "why": "plain: sentences that say what was different"
}');

grant select on ibr.indicator_run, ibr.figure_table, ibr.figure_restated
    to ibr_app, ibr_worker, ibr_analyst, ibr_auditor;
grant insert on ibr.indicator_run, ibr.figure_table, ibr.figure_restated to ibr_worker;
