"""Extracts for research: asked for by analysts, approved by a second person, taken once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Response

from ibr.access.staff.rights import EXTRACT, must_hold
from ibr.errors import Conflict, NotUnderstood
from ibr.publish.research import ask
from ibr.publish.research.make import take
from ibr.publish.research.model import COLUMNS, FEWEST_ALIKE, FORMS
from ibr.publish.research.rules import wanted_from
from ibr.web.answers import go_to, headers, page
from ibr.web.pages.deliveries import number_in
from ibr.web.visit import Visit

_TYPE = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
_FIELDS = ("first", "last", "form", "purpose", "legal_basis", "days")


async def show(visit: Visit) -> Response[str]:
    """The form, and the asker's own extracts."""
    month = visit.at.date().replace(day=1) - timedelta(days=1)
    return await _whole(
        visit, {"first": f"{month:%Y-01}", "last": f"{month:%Y-%m}", "days": "30"}, {}
    )


async def ask_for(visit: Visit) -> Response[str]:
    """Proposes an extract, or shows what to mend."""
    form, asker = visit.form, visit.asker()
    given = {name: form.get(name, "").strip() for name in _FIELDS}
    given |= {name: each for name, each in form.items() if name.startswith(("c-", "p-"))}
    try:
        wanted = wanted_from(
            columns=[each for each in COLUMNS if form.get(f"c-{each}")],
            programmes=[name[2:] for name in form if name.startswith("p-")],
            first=given["first"],
            last=given["last"],
            form=given["form"],
            purpose=given["purpose"],
            legal_basis=given["legal_basis"],
            days=given["days"],
        )
        async with visit.services.database.transaction((), asker=asker) as connection:
            await ask.ask_for(connection, asker, wanted, visit.at)
    except NotUnderstood as wrong:
        field = wrong.field or "purpose"
        return await _whole(visit, given, {field: _problem(visit, field)})
    except Conflict:
        words = visit.say("This is proposed already and waits for a second person.")
        return await _whole(visit, given, {"purpose": words})
    return go_to(visit, "/extracts?done=asked")


async def take_it(visit: Visit) -> Response[Any]:
    """The file, once."""
    number, services = number_in(visit.path("number"), 0), visit.services
    content, extract = await take(
        services.database, services.sealer, visit.asker(), number, visit.at
    )
    return Response(
        content,
        media_type=_TYPE[extract.form],
        headers=headers(visit)
        | {"Content-Disposition": f'attachment; filename="extract-{number}.{extract.form}"'},
    )


async def _whole(visit: Visit, given: dict[str, str], problems: dict[str, str]) -> Response[str]:
    asker = visit.asker()
    must_hold(asker, EXTRACT)
    async with visit.services.database.transaction((), asker=asker) as connection:
        extracts = await ask.extracts(connection, asker)
        programmes = await ask.programmes(connection, asker)
    return page(
        visit,
        "extracts.html",
        status=400 if problems else 200,
        extracts=extracts,
        programmes=programmes,
        columns=tuple(COLUMNS),
        forms=FORMS,
        fewest=FEWEST_ALIKE,
        given=given,
        problems=problems,
        done=visit.query.get("done", ""),
    )


def _problem(visit: Visit, field: str) -> str:
    say = visit.say
    return {
        "columns": say("Choose at least one column."),
        "programmes": say("Choose at least one programme that you work for."),
        "first": say("Write a month as 2026-10."),
        "last": say("Write a month as 2026-10, not before the first, at most 60 in all."),
        "form": say("Choose CSV or Parquet."),
        "days": say("Write 1 to 90 days."),
        "legal_basis": say("Write in up to 500 characters by which law. Name nobody."),
    }.get(field, say("Write in up to 500 characters what for. Name nobody."))
