"""Makes a data folder a sandbox, and refuses every other one.

What is published (known.py) goes into a folder that was empty before or is a sandbox already,
with an embedded database of its own, and never with the production profile.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from ibr.access.partners import add_partner
from ibr.access.secrets import hash_secret
from ibr.access.staff.add_officer import add_officer
from ibr.calls.rules import AddressRules, check_registered
from ibr.clock import now, today
from ibr.db.migrate import upgrade
from ibr.db.pool import Connection, owner_transaction
from ibr.demo.country import Country
from ibr.demo.cycles import deliveries
from ibr.errors import Conflict
from ibr.interop.dci import store as own_keys
from ibr.interop.dci.keys import SIGNING, make_missing_keys
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer, place_of
from ibr.sandbox import store
from ibr.sandbox.known import (
    ADMINISTRATOR,
    OFFICER_PASSWORD,
    PARTNERS,
    REGISTRY_ID,
    KnownPartner,
    registry_jwks,
    registry_key,
)
from ibr.settings import Settings
from ibr_messages.jwk import check_partner_jwk, public_jwk

_MARK: Final = "sandbox.json"
_CALLBACKS: Final = ("http://127.0.0.1:9001/callback", "http://127.0.0.1:9002/callback")


class Example(msgspec.Struct, frozen=True):
    """Somebody made up who is enrolled in the first partner's programme."""

    kind: str
    value: str
    programme: str


class Mark(msgspec.Struct):
    """What makes a folder a sandbox, and how far it is filled."""

    what: str = "a sandbox: its keys and secrets are published; nothing real may be in it"
    example: Example | None = None


def sandbox_settings(settings: Settings, folder: Path | None, port: int | None) -> Settings:
    """The settings of the sandbox; Conflict where there may be none."""
    not_in_production(settings)
    if settings.database_url:
        raise Conflict(
            "sandbox.database",
            "A sandbox has an embedded database of its own. Leave out IBR_DATABASE_URL.",
        )
    chosen = folder or settings.data_dir / "sandbox"
    if chosen.exists() and any(chosen.iterdir()) and not (chosen / _MARK).is_file():
        raise Conflict(
            "sandbox.folder",
            f"{chosen} holds something that is no sandbox. Name an empty folder: --folder PATH",
        )
    return msgspec.structs.replace(
        settings,
        data_dir=chosen,
        host="127.0.0.1",
        port=settings.port if port is None else port,
        registry_id=REGISTRY_ID,
        trace="all",
        trace_content=True,
    )


def not_in_production(settings: Settings) -> Settings:
    """The same settings; Conflict where they are of a real registry."""
    if settings.production:
        raise Conflict(
            "sandbox.production",
            "A sandbox's keys and secrets are published, so nothing of it runs with "
            "IBR_PROFILE=production.",
        )
    return settings


def mark(settings: Settings, made: Mark | None = None) -> Mark:
    """The mark of a sandbox's folder: what it says, or `made` from now on."""
    file = settings.data_dir / _MARK
    if made is not None:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(made)))
        return made
    if not file.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        # As root, PostgreSQL's own user must be able to pass through.
        settings.data_dir.chmod(0o711)
        return mark(settings, Mark())
    return msgspec.json.decode(file.read_bytes(), type=Mark)


async def prepare(settings: Settings, dsn: str) -> None:
    """The newest schema, the keyring, the registry's published key, and its other keys."""
    mark(settings)
    await upgrade(dsn, today())
    sealer = Sealer(open_keyring(settings.data_dir / "keys", create=True))
    async with owner_transaction(dsn) as connection:
        await _adopt_key(connection, sealer)
        await make_missing_keys(connection, sealer, now())


async def _adopt_key(connection: Connection, sealer: Sealer) -> None:
    """Signs with the published key, unless the sandbox has signed with another one before."""
    if await own_keys.own_keys(connection, now()):
        return
    key = registry_key()
    jwk = public_jwk(key.verify_key)
    await own_keys.add_key(
        connection,
        jwk,
        use="sig",
        algorithm=SIGNING,
        sealed=sealer.seal(
            bytes(key), place_of("registry_key", "private", str(jwk["kid"]).encode())
        ),
        made_at=now(),
        not_before=now(),
    )


async def add_known(dsn: str) -> None:
    """The known partners, each with its developer, and an administrator."""
    async with owner_transaction(dsn) as connection:
        for number, partner in enumerate(PARTNERS):
            if not await store.is_known(connection, partner.sender_id):
                await _add(connection, partner, _CALLBACKS[number])
        email, name = ADMINISTRATOR
        await add_officer(connection, email, name, "administrator", None, OFFICER_PASSWORD)


async def _add(connection: Connection, partner: KnownPartner, callback: str) -> None:
    await add_partner(
        connection,
        sender_id=partner.sender_id,
        name=partner.name,
        report=list(partner.programmes),
        ask=["all"],
        scopes=["all"],
        signature_policy="required",
        keys=[check_partner_jwk(partner.jwk)],
        jwks_url=None,
        callback_urls=[callback],
    )
    await store.make_known(
        connection, partner.sender_id, partner.client_id, hash_secret(partner.client_secret)
    )
    await add_officer(
        connection,
        partner.developer,
        f"Developer of {partner.name}",
        "developer",
        None,
        OFFICER_PASSWORD,
        partner.sender_id,
    )


async def call_back(dsn: str, urls: Sequence[str]) -> None:
    """Registers where the first known partner is called back."""
    for url in urls:
        check_registered(url, AddressRules(local=True))
    async with owner_transaction(dsn) as connection:
        await store.call_back(connection, PARTNERS[0].sender_id, urls)


def write_keys(settings: Settings) -> Path:
    """Files with the known keys, for libraries that read keys from files; the folder they are
    in."""
    folder = settings.data_dir / "known-keys"
    folder.mkdir(exist_ok=True)
    for partner in PARTNERS:
        name = partner.client_id
        _write(folder / f"{name}.private.jwk.json", partner.private_jwk)
        _write(folder / f"{name}.jwks.json", {"keys": [partner.jwk]})
    _write(folder / "registry.jwks.json", registry_jwks())
    return folder


def _write(path: Path, value: object) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(value)))


def example_of(country: Country) -> Example | None:
    """Somebody with a number of their own whom the first partner's programme enrolled and paid."""
    programme = PARTNERS[0].programmes[0]
    found = None
    for delivery in deliveries(country, 3, bad_records=False):
        if delivery.programme == programme:
            for record in delivery.records:
                number = _number(record)
                if number is not None and record.get("enrollment_status") == "1":
                    found = Example("UIN", number, programme)
    return found


def _number(record: dict[str, object]) -> str | None:
    member = record.get("member")
    identifiers = member.get("member_identifier", []) if isinstance(member, dict) else []
    for each in identifiers:
        if each.get("identifier_type") == "UIN":
            return str(each["identifier_value"])
    return None
