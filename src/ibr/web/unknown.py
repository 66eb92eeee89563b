"""The page for an address that leads nowhere, for readers; machines get a few words of JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException

from ibr.errors import NotFound, NotUnderstood
from ibr.web.gate import begin
from ibr.web.refusals import refusal
from ibr.web.services import WebServices

Handler = Callable[[Request[Any, Any, Any], Any], Response[Any]]


def unknown_addresses(services: WebServices) -> dict[int | type[Exception], Handler]:
    """Exception handlers for the application: no such address, wrong verb, too large a form."""

    def answer(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
        status = getattr(error, "status_code", 500)
        if "text/html" not in request.headers.get("accept", ""):
            return Response({"status_code": status, "detail": str(error)}, status_code=status)
        kind = NotFound if status in (404, 405) else NotUnderstood
        return refusal(begin(services, request), kind("address.unknown", "Nothing is here."))

    return {404: answer, 405: answer, 413: answer}
