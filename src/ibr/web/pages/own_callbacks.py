"""Messages to a partner: those that did not arrive, and one with each of its tries."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from litestar import Response

from ibr.outbox.model import TEST
from ibr.questions.developing import callbacks_of, one_callback, send_again
from ibr.web.answers import go_to, page
from ibr.web.outcome_words import outcome_words
from ibr.web.pages.deliveries import number_in
from ibr.web.pages.developers import chosen, must_choose
from ibr.web.visit import Visit

_TRACED_WITHIN: Final = timedelta(seconds=10)


async def show(visit: Visit) -> Response[str]:
    partner = await chosen(visit)
    if partner is None:
        return await must_choose(visit)
    found = await callbacks_of(
        visit.services.database, visit.asker(), partner, number_in(visit.query.get("page"))
    )
    return page(
        visit,
        "developers_callbacks.html",
        partner=partner,
        found=found,
        outcome_words=partial(outcome_words, visit.written),
    )


async def show_one(visit: Visit) -> Response[str]:
    seen = await one_callback(visit.services.database, visit.asker(), visit.path("message"))
    found = await visit.services.desk.book.everyone()
    partner = next((each for each in found if each.sender_id == seen.message.partner), None)
    is_test = seen.message.transaction_id.startswith(TEST)
    # The trace is written some moments after the try.
    soon = visit.at - (seen.message.settled_at or visit.at) < _TRACED_WITHIN
    return page(
        visit,
        "developers_callback.html",
        partner=partner,
        one=seen.message,
        tries=seen.tries,
        is_test=is_test,
        still=seen.message.state == "waiting" or (is_test and not seen.tries and soon),
        outcome_words=partial(outcome_words, visit.written),
    )


async def send_one(visit: Visit) -> Response[str]:
    """A message that was given up waits once more."""
    message = visit.path("message")
    await send_again(visit.services.database, visit.asker(), message)
    return go_to(visit, f"/developers/callbacks/{message}")
