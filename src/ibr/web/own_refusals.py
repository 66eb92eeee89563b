"""Why a person's own pages are not shown, in plain words and with what to do."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response

from ibr.errors import RegistryError, TooMuch, Unavailable
from ibr.web.answers import page
from ibr.web.refusals import STATUS
from ibr.web.visit import Visit

OWN_COOKIE: Final = "ibr_me"


def own_refusal(visit: Visit, error: RegistryError | None) -> Response[str]:
    """The page for an error; None stands for one that nobody foresaw."""
    status = 500 if error is None else STATUS.get(error.kind, 500)
    answer: Response[Any] = page(
        visit,
        "me/refused.html",
        status=status,
        code=error.code if error else "internal",
        kind=error.kind if error else "internal",
        help_at=visit.services.settings.person_help,
    )
    if isinstance(error, (TooMuch, Unavailable)) and error.retry_after:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer
