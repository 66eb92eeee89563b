"""Keeping and erasing: rules of retention, legal holds, the nights, erasures."""

from __future__ import annotations

from litestar import Response

from ibr.access.staff.rights import KEEPING, PRIVACY, must_hold
from ibr.errors import Conflict, NotFound, NotUnderstood
from ibr.identity.persons.look import all_programmes
from ibr.keeping import change_rule, hold, look, rules
from ibr.keeping.erasure import ask
from ibr.keeping.erasure.model import GROUNDS
from ibr.keeping.model import CLASSES
from ibr.questions.person_record import read_subject
from ibr.questions.protected_people import kinds_of_number
from ibr.web.answers import go_to, page
from ibr.web.pages.deliveries import number_in
from ibr.web.visit import Visit

_FIELDS = (
    "data_class",
    "days",
    "disposal",
    "legal_basis",
    "kind",
    "value",
    "programme",
    "held_class",
    "reason",
    "until",
    "ground",
    "with_bytes",
    "why",
)


async def show(visit: Visit) -> Response[str]:
    """Rules, holds and what the last night counted; large tables are not counted for a page."""
    return await _whole(visit, {}, {})


async def change(visit: Visit) -> Response[str]:
    """Proposes a rule; a second person approves it."""
    given = _given(visit)
    try:
        wanted = rules.wanted_rule(
            given["data_class"], given["days"], given["disposal"], given["legal_basis"]
        )
        async with visit.services.database.transaction((), asker=visit.asker()) as connection:
            await change_rule.ask_for(connection, visit.asker(), wanted, visit.at)
    except NotUnderstood as wrong:
        field = wrong.field or "legal_basis"
        return await _whole(visit, given, {field: _problem(visit, field)})
    return go_to(visit, "/privacy/keeping?done=rule")


async def place_hold(visit: Visit) -> Response[str]:
    """Places a hold, which counts at once. A person's number comes by a form only."""
    given, services = _given(visit), visit.services
    try:
        number = None
        if given["value"]:
            subject = read_subject(given["kind"], given["value"])
            number = services.blind_index.of(subject.kind, subject.value)
        until = rules.last_day(given["until"], visit.at.date())
        # Every programme's records are held, whatever the asker's reach: nothing of them is shown.
        everywhere = await all_programmes(services.database)
        async with services.database.transaction(everywhere) as connection:
            await hold.place(
                connection,
                visit.asker(),
                number=number,
                programme=given["programme"],
                data_class=given["held_class"],
                reason=given["reason"],
                until=until,
                at=visit.at,
            )
    except NotUnderstood as wrong:
        field = _field(wrong.field)
        return await _whole(visit, given, {field: _problem(visit, field)})
    return go_to(visit, "/privacy/keeping?done=held#holds")


async def lift(visit: Visit) -> Response[str]:
    """Proposes to lift a hold; a second person lifts it."""
    number = number_in(visit.path("number"), 0)
    try:
        async with visit.services.database.transaction((), asker=visit.asker()) as connection:
            why = visit.form.get("why", "")
            await hold.ask_to_lift(connection, visit.asker(), number, why, visit.at)
    except NotUnderstood:
        return await _whole(visit, {}, {f"why-{number}": _problem(visit, "why")})
    return go_to(visit, "/privacy/keeping?done=lift#holds")


async def erase(visit: Visit) -> Response[str]:
    """Proposes to erase the records of whoever carries a number; a second person approves it."""
    given, services = _given(visit), visit.services
    try:
        subject = read_subject(given["kind"], given["value"])
        index = services.blind_index.of(subject.kind, subject.value)
        everywhere = frozenset(await all_programmes(services.database))
        found = await ask.find(services.database, everywhere, visit.asker(), index)
        await ask.ask_for(
            services.database,
            everywhere,
            visit.asker(),
            found.records,
            ground=given["ground"],
            with_bytes=given["with_bytes"] == "yes",
            why=given["why"],
            at=visit.at,
        )
    except NotFound:
        return await _whole(visit, given, {"erase-value": visit.say("Nobody carries this number.")})
    except Conflict as refused:
        return await _whole(visit, given, {"erase-value": _conflict(visit, refused.code)})
    except NotUnderstood as wrong:
        field = f"erase-{_field(wrong.field)}"
        return await _whole(visit, given, {field: _problem(visit, field, wrong.code)})
    left = f"&households={found.households}" if found.households else ""
    return go_to(visit, f"/privacy/keeping?done=erase{left}#erasures")


async def _whole(visit: Visit, given: dict[str, str], problems: dict[str, str]) -> Response[str]:
    asker, database = visit.asker(), visit.services.database
    must_hold(asker, KEEPING)
    async with database.transaction((), asker=asker) as connection:
        kept = await look.kept(connection, asker)
        every = await change_rule.every_rule(connection)
        erasures = await ask.erasures(connection)
    changes = PRIVACY in asker.scopes
    return page(
        visit,
        "keeping.html",
        status=400 if problems else 200,
        kept=kept,
        earlier=[each for each in every if each not in kept.rules],
        erasures=erasures,
        changes=changes,
        kinds=await kinds_of_number(database, asker) if changes else [],
        classes=tuple(CLASSES),
        grounds=GROUNDS,
        given=given,
        problems=problems,
        done=visit.query.get("done", ""),
        households=number_in(visit.query.get("households"), 0),
        today=visit.at.date(),
    )


def _given(visit: Visit) -> dict[str, str]:
    return {name: visit.form.get(name, "").strip() for name in _FIELDS}


def _field(name: str | None) -> str:
    return {"identifier_type": "kind", "identifier_value": "value", "data_class": "held_class"}.get(
        name or "", name or "value"
    )


def _conflict(visit: Visit, code: str) -> str:
    say = visit.say
    return {
        "erasure.held": say("A legal hold covers this person. It must be lifted first."),
        "erasure.case_open": say("A case about this person is open. It must be closed first."),
        "act.proposed_already": say("This is proposed already and waits for a second person."),
    }.get(code, say("The record is not there any more."))


def _problem(visit: Visit, field: str, code: str = "") -> str:
    say = visit.say
    if code == "erasure.records":
        return say("Only households carry this number. Their programme corrects their records.")
    return {
        "data_class": say("Choose a class of data."),
        "held_class": say("Choose a class of data."),
        "days": say("Write 7 to 36,500 days, or nothing to keep it."),
        "disposal": say("Only the person behind an enrolment can be taken out; else delete."),
        "legal_basis": say("Write in up to 500 characters by which law. Name nobody."),
        "kind": say("Choose which kind of number you have."),
        "programme": say("There is no programme of that code."),
        "reason": say("Write in up to 500 characters why. Name nobody."),
        "why": say("Write in up to 500 characters why. Name nobody."),
        "until": say("Choose a day that is not past, or leave it empty."),
        "ground": say("Choose on what ground."),
    }.get(
        field.removeprefix("erase-"),
        say("Give one of them: a number of the person, a programme or a class."),
    )
