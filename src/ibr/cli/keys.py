"""`ibr keys`: the registry's own keys, to sign with, to be written to, and for bearer tokens."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.clock import now
from ibr.db.pool import owner_transaction
from ibr.interop.dci import keys
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer
from ibr.settings import Settings

app = typer.Typer(help="The registry's own keys.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Use(StrEnum):
    """What a key is for."""

    SIG = "sig"
    ENC = "enc"
    TOKEN = "token"  # noqa: S105  # a use of keys, no secret


def _sealer(settings: Settings) -> Sealer:
    return Sealer(open_keyring(settings.data_dir / "keys", create=False))


@app.command("list")
@command
def list_keys(json: Json = False) -> None:
    """List the registry's keys with their state; those of the last year."""
    _, location = settings_and_database()
    at = now()

    async def work() -> list[keys.OwnKey]:
        async with owner_transaction(location.dsn) as connection:
            return await keys.own_keys(connection, at)

    shown = [
        {
            "kid": key.kid,
            "use": key.use,
            "algorithm": key.algorithm,
            "from": key.not_before,
            "until": key.revoked_at or key.not_after,
            "state": key.state(at),
        }
        for key in wait_for(work())
    ]
    if json:
        data(shown)
        return
    table(
        "The registry's keys",
        ("Key", "Use", "Algorithm", "From", "Until", "State"),
        [
            (
                each["kid"],
                each["use"],
                each["algorithm"],
                f"{each['from']:%Y-%m-%d %H:%M}",
                f"{each['until']:%Y-%m-%d %H:%M}" if each["until"] else "",
                each["state"],
            )
            for each in shown
        ],
    )


@app.command("rotate")
@command
def rotate(
    use: Annotated[Use, typer.Option(help="Which keys.")] = Use.SIG,
    at_once: Annotated[
        bool,
        typer.Option(
            "--now", help="The key was stolen: revoke the one in use and replace it at once."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Make the next key and announce it a day ahead; the one in use ends when it begins."""
    settings, location = settings_and_database()
    sealer = _sealer(settings)

    async def work() -> list[tuple[str, object]]:
        async with owner_transaction(location.dsn) as connection:
            change = keys.rotate_now if at_once else keys.rotate
            return [*await change(connection, sealer, use.value, now())]

    made = wait_for(work())
    if json:
        data([{"kid": kid, "use": use.value, "from": begins} for kid, begins in made])
        return
    for kid, begins in made:
        said(f"{kid} ({use.value}) is used from {begins:%Y-%m-%d %H:%M} UTC on.")
    if at_once and use is not Use.TOKEN:
        said("Tell your partners to read /.well-known/jwks.json again now.")


@app.command("revoke")
@command
def revoke(
    kid: Annotated[str, typer.Argument(help="The key's id; see ibr keys list.")],
) -> None:
    """Revoke a key: it is neither used nor published any more, and replaced if it was in use."""
    settings, location = settings_and_database()
    sealer = _sealer(settings)

    async def work() -> str | None:
        async with owner_transaction(location.dsn) as connection:
            return await keys.revoke(connection, sealer, kid, now())

    successor = wait_for(work())
    said(f"{kid} is revoked.")
    if successor is not None:
        said(f"{successor} is used in its place from now on.")
        said("Tell your partners to read /.well-known/jwks.json again now.")
