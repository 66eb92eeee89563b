"""How many people are enrolled in each programme, by group: what cases are held against.

A person counts once in each programme that they are in, as a case is about one person in one
programme. Of somebody whom several records of a programme name, the first one speaks.
"""

from __future__ import annotations

from typing import Final

import duckdb
import msgspec

TABLES: Final = ("moment", "span", "appearance", "record")
_COUNTED: Final = """
    with enrolled as (
        select distinct s.record_id from span s cross join moment m
        where s.enrolled and s.first_day <= m.as_known_on
          and coalesce(s.last_day, m.as_known_on) >= m.as_known_on
    ),
    people as (
        select a.programme_id, a.person_id,
            coalesce(arg_min(a.sex, a.record_id * 1000 + a.appearance_no), 0) as sex,
            arg_min(year(a.birth_date), a.record_id * 1000 + a.appearance_no) as birth_year,
            arg_min(r.region_code, a.record_id * 1000 + a.appearance_no) as region
        from enrolled join appearance a using (record_id) join record r using (record_id)
        where a.member_no is not null group by a.programme_id, a.person_id
    ),
    groups as (
        select programme_id, 'sex' as what, sex::varchar as which from people
        union all
        select programme_id, 'birth_year', coalesce(birth_year::varchar, '') from people
        union all
        select programme_id, 'region', coalesce(region, '') from people
    )
    select programme_id, what, which, count(*) as persons
    from groups group by all order by all
"""


class Enrolled(msgspec.Struct, frozen=True):
    """People of one group in one programme."""

    programme_id: int
    what: str
    which: str
    persons: int


def count_enrolled(connection: duckdb.DuckDBPyConnection) -> list[Enrolled]:
    """The people of an opened snapshot by sex, year of birth and region."""
    return [Enrolled(*row) for row in connection.execute(_COUNTED).fetchall()]
