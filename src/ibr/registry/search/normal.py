"""The normal form of a filter: two filters that ask the same in another order become equal; pure.

In normal form there is no `ne`, no `eq`, no `not` of a `not`, no `and` of a single part or inside
an `and`; parts and values stand in one order.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ibr.registry.search.model import And, Compare, Filter, Named, Not, One, Or, Span

Json = dict[str, Any]


def normal(wanted: Filter) -> Filter:
    """The normal form of a filter; what it finds stays the same."""
    if isinstance(wanted, Compare):
        return _comparison(wanted)
    if isinstance(wanted, Not):
        inner = normal(wanted.part)
        return inner.part if isinstance(inner, Not) else Not(inner)
    kind = type(wanted)
    parts: dict[str, Filter] = {}
    for part in map(normal, wanted.parts):
        # An and inside an and is the same as its parts; so with or.
        for each in part.parts if isinstance(part, kind) else (part,):
            parts[_key(each)] = each
    if len(parts) == 1:
        return next(iter(parts.values()))
    return kind(tuple(parts[key] for key in sorted(parts)))


def _comparison(wanted: Compare) -> Filter:
    if wanted.operator == "ne":
        return Not(_comparison(Compare(wanted.attribute, "in", wanted.values)))
    operator = "in" if wanted.operator == "eq" else wanted.operator
    # A flag or a code is equal to itself however it was typed: True is not 1 here.
    values = {msgspec.json.encode(_value_out(each)): each for each in wanted.values}
    return Compare(wanted.attribute, operator, tuple(values[key] for key in sorted(values)))


def _key(wanted: Filter) -> str:
    """What parts are put in order by: first what is compared, then with which values."""
    return f"{shape(wanted)} {msgspec.json.encode(to_json(wanted)).decode()}"


def shape(wanted: Filter) -> str:
    """A filter without its values: attributes, operators and how they are combined."""
    if isinstance(wanted, Compare):
        return f"{wanted.attribute} {wanted.operator}"
    if isinstance(wanted, Not):
        return f"not({shape(wanted.part)})"
    word = "and" if isinstance(wanted, And) else "or"
    return f"{word}({', '.join(map(shape, wanted.parts))})"


def to_json(wanted: Filter) -> Json:
    """A filter as plain values, as it is kept; blind indexes in hexadecimal."""
    if isinstance(wanted, Compare):
        values = [_value_out(each) for each in wanted.values]
        return {"attribute": wanted.attribute, "operator": wanted.operator, "values": values}
    if isinstance(wanted, Not):
        return {"not": to_json(wanted.part)}
    return {
        "and" if isinstance(wanted, And) else "or": [to_json(part) for part in wanted.parts],
    }


def from_json(kept: Json) -> Filter:
    """The filter that was kept."""
    if "not" in kept:
        return Not(from_json(kept["not"]))
    for word, kind in (("and", And), ("or", Or)):
        if word in kept:
            return kind(tuple(from_json(part) for part in kept[word]))
    values = tuple(_value_in(each) for each in kept["values"])
    return Compare(kept["attribute"], kept["operator"], values)


def _value_out(value: One) -> Any:
    if isinstance(value, bytes):
        return {"index": value.hex()}
    if isinstance(value, Span):
        return {"span": msgspec.to_builtins(value)}
    if isinstance(value, Named):
        return {"named": msgspec.to_builtins(value)}
    return value


def _value_in(kept: Any) -> One:
    if not isinstance(kept, dict):
        return kept  # type: ignore[no-any-return]  # a text, a number or a flag
    if "index" in kept:
        return bytes.fromhex(kept["index"])
    if "span" in kept:
        return msgspec.convert(kept["span"], Span)
    return msgspec.convert(kept["named"], Named)
