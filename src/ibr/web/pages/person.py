"""Looking somebody up: the purpose first, then the identifier, then all their records."""

from __future__ import annotations

import re

from litestar import Response

from ibr.access.staff.rights import RIGHTS
from ibr.asker import Purpose
from ibr.codelists.enrolment_status import DECEASED, GRADUATED
from ibr.errors import NotUnderstood
from ibr.overlaps.cases.desk.one_case import cases_of_records
from ibr.overlaps.findings.desk.look import about_records, sentence
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
        at=visit.at,
    )
    return page(
        visit,
        "person.html",
        found=found,
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
    if not value:
        problems["value"] = visit.say("Write the number of the person or household.")
    return problems


def _purposes(visit: Visit) -> tuple[str, ...]:
    return RIGHTS[visit.session.officer.role].purposes if visit.session else ()


async def _form(visit: Visit, problems: dict[str, str]) -> Response[str]:
    kinds = await identifier_types(visit.services.database, visit.asker())
    return page(
        visit,
        "person_form.html",
        status=400 if problems else 200,
        kinds=kinds,
        purposes=_purposes(visit),
        problems=problems,
        given=visit.form,
    )
