"""One delivery: its counts, its score, its warnings and the records that were refused."""

from __future__ import annotations

from litestar import Response

from ibr.questions.reporting import one_delivery
from ibr.web.answers import page
from ibr.web.pages.deliveries import number_in
from ibr.web.visit import Visit


async def show(visit: Visit) -> Response[str]:
    found = await one_delivery(
        visit.services.database,
        visit.asker(),
        number_in(visit.path("number"), 0),
        number_in(visit.query.get("page")),
    )
    return page(visit, "delivery.html", found=found, one=found.delivery)
