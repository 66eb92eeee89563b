"""The second step of signing in: a code, a passkey or a code on paper; or setting one up."""

from __future__ import annotations

import json
import os

from litestar import Response

from ibr.access.staff.second import totp
from ibr.access.staff.second.account import changed, make_recovery_codes
from ibr.access.staff.second.model import Account, Answer, Step
from ibr.access.staff.second.passkeys import officer_of_passkey, options_to_sign_in
from ibr.access.staff.second.rules import STEP_LIFE, in_groups
from ibr.access.staff.second.steps import account_at, as_asker, hold, try_code
from ibr.access.staff.second.tickets import challenge_of
from ibr.audit.events import CODE_REFUSED
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import NotProven
from ibr.web.answers import go_to, page
from ibr.web.signing import (
    PLACES,
    STEP_COOKIE,
    end_step,
    form_token,
    must_be_its_form,
    next_for,
    open_session,
    picture_of,
    session_cookies,
    site_of,
    step_of,
    take_ticket,
    ticket_for,
)
from ibr.web.visit import Visit

OVER = "/sign-in?over=1"
LONGEST_CODE = 60
_PASSKEY, _SECRET = "second_passkey", "set_up_secret"


async def show(visit: Visit) -> Response[str]:
    """Asks for the second factor."""
    try:
        step = step_of(visit)
        async with visit.services.database.transaction(()) as connection:
            account = await account_at(connection, step, visit.at)
    except NotProven:
        return go_to(visit, OVER)
    where = next_for(visit, account)
    if where == "second":
        return _form(visit, account, None)
    # The last factor was taken away meanwhile, by whoever runs the registry.
    return go_to(visit, PLACES.get(where, OVER))


async def enter(visit: Visit) -> Response[str]:
    """Takes a code: the session, or the form again with the reason."""
    try:
        must_be_its_form(visit)
        step, services = step_of(visit), visit.services
        async with services.database.transaction(()) as connection:
            account = await account_at(connection, step, visit.at)
            answer = await try_code(
                connection,
                services.sealer,
                services.blind_index,
                account,
                visit.form.get("code", "")[:LONGEST_CODE],
                visit.at,
            )
            if answer.kind == "ok":
                return await _let_in(visit, connection, account, step, answer.factor)
    except NotProven:
        return go_to(visit, OVER)
    return _form(visit, account, answer)


async def enter_by_passkey(visit: Visit) -> Response[str]:
    """Takes the answer of one of the officer's own passkeys."""
    site = site_of(visit)
    if site is None:
        return go_to(visit, OVER)
    try:
        must_be_its_form(visit)
        step, ticket = step_of(visit), visit.form.get("ticket", "")
        async with visit.services.database.transaction(()) as connection:
            account = await account_at(connection, step, visit.at)
            await take_ticket(visit, connection, _PASSKEY, visit.secret(STEP_COOKIE), ticket)
            officer_id = await officer_of_passkey(
                connection,
                visit.services.blind_index,
                site,
                answer=visit.form.get("answer", ""),
                challenge=challenge_of(ticket),
                at=visit.at,
            )
            if officer_id == account.officer_id:
                return await _let_in(visit, connection, account, step, "passkey")
            asker = as_asker(account.officer_id)
            await record_event(connection, kind=CODE_REFUSED, asker=asker, details={}, at=visit.at)
    except NotProven:
        return go_to(visit, OVER)
    return _form(visit, account, Answer("wrong", "passkey"))


async def _let_in(
    visit: Visit, connection: Connection, account: Account, step: Step, factor: str
) -> Response[str]:
    await end_step(visit, connection)
    secret = await open_session(visit, connection, account, step, factor)
    return go_to(visit, step.after, session_cookies(visit, secret))


def _form(visit: Visit, account: Account, problem: Answer | None) -> Response[str]:
    site = site_of(visit) if account.passkeys else None
    ticket = ticket_for(visit, _PASSKEY, visit.secret(STEP_COOKIE)) if site else ""
    options = options_to_sign_in(site, challenge_of(ticket), account) if site else None
    status = {None: 200, "wait": 429}.get(problem.kind if problem else None, 400)
    answer = page(
        visit,
        "second_step.html",
        status=status,
        account=account,
        problem=problem,
        token=form_token(visit),
        passkey=json.dumps(options) if options else "",
        ticket=ticket,
    )
    if problem is not None and problem.seconds:
        answer.headers["Retry-After"] = str(problem.seconds)
    return answer


async def show_set_up(visit: Visit) -> Response[str]:
    """Has an officer whose role demands it set up an authenticator app before going on."""
    try:
        step = step_of(visit)
        async with visit.services.database.transaction(()) as connection:
            account = await account_at(connection, step, visit.at)
    except NotProven:
        return go_to(visit, OVER)
    if next_for(visit, account) != "set_up":
        return go_to(visit, PLACES["second"])
    return _set_up(visit, account, totp.new_secret(os.urandom(20)), wrong=False)


async def enter_set_up(visit: Visit) -> Response[str]:
    """Takes the first code of the app: the session, with codes for when the app is lost."""
    services, code = visit.services, visit.form.get("code", "")[:LONGEST_CODE]
    try:
        must_be_its_form(visit)
        step = step_of(visit)
        secret = services.tickets.read(
            _SECRET,
            visit.secret(STEP_COOKIE),
            visit.form.get("ticket", ""),
            totp.Secret,
            at=visit.at,
            life=STEP_LIFE,
        )
        async with services.database.transaction(()) as connection:
            # Two forms at once must not each find the account without a factor.
            await hold(connection, step.officer_id)
            account = await account_at(connection, step, visit.at)
            if next_for(visit, account) != "set_up":
                return go_to(visit, PLACES["second"])
            fitting = totp.step_of(secret, code, visit.at)
            if fitting is None:
                return _set_up(visit, account, secret, wrong=True)
            return await _set_up_done(visit, connection, account, step, secret, fitting)
    except NotProven:
        return go_to(visit, OVER)


async def _set_up_done(
    visit: Visit,
    connection: Connection,
    account: Account,
    step: Step,
    secret: totp.Secret,
    fitting: int,
) -> Response[str]:
    services, number = visit.services, account.officer_id
    await totp.keep(connection, services.sealer, number, secret, fitting, visit.at)
    codes = await make_recovery_codes(connection, services.blind_index, number, visit.at)
    await changed(connection, as_asker(number), "totp_set", visit.at)
    await end_step(visit, connection)
    opened = await open_session(visit, connection, account, step, "totp")
    answer = page(visit, "recovery_codes.html", paper=codes, after=step.after)
    answer.cookies.extend(session_cookies(visit, opened))
    return answer


def _set_up(visit: Visit, account: Account, secret: totp.Secret, *, wrong: bool) -> Response[str]:
    holder = visit.secret(STEP_COOKIE)
    return page(
        visit,
        "authenticator.html",
        status=400 if wrong else 200,
        wrong=wrong,
        demanded=True,
        action=PLACES["set_up"],
        token=form_token(visit),
        ticket=visit.services.tickets.write(_SECRET, holder, secret, visit.at),
        picture=picture_of(visit, secret, account),
        words=in_groups(secret.text),
    )
