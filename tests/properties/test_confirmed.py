"""Whatever people decide in whatever order: confirmed links are those of a plain rule, and the
same whether they are kept decision by decision or worked out from all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ibr.identity.engines.found import Keyed
from ibr.identity.model import Appearance, Decided, Pair
from ibr.identity.persons.confirmed.keep_confirmed import put_in_order
from ibr.identity.persons.confirmed.rules import confirmed_groups
from ibr.identity.persons.decide import in_order
from tests.linkage_desk import PROGRAMMES, LinkageDesk
from tests.unit.identity.compared import someone

EXAMPLES = max(5, int(os.environ.get("IBR_TEST_EXAMPLES", "60")) // 4)
PEOPLE = [Appearance(number, 0) for number in range(1, 7)]
Step = tuple[Pair, str, int, bool]


@pytest.fixture(scope="module")
def desk(dsn: str) -> Iterator[LinkageDesk]:
    desk = LinkageDesk(dsn)
    entries: list[Keyed] = [(each, someone(given="karim", programme_id=1), [1]) for each in PEOPLE]
    desk.appear(entries)
    yield desk
    desk.close()


pairs = st.lists(st.sampled_from(PEOPLE), min_size=2, max_size=2, unique=True).map(
    lambda two: in_order(*two)
)
steps = st.lists(
    st.tuples(
        pairs,
        st.sampled_from(("same", "same", "same", "different", "unsure", "withdrawn")),
        st.sampled_from((1, 1, 1, 2)),
        st.sampled_from((False, False, False, True)),
    ),
    max_size=14,
)


def plain_in_force(said: Sequence[Step]) -> list[tuple[Pair, str, int]]:
    """What counts of what was said, with the place of the first opinion; written without SQL."""
    found = []
    for pair in {each[0] for each in said}:
        own = [(place, *each[1:]) for place, each in enumerate(said) if each[0] == pair]
        firsts = [each for each in own if each[2] == 1]
        if not firsts:
            continue
        place, verdict, _, four_eyes = firsts[-1]
        seconds = [each for each in own if each[2] == 2 and each[0] > place]
        second = seconds[-1][1] if seconds else None
        agrees = second == verdict
        silent = second in (None, "unsure", "withdrawn")
        if verdict in ("same", "different") and (agrees or (silent and not four_eyes)):
            found.append((pair, verdict, place))
    return found


def plain_groups(said: Sequence[Step]) -> set[frozenset[Appearance]]:
    """The newest first: joined unless a newer word parts them, parted unless newer ones joined."""
    groups = [{each} for each in PEOPLE]
    parted: list[Pair] = []

    def of(each: Appearance) -> set[Appearance]:
        return next(group for group in groups if each in group)

    for (low, high), verdict, _ in sorted(plain_in_force(said), key=lambda each: -each[2]):
        ours, theirs = of(low), of(high)
        if verdict == "different":
            if ours is not theirs:
                parted.append((low, high))
        elif ours is not theirs and not any(
            (one in ours and other in theirs) or (one in theirs and other in ours)
            for one, other in parted
        ):
            groups.remove(theirs)
            ours |= theirs
    return {frozenset(group) for group in groups if len(group) > 1}


def kept(desk: LinkageDesk) -> set[frozenset[Appearance]]:
    found: dict[Any, set[Appearance]] = {}
    for row in desk.owner("select * from confirmed_person"):
        found.setdefault((row[2], row[3]), set()).add(Appearance(row[0], row[1]))
    assert all(Appearance(*first) == min(group) for first, group in found.items())
    return {frozenset(group) for group in found.values()}


def play(desk: LinkageDesk, said: Sequence[Step]) -> None:
    desk.owner("truncate link_decision restart identity")
    desk.owner("delete from confirmed_person")
    for pair, decision, opinion, four_eyes in said:
        desk.decide(pair, decision, opinion=opinion, four_eyes=four_eyes)  # type: ignore[arg-type]


async def anew(desk: LinkageDesk) -> None:
    async with desk.database.transaction(range(1, PROGRAMMES + 1)) as connection:
        await put_in_order(connection, everybody=True)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps)
def test_what_is_kept_is_what_people_said(desk: LinkageDesk, said: list[Step]) -> None:
    play(desk, said)
    wanted = plain_groups(said)
    assert kept(desk) == wanted
    desk.run(anew(desk))
    assert kept(desk) == wanted


START = datetime(2026, 1, 1, tzinfo=UTC)


@settings(max_examples=EXAMPLES * 10, deadline=None)
@given(steps)
def test_the_rule_is_the_plain_one_in_any_order_of_reading(said: list[Step]) -> None:
    decided = [
        Decided(*pair, verdict, place, START + timedelta(seconds=place))  # type: ignore[arg-type]
        for pair, verdict, place in plain_in_force(said)
    ]
    wanted = plain_groups(said)
    assert {frozenset(group) for group in confirmed_groups(decided)} == wanted
    assert {frozenset(group) for group in confirmed_groups(reversed(decided))} == wanted


def test_control_a_rule_that_forgets_who_was_parted_is_found_out() -> None:
    one, two, three = PEOPLE[:3]
    said: list[Step] = [
        ((one, two), "same", 1, False),
        ((two, three), "same", 1, False),
        ((one, three), "different", 1, False),
    ]
    without = [each for each in said if each[1] == "same"]
    assert plain_groups(said) != plain_groups(without)
    assert plain_groups(said) == {frozenset({two, three})}
