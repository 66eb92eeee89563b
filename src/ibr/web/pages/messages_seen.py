"""What became of each message: a list with filters, and one message with why it was refused."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from litestar import Response

from ibr.errors import NotUnderstood
from ibr.questions.developing import one_traced, traced
from ibr.trace.model import Direction, Verdict, Wanted
from ibr.web.answers import page
from ibr.web.pages.deliveries import number_in
from ibr.web.pages.developers import chosen
from ibr.web.visit import Visit
from ibr_messages.strict_json import canonical, read_object

VERDICTS: dict[str, Verdict] = {"accepted": "accepted", "refused": "refused"}
DIRECTIONS: dict[str, Direction] = {"in": "in", "out": "out"}


async def show(visit: Visit) -> Response[str]:
    partner = await chosen(visit)
    query, services = visit.query, visit.services
    text = query.get("text", "").strip()[:200]
    wanted = Wanted(
        partner_id=partner.partner_id if partner else None,
        direction=DIRECTIONS.get(query.get("direction", "")),
        verdict=VERDICTS.get(query.get("verdict", "")),
        text=text or None,
    )
    seen = await traced(
        services.database,
        services.desk.book,
        visit.asker(),
        wanted,
        number_in(query.get("page")),
    )
    kept = {
        "partner": partner.sender_id if partner else "",
        "direction": wanted.direction or "",
        "verdict": wanted.verdict or "",
        "text": text,
    }
    return page(
        visit,
        "developers_messages.html",
        partner=partner,
        seen=seen,
        wanted=wanted,
        mode=services.settings.trace,
        filters=urlencode({name: value for name, value in kept.items() if value}),
    )


async def show_one(visit: Visit) -> Response[str]:
    services = visit.services
    found = await one_traced(
        services.database, services.sealer, visit.asker(), visit.path("number")
    )
    partner = None
    if found.row.partner_id is not None:
        partner = await services.desk.book.by_number(found.row.partner_id)
    return page(
        visit,
        "developers_message.html",
        partner=partner,
        row=found.row,
        content=readable(found.content),
        canonical=_canonical(found.content),
        answer=readable(found.answer),
    )


def readable(body: bytes | None) -> str | None:
    """A body as a reader sees it: JSON laid out, anything else as text."""
    if body is None:
        return None
    text = body.decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _canonical(body: bytes | None) -> str | None:
    """The very bytes that a signature is made over, where the body has any."""
    try:
        document = read_object(body or b"")
        content = {"header": document["header"], "message": document["message"]}
        return canonical(content).decode()
    except (NotUnderstood, KeyError):
        return None
