"""The query form `predicate`: a list of comparisons with conditions between (digest.md 4.9).

Items are combined by AND in the order of seq_num. Inside an item, `not` negates a lone
expression, and otherwise says that the first holds and none of the others does.
"""

from __future__ import annotations

import re
from typing import Any

from ibr.interop.dci.messages.header import read_count
from ibr.interop.dci.query.attributes import read_compare
from ibr.questions.filters import MOST_COMPARISONS, And, Filter, Not, Or, refuse

_EXPRESSION = re.compile(r"expression(\d{1,3})", re.ASCII)


def read(query: Any) -> Filter:
    """The filter; NotUnderstood names the first part that cannot be read."""
    if not isinstance(query, list):
        refuse("query_type 'predicate' needs an array in query.")
    if not query or len(query) > MOST_COMPARISONS:
        refuse(f"A predicate has between 1 and {MOST_COMPARISONS} items.")
    numbered = [(_number(item, order), order, item) for order, item in enumerate(query)]
    parts = [_item(item) for *_, item in sorted(numbered, key=lambda each: each[:2])]
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _number(item: Any, order: int) -> int:
    if not isinstance(item, dict):
        refuse("Each item of a predicate is an object with expression1.")
    given = item.get("seq_num")
    number = order if given in (None, "") else read_count(given)
    if number is None:
        refuse("seq_num is a whole number.")
    return number


def _item(item: dict[str, Any]) -> Filter:
    expressions: dict[int, Filter] = {}
    for name, value in item.items():
        found = _EXPRESSION.fullmatch(name)
        if found:
            if value not in (None, "", {}):
                expressions[int(found[1])] = _comparison(value)
        elif name not in ("seq_num", "condition", "@type"):
            refuse("An item of a predicate takes seq_num, expressionN and condition only.")
    if 1 not in expressions:
        refuse("An item of a predicate needs expression1.")
    parts = tuple(expressions[number] for number in sorted(expressions))
    return _combined(parts, item.get("condition"))


def _combined(parts: tuple[Filter, ...], condition: Any) -> Filter:
    word = condition.strip().lower().removeprefix("$") if isinstance(condition, str) else condition
    if word in (None, ""):
        if len(parts) > 1:
            refuse("Two expressions need a condition between them: and, or, not.")
        return parts[0]
    if word not in ("and", "or", "not"):
        refuse("condition is and, or or not.")
    if word == "not":
        if len(parts) == 1:
            return Not(parts[0])
        return And((parts[0], *(Not(part) for part in parts[1:])))
    if len(parts) == 1:
        return parts[0]
    return And(parts) if word == "and" else Or(parts)


def _comparison(value: Any) -> Filter:
    if not isinstance(value, dict):
        refuse("An expression is an object: attribute_name, operator, attribute_value.")
    unknown = set(value) - {"attribute_name", "operator", "attribute_value", "@type"}
    if unknown:
        refuse("An expression takes attribute_name, operator and attribute_value only.")
    return read_compare(
        value.get("attribute_name"), value.get("operator"), value.get("attribute_value")
    )
