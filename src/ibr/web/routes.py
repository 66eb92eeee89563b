"""Every address of the pages, on one screen: who may open it and what answers."""

from __future__ import annotations

from datetime import timedelta

from litestar.datastructures import CacheControlHeader
from litestar.handlers import HTTPRouteHandler
from litestar.router import Router
from litestar.static_files import create_static_files_router

from ibr.access.staff.rights import (
    APPLICANT,
    CALLBACKS,
    CASE_FIGURES,
    CASES,
    COUNTRY,
    DECIDE_LINKS,
    DELIVERIES,
    DEVELOPERS,
    EXEMPT,
    FINDING_COUNTS,
    FINDINGS,
    PAIRS,
    PAIRS_EDIT,
    PERSON,
    PROGRAMME,
    RELEASE,
    REVIEW,
)
from ibr.web.drawn import FOLDER
from ibr.web.gate import EVERYBODY, SIGNED_IN, Page, handler
from ibr.web.pages import (
    applicant,
    callbacks,
    case,
    case_figures,
    cases,
    copying,
    coverage,
    deliveries,
    delivery,
    developers,
    figures_file,
    findings,
    gaps,
    home,
    indicators,
    language,
    messages_seen,
    money,
    overlaps,
    own_callbacks,
    pairs,
    person,
    programme,
    quality,
    releases,
    review,
    review_pair,
    review_person,
    sign_in,
    what_if,
)
from ibr.web.public.addresses import public_routes
from ibr.web.services import WebServices

PAGES = (
    Page("GET", "/", SIGNED_IN, home.show),
    Page("GET", "/programmes/{code:str}", PROGRAMME, programme.show),
    Page("GET", "/coverage", COUNTRY, coverage.show),
    Page("GET", "/indicators", COUNTRY, indicators.show),
    Page("GET", "/indicators/{code:str}", COUNTRY, indicators.show_one),
    Page("GET", "/overlaps", COUNTRY, overlaps.show),
    Page("GET", "/figures/file", COUNTRY, figures_file.show_file),
    Page("GET", "/figures/brief", COUNTRY, figures_file.show_brief),
    Page("GET", "/money", COUNTRY, money.show),
    Page("GET", "/gaps", COUNTRY, gaps.show),
    Page("GET", "/quality", COUNTRY, quality.show),
    Page("GET", "/what-if", COUNTRY, what_if.show),
    Page("GET", "/person", PERSON, person.ask),
    Page("POST", "/person", PERSON, person.show),
    Page("GET", "/applicant", APPLICANT, applicant.ask),
    Page("POST", "/applicant", APPLICANT, applicant.show),
    Page("GET", "/deliveries", DELIVERIES, deliveries.show),
    Page("GET", "/deliveries/{number:int}", DELIVERIES, delivery.show),
    Page("GET", "/findings", FINDING_COUNTS, findings.show),
    Page("GET", "/findings/{number:int}", FINDINGS, findings.show_one),
    Page("POST", "/findings/{number:int}/exempt", EXEMPT, findings.make_exempt),
    Page("GET", "/findings/checks/{code:str}", FINDING_COUNTS, findings.show_check),
    Page("GET", "/pairs", PAIRS, pairs.show),
    Page("POST", "/pairs", PAIRS_EDIT, pairs.enter),
    Page("POST", "/pairs/{number:int}/end", PAIRS_EDIT, pairs.end),
    Page("GET", "/cases", CASES, cases.show),
    Page("POST", "/cases", CASES, cases.assign),
    Page("GET", "/cases/told", CASES, cases.told),
    Page("POST", "/cases/told", CASES, cases.tick_off),
    Page("GET", "/cases/figures", CASE_FIGURES, case_figures.show),
    Page("GET", "/cases/{number:int}", CASES, case.show),
    Page("POST", "/cases/{number:int}", CASES, case.act),
    Page("POST", "/cases/{number:int}/undo", CASES, case.undo),
    Page("POST", "/cases/{number:int}/money", CASES, case.enter_money),
    Page("GET", "/cases/{number:int}/letters/{letter:int}", CASES, case.letter),
    Page("GET", "/callbacks", CALLBACKS, callbacks.show),
    Page("POST", "/callbacks", CALLBACKS, callbacks.send),
    Page("GET", "/review", REVIEW, review.show),
    Page("GET", "/review/quality", REVIEW, review.show_quality),
    Page("POST", "/review/next", DECIDE_LINKS, review.take),
    Page("GET", "/review/pairs/{name:str}", REVIEW, review_pair.show),
    Page("POST", "/review/pairs/{name:str}", DECIDE_LINKS, review_pair.answer),
    Page("POST", "/review/pairs/{name:str}/back", DECIDE_LINKS, review_pair.back),
    Page("GET", "/review/persons", REVIEW, review_person.find),
    Page("GET", "/review/persons/{number:int}", REVIEW, review_person.show),
    Page("POST", "/review/persons/{number:int}/part", DECIDE_LINKS, review_person.part),
    Page("POST", "/review/persons/{number:int}/join", DECIDE_LINKS, review_person.join),
    Page("GET", "/releases", RELEASE, releases.show),
    Page("GET", "/releases/{number:int}", RELEASE, releases.show_one),
    Page("POST", "/releases/{number:int}/look", RELEASE, releases.look),
    Page("POST", "/releases/{number:int}/sign", RELEASE, releases.sign),
    Page("POST", "/releases/{number:int}/publish", RELEASE, releases.publish),
    Page("POST", "/releases/{number:int}/withdraw", RELEASE, releases.withdraw),
    Page("GET", "/developers", DEVELOPERS, developers.show),
    Page("GET", "/developers/samples", DEVELOPERS, copying.show),
    Page("GET", "/developers/messages", DEVELOPERS, messages_seen.show),
    Page("GET", "/developers/messages/{number:str}", DEVELOPERS, messages_seen.show_one),
    Page("GET", "/developers/callbacks", DEVELOPERS, own_callbacks.show),
    Page("POST", "/developers/callbacks", DEVELOPERS, developers.send_test),
    Page("GET", "/developers/callbacks/{message:str}", DEVELOPERS, own_callbacks.show_one),
    Page("POST", "/developers/callbacks/{message:str}/again", DEVELOPERS, own_callbacks.send_one),
    Page("GET", "/sign-in", EVERYBODY, sign_in.ask),
    Page("POST", "/sign-in", EVERYBODY, sign_in.enter),
    Page("POST", "/sign-out", SIGNED_IN, sign_in.leave),
    Page("GET", "/language/{code:str}", EVERYBODY, language.choose_language),
)


def routes(services: WebServices) -> list[HTTPRouteHandler | Router]:
    """The pages and their files, for the application to mount at the root."""
    # A file's address holds its digest (drawn.file_address), so it may be kept for a year.
    files = create_static_files_router(
        path="/static",
        directories=[FOLDER / "static"],
        include_in_schema=False,
        cache_control=CacheControlHeader(
            max_age=int(timedelta(days=365).total_seconds()), immutable=True, public=True
        ),
    )
    pages = [handler(services, each) for each in PAGES]
    return [*pages, *public_routes(services), files]
