"""The queue of possible links, and how well they are reviewed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from litestar import Response

from ibr.access.staff.rights import DECIDE_LINKS
from ibr.asker import Asker, Purpose
from ibr.errors import NotFound
from ibr.identity.model import Pair
from ibr.identity.review.looking import PURPOSES
from ibr.identity.review.measured.quality import DAYS, review_quality
from ibr.identity.review.model import ANSWERS, Reason, Wanted, read_pair, written_pair
from ibr.identity.review.waiting import ProgrammeNamed, queue, take_next
from ibr.web.answers import go_to, page
from ibr.web.pages.deliveries import number_in
from ibr.web.visit import Visit
from ibr.web.written import Written

REASONS: Final[tuple[Reason, ...]] = ("weight", "conflict", "too_large", "differ")
OLDER: Final = (7, 30, 90)
FILTERS: Final = ("programme", "same", "reason", "older")
_TROUBLES: Final = ("done", "taken", "not_yours")


def reviewer(visit: Visit) -> Asker:
    """The officer with the purpose for which they may see a pair, where they have one."""
    scopes = visit.asker().scopes
    code = next((each for each in PURPOSES if f"purpose.{each}" in scopes), "official_duty")
    return visit.asker(Purpose(code))


def may_open(visit: Visit) -> bool:
    """Whether the officer may see the two records of a pair."""
    return reviewer(visit).purpose.code in PURPOSES


def wanted_of(visit: Visit) -> Wanted:
    """The part of the queue that an address or a form asks for; nonsense asks for all of it."""
    asked = visit.form if visit.form else visit.query
    reason: Reason = next((each for each in REASONS if each == asked.get("reason")), "")
    days = number_in(asked.get("older"), 0)
    return Wanted(
        programme=number_in(asked.get("programme"), 0) or None,
        same_programme=asked.get("same") == "yes",
        reason=reason,
        older_than=visit.at - timedelta(days=days) if days in OLDER else None,
    )


def filters_of(visit: Visit) -> dict[str, str]:
    """The same as fields of a form, for the next page to keep."""
    asked = visit.form if visit.form else visit.query
    found = {
        "programme": str(number_in(asked.get("programme"), 0) or ""),
        "same": "yes" if asked.get("same") == "yes" else "",
        "reason": next((each for each in REASONS if each == asked.get("reason")), ""),
        "older": next((str(each) for each in OLDER if str(each) == asked.get("older")), ""),
    }
    return {key: value for key, value in found.items() if value}


def answered(visit: Visit) -> tuple[str, str] | None:
    """The pair answered just now and the answer, as the address tells them."""
    try:
        name = written_pair(read_pair(visit.query.get("after", "")))
    except NotFound:
        return None
    return name, next((each for each in ANSWERS if each == visit.query.get("said")), "")


def monthly(
    written: Written,
    minor: int,
    ids: Sequence[int],
    programmes: Mapping[int, ProgrammeNamed],
) -> str:
    """What both receive in a month in the currency of the first's programme, or else of the
    second's (identity/persons/pairs/store.py)."""
    if not minor:
        return "–"
    known = (programmes[each].currency for each in ids if each in programmes)
    currency = next((each for each in known if each), None)
    return written.money(minor, currency) if currency else written.count(minor / 100)


async def show(visit: Visit) -> Response[str]:
    asker = reviewer(visit)
    found = await queue(
        visit.services.database,
        asker,
        wanted_of(visit),
        number_in(visit.query.get("page")),
        visit.at,
    )
    filters = filters_of(visit)
    return page(
        visit,
        "review.html",
        found=found,
        filters=filters,
        query=urlencode(filters),
        reasons=REASONS,
        older=OLDER,
        answered=answered(visit),
        monthly=monthly,
        nothing_left=visit.query.get("end") == "yes",
        trouble=next((each for each in _TROUBLES if each == visit.query.get("trouble")), ""),
        may_open=may_open(visit),
        may_decide=DECIDE_LINKS in asker.scopes,
    )


async def take(visit: Visit) -> Response[str]:
    """Keeps the next pair for the officer, and leads to it."""
    passed_over = visit.form.get("pass")
    return await to_next(visit, read_pair(passed_over) if passed_over else None)


async def to_next(
    visit: Visit, passed_over: Pair | None = None, said: tuple[Pair, str] | None = None
) -> Response[str]:
    """Leads to the next pair, or to the queue where none waits; tells what was answered before."""
    found = await take_next(
        visit.services.database, reviewer(visit), wanted_of(visit), visit.at, passed_over
    )
    more = filters_of(visit)
    if said is not None:
        more |= {"after": written_pair(said[0]), "said": said[1]}
    if found is None:
        more |= {"end": "yes"}
    path = "/review" if found is None else f"/review/pairs/{written_pair(found)}"
    return go_to(visit, f"{path}?{urlencode(more)}" if more else path)


async def show_quality(visit: Visit) -> Response[str]:
    found = await review_quality(visit.services.database, visit.asker(), visit.at)
    return page(visit, "review_quality.html", found=found, days=DAYS)
