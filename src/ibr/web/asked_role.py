"""A role as a form asks for it, and problems as a page tells them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

from litestar import Response

from ibr.access.staff.roles import WantedRole
from ibr.errors import Conflict, NotAllowed, NotFound, NotUnderstood, RegistryError
from ibr.web import people_codes
from ibr.web.answers import go_to
from ibr.web.visit import Visit

TOLD = (Conflict, NotAllowed, NotFound, NotUnderstood)
"""Refusals that a page tells beside its form; every other one has a page of its own."""

_MOST_AREAS = 50


def read_role(form: Mapping[str, str], programmes: Mapping[int, str]) -> WantedRole:
    """The role of a form with the fields role, p-CODE for each programme, areas, from and until.

    No programme ticked is every programme, and no area is everywhere: the form says so.
    """
    ticked = tuple(number for number, code in programmes.items() if f"p-{code}" in form)
    areas = tuple(dict.fromkeys(form.get("areas", "").replace(",", " ").split()))
    if len(areas) > _MOST_AREAS:
        raise NotFound("area.unknown", f"Name at most {_MOST_AREAS} areas.")
    return WantedRole(
        role=form.get("role", ""),
        programmes=ticked or None,
        areas=areas or None,
        valid_from=_day(form.get("from", "")),
        valid_until=_day(form.get("until", "")),
    )


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise NotUnderstood("officer.days", "Write a day as 2026-01-31.") from None


def told(refused: RegistryError) -> str:
    """The code of a refusal that the page has words for; what it has none for is raised again."""
    if refused.code not in people_codes.PROBLEM.labels:
        raise refused
    return refused.code


def back(visit: Visit, address: str, **said: str) -> Response[str]:
    """Back to a page that says how it went: `done` or `problem` with a code."""
    return go_to(visit, f"{address}?{urlencode(said)}" if said else address)
