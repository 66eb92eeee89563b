"""A whole person: the records that make it up, why each pair is one, and parting a record."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from litestar import Response

from ibr.errors import Conflict, NotFound, NotUnderstood
from ibr.identity.review.answering import Said
from ibr.identity.review.model import LONGEST_NOTE, REASONS, written_pair
from ibr.identity.review.whole.parting import DIFFERENT, join_again, part_record
from ibr.identity.review.whole.whole_person import Tie, WholePerson, open_person
from ibr.web.answers import go_to, page
from ibr.web.pages.deliveries import number_in
from ibr.web.pages.review import reviewer
from ibr.web.pages.review_pair import odds, strength
from ibr.web.visit import Visit

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TROUBLES: Final = ("nothing_to_part", "person_changed", "taken", "not_parted")
_DONE: Final = ("parted", "joined")
_MOST: Final = 2**62
# So many pieces of evidence are told of a pair here; the page of the pair has all.
_TOLD: Final = 3


async def find(visit: Visit) -> Response[str]:
    """Leads from a person's number to its page."""
    number = number_in(visit.query.get("number"), 0)
    if not 0 < number < _MOST:
        return go_to(visit, "/review")
    return go_to(visit, f"/review/persons/{number}")


async def show(visit: Visit) -> Response[str]:
    return await _page(visit, {})


async def part(visit: Visit) -> Response[str]:
    """Parts a record, or shows what is missing."""
    services, number = visit.services, _number(visit)
    said = Said(
        DIFFERENT,
        visit.form.get("reason", ""),
        # A browser counts a line's end as one sign and sends two.
        visit.form.get("note", "").replace("\r\n", "\n").strip(),
    )
    try:
        await part_record(
            services.database,
            services.sealer,
            reviewer(visit),
            number,
            visit.form.get("record", ""),
            said,
            visit.at,
        )
    except NotUnderstood as wrong:
        texts = {
            "reason": visit.say("Choose why these are two people."),
            "note": visit.say("Write at most 500 characters."),
        }
        return await _page(visit, {wrong.field or "": texts.get(wrong.field or "", "")}, 400)
    except Conflict as conflict:
        return _back_to(visit, number, trouble=conflict.code.removeprefix("review."))
    return _back_to(visit, number, done="parted")


async def join(visit: Visit) -> Response[str]:
    """Takes the officer's own parting of a record back."""
    number = _number(visit)
    try:
        await join_again(
            visit.services.database, reviewer(visit), visit.form.get("record", ""), visit.at
        )
    except NotFound as missing:
        return _back_to(visit, number, trouble=missing.code.removeprefix("review."))
    return _back_to(visit, number, done="joined")


def _number(visit: Visit) -> int:
    return min(int(visit.path("number")), _MOST)


def _back_to(visit: Visit, number: int, **said: str) -> Response[str]:
    return go_to(visit, f"/review/persons/{number}?{urlencode(said)}")


async def _page(visit: Visit, problems: dict[str, str], status: int = 200) -> Response[str]:
    services = visit.services
    seen = await open_person(
        services.database,
        services.sealer,
        services.blind_index,
        reviewer(visit),
        _number(visit),
        visit.at,
    )
    return page(
        visit,
        "review_person.html",
        status=status,
        seen=seen,
        letters=_letters(seen),
        problems=problems,
        given_form=visit.form,
        reasons=REASONS["different"],
        longest=LONGEST_NOTE,
        trouble=next((each for each in _TROUBLES if each == visit.query.get("trouble")), ""),
        done=next((each for each in _DONE if each == visit.query.get("done")), ""),
        odds=odds,
        strength=strength,
        strongest=strongest,
        written_pair=written_pair,
    )


def _letters(seen: WholePerson) -> dict[object, str]:
    """A short name for each record on the page: A to Z, then A2 and so on."""
    return {
        each.appearance: _LETTERS[place % 26] + (str(place // 26 + 1) if place >= 26 else "")
        for place, each in enumerate(seen.parts)
    }


def strongest(tie: Tie) -> list[str]:
    """The words of the evidence that weighs most, for or against, where it began aside."""
    parts = [each for each in tie.parts if each.comparison != "prior" and each.levels]
    parts.sort(key=lambda each: -abs(each.bits))
    return [level for each in parts[:_TOLD] for level in each.levels]
