"""Draws templates: one environment a language, everything escaped, what is missing is an error."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ibr.access.staff.rights import (
    AGREEMENTS,
    APPLICANT,
    APPROVE,
    AUDIT_TRAIL,
    CALENDAR,
    CALLBACKS,
    CASE_FIGURES,
    CASES,
    COUNTRY,
    DELIVERIES,
    DEVELOPERS,
    EVIDENCE,
    EXTRACT,
    FEEDS,
    FILES,
    FINDING_COUNTS,
    KEEPING,
    OFFICERS_SEEN,
    PAIRS,
    PERSON,
    PRIVACY,
    PROTECT,
    RELEASES_SEEN,
    REQUESTS,
    REVIEW,
    RIGHTS,
    SERVE_PERSON,
)
from ibr.codelists.enrolment_status import ENROLMENT_STATUS
from ibr.codelists.people import (
    EDUCATION_LEVEL,
    EMPLOYMENT_STATUS,
    FUNCTIONAL_LIMITATION,
    FUNCTIONAL_SEVERITY,
    MARITAL_STATUS,
    OCCUPATION,
    SEX,
)
from ibr.codelists.programme_kinds import (
    BENEFIT_TYPE,
    CONTRIBUTION_TYPE,
    LEGAL_STATUS,
    PROGRAMME_TYPE,
    SOCIAL_PROTECTION_FUNCTION,
)
from ibr.web import codes, lacking, told
from ibr.web.charts import age_pyramid, benefit_timeline, meter, month_bars, region_map
from ibr.web.languages import languages, words
from ibr.web.visit import Visit

FOLDER = Path(__file__).parent
CODE_LISTS = {
    "STATUS": ENROLMENT_STATUS,
    "SEX": SEX,
    "BENEFIT": BENEFIT_TYPE,
    "CONTRIBUTION": CONTRIBUTION_TYPE,
    "LEGAL": LEGAL_STATUS,
    "PROGRAMME_TYPE": PROGRAMME_TYPE,
    "FUNCTION": SOCIAL_PROTECTION_FUNCTION,
    "EMPLOYMENT": EMPLOYMENT_STATUS,
    "OCCUPATION": OCCUPATION,
    "EDUCATION": EDUCATION_LEVEL,
    "MARITAL": MARITAL_STATUS,
    "LIMITATION": FUNCTIONAL_LIMITATION,
    "SEVERITY": FUNCTIONAL_SEVERITY,
    **codes.LISTS,
}


def drawn(visit: Visit, template: str, values: dict[str, object]) -> str:
    """The template's HTML for this visit."""
    session = visit.session
    pages = RIGHTS[session.officer.role].pages if session else frozenset()
    return (
        _environment(visit.language.code)
        .get_template(template)
        .render(
            visit=visit,
            w=visit.written,
            language=visit.language,
            offered=languages(visit.services.settings.production),
            officer=session.officer if session else None,
            form_token=_form_token(visit),
            may={
                "country": COUNTRY in pages,
                "person": PERSON in pages,
                "applicant": APPLICANT in pages,
                "privacy": PRIVACY in pages,
                "keeping": KEEPING in pages,
                "extract": EXTRACT in pages,
                "protect": PROTECT in pages,
                "serve": SERVE_PERSON in pages,
                "requests": REQUESTS in pages,
                "deliveries": DELIVERIES in pages,
                "files": FILES in pages,
                "feeds": FEEDS in pages,
                "calendar": CALENDAR in pages,
                "developers": DEVELOPERS in pages,
                "callbacks": CALLBACKS in pages,
                "cases": CASES in pages,
                "case_figures": CASE_FIGURES in pages,
                "review": REVIEW in pages,
                "findings": FINDING_COUNTS in pages,
                "pairs": PAIRS in pages,
                "releases": RELEASES_SEEN in pages,
                "agreements": AGREEMENTS in pages,
                "officers": OFFICERS_SEEN in pages,
                "approve": APPROVE in pages,
                "audit": AUDIT_TRAIL in pages,
                "evidence": EVIDENCE in pages,
                "partners": AGREEMENTS in pages,
            },
            here=str(visit.request.url.path),
            **values,
        )
    )


def _form_token(visit: Visit) -> str:
    holder = visit.session or visit.own
    return holder.form_token if holder else ""


@cache
def file_address(name: str) -> str:
    """The address of a static file; it changes with the file, so browsers may keep it."""
    digest = hashlib.sha256((FOLDER / "static" / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


@cache
def _environment(code: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    translations: Any = words(code)
    made.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    made.globals.update(
        file=file_address,
        codes=CODE_LISTS,
        meter=meter.meter,
        month_bars=month_bars.month_bars,
        age_pyramid=age_pyramid.age_pyramid,
        region_map=region_map.region_map,
        shades=region_map.shades,
        age_table=age_pyramid.age_table,
        benefit_timeline=benefit_timeline.benefit_timeline,
        told_lines=told.lines,
        told_day=told.day,
        not_reported=lacking.not_reported,
    )
    return made
