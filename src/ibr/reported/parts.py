"""The small parts of a report: an identifier, a benefit, what is counted of a person."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

# Where an identifier stands in a record.
OWN, OF_GROUP, OF_MEMBER = 0, 1, 2

# How exactly a date of birth is known.
PRECISION_NONE, PRECISION_YEAR, PRECISION_MONTH, PRECISION_DAY = 0, 1, 2, 3


class KnownAs(msgspec.Struct, frozen=True, gc=False):
    """An identifier in its canonical form and where it stands: OWN, OF_GROUP or OF_MEMBER."""

    kind: str
    value: str
    role: int
    member_no: int = -1


class Given(msgspec.Struct, frozen=True, gc=False):
    """One benefit given; the value in whole minor units of its currency."""

    benefit_type: int
    given_at: datetime
    value_minor: int | None = None
    currency: str | None = None
    quantity: int | None = None
    description: str | None = None


class Demography(msgspec.Struct, frozen=True, gc=False):
    """What is counted of a person: sex as a number of codelists.people.SEX_NUMBER."""

    sex: int = 0
    birth_date: date | None = None
    birth_precision: int = PRECISION_NONE
    death_date: date | None = None
    is_disabled: bool | None = None


class GroupMember(msgspec.Struct, frozen=True, gc=False):
    """A member of a household or family, as far as it is counted."""

    demography: Demography
    is_head: bool
    relationship: str | None
