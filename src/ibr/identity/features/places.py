"""Where somebody lives: codes of areas, and the village as a skeleton."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from ibr.identity.features.names import written

_REMEMBERED: Final = 65_536
_LONGEST_CODE: Final = 40


class Place(NamedTuple):
    """Region and district by their codes, the village or quarter by its skeleton."""

    region: str = ""
    district: str = ""
    place: str = ""


NOWHERE: Final = Place()


def place_of_address(address: Mapping[str, Any]) -> Place:
    """The place of a strict Address."""
    get = address.get
    region, district, locality = get("region_code"), get("sub_region_code"), get("locality")
    return _place(
        region if isinstance(region, str) else "",
        district if isinstance(district, str) else "",
        locality if isinstance(locality, str) else "",
    )


@lru_cache(maxsize=_REMEMBERED)
def _place(region: str, district: str, locality: str) -> Place:
    return Place(_code(region), _code(district), written(locality).whole.skeleton)


def _code(code: str) -> str:
    return code.strip().upper()[:_LONGEST_CODE]
