"""`ibr publish`: releases of figures to the public and to partners."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape

from ibr.cli.officer_proof import Code, Officer, Password, proven
from ibr.cli.release_files import prepare
from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.clock import now
from ibr.coverage.catalogue.all import BY_CODE
from ibr.coverage.facts.write import facts_folder
from ibr.coverage.figures import read as figures
from ibr.db.pool import open_database
from ibr.errors import NotFound, NotUnderstood
from ibr.publish.releases import read
from ibr.publish.releases import sign as people
from ibr.publish.releases.build import Wanted, build_release
from ibr.publish.releases.calendar.announce import announce, announced
from ibr.publish.releases.check import check_published
from ibr.publish.releases.chosen import DEFAULT, PUBLISHABLE, read_choice, read_family
from ibr.publish.releases.model import AUDIENCES, Audience, CalendarEntry, ReleaseHead

app = typer.Typer(help="Releases of figures to the public and to partners.", no_args_is_help=True)
app.command("prepare")(prepare)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Number = Annotated[int, typer.Argument(help="Number of the release.")]
For = Annotated[str, typer.Option("--for", help="public or partners.")]


def _audience(text: str) -> Audience:
    for each in AUDIENCES:
        if each == text:
            return each
    raise NotUnderstood("release.audience", "Write --for public or --for partners.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotUnderstood("date.invalid", "Write a day as 2026-01-31.") from None


@app.command("build")
@command
def build(
    month: Annotated[list[str] | None, typer.Option(help="As 2026-10; else the newest.")] = None,
    audience: For = "public",
    choose: Annotated[
        list[str] | None,
        typer.Option(help="As N1:programme*area1; else all of --about. See: ibr publish choices"),
    ] = None,
    about: Annotated[
        str, typer.Option(help="places, or overlaps: functions and overlaps of the country.")
    ] = "places",
    note: Annotated[str, typer.Option(help="What readers should know of it.")] = "",
    json: Json = False,
) -> None:
    """Protect figures and keep them as a release that waits for two signatures."""
    settings, location = settings_and_database()
    choice = read_choice(choose) if choose else ()
    family = read_family(about)

    wanted = Wanted(
        audience=_audience(audience),
        periods=tuple(month or ()),
        choice=choice,
        family=family,
        licence=settings.release_licence,
        note=note,
    )
    head = wait_for(_build(location.dsn, wanted, facts_folder(settings.data_dir)))
    if json:
        data(_plain(head))
        return
    said(
        f"Release {head.release_no} for {head.audience}, {', '.join(head.periods)}: "
        f"{head.shown:,} figures are shown, {head.hidden:,} are not."
    )
    for each in head.known_before:
        said(f"  Cannot be hidden any more: {escape(each)}")
    said("Two people look at it on the page Releases and sign it, then one publishes it.")


async def _build(dsn: str, wanted: Wanted, folder: Path) -> ReleaseHead:
    """Builds the release of the months that are named, or else of the newest."""
    database = await open_database(dsn, "ibr_worker", size=1, name="ibr publish")
    try:
        if not wanted.periods:
            async with database.transaction(()) as connection:
                months = await figures.months(connection, "N1")
            if not months:
                raise NotFound("release.no_figures", "There are no figures yet.")
            wanted = msgspec.structs.replace(wanted, periods=tuple(months[-1:]))
        number = await build_release(database, wanted, BY_CODE, folder, now())
        async with database.transaction(()) as connection:
            return await read.one_release(connection, number)
    finally:
        await database.close()


@app.command("choices")
@command
def choices(json: Json = False) -> None:
    """List what may be published; a star marks what is by default."""
    rows = [
        (code, breakdown or "(total)", "*" if (code, breakdown) in DEFAULT else "")
        for code, some in PUBLISHABLE.items()
        for breakdown in some
    ]
    if json:
        data({code: list(some) for code, some in PUBLISHABLE.items()})
    else:
        table("What may be published", ("Indicator", "Breakdown", "Default"), rows)


@app.command("list")
@command
def list_releases(json: Json = False) -> None:
    """List releases, the newest first."""
    _, location = settings_and_database()

    async def work() -> list[ReleaseHead]:
        database = await open_database(location.dsn, "ibr_app", size=1, name="ibr publish")
        try:
            async with database.transaction(()) as connection:
                return await read.releases(connection, published=False)
        finally:
            await database.close()

    found = wait_for(work())
    if json:
        data([_plain(each) for each in found])
        return
    table(
        "Releases",
        ("No.", "For", "Months", "State", "Shown", "Hidden", "Built", "Published"),
        [
            (
                each.release_no,
                each.audience,
                ", ".join(each.periods),
                each.state,
                each.shown,
                each.hidden,
                each.built_at.date(),
                each.published_at.date() if each.published_at else "",
            )
            for each in found
        ],
    )


@app.command("check")
@command
def check(
    audience: Annotated[str, typer.Option("--for", help="public or partners; else both.")] = "",
    month: Annotated[str, typer.Option(help="As 2026-10; else all.")] = "",
    json: Json = False,
) -> None:
    """Attack everything published so far; fails where something hidden can be known."""
    _, location = settings_and_database()

    async def work() -> Any:
        database = await open_database(location.dsn, "ibr_worker", size=1, name="ibr publish")
        try:
            return await check_published(
                database, audience=_audience(audience) if audience else None, period=month or None
            )
        finally:
            await database.close()

    steps, told = wait_for(work())
    if json:
        data({"attacked": steps, "found": told})
    else:
        for each in told:
            place = f"Release {each.release_no} ({each.audience}), {each.period}"
            said(f"{place}: {escape(each.what)}")
        said(f"{steps} months of releases were attacked; {len(told)} things were found.")
    if told:
        raise typer.Exit(1)


@app.command("sign")
@command
def sign(number: Number, officer: Officer, password: Password, code: Code = "") -> None:
    """Stand for a release; two different officers must."""
    _as_officer(officer, password, code, lambda c, who: people.sign(c, who, number, now()))
    said(f"Release {number} is signed by {officer}.")


@app.command("publish")
@command
def publish(number: Number, officer: Officer, password: Password, code: Code = "") -> None:
    """Publish a release that two people signed."""
    _as_officer(officer, password, code, lambda c, who: people.publish(c, who, number, now()))
    said(f"Release {number} is published.")


@app.command("withdraw")
@command
def withdraw(
    number: Number,
    officer: Officer,
    password: Password,
    reason: Annotated[str, typer.Option(help="Why, in words for the readers.")],
    code: Code = "",
) -> None:
    """Withdraw a release; it stays readable as withdrawn."""
    _as_officer(
        officer, password, code, lambda c, who: people.withdraw(c, who, number, reason, now())
    )
    said(f"Release {number} is withdrawn.")


@app.command("calendar")
@command
def calendar(
    month: Annotated[str, typer.Option(help="The month to announce, as 2026-11.")] = "",
    on: Annotated[str, typer.Option(help="The day on which it will be published.")] = "",
    audience: For = "public",
    note: Annotated[str, typer.Option(help="What is special about it.")] = "",
    json: Json = False,
) -> None:
    """List what is announced; with --month and --on announce a release."""
    _, location = settings_and_database()
    if bool(month) != bool(on):
        raise NotUnderstood("release.calendar", "Write both --month and --on to announce one.")

    async def work() -> list[CalendarEntry]:
        database = await open_database(location.dsn, "ibr_worker", size=1, name="ibr publish")
        try:
            async with database.transaction(()) as connection:
                if month:
                    whom = _audience(audience)
                    await announce(connection, whom, month, _day(on), now(), note=note)
                return list(await announced(connection))
        finally:
            await database.close()

    found = wait_for(work())
    if json:
        data(found)
        return
    table(
        "Calendar of releases",
        ("Due", "Month", "For", "Note", "Release"),
        [(c.due_on, c.period, c.audience, escape(c.note), c.release_no or "") for c in found],
    )


def _as_officer(email: str, password: str, code: str, step: Any) -> None:
    """Does a step as an officer who proves to be one: two people are two passwords."""
    settings, location = settings_and_database()

    async def work() -> None:
        database = await open_database(location.dsn, "ibr_app", size=1, name="ibr publish")
        try:
            asker = await proven(database, settings, email, password, code)
            async with database.transaction(()) as connection:
                await step(connection, asker)
        finally:
            await database.close()

    wait_for(work())


def _plain(head: ReleaseHead) -> dict[str, Any]:
    """What a program wants to know of a release."""
    return {
        "release": head.release_no,
        "audience": head.audience,
        "state": head.state,
        "periods": head.periods,
        "shown": head.shown,
        "hidden": head.hidden,
        "known_before": head.known_before,
        "digest": head.digest.hex(),
        "published_at": head.published_at,
        "withdrawn_reason": head.withdrawn_reason,
    }
