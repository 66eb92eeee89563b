"""What a statement says, as far as a cluster asks: which tables, joined by what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pglast import ast, parse_sql

from docs_tools.tables import every_table
from ibr.db.distribution.plan import PLAN, Place


@cache
def columns_of(table: str) -> frozenset[str]:
    """The columns of a table, from the migrations."""
    return frozenset(every_table()[table][1]) if table in PLAN else frozenset()


@dataclass(frozen=True)
class Relation:
    """Something that a query reads from, by the name that its columns are given."""

    name: str
    table: str
    """The table; empty for a function, a subquery or a common table expression."""
    kind: str
    """distributed, reference, local, or passing: what is worked out first and handed on."""
    columns: frozenset[str] = frozenset()

    @property
    def place(self) -> Place:
        return PLAN[self.table]

    @property
    def spread(self) -> bool:
        return self.kind == "distributed"


@dataclass
class Level:
    """One query: what it reads from, what it asks of it, and the query it stands in."""

    relations: list[Relation] = field(default_factory=list)
    conditions: list[Any] = field(default_factory=list)
    outer: Level | None = None
    lateral: list[Any] = field(default_factory=list)

    def find(self, column: ast.ColumnRef) -> tuple[Level, Relation, str] | None:
        """Which relation of this query, or of one around it, the column is of."""
        names = [each.sval for each in column.fields if isinstance(each, ast.String)]
        if not names:
            return None
        for relation in self.relations:
            if len(names) > 1 and names[-2] == relation.name:
                return self, relation, names[-1]
            if len(names) == 1 and names[0] in relation.columns:
                return self, relation, names[0]
        return self.outer.find(column) if self.outer else None

    def spread(self) -> list[Relation]:
        return [each for each in self.relations if each.spread]


def walk(node: Any, *, into_queries: bool = True) -> Iterator[Any]:
    """Every node below, itself first."""
    if isinstance(node, tuple | list):
        for each in node:
            yield from walk(each, into_queries=into_queries)
    elif isinstance(node, ast.Node):
        yield node
        for name in node:
            below = getattr(node, name)
            if not into_queries and isinstance(below, ast.SelectStmt):
                continue
            if isinstance(below, ast.Node | tuple | list):
                yield from walk(below, into_queries=into_queries)


def tables(node: Any) -> set[str]:
    """Every table that is named below."""
    return {each.relname for each in walk(node) if isinstance(each, ast.RangeVar)}


def is_spread(node: Any) -> bool:
    """Whether a distributed table is named below."""
    return any(each in PLAN and PLAN[each].kind == "distributed" for each in tables(node))


def functions(node: Any, *, into_queries: bool = True) -> set[str]:
    """Every function that is called below, by its plain name."""
    found = {
        each.funcname[-1].sval
        for each in walk(node, into_queries=into_queries)
        if isinstance(each, ast.FuncCall)
    }
    if any(isinstance(e, ast.SQLValueFunction) for e in walk(node, into_queries=into_queries)):
        found.add("current_timestamp")
    return found


def flat(condition: Any) -> list[Any]:
    """The parts of a condition that must all hold."""
    if condition is None:
        return []
    if isinstance(condition, ast.BoolExpr) and condition.boolop.name == "AND_EXPR":
        return [part for each in condition.args for part in flat(each)]
    return [condition]


def bare(node: Any) -> Any:
    """The expression without its casts."""
    while isinstance(node, ast.TypeCast):
        node = node.arg
    return node


def equalities(condition: Any) -> Iterator[tuple[Any, Any]]:
    """Both sides of every plain `=` of the condition, also of rows."""
    if not isinstance(condition, ast.A_Expr) or condition.kind.name not in ("AEXPR_OP",):
        return
    if condition.name[-1].sval != "=":
        return
    left, right = bare(condition.lexpr), bare(condition.rexpr)
    if isinstance(left, ast.RowExpr) and isinstance(right, ast.RowExpr):
        yield from zip(map(bare, left.args), map(bare, right.args), strict=True)
    else:
        yield left, right


def read_level(
    sources: Any, where: Any, known: dict[str, frozenset[str]], outer: Level | None
) -> Level:
    """The relations and conditions of one query. `known` are common table expressions."""
    level = Level(outer=outer)
    for source in sources or ():
        _add(level, source, known)
    level.conditions += flat(where)
    return level


def _add(level: Level, source: Any, known: dict[str, frozenset[str]]) -> None:
    if isinstance(source, ast.JoinExpr):
        _add(level, source.larg, known)
        _add(level, source.rarg, known)
        level.conditions += flat(source.quals)
        for column in source.usingClause or ():
            _join_using(level, column.sval)
        return
    named = getattr(source, "alias", None)
    columns = frozenset(each.sval for each in (named.colnames if named else None) or ())
    if isinstance(source, ast.RangeTableSample):
        _add(level, source.relation, known)
    elif isinstance(source, ast.RangeVar):
        level.relations.append(relation_of(source, known))
    elif isinstance(source, ast.RangeSubselect):
        name = named.aliasname if named else ""
        columns = columns or said(source.subquery)
        level.relations.append(Relation(name, "", "passing", columns))
        level.lateral.append((source, len(level.relations) - 1))
    elif isinstance(source, ast.RangeFunction):
        name = named.aliasname if named else ""
        level.relations.append(Relation(name, "", "passing", columns or frozenset({name})))


def relation_of(source: ast.RangeVar, known: dict[str, frozenset[str]]) -> Relation:
    """A table as a query names it."""
    name = source.alias.aliasname if source.alias else source.relname
    if source.relname in known and not source.schemaname:
        return Relation(name, "", "passing", known[source.relname])
    if source.relname in PLAN:
        table = source.relname
        return Relation(name, table, PLAN[table].kind, columns_of(table))
    if source.relname.startswith(("s_", "pg_")) or source.schemaname in ("pg_catalog", "public"):
        return Relation(name, "", "local")
    if source.relname.endswith("_other") or source.schemaname == "information_schema":
        return Relation(name, "", "local")
    raise LookupError(f"{source.relname} is in no plan")


def _join_using(level: Level, column: str) -> None:
    """`using (c)`: the newest relation's c equals every earlier relation's that has one."""
    newest = level.relations[-1]
    for each in level.relations[:-1]:
        if column in each.columns or (each.kind == "passing" and not each.columns):
            level.conditions.append(
                ast.A_Expr(
                    kind=_equal().kind,
                    name=(ast.String("="),),
                    lexpr=ast.ColumnRef((ast.String(each.name), ast.String(column))),
                    rexpr=ast.ColumnRef((ast.String(newest.name), ast.String(column))),
                )
            )


@cache
def _equal() -> ast.A_Expr:
    found: ast.A_Expr = parse_sql("select 1 = 1")[0].stmt.targetList[0].val
    return found


def said(query: Any) -> frozenset[str]:
    """The names of a query's columns."""
    names = set()
    for target in getattr(query, "targetList", None) or ():
        value = target.val
        if target.name:
            names.add(target.name)
        elif isinstance(value, ast.ColumnRef) and isinstance(value.fields[-1], ast.String):
            names.add(value.fields[-1].sval)
    return frozenset(names)
