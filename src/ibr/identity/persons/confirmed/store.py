"""SQL of confirmed links: who is one person by decisions, and the numbers that lead there."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ibr.db.pool import Connection
from ibr.identity.model import Appearance, Pair

Among = Collection[Appearance] | None
"""These appearances only; None for everybody."""


async def ever_called_same(connection: Connection, pair: Pair) -> list[Appearance]:
    """The two and everybody whom a chain of decisions, in force or not, called the same."""
    rows = await connection.fetch(
        """
        with recursive around (record_id, appearance_no) as (
            values ($1::bigint, $2::smallint), ($3::bigint, $4::smallint)
            union
            select near.record_id, near.appearance_no
            from around a cross join lateral (
                select d.high_record as record_id, d.high_no as appearance_no
                from link_decision d
                where d.low_record = a.record_id and d.low_no = a.appearance_no
                  and d.decision = 'same'
                union all
                select d.low_record, d.low_no from link_decision d
                where d.high_record = a.record_id and d.high_no = a.appearance_no
                  and d.decision = 'same'
            ) as near
        )
        select record_id, appearance_no from around
        """,
        *pair[0],
        *pair[1],
    )
    return [Appearance(row["record_id"], row["appearance_no"]) for row in rows]


async def put_groups(
    connection: Connection, among: Among, groups: Sequence[Sequence[Appearance]]
) -> None:
    """These groups in the place of all there were of those appearances; what is as it was is not
    written again."""
    members = [(each, group[0]) for group in groups for each in group]
    values = (
        [each.record_id for each, _ in members],
        [each.appearance_no for each, _ in members],
        [first.record_id for _, first in members],
        [first.appearance_no for _, first in members],
    )
    narrowed, further = _narrowed(among, "p", first=3)
    await connection.execute(
        f"""
        delete from confirmed_person p
        where not exists (
            select from unnest($1::bigint[], $2::smallint[]) as k (record_id, appearance_no)
            where k.record_id = p.record_id and k.appearance_no = p.appearance_no)
          {narrowed}
        """,
        *values[:2],
        *further,
    )
    await connection.execute(
        """
        insert into confirmed_person (record_id, appearance_no, first_record, first_no)
        select * from unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::smallint[])
            as g (record_id, appearance_no, first_record, first_no)
        order by record_id, appearance_no
        on conflict (record_id, appearance_no) do update set
            first_record = excluded.first_record, first_no = excluded.first_no
        where (confirmed_person.first_record, confirmed_person.first_no)
              is distinct from (excluded.first_record, excluded.first_no)
        """,
        *values,
    )


async def forget_numbers(connection: Connection, among: Among) -> None:
    """Takes the numbers out of those who belong to nobody's group any more."""
    narrowed, further = _narrowed(among, "n", first=1)
    await connection.execute(
        f"""
        delete from confirmed_number n
        where not exists (
            select from confirmed_person p
            where p.record_id = n.record_id and p.appearance_no = n.appearance_no)
          {narrowed}
        """,
        *further,
    )


async def forget_outdated(connection: Connection) -> None:
    """Takes the numbers out that were last read as nobody's or as somebody else's. For whoever sees
    every programme: what cannot be seen is not there."""
    await connection.execute(
        """
        delete from confirmed_number c
        where not exists (
            select from appearance_number n join appearance a using (record_id, appearance_no)
            where n.record_id = c.record_id and n.appearance_no = c.appearance_no
              and n.blind_index = c.blind_index and n.tie = '' and a.member_no is not null)
        """
    )


async def add_numbers(connection: Connection, among: Among) -> None:
    """Puts in what the members' own numbers are, as far as the transaction sees their records.

    Only numbers that name a person anywhere: a programme's own number, a household's or a phone
    says nothing in another programme. What was read of a record may be older than its newest
    report, so each number must stand in the registry's index too.
    """
    narrowed, further = _narrowed(among, "p", first=1)
    await connection.execute(
        f"""
        insert into confirmed_number (blind_index, record_id, appearance_no)
        select distinct n.blind_index, n.record_id, n.appearance_no
        from confirmed_person p
        join appearance a
          on a.record_id = p.record_id and a.appearance_no = p.appearance_no
         and a.member_no is not null
        join appearance_number n
          on n.record_id = p.record_id and n.appearance_no = p.appearance_no and n.tie = ''
        join identifier_type t on t.code = n.kind and t.identifies = 'person'
        where exists (
            select from enrolled_index e
            where e.blind_index = n.blind_index and e.programme_id = n.programme_id
              and e.record_id = n.record_id)
          {narrowed}
        order by n.blind_index, n.record_id, n.appearance_no
        on conflict do nothing
        """,
        *further,
    )


def _narrowed(among: Among, table: str, first: int) -> tuple[str, tuple[list[int], ...]]:
    """A condition that leaves these appearances only, and its values from `first` on."""
    if among is None:
        return "", ()
    return (
        f"""
        and ({table}.record_id, {table}.appearance_no) in (
            select * from unnest(${first}::bigint[], ${first + 1}::smallint[]))
        """,
        ([each.record_id for each in among], [each.appearance_no for each in among]),
    )
