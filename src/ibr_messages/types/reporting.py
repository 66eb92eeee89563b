"""What programmes tell, and the question whether somebody is enrolled."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from ibr_messages.types.acknowledgement import AckMessage
from ibr_messages.types.records import Beneficiary
from ibr_messages.types.words import (
    CorrelationId,
    EnrolledStatus,
    FilterType,
    Message,
    Moment,
    ReasonMessage,
    ReferenceId,
    RequestStatus,
    ResponseEntity,
    TransactionId,
)


class EnrolledUpdates(Message, kw_only=True):
    """Who was enrolled, whose status changed, and what was given."""

    beneficiaries: Annotated[list[Beneficiary], Meta(min_length=1)]


class EnrollmentUpdatesRequest(Message, kw_only=True):
    """A report; each record is judged for itself."""

    transaction_id: TransactionId
    enrolled_updates: EnrolledUpdates


class EnrollmentUpdatesResponseItem(Message, kw_only=True):
    """What became of one record: its @id, or its place from 0 where it has none."""

    reference_id: ReferenceId
    timestamp: Moment
    status: RequestStatus
    status_reason_message: ReasonMessage | UnsetType = UNSET


class EnrollmentUpdatesResponse(Message, kw_only=True):
    """One outcome for each record."""

    transaction_id: TransactionId
    correlation_id: CorrelationId
    enrolled_response: list[EnrollmentUpdatesResponseItem]


class EnrolledCriteria(Message, kw_only=True):
    """Who, and in which one programme."""

    query_type: FilterType | UnsetType = UNSET
    response_entity: ResponseEntity | UnsetType = UNSET
    query: Annotated[
        dict[str, Any],
        Meta(
            description="Attribute, operator and value, for one person or household (or several, "
            'with `in`) and one programme: {"UIN": {"eq": "…"}, '
            '"programme_identifier.programme_identifier": {"eq": "…"}}.'
        ),
    ]


class EnrolledRequest(Message, kw_only=True):
    """Is somebody enrolled in this one programme now?"""

    transaction_id: TransactionId
    enrolled_criteria: EnrolledCriteria


class EnrolledResponseItem(Message, kw_only=True):
    """Yes or no, and nothing else; not known and not enrolled are the same answer."""

    reference_id: ReferenceId
    timestamp: Moment
    status: RequestStatus
    status_reason_message: ReasonMessage | UnsetType = UNSET
    enrolled_status: EnrolledStatus


class EnrolledResponse(Message, kw_only=True):
    """One answer for each one asked about; for a single one, under the question's message_id."""

    transaction_id: TransactionId
    correlation_id: CorrelationId
    enrolled_response: list[EnrolledResponseItem]


class RefusedEnrolledResponse(AckMessage, kw_only=True):
    """A report or a question that was refused as a whole."""

    ack_status: Literal["ERR"]
    transaction_id: TransactionId
    enrolled_response: Annotated[list[EnrolledResponseItem], Meta(max_length=0)] = []
