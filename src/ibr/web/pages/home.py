"""The first page after signing in: the country, or what a role has instead of it."""

from __future__ import annotations

from litestar import Response

from ibr.access.staff.rights import COUNTRY, DEVELOPERS, REVIEW, must_hold
from ibr.web.answers import go_to
from ibr.web.pages import country
from ibr.web.visit import Visit


async def show(visit: Visit) -> Response[str]:
    asker = visit.asker()
    if COUNTRY not in asker.scopes and DEVELOPERS in asker.scopes:
        return go_to(visit, "/developers")
    if COUNTRY not in asker.scopes and REVIEW in asker.scopes:
        return go_to(visit, "/review")
    must_hold(asker, COUNTRY)
    return await country.show(visit)
