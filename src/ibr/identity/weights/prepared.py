"""Features laid out for comparing: parted into what the levels look at, once for each of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from ibr.identity.model import Features, Number

RARE: Final = 1
"""Band of a name that few bear; the higher the band, the more people bear the name."""

Bands = Mapping[int, int]
"""Bands of the names that are not rare, by the digest of their skeleton."""


class Prepared(NamedTuple):
    """One appearance as the levels see it. The columns of the batch engine bear the same names.

    A name in `..._set` stands between spaces, so that a whole token can be looked for in it.
    """

    given: str
    given_skeleton: str
    given_set: str
    given_band: int
    family: str
    family_skeleton: str
    family_set: str
    family_band: int
    names_set: str
    father: str
    father_skeleton: str
    father_set: str
    father_band: int
    sex: int
    year: int
    month: int
    day: int
    dated: int
    """1 where the day is known; the first of January often stands for the year alone."""
    region: str
    district: str
    place: str
    uin: int
    uin_near: tuple[int, ...]
    others: tuple[int, ...]
    other_kinds: tuple[str, ...]
    others_near: tuple[int, ...]
    contacts: tuple[int, ...]
    programme: int


FIRST_NAME: Final = "first"
FAMILY_NAME: Final = "family"
"""Two kinds of names; the father's is counted with the given names."""


@lru_cache(maxsize=200_000)
def name_digest(kind: str, skeleton: str) -> int:
    """A number for a name. Only names that many bear are kept by it, so it gives nobody away."""
    said = f"{kind}|{skeleton}".encode()
    return int.from_bytes(hashlib.blake2b(said, digest_size=6).digest(), "big")


def band_of(kind: str, skeleton: str, bands: Bands) -> int:
    """How common a name is: 1 rare, 2 middling, 3 common."""
    return bands.get(name_digest(kind, skeleton), RARE) if bands and skeleton else RARE


def birth_parts(birth: str) -> tuple[int, int, int]:
    """Year, month and day of `1990-04-05`, `1990-04` or `1990`; 0 for what is not known."""
    if not birth:
        return 0, 0, 0
    return int(birth[:4]), int(birth[5:7] or 0), int(birth[8:10] or 0)


def prepare(features: Features, bands: Bands) -> Prepared:
    """The features parted for comparing; `bands` come from the model."""
    year, month, day = birth_parts(features.birth)
    given, given_skeleton, family, family_skeleton = _names_apart(features)
    others = features.others
    contacts = (*features.phones, *features.accounts)
    return Prepared(
        given,
        given_skeleton,
        _between_spaces(given_skeleton),
        band_of(FIRST_NAME, given_skeleton, bands),
        family,
        family_skeleton,
        _between_spaces(family_skeleton),
        band_of(FAMILY_NAME, family_skeleton, bands),
        _between_spaces(" ".join(features.names)),
        features.father,
        features.father_skeleton,
        _between_spaces(features.father_skeleton),
        band_of(FIRST_NAME, features.father_skeleton, bands),
        features.sex,
        year,
        month,
        day,
        int(day > 0 and (month, day) != (1, 1)),
        features.region,
        features.district,
        features.place,
        features.uin.token if features.uin is not None else 0,
        features.uin.near if features.uin is not None else (),
        tuple(each.token for each in others),
        tuple(each.kind for each in others),
        _near_of(others),
        tuple(each.token for each in contacts),
        features.programme_id,
    )


def _names_apart(features: Features) -> tuple[str, str, str, str]:
    """Given and family name with their skeletons. Where a whole name stands in one field, its first
    word is taken for the family's; if it was not, the names are found to be exchanged."""
    given, skeleton = features.given, features.given_skeleton
    if features.family or " " not in given or given.count(" ") != skeleton.count(" "):
        return given, skeleton, features.family, features.family_skeleton
    family, _, given = given.partition(" ")
    family_skeleton, _, skeleton = skeleton.partition(" ")
    return given, skeleton, family, family_skeleton


def _between_spaces(tokens: str) -> str:
    return f" {tokens} " if tokens else ""


def _near_of(numbers: tuple[Number, ...]) -> tuple[int, ...]:
    if not numbers:
        return ()
    if len(numbers) == 1:
        return numbers[0].near
    return tuple(near for each in numbers for near in each.near)
