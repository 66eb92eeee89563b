"""What is voided leaves no trace in what stands: "A, B, void A" is "B", in whatever order.

`IBR_TEST_EXAMPLES` sets how many examples are tried.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ibr.clock import written
from ibr.db.pool import owner_transaction
from ibr.errors import Conflict, Unavailable
from ibr.intake import undo_delivery
from tests.delivery_desk import DeliveryDesk
from tests.door import UPDATES, Door, System
from tests.people import an_identifier
from tests.properties.merged import TABLES, state
from tests.properties.test_order_of_arrival import batches

EXAMPLES = int(os.environ.get("IBR_TEST_EXAMPLES", "60"))
CHECKED = settings(
    max_examples=max(8, EXAMPLES // 6),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FEWER = settings(CHECKED, max_examples=max(5, EXAMPLES // 12))
_SENT = (
    "withdrawn_benefit",
    "withdrawn_status",
    "withdrawn_enrolment",
    "delivery_touched",
    "delivery_found",
    "delivery_act",
    "refused_record",
    "delivery_part",
)
START = datetime(2026, 1, 1, tzinfo=UTC)
Batch = tuple[datetime, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner()


@pytest.fixture(scope="module")
def desk(door: Door) -> Iterator[DeliveryDesk]:
    desk = DeliveryDesk(door)
    yield desk
    desk.close()


def sent(desk: DeliveryDesk, system: System, several: list[Batch]) -> list[int]:
    """The numbers of these batches, sent one after the other to an empty registry."""
    door = desk.door
    door.run(emptied(door))
    numbers = []
    for as_of, records in several:
        reply = system.post(UPDATES, system.updates(records, message_ts=written(as_of)))
        assert set(reply.outcomes) == {"succ"}, reply.raw
        numbers.append(desk.newest())
    return numbers


async def emptied(door: Door) -> None:
    async with owner_transaction(door.dsn) as owner:
        await owner.execute(
            ";".join(f"delete from {table}" for table in (*TABLES, *_SENT, "delivery"))
        )


def stands(door: Door) -> dict[str, Any]:
    return door.run(state(door))


@st.composite
def some_and_one(draw: st.DrawFn) -> tuple[list[Batch], int]:
    several = draw(batches(most=4))
    return several, draw(st.integers(0, len(several) - 1))


def without(several: list[Batch], place: int) -> list[Batch]:
    return [each for number, each in enumerate(several) if number != place]


@CHECKED
@given(chosen=some_and_one(), block=st.sampled_from([1, 2_000]))
def test_a_voided_delivery_is_as_if_it_had_never_come_and_comes_back_whole(
    desk: DeliveryDesk,
    system: System,
    monkeypatch: pytest.MonkeyPatch,
    chosen: tuple[list[Batch], int],
    block: int,
) -> None:
    monkeypatch.setattr(undo_delivery, "BLOCK", block)
    several, place = chosen
    numbers = sent(desk, system, several)
    before = stands(desk.door)
    desk.void(numbers[place])
    assert desk.state(numbers[place]) == "voided"
    voided = stands(desk.door)
    desk.reinstate(numbers[place])
    assert desk.state(numbers[place]) == "done"
    assert stands(desk.door) == before
    sent(desk, system, without(several, place))
    assert voided == stands(desk.door)


@FEWER
@given(chosen=some_and_one(), later=batches(most=2))
def test_news_that_comes_after_a_void_is_merged_as_ever(
    desk: DeliveryDesk, system: System, chosen: tuple[list[Batch], int], later: list[Batch]
) -> None:
    several, place = chosen
    numbers = sent(desk, system, several)
    desk.void(numbers[place])
    for as_of, records in later:
        system.post(UPDATES, system.updates(records, message_ts=written(as_of)))
    one = stands(desk.door)
    sent(desk, system, [*without(several, place), *later])
    assert one == stands(desk.door)


def test_control_reports_that_are_not_replayed_are_missed(
    desk: DeliveryDesk, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo_delivery._Shelves, "add", lambda *_: None)

    @settings(CHECKED, max_examples=20, phases=[Phase.generate], database=None, derandomize=True)
    @given(some_and_one())
    def compare(chosen: tuple[list[Batch], int]) -> None:
        several, place = chosen
        numbers = sent(desk, system, several)
        desk.void(numbers[place])
        voided = stands(desk.door)
        sent(desk, system, without(several, place))
        assert voided == stands(desk.door)

    with pytest.raises(AssertionError):
        compare()


def a_report(number: str, day: int, **further: Any) -> Batch:
    record = {
        "assistance_unit": "1",
        "member": {"member_identifier": [an_identifier(number, "PROGRAMME_NUMBER")]},
        "programme_identifier": [{"programme_identifier": "DCI001"}],
        **further,
    }
    return START + timedelta(days=day), [record]


def given_on(day: int, value: str) -> dict[str, Any]:
    at = (START + timedelta(days=day)).isoformat()
    return {"benefits": [{"benefit_type": "1", "benefit_date": at, "benefit_value": value}]}


SEVERAL = [
    (START, [*a_report("P1", 0, **given_on(1, "USD 5.00"))[1], *a_report("P2", 0)[1]]),
    a_report("P1", 1, enrollment_status="3", status_change_date=[START.isoformat()]),
    a_report("P2", 2, **given_on(1, "USD 7.50")),
]


def test_a_void_that_is_cut_in_the_middle_is_begun_again(
    desk: DeliveryDesk, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = sent(desk, system, SEVERAL)
    monkeypatch.setattr(undo_delivery, "BLOCK", 1)
    done: list[Any] = []
    whole = undo_delivery._restate

    async def once(*given_: Any) -> dict[str, int]:
        if done:
            raise Unavailable("database.unreachable", "Cut off.")
        done.append(await whole(*given_))
        return done[0]

    with monkeypatch.context() as cut:
        cut.setattr(undo_delivery, "_restate", once)
        desk.void(numbers[0])
        assert desk.state(numbers[0]) == "voiding"
    desk.work()
    assert desk.state(numbers[0]) == "voided"
    voided = stands(desk.door)
    sent(desk, system, SEVERAL[1:])
    assert voided == stands(desk.door)


def test_news_that_comes_while_a_void_reads_is_not_lost(
    desk: DeliveryDesk, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = sent(desk, system, SEVERAL)
    late = a_report("P1", 3, **given_on(2, "USD 9.00"))
    body = system.updates(late[1], message_ts=written(late[0]))
    gather = undo_delivery._gather

    async def and_then(*given_: Any) -> None:
        await gather(*given_)
        await system.posted(UPDATES, body)

    with monkeypatch.context() as between:
        between.setattr(undo_delivery, "_gather", and_then)
        desk.void(numbers[0])
        assert desk.state(numbers[0]) == "voiding"
    desk.work()
    assert desk.state(numbers[0]) == "voided"
    voided = stands(desk.door)
    sent(desk, system, [*SEVERAL[1:], late])
    assert voided == stands(desk.door)


def test_what_a_void_took_out_is_kept_and_told(desk: DeliveryDesk, system: System) -> None:
    numbers = sent(desk, system, SEVERAL)
    desk.void(numbers[0])
    [taken] = desk.door.owner("select value_minor, delivery_id from withdrawn_benefit")
    assert tuple(taken) == (500, numbers[0])
    kinds = desk.door.owner(
        "select kind from change where delivery_id = $1 order by change_id desc limit 2",
        numbers[0],
    )
    assert "benefit_withdrawn" in {row["kind"] for row in kinds}
    acts = desk.door.owner("select kind from delivery_act where delivery_id = $1", numbers[0])
    assert [row["kind"] for row in acts] == ["void_asked", "voided"]


def test_somebody_whom_nobody_else_reported_is_gone_and_comes_back(
    desk: DeliveryDesk, system: System
) -> None:
    [only] = sent(desk, system, SEVERAL[:1])
    desk.void(only)
    assert desk.door.count("beneficiary_record") == desk.door.count("enrolled_index") == 0
    assert desk.door.count("beneficiary_version") == 2
    desk.reinstate(only)
    assert desk.door.count("beneficiary_record") == 2


def test_a_delivery_whose_records_were_not_kept_is_not_voided(
    desk: DeliveryDesk, system: System
) -> None:
    [only] = sent(desk, system, SEVERAL[:1])
    desk.door.owner("delete from delivery_touched")
    with pytest.raises(Conflict, match="cannot be voided"):
        desk.void(only)
    assert desk.state(only) == "done"
