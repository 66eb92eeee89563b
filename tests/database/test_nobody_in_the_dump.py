"""Who holds a copy of the database holds nobody's name or number (reliability F6)."""

from __future__ import annotations

import subprocess
from urllib.parse import parse_qs, urlsplit

import pytest

from ibr.db.programs import find_programs
from tests.door import SEARCH_LATER, Door, System
from tests.later import CALLBACKS, Worker, searching
from tests.people import an_identifier, enrolled

PEOPLE = 100


def canary(number: int) -> dict[str, str]:
    """What must not be found of one person."""
    return {
        "name": f"ZZCANARY{number:04d}",
        "uin": f"77{number:06d}1234",
        "phone": f"+99955{number:06d}",
    }


@pytest.fixture(scope="module")
def loaded(door: Door) -> System:
    system = door.partner(callback_urls=[CALLBACKS])
    records = []
    for number in range(PEOPLE):
        told = canary(number)
        record = enrolled(told["uin"], "DCI001")
        record["@id"] = f"urn:test:{number}"
        person = record["member"]["demographic_info"]
        person["name"]["surname"] = told["name"]
        person["phone_number"] = [told["phone"]]
        record["member"]["member_identifier"].append(an_identifier(told["phone"], "MOBILE"))
        records.append(record)
    assert system.report(*records).outcomes == ["succ"] * PEOPLE
    spoiled = [{**record, "enrollment_date": canary(0)["name"]} for record in records[:5]]
    assert system.report(*spoiled).outcomes == ["rjct"] * 5
    numbers = [canary(number)["uin"] for number in range(PEOPLE)]
    system.ask({"in": numbers}, "DCI001")
    # Asked about and shown again in what is kept of requests, answers and promised callbacks.
    system.post(SEARCH_LATER, searching(system, *numbers))
    worker = Worker(door)
    assert worker.answered(system).outcomes == ["succ"] * PEOPLE
    worker.close()
    return system


def dump(door: Door) -> str:
    """Every row of every table as text."""
    tables = door.owner(
        "select c.oid::regclass::text as name from pg_class c "
        "join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname in ('ibr', 'public') and c.relkind = 'r'"
    )
    rows = [door.owner(f"select x::text as said from {table['name']} x") for table in tables]
    return "\n".join(row["said"] or "" for table in rows for row in table)


def told_of(text: str) -> list[str]:
    """Every canary found, as it is, in small letters or in hexadecimal."""
    found = set()
    for number in range(PEOPLE):
        for value in canary(number).values():
            for form in (value, value.lower(), value.encode().hex(), value.lstrip("+")):
                if form in text:
                    found.add(form)
    return sorted(found)


def test_the_database_holds_none_of_300_known_values(door: Door, loaded: System) -> None:
    text = dump(door)
    assert len(text) > 100_000
    assert told_of(text) == []


def test_control_a_name_kept_in_the_clear_is_found(door: Door, loaded: System) -> None:
    name = canary(7)["name"]
    door.owner("update delivery set cycle = $1 where delivery_id = 1", name)
    try:
        assert told_of(dump(door)) == [name]
    finally:
        door.owner("update delivery set cycle = null where delivery_id = 1")


def test_pg_dump_holds_none_of_them_either(door: Door, loaded: System) -> None:
    text = pg_dump(door)
    assert "COPY ibr.beneficiary_record" in text
    assert told_of(text) == []


def pg_dump(door: Door) -> str:
    parts = urlsplit(door.dsn)
    options = {name: values[0] for name, values in parse_qs(parts.query).items()}
    server = int(door.owner("show server_version_num")[0][0]) // 10_000
    program = find_programs().folder / "pg_dump"
    if not program.exists():
        pytest.skip(f"no pg_dump of PostgreSQL {server} here")
    command = [
        str(program),
        f"--username={parts.username}",
        f"--host={options.get('host', parts.hostname)}",
        f"--port={options.get('port', parts.port or 5432)}",
        parts.path.lstrip("/"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
