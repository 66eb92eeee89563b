"""Signing in and out."""

from __future__ import annotations

import hmac
import secrets

import msgspec
from litestar import Response

from ibr.access.staff.sign_in import (
    SESSION_COOKIE,
    Candidate,
    candidate,
    count_failure,
    officer_of,
    open_session,
    sign_out,
)
from ibr.asker import Asker, Purpose
from ibr.audit.events import SIGN_IN_REFUSED, SIGNED_IN, SIGNED_OUT
from ibr.audit.record import record_event
from ibr.errors import TooMuch
from ibr.web.answers import cookie, go_to, own_address, page
from ibr.web.visit import Visit

# Before there is a session, a form's token is compared with this cookie: another site can make a
# browser send a form, but not one that agrees with a cookie it cannot read.
FORM_COOKIE = "ibr_form"
LONGEST_EMAIL, LONGEST_PASSWORD = 254, 1024


class Problem(msgspec.Struct, frozen=True):
    """Why signing in did not work: `kind` is wrong, wait or stale."""

    kind: str
    seconds: int = 0


async def ask(visit: Visit) -> Response[str]:
    """The form; whoever is signed in already goes on."""
    if visit.session is not None:
        return go_to(visit, own_address(visit.query.get("next")))
    return _form(visit, None)


async def enter(visit: Visit) -> Response[str]:
    """Takes the form: a session, or the form again with the reason."""
    given = visit.form.get("form_token", "")
    if not given or not hmac.compare_digest(
        given.encode(), visit.request.cookies.get(FORM_COOKIE, "").encode()
    ):
        return _form(visit, Problem("stale"))
    email = visit.form.get("email", "")[:LONGEST_EMAIL]
    password = visit.form.get("password", "")
    try:
        who = await _candidate(visit, email)
        officer_id = await officer_of(who, password) if len(password) <= LONGEST_PASSWORD else None
    except TooMuch as slow:
        return _form(visit, Problem("wait", slow.retry_after or 5))
    if officer_id is None:
        await _refuse(visit, who)
        return _form(visit, Problem("wrong"))
    secret = await _open(visit, who, officer_id)
    return go_to(
        visit,
        own_address(visit.form.get("next")),
        [cookie(visit, SESSION_COOKIE, secret), cookie(visit, FORM_COOKIE, "", seconds=0)],
    )


async def leave(visit: Visit) -> Response[str]:
    """Ends the session."""
    secret = visit.request.cookies.get(SESSION_COOKIE, "")
    async with visit.services.database.transaction(()) as connection:
        await sign_out(connection, secret, visit.at)
        await record_event(
            connection, kind=SIGNED_OUT, asker=visit.asker(), details={}, at=visit.at
        )
    return go_to(visit, "/sign-in", [cookie(visit, SESSION_COOKIE, "", seconds=0)])


async def _candidate(visit: Visit, email: str) -> Candidate:
    client = visit.request.client
    place = client.host if client else ""
    async with visit.services.database.transaction(()) as connection:
        return await candidate(connection, email, place, visit.at)


async def _refuse(visit: Visit, who: Candidate) -> None:
    async with visit.services.database.transaction(()) as connection:
        await count_failure(connection, who, visit.at)
        # The address tried is not recorded: it may be somebody's password in the wrong field.
        await record_event(connection, kind=SIGN_IN_REFUSED, asker=None, details={}, at=visit.at)


async def _open(visit: Visit, who: Candidate, officer_id: int) -> str:
    async with visit.services.database.transaction(()) as connection:
        secret = await open_session(connection, who, officer_id, visit.at)
        await record_event(
            connection, kind=SIGNED_IN, asker=_as_asker(officer_id), details={}, at=visit.at
        )
    return secret


def _as_asker(officer_id: int) -> Asker:
    return Asker(
        kind="officer", id=officer_id, name="", purpose=Purpose("sign_in"), ask=frozenset()
    )


def _form(visit: Visit, problem: Problem | None) -> Response[str]:
    token = secrets.token_urlsafe(32)
    status = {None: 200, "wait": 429}.get(problem.kind if problem else None, 400)
    answer = page(
        visit,
        "sign_in.html",
        status=status,
        problem=problem,
        token=token,
        email=visit.form.get("email", "")[:LONGEST_EMAIL],
        after=own_address(visit.form.get("next") or visit.query.get("next")),
    )
    answer.cookies.append(cookie(visit, FORM_COOKIE, token))
    if problem is not None and problem.seconds:
        answer.headers["Retry-After"] = str(problem.seconds)
    return answer
