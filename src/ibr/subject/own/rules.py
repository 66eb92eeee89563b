"""What the provider's claims prove of a person; pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from ibr.access.openid.model import Claims
from ibr.access.openid.rules import TOLERANCE, moment_in
from ibr.errors import NotAllowed, NotProven, NotUnderstood
from ibr.protection.blind_index import canonical_type, canonical_value
from ibr.subject.own.model import PROOF_SECONDS, Wanted
from ibr.subject.visits.model import Proved


def proved_in(claims: Claims, wanted: Wanted, at: datetime) -> Proved:
    """Number and birth date as the provider proves them; refused where it is not sure enough, where
    the proof is old, or where it does not tell one of them."""
    if wanted.acr and claims.get("acr") not in wanted.acr:
        raise NotAllowed(
            "own.level", "This sign-in is not sure enough. Choose a surer way at the service."
        )
    proved_at = moment_in(claims.get("auth_time"))
    oldest = at - timedelta(seconds=PROOF_SECONDS + TOLERANCE)
    if proved_at is None or proved_at < oldest:
        raise NotProven("own.not_fresh", "The service did not ask anew who you are.")
    value, born = claims.get(wanted.number_claim), claims.get(wanted.birth_claim)
    if not isinstance(value, str) or not value.strip():
        raise NotAllowed("own.number", "The service does not tell the registry your number.")
    return Proved(*_canonical(wanted.number_kind, value), _day(born, at))


def _canonical(kind: str, value: str) -> tuple[str, str]:
    try:
        return canonical_type(kind), canonical_value(value)
    except NotUnderstood:
        # Without the sentence of the one below: it may say what the number is.
        raise NotAllowed(
            "own.number", "The service does not tell the registry your number."
        ) from None


def _day(written: object, at: datetime) -> date:
    """A whole day, with hyphens as OpenID Connect has it or with slashes as some write it."""
    try:
        day = date.fromisoformat(str(written).replace("/", "-"))
    except ValueError:
        day = date.max
    if day > at.date() or day.year < 1880:
        raise NotAllowed(
            "own.birth_date", "The service does not tell the registry your whole date of birth."
        )
    return day
