"""The standard's messages as pydantic 2 models, as far as the peer's two endpoints need them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Status(StrEnum):
    """Enrolment status codes."""

    ACTIVE = "1"
    DECEASED = "2"
    GRADUATED = "3"
    SUSPENDED = "4"
    INACTIVE = "5"
    REINSTATED = "6"
    AWAITING = "7"


YES = frozenset({Status.ACTIVE, Status.INACTIVE, Status.REINSTATED, Status.AWAITING})


class Written(BaseModel):
    """Common to all: unknown members are ignored, aliases or names are read."""

    model_config = ConfigDict(populate_by_name=True)


class Header(Written):
    """The envelope's header, of requests and of answers."""

    version: str = "1.0.0"
    message_id: str
    message_ts: datetime
    action: str
    sender_id: str
    sender_uri: str | None = None
    receiver_id: str | None = None
    total_count: int = Field(default=1, ge=0)
    is_msg_encrypted: bool = False
    meta: dict[str, Any] = {}
    status: Literal["rcvd", "pdng", "succ", "rjct"] | None = None
    completed_count: int | None = None


class Equals(Written):
    """`{"eq": value}`."""

    eq: str


class EnrolledQuery(Written):
    """One person, one programme."""

    person_identifier: Equals
    programme: Equals = Field(alias="programme_identifier.program.programme_identifier")


class EnrolledCriteria(Written):
    """How the question is put."""

    query_type: Literal["expression"]
    response_entity: Literal["Member", "Group"]
    query: EnrolledQuery


class EnrolledMessage(Written):
    """The question."""

    transaction_id: str = Field(max_length=99)
    enrolled_criteria: EnrolledCriteria


class EnrolledRequest(Written):
    """The whole request of `enrolled`."""

    signature: str
    header: Header
    message: EnrolledMessage


class Item(Written):
    """One answer or the outcome of one record."""

    reference_id: str
    timestamp: datetime
    status: Literal["succ", "rjct"]
    status_reason_message: str | None = None
    enrolled_status: Literal["yes", "no"] | None = None


class ItemsMessage(Written):
    """The answers."""

    transaction_id: str
    correlation_id: str
    enrolled_response: list[Item]


class ItemsResponse(Written):
    """The whole answer of `enrolled` and of `enrollment/updates`."""

    signature: str
    header: Header
    message: ItemsMessage


class IdentifierIn(Written):
    """A number that somebody is known by."""

    identifier_type: str
    identifier_value: str = Field(min_length=1, max_length=100)


class NameIn(Written):
    """A person's name."""

    surname: str | None = None
    given_name: str | None = None


class AddressIn(Written):
    """Where somebody lives."""

    address_line_1: str | None = None
    region_code: str | None = None
    country_code: str | None = None


class PersonIn(Written):
    """Demographic information."""

    name: NameIn | None = None
    sex: Literal["male", "female", "others", "unknown"] | None = None
    birth_date: date | None = None
    address: list[AddressIn] = []


class MemberIn(Written):
    """The person as a member."""

    member_identifier: list[IdentifierIn] = Field(min_length=1)
    demographic_info: PersonIn
    is_disabled: bool | None = None
    marital_status: str | None = None
    registration_date: datetime | None = None


class ProgrammeIn(Written):
    """The programme."""

    programme_identifier: str
    programme_name: str | None = None


class BenefitIn(Written):
    """Something that was given."""

    benefit_type: Literal["1", "2", "3", "4", "5", "6"]
    benefit_date: datetime
    benefit_value: str | None = Field(default=None, pattern=r"^[A-Z]{3} \d+(\.\d{1,2})?$")
    benefit_description: str | None = None


class BeneficiaryIn(Written):
    """One reported record."""

    id: str | None = Field(default=None, alias="@id")
    assistance_unit: Literal["1", "2"]
    member: MemberIn
    programme_identifier: list[ProgrammeIn] = Field(min_length=1, max_length=1)
    enrollment_date: datetime
    enrollment_status: Status
    status_change_date: list[datetime] = []
    benefits: list[BenefitIn] = []


class RawUpdates(Written):
    """The records, each still to be validated on its own so that one bad one spoils no other."""

    beneficiaries: list[dict[str, Any]]


class UpdatesMessage(Written):
    """What the programme reports."""

    transaction_id: str = Field(max_length=99)
    enrolled_updates: RawUpdates


class UpdatesRequest(Written):
    """The whole request of `enrollment/updates`."""

    signature: str
    header: Header
    message: UpdatesMessage
