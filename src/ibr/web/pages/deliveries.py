"""Deliveries: who has sent what, how good it was, what was refused."""

from __future__ import annotations

from urllib.parse import urlencode

from litestar import Response

from ibr.deliveries.report.model import DeliveryFilter
from ibr.questions.reporting import deliveries
from ibr.web.answers import page
from ibr.web.visit import Visit

STATES = ("held", "done", "received", "failed", "refused", "voided")


def number_in(text: str | None, otherwise: int = 1) -> int:
    """A whole number from an address; whatever else it says is taken for the usual one."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else otherwise


async def show(visit: Visit) -> Response[str]:
    query = visit.query
    state = query.get("state")
    wanted = DeliveryFilter(
        programme_id=number_in(query.get("programme"), 0) or None,
        state=state if state in STATES else None,
        with_refusals=query.get("refused") == "yes",
    )
    found = await deliveries(
        visit.services.database, visit.asker(), wanted, number_in(query.get("page"))
    )
    kept = {
        "programme": str(wanted.programme_id or ""),
        "state": wanted.state or "",
        "refused": "yes" if wanted.with_refusals else "",
    }
    filters = urlencode({key: value for key, value in kept.items() if value})
    return page(
        visit, "deliveries.html", found=found, wanted=wanted, states=STATES, filters=filters
    )
