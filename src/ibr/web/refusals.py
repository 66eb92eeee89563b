"""Refusals and failures as pages in plain words."""

from __future__ import annotations

from typing import Any

from litestar import Response

from ibr.errors import RegistryError, TooMuch, Unavailable
from ibr.web.answers import page
from ibr.web.visit import Visit

STATUS = {
    "not_understood": 400,
    "not_proven": 401,
    "not_allowed": 403,
    "not_found": 404,
    "conflict": 409,
    "too_much": 429,
    "unavailable": 503,
}


def refusal(visit: Visit, error: RegistryError | None) -> Response[str]:
    """The page for an error; None stands for one that nobody foresaw."""
    status = 500 if error is None else STATUS.get(error.kind, 500)
    answer: Response[Any] = page(
        visit,
        "refusal.html",
        status=status,
        kind=error.kind if error else "internal",
        code=error.code if error else "internal",
        number=status,
    )
    if isinstance(error, (TooMuch, Unavailable)) and error.retry_after:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer
