"""Every address of the pages, on one screen: who may open it and what answers."""

from __future__ import annotations

from datetime import timedelta

from litestar.datastructures import CacheControlHeader
from litestar.handlers import HTTPRouteHandler
from litestar.router import Router
from litestar.static_files import create_static_files_router

from ibr.access.staff.rights import CALLBACKS, DELIVERIES, DEVELOPERS, PERSON, PROGRAMME
from ibr.web.drawn import FOLDER
from ibr.web.gate import EVERYBODY, SIGNED_IN, Page, handler
from ibr.web.pages import (
    callbacks,
    copying,
    deliveries,
    delivery,
    developers,
    home,
    language,
    messages_seen,
    own_callbacks,
    person,
    programme,
    sign_in,
)
from ibr.web.services import WebServices

PAGES = (
    Page("GET", "/", SIGNED_IN, home.show),
    Page("GET", "/programmes/{code:str}", PROGRAMME, programme.show),
    Page("GET", "/person", PERSON, person.ask),
    Page("POST", "/person", PERSON, person.show),
    Page("GET", "/deliveries", DELIVERIES, deliveries.show),
    Page("GET", "/deliveries/{number:int}", DELIVERIES, delivery.show),
    Page("GET", "/callbacks", CALLBACKS, callbacks.show),
    Page("POST", "/callbacks", CALLBACKS, callbacks.send),
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
    return [*(handler(services, each) for each in PAGES), files]
