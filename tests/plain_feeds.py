"""What a programme's deliveries add up to by month, in plain Python over the tables' rows."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ibr.periods import Month, month_of, read_month
from ibr.reporting.model import MonthKey, MonthSums

Row = dict[str, Any]


def month_told(delivery: Row) -> Month:
    """The month that a delivery speaks for: the one it names, else that of its sender's clock."""
    cycle = delivery["cycle"]
    if cycle and re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", cycle):
        return read_month(cycle)
    return month_of(delivery["as_of"].astimezone(UTC).date())


def sums_of(
    deliveries: Sequence[Row], programmes: Sequence[int], at: datetime
) -> dict[MonthKey, MonthSums]:
    """Sums by programme and month, as known at a moment."""
    groups: dict[MonthKey, list[Row]] = {}
    for each in deliveries:
        there = each["received_at"] <= at and each["mode"] != "void"
        if there and each["state"] in ("received", "held", "done"):
            for programme in set(each["programme_ids"]) & set(programmes):
                groups.setdefault(MonthKey(programme, month_told(each)), []).append(each)
    return {key: _added(rows, at) for key, rows in groups.items()}


def _added(rows: Sequence[Row], at: datetime) -> MonthSums:
    done = [e for e in rows if e["state"] == "done" and e["done_at"] <= at]
    alone = [e for e in done if len(e["programme_ids"]) == 1]
    came = [e["received_at"] for e in done]
    return MonthSums(
        first_at=min(came, default=None),
        last_at=max(came, default=None),
        deliveries=len(done),
        newest=max((e["delivery_id"] for e in done), default=None),
        records=sum(e["records"] for e in alone),
        refused=sum(e["refused"] for e in alone),
        shared=len(alone) < len(done),
        differing=sum(_differs(e) for e in done),
        gaps=_gaps(done),
        waiting=len(rows) - len(done),
    )


def _differs(delivery: Row) -> bool:
    found = json.loads(delivery.get("anomalies") or "[]")
    return any(each["code"].startswith("total.") for each in found)


def _gaps(done: Sequence[Row]) -> int:
    """Numbers from 1 to the highest that are not there, of each sender."""
    numbers: dict[int, set[int]] = {}
    for each in done:
        if each.get("sequence") and each["mode"] in ("initial", "delta"):
            numbers.setdefault(each["partner_id"], set()).add(each["sequence"])
    return sum(max(own) - len(own) for own in numbers.values())
