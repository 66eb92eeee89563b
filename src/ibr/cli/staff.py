"""`ibr staff`: officers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Annotated, Any, TypeVar

import typer
from rich.markup import escape

from ibr.access.approvals import officer_role
from ibr.access.approvals.alone import done_alone
from ibr.access.staff.add_officer import add_officer, programme_numbers
from ibr.access.staff.model import Grant
from ibr.access.staff.people.give_role import end_all_sessions, end_role, give_role
from ibr.access.staff.people.links.one_time import make_link
from ibr.access.staff.people.look import (
    everyone,
    officer_by_email,
    open_sessions,
    programme_codes,
    state_of,
)
from ibr.access.staff.people.suspend import let_in
from ibr.access.staff.people.suspend import suspend as shut_out
from ibr.access.staff.rights import RIGHTS
from ibr.access.staff.roles import NEED_TWO, WantedRole
from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.cli.staff_security import break_glass, drop_factors
from ibr.clock import now
from ibr.db.pool import Connection, owner_transaction
from ibr.errors import NotFound, NotUnderstood
from ibr.ids import new_secret
from ibr.settings import Settings

app = typer.Typer(help="Officers who use the pages.", no_args_is_help=True)
app.command("drop-factors")(drop_factors)
app.command("break-glass")(break_glass)

R = TypeVar("R")
Email = Annotated[str, typer.Argument(help="E-mail address, the sign-in name.")]
Role = Annotated[str, typer.Option(help=f"{', '.join(list(RIGHTS)[:-1])} or {list(RIGHTS)[-1]}.")]
Name = Annotated[str | None, typer.Option(help="Name shown to colleagues.")]
Programme = Annotated[
    list[str] | None, typer.Option(help="Code of a programme in reach; none for all.")
]
Area = Annotated[list[str] | None, typer.Option(help="Code of an area in reach; none for all.")]
Until = Annotated[str | None, typer.Option(help="Last day of the role, as 2026-12-31.")]
Partner = Annotated[
    str | None, typer.Option(help="sender_id of the partner that a developer works for.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def staff() -> None:
    """Officers who use the pages."""


@app.command("add")
@command
def add(
    email: Email,
    role: Role,
    name: Name = None,
    programme: Programme = None,
    area: Area = None,
    until: Until = None,
    partner: Partner = None,
    password: Annotated[
        str | None, typer.Option(envvar="IBR_NEW_PASSWORD", help="Made up where none is given.")
    ] = None,
    json: Json = False,
) -> None:
    """Add an officer; a made-up password is printed once."""
    chosen = password or new_secret()[:20]

    async def work(connection: Connection, settings: Settings) -> None:
        await add_officer(
            connection,
            email,
            name or email,
            role,
            programme,
            chosen,
            partner,
            areas=area,
            until=_day(until),
        )
        await _alone(connection, settings, role)

    _do(work)
    if json:
        data({"email": email, "role": role, **({} if password else {"password": chosen})})
        return
    said(f"Officer {email} was added as {role}.")
    if not password:
        said(f"  password  {chosen}")
        said("Hand it over on a safe way; it cannot be shown again.")


@app.command("invite")
@command
def invite(
    email: Email,
    role: Annotated[
        str | None, typer.Option(help="For somebody new: the role, as for ibr staff add.")
    ] = None,
    name: Name = None,
    programme: Programme = None,
    area: Area = None,
    until: Until = None,
    partner: Partner = None,
    json: Json = False,
) -> None:
    """Print a link to set a password with: with a role for somebody new, else for an officer."""

    async def work(connection: Connection, settings: Settings) -> str:
        if role is not None:
            days = _day(until)
            number = await add_officer(
                *(connection, email, name or email, role, programme, None, partner),
                areas=area,
                until=days,
            )
            await _alone(connection, settings, role)
        else:
            number = (await officer_by_email(connection, email, now())).officer_id
        secret = await make_link(connection, None, number, now())
        return f"{settings.reached_at or ''}/welcome/{secret}"

    link = _do(work)
    if json:
        data({"email": email, "link": link})
        return
    said(f"A link for {email}; it works once, for 72 hours:")
    said(f"  {link}")
    said("Hand it over on a safe way; it cannot be shown again.")


@app.command("list")
@command
def list_officers(json: Json = False) -> None:
    """List officers with their roles and how they stand."""

    async def work(connection: Connection, _settings: Settings) -> list[dict[str, Any]]:
        at, codes = now(), await programme_codes(connection)
        return [
            {
                "email": each.email,
                "name": each.name,
                "state": state_of(each, at),
                "last_seen": each.seen_at,
                "partner": each.partner,
                "roles": [
                    _plain(grant, codes)
                    for grant in each.grants
                    if grant.state(at.date()) in ("now", "coming")
                ],
            }
            for each in await everyone(connection, at)
        ]

    found = _do(work)
    if json:
        data(found)
        return
    table(
        "Officers",
        ("E-mail", "Name", "State", "Roles", "Last seen"),
        [
            (
                escape(each["email"]),
                escape(each["name"]),
                each["state"],
                "; ".join(_written(role) for role in each["roles"]),
                f"{each['last_seen']:%Y-%m-%d %H:%M}" if each["last_seen"] else "",
            )
            for each in found
        ],
    )


@app.command("role")
@command
def change_role(
    email: Email,
    give: Annotated[str | None, typer.Option(help="Role to give.")] = None,
    end: Annotated[str | None, typer.Option(help="Role to end.")] = None,
    programme: Programme = None,
    area: Area = None,
    until: Until = None,
) -> None:
    """Give an officer a role, or end one; every session ends with a role."""
    if (give is None) == (end is None):
        raise NotUnderstood("officer.role", "Say either --give ROLE or --end ROLE.")

    async def work(connection: Connection, settings: Settings) -> None:
        officer = await officer_by_email(connection, email, now())
        if give is not None:
            wanted = WantedRole(
                role=give,
                programmes=await programme_numbers(connection, programme),
                areas=tuple(area) if area else None,
                valid_until=_day(until),
            )
            await give_role(connection, None, officer.officer_id, wanted, now())
            await _alone(connection, settings, give)
            return
        for grant in officer.grants:
            if grant.role == end and grant.ended_at is None:
                await end_role(connection, None, officer.officer_id, grant.role_id, now())
                return
        raise NotFound("officer.role_unknown", f"The officer does not hold the role {end}.")

    _do(work)
    said(f"{email} {'has' if give else 'no longer has'} the role {give or end}.")


@app.command("suspend")
@command
def suspend(
    email: Email,
    lift: Annotated[bool, typer.Option("--lift", help="Let the officer in again.")] = False,
) -> None:
    """Shut an officer out at once, or let one in again."""

    async def work(connection: Connection, _settings: Settings) -> None:
        officer = await officer_by_email(connection, email, now())
        step = let_in if lift else shut_out
        await step(connection, None, officer.officer_id, now())

    _do(work)
    said(f"{email} is {'let in again' if lift else 'shut out'}.")


@app.command("sessions")
@command
def sessions(
    email: Email,
    end: Annotated[bool, typer.Option("--end", help="End all of them.")] = False,
    json: Json = False,
) -> None:
    """List an officer's open sessions, or end all of them."""

    async def work(connection: Connection, settings: Settings) -> list[dict[str, Any]]:
        officer = await officer_by_email(connection, email, now())
        found = await open_sessions(
            connection,
            officer.officer_id,
            now(),
            longest=timedelta(hours=settings.session_hours),
            idle=timedelta(minutes=settings.session_minutes),
        )
        if end:
            await end_all_sessions(connection, None, officer.officer_id, now())
        return [
            {
                "role": each.role,
                "since": each.started_at,
                "last_seen": each.seen_at,
                "place": each.place,
            }
            for each in found
        ]

    found = _do(work)
    if json:
        data({"ended": end, "sessions": found})
    elif end:
        said(f"{len(found)} sessions of {email} were ended.")
    else:
        table(
            f"Open sessions of {email}",
            ("Role", "Since", "Last used", "From"),
            [
                (
                    each["role"],
                    f"{each['since']:%Y-%m-%d %H:%M}",
                    f"{each['last_seen']:%Y-%m-%d %H:%M}",
                    each["place"],
                )
                for each in found
            ],
        )


def _do(work: Callable[[Connection, Settings], Awaitable[R]]) -> R:
    """Does the work in one transaction of whoever runs the registry."""
    settings, location = settings_and_database()

    async def run() -> R:
        async with owner_transaction(location.dsn) as connection:
            return await work(connection, settings)

    return wait_for(run())


async def _alone(connection: Connection, settings: Settings, role: str) -> None:
    if role in NEED_TWO:
        await done_alone(connection, officer_role.NAME, now(), production=settings.production)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotUnderstood("officer.days", "Write a day as 2026-12-31.") from None


def _plain(grant: Grant, codes: dict[int, str]) -> dict[str, Any]:
    programmes = grant.programmes
    return {
        "role": grant.role,
        "programmes": None if programmes is None else [codes[each] for each in programmes],
        "areas": grant.areas,
        "from": grant.valid_from,
        "until": grant.valid_until,
    }


def _written(role: dict[str, Any]) -> str:
    words = [role["role"]]
    words += [", ".join(role["programmes"])] if role["programmes"] is not None else []
    words += ["in " + ", ".join(role["areas"])] if role["areas"] is not None else []
    words += [f"until {role['until']}"] if role["until"] else []
    return " ".join(words)
