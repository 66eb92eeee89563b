"""The query forms of the standard, for searches and as filters of subscriptions.

Which form it is stands beside it (query_type, filter_type), not inside.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ibr_messages.types.words import Condition, Message, Moment, Operator, SortOrder

AttributeName = Annotated[
    str, Meta(description="Dotted path into a record, or a short name of the published list.")
]


class TypedQuery(Message, kw_only=True):
    """The forms idtype-value (`UIN` and the number) and expression (a tree of conditions)."""

    type: Annotated[
        str,
        Meta(description="The type of the identifier, or ns:org:QueryType:expression."),
    ]
    value: Annotated[
        str | int | float | bool | dict[str, Any] | list[Any],
        Meta(
            description='The number of the identifier, or {"expression": {"collection": …, '
            '"query": …}} with the operators $and, $or, $not, $eq, $ne, $gt, $gte, $lt, $lte '
            "and $in."
        ),
    ]


class PredicateExpression(Message, kw_only=True):
    """One comparison."""

    attribute_name: AttributeName
    operator: Operator
    attribute_value: Annotated[
        str | int | float | bool | dict[str, Any] | list[Any],
        Meta(description="Write numbers as text, and the values of `in` with commas between."),
    ]


class Predicate(Message, kw_only=True):
    """Two comparisons, or one; the predicates of a list all have to hold."""

    seq_num: int | float | UnsetType = UNSET
    expression1: PredicateExpression
    condition: Condition | UnsetType = UNSET
    expression2: PredicateExpression | UnsetType = UNSET


Query = TypedQuery | list[Predicate]


class Sort(Message, kw_only=True):
    """By which attribute, and which way."""

    attribute_name: AttributeName
    sort_order: SortOrder | UnsetType = UNSET


class Pagination(Message, kw_only=True):
    """Which page is wanted; pages are counted from 1."""

    page_size: Annotated[int, Meta(ge=1, description="At most 1000 here.")]
    page_number: Annotated[int, Meta(ge=1)] = 1


class PaginationInfo(Message, kw_only=True):
    """Which page this is, and how many records there are on all pages together."""

    page_size: Annotated[int, Meta(ge=0)]
    page_number: Annotated[int, Meta(ge=0)]
    total_count: Annotated[int, Meta(ge=0)]


class ConsentPurpose(Message, kw_only=True):
    """What a consent or an authorisation is for."""

    text: str | UnsetType = UNSET
    code: Annotated[str, Meta(description="From the list at ref_uri.")] | UnsetType = UNSET
    ref_uri: str | UnsetType = UNSET


class Consent(Message, kw_only=True):
    """That the person agreed, when and to what."""

    context: str | dict[str, Any] | UnsetType = msgspec.field(name="@context", default=UNSET)
    kind: str | UnsetType = msgspec.field(name="@type", default="Consent")
    ts: Moment | UnsetType = UNSET
    purpose: ConsentPurpose | UnsetType = UNSET


class Authorize(Message, kw_only=True):
    """That a law or an agreement allows it."""

    context: str | dict[str, Any] | UnsetType = msgspec.field(name="@context", default=UNSET)
    kind: str | UnsetType = msgspec.field(name="@type", default="Authorize")
    ts: Moment | UnsetType = UNSET
    purpose: ConsentPurpose | UnsetType = UNSET
