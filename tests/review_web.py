"""Possible links put behind the small country of the pages' tests, by direct rows."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from ibr.access.staff.add_officer import add_officer
from ibr.identity.model import Appearance, Pair
from ibr.identity.review.model import written_pair
from ibr.identity.weights.model import encode
from ibr.identity.weights.starting import starting_model
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer, place_of
from tests import people_web
from tests.web_country import KEYRING, WebCountry

STELLA, STEFAN, STEN = (f"{name}@example.org" for name in ("stella", "stefan", "sten"))
NAMES = {STELLA: "Stella Steward", STEFAN: "Stefan Steward", STEN: "Sten Steward"}
SECRET = "199288-CANARY-7731"
"""A number that no page may show in full."""
HOSTILE = "<img src=x onerror=alert(1)>"
_records = itertools.count(9_000_001)


class Told(msgspec.Struct, kw_only=True):
    """What one side of a made-up pair says."""

    programme: str = "CASH"
    given: str = "Amina"
    second: str = "Yusuf"
    family: str = "Mwangi"
    sex: str = "female"
    birth: str = "1990-04-05"
    uin: str | None = None
    phone: str | None = "+254 700 111 222"
    village: str = "Kilima"
    region: str = "R1"
    status: int = 1
    benefits: int = 6
    household: list[tuple[str, str, str]] = []


async def connect(country: WebCountry) -> asyncpg.Connection:
    """A connection as the owner that sees every programme."""
    connection = await asyncpg.connect(country.dsn, server_settings={"search_path": "ibr"})
    await connection.execute(
        "select set_config('ibr.programmes', "
        "(select string_agg(programme_id::text, ',') from programme), false)"
    )
    return connection


async def begin(country: WebCountry) -> None:
    """Stewards, the starting model and one run."""
    connection = await connect(country)
    try:
        for email, name in NAMES.items():
            await add_officer(connection, email, name, "steward", None, people_web.PASSWORD)
        await connection.execute(
            """
            insert into link_model (standard, content, trained, state, made_at, current_at)
            values (1, $1::text::jsonb, '{}', 'current', now(), now())
            on conflict do nothing
            """,
            encode(starting_model()).decode(),
        )
        await connection.execute(
            """
            insert into link_run (kind, model_no, state, started_at)
            values ('full', (select model_no from link_model where state = 'current'), 'applied',
                    now())
            """
        )
    finally:
        await connection.close()


async def a_pair(
    country: WebCountry,
    low: Told | None = None,
    high: Told | None = None,
    *,
    weight: float = 2.0,
    money: int = 400_000,
    why: str = "",
    state: str = "open",
    days: int = 3,
) -> Pair:
    """Two records that may be one person, waiting to be looked at."""
    connection = await connect(country)
    try:
        one = await a_side(connection, low or Told())
        other = await a_side(connection, high or Told(programme="OAP", given="Aminah"))
        pair = (one, other) if one < other else (other, one)
        await connection.execute(
            """
            insert into link_pair (low_record, low_no, high_record, high_no, low_programme,
                high_programme, weight, levels, state, why, money_minor, run_no, first_at)
            select $1, $2, $3, $4,
                   (select programme_id from appearance where record_id = $1),
                   (select programme_id from appearance where record_id = $3),
                   $5, '{}', $6, $7, $8, (select max(run_no) from link_run), $9
            """,
            *pair[0],
            *pair[1],
            weight,
            state,
            why,
            money,
            people_web.NOW - timedelta(days=days),
        )
    finally:
        await connection.close()
    return pair


async def a_side(connection: asyncpg.Connection, told: Told) -> Appearance:
    """A record with its appearance, enrolment and benefits."""
    record = next(_records)
    programme = await connection.fetchval(
        "select programme_id from programme where code = $1", told.programme
    )
    born = _first_day(told.birth)
    household = bool(told.household)
    await connection.execute(
        """
        insert into beneficiary_record (record_id, programme_id, assistance_unit, sex, birth_date,
            birth_precision, region_code, group_size, subject_index, personal, content_digest,
            as_of, known_at, delivery_id)
        values ($1, $2, $3, 2, $4, 3, $5, $6, $7, $8, 'd', $9, $9, 1)
        """,
        record,
        programme,
        2 if household else 1,
        born,
        told.region,
        len(told.household) + 1 if household else None,
        BlindIndex(KEYRING.index).of("UIN", told.uin or str(record)),
        Sealer(KEYRING).seal(
            json.dumps(_document(told)).encode(),
            place_of("beneficiary_record", "personal", record),
        ),
        people_web.NOW,
    )
    await connection.execute(
        """
        insert into appearance (record_id, appearance_no, programme_id, member_no, features,
            features_digest, keys, standard, read_at)
        values ($1, 0, $2, -1, 'x', 'x', '{}', 1, now())
        """,
        record,
        programme,
    )
    await _enrol(connection, record, programme, told)
    return Appearance(record, 0)


async def _enrol(connection: asyncpg.Connection, record: int, programme: int, told: Told) -> None:
    begun = datetime(2025, 3, 1, tzinfo=UTC)
    await connection.execute(
        """
        insert into enrolment (record_id, programme_id, enrolled_at, status, status_at,
            status_rank, benefit_count, benefit_total, first_benefit_at, last_benefit_at, as_of,
            known_at, delivery_id)
        values ($1, $2, $3, $4, $3, 1, $5, $6, $3, $7, $7, $7, 1)
        """,
        record,
        programme,
        begun,
        told.status,
        told.benefits,
        told.benefits * 200_000,
        people_web.NOW,
    )
    await connection.execute(
        "insert into status_change values ($1, $2, 1, $3, $2, 1)", record, begun, programme
    )
    for number in range(told.benefits):
        await connection.execute(
            """
            insert into benefit (record_id, given_at, benefit_key, programme_id, benefit_type,
                                 value_minor, currency, known_at, delivery_id)
            values ($1, $2, 1, $3, 1, 200000, 'KES', now(), 1)
            """,
            record,
            datetime(2026, 4 + number, 25, tzinfo=UTC),
            programme,
        )


def _document(told: Told) -> dict[str, Any]:
    person: dict[str, Any] = {
        "name": {"given_name": told.given, "second_name": told.second, "surname": told.family},
        "sex": told.sex,
        "birth_date": told.birth,
        "address": [{"address_line_1": "House 7, secret lane", "locality": told.village,
                     "region_code": told.region}],
    }  # fmt: skip
    if told.phone:
        person["phone_number"] = [told.phone]
    member: dict[str, Any] = {"demographic_info": person}
    if told.uin:
        member["member_identifier"] = [{"identifier_type": "UIN", "identifier_value": told.uin}]
    document: dict[str, Any] = {"member": member}
    if told.household:
        document["group"] = {
            "group_identifier": [{"identifier_type": "HOUSEHOLD", "identifier_value": "HH-1"}],
            "member_list": [
                {
                    "demographic_info": {
                        "name": {"given_name": name, "surname": told.family},
                        "birth_date": birth,
                        "sex": "male",
                    },
                    "related_person": [{"relationship_type": relation}],
                }
                for name, birth, relation in told.household
            ],
        }
    return document


def _first_day(text: str) -> date:
    return date.fromisoformat((text + "-01-01")[:10])


def address_of(pair: Pair) -> str:
    return f"/review/pairs/{written_pair(pair)}"
