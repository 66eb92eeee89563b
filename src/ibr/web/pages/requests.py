"""What people ask about their own data: seen by those who answer, and by those who watch."""

from __future__ import annotations

from litestar import Response

from ibr.access.staff.rights import REQUEST_ANSWER
from ibr.errors import Conflict, NotUnderstood
from ibr.subject.requests.look import (
    answer,
    one_request,
    request_to_answer,
    requests,
)
from ibr.subject.requests.model import REASONS, VIEWS, View
from ibr.web import own_words
from ibr.web.answers import go_to, page
from ibr.web.pages.deliveries import number_in
from ibr.web.visit import Visit


async def show(visit: Visit) -> Response[str]:
    """A page of requests, those due first."""
    wanted = visit.query.get("view", "open")
    view: View = next((each for each in VIEWS if each == wanted), "open")
    number = number_in(visit.query.get("page"))
    found = await requests(visit.services.database, visit.asker(), view, number, visit.at)
    return page(
        visit,
        "requests.html",
        found=found,
        view=view,
        views=VIEWS,
        own=own_words,
        answers=REQUEST_ANSWER in visit.asker().scopes,
    )


async def show_one(visit: Visit) -> Response[str]:
    """One request, with the form to answer it."""
    return await _one(visit, {})


async def take(visit: Visit) -> Response[str]:
    """Takes the answer, or shows what to mend."""
    number = number_in(visit.path("number"), 0)
    said, _, reason = visit.form.get("answer", "").partition(":")
    try:
        await answer(visit.services.database, visit.asker(), number, said, reason, visit.at)
    except NotUnderstood:
        return await _one(visit, {"answer": visit.say("Choose the answer and its reason.")})
    except Conflict:
        return await _one(visit, {"answer": visit.say("This request has been answered already.")})
    return go_to(visit, f"/requests/{number}?done=answered")


async def _one(visit: Visit, problems: dict[str, str]) -> Response[str]:
    services, asker = visit.services, visit.asker()
    number = number_in(visit.path("number"), 0)
    answers = REQUEST_ANSWER in asker.scopes
    if answers:
        found = await request_to_answer(
            services.database,
            services.sealer,
            asker,
            number,
            budgets=services.budgets,
            at=visit.at,
        )
    else:
        found = await one_request(services.database, asker, number)
    return page(
        visit,
        "request.html",
        status=400 if problems else 200,
        found=found,
        reasons=REASONS,
        own=own_words,
        problems=problems,
        done=visit.query.get("done", ""),
        answers=answers,
    )
