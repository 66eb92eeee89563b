"""Subscriptions: which changes somebody wants to hear of, and the news itself."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from ibr_messages.types.queries import Authorize, PaginationInfo, Query
from ibr_messages.types.records import Beneficiary
from ibr_messages.types.words import (
    CorrelationId,
    EventType,
    FilterType,
    Locale,
    Message,
    Moment,
    ReasonMessage,
    RecordType,
    RecordVersion,
    ReferenceId,
    RegistryType,
    RequestStatus,
    SubscribeStatusReasonCode,
    SubscriptionCode,
    SubscriptionStatus,
    TransactionId,
    UnSubscribeStatusReasonCode,
)

RegistryEventType = Annotated[
    str,
    Meta(description="Of what to hear: enrollement or enrollement_status_change."),
]
Filter = Annotated[Query, Meta(description="Of whom to hear; the same forms as a search.")]


class Frequency(Message, kw_only=True):
    """When news is sent, and between which two moments."""

    start_time: Moment
    end_time: Moment
    frequency: Annotated[
        str,
        Meta(description="Quartz schedule with seconds: 0 0 0 5,15 * ? * is the 5th and 15th."),
    ]


class SubscribeCriteria(Message, kw_only=True):
    """Of what to hear, of whom, and when."""

    version: RecordVersion | UnsetType = UNSET
    reg_type: RegistryType | UnsetType = UNSET
    reg_event_type: RegistryEventType
    frequency: Frequency | UnsetType = UNSET
    filter_type: FilterType | UnsetType = UNSET
    filter: Filter
    notify_record_type: RecordType
    authorize: Authorize | UnsetType = UNSET


class SubscribeRequestItem(Message, kw_only=True):
    """One wish of a message."""

    reference_id: ReferenceId
    timestamp: Moment
    subscribe_criteria: SubscribeCriteria
    locale: Locale | UnsetType = UNSET


class SubscribeRequest(Message, kw_only=True):
    """Wishes to hear of changes; each is answered under its reference_id."""

    transaction_id: TransactionId
    subscribe_request: Annotated[list[SubscribeRequestItem], Meta(min_length=1)]


class SubscriptionInfo(Message, kw_only=True):
    """A subscription as the registry holds it."""

    code: SubscriptionCode
    status: SubscriptionStatus
    timestamp: Moment
    version: RecordVersion | UnsetType = UNSET
    reg_type: RegistryType | UnsetType = UNSET
    reg_event_type: RegistryEventType | UnsetType = UNSET
    frequency: Frequency | UnsetType = UNSET
    filter_type: FilterType | UnsetType = UNSET
    filter: Filter | UnsetType = UNSET
    notify_record_type: RecordType | UnsetType = UNSET
    locale: Locale | UnsetType = UNSET


class SubscribeResponseItem(Message, kw_only=True):
    """What became of one wish."""

    reference_id: ReferenceId
    timestamp: Moment
    status: RequestStatus
    status_reason_code: SubscribeStatusReasonCode | UnsetType = UNSET
    status_reason_message: ReasonMessage | UnsetType = UNSET
    subscriptions: list[SubscriptionInfo] | UnsetType = UNSET
    pagination: PaginationInfo | UnsetType = UNSET
    locale: Locale | UnsetType = UNSET


class SubscribeResponse(Message, kw_only=True):
    """One answer for each wish."""

    transaction_id: TransactionId
    correlation_id: CorrelationId
    subscribe_response: list[SubscribeResponseItem]


class UnSubscribeRequest(Message, kw_only=True):
    """Subscriptions to end."""

    transaction_id: TransactionId
    timestamp: Moment
    subscription_codes: Annotated[list[SubscriptionCode], Meta(min_length=1)]


class SubscriptionStatusInfo(Message, kw_only=True):
    """One subscription and whether it is on."""

    code: SubscriptionCode
    status: SubscriptionStatus


class UnSubscribeResponse(Message, kw_only=True):
    """What became of the wish to end subscriptions."""

    transaction_id: TransactionId
    correlation_id: CorrelationId
    timestamp: Moment
    status: RequestStatus
    status_reason_code: UnSubscribeStatusReasonCode | UnsetType = UNSET
    status_reason_message: ReasonMessage | UnsetType = UNSET
    subscription_status: list[SubscriptionStatusInfo] | UnsetType = UNSET


class NotifyData(Message, kw_only=True):
    """What happened to one record, and the record as it stands now."""

    version: RecordVersion | UnsetType = UNSET
    reg_type: RegistryType | UnsetType = UNSET
    reg_event_type: EventType | UnsetType = UNSET
    reg_record_type: RecordType
    reg_records: Beneficiary
    # The standard has no place for it; see docs/standard/deviations.md, number 23.
    subscription_code: SubscriptionCode | UnsetType = UNSET


class NotifyEvent(Message, kw_only=True):
    """One piece of news."""

    reference_id: ReferenceId
    timestamp: Moment
    data: NotifyData
    locale: Locale | UnsetType = UNSET


class NotifyEventRequest(Message, kw_only=True):
    """News for a subscriber."""

    transaction_id: TransactionId
    notify_event: Annotated[
        list[NotifyEvent],
        Meta(description="None where header.status is rjct: what was promised may not be shown."),
    ]
