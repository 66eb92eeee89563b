"""SQL of enrolments, their status history and the index that answers "enrolled?"."""

from __future__ import annotations

from collections.abc import Sequence

from asyncpg import Record

from ibr.db.pool import Connection
from ibr.db.staging import stage
from ibr.registry.beneficiaries.model import Replaced
from ibr.registry.enrolment.model import (
    EnrolmentRow,
    IndexRow,
    RecordState,
    Standing,
    StatusRow,
)

TEMPORARY = (
    """
    create temporary table if not exists s_enrolment (
        record_id bigint, programme_id integer, enrolled_at timestamptz,
        enrolled_said_at timestamptz, status smallint, status_at timestamptz,
        status_rank smallint, as_of timestamptz, known_at timestamptz,
        delivery_id bigint
    ) on commit delete rows
    """,
    """
    create temporary table if not exists s_status (
        record_id bigint, changed_at timestamptz, status smallint, programme_id integer,
        known_at timestamptz, delivery_id bigint
    ) on commit delete rows
    """,
    """
    create temporary table if not exists s_index (
        blind_index bytea, programme_id integer, record_id bigint, role smallint,
        assistance_unit smallint, status smallint, status_at timestamptz, status_rank smallint
    ) on commit delete rows
    """,
)


async def states(connection: Connection, record_ids: Sequence[int]) -> dict[int, RecordState]:
    rows = await connection.fetch(
        """
        select r.record_id, r.assistance_unit, r.content_digest, r.subject_index, e.as_of,
               e.status, e.status_at, e.status_rank, e.enrolled_at, e.enrolled_said_at
        from beneficiary_record r join enrolment e on e.record_id = r.record_id
        where r.record_id = any ($1::bigint[])
        """,
        list(record_ids),
    )
    return {
        row["record_id"]: RecordState(
            record_id=row["record_id"],
            assistance_unit=row["assistance_unit"],
            content_digest=row["content_digest"],
            subject_index=row["subject_index"],
            as_of=row["as_of"],
            standing=Standing(row["status"], row["status_at"], row["status_rank"]),
            enrolled_at=row["enrolled_at"],
            enrolled_said_at=row["enrolled_said_at"],
        )
        for row in rows
    }


async def statuses_of_keys(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, int]:
    # In two steps: keys and enrolments lie on different servers of a cluster.
    found = await connection.fetch(
        "select record_key, record_id from record_key where record_key = any ($1::bytea[])",
        list(keys),
    )
    rows = await connection.fetch(
        "select record_id, status from enrolment where record_id = any ($1::bigint[])",
        [row["record_id"] for row in found],
    )
    statuses = {row["record_id"]: row["status"] for row in rows}
    return {
        row["record_key"]: statuses[row["record_id"]]
        for row in found
        if row["record_id"] in statuses
    }


async def put_enrolments(connection: Connection, rows: Sequence[EnrolmentRow]) -> None:
    """Writes enrolments and adds the totals of the benefits that this transaction gave.

    The benefits stand in s_given (registry/benefits/store.py), new ones only.
    """
    await stage(connection, "s_enrolment", rows)
    await connection.execute(
        """
        insert into enrolment (record_id, programme_id, enrolled_at, enrolled_said_at, status,
                               status_at, status_rank, as_of, known_at, delivery_id, benefit_count,
                               benefit_total, first_benefit_at, last_benefit_at)
        select s.*, coalesce(g.benefits, 0), coalesce(g.value, 0), g.first_at, g.last_at
        from s_enrolment s
        left join (
            select record_id, count(*) as benefits, min(given_at) as first_at,
                   max(given_at) as last_at, sum(value_minor) as value
            from s_given group by record_id
        ) g on g.record_id = s.record_id
        order by s.record_id
        on conflict (record_id) do update set
            enrolled_at = excluded.enrolled_at, enrolled_said_at = excluded.enrolled_said_at,
            status = excluded.status, status_at = excluded.status_at,
            status_rank = excluded.status_rank,
            as_of = excluded.as_of, known_at = excluded.known_at,
            delivery_id = excluded.delivery_id,
            benefit_count = enrolment.benefit_count + excluded.benefit_count,
            benefit_total = enrolment.benefit_total + excluded.benefit_total,
            first_benefit_at = least(enrolment.first_benefit_at, excluded.first_benefit_at),
            last_benefit_at = greatest(enrolment.last_benefit_at, excluded.last_benefit_at)
        where excluded.benefit_count > 0
           or (enrolment.enrolled_at, enrolment.enrolled_said_at, enrolment.status,
               enrolment.status_at, enrolment.status_rank, enrolment.as_of)
              is distinct from (excluded.enrolled_at, excluded.enrolled_said_at, excluded.status,
                                excluded.status_at, excluded.status_rank, excluded.as_of)
        """
    )


async def put_statuses(connection: Connection, rows: Sequence[StatusRow]) -> None:
    await stage(connection, "s_status", rows)
    await connection.execute(
        """
        insert into status_change
        select * from s_status order by record_id, changed_at, status on conflict do nothing
        """
    )


async def put_index(connection: Connection, rows: Sequence[IndexRow]) -> None:
    await stage(connection, "s_index", rows)
    await connection.execute(
        """
        insert into enrolled_index
        select * from s_index order by blind_index, programme_id, record_id, role
        on conflict (blind_index, programme_id, record_id, role) do update set
            assistance_unit = excluded.assistance_unit, status = excluded.status,
            status_at = excluded.status_at, status_rank = excluded.status_rank
        """
    )


async def drop_index(connection: Connection, rows: Sequence[Replaced]) -> None:
    """Takes identifiers out that no longer stand for their record."""
    await connection.execute(
        """
        delete from enrolled_index e
        using unnest($1::bytea[], $2::integer[], $3::bigint[], $4::smallint[])
              as r (blind_index, programme_id, record_id, role)
        where e.blind_index = r.blind_index and e.programme_id = r.programme_id
          and e.record_id = r.record_id and e.role = r.role
        """,
        [row.blind_index for row in rows],
        [row.programme_id for row in rows],
        [row.record_id for row in rows],
        [row.role for row in rows],
    )


async def drop_confirmed(connection: Connection, rows: Sequence[Replaced]) -> None:
    """Lets identifiers lead to nobody by a confirmed link that no longer stand for their record."""
    await connection.execute(
        """
        delete from confirmed_number c
        using unnest($1::bytea[], $2::integer[], $3::bigint[])
              as r (blind_index, programme_id, record_id)
        where c.blind_index = r.blind_index and c.record_id = r.record_id
          and not exists (
                select from enrolled_index e
                where e.blind_index = c.blind_index and e.programme_id = r.programme_id
                  and e.record_id = r.record_id)
        """,
        [row.blind_index for row in rows],
        [row.programme_id for row in rows],
        [row.record_id for row in rows],
    )


async def probe_index(
    connection: Connection, blind_indexes: list[bytes], programme_ids: list[int]
) -> list[tuple[int, int, int, int]]:
    """Number of the probe, status, role and unit of every record found: of those that carry the
    identifier, and of those that people have said to be of somebody who carries it elsewhere."""
    if len(blind_indexes) == 1:
        # The plain statement: for a single probe the array form costs five times as much.
        rows = await connection.fetch(
            """
            select 0 as probe, status, role, assistance_unit, null::bigint as record_id,
                   null::smallint as appearance_no
            from enrolled_index where blind_index = $1 and programme_id = $2
            union all
            select 0, null, null, null, c.record_id, c.appearance_no
            from confirmed_number c where c.blind_index = $1
            """,
            blind_indexes[0],
            programme_ids[0],
        )
    else:
        rows = await connection.fetch(
            """
            select (q.number - 1)::integer as probe, e.status, e.role, e.assistance_unit,
                   null::bigint as record_id, null::smallint as appearance_no
            from unnest($1::bytea[], $2::integer[])
                 with ordinality as q (blind_index, programme_id, number)
            join enrolled_index e
              on e.blind_index = q.blind_index and e.programme_id = q.programme_id
            union all
            select (q.number - 1)::integer, null, null, null, c.record_id, c.appearance_no
            from unnest($1::bytea[], $2::integer[])
                 with ordinality as q (blind_index, programme_id, number)
            join confirmed_number c on c.blind_index = q.blind_index
            """,
            blind_indexes,
            programme_ids,
        )
    found = [tuple(row)[:4] for row in rows if row["record_id"] is None]
    confirmed = [row for row in rows if row["record_id"] is not None]
    return found + await _standings(connection, confirmed, programme_ids) if confirmed else found


async def _standings(
    connection: Connection, confirmed: Sequence[Record], programme_ids: list[int]
) -> list[tuple[int, int, int, int]]:
    """The same of the other records of confirmed persons; asked apart, since it is rare and a
    cluster answers it from other servers than the index."""
    rows = await connection.fetch(
        """
        select q.probe, s.status, s.role, s.assistance_unit
        from unnest($1::integer[], $2::bigint[], $3::smallint[], $4::integer[])
             as q (probe, record_id, appearance_no, programme_id)
        cross join lateral
            confirmed_standings(q.record_id, q.appearance_no, q.programme_id) as s
        """,
        [row["probe"] for row in confirmed],
        [row["record_id"] for row in confirmed],
        [row["appearance_no"] for row in confirmed],
        [programme_ids[row["probe"]] for row in confirmed],
    )
    return [tuple(row) for row in rows]
