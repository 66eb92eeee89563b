"""How many requests a partner, or whoever is at a network address, may make in a minute.

Each process counts by itself: with several, what gets through is as many times as much. What must
hold over all of them is counted in the database instead: failed sign-ins, and people asked about.
"""

from __future__ import annotations

import ipaddress
import time
from functools import lru_cache
from typing import Final

from ibr.errors import TooMuch

# Addresses share this many buckets, so that no flood of addresses fills the memory. Which of them
# meet is different in each process: Python salts the hash of a text when it starts.
BUCKETS: Final = 65_536
# Of IPv6 whoever is given an address is given 2^64 of them; they count as one.
_NETWORK_BYTES: Final = 8
# Requests without a proof that holds, from one address, before it is not listened to for a while.
REFUSALS_PER_MINUTE: Final = 300


class RequestLimit:
    """A bucket for each partner that fills evenly over a minute."""

    SENTENCE = "You may send {most:.0f} requests a minute; wait {wait} s."

    def __init__(self, requests_per_minute: int) -> None:
        self._most = float(requests_per_minute)
        self._buckets: dict[int, tuple[float, float]] = {}

    def count(self, partner_id: int, at: float | None = None) -> None:
        """Counts one request; TooMuch when the partner's bucket is empty."""
        moment = time.monotonic() if at is None else at
        left, since = self._buckets.get(partner_id, (self._most, moment))
        left = min(self._most, left + (moment - since) * self._most / 60)
        if left < 1:
            wait = max(1, round((1 - left) * 60 / self._most + 0.5))
            self._buckets[partner_id] = (left, moment)
            raise TooMuch(
                "too_many_requests",
                self.SENTENCE.format(most=self._most, wait=wait),
                retry_after=wait,
            )
        self._buckets[partner_id] = (left - 1, moment)

    def look(self, number: int, at: float | None = None) -> None:
        """TooMuch where the bucket is empty; counts nothing."""
        if number in self._buckets:
            self.count(number, at)
            left, since = self._buckets[number]
            self._buckets[number] = (left + 1, since)


class AddressLimit(RequestLimit):
    """The same for network addresses, which are many and cost whoever has them nothing."""

    SENTENCE = (
        "From your network address {most:.0f} requests a minute are answered; wait {wait} s. "
        "Others may share it with you."
    )

    def count_address(self, address: str, at: float | None = None) -> None:
        """Counts one request; TooMuch when there were too many from this address."""
        self.count(bucket_of(address), at)


class Doorkeeper:
    """Who is listened to before anything of a request is read: two buckets for each address.

    One holds what it may ask; the other, much smaller, what it may ask without proving who it is.
    So whoever tries tokens and secrets is stopped early, and no office or gateway that many share
    is, as long as its systems prove themselves.
    """

    def __init__(self, per_minute: int, refusals_per_minute: int) -> None:
        self._all = AddressLimit(per_minute)
        self._refused = AddressLimit(refusals_per_minute)

    def ask(self, address: str, at: float | None = None) -> None:
        """Counts one request; TooMuch where this address is not to be listened to now."""
        moment = time.monotonic() if at is None else at
        bucket = bucket_of(address)
        self._refused.look(bucket, moment)
        self._all.count(bucket, moment)

    def was_refused(self, address: str, at: float | None = None) -> None:
        """Remembers that the last request of this address had no proof that held."""
        try:
            self._refused.count(bucket_of(address), at)
        except TooMuch:
            # The next request is told so.
            return


@lru_cache(maxsize=4_096)
def bucket_of(address: str) -> int:
    """Where a network address is counted: by itself, and by its network where it is IPv6."""
    if ":" not in address:
        return hash(address) % BUCKETS
    try:
        read = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return hash(address) % BUCKETS
    mapped = read.ipv4_mapped
    if mapped is not None:
        return hash(str(mapped)) % BUCKETS
    return hash(read.packed[:_NETWORK_BYTES]) % BUCKETS
