"""Measured quality, kept to be compared with: what it was before, and whether it is good enough."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from ibr.db.pool import Connection
from ibr.identity.persons.floor import Judge, Numbers
from ibr.identity.quality import store
from ibr.identity.quality.floors import FLOOR, ModelFloor, below_floor
from ibr.identity.quality.model import KeptQuality, Kind

MADE_UP: Final = "made_up"
SHIPPED: Final = "starting"
"""The method of the model that comes with the registry."""
_IN_ORDER = msgspec.json.Encoder(order="deterministic")


def written(measured: object) -> bytes:
    """Figures as JSON, the same bytes for the same figures."""
    return _IN_ORDER.encode(measured)


async def keep(
    connection: Connection,
    kind: Kind,
    measured: object,
    *,
    model_no: int | None,
    method: str,
    at: datetime,
) -> int:
    """Keeps a measurement for good; its number."""
    return await store.keep(connection, kind, model_no, method, written(measured), at)


async def history(connection: Connection, most: int = 50) -> list[KeptQuality]:
    """What was measured, the newest first."""
    return await store.newest(connection, most)


async def judge_of(connection: Connection, floor: ModelFloor = FLOOR) -> Judge:
    """Who says whether a run may be applied by itself: by what was last measured of its model,
    which stands under `model_no` among the run's numbers.

    A trained model that nobody measured is not taken into use by itself. The shipped one was
    measured by those who ship it; and one that is in use, or was, somebody has accepted.
    """
    found = await store.of_models(connection, MADE_UP)
    reasons = {number: below_floor(each.measured, floor) for number, each in found.items()}
    for number in await store.never_measured(connection, MADE_UP, SHIPPED):
        reasons[number] = [
            f"model {number} was trained and never measured; measure it with "
            f"`ibr linkage quality --model {number} --keep` and run it again, or apply this run "
            "as it is"
        ]

    def judge(numbers: Numbers) -> list[str]:
        return list(reasons.get(int(numbers.get("model_no", 0)), ()))

    return judge
