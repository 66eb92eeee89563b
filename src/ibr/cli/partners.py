"""`ibr partners`: who may speak to the registry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ibr.access import partners
from ibr.access.approvals.alone import done_alone
from ibr.access.approvals.partner_acts import ADD, KEY
from ibr.access.keys.change_keys import Times, change_keys, known_keys
from ibr.access.keys.model import FetchState, KnownKey
from ibr.calls.rules import check_registered
from ibr.calls.set_up import caller_from, rules_from
from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.clock import now
from ibr.db.pool import owner_transaction
from ibr.errors import NotUnderstood, Unavailable
from ibr.interop.dci.partner_keys import PartnerKeys
from ibr.settings import Settings
from ibr_messages.jwk import check_partner_jwks

app = typer.Typer(help="Who may speak to the registry.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Signature(StrEnum):
    """Whether a partner's messages must be signed."""

    REQUIRED = "required"
    OFF = "off"


class SignatureProfile(StrEnum):
    """How the signed bytes are made (docs/standard/signatures.md)."""

    CANONICAL = "canonical"
    RAW = "raw"


class Encryption(StrEnum):
    """Whether messages are encrypted (docs/standard/encryption.md)."""

    OFF = "off"
    ACCEPTED = "accepted"
    REQUIRED = "required"


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
    signature: Annotated[
        Signature, typer.Option(help="required, or off in development.")
    ] = Signature.REQUIRED,
    profile: Annotated[
        SignatureProfile, typer.Option(help="How the signed bytes are made.")
    ] = SignatureProfile.CANONICAL,
    encryption: Annotated[
        Encryption, typer.Option(help="Whether messages are encrypted, both ways.")
    ] = Encryption.ACCEPTED,
    jwks: Annotated[Path | None, typer.Option(help="File with its public keys.")] = None,
    jwks_url: Annotated[str | None, typer.Option(help="Where it publishes its keys.")] = None,
    callback_url: Annotated[
        list[str] | None, typer.Option(help="An address the registry may call back.")
    ] = None,
    json: Json = False,
) -> None:
    """Add a partner and print its client id and secret, which is shown only this once."""
    settings, location = settings_and_database()
    _check_signature(settings, signature)
    keys = check_partner_jwks(_read_json(jwks)) if jwks else []
    _check_addresses(settings, [*(callback_url or []), *([jwks_url] if jwks_url else [])])

    async def work() -> dict[str, str]:
        async with owner_transaction(location.dsn) as connection:
            await done_alone(connection, ADD, now(), production=settings.production)
            return await partners.add_partner(
                connection,
                sender_id=sender_id,
                name=name,
                report=programme or [],
                ask=ask or [],
                scopes=scope or ["all"],
                signature_policy=signature,
                signature_profile=profile,
                encryption_policy=encryption,
                keys=keys,
                jwks_url=jwks_url,
                callback_urls=callback_url or [],
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


def _check_signature(settings: Settings, signature: Signature | None) -> None:
    if signature is Signature.OFF and settings.production:
        raise NotUnderstood(
            "partner.signature", "--signature off is refused when IBR_PROFILE=production."
        )


def _check_addresses(settings: Settings, addresses: Sequence[str]) -> None:
    """Refuses an address that the registry would never contact: https to a public host or to a
    network of the setting; plain http only to this machine, in development."""
    rules = rules_from(settings)
    for address in addresses:
        check_registered(address, rules)


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
        ("Sender", "Name", "Reports for", "Asks about", "Signed", "Encrypted", "Keys", "State"),
        [
            (
                each["sender_id"],
                each["name"],
                ", ".join(each["reports"]),
                ", ".join(each["asks"]),
                each["signature"],
                each["encryption"],
                len(each["keys"]),
                "shut out" if each["suspended"] else "active",
            )
            for each in found
        ],
    )


@app.command("change")
@command
def change(
    sender_id: Annotated[str, typer.Argument(help="The partner's sender_id.")],
    name: Annotated[str | None, typer.Option(help="Name of the organisation.")] = None,
    signature: Annotated[
        Signature | None, typer.Option(help="required, or off in development.")
    ] = None,
    profile: Annotated[
        SignatureProfile | None, typer.Option(help="How the signed bytes are made.")
    ] = None,
    encryption: Annotated[
        Encryption | None, typer.Option(help="Whether messages are encrypted, both ways.")
    ] = None,
    jwks_url: Annotated[
        str | None, typer.Option(help="Where it publishes its keys; empty takes it away.")
    ] = None,
    add_callback: Annotated[
        list[str] | None, typer.Option(help="An address the registry may call back.")
    ] = None,
    remove_callback: Annotated[
        list[str] | None, typer.Option(help="An address it may not call back any more.")
    ] = None,
) -> None:
    """Change a partner's policies, addresses or name; what is not given stays."""
    settings, location = settings_and_database()
    _check_signature(settings, signature)
    _check_addresses(settings, [*(add_callback or []), *([jwks_url] if jwks_url else [])])

    async def work() -> None:
        async with owner_transaction(location.dsn) as connection:
            await partners.change_partner(
                connection,
                sender_id,
                name=name,
                signature_policy=signature,
                signature_profile=profile,
                encryption_policy=encryption,
                jwks_url=jwks_url,
                add_callbacks=add_callback or [],
                remove_callbacks=remove_callback or [],
            )

    wait_for(work())
    said(f"{sender_id} was changed. It counts within seconds.")


@app.command("keys")
@command
def keys(
    sender_id: Annotated[str, typer.Argument(help="The partner's sender_id.")],
    add_jwks: Annotated[Path | None, typer.Option("--add", help="File with public keys.")] = None,
    not_before: Annotated[
        str | None, typer.Option(help="When the added keys begin to count, UTC.")
    ] = None,
    not_after: Annotated[
        str | None, typer.Option(help="When the added keys end to count, UTC.")
    ] = None,
    revoke: Annotated[str | None, typer.Option(help="Key id to revoke.")] = None,
    fetch: Annotated[bool, typer.Option("--fetch", help="Fetch its jwks_url now.")] = False,
    json: Json = False,
) -> None:
    """Show a partner's keys, add some, revoke one, or fetch those it publishes."""
    settings, location = settings_and_database()
    fresh = check_partner_jwks(_read_json(add_jwks)) if add_jwks else []
    times = Times(_moment(not_before), _moment(not_after))
    if not fresh and times != Times():
        raise NotUnderstood("key.times", "--not-before and --not-after belong to --add FILE.")
    at = now()

    async def work() -> tuple[list[KnownKey], FetchState | None]:
        if fetch:
            await _fetch(settings, location.dsn, sender_id)
        async with owner_transaction(location.dsn) as connection:
            await change_keys(connection, sender_id, at, add=fresh, times=times, revoke=revoke)
            if fresh or revoke:
                await done_alone(connection, KEY, at, production=settings.production)
            return await known_keys(connection, sender_id)

    found, fetched = wait_for(work())
    if json:
        listed = [msgspec.to_builtins(each) | {"state": each.state(now())} for each in found]
        data({"keys": listed, "fetched": fetched})
        return
    _show_keys(sender_id, found, fetched)


def _moment(text: str | None) -> datetime | None:
    """A moment of the command line: a day, or a date and time; UTC where it names no zone."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise NotUnderstood(
            "key.times", "Write a day or a moment, for example 2026-12-01 or 2026-12-01T08:00Z."
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


async def _fetch(settings: Settings, dsn: str, sender_id: str) -> None:
    """Fetches the partner's list at once, whenever it was fetched last."""
    begin = partial(owner_transaction, dsn)
    async with begin() as connection:
        partner = await partners.partner_of(connection, sender_id)
    if partner.jwks_url is None:
        raise NotUnderstood(
            "partner.jwks_url",
            f"{sender_id} has no jwks_url. Set one: ibr partners change {sender_id} --jwks-url URL",
        )
    calls = caller_from(settings)
    try:
        outcome = await PartnerKeys(begin, calls.send).fetch(partner, pause=timedelta(0))
    finally:
        await calls.close()
    if outcome != "ok":
        raise Unavailable(
            "key.not_fetched",
            f"The keys of {sender_id} could not be fetched from its jwks_url ({outcome}). What is "
            "known stays as it is.",
        )


def _show_keys(sender_id: str, found: Sequence[KnownKey], fetched: FetchState | None) -> None:
    at = now()
    table(
        f"Keys of {sender_id}",
        ("Key", "Use", "Algorithm", "Source", "From", "Until", "State"),
        [
            (
                key.kid,
                key.use,
                key.algorithm,
                key.source,
                _minute(key.not_before),
                _minute(key.revoked_at or key.not_after),
                key.state(at),
            )
            for key in found
        ],
    )
    if fetched is not None:
        last = _minute(fetched.fetched_at) or "never"
        said(
            f"Fetched last: {last}. Last try: {_minute(fetched.tried_at)}, {fetched.outcome}; "
            f"{fetched.kept} keys count, {fetched.left_out} were left out."
        )


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""


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
