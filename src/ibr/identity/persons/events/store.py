"""SQL of what happened to persons: moves by person, by run, and the pairs that made them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec

from ibr.db.pool import Connection
from ibr.identity.model import Appearance, Pair


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One move of an appearance from one person to another."""

    event_id: int
    record_id: int
    appearance_no: int
    programme_id: int
    from_person: int | None
    to_person: int | None
    run_no: int
    happened_at: datetime

    @property
    def appearance(self) -> Appearance:
        return Appearance(self.record_id, self.appearance_no)


async def of_person(connection: Connection, person_id: int, most: int) -> list[Event]:
    """The newest moves to a person and away from it, as far as the transaction may see them."""
    rows = await connection.fetch(
        """
        select event_id, record_id, appearance_no, programme_id, from_person, to_person, run_no,
               happened_at
        from person_event where from_person = $1 or to_person = $1
        order by event_id desc limit $2
        """,
        person_id,
        most,
    )
    return [Event(**dict(row)) for row in rows]


async def of_appearance(connection: Connection, each: Appearance) -> list[Event]:
    """Every move of one appearance, the newest first."""
    rows = await connection.fetch(
        """
        select event_id, record_id, appearance_no, programme_id, from_person, to_person, run_no,
               happened_at
        from person_event where record_id = $1 and appearance_no = $2
        order by event_id desc
        """,
        *each,
    )
    return [Event(**dict(row)) for row in rows]


async def of_run(connection: Connection, run_no: int, most: int) -> list[Event]:
    """Moves of a run between persons that there were before it; not the coming of new ones."""
    rows = await connection.fetch(
        """
        select e.event_id, e.record_id, e.appearance_no, e.programme_id, e.from_person,
               e.to_person, e.run_no, e.happened_at
        from person_event e
        left join person p on p.person_id = e.to_person
        where e.run_no = $1 and e.to_person is not null
          and (e.from_person is not null or p.made_run < $1)
        order by e.event_id limit $2
        """,
        run_no,
        most,
    )
    return [Event(**dict(row)) for row in rows]


async def person_now(connection: Connection, person_id: int) -> int | None:
    """The person that this one turned out to be, however often; None where there is no such."""
    number: int | None = await connection.fetchval(
        """
        with recursive followed as (
            select person_id, merged_into, 0 as steps from person where person_id = $1
            union all
            select p.person_id, p.merged_into, f.steps + 1
            from followed f join person p on p.person_id = f.merged_into
            where f.steps < 1000
        )
        select person_id from followed order by steps desc limit 1
        """,
        person_id,
    )
    return number


async def members(connection: Connection, persons: Collection[int]) -> dict[int, list[Appearance]]:
    """The appearances of these persons now, in order."""
    rows = await connection.fetch(
        """
        select person_id, record_id, appearance_no from person_member
        where person_id = any ($1::bigint[])
        order by person_id, record_id, appearance_no
        """,
        list(persons),
    )
    found: dict[int, list[Appearance]] = {}
    for row in rows:
        found.setdefault(row["person_id"], []).append(Appearance(row[1], row[2]))
    return found


async def linked_within(connection: Connection, persons: Collection[int]) -> list[Pair]:
    """The pairs that hold these persons together, by weight or because people said so."""
    rows = await connection.fetch(
        """
        select p.low_record, p.low_no, p.high_record, p.high_no
        from person_member one
        join link_pair p on p.low_record = one.record_id and p.low_no = one.appearance_no
        join person_member other
          on other.record_id = p.high_record and other.appearance_no = p.high_no
         and other.person_id = one.person_id
        where one.person_id = any ($1::bigint[]) and p.state in ('linked', 'decided')
        union
        select d.low_record, d.low_no, d.high_record, d.high_no
        from person_member one
        join link_decision d on d.low_record = one.record_id and d.low_no = one.appearance_no
        join person_member other
          on other.record_id = d.high_record and other.appearance_no = d.high_no
         and other.person_id = one.person_id
        where one.person_id = any ($1::bigint[]) and d.decision = 'same'
        """,
        list(persons),
    )
    return [(Appearance(row[0], row[1]), Appearance(row[2], row[3])) for row in rows]
