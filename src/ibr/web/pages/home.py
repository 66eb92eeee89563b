"""The first page after signing in: the country, or what a role has instead of it."""

from __future__ import annotations

from typing import Final

from litestar import Response

from ibr.access.staff.rights import APPROVE, COUNTRY, DEVELOPERS, PRIVACY, REVIEW, must_hold
from ibr.web.answers import go_to
from ibr.web.pages import country
from ibr.web.visit import Visit

# Where a role without the country begins: the first of these that it may open.
BEGINS: Final = (
    (DEVELOPERS, "/developers"),
    (REVIEW, "/review"),
    (PRIVACY, "/privacy"),
    (APPROVE, "/approvals"),
)


async def show(visit: Visit) -> Response[str]:
    asker = visit.asker()
    if COUNTRY not in asker.scopes:
        for right, address in BEGINS:
            if right in asker.scopes:
                return go_to(visit, address)
    must_hold(asker, COUNTRY)
    return await country.show(visit)
