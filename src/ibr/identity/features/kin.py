"""What a record says of somebody by naming a relative: the father's name, the spouse's family.

A list of a household often leaves the field for the father blank and says who the father is all the
same, and it notes a married woman by her own family name beside her husband's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ibr.identity.features.names import SILENT, Name, Said, name_of
from ibr.identity.features.ties import tie_of

FATHER: Final = frozenset(("FTH", "FATHER"))
SPOUSE: Final = frozenset(("SPS", "SPOUSE", "HUSB", "HUSBAND"))
MOST: Final = 60
"""So many relatives of one person are read at most."""


def father_named(member: Mapping[str, Any]) -> Said:
    """The given name of whom a strict Member names as the father."""
    return next((each.given for each in _named(member, FATHER) if each.given.words), SILENT)


def family_of_spouse(member: Mapping[str, Any]) -> Said:
    """The family name of whom a strict Member names as husband or wife."""
    return next((each.family for each in _named(member, SPOUSE) if each.family.words), SILENT)


def _named(member: Mapping[str, Any], ties: frozenset[str]) -> Iterator[Name]:
    for related in (member.get("related_person") or ())[:MOST]:
        if not isinstance(related, dict) or tie_of(related.get("relationship_type")) not in ties:
            continue
        other = related.get("related_member")
        name = other.get("name") if isinstance(other, dict) else None
        if isinstance(name, dict):
            yield name_of(name)
