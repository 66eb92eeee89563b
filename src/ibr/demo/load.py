"""Fills an empty registry with the made-up country through the same doors as partners use."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import httpx
import msgspec
from nacl.signing import SigningKey

from ibr.access.partners import add_partner
from ibr.access.staff.add_officer import add_officer
from ibr.clock import now
from ibr.db.pool import owner_transaction
from ibr.demo import laws
from ibr.demo.calendar import enter_calendar
from ibr.demo.country import Country
from ibr.demo.cycles import Delivery, deliveries
from ibr.demo.denominators import enter_population
from ibr.demo.partner import Credentials, ProgrammeSystem
from ibr.errors import Conflict
from ibr.overlaps.pairs.change_pairs import set_all
from ibr.registry.areas.model import AreaShape
from ibr.registry.areas.register_areas import register_areas
from ibr.registry.programmes.model import Programme
from ibr.registry.programmes.register_programme import register
from ibr_messages.jwk import check_partner_jwk, public_jwk

# Deliveries under way at once: enough to keep reading and merging busy side by side.
AT_ONCE: Final = 3
PASSWORD: Final = "talmira-demo-2026"
OFFICERS: Final = (
    ("administrator@talmira.example", "Amina Okello", "administrator", None),
    ("programme@talmira.example", "Lucas Moreau", "programme_officer", ("OAP", "DIS")),
    ("steward@talmira.example", "Kidane Serlo", "steward", None),
    ("second.steward@talmira.example", "Marina Belaud", "steward", None),
    ("analyst@talmira.example", "Selam Tesfaye", "analyst", None),
    ("auditor@talmira.example", "Nadia Haddad", "auditor", None),
    ("helpdesk@talmira.example", "Tomas Pereira", "help_desk", None),
    # The second person for what needs two, and those who watch and plan.
    ("second.administrator@talmira.example", "Hanna Weldu", "administrator", None),
    ("privacy@talmira.example", "Yonas Berhe", "data_protection_officer", None),
    ("planner@talmira.example", "Ines Duarte", "planner", None),
)


class Loaded(msgspec.Struct):
    """What a load brought in."""

    deliveries: int = 0
    records: int = 0
    refused: int = 0


async def set_up(dsn: str, country: Country, folder: Path) -> list[Credentials]:
    """Registers programmes, areas, partners and officers; keeps the partners' credentials in
    `folder`, which only the registry's user may read. Conflict when the country is there."""
    async with owner_transaction(dsn) as connection:
        for each in country.programmes:
            values = {
                name: getattr(each, name)
                for name in Programme.__struct_fields__
                if hasattr(each, name)
            }
            await register(connection, Programme(**values))
        await register_areas(connection, _areas(country))
        await enter_population(connection, country, now())
        await set_all(connection, laws.pairs(), laws.rules(), now())
        await enter_calendar(connection, country, now())
        credentials = []
        for partner in country.partners:
            key = SigningKey.generate()
            added = await add_partner(
                connection,
                sender_id=partner.sender_id,
                name=partner.name,
                report=list(partner.reports),
                ask=list(partner.asks),
                scopes=["all"],
                signature_policy="required",
                keys=[check_partner_jwk(public_jwk(key.verify_key))],
                jwks_url=None,
                callback_urls=[],
            )
            credentials.append(Credentials(**added, signing_seed=bytes(key).hex()))
        for email, name, role, programmes in OFFICERS:
            await add_officer(connection, email, name, role, programmes, PASSWORD)
    _keep(credentials, folder)
    return credentials


def _areas(country: Country) -> list[AreaShape]:
    people: dict[str, int] = {}
    for count in country.population:
        people[count.area] = people.get(count.area, 0) + count.people
    parent = {area.code: area.parent for area in country.areas}
    for code, number in list(people.items()):
        above = parent.get(code)
        while above is not None:
            people[above] = people.get(above, 0) + number
            above = parent.get(above)
    return [
        AreaShape(
            code=area.code,
            parent=area.parent,
            level=area.level,
            names=area.names,
            rings=area.rings,
            population=people.get(area.code),
        )
        for area in country.areas
    ]


def credentials_file(folder: Path) -> Path:
    return folder / "partners.json"


def _keep(credentials: list[Credentials], folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(credentials_file(folder), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(credentials)))


def kept_credentials(folder: Path) -> list[Credentials]:
    """The credentials of an earlier load."""
    return msgspec.json.decode(credentials_file(folder).read_bytes(), type=list[Credentials])


async def post_everything(
    country: Country,
    credentials: list[Credentials],
    address: str,
    registry_id: str,
    tell: Callable[[Delivery], None],
) -> Loaded:
    """Posts every delivery of the country to the registry at `address`, in order of time."""
    loaded = Loaded()
    waiting: asyncio.Queue[Delivery | None] = asyncio.Queue(maxsize=AT_ONCE)
    timeout = httpx.Timeout(300, connect=10)
    async with httpx.AsyncClient(timeout=timeout, trust_env=False) as http:
        systems = {
            each.sender_id: ProgrammeSystem(address, registry_id, each, http)
            for each in credentials
        }

        async def post() -> None:
            while (delivery := await waiting.get()) is not None:
                report = await systems[delivery.sender_id].report(delivery)
                loaded.deliveries += 1
                loaded.records += len(report.outcomes)
                loaded.refused += len(report.refused)
                tell(delivery)

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(post())
            await _fill(country, waiting)
            for _ in range(AT_ONCE):
                await waiting.put(None)
    return loaded


async def _fill(country: Country, waiting: asyncio.Queue[Delivery | None]) -> None:
    # Making a delivery takes tens of milliseconds; in a thread it leaves the posting alone.
    made = deliveries(country)
    while (delivery := await asyncio.to_thread(next, made, None)) is not None:
        await waiting.put(delivery)


def not_loaded_twice(folder: Path) -> None:
    """Conflict when the made-up country was loaded into this data folder before."""
    if credentials_file(folder).exists():
        raise Conflict(
            "demo.loaded",
            "The made-up country is loaded already. Start over with: ibr demo reset",
        )
