"""The query form `idtype-value`: one identifier by its type and value (digest.md 4.9)."""

from __future__ import annotations

from typing import Any

from ibr.questions.filters import Filter, compare_identifier, refuse

_SPELLINGS = {"identifier_type": "type", "identifier_value": "value"}


def read(query: Any) -> Filter:
    """The filter; NotUnderstood unless the query is an object with type and value."""
    if not isinstance(query, dict):
        refuse("query_type 'idtype-value' needs an object with type and value in query.")
    given = {_SPELLINGS.get(name, name): value for name, value in query.items()}
    given.pop("@type", None)
    kind, value = given.pop("type", None), given.pop("value", None)
    if not isinstance(kind, str) or not kind.strip():
        refuse("query.type is missing; name the kind of identifier, for example UIN.")
    if isinstance(value, (dict, list, bool)) or value in (None, ""):
        refuse("query.value is missing; give the identifier as a string.")
    if given:
        refuse("query_type 'idtype-value' takes type and value, and nothing else.")
    return compare_identifier("eq", value, "query.value", kind=kind)
