"""What the pages of signing in share: the step half-way, its forms, and the way into a session."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final
from urllib.parse import urlsplit

import msgspec
from litestar import Response
from litestar.datastructures import Cookie
from markupsafe import Markup

from ibr.access.staff.second import totp
from ibr.access.staff.second.account import account_of
from ibr.access.staff.second.model import Account, Step
from ibr.access.staff.second.passkeys import Site
from ibr.access.staff.second.rules import FORM_LIFE, STEP_LIFE, second_factor_needed
from ibr.access.staff.second.steps import Next, open_for, what_is_next
from ibr.access.staff.second.tickets import spend
from ibr.access.staff.sign_in import SESSION_COOKIE
from ibr.db.pool import Connection
from ibr.errors import NotProven
from ibr.web.answers import cookie, go_to
from ibr.web.visit import Visit

STEP_COOKIE: Final = "ibr_step"
# Before there is a session, a form's token is compared with this cookie: another site can make a
# browser send a form, but not one that agrees with a cookie it cannot read.
FORM_COOKIE: Final = "ibr_form"
PLACES: Final[dict[Next, str]] = {"second": "/sign-in/second", "set_up": "/sign-in/set-up"}


# What an authenticator app shows over the codes of this registry.
_ISSUER: Final = "Beneficiary Registry"


class Nothing(msgspec.Struct, frozen=True):
    """The content of a ticket that says no more than that it was made."""


def site_of(visit: Visit) -> Site | None:
    """Where passkeys count; None where the address is none that a browser makes passkeys for."""
    settings = visit.services.settings
    if settings.public_url:
        parts = urlsplit(settings.public_url)
        # Browsers make no passkeys for numbers, and none where others can listen.
        if not parts.hostname or parts.hostname.replace(".", "").isdigit() or ":" in parts.hostname:
            return None
        return Site(parts.hostname, f"{parts.scheme}://{parts.netloc}")
    host = visit.request.headers.get("host", "")
    if settings.production or host.partition(":")[0] != "localhost":
        return None
    return Site("localhost", f"http://{host}")


def next_for(visit: Visit, account: Account, *, at_ministry: bool = False) -> Next:
    """What follows the first factor of this account."""
    settings = visit.services.settings
    needed = second_factor_needed(
        account.roles, production=settings.production, everybody=settings.second_factor == "all"
    )
    return what_is_next(account, needed=needed, at_ministry=at_ministry)


def on_to(visit: Visit, step: Step, where: Next) -> Response[str]:
    """Sends somebody half signed in to the page of their step."""
    ticket = visit.services.tickets.write("step", "", step, visit.at)
    seconds = int(STEP_LIFE.total_seconds())
    cookies = [
        cookie(visit, STEP_COOKIE, ticket, seconds=seconds),
        cookie(visit, FORM_COOKIE, "", seconds=0),
    ]
    return go_to(visit, PLACES[where], cookies)


def step_of(visit: Visit) -> Step:
    """Who is half signed in; NotProven when nobody is, or it was too long ago."""
    ticket = visit.secret(STEP_COOKIE)
    return visit.services.tickets.read("step", "", ticket, Step, at=visit.at, life=STEP_LIFE)


def form_token(visit: Visit) -> str:
    """What the forms of a step carry back: only its own browser's pages can know it."""
    return hashlib.sha256(b"form" + visit.secret(STEP_COOKIE).encode()).hexdigest()


def must_be_its_form(visit: Visit) -> None:
    """NotProven for a form that another site made the browser send."""
    given = visit.form.get("form_token", "")
    if not hmac.compare_digest(given.encode(), form_token(visit).encode()):
        raise NotProven("sign_in.step_over", "This step took too long. Please sign in again.")


def ticket_for(visit: Visit, purpose: str, holder: str) -> str:
    """A ticket whose challenge a passkey is to answer."""
    return visit.services.tickets.write(purpose, holder, Nothing(), visit.at)


async def take_ticket(
    visit: Visit, connection: Connection, purpose: str, holder: str, ticket: str
) -> None:
    """NotProven for a ticket that is old, somebody else's, or was taken before."""
    tickets = visit.services.tickets
    tickets.read(purpose, holder, ticket, Nothing, at=visit.at, life=FORM_LIFE)
    if not await spend(connection, ticket, visit.at):
        raise NotProven("sign_in.step_over", "This step took too long. Please sign in again.")


async def end_step(visit: Visit, connection: Connection) -> None:
    """NotProven when the step was ended before: it opens one session and no second."""
    if not await spend(connection, visit.secret(STEP_COOKIE), visit.at):
        raise NotProven("sign_in.step_over", "This step took too long. Please sign in again.")


async def open_session(
    visit: Visit, connection: Connection, account: Account, step: Step, second: str = ""
) -> str:
    """The secret of a session for somebody who has given everything that is asked for."""
    return await open_for(
        connection,
        account,
        how=" ".join(filter(None, (step.how, second))),
        tried=step.tried,
        proved_at=visit.at if second else step.proved_at,
        place=visit.place,
        agent=visit.request.headers.get("user-agent", ""),
        at=visit.at,
    )


def session_cookies(visit: Visit, secret: str) -> list[Cookie]:
    """The session's cookie, and an end to those of the steps before."""
    return [
        cookie(visit, SESSION_COOKIE, secret),
        cookie(visit, STEP_COOKIE, "", seconds=0),
        cookie(visit, FORM_COOKIE, "", seconds=0),
    ]


async def known(visit: Visit, connection: Connection, officer_id: int) -> Account:
    """The account of an officer who proved to be one; NotProven when they were shut out since."""
    account = await account_of(connection, officer_id, visit.at)
    if account is None:
        raise NotProven("sign_in.step_over", "This step took too long. Please sign in again.")
    return account


def picture_of(visit: Visit, secret: totp.Secret, account: Account) -> Markup:
    """The QR code of a secret. All of it is drawn here from numbers; the address is inside them."""
    title = visit.say("Code for the authenticator app")
    return Markup(totp.picture(secret, account.email, _ISSUER, title))  # noqa: S704 -- drawn by us
