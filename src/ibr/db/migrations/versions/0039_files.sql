-- Files: mappings remembered per programme, uploads that go on, what became of each row.

create table ibr.file_mapping (
    programme_id integer not null references ibr.programme,
    layout bytea not null,
    mapping jsonb not null,
    made_at timestamptz not null,
    made_by integer,
    primary key (programme_id, layout)
);
call ibr.describe('file_mapping', 'What the columns of one layout of a programme''s files mean, as it was last used.', '{
    "programme_id": "plain: the programme",
    "layout": "plain: digest of the names of the columns",
    "mapping": "plain: the meaning of each column, its order of dates and its words for codes",
    "made_at": "plain: when it was last used",
    "made_by": "plain: the officer who made it; empty for a partner and the command line"
}');

create sequence ibr.file_no;
create table ibr.file_sent (
    file_no bigint primary key,
    programme_id integer not null references ibr.programme,
    partner_id integer not null,
    officer_id integer,
    state text not null check (state in (
        'arriving', 'arrived', 'trying', 'tried', 'taking', 'done', 'failed'
    )),
    name_sealed bytea not null,
    format text,
    bytes_said bigint,
    bytes bigint not null default 0,
    digest bytea,
    cycle text not null,
    sequence integer,
    mode text not null check (mode in ('initial', 'delta', 'correction')),
    totals jsonb not null default '{}',
    as_of timestamptz,
    mapping jsonb,
    look_sealed bytea,
    last_row bigint not null default 0,
    counts jsonb not null default '{}',
    tried_counts jsonb,
    delivery_id bigint,
    refused_code text,
    refused_reason text,
    response_format text,
    response_bytes bigint,
    created_at timestamptz not null,
    touched_at timestamptz not null,
    done_at timestamptz
);
call ibr.describe('file_sent', 'One file, from its first byte to its response.', '{
    "file_no": "plain: the registry''s number for it",
    "programme_id": "plain: the programme it is about",
    "partner_id": "plain: the partner who sent it; 0 where an officer or the command line did",
    "officer_id": "plain: the officer who sent it, if one did",
    "state": "plain: arriving, arrived, trying, tried, taking, done or failed",
    "name_sealed": "personal: the name the sender gave the file, sealed",
    "format": "plain: csv, xlsx, ods, parquet or jsonl",
    "bytes_said": "plain: how long the sender says it is",
    "bytes": "plain: how much of it has arrived",
    "digest": "plain: SHA-256 of the whole",
    "cycle": "plain: reporting period, 2026-10",
    "sequence": "plain: number within the cycle",
    "mode": "plain: initial, delta or correction",
    "totals": "plain: what the sender says it adds up to",
    "as_of": "plain: the moment its news speaks of",
    "mapping": "plain: the meaning of each column, as it is used for this file",
    "look_sealed": "sensitive: what was seen of the file when it was mapped, sealed",
    "last_row": "plain: how far it has been read, by the number of its row",
    "counts": "plain: records by outcome, so far",
    "tried_counts": "plain: records by outcome in the last dry run",
    "delivery_id": "plain: the delivery it was taken in as",
    "refused_code": "plain: code of the reason why the whole file was refused",
    "refused_reason": "plain: that reason, and how to mend it",
    "response_format": "plain: form of the response file",
    "response_bytes": "plain: its length",
    "created_at": "plain: when it was announced",
    "touched_at": "plain: when anything last happened to it; half a file is forgotten after a time",
    "done_at": "plain: when its response was ready"
}');
create index file_sent_created on ibr.file_sent (programme_id, created_at desc);
create index file_sent_open on ibr.file_sent (touched_at)
    where state in ('arriving', 'arrived', 'trying', 'tried', 'taking');

create table ibr.file_part (
    file_no bigint not null,
    programme_id integer not null,
    starts_at bigint not null,
    length integer not null,
    sealed bytea not null,
    primary key (file_no, starts_at)
);
alter table ibr.file_part alter column sealed set storage external;
call ibr.describe('file_part', 'A file''s bytes until it is taken in or forgotten, compressed and sealed.', '{
    "file_no": "plain: the file",
    "programme_id": "plain: the programme it is about",
    "starts_at": "plain: place of the first byte",
    "length": "plain: how many bytes",
    "sealed": "sensitive: compressed and sealed bytes"
}');

create table ibr.file_outcome (
    file_no bigint not null,
    programme_id integer not null,
    first_item integer not null,
    outcomes bytea not null,
    primary key (file_no, first_item)
);
alter table ibr.file_outcome alter column outcomes set storage external;
call ibr.describe('file_outcome', 'What became of the rows of a file, a block at a time.', '{
    "file_no": "plain: the file",
    "programme_id": "plain: the programme it is about",
    "first_item": "plain: the first record of the block",
    "outcomes": "plain: numbers of rows with their outcomes and reasons, compressed; no value of any cell"
}');

create table ibr.file_response_part (
    file_no bigint not null,
    programme_id integer not null,
    part_no integer not null,
    sealed bytea not null,
    primary key (file_no, part_no)
);
alter table ibr.file_response_part alter column sealed set storage external;
call ibr.describe('file_response_part', 'The response file: every row as it was sent, with its outcome, compressed and sealed.', '{
    "file_no": "plain: the file it answers",
    "programme_id": "plain: the programme it is about",
    "part_no": "plain: order of the parts",
    "sealed": "sensitive: compressed and sealed bytes"
}');

grant usage on sequence ibr.file_no to ibr_app, ibr_worker;
grant select, insert, update on ibr.file_mapping, ibr.file_sent to ibr_app, ibr_worker;
grant select, insert, delete on ibr.file_part, ibr.file_outcome, ibr.file_response_part
    to ibr_app, ibr_worker;

do $$
declare
    name text;
begin
    foreach name in array array[
        'file_mapping', 'file_sent', 'file_part', 'file_outcome', 'file_response_part'
    ] loop
        execute format('alter table ibr.%I enable row level security', name);
        execute format('alter table ibr.%I force row level security', name);
        execute format(
            'create policy programmes_in_reach on ibr.%I '
            'using (programme_id = any ((select ibr.programmes_in_reach())::integer[])) '
            'with check (programme_id = any ((select ibr.programmes_in_reach())::integer[]))',
            name
        );
    end loop;
end
$$;
