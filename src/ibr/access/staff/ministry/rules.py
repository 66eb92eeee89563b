"""What the ministry's answers say of an officer."""

from __future__ import annotations

from typing import Final

from ibr.access.openid.model import Claims
from ibr.access.openid.rules import moment_in
from ibr.access.staff.ministry.model import Person
from ibr.errors import NotUnderstood

_LONGEST_EMAIL: Final = 254


def read_second(text: str) -> frozenset[tuple[str, str]]:
    """The setting: `acr=value` and `amr=value` with commas between them."""
    found = set()
    for each in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = each.partition("=")
        if name not in ("acr", "amr") or not value:
            raise NotUnderstood(
                "setting.oidc_second_factor",
                "IBR_OIDC_SECOND_FACTOR: write acr=VALUE or amr=VALUE, with commas between them.",
            )
        found.add((name, value))
    return frozenset(found)


def person_in(claims: Claims) -> Person:
    """The person that proven claims are about."""
    email = claims.get("email")
    usable = (
        isinstance(email, str)
        and claims.get("email_verified") is True
        and 3 <= len(email) <= _LONGEST_EMAIL
    )
    acr, amr, proved = claims.get("acr"), claims.get("amr"), claims.get("auth_time")
    return Person(
        subject=claims["sub"],
        email=email.strip().lower() if usable and isinstance(email, str) else None,
        acr=acr if isinstance(acr, str) else None,
        amr=tuple(each for each in amr if isinstance(each, str)) if isinstance(amr, list) else (),
        proved_at=moment_in(proved),
    )
