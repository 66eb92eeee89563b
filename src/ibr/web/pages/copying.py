"""Samples to copy, and the signature explained step by step."""

from __future__ import annotations

from litestar import Response

from ibr.web.answers import page
from ibr.web.pages.developers import base_of, chosen, must_choose
from ibr.web.visit import Visit


async def show(visit: Visit) -> Response[str]:
    partner = await chosen(visit)
    if partner is None:
        return await must_choose(visit)
    desk = visit.services.desk
    return page(
        visit,
        "developers_samples.html",
        partner=partner,
        samples=desk.samples(partner, visit.at),
        vector=desk.vector(),
        base=base_of(visit),
    )
