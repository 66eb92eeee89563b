"""One programme."""

from __future__ import annotations

from litestar import Response

from ibr.questions.programme import one_programme
from ibr.web.answers import page
from ibr.web.series import series_of
from ibr.web.visit import Visit


async def show(visit: Visit) -> Response[str]:
    services = visit.services
    found = await one_programme(
        services.database.reading, services.kept, visit.asker(), visit.path("code"), visit.at
    )
    return page(
        visit, "programme.html", one=found, facts=found.programme, series=series_of(found.months)
    )
