"""The small words that every message is made of: ids, moments, codes, and the base of all types.

A member that is absent is UNSET, which is written as nothing at all: never as null and never as
an empty text.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class Message(msgspec.Struct):
    """Any part of a message that is written whole, its defaults included."""


class Part(msgspec.Struct, omit_defaults=True):
    """Any part of a record: what is not known is left out."""


Moment = Annotated[
    datetime, Meta(tz=True, description="A moment with its offset from UTC (RFC 3339).")
]
Version = Annotated[
    str,
    Meta(
        pattern=r"^1\.[0-9]{1,4}\.[0-9]{1,4}$",
        description="Version of the standard's messages; every 1.x.y is understood.",
    ),
]
RecordVersion = Annotated[str, Meta(description="Version of the shape of the records.")]
TransactionId = Annotated[
    str,
    Meta(
        max_length=99,
        description="Made by whoever begins the business transaction; all its messages carry it.",
    ),
]
CorrelationId = Annotated[
    str,
    Meta(
        max_length=99,
        description="Made by whoever receives the request; it stands in the Ack and in each "
        "answer that belongs to it.",
    ),
]
ReferenceId = Annotated[str, Meta(description="Names one item of a message; its answer bears it.")]
SystemId = Annotated[
    str,
    Meta(min_length=1, max_length=200, description="Name under which the two systems registered."),
]
Locale = Annotated[
    str,
    Meta(
        pattern="^[a-z]{3}$", description="Language of sentences: three letters of ISO 639-3 (eng)."
    ),
]
ReasonMessage = Annotated[
    str, Meta(max_length=999, description="Why, in a sentence that says what to do.")
]
SubscriptionCode = Annotated[
    str, Meta(max_length=99, description="The registry's name for one subscription.")
]
RegistryType = Annotated[
    str, Meta(description="Which kind of registry is meant: ns:org:RegistryType:IBR here.")
]
RecordType = Annotated[
    str, Meta(description="Which kind of record is meant: Beneficiary, Member or Group.")
]
Count = Annotated[int, Meta(ge=0)]

RequestStatus = Annotated[
    Literal["rcvd", "pdng", "succ", "rjct"],
    Meta(description="rcvd received, pdng under way, succ done, rjct refused."),
]
AckStatus = Annotated[
    Literal["ACK", "NACK", "ERR"],
    Meta(
        description="ACK: accepted, an answer will follow. NACK: accepted, nothing will follow. "
        "ERR: refused, see error."
    ),
]
EnrolledStatus = Annotated[
    Literal["yes", "no"], Meta(description="Whether the person is enrolled in the programme now.")
]
QueryType = Annotated[
    Literal["idtype-value", "expression", "predicate"],
    Meta(description="Which of the query forms stands in query."),
]
FilterType = Annotated[
    Literal["idtype-value", "expression", "predicate", "graphql"],
    Meta(description="Which of the query forms stands in filter; graphql is refused here."),
]
ResponseEntity = Annotated[
    Literal["Group", "Member"], Meta(description="Whether a household or a person is meant.")
]
EventType = Annotated[
    Literal["enrollement", "enrollement_status_change", "Deregister"],
    Meta(
        description="What happened, spelled as in the standard: somebody was enrolled, the status "
        "changed, the record ended."
    ),
]
TxnType = Annotated[
    Literal["search", "subscribe", "receipt"],
    Meta(description="Which kind of message is asked about; receipt is an enrolment update."),
]
AttributeType = Annotated[
    Literal["transaction_id", "reference_id_list", "correlation_id"],
    Meta(description="By which of its ids the message is named."),
]
SubscriptionStatus = Annotated[
    Literal["subscribe", "unsubscribe"],
    Meta(description="subscribe: news is sent. unsubscribe: no longer."),
]
SortOrder = Literal["asc", "desc"]
Operator = Literal["gt", "lt", "eq", "ge", "le", "in"]
Condition = Literal["and", "or", "not"]

HeaderReasonCode = Annotated[
    Literal[
        "rjct.version.invalid",
        "rjct.message_id.duplicate",
        "rjct.message_ts.invalid",
        "rjct.action.invalid",
        "rjct.action.not_supported",
        "rjct.total_count.invalid",
        "rjct.total_count.limit_exceeded",
        "rjct.errors.too_many",
    ],
    Meta(description="Why a message was refused as a whole."),
]
SearchStatusReasonCode = Annotated[
    Literal[
        "rjct.reference_id.invalid",
        "rjct.reference_id.duplicate",
        "rjct.timestamp.invalid",
        "rjct.search_criteria.invalid",
        "rjct.filter.invalid",
        "rjct.sort.invalid",
        "rjct.pagination.invalid",
        "rjct.search.too_many_records_found",
    ],
    Meta(description="Why one search was refused."),
]
SubscribeStatusReasonCode = Annotated[
    Literal[
        "rjct.reference_id.invalid",
        "rjct.reference_id.duplicate",
        "rjct.timestamp.invalid",
        "rjct.notify_types.invalid",
        "rjct.notify_details.invalid",
        "rjct.person_id.invalid",
        "rjct.event.already_subscribed",
    ],
    Meta(description="Why one subscription was refused."),
]
UnSubscribeStatusReasonCode = Annotated[
    Literal[
        "rjct.reference_id.invalid",
        "rjct.reference_id.duplicate",
        "rjct.timestamp.invalid",
        "rjct.subscription_code.invalid",
        "rjct.requester.invalid",
        "rjct.event.already_unsubscribed",
    ],
    Meta(description="Why subscriptions were not ended."),
]
ErrorCode = Annotated[
    Literal[
        "err.request.bad",
        "err.request.unauthorized",
        "err.request.forbidden",
        "err.request.not_found",
        "err.request.timeout",
        "err.version.not_supported",
        "err.request.too_many_requests",
        "err.sender_id.invalid",
        "err.sender_uri.invalid",
        "err.receiver_id.invalid",
        "err.signature.missing",
        "err.signature.invalid",
        "err.encryption.invalid",
        "err.service.unavailable",
    ],
    Meta(description="Why a message was not accepted at all."),
]
