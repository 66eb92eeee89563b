"""Who was given something by which programme in which month: narrow, and over many months.

Earlier months are told by the same snapshot, so that a person has one number in all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import duckdb

from ibr.periods import Month

MEMBERSHIP: Final = "membership"
"""month, programme_id, person_no, is_direct: direct beneficiaries, each once."""


def make_membership(connection: duckdb.DuckDBPyConnection, months: Iterable[Month]) -> int:
    """Makes the table `membership` of some months; how many rows. Needs make_people."""
    days = ", ".join(f"date '{month.first}'" for month in sorted(set(months)))
    connection.execute(
        f"""
        create or replace temp table {MEMBERSHIP} as
        select distinct b.month, r.programme_id, r.person_no, true as is_direct
        from benefit b join fact_record r using (record_id)
        where b.month in ({days or "null"})
        """
    )
    row = connection.execute(f"select count(*) from {MEMBERSHIP}").fetchone()
    assert row is not None
    return int(row[0])
