"""How many requests one partner may make in a minute."""

from __future__ import annotations

import time

from ibr.errors import TooMuch


class RequestLimit:
    """A bucket for each partner that fills evenly over a minute."""

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
                f"You may send {self._most:.0f} requests a minute; wait {wait} s.",
                retry_after=wait,
            )
        self._buckets[partner_id] = (left - 1, moment)
