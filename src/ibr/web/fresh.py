"""Sensitive acts ask once more who one is: the password again, within the last five minutes.

A form that was filled too slowly is not lost: its fields go through the question and on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import msgspec
from litestar import Response

from ibr.access.staff.act_in import proved_again
from ibr.access.staff.sign_in import (
    SESSION_COOKIE,
    candidate,
    count_failure,
    officer_of,
)
from ibr.audit.events import OFFICER_NOT_PROVED
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import NotProven, TooMuch
from ibr.web.answers import go_to, own_address, page
from ibr.web.visit import Visit

FRESH: Final = timedelta(minutes=5)
FIELD: Final = "prove_password"
LONGEST_PASSWORD: Final = 1024
_NOT_HANDED_ON: Final = frozenset({FIELD, "form_token", "username"})


class NotFresh(NotProven):
    """The officer is signed in, and must prove again who they are; `retry_after` is in seconds,
    where they failed too often and must wait first."""

    def __init__(self, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


def must_be_fresh(visit: Visit) -> None:
    """NotFresh unless the officer proved who they are in the last five minutes.

    The gate answers it with the question, so a page need do nothing more.
    """
    session = visit.session
    if session is None:
        raise NotProven("session.none", "Please sign in.")
    if session.proved_at is None or session.proved_at < visit.at - FRESH:
        raise NotFresh("session.not_fresh", "Please enter your password once more.")


async def proven(visit: Visit) -> Visit:
    """The visit after the password that came with its form; unchanged where none came.

    NotFresh with the reason where it is wrong or must wait.
    """
    password = visit.form.get(FIELD)
    session = visit.session
    if password is None or session is None:
        return visit
    database = visit.services.database
    try:
        async with database.transaction(()) as connection:
            who = await candidate(connection, session.officer.email, visit.place, visit.at)
        right = len(password) <= LONGEST_PASSWORD and (
            await officer_of(who, password) == session.officer.officer_id
        )
    except TooMuch as slow:
        raise NotFresh("session.wait", slow.message, retry_after=slow.retry_after or 5) from None
    async with database.transaction(()) as connection:
        if right:
            await _note_proof(connection, visit)
        else:
            await count_failure(connection, who, visit.at)
            await record_event(
                connection, kind=OFFICER_NOT_PROVED, asker=visit.asker(), details={}, at=visit.at
            )
    if not right:
        raise NotFresh("session.wrong_password", "That is not your password.")
    form = {name: value for name, value in visit.form.items() if name != FIELD}
    return replace(visit, session=msgspec.structs.replace(session, proved_at=visit.at), form=form)


async def _note_proof(connection: Connection, visit: Visit) -> None:
    await proved_again(connection, visit.asker(), visit.secret(SESSION_COOKIE), visit.at)


def question(visit: Visit, why: NotFresh) -> Response[Any]:
    """The page that asks for the password and then goes on with what was asked for."""
    answered = visit.request.method == "POST"
    answer = page(
        visit,
        "prove.html",
        status=429 if why.retry_after else 401,
        action=str(visit.request.url.path) if answered else "/prove",
        handed_on={} if not answered else _fields(visit),
        after=visit.form.get("next") or _address(visit),
        wrong=why.code == "session.wrong_password",
        wait=why.retry_after,
    )
    if why.retry_after:
        answer.headers["Retry-After"] = str(why.retry_after)
    return answer


def _fields(visit: Visit) -> dict[str, str]:
    return {name: value for name, value in visit.form.items() if name not in _NOT_HANDED_ON}


def _address(visit: Visit) -> str:
    query = str(visit.request.url.query)
    return f"{visit.request.url.path}?{query}" if query else str(visit.request.url.path)


async def go_on(visit: Visit) -> Response[str]:
    """Where the reader wanted to go, once the gate has taken the password."""
    must_be_fresh(visit)
    return go_to(visit, own_address(visit.form.get("next")))
