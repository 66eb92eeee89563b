"""What one network address may ask: guessers are stopped, gateways are not, memory is bounded."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ibr.access.limits import BUCKETS, AddressLimit, Doorkeeper, bucket_of
from ibr.errors import TooMuch

HERE, THERE = "192.0.2.1", "198.51.100.7"


def refused(call: Callable[[], None]) -> int | None:
    """After how many seconds it may be tried again; None where it went through."""
    try:
        call()
    except TooMuch as late:
        return late.retry_after
    return None


def test_an_address_is_stopped_at_its_limit_and_let_on_as_time_goes_by() -> None:
    limit = AddressLimit(60)
    for _ in range(60):
        assert refused(lambda: limit.count_address(HERE, 0)) is None
    assert refused(lambda: limit.count_address(HERE, 0)) == 2
    assert refused(lambda: limit.count_address(HERE, 0.5)) is not None
    assert refused(lambda: limit.count_address(HERE, 2)) is None


def test_one_address_does_not_use_up_anothers() -> None:
    limit = AddressLimit(1)
    limit.count_address(HERE, 0)
    assert refused(lambda: limit.count_address(HERE, 0)) is not None
    assert refused(lambda: limit.count_address(THERE, 0)) is None


def test_whoever_waits_a_minute_has_it_all_again_and_no_more() -> None:
    limit = AddressLimit(10)
    for at in (0.0, 3_600.0):
        for _ in range(10):
            limit.count_address(HERE, at)
        assert refused(lambda at=at: limit.count_address(HERE, at)) is not None  # type: ignore[misc]


def test_no_flood_of_addresses_fills_the_memory() -> None:
    limit = AddressLimit(1_000)
    for number in range(3 * BUCKETS):
        limit.count_address(f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", 0)
    assert len(limit._buckets) <= BUCKETS
    assert bucket_of.cache_info().currsize <= 4_096


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("no address", "no address", True),
    ],
)
def test_an_ipv6_network_counts_as_one_address(one: str, other: str, same: bool) -> None:
    assert (bucket_of(one) == bucket_of(other)) is same


def test_who_proves_nothing_is_stopped_long_before_who_does() -> None:
    keeper = Doorkeeper(1_000, 5)
    for _ in range(5):
        keeper.ask(HERE, 0)
        keeper.was_refused(HERE, 0)
    assert refused(lambda: keeper.ask(HERE, 0)) is not None
    assert refused(lambda: keeper.ask(THERE, 0)) is None
    assert refused(lambda: keeper.ask(HERE, 13)) is None


def test_control_who_proves_who_they_are_is_not_stopped() -> None:
    keeper = Doorkeeper(1_000, 5)
    for _ in range(900):
        keeper.ask(HERE, 0)


def test_being_stopped_costs_nothing_further() -> None:
    """Who goes on asking is not kept out for longer than who waits."""
    keeper = Doorkeeper(1_000, 1)
    keeper.was_refused(HERE, 0)
    for _ in range(50):
        assert refused(lambda: keeper.ask(HERE, 1)) is not None
        keeper.was_refused(HERE, 1)
    assert refused(lambda: keeper.ask(HERE, 61)) is None
