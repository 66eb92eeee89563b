"""What the own view says, in the words of one language: on the page and on the statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ibr.codelists.enrolment_status import ENROLMENT_STATUS
from ibr.codelists.people import (
    EDUCATION_LEVEL,
    EMPLOYMENT_STATUS,
    MARITAL_STATUS,
    OCCUPATION,
    SEX,
)
from ibr.subject.requests.model import PersonRequest
from ibr.subject.statements.model import Paper, Part
from ibr.subject.view.model import AskedAbout, MonthGiven, OwnRecord, OwnView
from ibr.web.codes import ANSWER, IDENTIFIER, PURPOSE, QUESTION
from ibr.web.people_codes import ROLE
from ibr.web.subject_codes import FIELD, REQUEST_KIND, REQUEST_REASON, REQUEST_STATE
from ibr.web.written import Written

_CODED: Final = {
    "sex": SEX,
    "marital_status": MARITAL_STATUS,
    "employment_status": EMPLOYMENT_STATUS,
    "occupation": OCCUPATION,
    "education_level": EDUCATION_LEVEL,
}


def field_name(w: Written, code: str) -> str:
    """The name of a field; of a number, which kind it is."""
    what, _, kind = code.partition(":")
    return w.code(IDENTIFIER, kind) if kind else w.code(FIELD, what)


def field_value(w: Written, code: str, value: str) -> str:
    """What stands in a field, a code in words."""
    return w.code(_CODED[code], value) if code in _CODED else value


def who(w: Written, asked: AskedAbout) -> str:
    """Who asked: a partner by name, an officer by role and office, the registry itself."""
    if asked.by_self:
        return w.say("You, yourself")
    if asked.partner:
        return asked.partner
    if asked.role is None:
        return w.say("The registry")
    role = w.code(ROLE, asked.role)
    return f"{role} ({', '.join(asked.office)})" if asked.office else role


def what(w: Written, asked: AskedAbout) -> str:
    """What was asked and what class of answer was given."""
    found = w.code(QUESTION, asked.question)
    if asked.programme:
        found = f"{found}, {asked.programme}"
    return f"{found}: {w.code(ANSWER, asked.answer)}" if asked.answer else found


def given_in(w: Written, month: MonthGiven) -> str:
    """What was given in a month: money, then things."""
    things = [f"{w.count(count)} × {name}" for name, count in month.things.items()]
    money = [w.all_money(month.money)] if month.money else []
    return ", ".join([*money, *things]) or w.count(month.benefits)


def sums(w: Written, view: OwnView) -> str:
    """All that was given, as it stands on the statement and is asked for when it is checked."""
    return w.all_money(view.money)


def request_line(w: Written, request: PersonRequest, view: OwnView) -> str:
    """One request with where it stands."""
    parts = [
        f"{w.code(REQUEST_KIND, request.kind)}: {field_name(w, request.about)}",
        w.code(REQUEST_STATE, request.state(view.at)),
    ]
    if request.reason_code:
        parts.append(w.code(REQUEST_REASON, request.reason_code))
    else:
        parts.append(w.say("answer due by") + f" {w.date(request.due_at)}")
    return " – ".join(parts)


def paper_of(w: Written, view: OwnView, requests: Sequence[PersonRequest], number: str) -> Paper:
    """The statement as it is drawn."""
    say = w.say
    kind, value = view.number
    head = [
        (say("Name"), view.name or "–"),
        (w.code(IDENTIFIER, kind), value),
        (say("Date of birth"), w.date(view.birth_date)),
        (say("Given in all"), sums(w, view)),
        (say("Check number"), number),
    ]
    lead = [
        say(
            "What the registry holds about you, as the programmes reported it, and who asked. "
            "The registry decides nothing about what you are entitled to."
        )
    ]
    if not view.whole:
        lead.append(say("Only what the programmes and areas of this help desk hold is in it."))
    parts = [Part(say("This statement"), head)]
    parts += [_record(w, each) for each in view.records]
    parts.append(Part(say("Who asked about you, and why"), _asked(w, view)))
    if view.decisions:
        parts.append(Part(say("Decisions you were told of"), _decisions(w, view)))
    if requests:
        lines = [
            (f"{each.request_no}, {each.programme}", request_line(w, each, view))
            for each in requests
        ]
        parts.append(Part(say("What you asked for"), lines))
    foot = say("Check number") + f" {number} – " + say("page") + " {page}/{pages}"
    return Paper(
        title=say("Statement of your own data"),
        subject=say("Statement of your own data"),
        language=w.language.tag,
        lead=[*lead, say("As known on") + f" {w.moment(view.at)}"],
        parts=parts,
        foot=foot,
        at=view.at,
    )


def _record(w: Written, record: OwnRecord) -> Part:
    say = w.say
    lines = []
    if record.as_member:
        lines.append((say("You are in it as"), say("a member of a household")))
    else:
        status = f"{w.code(ENROLMENT_STATUS, record.status)}, {w.date(record.status_at)}"
        lines.append((say("Status, since"), status))
        lines.append((say("Enrolled"), w.date(record.enrolled_at)))
    lines += [
        (
            field_name(w, each.code),
            f"{field_value(w, each.code, each.value)} ({w.date(each.since)})",
        )
        for each in record.fields
    ]
    if record.months:
        lines.append((say("Given in all"), w.all_money(record.money)))
        lines += [(w.month(each.month), given_in(w, each)) for each in record.months]
    return Part(w.name(record.names, record.programme), lines)


def _asked(w: Written, view: OwnView) -> list[tuple[str, str]]:
    return [
        (
            w.moment(each.at),
            f"{who(w, each)} – {w.code(PURPOSE, each.purpose)} – {what(w, each)}",
        )
        for each in view.asked
    ] or [("–", w.say("Nobody asked about you."))]


def _decisions(w: Written, view: OwnView) -> list[tuple[str, str]]:
    return [
        (f"{w.date(each.made_at)}, {each.programme}", " ".join(each.letter.paragraphs))
        for each in view.decisions
    ]
