"""Row-level security by programme, area and class of data, asked of the database itself (D10)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import asyncpg
import pytest

from ibr.db.classes import ALL_SIGHT, CLASSES, sight_of
from ibr.db.pool import open_database
from tests.matrix import AREA_REACH, PROGRAMMES
from tests.matrix_ground import Ground, asker_of, fill

# What lets somebody see the rows of a table, one class at a time, and how many rows of the ground
# that is: six people in each of three programmes, three cases and findings in each.
OPENED_BY = {
    "beneficiary_record": ({"counts", "standing", "people"}, 18),
    "enrolment": ({"counts", "standing", "people"}, 18),
    "enrolled_index": ({"standing", "people"}, 18),
    "identifier": ({"people"}, 18),
    "status_change": ({"people"}, 18),
    "benefit": ({"people"}, None),
    "delivery": ({"deliveries"}, 3),
    "refused_record": ({"deliveries"}, 3),
    "reporting_rule": ({"deliveries"}, 3),
    "report_reminder": ({"deliveries"}, 3),
    "reporting_contact": ({"contacts"}, 3),
    "finding": ({"findings", "finding_counts"}, 9),
    "overlap_case": ({"cases", "case_counts"}, 9),
    "link_pair": ({"links", "people"}, 9),
    "person_request": ({"requests"}, 9),
}
# Tables that nothing of the ground stands in; that they are guarded is seen in their policies.
GUARDED_TOO = {
    "group_member",
    "beneficiary_version",
    "change",
    "appearance",
    "appearance_number",
    "person_member",
    "person_event",
    "case_step",
    "case_letter",
    "case_money",
    "case_notice",
    "link_decision",
    "help_visit",
    "help_visit_record",
}
OF_NO_PLACE = {
    "delivery",
    "refused_record",
    "reporting_rule",
    "report_reminder",
    "reporting_contact",
}
LIVING_SOMEWHERE = {
    "beneficiary_record": 8,
    "enrolment": 8,
    "enrolled_index": 8,
    "identifier": 8,
    "status_change": 8,
    "finding": 4,
    "overlap_case": 4,
    "link_pair": 4,
    "person_request": 4,
    # What a programme sent is of no place.
    "delivery": 2,
}


@pytest.fixture(scope="module")
def ground(dsn: str) -> Ground:
    return asyncio.run(fill(dsn))


def owner(dsn: str, statement: str) -> list[asyncpg.Record]:
    async def read() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()

    return asyncio.run(read())


def counted(dsn: str, table: str, role: str = "ibr_app", **settings: str) -> int:
    """How many rows a transaction sees that was told this of its asker."""

    async def count() -> int:
        connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
        try:
            async with connection.transaction():
                await connection.execute(f"set local role {role}")
                for name, value in settings.items():
                    await connection.execute(
                        "select set_config($1, $2, true)", f"ibr.{name}", value
                    )
                return int(await connection.fetchval(f"select count(*) from {table}"))
        finally:
            await connection.close()

    return asyncio.run(count())


def everything(ground: Ground) -> dict[str, str]:
    sight = sight_of(ground.programmes.values(), None, None)
    return {"programmes": sight.programmes, "areas": sight.areas, "rights": sight.rights}


@pytest.mark.parametrize("table", OPENED_BY)
def test_each_class_opens_its_tables_and_no_others(dsn: str, ground: Ground, table: str) -> None:
    opening, rows = OPENED_BY[table]
    told = everything(ground)
    for each in sorted(CLASSES):
        seen = counted(dsn, table, **told | {"rights": each})
        if each not in opening:
            assert seen == 0, each
        elif rows is None:
            assert seen > 0, each
        else:
            assert seen == rows, each


@pytest.mark.parametrize("missing", ["programmes", "areas", "rights"])
@pytest.mark.parametrize("table", OPENED_BY)
def test_what_is_not_said_shows_nothing(dsn: str, ground: Ground, table: str, missing: str) -> None:
    told = everything(ground)
    del told[missing]
    # A delivery is of no place and a pair of no one programme; the questions ask for both.
    apart = missing == "areas" and table in OF_NO_PLACE
    assert (counted(dsn, table, **told) > 0) is apart
    assert (counted(dsn, table, **told, **{missing: ""}) > 0) is apart


@pytest.mark.parametrize("table", LIVING_SOMEWHERE)
def test_an_officer_sees_who_lives_in_their_areas(dsn: str, ground: Ground, table: str) -> None:
    """Two programmes; a region, and a district in it of which only its own code is reported."""
    told = everything(ground)
    told["programmes"] = ",".join(str(ground.programmes[code]) for code in PROGRAMMES[:2])
    told["areas"] = ",".join(AREA_REACH)
    assert counted(dsn, table, **told) == LIVING_SOMEWHERE[table]
    assert table == "delivery" or counted(dsn, table, **told | {"areas": "R8"}) == 0


def test_a_worker_sees_its_programmes_whoever_asked(dsn: str, ground: Ground) -> None:
    programmes = everything(ground)["programmes"]
    assert counted(dsn, "beneficiary_record", "ibr_worker", programmes=programmes) == 18
    assert counted(dsn, "beneficiary_record", "ibr_worker") == 0


def test_every_guarded_table_has_its_policy_for_the_role_that_answers(dsn: str) -> None:
    rows = owner(
        dsn,
        "select c.relname from pg_policy p join pg_class c on c.oid = p.polrelid "
        "where p.polname = 'right_and_area' and not p.polpermissive and p.polcmd = '*' "
        "and p.polroles = array[(select oid from pg_roles where rolname = 'ibr_app')]",
    )
    assert {row["relname"] for row in rows} == set(OPENED_BY) | GUARDED_TOO


def test_the_ledger_and_the_trail_are_read_by_those_who_may(dsn: str, ground: Ground) -> None:
    owner(
        dsn,
        "insert into question_asked (subject_index, asked_at, question_id, question, "
        "purpose_code, answer) values ('x', now(), gen_random_uuid(), 'search', 'audit', 'none')",
    )
    told = everything(ground)
    for each in sorted(CLASSES):
        seen = counted(dsn, "question_asked", **told | {"rights": each})
        assert (seen > 0) is (each == "ledger"), each


def test_a_transaction_tells_the_database_of_its_asker_and_forgets_it(
    dsn: str, ground: Ground
) -> None:
    asker = asker_of(ground, "help_desk")
    said = "select current_setting('ibr.' || name, true) from unnest($1::text[]) as name"
    names = ["programmes", "areas", "rights"]

    async def told() -> list[list[str]]:
        database = await open_database(dsn, "ibr_app", size=1, name="told")
        found = []
        try:
            for right in (None, "person", "cases"):
                async with database.transaction(asker.reach, asker=asker, right=right) as one:
                    found.append([row[0] for row in await one.fetch(said, names)])
            async with database.transaction([1]) as one:
                found.append([row[0] for row in await one.fetch(said, names)])
            async with database.session() as one:
                found.append([row[0] for row in await one.fetch(said, names)])
        finally:
            await database.close()
        return found

    whole, person, not_held, registry, after = asyncio.run(told())
    reach = ",".join(map(str, sorted(asker.reach)))
    assert whole[:2] == person[:2] == [reach, "R1"]
    assert set(person[2].split()) < set(whole[2].split()) < CLASSES
    assert not_held == ["", "", ""]
    assert registry == ["1", ALL_SIGHT.areas, ALL_SIGHT.rights]
    assert after == ["", "", ""]


def leaves_of(plan: Iterable[str]) -> str:
    return "\n".join(plan)


async def explained(dsn: str, statement: str, **settings: str) -> str:
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    try:
        async with connection.transaction():
            await connection.execute("set local role ibr_app; set local enable_seqscan = off")
            for name, value in settings.items():
                await connection.execute("select set_config($1, $2, true)", f"ibr.{name}", value)
            rows = await connection.fetch(f"explain (costs off) {statement}")
            return leaves_of(row[0] for row in rows)
    finally:
        await connection.close()


def test_policies_leave_indexes_and_pruning_alone(dsn: str, ground: Ground) -> None:
    """A policy that could not be asked beside an index would make every probe read the table."""
    told = everything(ground)
    probe = asyncio.run(
        explained(dsn, "select * from enrolled_index where blind_index = 'x'", **told)
    )
    assert "Index Cond: ((blind_index = " in probe
    month = "given_at >= '2026-10-01' and given_at < '2026-11-01'"
    given = asyncio.run(
        explained(dsn, f"select * from benefit where record_id = 7 and {month}", **told)
    )
    assert "benefit_2026_10" in given
    assert "benefit_2026_09" not in given
    assert "Index Cond: ((record_id = 7)" in given
