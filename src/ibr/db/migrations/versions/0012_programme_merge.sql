-- How many chunks were merged into each programme. A chunk may be planned while the one before it
-- is still being written; the count tells whether anybody else came in between (intake/).

create table ibr.programme_merge (
    programme_id integer primary key,
    merges bigint not null
);
call ibr.describe('programme_merge', 'How many chunks of news were merged into each programme.', '{
    "programme_id": "plain: the programme",
    "merges": "plain: their number, raised by one in the transaction of each chunk"
}');
grant select, insert, update on ibr.programme_merge to ibr_app, ibr_worker;
call ibr.guard_by_programme('programme_merge');
