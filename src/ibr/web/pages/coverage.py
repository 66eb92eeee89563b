"""The coverage explorer: one view of frozen figures, all of it in the address."""

from __future__ import annotations

from litestar import Response

from ibr.coverage.catalogue.all import INDICATORS
from ibr.coverage.figures.model import AGE_BANDS
from ibr.web.answers import page
from ibr.web.explorer.area_part import areas_of
from ibr.web.explorer.drawing import Drawing
from ibr.web.explorer.gather import explore
from ibr.web.explorer.group_part import groups_of, over_time_of
from ibr.web.explorer.trend_part import trend_of
from ibr.web.explorer.view import SEXES
from ibr.web.explorer.writing import sentence
from ibr.web.sheet import say_nothing
from ibr.web.visit import Visit


async def show(visit: Visit) -> Response[str]:
    """The view that the address asks for; what it asks wrongly is said above the nearest view."""
    services = visit.services
    explored = await explore(
        services.database.reading, services.kept, visit.asker(), visit.query, INDICATORS, visit.say
    )
    if explored is None:
        return say_nothing(visit, visit.say("Coverage explorer"), "", 200, back="")
    draw = Drawing(explored, visit.written, visit.say)
    figure = explored.figure(explored.columns[0])
    return page(
        visit,
        "coverage.html",
        status=400 if explored.wrong else 200,
        draw=draw,
        compared=draw.compared(),
        between=draw.between_areas(),
        notes=draw.writing.notes(figure),
        areas=areas_of(draw),
        trend=trend_of(draw),
        groups=groups_of(draw),
        over_time=over_time_of(draw),
        sexes=SEXES[:2],
        ages=AGE_BANDS,
        sentence=sentence,
    )
