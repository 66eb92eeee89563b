"""Signing in, with a password or a passkey, and out."""

from __future__ import annotations

import hmac
import json
import secrets

import msgspec
from litestar import Response

from ibr.access.staff.second.model import Account, Step
from ibr.access.staff.second.passkeys import officer_of_passkey, options_to_sign_in
from ibr.access.staff.second.steps import account_at
from ibr.access.staff.second.tickets import challenge_of
from ibr.access.staff.sign_in import (
    SESSION_COOKIE,
    Candidate,
    candidate,
    count_failure,
    officer_of,
    sign_out,
    stamp_of,
)
from ibr.audit.events import SIGN_IN_REFUSED, SIGNED_OUT
from ibr.audit.record import record_event
from ibr.errors import NotProven, TooMuch
from ibr.web.answers import cookie, go_to, own_address, page
from ibr.web.signing import (
    FORM_COOKIE,
    known,
    next_for,
    on_to,
    open_session,
    session_cookies,
    site_of,
    take_ticket,
    ticket_for,
)
from ibr.web.visit import Visit

LONGEST_EMAIL, LONGEST_PASSWORD = 254, 1024
_PASSKEY = "sign_in_passkey"


class Problem(msgspec.Struct, frozen=True):
    """Why signing in did not work: `kind` is wrong, wait, passkey or stale."""

    kind: str
    seconds: int = 0


async def ask(visit: Visit) -> Response[str]:
    """The form; whoever is signed in already goes on."""
    if visit.session is not None:
        return go_to(visit, own_address(visit.query.get("next")))
    return _form(visit, Problem("stale") if "over" in visit.query else None)


async def enter(visit: Visit) -> Response[str]:
    """Takes the form: a session, the next step, or the form again with the reason."""
    if not _is_ours(visit):
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
    step = Step(
        officer_id=officer_id,
        how="password",
        stamp=stamp_of(who.password_hash),
        proved_at=visit.at,
        after=own_address(visit.form.get("next")),
        tried=who.tried,
    )
    return await go_on(visit, step)


async def go_on(visit: Visit, step: Step, *, at_ministry: bool = False) -> Response[str]:
    """A session for whoever has given all that is asked for, else the page of the next step."""
    try:
        async with visit.services.database.transaction(()) as connection:
            account = await account_at(connection, step, visit.at)
            where = next_for(visit, account, at_ministry=at_ministry)
            if where != "session":
                return on_to(visit, step, where)
            secret = await open_session(visit, connection, account, step)
    except NotProven:
        return _form(visit, Problem("stale"))
    return go_to(visit, step.after, session_cookies(visit, secret))


async def enter_by_passkey(visit: Visit) -> Response[str]:
    """Takes the answer of a passkey: a session, or the form again with the reason."""
    site = site_of(visit)
    if not _is_ours(visit) or site is None:
        return _form(visit, Problem("stale"))
    ticket, services = visit.form.get("ticket", ""), visit.services
    try:
        async with services.database.transaction(()) as connection:
            await take_ticket(visit, connection, _PASSKEY, visit.secret(FORM_COOKIE), ticket)
            officer_id = await officer_of_passkey(
                connection,
                services.blind_index,
                site,
                answer=visit.form.get("answer", ""),
                challenge=challenge_of(ticket),
                at=visit.at,
            )
            if officer_id is not None:
                account = await known(visit, connection, officer_id)
                step = _by_passkey(visit, account)
                secret = await open_session(visit, connection, account, step)
                return go_to(visit, step.after, session_cookies(visit, secret))
            await record_event(
                connection, kind=SIGN_IN_REFUSED, asker=None, details={}, at=visit.at
            )
    except NotProven:
        return _form(visit, Problem("stale"))
    return _form(visit, Problem("passkey"))


def _by_passkey(visit: Visit, account: Account) -> Step:
    return Step(
        officer_id=account.officer_id,
        how="passkey",
        stamp=account.stamp,
        proved_at=visit.at,
        after=own_address(visit.form.get("next")),
    )


async def leave(visit: Visit) -> Response[str]:
    """Ends the session. Who came by the ministry's sign-in is asked whether to end that one too."""
    async with visit.services.database.transaction(()) as connection:
        await sign_out(connection, visit.secret(SESSION_COOKIE), visit.at)
        await record_event(
            connection, kind=SIGNED_OUT, asker=visit.asker(), details={}, at=visit.at
        )
    by_ministry = visit.session is not None and visit.session.how.startswith("ministry")
    place = "/sign-in?left=ministry" if by_ministry else "/sign-in"
    answer = go_to(visit, place, [cookie(visit, SESSION_COOKIE, "", seconds=0)])
    # Nothing is meant to be there; what a browser kept all the same goes now. Not its cookies: the
    # language may stay.
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


async def _candidate(visit: Visit, email: str) -> Candidate:
    async with visit.services.database.transaction(()) as connection:
        return await candidate(connection, email, visit.place, visit.at)


async def _refuse(visit: Visit, who: Candidate) -> None:
    async with visit.services.database.transaction(()) as connection:
        await count_failure(connection, who, visit.at)
        # The address tried is not recorded: it may be somebody's password in the wrong field.
        await record_event(connection, kind=SIGN_IN_REFUSED, asker=None, details={}, at=visit.at)


def _is_ours(visit: Visit) -> bool:
    given = visit.form.get("form_token", "")
    kept = visit.secret(FORM_COOKIE)
    return bool(given) and hmac.compare_digest(given.encode(), kept.encode())


def _form(visit: Visit, problem: Problem | None) -> Response[str]:
    token = secrets.token_urlsafe(32)
    status = {None: 200, "wait": 429}.get(problem.kind if problem else None, 400)
    site, ministry = site_of(visit), visit.services.ministry
    ticket = ticket_for(visit, _PASSKEY, token) if site else ""
    options = options_to_sign_in(site, challenge_of(ticket), None) if site else None
    answer = page(
        visit,
        "sign_in.html",
        status=status,
        problem=problem,
        token=token,
        email=visit.form.get("email", "")[:LONGEST_EMAIL],
        after=own_address(visit.form.get("next") or visit.query.get("next")),
        passkey=json.dumps(options) if options else "",
        ticket=ticket,
        ministry=ministry.place.name if ministry else "",
        again="again" in visit.query,
        left=ministry is not None and visit.query.get("left") == "ministry",
    )
    answer.cookies.append(cookie(visit, FORM_COOKIE, token, strict=True))
    if problem is not None and problem.seconds:
        answer.headers["Retry-After"] = str(problem.seconds)
    return answer
