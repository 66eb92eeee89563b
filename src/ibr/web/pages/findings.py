"""What the checks found: counts by check, the list, one finding, and how a check works."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from litestar import Response

from ibr.access.staff.rights import EXEMPT, FINDINGS, must_hold
from ibr.errors import NotFound, NotUnderstood
from ibr.overlaps.checks.catalogue import BY_CODE
from ibr.overlaps.findings.desk.exempt import exempt
from ibr.overlaps.findings.desk.look import (
    SMALLEST_SHOWN,
    finding_counts,
    finding_list,
    one_finding,
    sentence,
)
from ibr.overlaps.findings.model import Finding, Wanted
from ibr.web.answers import go_to, page
from ibr.web.case_codes import CHECK
from ibr.web.pages.deliveries import number_in
from ibr.web.visit import Visit


async def show(visit: Visit) -> Response[str]:
    """The list for those who see findings, else only how many there are."""
    if FINDINGS not in visit.asker().scopes:
        return await _counts(visit)
    query = visit.query
    severity = number_in(query.get("severity"), 0)
    wanted = Wanted(
        check=query["check"] if query.get("check") in BY_CODE else None,
        programme=query.get("programme") or None,
        severity=severity if severity in (1, 2, 3) else None,
        area=query.get("area") or None,
        closed=query.get("closed") == "yes",
    )
    found = await finding_list(
        visit.services.database, visit.asker(), wanted, number_in(query.get("page"))
    )
    kept: dict[str, Any] = {
        "check": wanted.check,
        "programme": wanted.programme,
        "severity": wanted.severity,
        "area": wanted.area,
        "closed": "yes" if wanted.closed else None,
    }
    return page(
        visit,
        "findings.html",
        found=found,
        wanted=wanted,
        counts=found.checks,
        exact=True,
        smallest=SMALLEST_SHOWN,
        filters=urlencode({key: value for key, value in kept.items() if value}),
        **_words(visit),
    )


async def _counts(visit: Visit) -> Response[str]:
    counts = await finding_counts(visit.services.database, visit.asker())
    return page(
        visit,
        "findings.html",
        found=None,
        counts=counts,
        exact=False,
        smallest=SMALLEST_SHOWN,
        **_words(visit),
    )


async def show_one(visit: Visit) -> Response[str]:
    """One finding with everything it rests on."""
    number = number_in(visit.path("number"), 0)
    found = await one_finding(visit.services.database, visit.asker(), number)
    return _one(visit, found, {})


async def make_exempt(visit: Visit) -> Response[str]:
    """Enters that a finding is lawful."""
    asker, database = visit.asker(), visit.services.database
    must_hold(asker, EXEMPT)
    found = await one_finding(database, asker, number_in(visit.path("number"), 0))
    form = visit.form
    try:
        until = date.fromisoformat(form["until"]) if form.get("until") else None
    except ValueError:
        return _one(visit, found, {"until": visit.say("Write a day as 2026-01-31.")})
    try:
        async with database.transaction(asker.reach, asker=asker, right=EXEMPT) as connection:
            await exempt(
                connection,
                finding_id=found.finding_id,
                reason=form.get("reason", ""),
                legal_reference=form.get("law", "").strip() or None,
                valid_from=visit.at.date(),
                valid_to=until,
                at=visit.at,
                asker=asker,
            )
    except NotUnderstood as wrong:
        return _one(visit, found, _problem(visit, wrong.field))
    return go_to(visit, f"/findings/{found.finding_id}?done=exempt")


def _problem(visit: Visit, field: str | None) -> dict[str, str]:
    if field == "legal_reference":
        return {"law": visit.say("Name the law or rule, in at most 500 characters.")}
    if field == "valid_to":
        return {"until": visit.say("Write a day that is not before today, or leave it empty.")}
    return {"reason": visit.say("Say why it is lawful, in at most 500 characters.")}


def _one(visit: Visit, found: Finding, problems: dict[str, str]) -> Response[str]:
    return page(
        visit,
        "finding.html",
        status=400 if problems else 200,
        found=found,
        problems=problems,
        given=visit.form,
        done=visit.query.get("done", ""),
        may_exempt=EXEMPT in visit.asker().scopes and found.closed_at is None,
        **_words(visit),
    )


async def show_check(visit: Visit) -> Response[str]:
    """How a check works: what it looks for, by which rule, and whom it may hit wrongly."""
    check = BY_CODE.get(visit.path("code").upper())
    if check is None:
        raise NotFound("check.unknown", "There is no such check.")
    parameters = check.parameters()
    return page(
        visit,
        "check.html",
        check=check,
        parameters={name: getattr(parameters, name) for name in parameters.__struct_fields__},
        **_words(visit),
    )


def _words(visit: Visit) -> dict[str, Any]:
    return {
        "sentence": lambda finding: sentence(finding, visit.say),
        "said": visit.say,
        "title_of": lambda code: visit.written.code(CHECK, code),
    }
