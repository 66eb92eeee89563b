"""SQL of alarms, and of what the job looks for that no single question shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from asyncpg import Record

from ibr.access.budgets.judge import Alarm
from ibr.db.pool import Connection

Row = Record

_SEEN = """
    select a.alarm_id, a.rule, a.asker_kind, a.asker_id, coalesce(p.name, o.name) as asker_name,
           a.day, a.hour, a.raised_at, a.facts::text, l.name as looked_by_name, a.looked_at,
           a.outcome, a.note
    from asking_alarm a
    left join partner p on a.asker_kind = 'partner' and p.partner_id = a.asker_id
    left join officer o on a.asker_kind = 'officer' and o.officer_id = a.asker_id
    left join officer l on l.officer_id = a.looked_by
"""


async def add(connection: Connection, alarm: Alarm, at: datetime) -> int | None:
    """The new alarm's number; None where the same was raised that day."""
    number: int | None = await connection.fetchval(
        """
        insert into asking_alarm (rule, asker_kind, asker_id, day, hour, raised_at, facts,
                                  subject_index)
        values ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8)
        on conflict do nothing returning alarm_id
        """,
        alarm.rule,
        alarm.kind,
        alarm.id,
        alarm.day,
        alarm.hour,
        at,
        msgspec.json.encode(alarm.facts).decode(),
        alarm.subject,
    )
    return number


async def listed(connection: Connection, *, waiting: bool, most: int, skip: int) -> list[Record]:
    return await connection.fetch(
        f"{_SEEN} where (a.outcome is null) = $1 order by a.raised_at desc limit $2 offset $3",
        waiting,
        most,
        skip,
    )


async def many(connection: Connection, *, waiting: bool) -> int:
    count: int = await connection.fetchval(
        "select count(*)::integer from asking_alarm where (outcome is null) = $1", waiting
    )
    return count


async def one(connection: Connection, number: int) -> Record | None:
    return await connection.fetchrow(f"{_SEEN} where a.alarm_id = $1", number)


async def close(
    connection: Connection, number: int, by: int, outcome: str, note: str, at: datetime
) -> bool:
    done = await connection.fetchval(
        """
        update asking_alarm set outcome = $3, note = $4, looked_by = $2, looked_at = $5
        where alarm_id = $1 and outcome is null returning true
        """,
        number,
        by,
        outcome,
        note,
        at,
    )
    return bool(done)


async def counted_since(connection: Connection, since: datetime) -> list[Record]:
    """Accounts that were counted lately."""
    return await connection.fetch(
        """
        select day, asker_kind, asker_id, purpose_code, people, found, in_sequence, at_night, hour,
               hour_people, hour_found, hour_in_sequence, allowed, refused
        from budget_used where counted_at >= $1
        """,
        since,
    )


async def known_of(
    connection: Connection,
    day: date,
    kind: str,
    number: int,
    sight: tuple[Sequence[int] | None, Sequence[str] | None],
    most: int,
) -> Record:
    """Of the people an asker asked about on a day: how many were looked at here, how many stand
    in no programme at all, and how many stand nowhere within `sight`, its programmes and areas.

    The transaction must see every programme. What is None in `sight` is everything.
    """
    row = await connection.fetchrow(
        """
        with asked as (
            select distinct subject_index from budget_subject
            where day = $1 and asker_kind = $2 and asker_id = $3 limit $6
        ), stood as (
            select exists (select from enrolled_index e
                           where e.blind_index = a.subject_index) as anywhere,
                   exists (
                       select from enrolled_index e
                       join beneficiary_record r on r.record_id = e.record_id
                       where e.blind_index = a.subject_index
                         and ($4::integer[] is null or e.programme_id = any ($4))
                         and ($5::text[] is null or r.region_code = any ($5)
                              or r.sub_region_code = any ($5))
                   ) as within
            from asked a
        )
        select count(*)::integer as people,
               (count(*) filter (where not anywhere))::integer as nowhere,
               (count(*) filter (where anywhere and not within))::integer as outside
        from stood
        """,
        day,
        kind,
        number,
        None if sight[0] is None else list(sight[0]),
        None if sight[1] is None else list(sight[1]),
        most,
    )
    assert row is not None
    return row


async def sight_of_officer(
    connection: Connection, number: int, day: date
) -> tuple[list[int] | None, list[str] | None]:
    """The programmes and the areas, with all that lies in them, of all roles that an officer
    holds on a day; None is everything."""
    row = await connection.fetchrow(
        """
        with recursive role as (
            select programmes, areas from officer_role
            where officer_id = $1 and ended_at is null
              and (valid_from is null or valid_from <= $2)
              and (valid_until is null or valid_until >= $2)
        ), within as (
            select unnest(areas) as code from role
            union
            select below.code from area below join within on below.parent = within.code
        )
        select (select case when bool_or(programmes is null) then null
                       else coalesce(array_agg(distinct each), '{}') end
                from role left join lateral unnest(programmes) as each on true) as programmes,
               (select case when bool_or(areas is null) then null
                       else (select coalesce(array_agg(code), '{}') from within) end
                from role) as areas
        """,
        number,
        day,
    )
    assert row is not None
    return row["programmes"], row["areas"]


async def asked_by_many(connection: Connection, day: date, askers: int, most: int) -> list[Record]:
    """People about whom unusually many different askers asked on a day."""
    return await connection.fetch(
        """
        select subject_index, count(distinct (asker_kind, asker_id))::integer as askers
        from budget_subject where day = $1
        group by subject_index having count(distinct (asker_kind, asker_id)) >= $2
        order by 2 desc limit $3
        """,
        day,
        askers,
        most,
    )


async def days_of(connection: Connection, first: date, last: date) -> list[Record]:
    """How much each asker used of its budgets on each day."""
    return await connection.fetch(
        """
        select asker_kind, asker_id, purpose_code, array_agg(people) as people,
               array_agg(allowed) as allowed
        from budget_used where day between $1 and $2
        group by asker_kind, asker_id, purpose_code
        """,
        first,
        last,
    )


async def told_since(connection: Connection, rule: str, first: date) -> set[tuple[str, int]]:
    """Of whom a rule has told since a day."""
    rows = await connection.fetch(
        "select distinct asker_kind, asker_id from asking_alarm where rule = $1 and day >= $2",
        rule,
        first,
    )
    return {(row["asker_kind"], row["asker_id"]) for row in rows}
