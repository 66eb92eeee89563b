"""What is known from other registries never depends on the order in which their news arrives."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ibr.db.pool import Connection
from ibr.interop.dci.services import Services
from ibr.sources.told import rules
from ibr.sources.told.learn import learn, told_about
from ibr.sources.told.model import News
from tests.door import Door
from tests.other_registry import OtherRegistry

SUBJECTS = tuple(bytes([number]) * 16 for number in range(2))
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
NEWS = st.builds(
    News,
    subject=st.sampled_from(SUBJECTS),
    attribute=st.sampled_from(["poverty_score", "vital_status"]),
    value=st.sampled_from(["a", "b", "c"]),
    as_of=st.integers(0, 3).map(lambda days: BEGIN + timedelta(days=days)),
)
State = dict[bytes, dict[str, list[tuple[datetime, Any]]]]


class _UndoneError(Exception):
    """Takes back what an example wrote."""


@pytest.fixture(scope="module")
def source(door: Door) -> OtherRegistry:
    return OtherRegistry(door, door.services, "social")


async def state_after(
    services: Services, source_id: int, messages: Sequence[Sequence[News]]
) -> State:
    """What is known after these messages in this order; nothing of it stays."""
    state: State = {}
    try:
        async with services.database.transaction(()) as connection:
            for number, message in enumerate(messages):
                await learn(
                    connection,
                    services.sealer,
                    services.blind_index,
                    source_id,
                    message,
                    message_key=bytes([number % 256]) * 32,
                    at=BEGIN + timedelta(days=100, seconds=number),
                )
            state = {each: await _known(connection, services, each) for each in SUBJECTS}
            raise _UndoneError
    except _UndoneError:
        return state


async def _known(
    connection: Connection, services: Services, subject: bytes
) -> dict[str, list[tuple[datetime, Any]]]:
    sayings = await told_about(connection, services.sealer, [subject])
    return {
        attribute: [(told.as_of, told.value) for told in (each.now, *each.before)]
        for saying in sayings
        for attribute, each in saying.known.items()
    }


def shuffled(news: Sequence[News], seed: int) -> list[list[News]]:
    """The same news in another order, some of it twice, cut into messages anywhere."""
    chance = random.Random(seed)
    repeated = [*news, *(each for each in news if chance.random() < 0.4)]
    chance.shuffle(repeated)
    messages: list[list[News]] = [[]]
    for each in repeated:
        if chance.random() < 0.5:
            messages.append([])
        messages[-1].append(each)
    return messages


def states(door: Door, source: OtherRegistry, news: Sequence[News], seed: int) -> list[State]:
    number = source.source_id
    return [
        door.run(state_after(door.services, number, messages))
        for messages in ([list(news)], shuffled(news, seed), shuffled(news, seed + 1))
    ]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(news=st.lists(NEWS, max_size=12), seed=st.integers(0, 2**16))
def test_any_order_and_any_repetition_give_the_same_state(
    door: Door, source: OtherRegistry, news: list[News], seed: int
) -> None:
    first, *others = states(door, source, news, seed)
    assert all(other == first for other in others)
    for subject, known in first.items():
        for attribute, history in known.items():
            told = [n for n in news if (n.subject, n.attribute) == (subject, attribute)]
            assert history[0][0] == max(each.as_of for each in told)
            assert {(each.as_of, each.value) for each in told} == set(history)


def test_control_a_rule_that_follows_the_order_of_arrival_is_found_out(
    door: Door, source: OtherRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "_newest_first", lambda told: told.known_at)
    news = [
        News(subject=SUBJECTS[0], attribute="poverty_score", value=value, as_of=BEGIN + step)
        for value, step in (("new", timedelta(days=3)), ("old", timedelta(0)))
    ]
    number = source.source_id
    forth, back = (
        door.run(state_after(door.services, number, [[each] for each in order]))
        for order in (news, news[::-1])
    )
    assert forth != back
