"""The page for an address that leads nowhere, for readers; machines get a few words of JSON.

An address that only takes a form leads a reader to the page that has it: whoever reloads one, or
follows one out of their history, is not lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from litestar import Request, Response
from litestar.exceptions import HTTPException

from ibr.errors import NotFound, NotUnderstood
from ibr.web.answers import go_to
from ibr.web.gate import begin
from ibr.web.refusals import refusal
from ibr.web.routes import PAGES
from ibr.web.services import WebServices

Handler = Callable[[Request[Any, Any, Any], Any], Response[Any]]

_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]{1,200}")
_SHOWN: Final = [each.address.split("/") for each in PAGES if each.verb == "GET"]
_TAKEN: Final = [each.address.split("/") for each in PAGES if each.verb == "POST"]


def unknown_addresses(services: WebServices) -> dict[int | type[Exception], Handler]:
    """Exception handlers for the application: no such address, wrong verb, too large a form."""

    def answer(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
        status = getattr(error, "status_code", 500)
        if "text/html" not in request.headers.get("accept", ""):
            return Response({"status_code": status, "detail": str(error)}, status_code=status)
        meant = page_of(request.url.path) if request.method == "GET" and status == 405 else None
        if meant is not None:
            return go_to(begin(services, request), meant)
        kind = NotFound if status in (404, 405) else NotUnderstood
        return refusal(begin(services, request), kind("address.unknown", "Nothing is here."))

    return {404: answer, 405: answer, 413: answer}


def page_of(address: str) -> str | None:
    """The page that holds the form of an address: the nearest one above it."""
    parts = address.split("/")
    if not any(_fits(parts, each) for each in _TAKEN):
        return None
    while len(parts) > 1:
        parts.pop()
        if any(_fits(parts, each) for each in _SHOWN):
            return "/".join(parts)
    return "/"


def _fits(parts: list[str], pattern: list[str]) -> bool:
    # Only what is plainly a number or a name: it goes into a header.
    return len(parts) == len(pattern) and all(
        _PLAIN.fullmatch(part) is not None if each.startswith("{") else part == each
        for part, each in zip(parts, pattern, strict=True)
    )
