"""What a Citus cluster refuses of a statement, or does slowly, under the plan of distribution.

What each rule means stands in meanings.py. Where neither the trial of Citus that came before this
nor its sources say anything plain, a statement counts as refused.
"""

from __future__ import annotations

from typing import Any, Final

from pglast import ast, parse_sql

from docs_tools.scale_out.read import (
    Level,
    Relation,
    equalities,
    functions,
    is_spread,
    read_level,
    relation_of,
    said,
    tables,
    walk,
)
from ibr.db.distribution.plan import PLAN, READING_FUNCTIONS

_CHANCE: Final = frozenset(
    {"random", "clock_timestamp", "gen_random_uuid", "nextval", "timeofday", "gen_random_bytes"}
)
_CLOCK: Final = _CHANCE | {"now", "current_timestamp", "statement_timestamp"}
_TRANSACTIONS: Final = frozenset(
    {
        "pg_current_snapshot",
        "pg_snapshot_xmin",
        "pg_current_xact_id",
        "txid_current",
        "pg_xact_status",
    }
)
_SIGHT: Final = frozenset({"ibr.programmes", "ibr.areas", "ibr.rights", "ibr.visit"})
Found = set[str]


def lint(text: str) -> Found:
    """The names of the rules that the statements in the text break."""
    found: Found = set()
    for parsed in parse_sql(text):
        statement = parsed.stmt
        if _sets_sight(statement):
            found.add("setting stays here")
        if not is_spread(statement):
            continue
        _whole(statement, found)
        _query(statement, {}, None, found)
    return found


def _sets_sight(statement: Any) -> bool:
    """Whether it tells row-level security something in a way that workers do not hear."""
    return any(
        isinstance(each, ast.FuncCall)
        and each.funcname[-1].sval == "set_config"
        and isinstance(each.args[0], ast.A_Const)
        and each.args[0].val.sval in _SIGHT
        for each in walk(statement)
    )


def asks_shards(text: str) -> bool:
    """Whether a distributed table is named in the text at all."""
    return any(is_spread(each.stmt) for each in parse_sql(text))


def _whole(statement: Any, found: Found) -> None:
    """Rules that look at a statement as a whole."""
    for node in walk(statement):
        if isinstance(node, ast.WithClause) and node.recursive:
            found.add("recursive")
        if isinstance(node, ast.GroupingSet):
            found.add("grouping sets")
        if isinstance(node, ast.MergeStmt):
            found.add("merge")
    if functions(statement) & _TRANSACTIONS and not isinstance(statement, ast.InsertStmt):
        found.add("clock of transactions")


def _query(node: Any, known: dict[str, frozenset[str]], outer: Level | None, found: Found) -> None:
    """One query and every query within it."""
    known = dict(known)
    if getattr(node, "withClause", None):
        for each in node.withClause.ctes:
            columns = frozenset(c.sval for c in each.aliascolnames or ())
            if node.withClause.recursive:
                known[each.ctename] = columns or said(each.ctequery)
            _query(each.ctequery, known, None, found)
            known[each.ctename] = columns or said(each.ctequery)
            if is_spread(each.ctequery):
                found.add("two steps")
    match node:
        case ast.SelectStmt(larg=left, rarg=right) if left is not None:
            _query(left, known, outer, found)
            _query(right, known, outer, found)
        case ast.SelectStmt():
            _select(node, known, outer, found)
        case ast.InsertStmt():
            _insert(node, known, found)
        case ast.UpdateStmt():
            _change(node, node.fromClause, known, found)
        case ast.DeleteStmt():
            _change(node, node.usingClause, known, found)


def _select(
    node: ast.SelectStmt, known: dict[str, frozenset[str]], outer: Level | None, found: Found
) -> None:
    level = read_level(node.fromClause, node.whereClause, known, outer)
    _within(level, known, found)
    spread = level.spread()
    _sublinks(
        (
            node.targetList,
            node.whereClause,
            node.groupClause,
            node.havingClause,
            node.sortClause,
            node.limitCount,
            list(node.fromClause or ()),
            node.valuesLists,
        ),
        known,
        level,
        found,
    )
    if not spread:
        return
    _joined(level, found)
    pinned = _pinned(level)
    if any(each.kind == "local" for each in level.relations):
        found.add("local join")
    if node.lockingClause and not all(each in pinned for each in spread):
        found.add("locks many rows")
    if outer is None and not any(each in pinned for each in spread):
        found.add("all shards")
    called = functions((node.targetList, node.whereClause, node.fromClause), into_queries=False)
    _called(called, found)
    for each in walk((node.targetList, node.sortClause), into_queries=False):
        if isinstance(each, ast.FuncCall) and each.over is not None:
            parted = {
                part.fields[-1].sval
                for part in each.over.partitionClause or ()
                if isinstance(part, ast.ColumnRef) and isinstance(part.fields[-1], ast.String)
            }
            if not parted & {relation.place.column for relation in spread}:
                found.add("window")


def _called(called: set[str], found: Found) -> None:
    if called & READING_FUNCTIONS:
        found.add("function asks shards")
    if any("advisory" in name for name in called):
        found.add("lock on a worker")


def _within(level: Level, known: dict[str, frozenset[str]], found: Found) -> None:
    """Subqueries in `from`: lateral ones may ask about what stands beside them."""
    for source, place in level.lateral:
        beside = Level(relations=level.relations[:place], outer=level.outer)
        below = beside if source.lateral else None
        _query(source.subquery, known, below, found)
        if not is_spread(source.subquery):
            continue
        if source.lateral:
            _correlated(source.subquery, known, beside, found)
        else:
            found.add("two steps")


def _sublinks(nodes: Any, known: dict[str, frozenset[str]], level: Level, found: Found) -> None:
    """Queries within expressions."""
    for each in _own_sublinks(nodes):
        _query(each.subselect, known, level, found)
        refers = _refers_out(each.subselect, known, level)
        if not refers:
            if is_spread(each.subselect):
                found.add("two steps")
            continue
        _correlated(each.subselect, known, level, found)


def _own_sublinks(node: Any) -> list[Any]:
    """Sublinks of a query's own expressions, not those of queries within it."""
    found: list[Any] = []
    stack = [node]
    while stack:
        each = stack.pop()
        if isinstance(each, tuple | list):
            stack += list(each)
        elif isinstance(each, ast.SubLink):
            found.append(each)
            stack.append(each.testexpr)
        elif isinstance(each, ast.RangeSubselect | ast.SelectStmt):
            continue
        elif isinstance(each, ast.Node):
            stack += [getattr(each, name) for name in each]
    return found


def _refers_out(query: Any, known: dict[str, frozenset[str]], level: Level) -> set[Relation]:
    """The relations around a query that it asks about."""
    found: set[Relation] = set()
    own = _inner(query, known, level)
    for column in walk(query):
        if isinstance(column, ast.ColumnRef):
            where = own.find(column)
            if where and where[0] is not own and not _deeper(query, column, known):
                found.add(where[1])
    return found


def _inner(query: Any, known: dict[str, frozenset[str]], level: Level | None) -> Level:
    if isinstance(query, ast.SelectStmt) and query.larg is None:
        return read_level(query.fromClause, query.whereClause, known, level)
    return Level(outer=level)


def _deeper(query: Any, column: ast.ColumnRef, known: dict[str, frozenset[str]]) -> bool:
    """Whether a query still further in has the column itself."""
    within = [
        each
        for each in walk(query)
        if isinstance(each, ast.SelectStmt)
        and each is not query
        and each.larg is None
        and any(part is column for part in walk(each))
    ]
    return any(
        read_level(each.fromClause, each.whereClause, known, None).find(column) for each in within
    )


def _correlated(query: Any, known: dict[str, frozenset[str]], level: Level, found: Found) -> None:
    """A query about each row of the relations around it."""
    refers = _refers_out(query, known, level)
    if not refers:
        return
    inner = _inner(query, known, level)
    around = [each for each in refers if each.spread]
    if inner.spread() and not level.spread():
        found.add("correlated to what is handed on")
    elif inner.spread() and not all(
        any(_same_key(inner, each, other) for other in level.spread()) for each in inner.spread()
    ):
        joined = [each for each in inner.spread() if _linked(inner, each)]
        if len(joined) < len(inner.spread()):
            found.add("correlated off the key")
    if around and any(each.kind == "local" for each in inner.relations):
        found.add("correlated local")


def _linked(inner: Level, relation: Relation) -> bool:
    """Whether the relation hangs by its key on another that hangs on the query around."""
    outer = inner.outer
    assert outer is not None
    return any(
        _same_key(inner, relation, other)
        and any(_same_key(inner, other, far) for far in outer.spread())
        for other in inner.spread()
        if other is not relation
    )


def _same_key(level: Level, one: Relation, other: Relation) -> bool:
    """Whether both are of one group and joined by what they are spread by, be it through others."""
    if one.place.group != other.place.group:
        return False
    ends = ((one, one.place.column), (other, other.place.column))
    return any(ends[0] in each and ends[1] in each for each in _classes(level))


def _classes(level: Level) -> list[set[tuple[Relation, str]]]:
    """Columns that equal each other, here or in the queries around."""
    classes: list[set[tuple[Relation, str]]] = []
    at: Level | None = level
    while at is not None:
        for condition in at.conditions:
            for left, right in equalities(condition):
                pair = {each for each in (_column(at, left), _column(at, right)) if each}
                if len(pair) < 2:
                    continue
                touched = [each for each in classes if each & pair]
                classes = [each for each in classes if not each & pair]
                classes.append(pair.union(*touched))
        at = at.outer
    return classes


def _column(level: Level, node: Any) -> tuple[Relation, str] | None:
    if not isinstance(node, ast.ColumnRef):
        return None
    where = level.find(node)
    return (where[1], where[2]) if where else None


def _key_of(level: Level, node: Any) -> Relation | None:
    """The distributed relation of which the expression is the key."""
    where = _column(level, node)
    if where and where[0].spread and where[1] == where[0].place.column:
        return where[0]
    return None


def _joined(level: Level, found: Found) -> None:
    """Whether all distributed relations hang together by their keys."""
    spread = level.spread()
    together = {spread[0]}
    while True:
        more = {
            each
            for each in spread
            if each not in together and any(_same_key(level, each, o) for o in together)
        }
        if not more:
            break
        together |= more
    # Keys that are each pinned to the same value lie together too.
    if len(together) < len(spread):
        pins = [_pin(level, each) for each in spread]
        groups = {each.place.group for each in spread}
        if None in pins or len(set(pins)) > 1 or len(groups) > 1:
            found.add("join off the key")


def _pin(level: Level, relation: Relation) -> str | None:
    """The one value that the relation's key is held to, as text; None where there is none."""
    for condition in level.conditions:
        for left, right in equalities(condition):
            for a, b in ((left, right), (right, left)):
                if _key_of(level, a) is relation and isinstance(b, ast.ParamRef | ast.A_Const):
                    return str(b)
    return None


def _pinned(level: Level) -> set[Relation]:
    return {each for each in level.spread() if _pin(level, each) is not None}


def _insert(node: ast.InsertStmt, known: dict[str, frozenset[str]], found: Found) -> None:
    target = relation_of(node.relation, known)
    source = node.selectStmt
    if source is not None:
        _query(source, known, None, found)
        read = tables(source)
        spread = [each for each in read if each in PLAN and PLAN[each].kind == "distributed"]
        others = [
            each
            for each in read
            if each not in known and relation_of(ast.RangeVar(relname=each), known).kind == "local"
        ]
        if target.spread and spread and others:
            found.add("local join in a write")
        if spread:
            found.add("pulled")
    conflict = node.onConflictClause
    if conflict is None or not target.spread:
        return
    if conflict.infer and conflict.infer.indexElems:
        named = {each.name for each in conflict.infer.indexElems}
        if target.place.column not in named:
            found.add("conflict off the key")
    if functions(conflict.targetList) & _CLOCK:
        found.add("clock in conflict")


def _change(node: Any, sources: Any, known: dict[str, frozenset[str]], found: Found) -> None:
    """`update` and `delete`."""
    target = relation_of(node.relation, known)
    level = read_level(sources, node.whereClause, known, None)
    level.relations.insert(0, target)
    level.lateral = [(source, place + 1) for source, place in level.lateral]
    _within(level, known, found)
    changed = getattr(node, "targetList", None)
    _sublinks((changed, node.whereClause), known, level, found)
    if not target.spread:
        if level.spread():
            found.add("local written from shards")
        return
    _joined(level, found)
    if any(each.kind == "local" for each in level.relations):
        found.add("local join in a write")
    pinned = target in _pinned(level)
    if not pinned:
        found.add("all shards")
        if functions((changed, node.whereClause)) & _CHANCE:
            found.add("chance in many shards")
    _called(functions((changed, node.whereClause, sources), into_queries=False), found)
    if changed and target.place.column in {each.name for each in changed}:
        found.add("moves a row")
    columns = [e for e in walk(node.whereClause) if isinstance(e, ast.ColumnRef)]
    if any(getattr(e.fields[-1], "sval", "") == "ctid" for e in columns):
        found.add("place of a row")
