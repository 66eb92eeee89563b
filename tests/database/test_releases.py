"""Releases in the database: built, signed by two, published, held against each other, withdrawn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from ibr.access.staff.add_officer import add_officer
from ibr.access.staff.rights import RELEASE
from ibr.asker import Asker, Purpose
from ibr.db.pool import Database, open_database
from ibr.errors import Conflict, NotAllowed, NotFound, NotUnderstood, RegistryError
from ibr.publish.releases import read
from ibr.publish.releases.build import Wanted, build_release
from ibr.publish.releases.calendar.announce import announce, announced, due
from ibr.publish.releases.check import check_published
from ibr.publish.releases.chosen import complete
from ibr.publish.releases.model import Audience
from ibr.publish.releases.sign import look_at_known, publish, sign, withdraw
from tests.made_figures import freeze_made_at

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
NOWHERE = Path("/nonexistent")
CHOICE = (("N1", "area1*sex"), ("N1", "programme"), ("C2", "area1"), ("R1", "programme"))
MONTH = "2026-10"
RESTATED = "2026-08"


@pytest.fixture(scope="module")
def filled(dsn: str) -> str:
    asyncio.run(_fill(dsn))
    asyncio.run(freeze_made_at(dsn, months=4, people=900))
    return dsn


async def _fill(dsn: str) -> None:
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    try:
        for who in ("one", "two", "three"):
            await add_officer(
                connection,
                f"{who}@example.org",
                who.title(),
                "analyst",
                None,
                "a long enough password",
                None,
            )
    finally:
        await connection.close()


@asynccontextmanager
async def registry(dsn: str, role: str = "ibr_worker") -> AsyncIterator[Database]:
    database = await open_database(dsn, role, size=2, name="test")
    try:
        yield database
    finally:
        await database.close()


def officer(number: int, *scopes: str) -> Asker:
    return Asker(
        kind="officer",
        id=number,
        name=f"Officer {number}",
        purpose=Purpose("official_duty"),
        ask=frozenset(),
        scopes=frozenset(scopes or (RELEASE,)),
    )


async def build(dsn: str, audience: Audience = "public", period: str = MONTH) -> int:
    async with registry(dsn) as database:
        wanted = Wanted(audience=audience, periods=(period,), choice=CHOICE)
        return await build_release(database, wanted, {}, NOWHERE, AT)


async def publish_by_two(dsn: str, number: int, at: datetime = AT) -> None:
    async with registry(dsn, "ibr_app") as database, database.transaction(()) as connection:
        head = await read.one_release(connection, number)
        if head.known_before:
            await look_at_known(connection, officer(1), number, at)
        await sign(connection, officer(1), number, at)
        await sign(connection, officer(2), number, at)
        await publish(connection, officer(3), number, at)


@pytest.fixture(scope="module")
def first(filled: str) -> int:
    number = asyncio.run(build(filled))
    asyncio.run(publish_by_two(filled, number))
    return number


async def test_a_choice_takes_its_totals_along() -> None:
    assert ("N1", "") in complete(CHOICE)
    assert ("N1", "area1") in complete([("C2", "area1")])
    with pytest.raises(NotUnderstood):
        complete([("D4", "programme*to")])


async def test_what_is_small_is_not_in_the_release_by_any_form(filled: str, first: int) -> None:
    async with registry(filled, "ibr_app") as database, database.transaction(()) as connection:
        tables = await read.tables_of(connection, first)
    counts = [each for each in tables if each.table.indicator == "N1"]
    assert sum(len(each.hidden) for each in counts) > 0
    shown = [cell.numerator for each in counts for cell in each.table.cells]
    assert min(number for number in shown if number) >= 10
    shares = next(each for each in tables if each.name == ("C2", "area1"))
    people = next(each for each in counts if each.name == ("N1", "area1"))
    assert people.hidden_keys <= shares.hidden_keys
    assert not {cell.key for cell in shares.table.cells} & people.hidden_keys


async def test_nobody_signs_twice_and_one_person_is_not_enough(filled: str) -> None:
    number = await build(filled, period="2026-09")
    async with registry(filled, "ibr_app") as database, database.transaction(()) as connection:
        await sign(connection, officer(1), number, AT)
        with pytest.raises(Conflict) as again:
            await sign(connection, officer(1), number, AT)
        with pytest.raises(Conflict) as early:
            await publish(connection, officer(2), number, AT)
        with pytest.raises(NotAllowed):
            await sign(connection, officer(2, "country"), number, AT)
    assert again.value.code == "release.signed_already"
    assert early.value.code == "release.signatures"


async def test_control_the_statement_itself_asks_for_two_signatures(filled: str) -> None:
    """Past every check of the code, the database still does not publish."""
    connection = await asyncpg.connect(filled, server_settings={"search_path": "ibr"})
    try:
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("update release set state = 'published' where state = 'built'")
    finally:
        await connection.close()


async def test_the_role_of_the_pages_changes_no_table_and_reads_no_receipt(
    filled: str, first: int
) -> None:
    async with registry(filled, "ibr_app") as database:
        for statement in (
            "update release_table set cells = ''",
            "delete from release_table",
            "update release set digest = ''",
            "select largest from release_table",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with database.transaction(()) as connection:
                    await connection.execute(statement)


async def test_a_second_release_of_a_month_holds_against_the_first(filled: str, first: int) -> None:
    number = await build(filled)
    async with registry(filled, "ibr_app") as database, database.transaction(()) as connection:
        then = await read.tables_of(connection, first)
        now = await read.tables_of(connection, number)
    assert [each.hidden_keys for each in then] == [each.hidden_keys for each in now]


async def test_a_release_that_was_overtaken_is_not_published(filled: str) -> None:
    one, other = await build(filled, period="2026-07"), await build(filled, period="2026-07")
    await publish_by_two(filled, one)
    with pytest.raises(Conflict) as late:
        await publish_by_two(filled, other)
    assert late.value.code == "release.overtaken"


async def test_partners_see_more_and_the_two_together_give_nothing_away(
    filled: str, first: int
) -> None:
    number = await build(filled, "partners")
    await publish_by_two(filled, number, AT + timedelta(hours=1))
    async with registry(filled, "ibr_app") as database, database.transaction(()) as connection:
        public = {each.name: each for each in await read.tables_of(connection, first)}
        partners = {each.name: each for each in await read.tables_of(connection, number)}
    assert all(partners[name].hidden_keys <= public[name].hidden_keys for name in public)
    assert any(partners[name].hidden_keys < public[name].hidden_keys for name in public)
    async with registry(filled) as database:
        steps, told = await check_published(database, period=MONTH)
    assert steps == 3
    assert told == []


async def test_everything_published_so_far_withstands_the_attack(filled: str, first: int) -> None:
    async with registry(filled) as database:
        steps, told = await check_published(database)
    assert steps >= 2
    assert told == []


async def test_control_a_figure_put_back_is_found(filled: str, first: int) -> None:
    """Somebody with the owner's rights puts a hidden figure back: both guards see it."""
    connection = await asyncpg.connect(filled, server_settings={"search_path": "ibr"})
    kept = await connection.fetchrow(
        "select cells, hidden from release_table where release_no = $1 and indicator = 'N1' "
        "and breakdown = 'area1*sex'",
        first,
    )
    try:
        await connection.execute(
            """
            update release_table set hidden = (select hidden from release_table
                where release_no = $1 and indicator = 'R1' limit 1)
            where release_no = $1 and indicator = 'N1' and breakdown = 'area1*sex'
            """,
            first,
        )
        async with registry(filled) as database:
            _, told = await check_published(database, audience="public", period=MONTH)
        assert {each.what for each in told} >= {"is not what was signed"}
        assert any("persons" in each.what for each in told)
    finally:
        await connection.execute(
            "update release_table set hidden = $2 where release_no = $1 and indicator = 'N1' "
            "and breakdown = 'area1*sex'",
            first,
            kept["hidden"],
        )
        await connection.close()


async def test_a_withdrawn_release_stays_readable_and_counts_no_more(filled: str) -> None:
    number = await build(filled, period=RESTATED)
    await publish_by_two(filled, number)
    async with registry(filled, "ibr_app") as database, database.transaction(()) as connection:
        with pytest.raises(NotUnderstood):
            await withdraw(connection, officer(1), number, "no", AT)
        await withdraw(connection, officer(1), number, "A programme reported twice.", AT)
        head = await read.one_release(connection, number, "public")
        with pytest.raises(NotFound):
            await read.released_table(connection, "public", "N1", RESTATED)
    assert head.state == "withdrawn"
    assert head.withdrawn_reason == "A programme reported twice."


async def test_drafts_are_nobodys_outside(filled: str) -> None:
    number = await build(filled, period="2026-09")
    async with registry(filled, "ibr_app") as database, database.transaction(()) as connection:
        with pytest.raises(NotFound):
            await read.one_release(connection, number, "public")
        with pytest.raises(NotFound):
            await read.released_table(connection, "public", "N1", "2026-09")


@pytest.mark.parametrize(
    ("period", "choice", "code"),
    [
        ("2026", (), "release.months_only"),
        ("2001-01", (), "release.no_figures"),
        (MONTH, (("N5", "currency"),), "release.no_facts"),
        (MONTH, (("O5", "combination"), ("D4", "programme*to")), "release.choice"),
    ],
)
async def test_what_cannot_be_released_is_refused_with_what_to_do(
    filled: str, period: str, choice: tuple[tuple[str, str], ...], code: str
) -> None:
    wanted = Wanted(audience="public", periods=(period,), choice=choice)
    async with registry(filled) as database:
        with pytest.raises(RegistryError) as refused:
            await build_release(database, wanted, {}, NOWHERE, AT)
    assert refused.value.code == code


async def test_a_month_is_announced_once_and_not_before_it_ended(filled: str) -> None:
    async with registry(filled) as database, database.transaction(()) as connection:
        for day in (date(2026, 12, 18), date(2026, 12, 20)):
            await announce(connection, "public", "2026-11", day, AT)
        with pytest.raises(NotUnderstood):
            await announce(connection, "public", "2026-12", date(2026, 12, 20), AT)
        entries = await announced(connection, "public")
        assert [each.due_on for each in entries if each.period == "2026-11"] == [date(2026, 12, 20)]
        assert [each.period for each in await due(connection, date(2026, 12, 20))] == ["2026-11"]
        assert await due(connection, date(2026, 12, 19)) == []
