"""A small country for the pages' tests: areas, programmes, people, benefits, deliveries, officers.

Rows are written straight into the tables, so that the pages are tested without the intake.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg

from ibr.access.staff.add_officer import add_officer
from ibr.codelists.people import SEX_NUMBER
from ibr.codelists.programme_kinds import HOUSEHOLD, PERSON
from ibr.periods import Month
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer, place_of
from tests.deliveries_web import benefit_months, deliveries

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
LAST_MONTH = Month(2026, 10)
PASSWORD = "a long enough password"
# Somebody known to every test: in two programmes, and in a household of a third.
KNOWN_UIN = "UIN-00042-X"
KNOWN_HOUSEHOLD = "HH-777"
CANARY = "ZZ-CANARY"

OFFICERS = {
    "admin@example.org": ("Ada Admin", "administrator", None),
    "officer@example.org": ("Omar Officer", "programme_officer", None),
    "pension@example.org": ("Pia Pension", "programme_officer", ["OAP"]),
    "analyst@example.org": ("Ana Lyst", "analyst", None),
    "auditor@example.org": ("Otto Auditor", "auditor", None),
    "help@example.org": ("Hala Help", "help_desk", None),
    "steward@example.org": ("Stella Steward", "steward", None),
    "planner@example.org": ("Paul Planner", "planner", None),
    "watcher@example.org": ("Dora Privacy", "data_protection_officer", None),
}
_FIELDS = ("code", "en", "fr", "unit", "functions", "kind", "value", "cycle", "ages")
_PROGRAMMES: list[dict[str, Any]] = [
    dict(zip(_FIELDS, each, strict=True))
    for each in (
        ("OAP", "Old Age Pension", "Pension de vieillesse", PERSON, [1], 3, 200_000, 1, (65, 95)),
        ("PWD", "Disability Cash", "Allocation handicap", PERSON, [2], 1, 250_000, 1, (3, 80)),
        ("CASH", "Family Cash", "Aide aux familles", HOUSEHOLD, [5, 14], 2, 400_000, 2, (20, 60)),
        ("MEAL", "School Meals", "Repas scolaires", PERSON, [6, 13], 5, None, 1, (6, 15)),
        ("WORK", "Public Works", "Travaux publics", PERSON, [11], 6, 90_000, 1, (18, 60)),
    )
]
_GIVEN = ["Amina", "Yusuf", "Grace", "Peter", "Wanjiru", "Otieno", "አበበ", "محمد", "Zoë", "李娜"]
_SURNAMES = ["Mwangi", "Odhiambo", "Hassan", "Njeri", "Kiptoo", "በቀለ", "الحسن", "Müller", "王"]


@dataclass
class Country:
    """What was written, by table."""

    sealer: Sealer
    blind_index: BlindIndex
    rng: random.Random = field(default_factory=lambda: random.Random(7))
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    programmes: dict[str, int] = field(default_factory=dict)
    types: dict[str, int] = field(default_factory=dict)
    next_record: int = 1000

    def add(self, table: str, *row: Any) -> None:
        self.rows.setdefault(table, []).append(row)


_COLUMNS = {
    "beneficiary_record": "record_id programme_id assistance_unit sex birth_date birth_precision "
    "region_code sub_region_code group_size subject_index personal content_digest as_of known_at "
    "delivery_id",
    "group_member": "record_id member_no programme_id sex birth_date birth_precision is_head "
    "relationship subject_index",
    "identifier": "record_id blind_index role programme_id type_id value_sealed as_of",
    "enrolled_index": "blind_index programme_id record_id role assistance_unit status status_at "
    "status_rank",
    "enrolment": "record_id programme_id enrolled_at status status_at status_rank benefit_count "
    "benefit_total first_benefit_at last_benefit_at as_of known_at delivery_id",
    "status_change": "record_id changed_at status programme_id known_at delivery_id",
    "benefit": "record_id given_at benefit_key programme_id benefit_type value_minor currency "
    "quantity description known_at delivery_id",
    "benefit_month": "programme_id month benefit_type currency benefits value_minor",
    "delivery": "delivery_id partner_id programme_ids message_key door cycle sequence mode as_of "
    "body_digest body_bytes key_kid control_total state records stored unchanged refused warned "
    "warnings score received_at done_at",
    "refused_record": "delivery_id item_no reference_id programme_id field code reason",
}


async def fill(
    dsn: str, sealer: Sealer, blind_index: BlindIndex, *, people: int = 300, outlines: Any = None
) -> Country:
    """Fills a migrated database; `outlines` gives each region's number its SVG path and centre."""
    made = Country(sealer, blind_index)
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    try:
        await _catalogues(connection, made, outlines)
        for number in range(people):
            _somebody(made, number)
        _known_person(made)
        made.rows["benefit_month"] = benefit_months(made.rows["benefit"])
        sent = deliveries(made.programmes, "WORK", LAST_MONTH, made.rng)
        made.rows["delivery"], made.rows["refused_record"] = sent
        programmes = ",".join(str(each) for each in made.programmes.values())
        await connection.execute("select set_config('ibr.programmes', $1, false)", programmes)
        await connection.set_type_codec("jsonb", encoder=str, decoder=str, schema="pg_catalog")
        async with connection.transaction():
            for table, rows in made.rows.items():
                columns = _COLUMNS[table].split()
                marks = ", ".join(f"${number + 1}" for number in range(len(columns)))
                await connection.executemany(
                    f"insert into {table} ({', '.join(columns)}) values ({marks})", rows
                )
        for email, (name, role, codes) in OFFICERS.items():
            await add_officer(connection, email, name, role, codes, PASSWORD)
    finally:
        await connection.close()
    return made


async def _catalogues(connection: asyncpg.Connection, made: Country, outlines: Any) -> None:
    for each in _PROGRAMMES:
        made.programmes[each["code"]] = await connection.fetchval(
            """
            insert into programme (code, names, descriptions, institution, institution_type,
                legal_status, functions, contribution_type, programme_type, assistance_unit,
                benefit_type, currency, cycle_months, valid_from)
            values ($1, $2::text::jsonb, $3::text::jsonb, 'Ministry of Social Protection', 1, 1,
                    $4, 3, $5, $6, $7, 'KES', $8, '2019-01-01')
            returning programme_id
            """,
            each["code"],
            json.dumps({"en": each["en"], "fr": each["fr"]}),
            json.dumps(
                {
                    "en": f"{each['en']}: a made-up programme for trying out the registry.",
                    "fr": f"{each['fr']} : un programme inventé pour essayer le registre.",
                }
            ),
            each["functions"],
            each["kind"],
            each["unit"],
            1 if each["value"] else 3,
            each["cycle"],
        )
    await _areas(connection, made, outlines)
    for code, whom in (
        ("UIN", "person"),
        ("HOUSEHOLD_ID", "group"),
        ("PROGRAMME_NUMBER", "record"),
    ):
        made.types[code] = await connection.fetchval(
            "insert into identifier_type (code, identifies) values ($1, $2) returning type_id",
            code,
            whom,
        )
    await connection.execute(
        """
        insert into partner (sender_id, name, client_id, secret_hash, scopes)
        values ('mis.example.org', 'National Payments MIS', 'c1', 'x', '{enrolled}')
        """
    )


async def _areas(connection: asyncpg.Connection, made: Country, outlines: Any) -> None:
    for number in range(8):
        outline, x, y = outlines[number] if outlines else (_square(number), *_centre(number))
        await connection.execute(
            """
            insert into area (code, level, names, outline, centre_x, centre_y, population)
            values ($1, 1, $2::text::jsonb, $3, $4, $5, $6)
            """,
            f"R{number + 1}",
            json.dumps({"en": f"{_REGIONS[number]} Region", "fr": f"Région {_REGIONS[number]}"}),
            outline,
            x,
            y,
            made.rng.randint(2_000, 9_000),
        )


_REGIONS = ["Capital", "North", "Lake", "East", "Delta", "South", "Coast", "Hills"]


def _square(number: int) -> str:
    x, y = 40 + number % 4 * 230, 180 + number // 4 * 320
    return f"M{x} {y}H{x + 220}V{y + 300}H{x}Z"


def _centre(number: int) -> tuple[float, float]:
    return 150 + number % 4 * 230, 330 + number // 4 * 320


def _somebody(made: Country, number: int) -> None:
    facts = made.rng.choices(_PROGRAMMES, weights=[5, 2, 4, 6, 2])[0]
    low, high = facts["ages"]
    born = date(
        2026 - made.rng.randint(low, high), made.rng.randint(1, 12), made.rng.randint(1, 28)
    )
    _record(made, facts, f"UIN-{number + 100:05d}-X", f"HH-{number}", born, precision=3)


def _known_person(made: Country) -> None:
    born = date(1956, 3, 1)
    for code in ("OAP", "WORK", "CASH"):
        facts = next(each for each in _PROGRAMMES if each["code"] == code)
        _record(
            made,
            facts,
            KNOWN_UIN,
            KNOWN_HOUSEHOLD,
            born,
            precision=2,
            name=("አበበ", f"በቀለ {CANARY}"),
            status=1,
        )


def _member(uin: str, given: str, surname: str, sex: str, born: date, *, relation: str) -> Any:
    return {
        "member_identifier": [{"identifier_type": "UIN", "identifier_value": uin}],
        "demographic_info": {
            "name": {"given_name": given, "surname": surname},
            "sex": sex,
            "birth_date": born.isoformat(),
        },
        "related_person": [{"relationship_type": relation}],
    }


def _record(
    made: Country,
    facts: dict[str, Any],
    uin: str,
    household: str,
    born: date,
    *,
    precision: int,
    name: tuple[str, str] | None = None,
    status: int | None = None,
) -> None:
    rng, programme = made.rng, made.programmes[facts["code"]]
    record = made.next_record = made.next_record + 1
    given, surname = name or (rng.choice(_GIVEN), rng.choice(_SURNAMES))
    sex = "female" if name else rng.choice(["female", "female", "male"])
    status = status or rng.choices([1, 2, 3, 4, 5, 6, 7], weights=[80, 3, 6, 5, 3, 2, 3])[0]
    begun = datetime(2024, 11, 1, tzinfo=UTC) + timedelta(days=rng.randint(0, 600))
    unit = facts["unit"]
    head = _member(uin, given, surname, sex, born, relation="SELF")
    content = {"member": head} if unit == PERSON else _household(made, household, head, surname)
    carried = _carried(made, uin, None if unit == PERSON else household)
    place = place_of("beneficiary_record", "personal", record)
    made.add(
        "beneficiary_record",
        *(record, programme, unit, SEX_NUMBER[sex], born, precision),
        f"R{rng.choices(range(1, 9), weights=[9, 4, 5, 3, 6, 4, 2, 3])[0]}",
        *(None, None if unit == PERSON else 2, carried[0 if unit == PERSON else 1][0]),
        made.sealer.seal(json.dumps(content).encode(), place),
        *(b"d", NOW, NOW, 1),
    )
    for number, who in enumerate(content.get("group", {}).get("member_list", [])):
        about = who["demographic_info"]
        made.add(
            "group_member",
            *(record, number, programme, SEX_NUMBER[about["sex"]]),
            *(date.fromisoformat(about["birth_date"]), 3, number == 0),
            *("SELF" if number == 0 else "DAU", carried[number * 2][0]),
        )
    for index, role, kind, value in carried:
        sealed = made.sealer.seal(value.encode(), place_of("identifier", "value", record))
        made.add("identifier", record, index, role, programme, made.types[kind], sealed, NOW)
        made.add("enrolled_index", index, programme, record, role, unit, status, begun, 1)
    _given(made, facts, record, begun, status)


def _household(made: Country, number: str, head: dict[str, Any], surname: str) -> dict[str, Any]:
    uin = head["member_identifier"][0]["identifier_value"]
    child = _member(
        f"{uin}C", made.rng.choice(_GIVEN), surname, "female", date(2016, 4, 4), relation="DAU"
    )
    group = {
        "group_identifier": [{"identifier_type": "HOUSEHOLD_ID", "identifier_value": number}],
        "group_head_info": head,
        "member_list": [head, child],
    }
    return {"member": head, "group": group}


def _carried(made: Country, uin: str, household: str | None) -> list[tuple[bytes, int, str, str]]:
    """The identifiers of a record with their roles: the head's, the household's, the child's."""
    wanted = [(0, "UIN", uin)]
    if household:
        wanted += [(1, "HOUSEHOLD_ID", household), (2, "UIN", f"{uin}C")]
    return [(made.blind_index.of(kind, value), role, kind, value) for role, kind, value in wanted]


def _given(made: Country, facts: dict[str, Any], record: int, begun: datetime, status: int) -> None:
    programme, value = made.programmes[facts["code"]], facts["value"]
    month, count = Month(begun.year, begun.month), 0
    while month <= LAST_MONTH:
        if month.month % facts["cycle"] == 0 and made.rng.random() > 0.06:
            given_at = datetime(month.year, month.month, 25, tzinfo=UTC)
            made.add(
                "benefit",
                record,
                given_at,
                1,
                programme,
                1 if value else 3,
                value,
                "KES" if value else None,
                None if value else 20,
                None if value else "School meal",
                NOW,
                1,
            )
            count += 1
        month = month.plus(1)
    changed = begun if status == 1 else datetime(2026, 8, 15, tzinfo=UTC)
    made.add(
        "enrolment",
        record,
        programme,
        begun,
        status,
        changed,
        1,
        count,
        count * (value or 0),
        begun,
        NOW,
        NOW,
        NOW,
        1,
    )
    made.add("status_change", record, begun, 1, programme, NOW, 1)
    if status != 1:
        made.add("status_change", record, changed, status, programme, NOW, 1)
