"""SQL of the overview: counts over the programmes in reach, and the records of one identifier.

Row-level security narrows every statement to the programmes of the transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from asyncpg import Record

from ibr.db.pool import Connection

# An enrolment counts today when its status does, or when it is suspended and the programme says
# that suspended counts (behaviour.md 29). $1 holds the statuses that count, $2 is suspended.
_CURRENT = "(e.status = any ($1::smallint[]) or (e.status = $2 and p.suspended_counts))"


async def allow_time(connection: Connection, milliseconds: int) -> None:
    await connection.execute("select set_config('statement_timeout', $1, true)", str(milliseconds))


async def programmes(connection: Connection, ids: Iterable[int]) -> list[Record]:
    return await connection.fetch(
        """
        select programme_id, code, names::text, descriptions::text, institution, legal_status,
               functions, contribution_type, programme_type, assistance_unit, benefit_type,
               suspended_counts, cycle_months, valid_from, valid_to
        from programme where programme_id = any ($1::integer[]) order by code
        """,
        list(ids),
    )


async def codes(connection: Connection) -> list[Record]:
    return await connection.fetch("select code, programme_id from programme order by code")


async def regions(connection: Connection) -> list[Record]:
    return await connection.fetch(
        """
        select code, names::text, outline, centre_x, centre_y, population
        from area where level = 1 order by code
        """
    )


async def area_names(connection: Connection, codes: Sequence[str]) -> list[Record]:
    return await connection.fetch(
        "select code, names::text from area where code = any ($1::text[])", codes
    )


async def statuses(connection: Connection) -> list[Record]:
    return await connection.fetch(
        """
        select programme_id, status, count(*)::integer as count
        from enrolment group by programme_id, status
        """
    )


async def reached(
    connection: Connection, counted: Iterable[int], suspended: int, programme_id: int | None
) -> list[Record]:
    # Grouping before counting keeps it one hash aggregate; count(distinct) would sort everybody.
    # A beneficiary whose records name two regions counts in one, so that regions add up.
    return await connection.fetch(
        f"""
        select region_code, assistance_unit, count(*)::integer as count
        from (
            select r.subject_index, min(r.region_code) as region_code,
                   min(r.assistance_unit) as assistance_unit
            from enrolment e
            join programme p on p.programme_id = e.programme_id
            join beneficiary_record r on r.record_id = e.record_id
            where {_CURRENT} and ($3::integer is null or e.programme_id = $3)
            group by r.subject_index
        ) as subject
        group by region_code, assistance_unit
        """,
        list(counted),
        suspended,
        programme_id,
    )


async def ages(
    connection: Connection, counted: Iterable[int], suspended: int, programme_id: int, today: date
) -> list[Record]:
    return await connection.fetch(
        f"""
        with person as (
            select r.sex, r.birth_date
            from enrolment e
            join programme p on p.programme_id = e.programme_id
            join beneficiary_record r on r.record_id = e.record_id
            where {_CURRENT} and e.programme_id = $3 and r.assistance_unit = 1
            union all
            select m.sex, m.birth_date
            from enrolment e
            join programme p on p.programme_id = e.programme_id
            join group_member m on m.record_id = e.record_id
            where {_CURRENT} and e.programme_id = $3
        )
        select sex, case when birth_date <= $4::date then
                   least(extract(year from age($4::date, birth_date))::integer / 10, 8) end as band,
               count(*)::integer as count
        from person group by 1, 2
        """,
        list(counted),
        suspended,
        programme_id,
        today,
    )


async def months(connection: Connection, first: date, last: date) -> list[Record]:
    return await connection.fetch(
        """
        select programme_id, month, currency, sum(benefits)::bigint as benefits,
               sum(value_minor)::bigint as value_minor
        from benefit_month where month between $1 and $2
        group by programme_id, month, currency order by month
        """,
        first,
        last,
    )


async def identifier_types(connection: Connection) -> list[Record]:
    return await connection.fetch(
        """
        select code, identifies from identifier_type
        where identifies in ('person', 'group') order by identifies desc, type_id
        """
    )


async def records_of(connection: Connection, blind_index: bytes, limit: int) -> list[Record]:
    return await connection.fetch(
        """
        select r.record_id, r.programme_id, i.role, r.assistance_unit, r.sex, r.birth_date,
               r.birth_precision, r.death_date, r.region_code, r.sub_region_code, r.group_size,
               r.subject_index, r.personal, r.as_of, r.known_at, e.enrolled_at, e.status,
               e.status_at, e.benefit_count, e.benefit_total
        from (
            select record_id, programme_id, min(role) as role from enrolled_index
            where blind_index = $1 group by record_id, programme_id order by record_id limit $2
        ) as i
        join beneficiary_record r on r.record_id = i.record_id
        join enrolment e on e.record_id = i.record_id
        order by e.status_at desc, r.record_id
        """,
        blind_index,
        limit,
    )


async def indexes_of(
    connection: Connection, records: Sequence[int], roles: Sequence[int]
) -> list[bytes]:
    found = await connection.fetch(
        """
        select distinct i.blind_index
        from unnest($1::bigint[], $2::smallint[]) as wanted (record_id, role)
        join identifier i on i.record_id = wanted.record_id and i.role = wanted.role
        join identifier_type t on t.type_id = i.type_id
        where t.identifies in ('person', 'group')
        """,
        records,
        roles,
    )
    return [row["blind_index"] for row in found]


async def status_changes(connection: Connection, records: Sequence[int]) -> list[Record]:
    return await connection.fetch(
        """
        select record_id, changed_at, status, known_at from status_change
        where record_id = any ($1::bigint[]) order by changed_at, status
        """,
        records,
    )


async def benefits(connection: Connection, records: Sequence[int], limit: int) -> list[Record]:
    return await connection.fetch(
        """
        select record_id, given_at, benefit_type, value_minor, currency, quantity, description
        from benefit where record_id = any ($1::bigint[]) order by given_at desc limit $2
        """,
        records,
        limit,
    )


# The window comes first and its records after it, one by one: asked in one go, PostgreSQL takes the
# filters for rarer than they are and sorts the whole country for each block.
_IDENTIFIED = """
    with people as materialized (
        select distinct w.blind_index from (
            select x.blind_index from enrolled_index x
            where x.blind_index > $7 and x.role = 0 and x.programme_id = any ($2::integer[])
            order by x.blind_index limit $8
        ) as w
    )
    select people.blind_index, wanted.record_id, wanted.value_sealed
    from people left join lateral (
        select i.record_id, i.value_sealed
        from enrolled_index x
        join programme p on p.programme_id = x.programme_id
        join beneficiary_record r on r.record_id = x.record_id
        join identifier i on i.record_id = x.record_id and i.blind_index = x.blind_index
                         and i.role = x.role
        join identifier_type t on t.type_id = i.type_id
        where x.blind_index = people.blind_index and x.role = 0
          and x.programme_id = any ($2::integer[])
          and t.code = $1 and i.replaced_at is null
          and ($3::smallint[] is null or x.status = any ($3::smallint[])
               or (x.status = $4 and p.suspended_counts))
          and ($5::boolean is null or r.is_disabled = $5)
          and (cardinality($6::text[]) = 0 or r.region_code = any ($6::text[]))
        order by i.record_id
        limit 1
    ) as wanted on true
    order by people.blind_index
"""


async def identified(
    connection: Connection,
    kind: str,
    *,
    programmes: Sequence[int],
    statuses: Sequence[int] | None,
    suspended: int,
    disabled: bool | None,
    regions: Sequence[str],
    after: bytes,
    window: int,
) -> list[Record]:
    """The next blind indexes of people and heads of households, in their order; with a value
    where one of their records is wanted."""
    return await connection.fetch(
        _IDENTIFIED,
        kind,
        sorted(programmes),
        None if statuses is None else sorted(statuses),
        suspended,
        disabled,
        list(regions),
        after,
        window,
    )


async def held(connection: Connection, indexes: Sequence[bytes]) -> set[bytes]:
    rows = await connection.fetch(
        """
        select distinct blind_index from enrolled_index where blind_index = any ($1::bytea[])
        """,
        list(indexes),
    )
    return {row["blind_index"] for row in rows}


async def ever_carried(connection: Connection, blind_index: bytes, limit: int) -> list[int]:
    """Records that carry an identifier, or carried it before it was replaced or withdrawn."""
    rows = await connection.fetch(
        """
        select record_id from enrolled_index where blind_index = $1
        union
        select record_id from identifier where blind_index = $1 and replaced_at is not null
        order by record_id limit $2
        """,
        blind_index,
        limit,
    )
    return [row["record_id"] for row in rows]


async def gone_by(connection: Connection, records: Sequence[int], at: datetime) -> set[int]:
    """Of these records those that stood no more at that moment, since a delivery was voided."""
    rows = await connection.fetch(
        """
        select distinct on (record_id) record_id, kind from change
        where record_id = any ($1::bigint[]) and kind in ('enrolled', 'withdrawn')
          and known_at <= $2
        order by record_id, change_id desc
        """,
        records,
        at,
    )
    return {row["record_id"] for row in rows if row["kind"] == "withdrawn"}


async def contents_known(
    connection: Connection, records: Sequence[int], at: datetime
) -> list[Record]:
    """What was known to be in these records by then, sealed, with the table it stands in."""
    return await connection.fetch(
        """
        select record_id, programme_id, 'beneficiary_record' as place, personal, as_of, known_at
        from beneficiary_record where record_id = any ($1::bigint[]) and known_at <= $2
        union all
        select record_id, programme_id, 'beneficiary_version', personal, as_of, known_at
        from beneficiary_version where record_id = any ($1::bigint[]) and known_at <= $2
        """,
        records,
        at,
    )


async def statuses_known(
    connection: Connection, records: Sequence[int], at: datetime
) -> list[Record]:
    return await connection.fetch(
        """
        select record_id, changed_at, status, min(known_at) as known_at from (
            select record_id, changed_at, status, known_at from status_change
            where record_id = any ($1::bigint[]) and known_at <= $2
            union all
            select record_id, changed_at, status, known_at from withdrawn_status
            where record_id = any ($1::bigint[]) and known_at <= $2 and withdrawn_at > $2
        ) as known
        group by record_id, changed_at, status order by changed_at, status
        """,
        records,
        at,
    )


async def benefits_known(
    connection: Connection, records: Sequence[int], at: datetime, limit: int
) -> list[Record]:
    return await connection.fetch(
        """
        select record_id, given_at, benefit_type, value_minor, currency, quantity, description
        from (
            select record_id, given_at, benefit_key, benefit_type, value_minor, currency, quantity,
                   description
            from benefit where record_id = any ($1::bigint[]) and known_at <= $2
            union
            select record_id, given_at, benefit_key, benefit_type, value_minor, currency, quantity,
                   description
            from withdrawn_benefit
            where record_id = any ($1::bigint[]) and known_at <= $2 and withdrawn_at > $2
        ) as known
        order by given_at desc limit $3
        """,
        records,
        at,
        limit,
    )
