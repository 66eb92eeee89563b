"""One possible link: both records side by side, what speaks for it, and the answer."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from litestar import Response

from ibr.errors import Conflict, NotUnderstood
from ibr.identity.model import Pair
from ibr.identity.review.answering import Said, answer_pair, take_back
from ibr.identity.review.looking import Explained, Side, open_pair
from ibr.identity.review.model import ANSWERS, LONGEST_NOTE, REASONS, read_pair, written_pair
from ibr.web.answers import go_to, page
from ibr.web.charts.waterfall import Step, Threshold, signed, waterfall
from ibr.web.link_codes import LINK_PART
from ibr.web.pages.review import answered, filters_of, monthly, reviewer, to_next
from ibr.web.visit import Visit

# From so many bits on a piece of evidence speaks slightly, plainly, strongly.
_STRENGTHS: Final = (0.3, 1.5, 4.0)
_MOST_TOLD_ODDS: Final = 10_000


async def show(visit: Visit) -> Response[str]:
    return await _page(visit, read_pair(visit.path("name")), {})


async def answer(visit: Visit) -> Response[str]:
    """Stores the answer and leads to the next pair, or shows what is missing."""
    pair = read_pair(visit.path("name"))
    said = Said(
        visit.form.get("decision", ""),
        visit.form.get("reason", ""),
        # A browser counts a line's end as one sign and sends two.
        visit.form.get("note", "").replace("\r\n", "\n").strip(),
    )
    services = visit.services
    try:
        await answer_pair(services.database, services.sealer, reviewer(visit), pair, said, visit.at)
    except NotUnderstood as wrong:
        return await _page(visit, pair, _problem(visit, wrong), status=400)
    except Conflict as conflict:
        return _trouble(visit, conflict)
    return await to_next(visit, said=(pair, said.decision))


async def back(visit: Visit) -> Response[str]:
    """Takes the officer's own answer back and leads to the pair again."""
    pair = read_pair(visit.path("name"))
    services = visit.services
    try:
        await take_back(services.database, services.sealer, reviewer(visit), pair, visit.at)
    except Conflict as conflict:
        return _trouble(visit, conflict)
    query = urlencode({**filters_of(visit), "back": "yes"})
    return go_to(visit, f"/review/pairs/{written_pair(pair)}?{query}")


def _trouble(visit: Visit, conflict: Conflict) -> Response[str]:
    """Back to the queue, which says what became of the answer."""
    code = conflict.code.removeprefix("review.")
    return go_to(visit, "/review?" + urlencode({**filters_of(visit), "trouble": code}))


def _problem(visit: Visit, wrong: NotUnderstood) -> dict[str, str]:
    texts = {
        "decision": visit.say("Choose an answer."),
        "reason": visit.say("Choose a reason that fits your answer."),
        "note": visit.say("Write at most 500 characters."),
    }
    return {wrong.field: texts[wrong.field]} if wrong.field in texts else {}


async def _page(
    visit: Visit, pair: Pair, problems: dict[str, str], status: int = 200
) -> Response[str]:
    services = visit.services
    seen = await open_pair(
        services.database,
        services.sealer,
        services.blind_index,
        reviewer(visit),
        pair,
        visit.at,
    )
    return page(
        visit,
        "review_pair.html",
        status=status,
        seen=seen,
        name=written_pair(pair),
        problems=problems,
        given_form=visit.form,
        answers=ANSWERS,
        reasons=REASONS,
        longest=LONGEST_NOTE,
        filters=filters_of(visit),
        query=urlencode(filters_of(visit)),
        answered=answered(visit),
        taken_back=visit.query.get("back") == "yes",
        picture=_picture(visit, seen.explained) if seen.explained else None,
        strength=strength,
        odds=odds,
        monthly=monthly,
        signed=signed,
        received=received,
    )


def strength(bits: float) -> int:
    """How strongly a piece of evidence speaks, from -3 to 3."""
    degree = sum(abs(bits) >= each for each in _STRENGTHS)
    return degree if bits >= 0 else -degree


def odds(weight: float) -> tuple[bool, int]:
    """Whether one person is likelier than two, and how many times; no more than can be meant."""
    return weight >= 0, min(round(2.0 ** min(abs(weight), 40.0)), _MOST_TOLD_ODDS)


def received(side: Side) -> dict[str, int]:
    """What a record received in the months shown, by currency."""
    money: dict[str, int] = {}
    for each in side.months:
        if each.currency and each.value_minor:
            money[each.currency] = money.get(each.currency, 0) + each.value_minor
    return money


def _picture(visit: Visit, explained: Explained) -> str:
    written = visit.written
    steps = [Step(written.code(LINK_PART, each.comparison), each.bits) for each in explained.parts]
    return waterfall(
        "waterfall",
        steps,
        [
            Threshold(visit.say("to review"), explained.review),
            Threshold(visit.say("linked"), explained.link),
        ],
        visit.say("What the weight is made of"),
        visit.say("Each bar begins where the one before it ended. The table holds the same."),
        total=visit.say("Weight"),
        written=written,
    )
