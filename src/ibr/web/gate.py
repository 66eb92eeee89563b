"""The one way into a page: session, right, form token, then the page, or why not.

Every address of the pages is made here from a `Page`, so none can lack its access decision.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import msgspec
from litestar import HttpMethod, Request, Response
from litestar.exceptions import ClientException
from litestar.handlers import HTTPRouteHandler

from ibr.access.staff.model import Session
from ibr.access.staff.rights import must_hold
from ibr.access.staff.sign_in import SESSION_COOKIE, session_of
from ibr.errors import NotAllowed, NotProven, NotUnderstood, RegistryError
from ibr.log import logger
from ibr.web.answers import go_to, own_address
from ibr.web.languages import COOKIE as LANGUAGE_COOKIE
from ibr.web.languages import choose, languages
from ibr.web.refusals import refusal
from ibr.web.services import WebServices
from ibr.web.visit import AnyRequest, Visit

LONGEST_FORM = 16_384
# Who may open a page: a right by name, anyone who is signed in, or everybody.
SIGNED_IN = "signed_in"
EVERYBODY = "everybody"

Show = Callable[[Visit], Awaitable[Response[Any]]]


class Page(msgspec.Struct, frozen=True):
    """One address: its verb, who may open it, and what answers."""

    verb: Literal["GET", "POST"]
    address: str
    right: str
    show: Show


def handler(services: WebServices, page: Page) -> HTTPRouteHandler:
    """The page as a Litestar handler."""

    async def answer(request: Request[Any, Any, Any]) -> Response[Any]:
        return await _answer(services, page, request)

    return HTTPRouteHandler(
        page.address,
        http_method=HttpMethod(page.verb),
        status_code=200,
        include_in_schema=False,
        request_max_body_size=LONGEST_FORM,
        name=f"page {page.verb} {page.address}",
    )(answer)


def begin(services: WebServices, request: AnyRequest) -> Visit:
    """A visit of which only the language is known."""
    language = choose(
        languages(services.settings.production),
        request.cookies.get(LANGUAGE_COOKIE),
        request.headers.get("accept-language", ""),
        services.settings.locale,
    )
    return Visit(services=services, request=request, at=services.now(), language=language)


async def _answer(services: WebServices, page: Page, request: AnyRequest) -> Response[Any]:
    visit = begin(services, request)
    try:
        visit = replace(visit, form=await _form(page, request), session=await _session(visit))
        if page.right != EVERYBODY:
            if visit.session is None:
                return _to_sign_in(visit, page)
            if page.right != SIGNED_IN:
                must_hold(visit.asker(), page.right)
            _must_be_ours(visit, page)
        return await page.show(visit)
    except NotProven:
        return _to_sign_in(visit, page)
    except RegistryError as refused:
        return refusal(visit, refused)
    except Exception:
        logger().exception("page.failed", path=page.address)
        return refusal(visit, None)


async def _form(page: Page, request: AnyRequest) -> dict[str, str]:
    if page.verb != "POST":
        return {}
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise NotUnderstood("form.type", "A form was expected.")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise NotAllowed("form.elsewhere", "The form was sent from another site.")
    try:
        return {key: str(value) for key, value in (await request.form()).items()}
    except ClientException:
        raise NotUnderstood("form.unreadable", "The form could not be read.") from None


async def _session(visit: Visit) -> Session | None:
    secret = visit.request.cookies.get(SESSION_COOKIE)
    if not secret:
        return None
    idle = timedelta(minutes=visit.services.settings.session_minutes)
    async with visit.services.database.transaction(()) as connection:
        return await session_of(connection, secret, visit.at, idle)


def _must_be_ours(visit: Visit, page: Page) -> None:
    """A form is taken only with the token of the session that drew it."""
    if page.verb == "POST" and visit.session is not None:
        given = visit.form.get("form_token", "")
        if not hmac.compare_digest(given.encode(), visit.session.form_token.encode()):
            raise NotAllowed("form.stale", "The form is no longer valid. Open the page again.")


def _to_sign_in(visit: Visit, page: Page) -> Response[str]:
    path = own_address(str(visit.request.url.path))
    # A form cannot be sent again after signing in, and its page may not exist as a GET.
    return go_to(
        visit, "/sign-in" if path == "/" or page.verb == "POST" else f"/sign-in?next={path}"
    )
