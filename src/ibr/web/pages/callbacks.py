"""Messages to partners that did not arrive: which, why, and a button to send them again."""

from __future__ import annotations

from functools import partial
from typing import Final
from urllib.parse import urlencode

from litestar import Response

from ibr.questions.promises import Wanted, send_all_again, send_one_again, undelivered
from ibr.web.answers import go_to, page
from ibr.web.outcome_words import outcome_words
from ibr.web.pages.deliveries import number_in
from ibr.web.visit import Visit

_WANTED: Final[tuple[Wanted, ...]] = ("dead", "waiting", "both")


async def show(visit: Visit) -> Response[str]:
    query = visit.query
    wanted: Wanted = next((each for each in _WANTED if each == query.get("state")), "dead")
    partner = query.get("partner") or None
    found = await undelivered(
        visit.services.database, visit.asker(), wanted, partner, number_in(query.get("page"))
    )
    kept = {"partner": partner or "", "state": "" if wanted == "dead" else wanted}
    return page(
        visit,
        "callbacks.html",
        found=found,
        wanted=wanted,
        partner=partner,
        filters=urlencode({key: value for key, value in kept.items() if value}),
        again=number_in(query.get("again"), 0),
        outcome_words=partial(outcome_words, visit.written),
    )


async def send(visit: Visit) -> Response[str]:
    """Sends one message again, or all of a partner that were given up."""
    message, partner = visit.form.get("message", ""), visit.form.get("partner", "")
    database, asker = visit.services.database, visit.asker()
    if message:
        await send_one_again(database, asker, message)
        count = 1
    else:
        count = await send_all_again(database, asker, partner)
    return go_to(visit, "/callbacks?" + urlencode({"again": count, "state": "both"}))
