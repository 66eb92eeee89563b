"""Writes the two pages. The same figures give the same bytes."""

from __future__ import annotations

from ibr.publish.brief.digits import period
from ibr.publish.brief.first_page import draw_first
from ibr.publish.brief.model import BriefData
from ibr.publish.brief.second_page import draw_second
from ibr.publish.brief.sheet import Sheet
from ibr.publish.brief.words import say


def write_brief(data: BriefData) -> bytes:
    """The brief as a PDF."""
    known = data.main.as_known_at if data.main else None
    sheet = Sheet(
        title=title_of(data),
        subject=say("subject", data.language),
        language=data.language,
        known=known,
    )
    draw_first(sheet, data)
    draw_second(sheet, data)
    return bytes(sheet.output())


def title_of(data: BriefData) -> str:
    """The place and the period."""
    name = data.place.name or say("country", data.language)
    return f"{name}, {period(data.period, data.language)}"


def brief_name(data: BriefData) -> str:
    """A file name that says what the brief is of and whom it is for."""
    release = f"release-{data.release_no}-" if data.release_no is not None else ""
    place = "".join(each if each.isalnum() and each.isascii() else "-" for each in data.place.code)
    return f"{release}brief-{place or 'country'}-{data.period}-{data.audience}.pdf"
