"""Before enrolling somebody: whom the registry may know already, shown while the officer types.

Only a form brings the answer: what is typed would otherwise stay in histories and logs.
"""

from __future__ import annotations

from typing import Final

from litestar import Response

from ibr.asker import Purpose
from ibr.errors import NotUnderstood, RegistryError, TooMuch
from ibr.identity.applicants.model import Answer, Applicant
from ibr.web.answers import page
from ibr.web.visit import Visit

PURPOSE: Final = Purpose("enrolment_check")
NUMBERS: Final = ("UIN", "NID", "PASSPORT", "BRN")
_TOO_LITTLE: Final = "applicant.too_little"


async def ask(visit: Visit) -> Response[str]:
    """The empty form."""
    return await _whole(visit, None, "")


async def show(visit: Visit) -> Response[str]:
    """The answer: as a part of the page while somebody types, else the whole page."""
    answer, problem = await _answer(visit)
    if visit.is_part:
        # Typing is never wrong: what is still missing is said in the place of the answer.
        return page(visit, "applicant_found.html", answer=answer, problem=problem)
    return await _whole(visit, answer, problem)


async def _answer(visit: Visit) -> tuple[Answer | None, str]:
    try:
        answer = await visit.services.applicants.possible_duplicates(
            visit.asker(PURPOSE), _applicant(visit), visit.at
        )
    except (NotUnderstood, TooMuch) as refused:
        return None, _said(visit, refused)
    return answer, ""


def _said(visit: Visit, refused: RegistryError) -> str:
    if refused.code == _TOO_LITTLE:
        return visit.say(
            "Write a name and a year of birth, or a number. A name alone is too little."
        )
    if isinstance(refused, TooMuch):
        return visit.say("You have looked very often in a short time. Wait a minute and go on.")
    return visit.say("Something is too long or cannot be read. Check what you wrote.")


def _applicant(visit: Visit) -> Applicant:
    form = visit.form
    number = form.get("number", "").strip()
    phone = form.get("phone", "").strip()
    kind = form.get("kind", "")
    return Applicant(
        given_name=form.get("given_name", "").strip(),
        second_name=form.get("second_name", "").strip(),
        surname=form.get("surname", "").strip(),
        birth_date=form.get("birth_date", "").strip(),
        sex=form.get("sex", ""),
        region=_region(form.get("area", "")),
        district=form.get("area", "").partition("/")[2],
        locality=form.get("locality", "").strip(),
        phones=(phone,) if phone else (),
        identifiers=((kind if kind in NUMBERS else NUMBERS[0], number),) if number else (),
    )


def _region(area: str) -> str:
    return area.partition("/")[0]


async def _whole(visit: Visit, answer: Answer | None, problem: str) -> Response[str]:
    return page(
        visit,
        "applicant.html",
        status=400 if problem else 200,
        areas=await visit.services.applicants.areas(),
        numbers=NUMBERS,
        answer=answer,
        problem=problem,
        given=visit.form,
    )
