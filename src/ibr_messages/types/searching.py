"""Search: records that fit a query (request, answer and callback)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from ibr_messages.types.acknowledgement import AckMessage
from ibr_messages.types.queries import (
    Authorize,
    Consent,
    Pagination,
    PaginationInfo,
    Query,
    Sort,
)
from ibr_messages.types.records import Beneficiary
from ibr_messages.types.words import (
    CorrelationId,
    Locale,
    Message,
    Moment,
    QueryType,
    ReasonMessage,
    RecordType,
    RecordVersion,
    ReferenceId,
    RegistryType,
    RequestStatus,
    SearchStatusReasonCode,
    TransactionId,
)


class SearchCriteria(Message, kw_only=True):
    """What is looked for, in which order and which page of it."""

    version: RecordVersion | UnsetType = UNSET
    reg_type: RegistryType | UnsetType = UNSET
    reg_record_type: RecordType | UnsetType = UNSET
    query_type: QueryType
    query: Query
    sort: list[Sort] | UnsetType = UNSET
    pagination: Pagination | UnsetType = UNSET
    consent: Consent | UnsetType = UNSET
    authorize: Authorize | UnsetType = UNSET


class SearchRequestItem(Message, kw_only=True):
    """One search of a message."""

    reference_id: ReferenceId
    timestamp: Moment
    search_criteria: SearchCriteria
    locale: Locale | UnsetType = UNSET


class SearchRequest(Message, kw_only=True):
    """Searches; each is answered under its reference_id."""

    transaction_id: TransactionId
    search_request: Annotated[list[SearchRequestItem], Meta(min_length=1)]


class SearchData(Message, kw_only=True):
    """The records of one page."""

    version: RecordVersion | UnsetType = UNSET
    reg_type: RegistryType | UnsetType = UNSET
    reg_record_type: RecordType | UnsetType = UNSET
    reg_records: list[Beneficiary]


class SearchResponseItem(Message, kw_only=True):
    """What one search found, or why it was refused."""

    reference_id: ReferenceId
    timestamp: Moment
    status: RequestStatus
    status_reason_code: SearchStatusReasonCode | UnsetType = UNSET
    status_reason_message: ReasonMessage | UnsetType = UNSET
    data: SearchData | UnsetType = UNSET
    pagination: PaginationInfo | UnsetType = UNSET
    locale: Locale | UnsetType = UNSET


class SearchResponse(Message, kw_only=True):
    """One answer for each search; the same whether it is answered at once or called back."""

    transaction_id: TransactionId
    correlation_id: CorrelationId
    search_response: list[SearchResponseItem]


class RefusedSearchResponse(AckMessage, kw_only=True):
    """A search that was refused as a whole, valid as an Ack and as a SearchResponse."""

    ack_status: Literal["ERR"]
    transaction_id: TransactionId
    search_response: Annotated[list[SearchResponseItem], Meta(max_length=0)] = []
