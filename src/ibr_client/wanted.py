"""What to search for, or of whom to hear: the standard's query forms, ready to be sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from ibr_messages.types import Predicate, PredicateExpression, Query, TypedQuery

Operator = Literal["gt", "lt", "eq", "ge", "le", "in"]


class Wanted(msgspec.Struct, frozen=True):
    """A query with the name of its form, as the standard wants both."""

    query_type: Literal["idtype-value", "expression", "predicate"]
    query: Query


def identifier(identifier_type: str, value: str) -> Wanted:
    """Whoever is known by this number: `identifier("UIN", "847951632")`."""
    return Wanted("idtype-value", TypedQuery(type=identifier_type, value=value))


def expression(query: dict[str, Any], collection: str = "Beneficiary") -> Wanted:
    """Whoever fits a tree of conditions: `expression({"enrollment_status": {"$eq": "1"}})`.

    Operators are $and, $or, $not, $eq, $ne, $gt, $gte, $lt, $lte and $in.
    """
    value = {"expression": {"collection": collection, "query": query}}
    return Wanted("expression", TypedQuery(type="ns:org:QueryType:expression", value=value))


def predicate(*conditions: tuple[str, Operator, str | Sequence[str]]) -> Wanted:
    """Whoever fits all conditions: `predicate(("enrollment_date", "ge", "2025-01-01"))`."""
    return Wanted(
        "predicate",
        [
            Predicate(
                seq_num=number,
                expression1=PredicateExpression(
                    attribute_name=name,
                    operator=operator,
                    attribute_value=value if isinstance(value, str) else ",".join(value),
                ),
            )
            for number, (name, operator, value) in enumerate(conditions, 1)
        ],
    )
