"""Remembers the language that a reader chooses."""

from __future__ import annotations

from datetime import timedelta

from litestar import Response

from ibr.errors import NotFound
from ibr.web.answers import cookie, go_to, own_address
from ibr.web.languages import COOKIE, languages
from ibr.web.visit import Visit

YEAR = int(timedelta(days=365).total_seconds())


async def choose_language(visit: Visit) -> Response[str]:
    code = visit.path("code")
    if code not in {each.code for each in languages(visit.services.settings.production)}:
        raise NotFound("language.unknown", "The pages are not offered in that language.")
    back = own_address(visit.query.get("back"))
    return go_to(visit, back, [cookie(visit, COOKIE, code, seconds=YEAR)])
