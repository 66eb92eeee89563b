"""Which roles one person may hold together, and which need two people to be given."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

import msgspec

from ibr.access.staff.rights import (
    AGREEMENTS_EDIT,
    APPROVE,
    CALENDAR,
    CASE_APPROVE,
    CASE_ASSIGN,
    CASE_DECIDE,
    DECIDE_LINKS,
    DELIVERY_RELEASE,
    EXEMPT,
    EXTRACT,
    FILES,
    OFFICERS,
    PAIRS_EDIT,
    PROTECT,
    RELEASE,
    REQUEST_ANSWER,
    RIGHTS,
)
from ibr.errors import Conflict, NotUnderstood

NEED_TWO: Final = frozenset(role for role, rights in RIGHTS.items() if APPROVE in rights.pages)
"""Roles that one administrator proposes and another person gives: whoever could be given one by one
administrator alone would be a second person of that administrator's own making."""

DECIDING: Final = frozenset(
    {
        AGREEMENTS_EDIT,
        APPROVE,
        CALENDAR,
        CASE_APPROVE,
        CASE_ASSIGN,
        CASE_DECIDE,
        DECIDE_LINKS,
        DELIVERY_RELEASE,
        EXEMPT,
        EXTRACT,
        FILES,
        OFFICERS,
        PAIRS_EDIT,
        PROTECT,
        RELEASE,
        REQUEST_ANSWER,
    }
)
"""Rights that change something. An auditor looks at what they brought about, so holds none."""

_PAIRS: Final = {
    frozenset({"administrator", "data_protection_officer"}): (
        "The data protection officer watches over what administrators do."
    ),
    frozenset({"steward", "programme_officer"}): (
        "A steward decides who is who for every programme and must not work for one of them."
    ),
}
_AUDITOR: Final = "An auditor looks into what others decided and must not decide anything."
_DEVELOPER: Final = "A developer works for a partner, outside the registry."
LONGEST_DAYS: Final = 3660


class WantedRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role as it is to be given: None is every programme, everywhere, at once, without end."""

    role: str
    programmes: tuple[int, ...] | None = None
    areas: tuple[str, ...] | None = None
    valid_from: date | None = None
    valid_until: date | None = None


def why_not_together(one: str, other: str) -> str | None:
    """Why nobody may hold both roles; None where one person may."""
    if one == other:
        return None
    pair = frozenset({one, other})
    if "developer" in pair:
        return _DEVELOPER
    for role, beside in ((one, other), (other, one)):
        if role == "auditor" and RIGHTS[beside].pages & DECIDING:
            return _AUDITOR
    return _PAIRS.get(pair)


def check_role(wanted: WantedRole, held: Iterable[str], today: date) -> None:
    """Refuses a role that is none, that has no day left, or that does not go with one held."""
    if wanted.role not in RIGHTS:
        raise NotUnderstood("officer.role", f"The role is one of {', '.join(RIGHTS)}.")
    if wanted.valid_until is not None:
        first = max(wanted.valid_from or today, today)
        if not first <= wanted.valid_until or (wanted.valid_until - today).days > LONGEST_DAYS:
            raise NotUnderstood(
                "officer.days",
                "The last day of a role is on or after its first day, not over yet, and within "
                "ten years.",
            )
    for other in held:
        if other == wanted.role:
            raise Conflict(
                "officer.role_held",
                "The officer holds this role already. End it first, then give it with other days, "
                "programmes or areas.",
            )
        if (why := why_not_together(wanted.role, other)) is not None:
            raise Conflict(
                "officer.incompatible", f"Nobody holds both {wanted.role} and {other}. {why}"
            )
