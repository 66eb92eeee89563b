-- What was given, to whom, for which month. One partition a month; what is older or newer than
-- the partitions made so far goes to the default one.

create table ibr.benefit (
    record_id bigint not null,
    given_at timestamptz not null,
    benefit_key bigint not null,
    programme_id integer not null,
    benefit_type smallint not null,
    value_minor bigint,
    currency text,
    quantity integer,
    description text,
    known_at timestamptz not null,
    delivery_id bigint not null,
    primary key (record_id, given_at, benefit_key)
) partition by range (given_at);
call ibr.describe('benefit', 'One benefit given: cash, voucher, in kind, training, work or insurance.', '{
    "record_id": "plain: who received it",
    "given_at": "plain: date of the benefit",
    "benefit_key": "plain: digest of type, value, quantity and description: the same benefit twice is one",
    "programme_id": "plain: the programme that gave it",
    "benefit_type": "plain: code of CD.IBR benefit_type",
    "value_minor": "plain: value in whole minor units of the currency",
    "currency": "plain: ISO 4217 code",
    "quantity": "plain: how many, for benefits in kind",
    "description": "plain: what was given, for benefits in kind",
    "known_at": "plain: when the registry learned it",
    "delivery_id": "plain: the delivery that brought it"
}');
create table ibr.benefit_other partition of ibr.benefit default;

-- Makes the partition of one month. Rows of that month that went to the default partition before
-- are moved over, since PostgreSQL refuses a partition whose rows lie elsewhere.
create function ibr.make_benefit_month(month date) returns boolean
language plpgsql
set search_path = ''
as $$
declare
    first_moment timestamptz := (month::text || ' 00:00:00+00')::timestamptz;
    next_moment timestamptz := ((month + interval '1 month')::date::text || ' 00:00:00+00')::timestamptz;
    name text := 'benefit_' || pg_catalog.to_char(month, 'YYYY_MM');
begin
    if pg_catalog.to_regclass('ibr.' || name) is not null then
        return false;
    end if;
    execute pg_catalog.format('create table ibr.%I (like ibr.benefit including all)', name);
    execute pg_catalog.format(
        'with moved as (delete from ibr.benefit_other '
        'where given_at >= %L and given_at < %L returning *) insert into ibr.%I select * from moved',
        first_moment, next_moment, name
    );
    execute pg_catalog.format(
        'alter table ibr.benefit attach partition ibr.%I for values from (%L) to (%L)',
        name, first_moment, next_moment
    );
    -- A partition is a door of its own: whoever may not read the whole must not read the part.
    execute pg_catalog.format('alter table ibr.%I enable row level security', name);
    execute pg_catalog.format('alter table ibr.%I force row level security', name);
    return true;
end
$$;
revoke all on function ibr.make_benefit_month(date) from public;

grant select, insert on ibr.benefit to ibr_app, ibr_worker;
call ibr.guard_by_programme('benefit');
alter table ibr.benefit_other enable row level security;

-- Counts that pages read: benefits by programme and month, kept by the merge.
create table ibr.benefit_month (
    programme_id integer not null,
    month date not null,
    benefit_type smallint not null,
    currency text not null,
    benefits bigint not null,
    value_minor bigint not null,
    primary key (programme_id, month, benefit_type, currency)
);
call ibr.describe('benefit_month', 'Benefits given by programme and month, kept with every merge.', '{
    "programme_id": "plain: the programme",
    "month": "plain: first day of the month",
    "benefit_type": "plain: code of CD.IBR benefit_type",
    "currency": "plain: ISO 4217 code, empty for benefits without a value",
    "benefits": "plain: how many",
    "value_minor": "plain: their value in minor units"
}');
grant select, insert, update on ibr.benefit_month to ibr_app, ibr_worker;
grant select on ibr.benefit_month to ibr_analyst;
call ibr.guard_by_programme('benefit_month');
