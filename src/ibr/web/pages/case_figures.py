"""The figures of cases: how often checks are right, who is troubled for nothing, what was saved."""

from __future__ import annotations

from litestar import Response

from ibr.overlaps.cases.figures.look import figures, is_hidden
from ibr.web.answers import page
from ibr.web.visit import Visit


async def show(visit: Visit) -> Response[str]:
    services, asker = visit.services, visit.asker()
    found = await services.kept.of(
        ("case figures", asker.reach, asker.scopes),
        lambda: figures(services.database, asker, visit.at),
    )

    def counted(value: float | object) -> str:
        if is_hidden(value):
            return visit.say("fewer than 5")
        return "–" if value is None else visit.written.count(value)  # type: ignore[arg-type]  # a count, as it is not hidden

    return page(visit, "case_figures.html", figures=found, counted=counted)
