"""SQL of protected people: their numbers, and the records that those stand in.

Spreading needs a transaction that sees every programme: what is hidden must be hidden everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from asyncpg import Record

from ibr.db.pool import Connection

# A number that more records carry is nobody's own, and is followed no further.
MOST_RECORDS = 20

_IN_FORCE = "s.ended_at is null and (s.valid_until is null or s.valid_until >= $1::date)"
_OWN = f"""
    select n.blind_index, n.protection_id
    from protected_number n join protected_person s using (protection_id)
    where {_IN_FORCE} and n.whose = 'own'
      and (select count(*) from (select from enrolled_index e
                                 where e.blind_index = n.blind_index limit {MOST_RECORDS} + 1) c)
          <= {MOST_RECORDS}
"""


async def carried_by(connection: Connection, blind_index: bytes) -> int:
    """How many records carry a number, counted a little beyond the most."""
    count: int = await connection.fetchval(
        """
        select count(*)::integer
        from (select from enrolled_index where blind_index = $1 limit $2) c
        """,
        blind_index,
        MOST_RECORDS + 1,
    )
    return count


async def add(
    connection: Connection,
    blind_index: bytes,
    reason: str,
    until: date | None,
    by: int,
    at: datetime,
) -> int:
    number: int = await connection.fetchval(
        """
        insert into protected_person (reason_code, valid_until, marked_by, marked_at)
        values ($1, $2, $3, $4) returning protection_id
        """,
        reason,
        until,
        by,
        at,
    )
    await connection.execute(
        """
        insert into protected_number (blind_index, protection_id, whose, known_at)
        values ($1, $2, 'own', $3)
        """,
        blind_index,
        number,
        at,
    )
    return number


async def any_in_force(connection: Connection, today: date) -> bool:
    found = await connection.fetchval(
        f"select exists (select from protected_person s where {_IN_FORCE})", today
    )
    return bool(found)


async def spread_own(connection: Connection, today: date, at: datetime) -> int:
    """The other numbers that the same person carries as their own; how many are new.

    Found in the records that carry a known one as the person's own, and in those that people
    confirmed to be of the same person.
    """
    rows = await connection.fetch(
        f"""
        with own as materialized ({_OWN}), other as (
            select i.blind_index, o.protection_id
            from own o
            join enrolled_index e on e.blind_index = o.blind_index and e.role = 0
            join identifier i on i.record_id = e.record_id and i.role = 0 and i.replaced_at is null
            join identifier_type t on t.type_id = i.type_id and t.identifies = 'person'
            union
            select theirs.blind_index, o.protection_id
            from own o
            join confirmed_number mine on mine.blind_index = o.blind_index
            join confirmed_person here
              on here.record_id = mine.record_id and here.appearance_no = mine.appearance_no
            join confirmed_person there
              on there.first_record = here.first_record and there.first_no = here.first_no
            join confirmed_number theirs
              on theirs.record_id = there.record_id and theirs.appearance_no = there.appearance_no
        )
        insert into protected_number (blind_index, protection_id, whose, known_at)
        select distinct blind_index, protection_id, 'own', $2::timestamptz from other
        on conflict do nothing returning 1
        """,
        today,
        at,
    )
    return len(rows)


async def spread_household(connection: Connection, today: date, at: datetime) -> None:
    """The numbers of everybody who stands in one record with the person: where a child lives is
    where the mother lives."""
    await connection.execute(
        f"""
        with own as materialized ({_OWN})
        insert into protected_number (blind_index, protection_id, whose, known_at)
        select distinct i.blind_index, o.protection_id, 'household', $2::timestamptz
        from own o
        join enrolled_index e on e.blind_index = o.blind_index
        join identifier i
          on i.record_id = e.record_id and i.role in (0, 2) and i.replaced_at is null
        join identifier_type t on t.type_id = i.type_id and t.identifies = 'person'
        on conflict do nothing
        """,
        today,
        at,
    )


async def hide_records(connection: Connection, today: date) -> int:
    """Every record in which such a number stands; how many are new."""
    rows = await connection.fetch(
        f"""
        insert into protected_record (record_id, protection_id, programme_id)
        select distinct e.record_id, n.protection_id, e.programme_id
        from protected_number n join protected_person s using (protection_id)
        join enrolled_index e on e.blind_index = n.blind_index
        where {_IN_FORCE}
          and (select count(*) from (select from enrolled_index x
                                     where x.blind_index = n.blind_index
                                     limit {MOST_RECORDS} + 1) c) <= {MOST_RECORDS}
        on conflict do nothing returning 1
        """,
        today,
    )
    return len(rows)


async def forget_ended(connection: Connection, today: date) -> None:
    """What led to people whose protection is over is kept no longer."""
    for table in ("protected_record", "protected_number"):
        await connection.execute(
            f"""
            delete from {table} t using protected_person s
            where s.protection_id = t.protection_id and not ({_IN_FORCE})
            """,
            today,
        )


async def is_protected(
    connection: Connection, blind_index: bytes, programmes: Iterable[int], today: date
) -> bool:
    """Whether a number leads to a protected record of these programmes: the person's, somebody's
    of the household, or the household's own."""
    found = await connection.fetchval(
        f"""
        select exists (
            select from protected_number n join protected_person s using (protection_id)
            join protected_record r using (protection_id)
            where {_IN_FORCE} and n.blind_index = $2 and r.programme_id = any ($3::integer[])
        ) or exists (
            select from enrolled_index e join protected_record r using (record_id)
            where e.blind_index = $2 and e.programme_id = any ($3::integer[])
        )
        """,
        today,
        blind_index,
        list(programmes),
    )
    return bool(found)


async def end(connection: Connection, number: int, by: int, why: str, at: datetime) -> bool:
    done = await connection.fetchval(
        """
        update protected_person set ended_by = $2, ended_why = $3, ended_at = $4
        where protection_id = $1 and ended_at is null returning true
        """,
        number,
        by,
        why,
        at,
    )
    return bool(done)


async def listed(connection: Connection, most: int) -> list[Record]:
    return await connection.fetch(
        """
        select s.protection_id, s.reason_code, s.valid_until, m.name as marked_by_name,
               s.marked_at, s.ended_at, e.name as ended_by_name, s.ended_why,
               (select count(*)::integer from protected_record r
                where r.protection_id = s.protection_id) as records
        from protected_person s
        left join officer m on m.officer_id = s.marked_by
        left join officer e on e.officer_id = s.ended_by
        order by s.ended_at is not null, s.protection_id desc limit $1
        """,
        most,
    )
