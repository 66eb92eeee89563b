"""People who come to a help desk: with a household, with a twin, with a number that two share, with
links that a machine believes and links that people confirmed.

By the clock on the wall, which the database goes by.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

import asyncpg

from ibr.access.budgets.spend import Budgets
from ibr.access.staff.rights import RIGHTS
from ibr.asker import Asker, Purpose
from ibr.codelists.programme_kinds import HOUSEHOLD
from ibr.protection.seal import place_of
from ibr.subject.visits.begin import begin_visit
from ibr.subject.visits.during import visit_of
from ibr.subject.visits.model import Asked, HelpVisit
from ibr.web.services import WebServices
from tests import people_web
from tests.web_country import KEYRING, WebCountry, filled

HELP: Final = "help@example.org"
# A mother who is in the pension and heads a household of two in Family Cash.
MOTHER, MOTHER_BORN = "UIN-90001-X", "1980-05-06"
CHILD, CHILD_BORN = "UIN-90001-XC", "2016-04-04"
# Twin sisters with numbers of their own, in the same programme.
TWIN, OTHER_TWIN, TWINS_BORN = "UIN-90010-X", "UIN-90011-X", "1999-09-09"
# One number that a clerk gave to two sisters.
SHARED, SHARED_BORN = "UIN-90020-X", "2001-01-02"
# Another woman, whose record the machine believes to be the mother's, and one people confirmed.
BELIEVED, CONFIRMED = "UIN-90030-X", "UIN-90031-X"
NEIGHBOUR, NEIGHBOUR_BORN = "UIN-90040-X", "1975-07-07"
CANARY: Final = "ZZ-SISTER"


async def people(country: WebCountry) -> dict[str, int]:
    """Adds them to the small country; each one's last record by name."""
    connection = await asyncpg.connect(country.dsn, server_settings={"search_path": "ibr"})
    try:
        made = await _country(connection)
        found = {
            "mother": _one(made, "OAP", MOTHER, MOTHER_BORN, ("Mariam", "Hassan")),
            "household": _one(made, "CASH", MOTHER, MOTHER_BORN, ("Mariam", "Hassan"), "HH-90001"),
            "twin": _one(made, "OAP", TWIN, TWINS_BORN, ("Halima", f"Njeri {CANARY}1")),
            "other_twin": _one(made, "OAP", OTHER_TWIN, TWINS_BORN, ("Zuhura", f"Njeri {CANARY}2")),
            "sister": _one(made, "OAP", SHARED, SHARED_BORN, ("Halima", "Kiptoo")),
            "other_sister": _one(made, "WORK", SHARED, SHARED_BORN, ("Zuhura", "Kiptoo")),
            "believed": _one(made, "WORK", BELIEVED, MOTHER_BORN, ("Mariam", CANARY)),
            "confirmed": _one(made, "PWD", CONFIRMED, MOTHER_BORN, ("Maryam", "Hassan")),
            "neighbour": _one(made, "OAP", NEIGHBOUR, NEIGHBOUR_BORN, ("Grace", CANARY)),
        }
        await _insert(connection, made.rows)
        await _links(connection, made, found)
        return found
    finally:
        await connection.close()


async def _country(connection: asyncpg.Connection) -> people_web.Country:
    made = people_web.Country(
        people_web.Sealer(KEYRING), people_web.BlindIndex(KEYRING.index), next_record=900_000
    )
    for row in await connection.fetch("select code, programme_id from programme"):
        made.programmes[row["code"]] = row["programme_id"]
    for row in await connection.fetch("select code, type_id from identifier_type"):
        made.types[row["code"]] = row["type_id"]
    return made


def _one(
    made: people_web.Country,
    programme: str,
    uin: str,
    born: str,
    name: tuple[str, str],
    household: str = "",
) -> int:
    facts = next(each for each in people_web._PROGRAMMES if each["code"] == programme)
    assert bool(household) == (facts["unit"] == HOUSEHOLD)
    day = date.fromisoformat(born)
    people_web._record(made, facts, uin, household, day, precision=3, name=name, status=1)
    return made.next_record


async def _insert(connection: asyncpg.Connection, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    for table, written in rows.items():
        columns = people_web._COLUMNS[table].split()
        marks = ", ".join(f"${number + 1}" for number in range(len(columns)))
        await connection.executemany(
            f"insert into {table} ({', '.join(columns)}) values ({marks})", written
        )


async def _links(
    connection: asyncpg.Connection, made: people_web.Country, found: dict[str, int]
) -> None:
    for name in ("mother", "believed", "confirmed"):
        await connection.execute(
            """
            insert into appearance (record_id, appearance_no, programme_id, member_no, features,
                                    features_digest, keys, standard, read_at)
            select r.record_id, 0, r.programme_id, -1, 'f', 'd', '{}', 1, now()
            from beneficiary_record r where r.record_id = $1
            """,
            found[name],
        )
        # All three are one person by the machine's word.
        await connection.execute(
            """
            insert into person_member (record_id, appearance_no, programme_id, person_id, since,
                                       run_no)
            select r.record_id, 0, r.programme_id, 7, now(), 1 from beneficiary_record r
            where r.record_id = $1
            """,
            found[name],
        )
    for name, uin in (("mother", MOTHER), ("confirmed", CONFIRMED)):
        await connection.execute(
            "insert into confirmed_person values ($1, 0, $2, 0)", found[name], found["mother"]
        )
        await connection.execute(
            "insert into confirmed_number values ($1, $2, 0)",
            made.blind_index.of("UIN", uin),
            found[name],
        )


def visited(dsn: str) -> WebCountry:
    """The small country in a fresh database."""
    return filled(dsn)


@asynccontextmanager
async def desk(country: WebCountry) -> AsyncIterator[WebServices]:
    """The pages' services by the clock on the wall."""
    async with country.services() as services:
        yield replace(services, now=now)


def now() -> datetime:
    return datetime.now(UTC)


async def officer(
    country: WebCountry, role: str = "help_desk", *, programmes: Sequence[str] = ()
) -> Asker:
    """Somebody of this role, with a number of their own each time."""
    rows = await country.read("select code, programme_id from programme")
    reach = [row["programme_id"] for row in rows if not programmes or row["code"] in programmes]
    [row] = await country.read("select nextval('ibr.help_visit_no') + 5000 as number")
    return Asker(
        kind="officer",
        id=row["number"],
        name="Hala Help",
        purpose=Purpose("help_desk_request"),
        ask=frozenset(reach),
        scopes=RIGHTS[role].scopes,
        role=role,
    )


def asked_for(value: str, born: str, **changed: Any) -> Asked:
    """What an officer writes who did everything right."""
    given: dict[str, Any] = {
        "kind": "UIN",
        "value": value,
        "birth_date": born,
        "proof": "identity_card",
        "agreed_by": "person",
        "agreed": True,
        "language": "en",
    }
    return Asked(**given | changed)


async def begun(
    services: WebServices,
    asker: Asker,
    value: str,
    born: str,
    at: datetime | None = None,
    **changed: Any,
) -> int | None:
    return await begin_visit(
        services.database,
        services.sealer,
        services.blind_index,
        asker,
        asked_for(value, born, **changed),
        budgets=Budgets(),
        at=at or now(),
    )


async def served(
    services: WebServices, asker: Asker, value: str, born: str, **changed: Any
) -> HelpVisit:
    """A visit that lasts."""
    number = await begun(services, asker, value, born, **changed)
    assert number is not None
    return await visit_of(services.database, services.sealer, asker, number, now())


async def as_owner(country: WebCountry, statement: str, *values: Any) -> None:
    connection = await asyncpg.connect(country.dsn, server_settings={"search_path": "ibr"})
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()


async def reported_anew(country: WebCountry, record: int, **about: str) -> None:
    """The programme's next delivery: the record with other words about its person."""
    services_sealer = people_web.Sealer(KEYRING)
    [row] = await country.read(
        f"select personal from beneficiary_record where record_id = {record}"
    )
    place = place_of("beneficiary_record", "personal", record)
    content = json.loads(services_sealer.open(row["personal"], place))
    for member in (content.get("member"), content.get("group", {}).get("group_head_info")):
        if member:
            member["demographic_info"].update(about)
    await as_owner(
        country,
        "update beneficiary_record set personal = $2, known_at = now() where record_id = $1",
        record,
        services_sealer.seal(json.dumps(content).encode(), place),
    )


async def keep_version(country: WebCountry, record: int, day: str, surname: str = "") -> None:
    """What a record said before, on a day: as it says now, but for the family name."""
    sealer = people_web.Sealer(KEYRING)
    [row] = await country.read(
        f"select personal, programme_id from beneficiary_record where record_id = {record}"
    )
    opened = sealer.open(row["personal"], place_of("beneficiary_record", "personal", record))
    content = json.loads(opened)
    if surname:
        content["member"]["demographic_info"]["name"]["surname"] = surname
    as_of = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    await as_owner(
        country,
        "insert into beneficiary_version (record_id, as_of, known_at, programme_id, personal, "
        "delivery_id) values ($1, $2, $2, $3, $4, 1)",
        record,
        as_of,
        row["programme_id"],
        sealer.seal(
            json.dumps(content).encode(), place_of("beneficiary_version", "personal", record)
        ),
    )
