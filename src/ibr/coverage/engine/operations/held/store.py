"""DuckDB statements over an opened snapshot: what records say, by programme and month.

A month is a bit of a number: a record that is enrolled on the last day of some months has their
bits. So everything is read once, however many months are asked about, and people are counted once
in each month although they may stand in several records of a programme.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import duckdb

from ibr.codelists.identifier_types import OF_A_CONTACT, OF_A_GROUP, OF_A_PROGRAMME
from ibr.codelists.programme_kinds import PERSON
from ibr.identity.features.numbers import FOUNDATIONAL
from ibr.overlaps.snapshot.engine import quoted
from ibr.periods import Month

MOST_MONTHS: Final = 36
"""Months that are read at once: with the longest cycle before and behind them, their bits fit into
one number."""
LONGEST_CYCLE: Final = 12
FIELDS: Final[dict[str, tuple[str, str]]] = {
    "sex": ("true", "coalesce(s.sex, 0) <> 0"),
    "birth_date": ("true", "coalesce(s.birth_precision, 0) = 3"),
    "is_disabled": ("true", "coalesce(s.says_disabled, false)"),
    "region_code": ("true", "k.says_region"),
    "sub_region_code": ("true", "k.says_district"),
    "group_size": (f"k.unit <> {PERSON}", "k.says_size"),
    "enrollment_date": ("true", "k.says_enrolled"),
    "enrollment_status": ("true", "k.says_status"),
}
"""Fields as they are reported: of which records each is expected, and when it says something."""
_NO_IDENTITY: Final = ", ".join(
    quoted(each) for each in (*OF_A_PROGRAMME, *OF_A_GROUP, *OF_A_CONTACT)
)
Row = tuple[Any, ...]


def _number(day: str, base: int) -> str:
    """The number of a day's month, counted from the first month."""
    return f"(year({day}) * 12 + month({day}) - 1 - {base})"


def _bits(first: str, after: str, months: int) -> str:
    """The bits from one number up to below another, as far as there are months."""
    low, high = (f"greatest(least({each}, {months}), 0)" for each in (first, after))
    return (
        f"case when {high} > {low} then "
        f"((1::bigint << ({high})::integer) - (1::bigint << ({low})::integer)) else 0::bigint end"
    )


def _listed(programmes: Collection[int]) -> str:
    return ", ".join(str(int(each)) for each in programmes) or "null"


def _last_days(base: int, months: int) -> str:
    """The months on whose last day a span holds."""
    after = "(coalesce(s.last_day, date '9999-12-30') + 1)"
    return _bits(_number("s.first_day", base), _number(after, base), months)


def _first_days(base: int, months: int) -> str:
    """The months on whose first day a span holds: it begins then, or in an earlier month."""
    last = "coalesce(s.last_day, date '9999-12-30')"
    first = _number("(s.first_day - 1)", base)
    return _bits(f"{first} + 1", f"{_number(last, base)} + 1", months)


def _base(first: Month) -> int:
    return first.year * 12 + first.month - 1


# The same person as a direct beneficiary: whom a record is about, of a group its head, else whoever
# is named first; where nobody is named somebody of whom nothing is known. Nearly all records are
# about one person, so only the others are gone through. No table is read more often than need be:
# reading costs more than counting.
_SHOWN: Final = f"""
    named as materialized (
        select r.record_id, a.appearance_no, a.person_id, coalesce(a.sex, 0) as sex,
               coalesce(a.birth_precision, 0) as birth_precision,
               a.is_disabled is not null as says_disabled,
               r.unit = {PERSON} and a.is_own as own,
               (r.unit <> {PERSON} and not a.is_head)::bigint * 1099511627776
                   + (a.member_no + 1)::bigint * 65536 + a.appearance_no as place
        from record r join appearance a using (record_id)
        where a.member_no is not null
    ),
    chosen as (
        select n.record_id,
               arg_min(struct_pack(appearance_no := n.appearance_no, person_id := n.person_id,
                                   sex := n.sex, birth_precision := n.birth_precision,
                                   says_disabled := n.says_disabled), n.place) as who
        from named n where not n.own group by n.record_id
    ),
    shown as (
        select n.record_id, n.appearance_no, n.person_id, n.sex, n.birth_precision, n.says_disabled
        from named n where n.own
        union all by name
        select c.record_id, unnest(c.who) from chosen c
        where not exists (select 1 from named n where n.own and n.record_id = c.record_id)
    )
"""


def prepare(
    connection: duckdb.DuckDBPyConnection, first: Month, months: int, programmes: Collection[int]
) -> None:
    """Records with the months in which they are enrolled, whom they are about, and which of their
    fields say something. The spans of a record share no day, so it has each month once."""
    flags = ", ".join(
        f"({needed}) as n_{name}, ({needed}) and ({said}) as h_{name}"
        for name, (needed, said) in FIELDS.items()
    )
    connection.execute(
        f"""
        create or replace temp table op_enrolled as
        with spans as (
            select s.record_id, s.programme_id, {_last_days(_base(first), months)} as months
            from span s where s.enrolled and s.programme_id in ({_listed(programmes)})
        ),
        kept as (
            select n.record_id, n.programme_id, n.months, r.unit,
                   coalesce(r.region_code, '') <> '' as says_region,
                   coalesce(r.district_code, '') <> '' as says_district,
                   coalesce(r.group_size, 0) > 0 as says_size,
                   e.enrolled_on is not null as says_enrolled,
                   e.status_on is not null as says_status
            from spans n join record r using (record_id) join enrolment e using (record_id)
            where n.months <> 0
        ),
        {_SHOWN}
        select k.record_id, k.programme_id, k.months,
               coalesce(s.person_id, -(k.record_id * 32768 + 32767)) as person_id,
               s.appearance_no, {flags}
        from kept k left join shown s using (record_id)
        """
    )


def field_rows(connection: duckdb.DuckDBPyConnection, months: int) -> list[Row]:
    """Month, programme (empty for all together), and for each of FIELDS how many records should
    have it and how many do."""
    flags = ", ".join(f"n_{name}, h_{name}" for name in FIELDS)
    sums = ", ".join(
        f"coalesce(sum(many) filter (where n_{name}), 0), "
        f"coalesce(sum(many) filter (where h_{name}), 0)"
        for name in FIELDS
    )
    # Records that are alike in all of this are few kinds; only the kinds are laid out by month.
    return connection.execute(
        f"""
        with kinds as (
            select programme_id, months, {flags}, count(*) as many
            from op_enrolled group by all
        )
        select m.m, programme_id, {sums}
        from kinds join range({months}) as m (m) on (kinds.months >> m.m::integer) & 1 = 1
        group by grouping sets ((m.m, programme_id), (m.m))
        """
    ).fetchall()


def people_rows(connection: duckdb.DuckDBPyConnection, months: int) -> list[Row]:
    """Month, programme (empty for all together), people enrolled, those with an identity number,
    with a foundational one, known to the civil register, and in a pair that waits to be looked
    at."""
    return connection.execute(
        f"""
        with known as (
            select a.person_id, bool_or(n.kind = {quoted(FOUNDATIONAL)}) as foundational
            from number n join appearance a using (record_id, appearance_no)
            where n.tie = '' and n.kind not in ({_NO_IDENTITY}) group by a.person_id
        ),
        verified as (select distinct person_id from told where source = 'civil'),
        waiting as (
            select low_person as person_id from link_open union select high_person from link_open
        ),
        in_programme as (
            select programme_id, person_id, bit_or(months) as months
            from op_enrolled group by programme_id, person_id
        ),
        people as (
            select person_id, bit_or(months) as months from in_programme group by person_id
        ),
        told_of as (
            select p.*, k.person_id is not null as numbered, coalesce(k.foundational, false)
                   as foundational, v.person_id is not null as verified,
                   w.person_id is not null as waiting
            from people p
            left join known k using (person_id) left join verified v using (person_id)
            left join waiting w using (person_id)
        ),
        kinds as (
            select null::integer as programme_id, months, numbered, foundational, verified,
                   waiting, count(*) as many
            from told_of group by all
            union all
            select i.programme_id, i.months, t.numbered, t.foundational, t.verified, t.waiting,
                   count(*)
            from in_programme i join told_of t using (person_id) group by all
        )
        select m.m, programme_id, sum(many), coalesce(sum(many) filter (where numbered), 0),
               coalesce(sum(many) filter (where foundational), 0),
               coalesce(sum(many) filter (where verified), 0),
               coalesce(sum(many) filter (where waiting), 0)
        from kinds join range({months}) as m (m) on (kinds.months >> m.m::integer) & 1 = 1
        group by m.m, programme_id
        """
    ).fetchall()


def copy_rows(
    connection: duckdb.DuckDBPyConnection, months: int, copies: Sequence[tuple[int, int, str]]
) -> list[Row]:
    """Month, programme (empty for all together), records enrolled, and those that people have
    confirmed to be another record of somebody who has one in the programme already. `copies` are
    appearances and what the person is called that they are."""
    return connection.execute(
        f"""
        with same as (
            select unnest($1::bigint[]) as record_id, unnest($2::integer[]) as appearance_no,
                   unnest($3::varchar[]) as of_person
        ),
        records as (
            select months, programme_id, count(*) as many from op_enrolled group by all
        ),
        whole as (
            select m.m, programme_id, sum(many) as many
            from records join range({months}) as m (m) on (records.months >> m.m::integer) & 1 = 1
            group by m.m, programme_id
        ),
        doubled as (
            select m.m, n.programme_id, s.of_person, count(*) - 1 as many
            from same s join op_enrolled n using (record_id, appearance_no)
            join range({months}) as m (m) on (n.months >> m.m::integer) & 1 = 1
            group by m.m, n.programme_id, s.of_person
        ),
        copied as (select m, programme_id, sum(many) as many from doubled group by all)
        select w.m, w.programme_id, sum(w.many), coalesce(sum(c.many), 0)
        from whole w left join copied c on c.m = w.m and c.programme_id = w.programme_id
        group by grouping sets ((w.m, w.programme_id), (w.m))
        """,
        [list(column) for column in zip(*copies, strict=True)] or [[], [], []],
    ).fetchall()


def due_rows(
    connection: duckdb.DuckDBPyConnection,
    first: Month,
    months: int,
    cycles: Mapping[int, int],
) -> list[Row]:
    """Month, programme, records for which a benefit was due in the cycle that ends with it, and
    those that received one. `cycles` are the months of a cycle, by programme."""
    if not cycles:
        return []
    base = _base(first)
    listed = ", ".join(f"({number}, {length})" for number, length in cycles.items())
    received = " | ".join(
        f"case when c.length > {back} then p.months << {back} else 0::bigint end"
        for back in range(max(cycles.values()))
    )
    return connection.execute(
        f"""
        with cycles (programme_id, length) as (values {listed}),
        there as (
            select s.record_id, s.programme_id, {_first_days(base, months)} as first_days,
                   {_last_days(base, months)} as last_days
            from span s where s.active and s.programme_id in ({_listed(cycles)})
        ),
        active as (
            select record_id, programme_id, bit_or(first_days) as first_days,
                   bit_or(last_days) as last_days
            from there where (first_days | last_days) <> 0 group by record_id, programme_id
        ),
        paid as (
            select b.record_id, bit_or(1::bigint << {_number("b.month", base)}::integer) as months
            from benefit b where b.programme_id in ({_listed(cycles)})
              and {_number("b.month", base)} between 0 and {months - 1} group by b.record_id
        ),
        each_record as (
            select a.programme_id, a.last_days & (a.first_days << (c.length - 1)) as due,
                   coalesce({received}, 0::bigint) as received
            from active a join cycles c using (programme_id)
            left join paid p using (record_id)
        ),
        kinds as (select programme_id, due, due & received as got, count(*) as many
                  from each_record where due <> 0 group by all)
        select m.m, programme_id, sum(many),
               coalesce(sum(many) filter (where (kinds.got >> m.m::integer) & 1 = 1), 0)
        from kinds join range({months}) as m (m) on (kinds.due >> m.m::integer) & 1 = 1
        group by m.m, programme_id
        """
    ).fetchall()


def amount_rules(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Programme, first and last day of rules that say what is due to everybody in a cycle."""
    return connection.execute(
        """
        select programme_id, valid_from, valid_to from programme_rule
        where kind = 'amount' and json_extract(value, '$.from_age') is null
        """
    ).fetchall()


def paid_rows(
    connection: duckdb.DuckDBPyConnection, first: Month, months: int, days: Mapping[int, int]
) -> list[Row]:
    """Month, programme, benefits given, and those given by the pay day. `days` are the pay days,
    by programme."""
    if not days:
        return []
    listed = ", ".join(f"({number}, {day})" for number, day in days.items())
    number = _number("b.month", _base(first))
    return connection.execute(
        f"""
        with days (programme_id, pay_day) as (values {listed})
        select {number} as m, b.programme_id, count(*),
               count(*) filter (where day(b.given_on) <= d.pay_day)
        from benefit b join days d using (programme_id)
        where {number} between 0 and {months - 1} group by m, b.programme_id
        """
    ).fetchall()
