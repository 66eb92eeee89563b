"""What linkage works on: plain records without a database and without a clear number."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, NamedTuple

import msgspec

STANDARD: Final = 2
"""Version of the standardisation: features of another version are read anew before they count."""


class Appearance(NamedTuple):
    """A person as one record shows them: the record, and 0 for its own person or from 1 a member.

    A member keeps its number for as long as the record exists, however the group is sorted.
    """

    record_id: int
    appearance_no: int


Pair = tuple[Appearance, Appearance]
"""Two appearances in order, the smaller first."""


class Number(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An identifier, phone or account, blind.

    `near` are keyed hashes of the number with one sign left out, one for each sign: two numbers
    that differ by one slip of the finger share at least one of them.
    """

    kind: str
    token: int
    near: tuple[int, ...] = ()


class Features(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is compared of one appearance. Empty text, 0 and empty tuples say "not known".

    Names are in Latin small letters without accents, honorifics and particles; tokens are parted
    by one space. A skeleton is what is left of a name when its vowels are dropped and consonants
    that are often written for each other are made one; `names` are all skeletons of given, family
    and maiden name, sorted, so that their order in the record does not matter.
    """

    given: str = ""
    father: str = ""
    family: str = ""
    maiden: str = ""
    """Another family name of hers: her maiden name, or else that of the husband she is with."""
    given_skeleton: str = ""
    father_skeleton: str = ""
    family_skeleton: str = ""
    names: tuple[str, ...] = ()
    script: str = ""
    """Script of the name as reported, by its ISO 15924 code, as `Latn`, `Arab`."""
    sex: int = 0
    birth: str = ""
    """`1990-04-05`, `1990-04` or `1990`, as precise as reported."""
    death: str = ""
    region: str = ""
    district: str = ""
    place: str = ""
    """Skeleton of village or quarter."""
    uin: Number | None = None
    """The foundational identity number."""
    others: tuple[Number, ...] = ()
    """Other identifiers that are the person's own and not the programme's."""
    phones: tuple[Number, ...] = ()
    accounts: tuple[Number, ...] = ()
    in_group: bool = False
    """Whether it is a member of a household or family in this record."""
    programme_id: int = 0


class Weighed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A pair with the log2 of the odds that both are one person, and each comparison's level."""

    low: Appearance
    high: Appearance
    weight: float
    levels: tuple[int, ...]


Verdict = Literal["same", "different"]


class Decided(msgspec.Struct, frozen=True):
    """What people decided about a pair: above every weight, in both directions."""

    low: Appearance
    high: Appearance
    verdict: Verdict
    decision_no: int
    decided_at: datetime


class Clusters(msgspec.Struct, frozen=True):
    """Who is who: each cluster sorted, the clusters sorted by their first appearance.

    `linked` are the pairs that made them; `open` the pairs that a person should look at, with a
    word where they were heavy enough but not linked (`conflict`, `too_large`).
    """

    clusters: tuple[tuple[Appearance, ...], ...]
    linked: tuple[Weighed, ...]
    open: tuple[tuple[Weighed, str], ...]
