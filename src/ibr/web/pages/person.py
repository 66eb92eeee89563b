"""Looking somebody up: the purpose first, then the identifier, then all their records."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

from litestar import Response

from ibr.access.staff.rights import RIGHTS
from ibr.asker import Purpose
from ibr.codelists.enrolment_status import DECEASED, GRADUATED
from ibr.errors import NotUnderstood
from ibr.overlaps.cases.desk.one_case import cases_of_records
from ibr.overlaps.findings.desk.look import about_records, sentence
from ibr.questions.open_protected import OPENED_FOR
from ibr.questions.person_record import (
    PersonRecord,
    identifier_types,
    person_record,
    read_subject,
)
from ibr.questions.told_elsewhere import DeathSeen
from ibr.web.answers import page
from ibr.web.charts.benefit_timeline import rows_of
from ibr.web.visit import Visit

LONGEST_WORDS = 200
# After these an enrolment's line on the timeline stops.
_ENDED = frozenset({DECEASED, GRADUATED})
# Six digits in a row are more likely somebody's number than a reason.
_NUMBER = re.compile(r"\d[\d\s./-]{4,}\d")


async def ask(visit: Visit) -> Response[str]:
    """The empty form."""
    return await _form(visit, {})


async def show(visit: Visit) -> Response[str]:
    """The records, or the form again with what to mend.

    Only a form brings them: an identifier in an address would stay in histories and logs.
    """
    problems = _problems(visit)
    if problems:
        return await _form(visit, problems)
    subject = read_subject(visit.form["kind"], visit.form["value"])
    purpose = Purpose(visit.form["purpose"], visit.form.get("words", "").strip() or None)
    services = visit.services
    found = await person_record(
        services.database,
        services.sealer,
        services.blind_index,
        visit.asker(purpose),
        subject=subject,
        budgets=services.budgets,
        at=visit.at,
        opened_for=visit.form.get("opened_for") or None,
        known_on=_known_on(visit),
    )
    return page(
        visit,
        "person.html",
        found=found,
        known_on=_known_on(visit),
        opened=bool(visit.form.get("opened_for")),
        opened_for=OPENED_FOR,
        subject=subject,
        purpose=purpose,
        deaths=_to_check(found),
        rows=rows_of(found.records, visit.written, _ENDED),
        cases=await cases_of_records(
            services.database,
            visit.asker(purpose),
            [each.record.record_id for each in found.records if each.role == 0],
        ),
        findings=await about_records(
            services.database,
            visit.asker(purpose),
            [each.record.record_id for each in found.records if each.role == 0],
        ),
        sentence=lambda finding: sentence(finding, visit.say),
    )


def _to_check(found: PersonRecord) -> list[DeathSeen]:
    """Deaths reported elsewhere that some programme here does not know of."""
    known = all(each.record.status == DECEASED for each in found.records)
    return [] if known else found.elsewhere.deaths


def _known_on(visit: Visit) -> datetime | None:
    """The end of the day that the form names; None for today, which is what stands."""
    given = visit.form.get("known_on", "")
    if not given or date.fromisoformat(given) >= visit.at.date():
        return None
    return datetime.combine(date.fromisoformat(given), time.max, tzinfo=UTC)


def _is_day(text: str, at: datetime) -> bool:
    """Whether it is empty, or a day that has begun."""
    try:
        return not text or (len(text) == 10 and date.fromisoformat(text) <= at.date())
    except ValueError:
        return False


def _problems(visit: Visit) -> dict[str, str]:
    """What is wrong with the form, by field."""
    form, problems = visit.form, {}
    words = form.get("words", "").strip()
    value = form.get("value", "").strip()
    if form.get("purpose") not in _purposes(visit):
        problems["purpose"] = visit.say("Choose why you are looking this person up.")
    if len(words) > LONGEST_WORDS:
        problems["words"] = visit.say("Write at most 200 characters.")
    elif _NUMBER.search(words) or (value and value.casefold() in words.casefold()):
        problems["words"] = visit.say("Leave out names and numbers of people.")
    try:
        read_subject(form.get("kind", ""), value)
    except NotUnderstood as wrong:
        field = "kind" if wrong.field == "identifier_type" else "value"
        problems[field] = (
            visit.say("Choose which kind of number you have.")
            if field == "kind"
            else visit.say("Write the number with letters A to Z, digits and . / _ : + - only.")
        )
    if not _is_day(form.get("known_on", ""), visit.at):
        problems["known_on"] = visit.say("Choose a day that has passed, or leave it empty.")
    if not value:
        problems["value"] = visit.say("Write the number of the person or household.")
    return problems


def _purposes(visit: Visit) -> tuple[str, ...]:
    return RIGHTS[visit.session.officer.role].purposes if visit.session else ()


async def _form(visit: Visit, problems: dict[str, str]) -> Response[str]:
    services, asker = visit.services, visit.asker()
    kinds = await identifier_types(services.database, asker)
    async with services.database.transaction(()) as connection:
        purposes = [visit.asker(Purpose(each)) for each in _purposes(visit)]
        each_left = [await services.budgets.left(connection, who, visit.at) for who in purposes]
    return page(
        visit,
        "person_form.html",
        status=400 if problems else 200,
        kinds=kinds,
        purposes=_purposes(visit),
        left=min(each_left, key=lambda each: each.now, default=None),
        problems=problems,
        given=visit.form,
    )
