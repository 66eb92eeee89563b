"""Who is who of many: by the batch engine and helping processes the same as one by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest

from ibr.clock import now
from ibr.identity.model import Appearance
from ibr.identity.persons import weigh
from ibr.identity.persons.helpers import Helpers, Place
from ibr.identity.persons.loading import sharing
from ibr.identity.persons.loading.open_features import Loader
from ibr.identity.persons.pairs.store import put_money
from tests.database.test_persons import country, linked_pair, strangers, together
from tests.linkage_desk import KEYRING, PROGRAMMES, SEALER, LinkageDesk
from tests.linked_country import in_deliveries, linked_country


@pytest.fixture(scope="module")
def one_desk(dsn: str) -> Iterator[LinkageDesk]:
    desk = LinkageDesk(dsn)
    yield desk
    desk.close()


@pytest.fixture
def desk(one_desk: LinkageDesk) -> LinkageDesk:
    one_desk.empty()
    return one_desk


def test_the_batch_engine_finds_the_same(
    desk: LinkageDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, rest = in_deliveries(linked_country().entries, 2)
    desk.appear(country())
    desk.link()
    plainly = desk.who_is_who(), desk.pairs()
    desk.empty()
    monkeypatch.setattr(weigh, "FEW", 0)
    # Several blocks, each of them opened by another process.
    monkeypatch.setattr(sharing, "BLOCK", 60)
    desk.appear((each.appearance, each.features, list(each.keys)) for each in first)
    desk.link()
    desk.appear((each.appearance, each.features, list(each.keys)) for each in rest)
    desk.link()
    assert (desk.who_is_who(), desk.pairs()) == plainly


def test_the_batch_engine_hears_what_people_said(
    desk: LinkageDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.appear(country())
    desk.link()
    alike, unlike = linked_pair(desk), strangers(desk)
    desk.decide(alike, "different")
    desk.decide(unlike, "same")
    desk.link()
    plainly = desk.who_is_who()
    monkeypatch.setattr(weigh, "FEW", 0)
    desk.link("full")
    assert desk.who_is_who() == plainly
    assert not together(desk, alike)
    assert together(desk, unlike)


@pytest.mark.parametrize("most", [2, 5, 500])
def test_going_through_everybody_finds_whom_the_index_finds(desk: LinkageDesk, most: int) -> None:
    people = country()
    desk.appear(people)
    half = people[: len(people) // 2]
    keys = np.unique(np.array([key for _, _, keys in half for key in keys], np.int64))
    place = Place(desk.database, KEYRING, range(1, PROGRAMMES + 1))
    helpers = Helpers(place, 1)
    try:
        found = desk.run(sharing.sharing_by_scan(place, helpers, keys, most))
    finally:
        helpers.close()
    loader = Loader(desk.database, SEALER, range(1, PROGRAMMES + 1))
    by_index = desk.run(loader.sharing(keys.tolist(), most))
    assert found.keys.tolist() == sorted(by_index)
    assert found.who == {each for those in by_index.values() for each in those}
    assert (len(by_index) < len(keys)) == (most < 500)


@pytest.mark.parametrize("reach", [[], [3], list(range(1, PROGRAMMES + 1))])
def test_keys_lead_only_to_programmes_in_reach(desk: LinkageDesk, reach: list[int]) -> None:
    """The function that looks keys up is not held by the policy, and asks for the reach itself."""
    people = country()
    desk.appear(people)
    keys = sorted({key for _, _, keys in people for key in keys})

    async def seen() -> tuple[set[Appearance], set[Appearance]]:
        async with desk.database.transaction(reach) as connection:
            found = await connection.fetch("select * from who_share($1::bigint[], 500)", keys)
            rows = await connection.fetch("select record_id, appearance_no from appearance")
            return (
                {Appearance(row["record_id"], row["appearance_no"]) for row in found},
                {Appearance(row["record_id"], row["appearance_no"]) for row in rows},
            )

    by_keys, directly = desk.run(seen())
    expected = {each for each, features, keys in people if features.programme_id in reach}
    assert directly == expected
    assert by_keys == {each for each, _, keys in people if keys and each in expected}


def test_money_of_another_currency_is_not_added_up(desk: LinkageDesk) -> None:
    desk.appear(country())
    desk.link()
    found = desk.owner(
        """
        select low_record, high_record, low_programme, high_programme from link_pair
        where low_record <> high_record and low_programme <> high_programme
        order by 1, 2 limit 1
        """
    )[0]
    desk.owner("update programme set currency = 'KES' where programme_id = $1", found[2])
    desk.owner("update programme set currency = 'USD' where programme_id = $1", found[3])
    for record, programme, minor, currency in (
        (found[0], found[2], 3_000, "KES"),
        (found[0], found[2], 70_000, "USD"),
        (found[1], found[3], 600_000, "USD"),
        (found[1], found[3], 9_000, "KES"),
    ):
        desk.owner(
            """
            insert into benefit (record_id, given_at, benefit_key, programme_id, benefit_type,
                                 value_minor, currency, known_at, delivery_id)
            values ($1, now() - interval '1 day', $2, $3, 1, $4, $5, now(), 1)
            """,
            record,
            minor,
            programme,
            minor,
            currency,
        )
    # As a pair that a new run has found and somebody has to look at.
    desk.owner(
        """
        update link_pair set run_no = 9, state = 'open'
        where low_record = $1 and high_record = $2
        """,
        found[0],
        found[1],
    )

    async def put() -> None:
        async with desk.database.transaction(range(1, PROGRAMMES + 1)) as connection:
            await put_money(connection, 9, now() - timedelta(days=92), now())

    desk.run(put())
    seen = desk.owner(
        "select money_minor from link_pair where low_record = $1 and high_record = $2",
        found[0],
        found[1],
    )
    assert [row["money_minor"] for row in seen] == [(3_000 + 9_000) // 3]
    desk.owner("delete from benefit")
    desk.owner("update programme set currency = null")
