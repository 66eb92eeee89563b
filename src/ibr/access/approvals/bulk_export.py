"""The act export.bulk: more figures in one file than one person may take out alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from ibr.access.approvals.decide import granted
from ibr.access.approvals.two_people import Act, Approver, Detail, Payload
from ibr.access.staff.rights import COUNTRY
from ibr.asker import Asker
from ibr.db.pool import Connection
from ibr.errors import NotAllowed

NAME: Final = "export.bulk"
USABLE: Final = timedelta(hours=24)
"""So long after the approval the file can be taken, by who asked for it alone."""


class NeedsSecond(NotAllowed):
    """The file needs a second person; `payload` is what would be proposed."""

    def __init__(self, payload: dict[str, Any]) -> None:
        super().__init__(
            "export.needs_two",
            "A file of so many figures needs a second person. Propose it, or ask for fewer "
            "indicators or months.",
        )
        self.payload = payload


def payload_of(
    indicators: Sequence[str],
    breakdowns: Sequence[str],
    periods: Sequence[str],
    where: Mapping[str, Iterable[str]],
    form: str,
    figures: int,
) -> dict[str, Any]:
    """What a file would hold, as a proposal keeps it."""
    return {
        "indicators": sorted(set(indicators)),
        "breakdowns": sorted(set(breakdowns)),
        "periods": sorted(set(periods)),
        "where": [f"{name}: {', '.join(sorted(where[name]))}" for name in sorted(where)],
        "form": form,
        "figures": figures,
    }


async def must_be_granted(
    connection: Connection, asker: Asker, payload: dict[str, Any], most: int, at: datetime
) -> None:
    """NeedsSecond for a file of more figures than `most`, unless somebody else approved exactly
    this file for the asker within the last 24 hours."""
    if payload["figures"] <= most:
        return
    if await granted(connection, asker, NAME, payload, at - USABLE) is None:
        raise NeedsSecond(payload)


async def _explain(_connection: Connection, payload: Payload) -> list[Detail]:
    written = {
        "indicators": ", ".join(payload["indicators"]),
        "breakdowns": ", ".join(each for each in payload["breakdowns"] if each),
        "periods": ", ".join(payload["periods"]),
        "where": "; ".join(payload["where"]),
        "form": payload["form"],
        "figures": f"{payload['figures']:,}",
    }
    return [Detail(what=what, after=after) for what, after in written.items() if after]


async def _carry_out(
    _connection: Connection, _two: Approver, _payload: Payload, _at: datetime
) -> Mapping[str, str]:
    """Nothing is written: the approved proposal itself is what opens the file to its proposer."""
    return {}


BULK_EXPORT_ACT: Final = Act(name=NAME, propose=COUNTRY, explain=_explain, carry_out=_carry_out)
