"""The health of the feeds: who reports when, what is late, who was reminded; and the calendar."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlencode

from litestar import Response

from ibr.coverage.engine.operations.reports.model import Late
from ibr.errors import NotFound, NotUnderstood
from ibr.reporting.desk import (
    OneCalendar,
    enter_contact,
    enter_rule,
    feeds_seen,
    one_calendar,
    take_rule_back,
)
from ibr.reporting.model import CYCLES, LANGUAGES, Contact, Language, State
from ibr.web.answers import go_to, page
from ibr.web.pages.deliveries import number_in
from ibr.web.visit import Visit

SIGNS: Final[dict[State, str]] = {"on_time": "●", "late": "◐", "awaited": "◌", "missing": "○"}
_MARKS: Final[dict[State, str]] = {
    "on_time": "good",
    "late": "warn",
    "awaited": "",
    "missing": "bad",
}
_DONE: Final = ("entered", "same", "taken_back", "named", "nobody", "nothing")
_NUMBER: Final = -1


async def show(visit: Visit) -> Response[str]:
    """Every programme in reach with its last reports."""
    seen = await feeds_seen(visit.services.database, visit.asker(), visit.at)
    late: dict[str, list[Late]] = {}
    for each in seen.late:
        late.setdefault(each.code, []).append(each)
    return page(
        visit,
        "feeds.html",
        seen=seen,
        late=late,
        signs=SIGNS,
        marks=_MARKS,
        columns=max((len(each.slots) for each in seen.feeds), default=0),
    )


async def show_one(visit: Visit) -> Response[str]:
    """One programme's calendar with its forms and history."""
    one = await one_calendar(visit.services.database, visit.asker(), visit.path("code"), visit.at)
    return _page(visit, one, {}, {})


async def enter_one(visit: Visit) -> Response[str]:
    """Enters from which month on, how often and within how many days a programme reports."""
    code, form = visit.path("code"), visit.form
    rule = (
        form.get("first_month", "").strip(),
        number_in(form.get("cycle_months"), _NUMBER),
        number_in(form.get("report_days"), _NUMBER),
    )
    try:
        new = await enter_rule(visit.services.database, visit.asker(), code, rule, visit.at)
    except NotUnderstood as wrong:
        return await _again(visit, wrong.field or "first_month")
    return _to(visit, code, "entered" if new else "same")


async def take_back(visit: Visit) -> Response[str]:
    """What was entered from a month on counts no more."""
    code = visit.path("code")
    try:
        await take_rule_back(
            visit.services.database,
            visit.asker(),
            code,
            visit.form.get("first_month", ""),
            visit.at,
        )
    except NotFound as gone:
        if gone.code != "reporting.no_rule":
            raise
        return _to(visit, code, "nothing")
    return _to(visit, code, "taken_back")


async def name_contact(visit: Visit) -> Response[str]:
    """Names whom to remind; with an empty address nobody any more."""
    code, form = visit.path("code"), visit.form
    database, asker = visit.services.database, visit.asker()
    email = form.get("email", "").strip()
    try:
        new = await enter_contact(
            database, asker, code, _contact(visit) if email else None, visit.at
        )
    except NotUnderstood as wrong:
        return await _again(visit, wrong.field or "email")
    except NotFound as gone:
        if gone.code != "reporting.no_contact":
            raise
        return _to(visit, code, "nothing")
    return _to(visit, code, "named" if email and new else "same" if email else "nobody")


def _contact(visit: Visit) -> Contact:
    form = visit.form
    language: Language = "fr" if form.get("language") == "fr" else "en"
    return Contact(
        email=form.get("email", "").strip(),
        escalation_email=form.get("escalation_email", "").strip() or None,
        language=language,
        before_days=number_in(form.get("before_days"), _NUMBER),
        escalation_days=number_in(form.get("escalation_days"), _NUMBER),
    )


async def _again(visit: Visit, field: str) -> Response[str]:
    """The form as it was filled, with what to mend in it."""
    one = await one_calendar(visit.services.database, visit.asker(), visit.path("code"), visit.at)
    given = {name: text.strip() for name, text in visit.form.items() if name != "form_token"}
    return _page(visit, one, given, {field: _problem(visit, field)})


def _page(
    visit: Visit, one: OneCalendar, given: dict[str, str], problems: dict[str, str]
) -> Response[str]:
    done = visit.query.get("done", "")
    return page(
        visit,
        "feed.html",
        status=400 if problems else 200,
        one=one,
        feed=one.feed,
        given=_kept(visit, one) | given,
        problems=problems,
        cycles=sorted({*CYCLES, one.feed.cycle_months}),
        languages=LANGUAGES,
        done=done if done in _DONE else "",
        mail=visit.services.settings.smtp_host is not None,
    )


def _kept(visit: Visit, one: OneCalendar) -> dict[str, str]:
    """What counts now, as the fields of the forms."""
    contact = one.contact or Contact(email="")
    return {
        "first_month": f"{visit.at:%Y-%m}",
        "cycle_months": str(one.feed.cycle_months),
        "report_days": str(one.feed.report_days),
        "email": contact.email,
        "escalation_email": contact.escalation_email or "",
        "language": contact.language,
        "before_days": str(contact.before_days),
        "escalation_days": str(contact.escalation_days),
    }


def _to(visit: Visit, code: str, done: str) -> Response[str]:
    return go_to(visit, f"/feeds/{quote(code)}?" + urlencode({"done": done}))


def _problem(visit: Visit, field: str) -> str:
    """What to mend in a field, in the reader's language."""
    say = visit.say
    return {
        "cycle_months": say("Choose how often it reports."),
        "report_days": say("Write a number of days from 0 to 366."),
        "email": say("Write one e-mail address, such as reports@agency.example.org."),
        "escalation_email": say("Write one e-mail address, such as reports@agency.example.org."),
        "before_days": say("Write a number of days from 0 to 60."),
        "escalation_days": say("Write a number of days from 1 to 366."),
        "language": say("Choose the language of the letters."),
    }.get(field, say("Write a month as 2026-10, from 2000 to two years from now."))
