"""A member whom a household's record no longer names stays in the snapshot as who it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.door import Door
from tests.people import a_household, a_member, a_number, in_programme
from tests.snapshots import Desk


@pytest.fixture(scope="module")
def desk(door: Door) -> Iterator[Desk]:
    desk = Desk(door)
    yield desk
    desk.close()


GONE = "select record_id, programme_id, person_id, is_own from appearance where member_no is null"


def test_a_gone_member_is_there_without_a_place(desk: Desk, door: Door) -> None:
    door.partner().report(
        {**a_household(a_number(), a_member(a_number())), **in_programme("DCI001")}
    )
    assert desk.rows(desk.take(), GONE) == []
    [(record, programme)] = [
        tuple(row) for row in door.owner("select record_id, programme_id from beneficiary_record")
    ]
    for statement in (
        f"""insert into appearance (record_id, appearance_no, programme_id, member_no, features,
                features_digest, keys, standard, read_at)
            values ({record}, 9, {programme}, null, '', '', '{{}}', 1, now())""",
        """insert into person (person_id, made_at, made_run, merged_into)
           values (41, now(), 1, 42), (42, now(), 1, null)""",
        f"""insert into person_event (record_id, appearance_no, programme_id, from_person,
                to_person, run_no, happened_at)
            values ({record}, 9, {programme}, null, 41, 1, now()),
                ({record}, 9, {programme}, 41, null, 2, now())""",
    ):
        door.owner(statement)
    assert desk.rows(desk.take(), GONE) == [(record, programme, 42, False)]
