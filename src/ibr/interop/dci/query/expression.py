"""The query form `expression`: nested operators over dotted paths (digest.md 4.9)."""

from __future__ import annotations

from typing import Any, Final

from ibr.interop.dci.query.attributes import read_compare
from ibr.questions.filters import DEEPEST, And, Filter, Not, Or, refuse

_COLLECTIONS: Final = ("beneficiary", "member", "person", "group")
_AN_IDENTIFIER: Final = frozenset({"identifier_type", "identifier_value", "type", "value", "@type"})


def read(query: Any) -> Filter:
    """The filter; NotUnderstood names the first part that cannot be read."""
    return _all(_inner(query), 0)


def _inner(query: Any) -> Any:
    """The conditions inside `{type, value: {expression: {collection, query}}}`."""
    if not isinstance(query, dict):
        refuse("query_type 'expression' needs an object in query.")
    if not isinstance(query.get("value"), dict):
        refuse("query_type 'expression' needs query.value.expression.query.")
    expression = query["value"].get("expression")
    if not isinstance(expression, dict):
        refuse("query_type 'expression' needs query.value.expression.query.")
    unknown = set(expression) - {"collection", "query", "@type"}
    if unknown:
        refuse("query.value.expression takes collection and query, and nothing else.")
    collection = expression.get("collection")
    if collection not in (None, "") and (
        not isinstance(collection, str) or collection.lower() not in _COLLECTIONS
    ):
        refuse("query.value.expression.collection is Beneficiary, Member or Group.")
    return expression.get("query")


def _all(node: Any, depth: int) -> Filter:
    """An object: every member holds."""
    if depth > DEEPEST:
        refuse(f"The query is nested more than {DEEPEST} deep.")
    if not isinstance(node, dict) or not node:
        refuse("The query holds an empty condition; name an attribute to compare.")
    parts = [_one(name, value, depth) for name, value in node.items()]
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _one(name: str, value: Any, depth: int) -> Filter:
    word = name.strip().lower().removeprefix("$")
    if word in ("and", "or"):
        if not isinstance(value, list) or not value:
            refuse(f"${word} needs a list of conditions.")
        parts = tuple(_all(each, depth + 1) for each in value)
        return And(parts) if word == "and" else Or(parts)
    if word == "not":
        return Not(_all(value, depth + 1))
    return _attribute(name, value, depth)


def _attribute(name: str, value: Any, depth: int) -> Filter:
    """An attribute with its operators, or with a plain value that it equals."""
    if depth > DEEPEST:
        refuse(f"The query is nested more than {DEEPEST} deep.")
    if not isinstance(value, dict) or (value and value.keys() <= _AN_IDENTIFIER):
        return read_compare(name, "eq", value)
    if not value:
        return read_compare(name, "eq", None)
    parts: list[Filter] = []
    for operator, compared in value.items():
        if operator.strip().lower().removeprefix("$") == "not":
            parts.append(Not(_attribute(name, compared, depth + 1)))
        else:
            parts.append(read_compare(name, operator, compared))
    return parts[0] if len(parts) == 1 else And(tuple(parts))
