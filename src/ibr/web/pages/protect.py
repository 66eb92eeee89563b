"""Protected people: marked by those who meet them, ended by those who watch over privacy."""

from __future__ import annotations

from datetime import date

from litestar import Response

from ibr.access.staff.rights import PRIVACY, PROTECT, must_hold
from ibr.errors import NotUnderstood
from ibr.questions.person_record import read_subject
from ibr.questions.protected_people import (
    REASONS,
    end_protection,
    kinds_of_number,
    protect,
    protections,
)
from ibr.web.answers import go_to, page
from ibr.web.pages.deliveries import number_in
from ibr.web.visit import Visit


async def show(visit: Visit) -> Response[str]:
    """The form, and for those who watch over privacy the list without names."""
    return await _whole(visit, {}, {})


async def mark(visit: Visit) -> Response[str]:
    """Protects whoever carries the number, or shows what to mend. Only a form brings the number:
    in an address it would stay in histories and logs."""
    form = visit.form
    given = {name: form.get(name, "").strip() for name in ("kind", "value", "reason", "until")}
    services = visit.services
    try:
        until = _day(given["until"])
        subject = read_subject(given["kind"], given["value"])
        await protect(
            services.database,
            services.blind_index,
            visit.asker(),
            subject,
            reason=given["reason"],
            until=until,
            at=visit.at,
        )
    except NotUnderstood as wrong:
        field = {"identifier_type": "kind", "identifier_value": "value"}.get(
            wrong.field or "", wrong.field or "value"
        )
        return await _whole(visit, given, {field: _problem(visit, field, wrong.code)})
    return go_to(visit, "/protect?done=marked")


async def end(visit: Visit) -> Response[str]:
    """Ends a protection, with a reason."""
    number = number_in(visit.path("number"), 0)
    why = visit.form.get("why", "")
    try:
        await end_protection(visit.services.database, visit.asker(), number, why, visit.at)
    except NotUnderstood:
        return await _whole(visit, {}, {f"why-{number}": _problem(visit, "why", "")})
    return go_to(visit, "/protect?done=ended#list")


async def _whole(visit: Visit, given: dict[str, str], problems: dict[str, str]) -> Response[str]:
    asker, database = visit.asker(), visit.services.database
    must_hold(asker, PROTECT)
    watches = PRIVACY in asker.scopes
    return page(
        visit,
        "protect.html",
        status=400 if problems else 200,
        kinds=await kinds_of_number(database, asker),
        reasons=REASONS,
        protections=await protections(database, asker) if watches else None,
        given=given,
        problems=problems,
        done=visit.query.get("done", ""),
        today=visit.at.date(),
    )


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise NotUnderstood("protection.until", "Choose a day.", field="until") from None


def _problem(visit: Visit, field: str, code: str) -> str:
    say = visit.say
    if code == "protection.shared":
        return say("Many records carry this number, so it is nobody's own. Use another number.")
    return {
        "kind": say("Choose which kind of number you have."),
        "value": say("Write the number with letters A to Z, digits and . / _ : + - only."),
        "reason": say("Choose why the person is protected."),
        "until": say("Choose a day that is not past, or leave it empty."),
        "why": say("Write in up to 500 characters why it ends. Name nobody."),
    }.get(field, say("Write the number of the person or household."))
