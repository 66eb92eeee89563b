"""SQL of cases and their steps: one case taken in hand, what was done written down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import msgspec
from asyncpg import Record

from ibr.db.pool import Connection
from ibr.overlaps.cases.model import MOVING, Case

_COLUMNS: Final = ", ".join(Case.__struct_fields__)
_SET_ALL: Final = ", ".join(f"{name} = x.{name}" for name in MOVING)
_SET: Final = ", ".join(f"{name} = ${number}" for number, name in enumerate(MOVING, start=4))


async def case(connection: Connection, case_id: int, *, to_change: bool = False) -> Record | None:
    """The case where it is in reach; `to_change` keeps others from it for this transaction."""
    return await connection.fetchrow(
        f"select {_COLUMNS} from overlap_case where case_id = $1"
        + (" for update" if to_change else ""),
        case_id,
    )


async def cases(connection: Connection, case_ids: Sequence[int]) -> list[Record]:
    """These cases, taken in hand in the order of their numbers, so that two who take many never
    wait for each other."""
    return await connection.fetch(
        f"""
        select {_COLUMNS} from overlap_case where case_id = any ($1::bigint[])
        order by case_id for update
        """,
        list(case_ids),
    )


async def save_all(connection: Connection, cases_: Sequence[Case]) -> None:
    """Writes what steps changed of cases that are in hand."""
    await connection.execute(
        f"""
        update overlap_case c set step_no = x.step_no, {_SET_ALL}
        from json_populate_recordset(null::overlap_case, $1::text::json) as x
        where c.case_id = x.case_id and c.step_no = x.step_no - 1
        """,
        msgspec.json.encode(cases_).decode(),
    )


async def save(connection: Connection, before: Case, after: Case) -> bool:
    """Writes what a step changed; False where the case is no longer at the step before."""
    said: str = await connection.execute(
        f"update overlap_case set step_no = $3, {_SET} where case_id = $1 and step_no = $2",
        before.case_id,
        before.step_no,
        after.step_no,
        *(getattr(after, name) for name in MOVING),
    )
    return said == "UPDATE 1"


async def add_steps(connection: Connection, rows: Sequence[Sequence[object]]) -> None:
    """Steps as `written.step_row` makes them, with one statement however many they are."""
    if not rows:
        return
    await connection.execute(
        """
        insert into case_step (case_id, step_no, programme_id, action, from_state, to_state,
                               actor_kind, actor_id, at, reason_code, note, evidence, before,
                               letter_no)
        select a, b, c, d, e, f, g, h, i, j, k, l, m::jsonb, n
        from unnest($1::bigint[], $2::integer[], $3::integer[], $4::text[], $5::text[],
                    $6::text[], $7::text[], $8::integer[], $9::timestamptz[], $10::text[],
                    $11::bytea[], $12::bytea[], $13::text[], $14::bigint[])
            as x (a, b, c, d, e, f, g, h, i, j, k, l, m, n)
        """,
        *map(list, zip(*rows, strict=True)),
    )


async def last_step(connection: Connection, case_id: int) -> Record | None:
    return await connection.fetchrow(
        """
        select step_no, action, from_state, to_state, actor_kind, actor_id, at, reason_code,
               letter_no, evidence, before::text as before
        from case_step where case_id = $1 order by step_no desc limit 1
        """,
        case_id,
    )


async def steps(connection: Connection, case_id: int) -> list[Record]:
    return await connection.fetch(
        """
        select s.step_no, s.action, s.from_state, s.to_state, s.actor_kind, s.actor_id, s.at,
               s.reason_code, s.note, s.letter_no, s.evidence,
               case s.actor_kind when 'officer' then o.name when 'partner' then p.name end
                   as actor_name
        from case_step s
        left join officer o on s.actor_kind = 'officer' and o.officer_id = s.actor_id
        left join partner p on s.actor_kind = 'partner' and p.partner_id = s.actor_id
        where s.case_id = $1 order by s.step_no
        """,
        case_id,
    )


async def evidence(connection: Connection, case_ids: Sequence[int]) -> list[Record]:
    """The findings of cases as they are now, for their digest and for who reads them."""
    return await connection.fetch(
        """
        select f.case_id, f.finding_id, f.check_code, f.check_version, f.severity, f.programme_id,
               f.other_programme, f.facts::text as facts, f.first_day, f.last_day, f.money_minor,
               f.currency, f.last_run, f.found_at, f.closed_at, f.closed_reason
        from finding f where f.case_id = any ($1::bigint[])
        order by f.case_id, f.finding_id
        """,
        list(case_ids),
    )


async def terms(connection: Connection, programme_id: int) -> Record | None:
    return await connection.fetchrow(
        "select hold_days, information_days, appeal_days from case_terms where programme_id = $1",
        programme_id,
    )


async def put_terms(
    connection: Connection,
    programme_id: int,
    hold_days: int | None,
    information_days: int | None,
    appeal_days: int | None,
    at: datetime,
) -> None:
    await connection.execute(
        """
        insert into case_terms (programme_id, hold_days, information_days, appeal_days, changed_at)
        values ($1, $2, $3, $4, $5)
        on conflict (programme_id) do update
        set hold_days = $2, information_days = $3, appeal_days = $4, changed_at = $5
        """,
        programme_id,
        hold_days,
        information_days,
        appeal_days,
        at,
    )


async def held_since(connection: Connection, case_: Case, since: datetime) -> datetime | None:
    """When another case about the same person or record in this programme was last held."""
    found: datetime | None = await connection.fetchval(
        """
        select max(hold_until) from overlap_case
        where programme_id = $1 and case_id <> $2 and hold_from > $5
          and (person_id = $3 or ($3::bigint is null and record_id = $4))
        """,
        case_.programme_id,
        case_.case_id,
        case_.person_id,
        case_.record_id,
        since,
    )
    return found


async def may_work(
    connection: Connection, officer_id: int, programme_id: int, roles: Sequence[str]
) -> bool:
    """Whether the officer may work on cases of the programme."""
    found: bool = await connection.fetchval(
        """
        select exists (select from officer o join officer_role r using (officer_id)
                       where o.officer_id = $1 and o.suspended_at is null
                         and r.ended_at is null and r.role = any ($3::text[])
                         and coalesce(r.valid_from <= current_date, true)
                         and coalesce(r.valid_until >= current_date, true)
                         and coalesce($2 = any (r.programmes), true))
        """,
        officer_id,
        programme_id,
        list(roles),
    )
    return found


async def officer_number(connection: Connection, email: str) -> int | None:
    found: int | None = await connection.fetchval(
        "select officer_id from officer where email = $1 and suspended_at is null", email
    )
    return found


async def officers(
    connection: Connection, programmes: Sequence[int], roles: Sequence[str]
) -> list[Record]:
    """Who may work on cases of any of these programmes."""
    return await connection.fetch(
        """
        select o.officer_id, o.name,
               case when bool_and(r.programmes is not null)
                    then array_agg(distinct p.programme_id) end as programme_ids
        from officer o join officer_role r using (officer_id)
        left join lateral unnest(r.programmes) as p (programme_id) on true
        where o.suspended_at is null and r.ended_at is null and r.role = any ($2::text[])
          and coalesce(r.valid_from <= current_date, true)
          and coalesce(r.valid_until >= current_date, true)
          and coalesce(r.programmes && $1::integer[], true)
        group by o.officer_id, o.name
        order by o.name, o.officer_id
        """,
        list(programmes),
        list(roles),
    )


async def programmes(connection: Connection) -> list[Record]:
    return await connection.fetch(
        "select programme_id, code, names::text as names from programme order by code"
    )


async def tell(connection: Connection, rows: Sequence[Sequence[object]]) -> None:
    """Notices to programmes; whoever writes them must have those programmes in reach."""
    await connection.executemany(
        """
        insert into case_notice (programme_id, case_id, deciding_programme, what, checks, at)
        values ($1, $2, $3, $4, $5::text[], $6)
        """,
        rows,
    )


async def next_letter(connection: Connection) -> int:
    number: int = await connection.fetchval("select nextval('case_letter_no')")
    return number


async def add_letter(connection: Connection, *row: object) -> None:
    await connection.execute(
        """
        insert into case_letter (letter_no, case_id, programme_id, kind, language, content, digest,
                                 made_by, made_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        *row,
    )


async def void_letter(connection: Connection, letter_no: int, at: datetime) -> None:
    await connection.execute(
        "update case_letter set voided_at = $2 where letter_no = $1", letter_no, at
    )


async def letters(connection: Connection, case_id: int) -> list[Record]:
    return await connection.fetch(
        """
        select l.letter_no, l.kind, l.language, l.made_at, l.voided_at, l.digest, o.name as made_by
        from case_letter l join officer o on o.officer_id = l.made_by
        where l.case_id = $1 order by l.letter_no
        """,
        case_id,
    )


async def letter(connection: Connection, case_id: int, letter_no: int) -> Record | None:
    return await connection.fetchrow(
        """
        select letter_no, case_id, programme_id, kind, language, content, digest, made_at, voided_at
        from case_letter where case_id = $1 and letter_no = $2
        """,
        case_id,
        letter_no,
    )


async def add_money(
    connection: Connection,
    case_: Case,
    kind: str,
    amount_minor: int,
    currency: str,
    first: date,
    last: date,
    by: int,
    at: datetime,
) -> None:
    await connection.execute(
        """
        insert into case_money (case_id, programme_id, kind, amount_minor, currency, first_day,
                                last_day, entered_by, entered_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        case_.case_id,
        case_.programme_id,
        kind,
        amount_minor,
        currency,
        first,
        last,
        by,
        at,
    )


async def money(connection: Connection, case_id: int) -> list[Record]:
    return await connection.fetch(
        """
        select m.entry_no, m.kind, m.amount_minor, m.currency, m.first_day, m.last_day,
               m.entered_by, e.name as entered_name, m.entered_at, c.name as confirmed_name,
               m.confirmed_at, m.dropped_at
        from case_money m join officer e on e.officer_id = m.entered_by
        left join officer c on c.officer_id = m.confirmed_by
        where m.case_id = $1 order by m.entry_no
        """,
        case_id,
    )


async def confirm_money(
    connection: Connection, case_id: int, entry_no: int, by: int, at: datetime
) -> bool:
    """False where it is not there, settled already, or the officer's own entry."""
    said: str = await connection.execute(
        """
        update case_money set confirmed_by = $3, confirmed_at = $4
        where case_id = $1 and entry_no = $2 and entered_by <> $3
          and confirmed_at is null and dropped_at is null
        """,
        case_id,
        entry_no,
        by,
        at,
    )
    return said == "UPDATE 1"


async def drop_money(
    connection: Connection, case_id: int, entry_no: int, by: int, at: datetime
) -> bool:
    said: str = await connection.execute(
        """
        update case_money set dropped_by = $3, dropped_at = $4
        where case_id = $1 and entry_no = $2 and confirmed_at is null and dropped_at is null
        """,
        case_id,
        entry_no,
        by,
        at,
    )
    return said == "UPDATE 1"
