"""SQL of the search: a filter compiled over the columns listed here, every value bound."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from asyncpg import Record

from ibr.db.pool import Connection
from ibr.registry.search.model import (
    And,
    Attribute,
    Compare,
    Filter,
    Not,
    Operator,
    Sort,
    Span,
    Wanted,
)

# A record shows its newest benefits only; all of them are in the programme's own books.
MOST_BENEFITS: Final = 100


class Column(msgspec.Struct, frozen=True):
    """An expression over the tables below, and the type that its values are bound as.

    With `within`, the expression is one of many values of a record: `within` reads them.
    """

    sql: str
    type: str
    within: str = ""
    precision: str = ""


COLUMNS: Final[dict[Attribute, Column]] = {
    "status": Column("e.status", "smallint"),
    "enrolled_on": Column("e.enrolled_at", "timestamptz"),
    "unit": Column("r.assistance_unit", "smallint"),
    "sex": Column("r.sex", "smallint"),
    "born_on": Column("r.birth_date", "date", precision="r.birth_precision"),
    "region": Column("r.region_code", "text"),
    "sub_region": Column("r.sub_region_code", "text"),
    "disabled": Column("r.is_disabled", "boolean"),
    "group_size": Column("r.group_size", "double precision"),
    "status_changed_on": Column(
        "s.changed_at",
        "timestamptz",
        "from status_change s where s.record_id = r.record_id and s.programme_id = r.programme_id",
    ),
    "benefit_type": Column(
        "b.benefit_type",
        "smallint",
        "from benefit b where b.record_id = r.record_id and b.programme_id = r.programme_id",
    ),
    "benefit_given_on": Column(
        "b.given_at",
        "timestamptz",
        "from benefit b where b.record_id = r.record_id and b.programme_id = r.programme_id",
    ),
}
_SORT_COLUMNS: Final[dict[Attribute, str]] = {
    "programme": "(select p.code from programme p where p.programme_id = r.programme_id)",
    **{name: each.sql for name, each in COLUMNS.items() if not each.within},
}
SORTABLE: Final = frozenset(_SORT_COLUMNS)
_SIGNS: Final[dict[Operator, str]] = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
FROM: Final = """
    from beneficiary_record r
    join enrolment e on e.record_id = r.record_id and e.programme_id = r.programme_id
"""

# Of a protected person partners learn nothing, also where no policy stands between (the worker).
NOT_PROTECTED: Final = "not exists (select from protected_record p where p.record_id = r.record_id)"

_SELECT: Final = """
    select r.record_id, r.programme_id, r.assistance_unit, r.subject_index, r.personal,
           e.enrolled_at, e.status, e.first_benefit_at, e.last_benefit_at,
           array(select distinct s.changed_at from status_change s
                 where s.record_id = r.record_id and s.programme_id = r.programme_id
                 order by 1) as status_dates
"""


class Conditions(ABC):
    """A filter as a condition of SQL; where its values come from is said by who derives from it.

    One filter over the whole registry has its values bound (`Compiled`, below); many filters over
    a few records have theirs in columns (matching/store.py).
    """

    def of(self, node: Filter) -> str:
        """The condition of a filter."""
        if isinstance(node, Compare):
            if node.operator == "ne":
                return self.of(Not(Compare(node.attribute, "eq", node.values)))
            return self.comparison(node)
        if isinstance(node, Not):
            # What a record lacks compares as unknown in SQL; for the asker it does not match.
            return f"not coalesce(({self.of(node.part)}), false)"
        if not node.parts:
            raise ValueError("an empty filter is never compiled")
        word = " and " if isinstance(node, And) else " or "
        return "(" + word.join(self.of(part) for part in node.parts) + ")"

    @abstractmethod
    def comparison(self, node: Compare) -> str:
        """The condition of one comparison by any operator but `ne`."""


class Compiled(Conditions):
    """A filter as a condition with bound values; `$1` are the programmes in reach."""

    def __init__(self, programmes: Iterable[int], wanted: Filter) -> None:
        self.values: list[object] = [sorted(programmes)]
        self.condition = (
            f"r.programme_id = any ($1::integer[]) and {NOT_PROTECTED} and ({self.of(wanted)})"
        )

    def bind(self, value: object, kind: str) -> str:
        self.values.append(value)
        return f"${len(self.values)}::{kind}"

    def comparison(self, node: Compare) -> str:
        if node.attribute == "identifier":
            return self._identifier(node)
        if node.attribute == "programme":
            # An array from a sub-select is worked out once and can be looked up in an index.
            codes = self.bind(list(node.values), "text[]")
            return (
                "r.programme_id = any (array(select p.programme_id from programme p "
                f"where lower(p.code) = any ({codes})))"
            )
        column = COLUMNS[node.attribute]
        condition = self._column(column, node)
        return f"exists (select {column.within} and ({condition}))" if column.within else condition

    def _identifier(self, node: Compare) -> str:
        indexes = self.bind(list(node.values), "bytea[]")
        return (
            "r.record_id = any (array(select i.record_id from enrolled_index i "
            f"where i.blind_index = any ({indexes}) and i.programme_id = any ($1::integer[])))"
        )

    def _column(self, column: Column, node: Compare) -> str:
        if isinstance(node.values[0], Span):
            spans = [each for each in node.values if isinstance(each, Span)]
            parts = [self._span(column, node.operator, each) for each in spans]
            return f"({' or '.join(parts)})"
        if node.operator in _SIGNS:
            value = self.bind(node.values[0], column.type)
            return f"{column.sql} {_SIGNS[node.operator]} {value}"
        return f"{column.sql} = any ({self.bind(list(node.values), column.type + '[]')})"

    def _span(self, column: Column, operator: Operator, span: Span) -> str:
        first, until = span.first, span.until

        def bound(moment: datetime) -> str:
            return self.bind(moment.date() if column.type == "date" else moment, column.type)

        if operator == "gt":
            return f"{column.sql} >= {bound(until)}"
        if operator == "ge":
            return f"{column.sql} >= {bound(first)}"
        if operator == "lt":
            return f"{column.sql} < {bound(first)}"
        if operator == "le":
            return f"{column.sql} < {bound(until)}"
        within = f"{column.sql} >= {bound(first)} and {column.sql} < {bound(until)}"
        # Only a date known as exactly as the one asked for can be equal to it.
        exact = f" and {column.precision} >= {span.precision:d}" if column.precision else ""
        return f"({within}{exact})"


def _order(sort: Sequence[Sort]) -> str:
    parts = [
        f"{_SORT_COLUMNS[each.attribute]} {'desc' if each.descending else 'asc'} nulls last"
        for each in sort
    ]
    return ", ".join([*parts, "r.record_id"])


async def page(connection: Connection, programmes: Iterable[int], wanted: Wanted) -> list[Record]:
    compiled = Compiled(programmes, wanted.filter)
    offset = (wanted.page_number - 1) * wanted.page_size
    return await connection.fetch(
        f"""
        {_SELECT}
        {FROM}
        where {compiled.condition}
        order by {_order(wanted.sort)}
        limit {compiled.bind(wanted.page_size, "bigint")}
        offset {compiled.bind(offset, "bigint")}
        """,
        *compiled.values,
    )


async def count(connection: Connection, programmes: Iterable[int], wanted: Filter) -> int:
    compiled = Compiled(programmes, wanted)
    return int(
        await connection.fetchval(
            f"select count(*) {FROM} where {compiled.condition}", *compiled.values
        )
    )


async def records(
    connection: Connection, programmes: Iterable[int], numbers: Sequence[int]
) -> list[Record]:
    """These records, as far as their programmes are among those given."""
    return await connection.fetch(
        f"""
        {_SELECT}
        {FROM}
        where r.record_id = any ($1::bigint[]) and r.programme_id = any ($2::integer[])
          and {NOT_PROTECTED}
        """,
        list(numbers),
        sorted(programmes),
    )


async def benefits(
    connection: Connection,
    programmes: Iterable[int],
    records: Sequence[int],
    first: datetime,
    last: datetime,
) -> list[Record]:
    """The newest benefits of each record. The span lets PostgreSQL skip the other months."""
    return await connection.fetch(
        f"""
        select record_id, benefit_type, given_at, value_minor, currency, quantity, description
        from (
            select b.*, row_number() over (
                       partition by b.record_id order by b.given_at desc, b.benefit_key
                   ) as place
            from benefit b
            where b.record_id = any ($1::bigint[]) and b.programme_id = any ($2::integer[])
              and b.given_at >= $3::timestamptz and b.given_at <= $4::timestamptz
        ) as b
        where place <= {MOST_BENEFITS:d}
        order by record_id, place
        """,
        list(records),
        sorted(programmes),
        first,
        last,
    )


async def identifier_types(connection: Connection) -> dict[str, str]:
    rows = await connection.fetch("select code, identifies from identifier_type order by type_id")
    return {row["code"]: row["identifies"] for row in rows}
