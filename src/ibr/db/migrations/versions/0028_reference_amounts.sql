-- Amounts that benefits are held against, entered by the command line. A row is never changed: a
-- correction is another row of the same day, and the one that was entered last counts.

create table ibr.reference_amount (
    reference_no integer generated always as identity primary key,
    kind text not null
        check (kind in ('poverty_line', 'minimum_wage', 'food_basket', 'statutory_pension')),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    minor bigint not null check (minor > 0),
    valid_from date not null,
    source text not null check (source <> ''),
    entered_by text not null,
    entered_at timestamptz not null
);
call ibr.describe('reference_amount', 'Poverty line, minimum wage, food basket and pension, by the day they hold from.', '{
    "reference_no": "plain: the registry''s number for the amount",
    "kind": "plain: what it stands for: poverty_line, minimum_wage, food_basket or statutory_pension",
    "currency": "plain: ISO 4217 code",
    "minor": "plain: the amount for one month, in minor units of the currency",
    "valid_from": "plain: first day on which it holds; until the next one of its kind and currency",
    "source": "plain: who published it, and where",
    "entered_by": "plain: who entered it",
    "entered_at": "plain: when; of two of the same day the later one counts"
}');
create index reference_amount_kind on ibr.reference_amount (kind, currency, valid_from);

grant select on ibr.reference_amount to ibr_app, ibr_worker, ibr_analyst, ibr_auditor;
