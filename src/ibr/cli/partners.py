"""`ibr partners`: who may speak to the registry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
import typer

from ibr.access import partners
from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.db.pool import owner_transaction
from ibr.errors import NotUnderstood
from ibr.settings import Settings
from ibr_messages.jwk import check_partner_jwks

app = typer.Typer(help="Who may speak to the registry.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("add")
@command
def add(
    sender_id: Annotated[str, typer.Argument(help="The partner's sender_id in messages.")],
    name: Annotated[str | None, typer.Option(help="Name of the organisation.")] = None,
    programme: Annotated[
        list[str] | None, typer.Option(help="Code of a programme it may report for, or all.")
    ] = None,
    ask: Annotated[
        list[str] | None, typer.Option(help="Code of a programme it may ask about, or all.")
    ] = None,
    scope: Annotated[list[str] | None, typer.Option(help="A scope, or all.")] = None,
    signature: Annotated[str, typer.Option(help="required, or off in development.")] = "required",
    jwks: Annotated[Path | None, typer.Option(help="File with its public keys.")] = None,
    jwks_url: Annotated[str | None, typer.Option(help="Where it publishes its keys.")] = None,
    callback_url: Annotated[
        list[str] | None, typer.Option(help="An address the registry may call back.")
    ] = None,
    json: Json = False,
) -> None:
    """Add a partner and print its client id and secret, which is shown only this once."""
    settings, location = settings_and_database()
    if signature not in ("required", "off"):
        raise NotUnderstood("partner.signature", "--signature is required or off.")
    if signature == "off" and settings.production:
        raise NotUnderstood(
            "partner.signature", "--signature off is refused when IBR_PROFILE=production."
        )
    keys = check_partner_jwks(_read_json(jwks)) if jwks else []
    callbacks = [_callback(settings, each) for each in callback_url or []]

    async def work() -> dict[str, str]:
        async with owner_transaction(location.dsn) as connection:
            return await partners.add_partner(
                connection,
                sender_id=sender_id,
                name=name,
                report=programme or [],
                ask=ask or [],
                scopes=scope or ["all"],
                signature_policy=signature,
                keys=keys,
                jwks_url=jwks_url,
                callback_urls=callbacks,
            )

    added = wait_for(work())
    if json:
        data(added)
        return
    said(f"Partner {added['sender_id']} was added.")
    said(f"  client_id      {added['client_id']}")
    said(f"  client_secret  {added['client_secret']}")
    said("Hand the secret over on a safe way; it is not kept and cannot be shown again.")


def _read_json(path: Path) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes())
    except OSError:
        raise NotUnderstood("file.unreadable", f"{path} cannot be read.") from None
    except msgspec.DecodeError:
        raise NotUnderstood("file.json", f"{path} is not JSON.") from None


def _callback(settings: Settings, url: str) -> str:
    """An address the registry may call: https; plain http only on this machine, in development."""
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname == "127.0.0.1" and not settings.production
    if (parts.scheme == "https" or local) and parts.hostname and not parts.username:
        return url
    raise NotUnderstood(
        "partner.callback",
        f"{url}: a callback address is https://host/path; http://127.0.0.1 only in development.",
    )


@app.command("list")
@command
def list_partners(json: Json = False) -> None:
    """List partners with their programmes and rights."""
    _, location = settings_and_database()

    async def work() -> list[dict[str, Any]]:
        async with owner_transaction(location.dsn) as connection:
            return await partners.list_partners(connection)

    found = wait_for(work())
    if json:
        data(found)
        return
    table(
        "Partners",
        ("Sender", "Name", "Reports for", "Asks about", "Signature", "Keys", "State"),
        [
            (
                each["sender_id"],
                each["name"],
                ", ".join(each["reports"]),
                ", ".join(each["asks"]),
                each["signature"],
                len(each["keys"]),
                "shut out" if each["suspended"] else "active",
            )
            for each in found
        ],
    )


@app.command("keys")
@command
def keys(
    sender_id: Annotated[str, typer.Argument(help="The partner's sender_id.")],
    add_jwks: Annotated[Path | None, typer.Option("--add", help="File with public keys.")] = None,
    revoke: Annotated[str | None, typer.Option(help="Key id to revoke.")] = None,
    json: Json = False,
) -> None:
    """Show a partner's keys, add some, or revoke one."""
    _, location = settings_and_database()
    fresh = check_partner_jwks(_read_json(add_jwks)) if add_jwks else []

    async def work() -> list[dict[str, Any]]:
        async with owner_transaction(location.dsn) as connection:
            return await partners.change_keys(connection, sender_id, add=fresh, revoke=revoke)

    found = wait_for(work())
    if json:
        data(found)
        return
    table(
        f"Keys of {sender_id}",
        ("Key", "Algorithm", "From", "Until", "Revoked"),
        [
            (key["kid"], key["algorithm"], key["not_before"], key["not_after"], key["revoked_at"])
            for key in found
        ],
    )


@app.command("suspend")
@command
def suspend(
    sender_id: Annotated[str, typer.Argument(help="The partner's sender_id.")],
    lift: Annotated[bool, typer.Option("--lift", help="Let it in again.")] = False,
) -> None:
    """Shut a partner out within seconds, or let it in again."""
    _, location = settings_and_database()

    async def work() -> None:
        async with owner_transaction(location.dsn) as connection:
            await partners.suspend_partner(connection, sender_id, suspended=not lift)

    wait_for(work())
    said(f"{sender_id} is {'let in again' if lift else 'shut out'}.")
