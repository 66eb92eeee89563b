"""How long each step of a case may take: the settings, narrowed by a programme's own terms."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from ibr.db.pool import Connection
from ibr.errors import NotFound, NotUnderstood
from ibr.overlaps.cases import store
from ibr.overlaps.cases.model import Terms
from ibr.settings import Settings

_LONGEST: Final = 366


def terms_from(settings: Settings) -> Terms:
    """The registry's terms."""
    return Terms(**{name: getattr(settings, f"case_{name}") for name in Terms.__struct_fields__})


async def terms_of(connection: Connection, programme_id: int, terms: Terms) -> Terms:
    """The terms of one programme. Its holds may be shorter than elsewhere and never longer."""
    own = await store.terms(connection, programme_id)
    if own is None:
        return terms
    hold = terms.hold_days if own["hold_days"] is None else min(own["hold_days"], terms.hold_days)
    return msgspec.structs.replace(
        terms,
        hold_days=hold,
        information_days=own["information_days"] or terms.information_days,
        appeal_days=own["appeal_days"] or terms.appeal_days,
    )


async def set_terms(
    connection: Connection,
    code: str,
    *,
    hold_days: int | None,
    information_days: int | None,
    appeal_days: int | None,
    at: datetime,
) -> None:
    """Gives a programme terms of its own; None is as everywhere."""
    found = {row["code"]: row["programme_id"] for row in await store.programmes(connection)}
    if code not in found:
        raise NotFound("programme.unknown", "There is no programme of that code.")
    times = [days for days in (information_days, appeal_days) if days is not None]
    if not 0 <= (hold_days or 0) <= _LONGEST or any(not 1 <= days <= _LONGEST for days in times):
        raise NotUnderstood(
            "case.terms",
            f"A hold lasts up to {_LONGEST} days, 0 for none; times to answer and to appeal are 1 "
            f"to {_LONGEST} days.",
        )
    await store.put_terms(connection, found[code], hold_days, information_days, appeal_days, at)
