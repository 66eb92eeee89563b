"""An officer who proves on the command line to be one, with everything that the pages ask for."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from ibr.access.staff.model import Session
from ibr.access.staff.second.model import Step
from ibr.access.staff.second.rules import second_factor_needed
from ibr.access.staff.second.steps import account_at, open_for, try_code, what_is_next
from ibr.access.staff.sign_in import (
    Candidate,
    candidate,
    count_failure,
    officer_of,
    session_of,
    sign_out,
    stamp_of,
)
from ibr.asker import Asker, Purpose
from ibr.clock import now
from ibr.db.pool import Connection, Database
from ibr.errors import NotProven, TooMuch
from ibr.protection.blind_index import BlindIndex
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer
from ibr.settings import Settings

Officer = Annotated[str, typer.Option(help="E-mail address of the officer who does it.")]
Password = Annotated[str, typer.Option(prompt=True, hide_input=True, envvar="IBR_OFFICER_PASSWORD")]
Code = Annotated[
    str,
    typer.Option(
        envvar="IBR_OFFICER_CODE",
        help="Code of the officer's authenticator app, or a recovery code, where one is needed.",
    ),
]
_PLACE = "command line"
_MOMENT = timedelta(minutes=1)


async def proven(
    database: Database, settings: Settings, email: str, password: str, code: str
) -> Asker:
    """The officer as the gate sees them; NotProven unless password and code hold."""
    async with database.transaction(()) as connection:
        who = await candidate(connection, email, _PLACE, now())
    number = await officer_of(who, password)
    if number is None:
        async with database.transaction(()) as connection:
            await count_failure(connection, who, now())
        raise NotProven("sign_in.wrong", "The address or the password is wrong.")
    step = Step(
        officer_id=number,
        how="password",
        stamp=stamp_of(who.password_hash),
        proved_at=now(),
        after="",
    )
    async with database.transaction(()) as connection:
        factor = await _second(connection, settings, step, code)
    if factor is None:
        raise NotProven("sign_in.code_wrong", "The code is wrong, too old, or was used before.")
    async with database.transaction(()) as connection:
        session = await _session(connection, who, step, factor)
    return session.officer.asker(Purpose("official_duty"))


async def _second(connection: Connection, settings: Settings, step: Step, code: str) -> str | None:
    """The second factor that held, empty where none is asked for; None when it did not hold."""
    account = await account_at(connection, step, now())
    needed = second_factor_needed(
        account.roles, production=settings.production, everybody=settings.second_factor == "all"
    )
    following = what_is_next(account, needed=needed)
    if following == "session":
        return ""
    if following == "set_up" or not code:
        raise NotProven(
            "sign_in.code_needed",
            "This officer needs a second factor. Give a code of the authenticator app with "
            "--code; an app is set up on the pages, under Security.",
        )
    keyring = open_keyring(settings.data_dir / "keys", create=False)
    sealer, blind_index = Sealer(keyring), BlindIndex(keyring.index)
    answer = await try_code(connection, sealer, blind_index, account, code, now())
    if answer.kind == "wait":
        raise TooMuch(
            "sign_in.slow_down",
            "There were several failed attempts. Please wait a little and try again.",
            retry_after=answer.seconds,
        )
    return answer.factor if answer.kind == "ok" else None


async def _session(connection: Connection, who: Candidate, step: Step, factor: str) -> Session:
    """A session of a moment, which has everything about the officer; it ends at once."""
    at = now()
    account = await account_at(connection, step, at)
    secret = await open_for(
        connection,
        account,
        how=" ".join(filter(None, ("password", factor))),
        tried=who.tried,
        proved_at=at,
        place=_PLACE,
        agent="",
        at=at,
    )
    ends_at = now()
    session = await session_of(connection, secret, ends_at, _MOMENT)
    await sign_out(connection, secret, ends_at)
    if session is None:
        raise NotProven("sign_in.wrong", "The address or the password is wrong.")
    return session
