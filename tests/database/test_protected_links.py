"""Protected people among applicants' possible duplicates and pairs to review: not to be found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from ibr.access.staff.rights import RIGHTS
from ibr.asker import Asker, Purpose
from ibr.db.pool import open_database
from ibr.identity.applicants.model import Answer
from ibr.identity.applicants.possible_duplicates import Applicants
from ibr.identity.features.keys import keys_of
from ibr.identity.model import Appearance
from tests.database.test_applicants import AMINA, INDEX, known
from tests.linkage_desk import SEALER, LinkageDesk
from tests.linked_country import linked_country

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RECORDS = (900_001, 900_002)


@pytest.fixture(scope="module")
def desk(dsn: str) -> Iterator[LinkageDesk]:
    desk = LinkageDesk(dsn)
    desk.appear(
        [(each.appearance, each.features, list(each.keys)) for each in linked_country().entries]
    )
    for number, programme in zip(RECORDS, (3, 7), strict=True):
        features = known(AMINA, programme)
        desk.appear([(Appearance(number, 0), features, keys_of(features, INDEX))])
    desk.link()
    yield desk
    desk.close()


@contextmanager
def hidden(desk: LinkageDesk) -> Iterator[None]:
    desk.owner(
        "insert into protected_record (record_id, protection_id, programme_id) "
        "select unnest($1::bigint[]), 1, 3",
        list(RECORDS),
    )
    try:
        yield
    finally:
        desk.owner("delete from protected_record")


def ask(desk: LinkageDesk) -> Answer:
    """As the pages' role, which the policies hold for."""
    asker = Asker(
        kind="officer",
        id=5,
        name="Omar",
        purpose=Purpose("enrolment_check"),
        ask=frozenset({3}),
        scopes=RIGHTS["programme_officer"].scopes,
    )

    async def asked() -> Answer:
        database = await open_database(desk.dsn, "ibr_app", size=2, name="test")
        try:
            applicants = Applicants(database, SEALER, INDEX)
            return await applicants.possible_duplicates(asker, AMINA, AT)
        finally:
            await database.close()

    return desk.run(asked())


def pairs(desk: LinkageDesk, rights: str) -> int:
    """How many pairs of the two records the pages' role sees with these rights."""

    async def counted() -> int:
        database = await open_database(desk.dsn, "ibr_app", size=1, name="test")
        try:
            async with database.transaction(range(1, 13)) as connection:
                await connection.execute("select set_config('ibr.rights', $1, true)", rights)
                count: int = await connection.fetchval(
                    "select count(*)::integer from link_pair "
                    "where low_record = any ($1) or high_record = any ($1)",
                    list(RECORDS),
                )
                return count
        finally:
            await database.close()

    return desk.run(counted())


def test_an_applicant_is_not_told_of_a_protected_person(desk: LinkageDesk) -> None:
    assert ask(desk).found
    with hidden(desk):
        answer = ask(desk)
    assert (answer.found, answer.elsewhere) == ((), False)


def test_a_pair_with_a_protected_person_is_given_to_nobody(desk: LinkageDesk) -> None:
    assert pairs(desk, "links people findings ledger") > 0
    with hidden(desk):
        assert pairs(desk, "links people findings ledger") == 0
        assert pairs(desk, "links people protected") > 0
