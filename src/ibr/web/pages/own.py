"""A person's own pages: my benefits, my data, who asked about me, my requests, a statement."""

from __future__ import annotations

import re
from typing import Final

from litestar import Response

from ibr.errors import Conflict, NotProven, NotUnderstood
from ibr.subject.own.model import IDLE, OwnSession
from ibr.subject.own.told import text_in
from ibr.subject.requests.ask import ask as ask_programme
from ibr.subject.requests.ask import of_visitor
from ibr.subject.requests.model import OBJECTIONS, PersonRequest, Wish
from ibr.subject.statements.draw import draw
from ibr.subject.statements.give import give_statement, read_form
from ibr.subject.statements.plain import as_json
from ibr.subject.view.model import OwnView
from ibr.subject.view.own_view import own_view
from ibr.web import own_words
from ibr.web.answers import go_to, headers, page
from ibr.web.languages import languages
from ibr.web.visit import Visit
from ibr.web.wishes import problem_of
from ibr.web.written import Written

_NO_FORM: Final[dict[str, str]] = {}
_RECORD: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


async def show(visit: Visit) -> Response[str]:
    """The first page: the way in, or what there is to see."""
    settings, way = visit.services.settings, visit.services.own_way
    if visit.own is None:
        return page(
            visit,
            "me/start.html",
            name=way.connector.place.name if way else "",
            text=text_in(visit.language.code),
            done=visit.query.get("done", ""),
            help_at=settings.person_help,
            complain_at=settings.person_complaints,
        )
    return await _drawn(visit, "me/overview.html")


async def benefits(visit: Visit) -> Response[str]:
    """What the person is given, by programme and month."""
    return await _drawn(visit, "me/benefits.html")


async def data(visit: Visit) -> Response[str]:
    """What each programme reported, with the forms to say that it is wrong or to object."""
    return await _drawn(visit, "me/data.html")


async def asked(visit: Visit) -> Response[str]:
    """Who asked about the person, and why."""
    return await _drawn(visit, "me/asked.html")


async def requests(visit: Visit) -> Response[str]:
    """What the person asked of programmes, and where it stands."""
    return await _drawn(visit, "me/requests.html")


async def ask(visit: Visit) -> Response[str]:
    """Passes on a wish to correct something, or an objection."""
    services, form, own = visit.services, visit.form, _own(visit)
    record = form.get("record", "")
    wish = Wish(
        record_id=int(record) if _RECORD.fullmatch(record) else 0,
        kind=form.get("kind", ""),
        about=form.get("about", ""),
        value=form.get("value", ""),
    )
    try:
        await ask_programme(
            services.database,
            services.sealer,
            services.blind_index,
            own.asker,
            own.visit,
            wish,
            visit.at,
        )
    except NotUnderstood as wrong:
        field = f"{wrong.field}-{wish.record_id}-{wish.kind}"
        return await _drawn(visit, "me/data.html", {field: problem_of(visit, wrong.code)})
    except Conflict as wrong:
        if wrong.code == "visit.over":
            raise
        field = f"about-{wish.record_id}-{wish.kind}"
        return await _drawn(visit, "me/data.html", {field: problem_of(visit, wrong.code)})
    return go_to(visit, "/me/requests?done=asked")


async def statement(visit: Visit) -> Response[bytes]:
    """The person's own view as a file, to keep or to show."""
    services, own = visit.services, _own(visit)
    form = read_form(visit.form.get("form", ""))
    offered = {each.code: each for each in languages(services.settings.production)}
    language = offered.get(visit.form.get("language", ""), visit.language)
    w = Written(language)
    view, asked_for = await _seen(visit, own)

    def drawn(number: str) -> bytes:
        if form == "json":
            return as_json(view, asked_for, number)
        return draw(own_words.paper_of(w, view, asked_for, number))

    content = await give_statement(
        services.database,
        own.asker,
        own.visit,
        form=form,
        language=language.tag,
        sums=own_words.sums(w, view),
        draw=drawn,
        at=visit.at,
    )
    return Response(
        content,
        media_type="application/pdf" if form == "pdf" else "application/json",
        headers=headers(visit)
        | {"Content-Disposition": f'attachment; filename="statement.{form}"'},
    )


async def _drawn(
    visit: Visit, template: str, problems: dict[str, str] | None = None
) -> Response[str]:
    view, asked_for = await _seen(visit, _own(visit))
    settings = visit.services.settings
    return page(
        visit,
        template,
        status=400 if problems else 200,
        view=view,
        requests=asked_for,
        objections=OBJECTIONS,
        own=own_words,
        given=visit.form if problems else _NO_FORM,
        problems=problems or {},
        minutes=int(IDLE.total_seconds() // 60),
        done=visit.query.get("done", ""),
        help_at=settings.person_help,
        complain_at=settings.person_complaints,
    )


async def _seen(visit: Visit, own: OwnSession) -> tuple[OwnView, list[PersonRequest]]:
    services = visit.services
    view = await own_view(services.database, services.sealer, own.asker, own.visit, visit.at)
    return view, await of_visitor(services.database, own.asker, own.visit)


def _own(visit: Visit) -> OwnSession:
    if visit.own is None:
        raise NotProven("own.over", "You are signed out.")
    return visit.own
