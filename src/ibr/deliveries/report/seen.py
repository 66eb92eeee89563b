"""Deliveries, their refused records, and who has reported, for an officer."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec

from ibr.db.pool import Connection
from ibr.deliveries.checks.model import Anomaly
from ibr.deliveries.model import ControlTotals
from ibr.deliveries.report import store
from ibr.deliveries.report.model import DeliveryFilter, DeliverySeen, RefusedSeen, Reported


def _seen(row: Any) -> DeliverySeen:
    fields = dict(row)
    fields["warnings"] = json.loads(fields["warnings"])
    fields["totals"] = msgspec.json.decode(fields["totals"], type=ControlTotals)
    fields["anomalies"] = msgspec.json.decode(fields["anomalies"], type=list[Anomaly])
    return DeliverySeen(**fields)


async def deliveries(
    connection: Connection, wanted: DeliveryFilter, limit: int, offset: int = 0
) -> list[DeliverySeen]:
    """Deliveries that fit, the newest first."""
    return [_seen(row) for row in await store.deliveries(connection, wanted, limit, offset)]


async def count(connection: Connection, wanted: DeliveryFilter) -> int:
    """How many deliveries fit."""
    return await store.count(connection, wanted)


async def delivery(connection: Connection, delivery_id: int) -> DeliverySeen | None:
    """One delivery; None when it does not exist or is not in reach."""
    row = await store.delivery(connection, delivery_id)
    return None if row is None else _seen(row)


async def refused(
    connection: Connection, delivery_id: int, limit: int, offset: int
) -> list[RefusedSeen]:
    """Records of a delivery that were set aside, in the order they were sent."""
    found = await store.refused(connection, delivery_id, limit, offset)
    return [RefusedSeen(**dict(row)) for row in found]


async def refused_codes(connection: Connection, delivery_id: int) -> list[tuple[str, int]]:
    """How often each error was found in a delivery."""
    found = await store.refused_codes(connection, delivery_id)
    return [(row["code"], row["count"]) for row in found]


async def reported(connection: Connection) -> dict[int, Reported]:
    """By programme: the newest month reported for."""
    return {row["programme_id"]: Reported(**dict(row)) for row in await store.reported(connection)}


async def refused_since(connection: Connection, since: datetime) -> int:
    """Records set aside since then."""
    return await store.refused_since(connection, since)


async def replaced_by(connection: Connection, delivery_id: int) -> list[int]:
    """Later deliveries of the same sender that take the place of this one, or withdraw it."""
    return await store.replaced_by(connection, delivery_id)


async def waiting(connection: Connection) -> int:
    """How many deliveries in reach wait for a person's look."""
    return await store.waiting(connection)
