"""SQL of budgets: what was used, what was given."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from asyncpg import Record

from ibr.access.budgets.model import Account, Limit, Seen, Used, Wanted
from ibr.db.pool import Connection

# The first half of the advisory locks under which one account is counted at a time.
_LOCKS = 0x1B23

_USED = """u.day, u.asker_kind, u.asker_id, u.purpose_code, u.people, u.found, u.in_sequence,
           u.at_night, u.hour, u.hour_people, u.hour_found, u.hour_in_sequence, u.allowed,
           u.refused"""

# One account is counted at a time, in the order of the locks, so that two batches never wait for
# each other. A person already asked about that day conflicts and counts nothing.
_COUNT = f"""
    with account as materialized (
        select a.no - 1 as no, a.day, a.kind, a.id, a.purpose, a.allowed,
               pg_advisory_xact_lock({_LOCKS}, a.lock)
        from unnest($1::date[], $2::text[], $3::integer[], $4::text[], $5::integer[],
                    $6::integer[])
             with ordinality as a (day, kind, id, purpose, allowed, lock, no)
    ), asked as materialized (
        select * from unnest($7::integer[], $8::bytea[], $9::boolean[], $10::boolean[])
            as p (no, index, found, in_sequence)
    ), fresh as (
        insert into budget_subject (day, asker_kind, asker_id, purpose_code, subject_index)
        select a.day, a.kind, a.id, a.purpose, p.index
        from asked p join account a on a.no = p.no
        on conflict do nothing
        returning day, asker_kind, asker_id, purpose_code, subject_index
    ), counted as (
        select a.day, a.kind, a.id, a.purpose, a.allowed, count(*)::integer as people,
               (count(*) filter (where p.found))::integer as found,
               (count(*) filter (where p.in_sequence))::integer as in_sequence
        from fresh f
        join account a on a.day = f.day and a.kind = f.asker_kind and a.id = f.asker_id
            and a.purpose = f.purpose_code
        join asked p on p.no = a.no and p.index = f.subject_index
        group by 1, 2, 3, 4, 5
    )
    insert into budget_used as u (day, asker_kind, asker_id, purpose_code, people, found,
                                  in_sequence, at_night, hour, hour_people, hour_found,
                                  hour_in_sequence, allowed, counted_at)
    select day, kind, id, purpose, people, found, in_sequence,
           case when $12::boolean then people else 0 end, $11::smallint, people, found,
           in_sequence, allowed, $13::timestamptz
    from counted
    on conflict (day, asker_kind, asker_id, purpose_code) do update set
        people = u.people + excluded.people,
        found = u.found + excluded.found,
        in_sequence = u.in_sequence + excluded.in_sequence,
        at_night = u.at_night + excluded.at_night,
        hour = greatest(u.hour, excluded.hour),
        hour_people = excluded.people
            + case when excluded.hour > u.hour then 0 else u.hour_people end,
        hour_found = excluded.found
            + case when excluded.hour > u.hour then 0 else u.hour_found end,
        hour_in_sequence = excluded.in_sequence
            + case when excluded.hour > u.hour then 0 else u.hour_in_sequence end,
        allowed = excluded.allowed,
        counted_at = greatest(u.counted_at, excluded.counted_at)
    returning {_USED}
"""


def _lock(account: Account) -> int:
    """The second half of an account's lock; two accounts with the same one only wait more."""
    name = f"{account.day} {account.kind} {account.id} {account.purpose}"
    return zlib.crc32(name.encode()) - 2**31


def used_of(row: Record) -> Used:
    return Used(
        account=Account(row["day"], row["asker_kind"], row["asker_id"], row["purpose_code"]),
        people=row["people"],
        found=row["found"],
        in_sequence=row["in_sequence"],
        at_night=row["at_night"],
        hour=row["hour"],
        hour_people=row["hour_people"],
        hour_found=row["hour_found"],
        hour_in_sequence=row["hour_in_sequence"],
        allowed=row["allowed"],
        refused=row["refused"],
    )


async def count(
    connection: Connection,
    accounts: dict[Account, dict[bytes, Seen]],
    limits: dict[Account, Limit],
    at: datetime,
    *,
    night: bool,
) -> list[Used]:
    """Counts people against accounts; the accounts that have new ones, as they stand now."""
    ordered = sorted(accounts, key=_lock)
    people = [
        (number, each.index, each.found, each.in_sequence)
        for number, account in enumerate(ordered)
        for each in accounts[account].values()
    ]
    rows = await connection.fetch(
        _COUNT,
        [each.day for each in ordered],
        [each.kind for each in ordered],
        [each.id for each in ordered],
        [each.purpose for each in ordered],
        [limits[each].a_day for each in ordered],
        [_lock(each) for each in ordered],
        [each[0] for each in people],
        [each[1] for each in people],
        [each[2] for each in people],
        [each[3] for each in people],
        at.hour,
        night,
        at,
    )
    return [used_of(row) for row in rows]


async def refused(
    connection: Connection, account: Account, limit: Limit, questions: int, at: datetime
) -> Used:
    """Counts questions that were refused for the budget."""
    row = await connection.fetchrow(
        f"""
        insert into budget_used as u (day, asker_kind, asker_id, purpose_code, hour, allowed,
                                      refused, counted_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (day, asker_kind, asker_id, purpose_code) do update set
            refused = u.refused + excluded.refused,
            counted_at = greatest(u.counted_at, excluded.counted_at)
        returning {_USED}
        """,
        account.day,
        account.kind,
        account.id,
        account.purpose,
        at.hour,
        limit.a_day,
        questions,
        at,
    )
    assert row is not None
    return used_of(row)


async def used(connection: Connection, accounts: Sequence[Account]) -> dict[Account, Used]:
    """How these accounts stand; those of which nothing was counted yet are left out."""
    rows = await connection.fetch(
        f"""
        select {_USED} from budget_used u
        join unnest($1::date[], $2::text[], $3::integer[], $4::text[])
            as a (day, kind, id, purpose)
          on u.day = a.day and u.asker_kind = a.kind and u.asker_id = a.id
         and u.purpose_code = a.purpose
        """,
        [each.day for each in accounts],
        [each.kind for each in accounts],
        [each.id for each in accounts],
        [each.purpose for each in accounts],
    )
    return {each.account: each for each in map(used_of, rows)}


async def asked_before(
    connection: Connection, account: Account, indexes: Sequence[bytes]
) -> set[bytes]:
    """Which of these people the account has counted already."""
    rows = await connection.fetch(
        """
        select subject_index from budget_subject
        where day = $1 and asker_kind = $2 and asker_id = $3 and purpose_code = $4
          and subject_index = any ($5::bytea[])
        """,
        account.day,
        account.kind,
        account.id,
        account.purpose,
        list(indexes),
    )
    return {row["subject_index"] for row in rows}


async def days_used(connection: Connection, first: date) -> list[Record]:
    """Every account since a day, the newest day first, with the names of the askers."""
    return await connection.fetch(
        f"""
        select {_USED}, coalesce(p.name, o.name, '–') as name
        from budget_used u
        left join partner p on u.asker_kind = 'partner' and p.partner_id = u.asker_id
        left join officer o on u.asker_kind = 'officer' and o.officer_id = u.asker_id
        where u.day >= $1
        order by u.day desc, u.people desc
        """,
        first,
    )


async def given_now(connection: Connection, at: datetime) -> list[Record]:
    """Budgets of askers' own that count at a moment, the newest last."""
    return await connection.fetch(
        """
        select asker_kind, asker_id, purpose_code, people_an_hour, people_a_day
        from budget
        where ended_at is null and valid_from <= $1 and (valid_until is null or valid_until > $1)
        order by budget_id
        """,
        at,
    )


async def guessing(connection: Connection, at: datetime) -> list[Record]:
    """Askers with an alarm of guessing that nobody has explained."""
    return await connection.fetch(
        """
        select distinct asker_kind, asker_id from asking_alarm
        where rule = 'guessing' and raised_at > $1
          and (outcome is null or outcome = 'misuse')
        """,
        at - timedelta(days=1),
    )


async def give(
    connection: Connection,
    wanted: Wanted,
    *,
    asked_by: int | None,
    given_by: int | None,
    at: datetime,
) -> int:
    """Enters a budget; its number."""
    made: int = await connection.fetchval(
        """
        insert into budget (asker_kind, asker_id, purpose_code, people_an_hour, people_a_day,
                            reason, valid_from, valid_until, asked_by, given_by, given_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $7) returning budget_id
        """,
        wanted.kind,
        wanted.id,
        wanted.purpose,
        wanted.limit.an_hour,
        wanted.limit.a_day,
        wanted.reason,
        at,
        wanted.until,
        asked_by,
        given_by,
    )
    return made


async def end(connection: Connection, number: int, by: int | None, at: datetime) -> bool:
    """Whether the budget was in force until now."""
    done = await connection.fetchval(
        """
        update budget set ended_by = $2, ended_at = $3
        where budget_id = $1 and ended_at is null returning true
        """,
        number,
        by,
        at,
    )
    return bool(done)


async def listed(connection: Connection, most: int) -> list[Record]:
    """Budgets of askers' own, the newest first."""
    return await connection.fetch(
        """
        select b.budget_id, b.asker_kind, b.asker_id, coalesce(p.name, o.name, '–') as asker_name,
               b.purpose_code, b.people_an_hour, b.people_a_day, b.reason, b.valid_from,
               b.valid_until, a.name as asked_by_name, g.name as given_by_name, b.given_at,
               b.ended_at
        from budget b
        left join partner p on b.asker_kind = 'partner' and p.partner_id = b.asker_id
        left join officer o on b.asker_kind = 'officer' and o.officer_id = b.asker_id
        left join officer a on a.officer_id = b.asked_by
        left join officer g on g.officer_id = b.given_by
        order by b.budget_id desc limit $1
        """,
        most,
    )


async def find_asker(connection: Connection, written: str) -> tuple[str, int] | None:
    """A partner by its sender_id, or an officer by their address."""
    row = await connection.fetchrow(
        """
        select 'partner' as kind, partner_id as id from partner where sender_id = $1
        union all
        select 'officer', officer_id from officer where email = lower($1)
        limit 1
        """,
        written,
    )
    return None if row is None else (row["kind"], row["id"])


async def name_of(connection: Connection, kind: str, number: int) -> str:
    """The name of a partner or an officer."""
    table, column = ("partner", "partner_id") if kind == "partner" else ("officer", "officer_id")
    name = await connection.fetchval(f"select name from {table} where {column} = $1", number)
    return str(name or number)


async def provide_days(connection: Connection, today: date) -> None:
    await connection.execute("select provide_budget_days($1)", today)
    # The counts of a day say nothing of anybody; a year of them shows who asks more and more.
    await connection.execute("delete from budget_used where day < $1", today - timedelta(days=400))
