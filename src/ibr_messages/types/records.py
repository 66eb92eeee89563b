"""The Beneficiary and the objects below it, as the registry writes them: codes as text, one record
for each beneficiary and programme, no empty values.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ibr_messages.types.words import Moment, Part

CONTEXT: Final = "https://schema.spdci.org/extensions/ibr/v1/data/Beneficiary.jsonld"

Text = str | UnsetType
Code = str | UnsetType
Day = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$",
        description="A day, or only a year or a year and month where no more is known.",
    ),
]
Open = Annotated[
    dict[str, Any], Meta(description="Members as each country has them; kept as they are.")
]
AssistanceUnit = Annotated[
    Literal["1", "2", "3"], Meta(description="1 a person, 2 a household, 3 a family.")
]
EnrollmentStatus = Annotated[
    Literal["1", "2", "3", "4", "5", "6", "7"],
    Meta(
        description="1 active, 2 deceased, 3 graduated, 4 suspended, 5 inactive, 6 reinstated, "
        "7 awaiting renewal."
    ),
]
BenefitType = Annotated[
    Literal["1", "2", "3", "4", "5", "6"],
    Meta(description="1 cash, 2 voucher, 3 in kind, 4 training, 5 work, 6 insurance."),
]
Sex = Literal["male", "female", "other", "unknown"]


class Identifier(Part, kw_only=True):
    """A number by which somebody is known."""

    kind: str | UnsetType = msgspec.field(name="@type", default=UNSET)
    identifier_type: Annotated[
        str, Meta(description="Kind of identifier, for example UIN or PROGRAMME_NUMBER.")
    ]
    identifier_value: Annotated[str, Meta(description="The number, as text.")]


class Name(Part, kw_only=True):
    """The parts of a name."""

    kind: str | UnsetType = msgspec.field(name="@type", default=UNSET)
    surname: Text = UNSET
    given_name: Text = UNSET
    second_name: Text = UNSET
    maiden_name: Text = UNSET
    prefix: Text = UNSET
    suffix: Text = UNSET


class Address(Part, kw_only=True):
    """Where somebody lives; region codes are those of the country's areas."""

    kind: str | UnsetType = msgspec.field(name="@type", default=UNSET)
    address_line_1: Text = UNSET
    address_line_2: Text = UNSET
    locality: Text = UNSET
    sub_region_code: Code = UNSET
    region_code: Code = UNSET
    postal_code: Code = UNSET
    country_code: Code = UNSET
    geo_location: Open | UnsetType = UNSET


class Person(Part, kw_only=True):
    """Who somebody is."""

    kind: str | UnsetType = msgspec.field(name="@type", default=UNSET)
    identifier: list[Identifier] = []
    name: Name | UnsetType = UNSET
    sex: Sex | UnsetType = UNSET
    birth_date: Day | UnsetType = UNSET
    death_date: Day | UnsetType = UNSET
    address: list[Address] = []
    phone_number: list[str] = []
    email: list[str] = []
    registration_date: Moment | UnsetType = UNSET
    last_updated: Moment | UnsetType = UNSET


class DisabilityInfo(Part, kw_only=True):
    """One limitation and how severe it is (Washington Group short set)."""

    kind: str | UnsetType = msgspec.field(name="@type", default=UNSET)
    disability_limitation_type: Code = UNSET
    functional_severity: Code = UNSET


class Member(Part, kw_only=True):
    """A person as a programme knows them."""

    kind: str | UnsetType = msgspec.field(name="@type", default=UNSET)
    member_identifier: list[Identifier] = []
    demographic_info: Person | UnsetType = UNSET
    related_person: Annotated[
        list[dict[str, Any]],
        Meta(description="Who the person is related to: relationship_type and related_member."),
    ] = []
    is_disabled: bool | UnsetType = UNSET
    disability_info: list[DisabilityInfo] = []
    marital_status: Code = UNSET
    employment_status: Code = UNSET
    occupation: Code = UNSET
    income_level: Code = UNSET
    language_code: list[str] = []
    education_level: Code = UNSET
    additional_attributes: list[Open] = []
    registration_date: Moment | UnsetType = UNSET
    last_updated: Moment | UnsetType = UNSET


class Group(Part, kw_only=True):
    """A household or family as a programme knows it."""

    kind: str | UnsetType = msgspec.field(name="@type", default=UNSET)
    group_identifier: list[Identifier] = []
    group_type: Code = UNSET
    geographical_location: Open | UnsetType = UNSET
    address: list[Address] = []
    place_address: bool | UnsetType = UNSET
    poverty_score: float | UnsetType = UNSET
    poverty_score_type: Text = UNSET
    group_head_info: Member | UnsetType = UNSET
    group_size: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    member_list: list[Member] = []
    registration_date: Moment | UnsetType = UNSET
    last_updated: Moment | UnsetType = UNSET
    additional_attributes: list[Open] = []


class Programme(Part, kw_only=True):
    """A programme, known by its code."""

    kind: str | UnsetType = msgspec.field(name="@type", default=UNSET)
    programme_identifier: Annotated[str, Meta(description="The code the registry knows it by.")]
    programme_name: Text = UNSET


class Benefit(Part, kw_only=True):
    """Something given; each counts once however often it is sent."""

    kind: str | UnsetType = msgspec.field(name="@type", default=UNSET)
    benefit_type: BenefitType
    benefit_date: Moment
    benefit_value: (
        Annotated[str, Meta(description="Currency and amount: USD 50.00.")] | UnsetType
    ) = UNSET
    benefit_description: (
        Annotated[str, Meta(description="What was given, for benefits in kind.")] | UnsetType
    ) = UNSET
    benefit_quantity: (
        Annotated[int, Meta(ge=0, description="How many, for benefits in kind.")] | UnsetType
    ) = UNSET


class Beneficiary(Part, kw_only=True):
    """One person or household in one programme, and what was given."""

    context: str | dict[str, Any] | UnsetType = msgspec.field(name="@context", default=UNSET)
    kind: str | UnsetType = msgspec.field(name="@type", default=UNSET)
    own_id: (
        Annotated[
            str,
            Meta(max_length=200, description="The sender's own reference; it is echoed back."),
        ]
        | UnsetType
    ) = msgspec.field(name="@id", default=UNSET)
    assistance_unit: AssistanceUnit
    group: Group | UnsetType = UNSET
    member: Member | UnsetType = UNSET
    programme_identifier: Annotated[
        list[Programme], Meta(min_length=1, max_length=1, description="Exactly one programme.")
    ]
    enrollment_date: Moment | UnsetType = UNSET
    enrollment_status: EnrollmentStatus | UnsetType = UNSET
    status_change_date: Annotated[
        list[Moment],
        Meta(description="When the status changed; the newest belongs to the status."),
    ] = []
    benefits: Annotated[list[Benefit], Meta(description="Benefits given.")] = []
    additional_attributes: list[Open] = []
