"""Privacy: alarms to look at, who asked about how many people, budgets of askers' own."""

from __future__ import annotations

from urllib.parse import urlencode

from litestar import Response

from ibr.access.budgets import give
from ibr.access.budgets.watching import alarms
from ibr.access.staff.rights import PRIVACY, must_hold
from ibr.errors import Conflict, NotFound, NotUnderstood
from ibr.web.answers import go_to, page
from ibr.web.pages.deliveries import number_in
from ibr.web.visit import Visit

DAYS = 7
_FIELDS = ("who", "purpose", "an_hour", "a_day", "days", "reason")


async def show(visit: Visit) -> Response[str]:
    """The whole page."""
    return await _whole(visit, {"days": "7"}, {})


async def show_one(visit: Visit) -> Response[str]:
    """One alarm, with the form to close it."""
    return await _alarm(visit, {})


async def look(visit: Visit) -> Response[str]:
    """Closes an alarm with what came of it, or shows what to mend."""
    number = number_in(visit.path("number"), 0)
    form = visit.form
    try:
        async with visit.services.database.transaction((), asker=visit.asker()) as connection:
            await alarms.look_at(
                connection,
                visit.asker(),
                number,
                form.get("outcome", ""),
                form.get("note", ""),
                visit.at,
            )
    except NotUnderstood as wrong:
        return await _alarm(visit, {wrong.field or "note": _problem(visit, wrong.field)})
    except Conflict as wrong:
        if wrong.code != "alarm.own":
            raise
        return await _alarm(
            visit, {"note": visit.say("This alarm is about you; somebody else looks at it.")}
        )
    return go_to(visit, "/privacy?done=looked")


async def ask(visit: Visit) -> Response[str]:
    """Proposes a budget; a second person gives it."""
    given = {name: visit.form.get(name, "").strip() for name in _FIELDS}
    asker = visit.asker()
    try:
        async with visit.services.database.transaction((), asker=asker) as connection:
            wanted = give.wanted_from(
                await give.find_asker(connection, given["who"]),
                purpose=given["purpose"],
                an_hour=_people(given["an_hour"], "an_hour"),
                a_day=_people(given["a_day"], "a_day"),
                reason=given["reason"],
                days=_people(given["days"], "days") if given["days"] else None,
                at=visit.at,
            )
            await give.ask_for(connection, asker, wanted, visit.at)
    except NotFound:
        return await _whole(visit, given, {"who": _problem(visit, "who")})
    except NotUnderstood as wrong:
        field = wrong.field or "reason"
        return await _whole(visit, given, {field: _problem(visit, field)})
    return go_to(visit, "/privacy?" + urlencode({"done": "asked"}) + "#budgets")


async def end(visit: Visit) -> Response[str]:
    """Ends a budget before its time."""
    number = number_in(visit.path("number"), 0)
    async with visit.services.database.transaction((), asker=visit.asker()) as connection:
        await give.end(connection, visit.asker(), number, visit.at)
    return go_to(visit, "/privacy?done=ended#budgets")


async def _whole(visit: Visit, given: dict[str, str], problems: dict[str, str]) -> Response[str]:
    asker = visit.asker()
    must_hold(asker, PRIVACY)
    number = max(1, number_in(visit.query.get("page"), 1))
    looked = visit.query.get("looked") == "yes"
    async with visit.services.database.transaction((), asker=asker) as connection:
        listed, total = await alarms.alarms(connection, asker, waiting=not looked, page=number)
        used = await give.used_since(connection, DAYS, visit.at)
        budgets = await give.budgets(connection)
    return page(
        visit,
        "privacy.html",
        status=400 if problems else 200,
        alarms=listed,
        total=total,
        looked=looked,
        number=number,
        pages=max(1, -(-total // alarms.A_PAGE)),
        used=used[:200],
        budgets=budgets,
        given=given,
        problems=problems,
        done=visit.query.get("done", ""),
    )


async def _alarm(visit: Visit, problems: dict[str, str]) -> Response[str]:
    number = number_in(visit.path("number"), 0)
    async with visit.services.database.transaction((), asker=visit.asker()) as connection:
        alarm = await alarms.one_alarm(connection, visit.asker(), number)
    return page(
        visit,
        "alarm.html",
        status=400 if problems else 200,
        alarm=alarm,
        outcomes=alarms.OUTCOMES,
        given=visit.form,
        problems=problems,
    )


def _people(written: str, field: str) -> int:
    if not written.isascii() or not written.isdigit() or len(written) > 9:
        raise NotUnderstood("budget.number", "Write a whole number.", field=field)
    return int(written)


def _problem(visit: Visit, field: str | None) -> str:
    say = visit.say
    return {
        "outcome": say("Choose what came of it."),
        "note": say("Write in up to 500 characters what you found. Name nobody."),
        "who": say("No partner and no officer goes by that name."),
        "an_hour": say("Write a number of people, not above that of the day."),
        "a_day": say("Write a whole number of people."),
        "days": say("Write 1 to 366 days, or nothing."),
        "reason": say("Write in up to 500 characters why. Name nobody."),
    }[field or "note"]
