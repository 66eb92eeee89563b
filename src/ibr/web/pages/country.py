"""The country at a glance."""

from __future__ import annotations

from litestar import Response

from ibr.questions.country import country_at_a_glance
from ibr.web.answers import page
from ibr.web.pages.tiles import tiles_of
from ibr.web.series import series_of
from ibr.web.visit import Visit


async def show(visit: Visit) -> Response[str]:
    services = visit.services
    country = await country_at_a_glance(services.database, services.kept, visit.asker(), visit.at)
    return page(
        visit,
        "country.html",
        country=country,
        series=series_of(country.months),
        tiles=await tiles_of(visit),
    )
