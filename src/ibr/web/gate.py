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
from ibr.subject.own.session import session_of as own_session_of
from ibr.web.answers import go_to, own_address
from ibr.web.fresh import NotFresh, must_be_fresh, proven, question
from ibr.web.languages import COOKIE as LANGUAGE_COOKIE
from ibr.web.languages import choose, languages
from ibr.web.own_refusals import OWN_COOKIE, own_refusal
from ibr.web.refusals import refusal
from ibr.web.services import WebServices
from ibr.web.uploading import Upload, begin_upload
from ibr.web.visit import AnyRequest, Visit

LONGEST_FORM = 16_384
# What a person says of some hundred columns, with words of each.
LONG_FORM = 256 * 1024
# Who may open a page: a right by name, anyone who is signed in, or everybody.
SIGNED_IN = "signed_in"
EVERYBODY = "everybody"
# Pages of people about themselves: open to a person who signed in, or a door that is open to all.
# An officer's session is nothing on either, and a person's is nothing anywhere else.
OWN = "own"
OWN_DOOR = "own_door"

Show = Callable[[Visit], Awaitable[Response[Any]]]


class Page(msgspec.Struct, frozen=True):
    """One address: its verb, who may open it, and what answers. With `fresh` the officer must have
    proved in the last minutes who they are (web/fresh.py). `longest` is the most bytes of its form;
    with `upload` a file comes behind the form's fields, of any length (web/uploading.py)."""

    verb: Literal["GET", "POST"]
    address: str
    right: str
    show: Show
    fresh: bool = False
    longest: int = LONGEST_FORM
    upload: bool = False


def handler(services: WebServices, page: Page) -> HTTPRouteHandler:
    """The page as a Litestar handler."""

    async def answer(request: Request[Any, Any, Any]) -> Response[Any]:
        return await _answer(services, page, request)

    return HTTPRouteHandler(
        page.address,
        http_method=HttpMethod(page.verb),
        status_code=200,
        include_in_schema=False,
        request_max_body_size=None if page.upload else page.longest,
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
    if page.right in (OWN, OWN_DOOR):
        return await _answer_own(visit, page)
    try:
        _count(visit)
        form, upload = await _form(page, request)
        visit = replace(visit, form=form, upload=upload, session=await _session(visit))
        if page.right != EVERYBODY:
            if visit.session is None:
                return _to_sign_in(visit, page)
            if page.right != SIGNED_IN:
                must_hold(visit.asker(), page.right)
            _must_be_ours(visit, page)
            visit = await proven(visit)
            if page.fresh:
                must_be_fresh(visit)
        return await page.show(visit)
    except NotFresh as why:
        return question(visit, why)
    except NotProven:
        return _to_sign_in(visit, page)
    except RegistryError as refused:
        return refusal(visit, refused)
    except Exception:
        logger().exception("page.failed", path=page.address)
        return refusal(visit, None)


async def _answer_own(visit: Visit, page: Page) -> Response[Any]:
    try:
        _count(visit)
        form, _ = await _form(page, visit.request)
        services, secret = visit.services, visit.secret(OWN_COOKIE)
        own = await own_session_of(services.database, services.sealer, secret, visit.at)
        visit = replace(visit, form=form, own=own)
        if page.right == OWN:
            if own is None:
                return go_to(visit, "/me?done=over")
            _must_be_from(visit, page, own.form_token)
        return await page.show(visit)
    except RegistryError as refused:
        if refused.code == "visit.over":
            return go_to(visit, "/me?done=over")
        return own_refusal(visit, refused)
    except Exception:
        logger().exception("page.failed", path=page.address)
        return own_refusal(visit, None)


def _count(visit: Visit) -> None:
    """Counts a page for the address that asks for it; TooMuch where there were too many."""
    client = visit.request.client
    visit.services.pages.count_address(client.host if client else "")


async def _form(page: Page, request: AnyRequest) -> tuple[dict[str, str], Upload | None]:
    if page.verb != "POST":
        return {}, None
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise NotAllowed("form.elsewhere", "The form was sent from another site.")
    if page.upload:
        return await begin_upload(request)
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise NotUnderstood("form.type", "A form was expected.")
    try:
        return {key: str(value) for key, value in (await request.form()).items()}, None
    except ClientException:
        raise NotUnderstood("form.unreadable", "The form could not be read.") from None


async def _session(visit: Visit) -> Session | None:
    secret = visit.secret(SESSION_COOKIE)
    if not secret:
        return None
    idle = timedelta(minutes=visit.services.settings.session_minutes)
    longest = timedelta(hours=visit.services.settings.session_hours)
    async with visit.services.database.transaction(()) as connection:
        return await session_of(connection, secret, visit.at, idle, longest)


def _must_be_ours(visit: Visit, page: Page) -> None:
    """A form is taken only with the token of the session that drew it."""
    if visit.session is not None:
        _must_be_from(visit, page, visit.session.form_token)


def _must_be_from(visit: Visit, page: Page, token: str) -> None:
    if page.verb == "POST":
        given = visit.form.get("form_token", "")
        if not hmac.compare_digest(given.encode(), token.encode()):
            raise NotAllowed("form.stale", "The form is no longer valid. Open the page again.")


def _to_sign_in(visit: Visit, page: Page) -> Response[str]:
    path = own_address(str(visit.request.url.path))
    # A form cannot be sent again after signing in, and its page may not exist as a GET.
    return go_to(
        visit, "/sign-in" if path == "/" or page.verb == "POST" else f"/sign-in?next={path}"
    )
