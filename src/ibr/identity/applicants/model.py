"""An applicant as typed, and whom the registry may know already. Nothing of it is stored."""

from __future__ import annotations

from typing import Literal

import msgspec

Likelihood = Literal["likely", "possible"]


class Applicant(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who applies, as an officer or a partner's system wrote it down."""

    given_name: str = ""
    second_name: str = ""
    surname: str = ""
    birth_date: str = ""
    """`1990-04-05`, `1990-04`, `1990` or `05.04.1990`."""
    sex: str = ""
    region: str = ""
    district: str = ""
    locality: str = ""
    phones: tuple[str, ...] = ()
    identifiers: tuple[tuple[str, str], ...] = ()
    """Type and value of each number."""


class Area(msgspec.Struct, frozen=True):
    """A region or district that an applicant may live in."""

    code: str
    names: dict[str, str]
    districts: tuple[Area, ...] = ()


class Near(msgspec.Struct, frozen=True, kw_only=True):
    """One record that may be the applicant's, in a programme that the asker may see."""

    programme: str
    names: dict[str, str]
    """The programme's name by language."""
    status: int
    initials: str
    birth_year: str


class Possible(msgspec.Struct, frozen=True, kw_only=True):
    """One person who may be the applicant: their records in reach, and why it may be so."""

    reference: str
    likelihood: Likelihood
    weight: float
    why: tuple[str, ...]
    """What agrees and what does not, by code, the weightiest first."""
    records: tuple[Near, ...]


class Answer(msgspec.Struct, frozen=True):
    """Whom the registry may know already. Of programmes out of reach only that there is one."""

    found: tuple[Possible, ...] = ()
    elsewhere: bool = False
    """Whether somebody likely the same is known in a programme out of reach."""
