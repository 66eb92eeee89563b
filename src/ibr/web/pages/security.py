"""The safety of one's own account: factors, passkeys, codes on paper, sessions."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import Final

from litestar import Response

from ibr.access.staff.rights import OFFICERS_SEEN
from ibr.access.staff.second import totp
from ibr.access.staff.second.account import (
    account_of,
    changed,
    make_recovery_codes,
    new_recovery_codes,
    remove_passkey,
    remove_totp,
)
from ibr.access.staff.second.model import Account
from ibr.access.staff.second.notices import alarms, notices_of
from ibr.access.staff.second.passkeys import options_to_register, register
from ibr.access.staff.second.rules import FORM_LIFE, FRESH, in_groups, second_factor_needed
from ibr.access.staff.second.sessions import (
    end_other_sessions,
    end_session,
    renewed,
    sessions_of,
)
from ibr.access.staff.second.steps import hold, must_be_no_emergency_account
from ibr.access.staff.second.tickets import challenge_of
from ibr.access.staff.sign_in import SESSION_COOKIE, sign_out
from ibr.audit.events import SIGNED_OUT
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import NotAllowed, NotFound, NotProven
from ibr.web.answers import cookie, go_to, page
from ibr.web.pages.second_step import LONGEST_CODE
from ibr.web.signing import picture_of, site_of, take_ticket, ticket_for
from ibr.web.visit import Visit

HERE: Final = "/security"
_PASSKEY, _SECRET = "new_passkey", "new_secret"


async def show(visit: Visit) -> Response[str]:
    """The page."""
    settings = visit.services.settings
    async with visit.services.database.transaction(()) as connection:
        account = await _account(visit, connection)
        sessions = await sessions_of(
            connection,
            account.officer_id,
            visit.secret(SESSION_COOKIE),
            at=visit.at,
            idle=timedelta(minutes=settings.session_minutes),
            longest=timedelta(hours=settings.session_hours),
        )
        told = await notices_of(connection, account.officer_id)
        watches = OFFICERS_SEEN in visit.asker().scopes
        of_all = await alarms(connection, visit.at) if watches else None
    site = site_of(visit)
    fresh = _is_fresh(visit) and not account.break_glass
    ticket = ticket_for(visit, _PASSKEY, _holder(visit)) if fresh and site else ""
    options = (
        options_to_register(visit.services.blind_index, site, account, challenge_of(ticket))
        if ticket and site
        else None
    )
    return page(
        visit,
        "security.html",
        account=account,
        sessions=sessions,
        told=told,
        alarms=of_all,
        fresh=fresh,
        needed=second_factor_needed(
            account.roles, production=settings.production, everybody=settings.second_factor == "all"
        ),
        passkeys_here=site is not None,
        passkey=json.dumps(options) if options else "",
        ticket=ticket,
        done=visit.query.get("done", ""),
    )


async def again(visit: Visit) -> Response[str]:
    """Ends the session and has the officer prove who they are once more, with everything that is
    asked for at any sign-in."""
    async with visit.services.database.transaction(()) as connection:
        await sign_out(connection, visit.secret(SESSION_COOKIE), visit.at)
        await record_event(
            connection, kind=SIGNED_OUT, asker=visit.asker(), details={}, at=visit.at
        )
    ended = [cookie(visit, SESSION_COOKIE, "", seconds=0)]
    return go_to(visit, f"/sign-in?next={HERE}&again=1", ended)


async def show_app(visit: Visit) -> Response[str]:
    """A new secret for an authenticator app; it counts once a code of it was given."""
    if not _is_fresh(visit):
        return go_to(visit, HERE)
    async with visit.services.database.transaction(()) as connection:
        account = await _changeable(visit, connection)
    return _app(visit, account, totp.new_secret(os.urandom(20)), wrong=False)


async def enter_app(visit: Visit) -> Response[str]:
    """Takes the first code of a new app."""
    _must_be_fresh(visit)
    services, code = visit.services, visit.form.get("code", "")[:LONGEST_CODE]
    try:
        secret = services.tickets.read(
            _SECRET,
            _holder(visit),
            visit.form.get("ticket", ""),
            totp.Secret,
            at=visit.at,
            life=FORM_LIFE,
        )
    except NotProven:
        return go_to(visit, f"{HERE}/app")
    async with services.database.transaction(()) as connection:
        account = await _changeable(visit, connection)
        fitting = totp.step_of(secret, code, visit.at)
        if fitting is None:
            return _app(visit, account, secret, wrong=True)
        number = account.officer_id
        await totp.keep(connection, services.sealer, number, secret, fitting, visit.at)
        await changed(connection, visit.asker(), "totp_set", visit.at)
        return await _done(visit, connection, account, "app")


async def remove_app(visit: Visit) -> Response[str]:
    """Removes the authenticator app."""
    _must_be_fresh(visit)
    async with visit.services.database.transaction(()) as connection:
        account = await _changeable(visit, connection)
        await remove_totp(connection, visit.asker(), visit.at)
        return await _done(visit, connection, account, "removed")


async def add_passkey(visit: Visit) -> Response[str]:
    """Registers the passkey that the browser made."""
    _must_be_fresh(visit)
    site, ticket = site_of(visit), visit.form.get("ticket", "")
    if site is None:
        raise NotFound("passkey.not_here", "Passkeys cannot be used at this address.")
    async with visit.services.database.transaction(()) as connection:
        account = await _changeable(visit, connection)
        await take_ticket(visit, connection, _PASSKEY, _holder(visit), ticket)
        await register(
            connection,
            site,
            account,
            name=visit.form.get("name", ""),
            answer=visit.form.get("answer", ""),
            challenge=challenge_of(ticket),
            at=visit.at,
        )
        await changed(connection, visit.asker(), "passkey_added", visit.at)
        return await _done(visit, connection, account, "passkey")


async def drop_passkey(visit: Visit) -> Response[str]:
    """Removes a passkey."""
    _must_be_fresh(visit)
    async with visit.services.database.transaction(()) as connection:
        account = await _changeable(visit, connection)
        await remove_passkey(connection, visit.asker(), visit.path("number"), visit.at)
        return await _done(visit, connection, account, "removed")


async def make_codes(visit: Visit) -> Response[str]:
    """Fresh codes on paper in place of the earlier ones."""
    _must_be_fresh(visit)
    services = visit.services
    async with services.database.transaction(()) as connection:
        account = await _changeable(visit, connection)
        if not account.factors:
            raise NotAllowed("factor.none", "Set up an authenticator app or a passkey first.")
        asker = visit.asker()
        codes = await new_recovery_codes(connection, services.blind_index, asker, visit.at)
        return await _show_codes(visit, connection, codes)


async def end(visit: Visit) -> Response[str]:
    """Ends one other session, or all others."""
    number = visit.form.get("session", "")
    async with visit.services.database.transaction(()) as connection:
        if number.isascii() and number.isdigit() and len(number) < 19:
            await end_session(connection, visit.asker(), int(number), visit.at)
        else:
            secret = visit.secret(SESSION_COOKIE)
            await end_other_sessions(connection, visit.asker(), secret, visit.at)
    return go_to(visit, f"{HERE}?done=ended")


async def _done(visit: Visit, connection: Connection, account: Account, what: str) -> Response[str]:
    """After a change of factors: codes on paper where there are none yet, and another session."""
    if account.recovery_left == 0:
        codes = await make_recovery_codes(
            connection, visit.services.blind_index, account.officer_id, visit.at
        )
        return await _show_codes(visit, connection, codes)
    fresh = await renewed(connection, account.officer_id, visit.secret(SESSION_COOKIE), visit.at)
    return go_to(visit, f"{HERE}?done={what}", [cookie(visit, SESSION_COOKIE, fresh)])


async def _show_codes(visit: Visit, connection: Connection, codes: list[str]) -> Response[str]:
    number = visit.asker().id
    fresh = await renewed(connection, number, visit.secret(SESSION_COOKIE), visit.at)
    answer = page(visit, "recovery_codes.html", paper=codes, after=HERE)
    answer.cookies.append(cookie(visit, SESSION_COOKIE, fresh))
    return answer


def _app(visit: Visit, account: Account, secret: totp.Secret, *, wrong: bool) -> Response[str]:
    return page(
        visit,
        "authenticator.html",
        status=400 if wrong else 200,
        wrong=wrong,
        demanded=False,
        action=f"{HERE}/app",
        token=visit.session.form_token if visit.session else "",
        ticket=visit.services.tickets.write(_SECRET, _holder(visit), secret, visit.at),
        picture=picture_of(visit, secret, account),
        words=in_groups(secret.text),
    )


async def _account(visit: Visit, connection: Connection) -> Account:
    account = await account_of(connection, visit.asker().id, visit.at)
    if account is None:
        raise NotProven("session.none", "Your session has ended. Please sign in again.")
    return account


async def _changeable(visit: Visit, connection: Connection) -> Account:
    """The account, with all changes of its factors one after another."""
    await hold(connection, visit.asker().id)
    account = await _account(visit, connection)
    must_be_no_emergency_account(account)
    return account


def _holder(visit: Visit) -> str:
    """What tickets of this session are bound to; another session's are of no use."""
    return visit.secret(SESSION_COOKIE)


def _is_fresh(visit: Visit) -> bool:
    # Not the time of a password that was asked for once more in between: who knows the password
    # and found an open screen must not make themselves a factor.
    proved = visit.session.signed_in_at if visit.session else None
    return proved is not None and proved > visit.at - FRESH


def _must_be_fresh(visit: Visit) -> None:
    """NotAllowed long after signing in: an unlocked screen must not cost an officer the account."""
    if not _is_fresh(visit):
        raise NotAllowed(
            "session.not_fresh", "Sign in again to change how you sign in, then repeat this."
        )
