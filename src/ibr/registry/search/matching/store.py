"""SQL of many filters over a few records: one statement for all filters of one shape.

The records stand in s_subject, with a topic each. Filters whose conditions differ in their values
only have one shape; their values are rows of one statement, and the records are joined to them:
by identifier where the filter names one, else by what it names in short lists. What is left is
checked on the pairs that remain. What matches goes to s_match and never leaves the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Final

import msgspec

from ibr.db.pool import Connection
from ibr.registry.search.matching.model import (
    SHORT,
    Asked,
    Column,
    array,
    numbers,
    spans,
)
from ibr.registry.search.model import And, Attribute, Compare, Filter, Span
from ibr.registry.search.store import COLUMNS, FROM, Conditions

# Attributes of which a record has many values, and the type that holds them all.
_MANY: Final[dict[Attribute, str]] = {
    name: "tstzmultirange" if column.type == "timestamptz" else f"{column.type}[]"
    for name, column in COLUMNS.items()
    if column.within
}
_ONE: Final[dict[Attribute, str]] = {
    name: column.type for name, column in COLUMNS.items() if not column.within
}
# What may join filters to records where no identifier does, the most telling first.
_KEYS: Final[tuple[Attribute, ...]] = (
    "sub_region",
    "region",
    "status",
    "unit",
    "sex",
    "disabled",
)
_MOST_KEYS: Final = 2
_KINDS: Final[dict[Attribute, str]] = {
    "programme": "integer",
    "identifier": "bytea",
    "benefit_type": "smallint",
    **{name: _ONE[name] for name in _KEYS},
}
# Below this, any plan is quick and looking at the tables costs more than it saves.
_WORTH_A_LOOK: Final = 200

_columns = ",\n".join(f"        {name} {kind}" for name, kind in {**_ONE, **_MANY}.items())
TEMPORARY: Final = (
    "create temporary table if not exists s_subject (topic smallint, record_id bigint) "
    "on commit delete rows",
    f"""
    create temporary table if not exists s_block (
        topic smallint, record_id bigint, programme_id integer, birth_precision smallint,
        identifiers bytea[],
{_columns}
    ) on commit delete rows
    """,
    "create temporary table if not exists s_block_identifier (blind_index bytea, record_id bigint) "
    "on commit delete rows",
    "create temporary table if not exists s_match (number integer, topic smallint, "
    "record_id bigint) on commit delete rows",
)


class Together(Conditions):
    """A filter as a condition over s_block (b) with its values in columns of w."""

    def __init__(self, asked: Asked, codes: Mapping[str, int]) -> None:
        """`codes` are the programmes' numbers by their code in small letters."""
        self._codes = codes
        self.columns: list[Column] = []
        self.attributes: set[Attribute] = set()
        parts = asked.filter.parts if isinstance(asked.filter, And) else (asked.filter,)
        rest: list[Filter] = []
        keys: dict[Attribute, Compare] = {}
        programmes = asked.programmes
        for part in parts:
            if isinstance(part, Compare) and part.attribute == "programme":
                programmes &= self._programmes(part)
            elif isinstance(part, Compare) and _may_join(part) and part.attribute not in keys:
                keys[part.attribute] = part
            else:
                rest.append(part)
        self.reaches_nothing = not programmes
        chosen = _chosen(keys)
        # The programmes' column is the first one, whether they join or are checked afterwards.
        reach = self._value(array("integer", sorted(programmes)))
        self._unnested: list[str] = []
        self.joined = "s_block b on b.topic = w.topic"
        if "identifier" in chosen:
            self.attributes.add("identifier")
            self.joined = (
                f"s_block_identifier i on i.blind_index = {self._key(keys.pop('identifier'))} "
                f"join {self.joined} and b.record_id = i.record_id"
            )
        else:
            for name in chosen:
                self.joined += f" and b.{name} = {self._key(keys.pop(name))}"
            if len(programmes) <= SHORT:
                self.joined += f" and b.programme_id = {self._unnest(reach)}"
        # What joined needs no check; every other condition does.
        checked = [] if "b.programme_id" in self.joined else [f"b.programme_id = any ({reach})"]
        self.checked = " and ".join([*checked, *map(self.of, [*rest, *keys.values()])]) or "true"
        # Of several identifiers asked for, a record may carry more than one.
        self.distinct = "distinct" if "identifier" in chosen else ""

    def _key(self, node: Compare) -> str:
        """The values of a short list, one row each."""
        return self._unnest(self._value(_array_of(node)))

    def _unnest(self, values: str) -> str:
        column = values.removeprefix("w.")
        self._unnested.append(f"unnest(given.{column}) as k{len(self._unnested)}")
        return f"w.k{len(self._unnested) - 1}"

    def _programmes(self, node: Compare) -> frozenset[int]:
        named = (str(value).casefold() for value in node.values)
        return frozenset(self._codes[code] for code in named if code in self._codes)

    def _value(self, column: Column) -> str:
        self.columns.append(column)
        return f"w.v{len(self.columns) - 1}"

    def comparison(self, node: Compare) -> str:
        self.attributes.add(node.attribute)
        name = node.attribute
        if name == "programme":
            column = array("integer", sorted(self._programmes(node)))
            return f"b.programme_id = any ({self._value(column)})"
        if name == "identifier":
            return f"b.identifiers && {self._value(_array_of(node))}"
        if name == "group_size":
            return f"{self._value(numbers(node))} @> b.group_size::numeric"
        dates = [each for each in node.values if isinstance(each, Span)]
        if name == "born_on":
            return self._born(node, dates)
        if dates:
            values = self._value(spans("timestamptz", node.operator, dates))
            return f"{values} {'&&' if name in _MANY else '@>'} b.{name}"
        values = self._value(_array_of(node))
        return f"b.{name} && {values}" if name in _MANY else f"b.{name} = any ({values})"

    def _born(self, node: Compare, dates: Sequence[Span]) -> str:
        """Only a birthday known as exactly as the one asked for can be equal to it.

        Ranges of each precision stand in a column of their own; an order asks for no precision.
        """
        parts = []
        for precision in range(4):
            fitting = [
                each
                for each in dates
                if precision == (each.precision if node.operator == "in" else 0)
            ]
            column = spans("date", node.operator, fitting)
            parts.append(
                f"({self._value(column)} @> b.born_on and b.birth_precision >= {precision:d})"
            )
        return f"({' or '.join(parts)})"

    @property
    def statement(self) -> str:
        """The statement for all filters of this shape; filters of one shape have the same text."""
        names = ", ".join(f"v{number}" for number in range(len(self.columns)))
        read = ", ".join(
            f"a.v{number}::{column.type} as v{number}" for number, column in enumerate(self.columns)
        )
        bound = ", ".join(f"${number + 3}::text[]" for number in range(len(self.columns)))
        keys = "".join(f", k{number}" for number in range(len(self._unnested)))
        rows = " cross join lateral ".join(["given", *self._unnested])
        return f"""
            with given as materialized (
                select a.number, a.topic, {read}
                from unnest($1::integer[], $2::smallint[], {bound}) as a (number, topic, {names})
            ), w as materialized (
                select given.*{keys} from {rows}
            )
            insert into s_match (number, topic, record_id)
            select {self.distinct} w.number, w.topic, b.record_id
            from w join {self.joined}
            where {self.checked}
        """


def _may_join(node: Compare) -> bool:
    if node.operator != "in":
        return False
    return node.attribute == "identifier" or (node.attribute in _KEYS and len(node.values) <= SHORT)


def _chosen(keys: Mapping[Attribute, Compare]) -> list[Attribute]:
    if "identifier" in keys:
        return ["identifier"]
    return [name for name in _KEYS if name in keys][:_MOST_KEYS]


def _array_of(node: Compare) -> Column:
    return array(_KINDS[node.attribute], node.values)


class Shape(msgspec.Struct):
    """All filters of one statement, and the attributes it asks for."""

    statement: str
    attributes: Set[Attribute]
    numbers: list[int]
    topics: list[int]
    values: list[list[str]]


def _read(name: Attribute) -> str:
    """What s_block holds of an attribute: its value, or the set of its values."""
    column = COLUMNS[name]
    if not column.within:
        return column.sql
    if _MANY[name].endswith("multirange"):
        held = f"select range_agg(tstzrange({column.sql}, {column.sql}, '[]')) {column.within}"
    else:
        held = f"select array_agg(distinct {column.sql}) {column.within}"
    # Benefits lie in many partitions; who never received one need not be looked up in them.
    given = "e.first_benefit_at is not null" if name.startswith("benefit") else "true"
    return f"case when {given} then ({held}) end"


async def fill_block(connection: Connection, needed: Set[Attribute]) -> None:
    """Reads what the records in s_subject hold now, as far as the filters ask for it."""
    large = await connection.fetchval("select count(*) from s_subject") > _WORTH_A_LOOK
    if large:
        await connection.execute("analyze s_subject")
    names = list(COLUMNS)
    read = ", ".join(_read(name) if name in needed or name in _ONE else "null" for name in names)
    identifiers = "null"
    if "identifier" in needed:
        identifiers = """array(
            select i.blind_index from identifier i
            where i.record_id = r.record_id and i.replaced_at is null
        )"""
        await connection.execute(
            """
            insert into s_block_identifier
            select distinct i.blind_index, i.record_id
            from identifier i join (select distinct record_id from s_subject) t using (record_id)
            where i.replaced_at is null
            """
        )
    await connection.execute(
        f"""
        insert into s_block (topic, record_id, programme_id, birth_precision, identifiers,
                             {", ".join(names)})
        select t.topic, r.record_id, r.programme_id, r.birth_precision, {identifiers}, {read}
        {FROM}
        join s_subject t on t.record_id = r.record_id
        """
    )
    if large:
        await connection.execute("analyze s_block; analyze s_block_identifier")


async def evaluate(connection: Connection, shape: Shape) -> None:
    """Puts every pair of filter and record that match into s_match."""
    await connection.execute(shape.statement, shape.numbers, shape.topics, *shape.values)


async def plan_for_what_is_there(connection: Connection) -> None:
    """A plan made once for any number of filters would be made for ten of them."""
    await connection.execute("set local plan_cache_mode = force_custom_plan")


def shapes(asked: Iterable[Asked], codes: Mapping[str, int]) -> Iterable[Shape]:
    """The filters by the statement that evaluates them."""
    found: dict[str, Shape] = {}
    for each in asked:
        compiled = Together(each, codes)
        if compiled.reaches_nothing:
            continue
        statement = compiled.statement
        shape = found.get(statement)
        if shape is None:
            shape = Shape(statement, compiled.attributes, [], [], [[] for _ in compiled.columns])
            found[statement] = shape
        shape.numbers.append(each.number)
        shape.topics.append(each.topic)
        for values, column in zip(shape.values, compiled.columns, strict=True):
            values.append(column.literal)
    return found.values()
