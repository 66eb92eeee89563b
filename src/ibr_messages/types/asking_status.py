"""Transaction status: what became of an earlier message of one's own."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from ibr_messages.types.acknowledgement import AckMessage
from ibr_messages.types.reporting import EnrollmentUpdatesResponseItem
from ibr_messages.types.searching import SearchResponseItem
from ibr_messages.types.subscribing import SubscribeResponseItem, SubscriptionStatusInfo
from ibr_messages.types.words import (
    AttributeType,
    CorrelationId,
    Locale,
    Message,
    Moment,
    ReasonMessage,
    ReferenceId,
    RequestStatus,
    SearchStatusReasonCode,
    TransactionId,
    TxnType,
    UnSubscribeStatusReasonCode,
)


class TxnStatusRequestItem(Message, kw_only=True):
    """Which message is asked about."""

    reference_id: ReferenceId
    txn_type: TxnType
    attribute_type: AttributeType
    attribute_value: Annotated[
        str | list[str], Meta(description="The id, or a list of references.")
    ]
    locale: Locale | UnsetType = UNSET


class TxnStatusRequest(Message, kw_only=True):
    """What became of an earlier message?"""

    transaction_id: TransactionId
    txnstatus_request: TxnStatusRequestItem


class TxnStatusReceiptItem(EnrollmentUpdatesResponseItem, kw_only=True):
    """What became of one record of a report; or that no such report is known."""

    status_reason_code: SearchStatusReasonCode | UnsetType = UNSET


class TxnStatusUnSubscribe(Message, kw_only=True):
    """What became of a wish to end subscriptions."""

    timestamp: Moment
    status: RequestStatus
    status_reason_code: UnSubscribeStatusReasonCode | UnsetType = UNSET
    status_reason_message: ReasonMessage | UnsetType = UNSET
    subscription_status: list[SubscriptionStatusInfo] | UnsetType = UNSET


class TxnStatus(Message, kw_only=True):
    """What became of it, in the shape of its kind: search_response for a search,
    enrolled_response for a report, subscribe_response and unsubscribe_response for
    subscriptions."""

    transaction_id: TransactionId
    correlation_id: CorrelationId
    search_response: list[SearchResponseItem] | UnsetType = UNSET
    # What the standard has no place for; see docs/standard/deviations.md, numbers 15 and 16.
    enrolled_response: list[TxnStatusReceiptItem] | UnsetType = UNSET
    subscribe_response: list[SubscribeResponseItem] | UnsetType = UNSET
    unsubscribe_response: list[TxnStatusUnSubscribe] | UnsetType = UNSET
    receipt_information: (
        Annotated[
            dict[str, Any],
            Meta(description="Empty: the records of a report are the sender's own."),
        ]
        | UnsetType
    ) = UNSET


class TxnStatusResult(Message, kw_only=True):
    """The kind of message asked about, and what became of it."""

    txn_type: TxnType
    txn_status: TxnStatus


class TxnStatusResponse(Message, kw_only=True):
    """The answer; its own correlation_id is that of the question."""

    transaction_id: TransactionId
    correlation_id: CorrelationId
    txnstatus_response: TxnStatusResult


class RefusedTxnStatusResponse(AckMessage, kw_only=True):
    """A question about a message that was refused as a whole."""

    ack_status: Literal["ERR"]
    transaction_id: TransactionId
    txnstatus_response: TxnStatusResult
