"""One check on one snapshot, by either of its two versions."""

from __future__ import annotations

from typing import Any

import duckdb
import msgspec

from ibr.overlaps.checks.model import Check, Found, Parameters, Period, Tables
from ibr.overlaps.checks.plain_tools import holds
from ibr.overlaps.checks.sql_parts import in_force, text
from ibr.overlaps.snapshot.tables import BY_NAME


def find(
    connection: duckdb.DuckDBPyConnection, check: Check, parameters: Parameters, period: Period
) -> list[Found]:
    """What a check finds in a snapshot, in the order of its subjects.

    Programmes that are exempt from the check as a whole are left out; exempt findings are the
    business of whoever keeps findings.
    """
    cursor = connection.execute(statement(check, parameters, period))
    names = [column[0] for column in cursor.description or ()]
    rows = (dict(zip(names, row, strict=True)) for row in cursor.fetchall())
    return [Found(**row) for row in rows]


def statement(check: Check, parameters: Parameters, period: Period) -> str:
    """The check's DuckDB statement without exempt programmes, in the order of its subjects."""
    return f"""
select * from ({check.sql(parameters, period)}) as found
where programme_id is null or programme_id not in (
    select programme_id from exemption
    where check_code = {text(check.code)} and token is null and same_as is null
        and programme_id is not null and {in_force("exemption", period)}
)
order by subject
"""


def find_plainly(
    tables: Tables, check: Check, parameters: Parameters, period: Period
) -> list[Found]:
    """The same in plain Python; tables and columns that are missing are empty."""
    filled = complete(tables)
    exempt = {
        row["programme_id"]
        for row in filled["exemption"]
        if row["check_code"] == check.code
        and row["token"] is None
        and row["same_as"] is None
        and holds(row, period)
    }
    found = check.plain(filled, parameters, period)
    kept = [each for each in found if each.programme_id is None or each.programme_id not in exempt]
    return sorted(kept, key=lambda each: each.subject)


def parameters_of(check: Check, given: dict[str, Any] | None = None) -> Parameters:
    """A check's parameters: its defaults, and in their place what is given."""
    return msgspec.convert(given or {}, check.parameters)


def complete(tables: Tables) -> Tables:
    """Every table of a snapshot with every column; what is not given is empty."""
    return {
        name: [{column: row.get(column) for column in table.names} for row in tables.get(name, ())]
        for name, table in BY_NAME.items()
    }
