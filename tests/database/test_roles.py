"""What each role may and may not do, asked of the database itself (reliability C9, D10)."""

from __future__ import annotations

import asyncpg
import pytest

from ibr.db.classes import CLASSES
from ibr.db.pool import open_database
from ibr.errors import Unavailable
from tests.door import Door, System
from tests.people import a_number, enrolled

ROLES = ("ibr_app", "ibr_worker", "ibr_auditor", "ibr_analyst")


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    system = door.partner()
    system.report(
        *(enrolled(a_number(), "DCI001") for _ in range(5)),
        *(enrolled(a_number(), "DCI002") for _ in range(3)),
    )
    system.report(enrolled(a_number(), "DCI001"))
    system.ask(a_number(), "DCI001")
    return system


async def as_role(
    door: Door, role: str, statement: str, reach: str | None = None
) -> list[asyncpg.Record]:
    """A statement by somebody with no more than this role."""
    connection = await asyncpg.connect(door.dsn, server_settings={"search_path": "ibr"})
    try:
        async with connection.transaction():
            await connection.execute(f"set local role {role}")
            if reach is not None:
                await connection.execute(
                    "select set_config('ibr.programmes', $1, true), "
                    "set_config('ibr.areas', '*', true), set_config('ibr.rights', $2, true)",
                    reach,
                    " ".join(CLASSES),
                )
            return await connection.fetch(statement)
    finally:
        await connection.close()


def run(door: Door, role: str, statement: str, reach: str | None = None) -> list[asyncpg.Record]:
    return door.run(as_role(door, role, statement, reach))


def refused(door: Door, role: str, statement: str, reach: str | None = None) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        run(door, role, statement, reach)


GUARDED = """
    select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid
    where n.nspname = 'ibr' and c.relkind in ('r', 'p')
      and a.attname in ('programme_id', 'programme_ids')
"""
# Rights and the ledger are looked up across programmes on purpose: the gate itself, the
# catalogue, and questions, which belong to their subjects. Promised messages too: their content is
# sealed, and whether the receiver may still see their programmes is asked before each try.
# In protected_record the policies of other tables look for whom they hide, also where the asker has
# no reach; it holds numbers of records, and none of a person.
NOT_A_PROGRAMMES = {
    "programme",
    "partner_programme",
    "officer",
    "outgoing_message",
    "protected_record",
}

# Its keys are looked up by a function of its owner, who therefore must not be held by the policy;
# the function asks for the programmes in reach itself (tests/database/test_persons.py).
NOT_FORCED = {"appearance"}


def test_every_programmes_table_has_forced_row_level_security(door: Door) -> None:
    rows = door.owner(f"{GUARDED} and not (c.relrowsecurity and c.relforcerowsecurity)")
    open_ = {row["relname"] for row in rows} - NOT_A_PROGRAMMES - NOT_FORCED
    assert not [name for name in open_ if not name.startswith(("question_asked", "benefit_other"))]


def test_control_the_walk_over_the_tables_sees_them(door: Door) -> None:
    found = {row["relname"] for row in door.owner(GUARDED)}
    assert {"enrolment", "benefit", "delivery", "enrolled_index", "change"} <= found


@pytest.mark.parametrize("role", ["ibr_app", "ibr_worker"])
@pytest.mark.parametrize(
    "table", ["enrolment", "beneficiary_record", "enrolled_index", "identifier"]
)
def test_without_programmes_in_reach_nothing_is_seen(
    door: Door, system: System, role: str, table: str
) -> None:
    assert run(door, role, f"select * from {table}") == []
    assert run(door, role, f"select * from {table}", "") == []
    assert run(door, role, f"select * from {table}", "0") == []


def test_only_the_programmes_in_reach_are_seen(door: Door, system: System) -> None:
    ids = door.services.book.programmes_by_code
    one, other = (str(ids[code].programme_id) for code in ("dci001", "dci002"))
    query = "select distinct programme_id from enrolment order by 1"
    assert [str(row[0]) for row in run(door, "ibr_app", query, one)] == [one]
    assert len(run(door, "ibr_app", query, f"{one},{other}")) == 2


def test_a_row_of_another_programme_cannot_be_written(door: Door, system: System) -> None:
    one = str(door.services.book.programmes_by_code["dci001"].programme_id)
    other = door.services.book.programmes_by_code["dci002"].programme_id
    insert = (
        "insert into change (record_id, programme_id, kind, happened_at, delivery_id) "
        f"values (1, {other}, 'enrolled', now(), 1)"
    )
    refused(door, "ibr_app", insert, one)
    refused(door, "ibr_app", f"update enrolment set programme_id = {other}", one)
    assert run(door, "ibr_app", insert, f"{one},{other}") == []


def test_an_upsert_does_not_reach_over(door: Door, system: System) -> None:
    """Trap of D10: a conflict with a row that is not to be seen must not change it."""
    one = str(door.services.book.programmes_by_code["dci001"].programme_id)
    other = door.services.book.programmes_by_code["dci002"].programme_id
    [row] = door.owner(f"select * from enrolment where programme_id = {other} limit 1")
    upsert = (
        "insert into enrolment (record_id, programme_id, status, status_at, status_rank, as_of, "
        f"known_at, delivery_id) values ({row['record_id']}, {one}, 2, now(), 7, now(), now(), 1) "
        "on conflict (record_id) do update set status = 2"
    )
    refused(door, "ibr_app", upsert, one)
    [after] = door.owner(f"select * from enrolment where record_id = {row['record_id']}")
    assert after == row


def test_what_was_done_with_a_delivery_is_seen_with_it(door: Door, system: System) -> None:
    ids = door.services.book.programmes_by_code
    one, other = (ids[code].programme_id for code in ("dci001", "dci002"))
    door.owner(
        "insert into delivery_act (delivery_id, act_no, kind, by_kind, by_id, by_name, at) "
        "select delivery_id, 99, 'held', 'registry', 0, 'registry', now() from delivery "
        f"where programme_ids = array[{one}]"
    )
    acts = "select * from delivery_act where act_no = 99"
    try:
        assert run(door, "ibr_app", acts, f"{one},{other}")
        assert run(door, "ibr_app", acts, str(other)) == []
    finally:
        door.owner("delete from delivery_act where act_no = 99")


def test_no_view_shows_more_than_its_reader_may_see(door: Door) -> None:
    views = door.owner(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = 'ibr' and c.relkind in ('v', 'm') "
        "and not coalesce('security_invoker=true' = any (c.reloptions), false)"
    )
    assert views == []


def test_reach_ends_with_its_transaction(door: Door, system: System) -> None:
    """Traps of D10: what is set stays for nobody else, and what is reset is empty, not null."""
    database, ids = door.services.database, door.services.book.programmes

    async def seen_after() -> tuple[int, int, str]:
        async with database.transaction(ids) as connection:
            inside = await connection.fetchval("select count(*) from enrolment")
        async with database.transaction(()) as connection:
            outside = await connection.fetchval("select count(*) from enrolment")
            left = await connection.fetchval("select current_setting('ibr.programmes', true)")
        return inside, outside, left

    inside, outside, left = door.run(seen_after())
    assert inside >= 8
    assert (outside, left) == (0, "")


def test_a_partition_is_no_way_round(door: Door, system: System) -> None:
    partitions = door.owner(
        "select inhrelid::regclass::text as name from pg_inherits "
        "where inhparent = 'ibr.benefit'::regclass"
    )
    assert len(partitions) > 40
    for partition in (partitions[0]["name"], "benefit_other", "question_asked_other"):
        refused(door, "ibr_app", f"select * from {partition}")


def test_roles_own_nothing_and_pass_no_policy(door: Door) -> None:
    rows = door.owner(
        "select rolname, rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb "
        "from pg_roles where rolname like 'ibr\\_%' and rolname <> 'ibr_owner'"
    )
    assert {row["rolname"] for row in rows} >= set(ROLES)
    assert not any(any(list(row)[1:]) for row in rows)
    owned = door.owner(
        "select c.relname from pg_class c join pg_roles r on r.oid = c.relowner "
        "join pg_namespace n on n.oid = c.relnamespace "
        "where r.rolname = any ($1::text[]) and n.nspname !~ '^pg_(temp|toast)'",
        list(ROLES),
    )
    assert owned == []


def test_a_function_that_runs_as_its_owner_says_where_it_looks(door: Door) -> None:
    found = door.owner(
        "select proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace "
        "where n.nspname = 'ibr' and p.prosecdef "
        "and not exists (select 1 from unnest(p.proconfig) c where c like 'search_path=%')"
    )
    assert found == []


@pytest.mark.parametrize("role", ["ibr_app", "ibr_worker"])
@pytest.mark.parametrize("table", ["audit_event", "question_asked"])
@pytest.mark.parametrize("change", ["update {} set at = now()", "delete from {}", "truncate {}"])
def test_the_ledger_and_the_audit_trail_only_grow(
    door: Door, role: str, table: str, change: str
) -> None:
    statement = change.format(table)
    if table == "question_asked":
        statement = statement.replace("set at", "set asked_at")
    refused(door, role, statement)


@pytest.mark.parametrize("role", ["ibr_app", "ibr_worker"])
@pytest.mark.parametrize(
    "statement",
    [
        "delete from enrolment",
        "delete from beneficiary_record",
        "delete from message_received",
        "update message_received set body_digest = ''",
        "update status_change set status = 1",
        "delete from delivery_part",
        "update delivery_part set sealed = ''",
        "insert into partner (sender_id, name, client_id, secret_hash, scopes) "
        "values ('x', 'x', 'x', 'x', '{}')",
        "update partner set name = 'x'",
        "delete from partner_programme",
        "update registry_key set kid = 'x'",
        "insert into programme (code, names) values ('X', '{}')",
        "create table ibr.mine (x integer)",
        "alter table ibr.enrolment disable row level security",
        "drop policy programmes_in_reach on ibr.enrolment",
    ],
)
def test_what_the_registry_itself_may_never_do(door: Door, role: str, statement: str) -> None:
    refused(door, role, statement)


def test_rights_of_partners_change_only_where_two_people_approved(door: Door) -> None:
    door.partner()
    statement = "update partner set scopes = scopes"
    refused(door, "ibr_worker", statement)
    assert run(door, "ibr_app", f"{statement} returning 1") == []
    # The control: there are rows, which the owner's statement finds.
    assert door.owner(f"{statement} returning 1")


@pytest.mark.parametrize("role", ["ibr_auditor", "ibr_analyst"])
@pytest.mark.parametrize("table", ["beneficiary_record", "identifier", "delivery_part", "partner"])
def test_auditors_and_analysts_see_no_records(door: Door, role: str, table: str) -> None:
    refused(door, role, f"select * from {table}")


def test_auditors_see_what_was_done_with_a_delivery(door: Door, system: System) -> None:
    """And an analyst does not; officers and jobs see the acts of deliveries in their reach."""
    [known] = door.owner(
        "select delivery_id, programme_ids[1] as programme_id from delivery "
        "where programme_ids <> '{}' limit 1"
    )
    door.owner(
        "insert into delivery_act "
        "(delivery_id, act_no, kind, by_kind, by_id, by_name, reason, at) "
        "values ($1, 900, 'held', 'officer', 1, 'A. Steward', 'for a look', now())",
        known["delivery_id"],
    )
    asked = "select reason from delivery_act where act_no = 900"
    try:
        assert [row["reason"] for row in run(door, "ibr_auditor", asked)] == ["for a look"]
        refused(door, "ibr_analyst", asked)
        for role in ("ibr_app", "ibr_worker"):
            assert len(run(door, role, asked, str(known["programme_id"]))) == 1
            assert run(door, role, asked, "0") == []
    finally:
        door.owner("delete from delivery_act where act_no = 900")


@pytest.mark.parametrize(
    ("role", "wanted"),
    [("ibr_app", ["5s", "1s", "15s"]), ("ibr_worker", ["30s", "10s", "1min"])],
)
def test_every_connection_has_its_time_outs(door: Door, role: str, wanted: list[str]) -> None:
    async def shown() -> list[str]:
        database = await open_database(door.dsn, role, size=1, name="time-outs")  # type: ignore[arg-type]
        try:
            async with database.transaction(()) as connection:
                return [
                    await connection.fetchval(f"show {name}")
                    for name in (
                        "statement_timeout",
                        "lock_timeout",
                        "idle_in_transaction_session_timeout",
                    )
                ]
        finally:
            await database.close()

    assert door.run(shown()) == wanted


def test_a_statement_that_takes_too_long_ends(door: Door) -> None:
    async def slow() -> None:
        async with door.services.database.transaction(()) as connection:
            await connection.execute("set local statement_timeout = 50")
            await connection.execute("select pg_sleep(6)")

    with pytest.raises(Unavailable, match="too long"):
        door.run(slow())


def test_afterwards_the_connection_is_as_good_as_new(door: Door) -> None:
    async def shown() -> str:
        async with door.services.database.transaction(()) as connection:
            return str(await connection.fetchval("show statement_timeout"))

    assert door.run(shown()) == "5s"


def test_a_confirmed_link_tells_only_of_programmes_in_reach(door: Door, system: System) -> None:
    """The two tables of confirmed links belong to no programme; what they lead to does."""
    one, other = (
        door.services.book.programmes_by_code[code].programme_id for code in ("dci001", "dci002")
    )
    [low] = door.owner(f"select record_id from enrolment where programme_id = {one} limit 1")
    [high] = door.owner(f"select record_id from enrolment where programme_id = {other} limit 1")
    records = sorted((low["record_id"], high["record_id"]))
    for record, programme in ((low["record_id"], one), (high["record_id"], other)):
        door.owner(
            "insert into appearance values ($1, 0, $2, -1, 'x', 'x', '{}', 1, now())",
            record,
            programme,
        )
        door.owner("insert into confirmed_person values ($1, 0, $2, 0)", record, records[0])
    asked = f"select status from confirmed_standings({low['record_id']}, 0::smallint, {other})"
    for role in ("ibr_app", "ibr_worker"):
        assert run(door, role, asked, str(one)) == []
        assert len(run(door, role, asked, str(other))) == 1
    for role in ("ibr_auditor", "ibr_analyst"):
        refused(door, role, asked, str(other))
        refused(door, role, "select * from confirmed_number")
