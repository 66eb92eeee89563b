"""The audit trail: what was done by whom, how far it is sealed, and packs of evidence."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Response

from ibr.access.staff.rights import EVIDENCE, must_hold
from ibr.audit.events import CATALOGUE
from ibr.audit.evidence.pack import Pack
from ibr.audit.trail.look import Page, Wanted, find_events
from ibr.coverage.catalogue.all import BY_CODE
from ibr.errors import NotFound, NotUnderstood, RegistryError
from ibr.questions.evidence.of_case import case_evidence
from ibr.questions.evidence.of_figure import figure_evidence
from ibr.questions.evidence.of_finding import finding_evidence
from ibr.web.answers import headers, page
from ibr.web.pages.deliveries import number_in
from ibr.web.refusals import STATUS
from ibr.web.visit import Visit

GROUPS: Final = sorted({kind.partition(".")[0] for kind in CATALOGUE})
# Each detail of an event is one short line.
_LONGEST: Final = 120


async def show(visit: Visit) -> Response[str]:
    """Events by kind, actor and day; the search is itself an event."""
    return await _shown(visit, {})


async def _shown(
    visit: Visit, problems: dict[str, str], status: int = 200, *, of: str = ""
) -> Response[str]:
    query = visit.query
    wanted, problem = _wanted(visit)
    found: Page = await find_events(
        visit.services.database, visit.asker(), wanted, number_in(query.get("page"), 1), visit.at
    )
    kept = {name: query[name] for name in ("kind", "actor", "day", "until") if query.get(name)}
    state = found.state
    return page(
        visit,
        "audit_trail.html",
        status=400 if problem and status == 200 else status,
        found=found,
        state=state,
        late=state.late(visit.at),
        lag=int(state.lag(visit.at).total_seconds() // 60),
        groups=GROUPS,
        given=kept,
        filters=urlencode(kept),
        problems=problems | problem,
        evidence=EVIDENCE in visit.asker().scopes,
        indicators=[(code, each.name) for code, each in BY_CODE.items()],
        form=visit.form,
        of=of,
        in_lines=in_lines,
        group_of=lambda kind: kind.partition(".")[0],
    )


def _wanted(visit: Visit) -> tuple[Wanted, dict[str, str]]:
    query = visit.query
    try:
        return Wanted.read(
            kind=query.get("kind"),
            actor=query.get("actor", "").strip().lower(),
            day=query.get("day"),
            until=query.get("until"),
        ), {}
    except NotUnderstood as wrong:
        words = {
            "actor": visit.say("Write officer:3 or partner:7, or choose one."),
            "kind": visit.say("Choose what it is about."),
            "day": visit.say("Write a day as 2026-01-31."),
            "until": visit.say("Write a day that is not before the first one."),
        }
        field = wrong.field or "kind"
        return Wanted(), {field: words[field]}


def in_lines(details: dict[str, Any]) -> list[tuple[str, str]]:
    """The details of an event, a line each; they hold no personal data."""
    lines = []
    for name, value in details.items():
        if value is None:
            continue
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        lines.append((name, text if len(text) <= _LONGEST else text[:_LONGEST] + " …"))
    return lines


async def evidence(visit: Visit) -> Response[Any]:
    """The pack that was asked for; or the page again with what has to be mended."""
    must_hold(visit.asker(), EVIDENCE)
    of = visit.form.get("of", "")
    try:
        pack = await _pack(visit, of)
    except (NotUnderstood, NotFound) as refused:
        return await _shown(visit, _problem(visit, refused, of), STATUS[refused.kind], of=of)
    content = await asyncio.to_thread(pack.zipped)
    named = {"Content-Disposition": f'attachment; filename="{pack.name}.zip"'}
    return Response(content, media_type="application/zip", headers=headers(visit) | named)


async def _pack(visit: Visit, of: str) -> Pack:
    form, asker, database = visit.form, visit.asker(), visit.services.database
    number = number_in(form.get("number"), 0)
    if of == "finding":
        return await finding_evidence(database, asker, number, visit.at)
    if of == "case":
        return await case_evidence(database, asker, number, visit.at)
    return await figure_evidence(
        database,
        asker,
        form.get("indicator", ""),
        form.get("period", "").strip(),
        form.get("by", "").strip(),
        visit.at,
    )


def _problem(visit: Visit, refused: RegistryError, of: str) -> dict[str, str]:
    if of in ("finding", "case"):
        return {of: visit.say("There is none of this number among your programmes.")}
    if refused.code in ("figures.none", "figures.indicator"):
        return {"figure": visit.say("There is no such figure. Look up its indicator and month.")}
    return {"figure": visit.say("Write a month as 2026-10 or a year as 2026.")}
