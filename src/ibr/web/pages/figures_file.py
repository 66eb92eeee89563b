"""Figures as a file, and the brief: downloads for officers, exact and marked as internal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar import Response
from litestar.response import Stream

from ibr.access.approvals.bulk_export import NeedsSecond
from ibr.access.staff.rights import COUNTRY, must_hold
from ibr.coverage.catalogue.all import BY_CODE
from ibr.coverage.figures.model import read_period
from ibr.errors import RegistryError
from ibr.publish.asked.make_brief import make_brief
from ibr.publish.asked.make_file import make_file, propose_file
from ibr.publish.asked.read_asked import read_asked
from ibr.publish.figures_from import FrozenFigures
from ibr.publish.files.labels import Labels, load_labels
from ibr.web.answers import go_to, headers, page
from ibr.web.refusals import STATUS
from ibr.web.visit import Visit

# Fields of a form that are not of the address that it stands for.
_OURS: Final = frozenset({"form_token", "why", "username"})
PDF: Final = "application/pdf"
# A workbook takes some seconds of a processor: of many asked for at once the others wait.
_AT_ONCE: Final = asyncio.Semaphore(2)


async def show_file(visit: Visit) -> Response[Any]:
    """The figures asked for, in the form asked for."""
    return await _or_why_not(visit, _file)


async def show_brief(visit: Visit) -> Response[Any]:
    """The brief of an area and a period; the newest month where none is named."""
    return await _or_why_not(visit, _brief)


async def _file(visit: Visit) -> Response[Any]:
    services, asker = visit.services, visit.asker()
    must_hold(asker, COUNTRY)
    asked = read_asked(visit.query, BY_CODE)
    async with services.database.transaction(()) as connection:
        labels = await load_labels(connection, visit.language.tag, visit.written.code)
        made = await make_file(
            connection,
            FrozenFigures(),
            asked,
            visit.query.get("form", "csv"),
            labels=labels,
            indicators=BY_CODE,
            asker=asker,
            at=visit.at,
            alone=services.settings.export_figures,
        )
    # A workbook or a Parquet file is written whole, which takes its time: never on the loop.
    pieces = made.pieces
    if "csv" not in made.media_type:
        async with _AT_ONCE:
            pieces = iter((await asyncio.to_thread(b"".join, made.pieces),))
    return Stream(pieces, media_type=made.media_type, headers=_attached(visit, made.name))


async def propose_it(visit: Visit) -> Response[Any]:
    """Proposes the file that the form names to a second person."""
    return await _or_why_not(visit, _propose)


async def _propose(visit: Visit) -> Response[Any]:
    asker, form = visit.asker(), visit.form
    asked = read_asked({name: form[name] for name in form if name not in _OURS}, BY_CODE)
    async with visit.services.database.transaction(()) as connection:
        labels = await load_labels(connection, visit.language.tag, visit.written.code)
        await propose_file(
            connection,
            FrozenFigures(),
            asked,
            form.get("form", "csv"),
            labels=labels,
            indicators=BY_CODE,
            asker=asker,
            at=visit.at,
            why=form.get("why"),
        )
    return go_to(visit, "/approvals")


async def _brief(visit: Visit) -> Response[Any]:
    services, asker = visit.services, visit.asker()
    must_hold(asker, COUNTRY)
    period = visit.query.get("period", "")
    async with services.database.transaction(()) as connection:
        labels: Labels = await load_labels(connection, visit.language.tag, visit.written.code)
        name, write = await make_brief(
            connection,
            FrozenFigures(),
            area=visit.query.get("area", ""),
            period=str(read_period(period)) if period else "",
            labels=labels,
            indicators=BY_CODE,
            asker=asker,
            at=visit.at,
        )
    async with _AT_ONCE:
        content = await asyncio.to_thread(write)
    return Response(content, media_type=PDF, headers=_attached(visit, name))


async def _or_why_not(
    visit: Visit, answer: Callable[[Visit], Awaitable[Response[Any]]]
) -> Response[Any]:
    """The file, or a page that says what has to be mended in the address."""
    try:
        return await answer(visit)
    except NeedsSecond as large:
        return page(
            visit,
            "figures_second.html",
            status=403,
            figures=large.payload["figures"],
            alone=visit.services.settings.export_figures,
            asked=visit.query,
        )
    except RegistryError as refused:
        return page(
            visit,
            "figures_refused.html",
            status=STATUS.get(refused.kind, 500),
            reason=visit.say(refused.message),
            code=refused.code,
        )


def _attached(visit: Visit, name: str) -> dict[str, str]:
    """Headers of a download; its name holds letters, digits, dots and dashes only."""
    return headers(visit) | {"Content-Disposition": f'attachment; filename="{name}"'}
