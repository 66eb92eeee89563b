"""The country at a glance: of the newest frozen figures, or of live counts until there are any."""

from __future__ import annotations

from litestar import Response

from ibr.periods import read_month
from ibr.questions.country import country_at_a_glance
from ibr.questions.country_today import country_today
from ibr.questions.frozen_figures import frozen_figures
from ibr.questions.map_of_areas import map_of_areas
from ibr.web.answers import page
from ibr.web.glance import LEAD, WANTED, Drawer
from ibr.web.pages.tiles import tiles_of
from ibr.web.series import series_of
from ibr.web.visit import Visit

# Two minutes are enough for so many lines; the others are a click away.
MOST_LATE, MOST_PROGRAMMES = 5, 10


async def show(visit: Visit) -> Response[str]:
    database, kept, asker = visit.services.database.reading, visit.services.kept, visit.asker()
    seen = await frozen_figures(database, kept, asker, None, LEAD, WANTED)
    if seen is None:
        return await _live(visit)
    places = await map_of_areas(database, kept, asker)
    return page(
        visit,
        "glance.html",
        glance=Drawer(visit, seen, places).glance(),
        month=read_month(seen.period),
        names=places.programmes,
        today=await country_today(database, asker, visit.at),
        tiles=await tiles_of(visit),
        most_late=MOST_LATE,
        most_programmes=MOST_PROGRAMMES,
    )


async def _live(visit: Visit) -> Response[str]:
    services = visit.services
    country = await country_at_a_glance(
        services.database.reading, services.kept, visit.asker(), visit.at
    )
    return page(
        visit,
        "country.html",
        country=country,
        series=series_of(country.months),
        tiles=await tiles_of(visit),
    )
