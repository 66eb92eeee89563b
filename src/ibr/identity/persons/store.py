"""SQL of persons: whose each appearance is, every move of it, and what became of persons."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

from ibr.db.pool import Connection
from ibr.identity.model import Appearance
from ibr.identity.persons.assign import Move

TEMPORARY: Final = (
    """
    create temporary table if not exists s_move (
        record_id bigint, appearance_no smallint, from_person bigint, to_person bigint
    ) on commit delete rows
    """,
)


async def members_of(
    connection: Connection, of: Collection[Appearance] | None
) -> dict[Appearance, int]:
    """Whose each of these appearances is; of all appearances where none are given."""
    if of is None:
        rows = await connection.fetch(
            "select record_id, appearance_no, person_id from person_member"
        )
    else:
        rows = await connection.fetch(
            """
            select m.record_id, m.appearance_no, m.person_id
            from unnest($1::bigint[], $2::smallint[]) as w (record_id, appearance_no)
            join person_member m using (record_id, appearance_no)
            """,
            [each.record_id for each in of],
            [each.appearance_no for each in of],
        )
    return {Appearance(row[0], row[1]): row[2] for row in rows}


async def former_persons(
    connection: Connection, of: Collection[Appearance] | None
) -> dict[Appearance, list[int]]:
    """Persons that ended and that these appearances once belonged to, the latest first."""
    narrowed = "" if of is None else "and e.record_id = any ($1::bigint[])"
    rows = await connection.fetch(
        f"""
        select e.record_id, e.appearance_no, e.from_person
        from person p join person_event e on e.from_person = p.person_id
        where p.ended_at is not null {narrowed}
        order by e.record_id, e.event_id desc
        """,
        *([] if of is None else [sorted({each.record_id for each in of})]),
    )
    former: dict[Appearance, list[int]] = {}
    for row in rows:
        former.setdefault(Appearance(row[0], row[1]), []).append(row[2])
    return former


async def new_numbers(connection: Connection, many: int) -> list[int]:
    if not many:
        return []
    rows = await connection.fetch(
        "select nextval('person_id') as number from generate_series(1, $1) order by 1", many
    )
    return [row["number"] for row in rows]


async def put_persons(
    connection: Connection,
    *,
    made: Sequence[int],
    revived: Sequence[int],
    merged: Sequence[tuple[int, int]],
    ended: Sequence[int],
    run_no: int,
    at: datetime,
) -> None:
    """Writes down who is there anew, who turned out to be whom, and who is gone."""
    await connection.execute(
        """
        insert into person (person_id, made_at, made_run)
        select number, $2, $3 from unnest($1::bigint[]) as n (number)
        """,
        list(made),
        at,
        run_no,
    )
    await connection.execute(
        """
        update person set merged_into = null, ended_at = null where person_id = any ($1::bigint[])
        """,
        list(revived),
    )
    await connection.execute(
        """
        update person p set merged_into = m.into_person, ended_at = $3
        from unnest($1::bigint[], $2::bigint[]) as m (person_id, into_person)
        where p.person_id = m.person_id
        """,
        [number for number, _ in merged],
        [into for _, into in merged],
        at,
    )
    await connection.execute(
        "update person set ended_at = $2 where person_id = any ($1::bigint[])", list(ended), at
    )


async def stage_moves(connection: Connection, moves: Iterable[Move]) -> None:
    await connection.copy_records_to_table(
        "s_move",
        records=(
            (each.record_id, each.appearance_no, each.from_person or None, each.to_person or None)
            for each in moves
        ),
    )


async def put_moves(connection: Connection, run_no: int, at: datetime) -> None:
    """Makes the staged moves, each with its event, the way back."""
    await connection.execute("analyze s_move")
    await connection.execute(
        """
        delete from person_member m using s_move s
        where s.to_person is null
          and m.record_id = s.record_id and m.appearance_no = s.appearance_no
        """
    )
    await connection.execute(
        """
        with placed as materialized (
            select s.record_id, s.appearance_no, a.programme_id, s.from_person, s.to_person
            from s_move s join appearance a using (record_id, appearance_no)
            order by s.record_id, s.appearance_no
        ), noted as (
            insert into person_event (record_id, appearance_no, programme_id, from_person,
                                      to_person, run_no, happened_at)
            select record_id, appearance_no, programme_id, from_person, to_person, $1, $2
            from placed
        )
        insert into person_member (record_id, appearance_no, programme_id, person_id, since, run_no)
        select record_id, appearance_no, programme_id, to_person, $2, $1
        from placed where to_person is not null
        on conflict (record_id, appearance_no) do update set
            person_id = excluded.person_id, since = excluded.since, run_no = excluded.run_no
        """,
        run_no,
        at,
    )
