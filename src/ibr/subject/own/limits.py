"""How often somebody may sign in, and how often in vain.

The provider proves who they are. But a provider, or a client of ours, that fell into wrong hands
must not be a way to try numbers; so what is counted is what the provider knows a person by, as a
keyed digest, and the place that the request comes from.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from ibr.access.staff.sign_in import remember_try, tries
from ibr.db.pool import Connection
from ibr.errors import TooMuch
from ibr.protection.blind_index import BlindIndex

AN_HOUR: Final = 20
"""Sign-ins of one person of the provider's in an hour, whatever came of them."""
IN_VAIN_A_DAY: Final = 5
"""Of these, in a day, those that led to nobody."""
IN_VAIN_FROM_A_PLACE: Final = 40
"""Those that led to nobody from one place in a quarter of an hour: many phones share an address."""
_QUARTER: Final = timedelta(minutes=15)


class Counted(msgspec.Struct, frozen=True):
    """Under which digests a sign-in is counted."""

    every: bytes
    in_vain: bytes
    place: bytes


def counted(blind_index: BlindIndex, issuer: str, subject: str, place: str) -> Counted:
    """The digests for a person of the provider's, from a place."""

    def digest(what: str, of: str) -> bytes:
        return blind_index.digest(f"own\x1f{what}\x1f{of}".encode())

    who = f"{issuer}\x1f{subject}"
    return Counted(digest("every", who), digest("in vain", who), digest("place", place))


async def must_not_wait(connection: Connection, who: Counted, at: datetime) -> None:
    """TooMuch for somebody who signed in too often."""
    for tried, since, most in (
        (who.every, timedelta(hours=1), AN_HOUR),
        (who.in_vain, timedelta(days=1), IN_VAIN_A_DAY),
        (who.place, _QUARTER, IN_VAIN_FROM_A_PLACE),
    ):
        if (await tries(connection, tried, at - since, _no_wait)).count >= most:
            raise TooMuch(
                "own.too_many",
                "There were too many sign-ins. Please try again later, or go to a help desk.",
                retry_after=int(since.total_seconds()),
            )


async def count(connection: Connection, who: Counted, at: datetime, *, in_vain: bool) -> None:
    """Counts a sign-in."""
    for tried in (who.every, who.in_vain, who.place) if in_vain else (who.every,):
        await remember_try(connection, tried, at)


def _no_wait(_failures: int) -> int:
    return 0
