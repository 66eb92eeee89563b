"""Lists of cases: what waits for whom, handing many out at once, what other programmes decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast
from urllib.parse import urlencode

from litestar import Response

from ibr.access.staff.rights import CASE_ASSIGN
from ibr.errors import NotUnderstood
from ibr.overlaps.cases.desk import look
from ibr.overlaps.cases.desk.hand_out import assign_fitting
from ibr.overlaps.cases.desk.look import VIEWS, View, Wanted
from ibr.overlaps.cases.model import STATES
from ibr.overlaps.cases.terms import terms_from
from ibr.overlaps.cases.work import assign_many
from ibr.web.answers import go_to, page
from ibr.web.pages.deliveries import number_in
from ibr.web.visit import Visit

_KEPT: Final = ("view", "state", "programme", "check", "severity", "region", "page")
_SHORT: Final = 60


def wanted_in(query: Mapping[str, str]) -> Wanted:
    """The filter that an address carries; what it does not understand is no filter."""
    severity = number_in(query.get("severity"), 0)
    return Wanted(
        view=cast(View, query["view"]) if query.get("view") in VIEWS else "open",
        state=query["state"] if query.get("state") in STATES else None,
        programme_id=number_in(query.get("programme"), 0) or None,
        check=query.get("check", "")[:_SHORT] or None,
        severity=severity if severity in (1, 2, 3) else None,
        region=query.get("region", "")[:_SHORT] or None,
    )


def kept_in(query: Mapping[str, str]) -> str:
    """The place in a list as it goes on in addresses."""
    return urlencode({name: query[name][:_SHORT] for name in _KEPT if query.get(name)})


async def show(visit: Visit) -> Response[str]:
    query = visit.query
    wanted = wanted_in(query)
    found = await look.cases(
        visit.services.database, visit.asker(), wanted, number_in(query.get("page")), visit.at
    )
    return page(
        visit,
        "cases.html",
        found=found,
        wanted=wanted,
        views=VIEWS,
        reach=visit.asker().reach,
        states=STATES,
        filters=kept_in({name: value for name, value in query.items() if name != "page"}),
        place=kept_in(query),
        may_assign=CASE_ASSIGN in visit.asker().scopes,
        assigned=number_in(query.get("assigned"), 0) if "assigned" in query else None,
        left=number_in(query.get("left"), 0),
    )


async def assign(visit: Visit) -> Response[str]:
    """Hands out the cases that were chosen, or all that fit the filter."""
    form = visit.form
    officer = number_in(form.get("officer"), 0) or None
    database, asker = visit.services.database, visit.asker()
    terms = terms_from(visit.services.settings)
    if form.get("all") == "yes":
        done, left = await assign_fitting(
            database, asker, wanted_in(form), officer, at=visit.at, terms=terms
        )
    else:
        chosen = [
            (number_in(name.removeprefix("case-"), 0), number_in(value, 0))
            for name, value in form.items()
            if name.startswith("case-")
        ]
        if not chosen:
            raise NotUnderstood("case.how_many", "Choose from 1 to 500 cases.", field="case")
        done, left = await assign_many(database, asker, chosen, officer, at=visit.at, terms=terms)
    place = kept_in(form)
    counted = urlencode({"assigned": done, "left": left})
    return go_to(visit, f"/cases?{place}&{counted}" if place else f"/cases?{counted}")


async def told(visit: Visit) -> Response[str]:
    """What other programmes decide about."""
    seen = visit.query.get("seen") == "yes"
    found = await look.notices(visit.services.database, visit.asker(), seen=seen)
    return page(visit, "cases_told.html", found=found, seen=seen)


async def tick_off(visit: Visit) -> Response[str]:
    """Notices that were taken note of."""
    numbers = [
        number_in(name.removeprefix("notice-"), 0)
        for name in visit.form
        if name.startswith("notice-")
    ]
    if numbers:
        await look.tick_off(visit.services.database, visit.asker(), numbers, visit.at)
    return go_to(visit, "/cases/told")
