"""The help desk: a visit is begun for one person, their own view shown, and ended."""

from __future__ import annotations

import re

from litestar import Response

from ibr.access.staff.rights import SERVE_PERSON, must_hold
from ibr.asker import Purpose
from ibr.errors import Conflict, NotUnderstood
from ibr.questions.open_protected import OPENED_FOR
from ibr.subject.requests.ask import ask as ask_programme
from ibr.subject.requests.ask import of_visitor
from ibr.subject.requests.model import OBJECTIONS, Wish
from ibr.subject.statements.draw import draw
from ibr.subject.statements.give import give_statement, read_form
from ibr.subject.statements.plain import as_json
from ibr.subject.view.own_view import own_view
from ibr.subject.visits.begin import PURPOSE, begin_visit, kinds_of_number
from ibr.subject.visits.consent import TEXTS, VERSION
from ibr.subject.visits.during import end_visit, open_visit, visit_of
from ibr.subject.visits.model import AGREED_BY, LASTS, PROOFS, Asked, HelpVisit
from ibr.web import own_words
from ibr.web.answers import go_to, headers, page
from ibr.web.languages import languages
from ibr.web.pages.deliveries import number_in
from ibr.web.visit import Visit
from ibr.web.wishes import problem_of
from ibr.web.written import Written

_FIELDS = ("kind", "value", "birth_date", "proof", "agreed_by", "note", "opened_for")
_NO_FORM: dict[str, str] = {}
_RECORD = re.compile(r"[0-9]{1,18}", re.ASCII)


async def show(visit: Visit) -> Response[str]:
    """The form to begin with; who serves somebody already is led to them."""
    number = await open_visit(visit.services.database, visit.asker(), visit.at)
    if number is not None:
        return go_to(visit, f"/visits/{number}")
    return await _form(visit, _NO_FORM, {}, nobody=False)


async def begin(visit: Visit) -> Response[str]:
    """Begins a visit, or shows what to mend. Only a form brings a number: in an address it would
    stay in histories and logs."""
    form, services = visit.form, visit.services
    given = {name: form.get(name, "").strip() for name in _FIELDS}
    asked = Asked(**given, agreed=form.get("agreed") == "yes", language=visit.language.code)
    try:
        number = await begin_visit(
            services.database,
            services.sealer,
            services.blind_index,
            visit.asker(Purpose(PURPOSE)),
            asked,
            budgets=services.budgets,
            at=visit.at,
        )
    except NotUnderstood as wrong:
        field = {"identifier_type": "kind", "identifier_value": "value"}.get(
            wrong.field or "", wrong.field or "value"
        )
        return await _form(visit, given, {field: _problem(visit, field)}, nobody=False)
    if number is None:
        return await _form(visit, given, {}, nobody=True)
    return go_to(visit, f"/visits/{number}")


async def show_one(visit: Visit) -> Response[str]:
    """The visitor's own view."""
    return await _own(visit, _NO_FORM, {})


async def end(visit: Visit) -> Response[str]:
    """Ends the visit; one that has ended by itself meanwhile is ended as well."""
    number = number_in(visit.path("number"), 0)
    try:
        await end_visit(visit.services.database, visit.asker(), number, visit.at)
    except Conflict as wrong:
        if wrong.code != "visit.over":
            raise
        return go_to(visit, "/visits?done=over")
    return go_to(visit, "/visits?done=ended")


async def ask(visit: Visit) -> Response[str]:
    """Passes on a wish to correct something, or an objection."""
    services, form, asker = visit.services, visit.form, visit.asker(Purpose(PURPOSE))
    record = form.get("record", "")
    wish = Wish(
        record_id=int(record) if _RECORD.fullmatch(record) else 0,
        kind=form.get("kind", ""),
        about=form.get("about", ""),
        value=form.get("value", ""),
    )
    try:
        found = await _visit(visit)
        number = await ask_programme(
            services.database, services.sealer, services.blind_index, asker, found, wish, visit.at
        )
    except NotUnderstood as wrong:
        field = f"{wrong.field}-{wish.record_id}-{wish.kind}"
        return await _own(visit, form, {field: problem_of(visit, wrong.code)})
    except Conflict as wrong:
        if wrong.code == "visit.over":
            return go_to(visit, "/visits?done=over")
        return await _own(
            visit,
            form,
            {f"about-{wish.record_id}-{wish.kind}": problem_of(visit, wrong.code)},
        )
    return go_to(visit, f"/visits/{found.visit_no}?asked={number}#asked-for")


async def statement(visit: Visit) -> Response[bytes] | Response[str]:
    """Hands out the own view as a file."""
    services, asker = visit.services, visit.asker(Purpose(PURPOSE))
    form = read_form(visit.form.get("form", ""))
    offered = {each.code: each for each in languages(services.settings.production)}
    language = offered.get(visit.form.get("language", ""), visit.language)
    w = Written(language)
    try:
        found = await _visit(visit)
        view = await own_view(services.database, services.sealer, asker, found, visit.at)
        requests = await of_visitor(services.database, asker, found)

        def drawn(number: str) -> bytes:
            if form == "json":
                return as_json(view, requests, number)
            return draw(own_words.paper_of(w, view, requests, number))

        content = await give_statement(
            services.database,
            asker,
            found,
            form=form,
            language=language.tag,
            sums=own_words.sums(w, view),
            draw=drawn,
            at=visit.at,
        )
    except Conflict:
        return go_to(visit, "/visits?done=over")
    media = "application/pdf" if form == "pdf" else "application/json"
    return Response(
        content,
        media_type=media,
        headers=headers(visit)
        | {"Content-Disposition": f'attachment; filename="statement.{form}"'},
    )


async def _visit(visit: Visit) -> HelpVisit:
    number = number_in(visit.path("number"), 0)
    services = visit.services
    return await visit_of(services.database, services.sealer, visit.asker(), number, visit.at)


async def _own(visit: Visit, given: object, problems: dict[str, str]) -> Response[str]:
    services, asker = visit.services, visit.asker(Purpose(PURPOSE))
    try:
        found = await _visit(visit)
        view = await own_view(services.database, services.sealer, asker, found, visit.at)
        requests = await of_visitor(services.database, asker, found)
    except Conflict:
        return go_to(visit, "/visits?done=over")
    return page(
        visit,
        "own_view.html",
        status=400 if problems else 200,
        served=found,
        view=view,
        requests=requests,
        objections=OBJECTIONS,
        own=own_words,
        given=given,
        problems=problems,
        asked=visit.query.get("asked", ""),
    )


async def _form(
    visit: Visit, given: dict[str, str], problems: dict[str, str], *, nobody: bool
) -> Response[str]:
    services, asker = visit.services, visit.asker(Purpose(PURPOSE))
    must_hold(asker, SERVE_PERSON)
    async with services.database.transaction(()) as connection:
        left = await services.budgets.left(connection, asker, visit.at)
    language = visit.language.code if visit.language.code in TEXTS else "en"
    return page(
        visit,
        "visits.html",
        status=400 if problems else 200,
        kinds=await kinds_of_number(services.database, asker),
        proofs=PROOFS,
        agreed_by=AGREED_BY,
        opened_for=OPENED_FOR,
        text=TEXTS[language],
        version=VERSION,
        minutes=int(LASTS.total_seconds() // 60),
        left=left,
        given=given,
        problems=problems,
        nobody=nobody,
        done=visit.query.get("done", ""),
    )


def _problem(visit: Visit, field: str) -> str:
    say = visit.say
    return {
        "kind": say("Choose which kind of number you have."),
        "value": say("Write the number with letters A to Z, digits and . / _ : + - only."),
        "birth_date": say("Write the whole date of birth; it is not in the future."),
        "proof": say("Choose how the person proved who they are."),
        "agreed_by": say("Choose who agreed."),
        "agreed": say("Read the text to the person, and confirm that they agreed."),
        "note": say("Write at most 200 characters, and no names or numbers of people."),
        "opened_for": say("Choose why these records are opened."),
    }.get(field, say("Write the number of the person."))
