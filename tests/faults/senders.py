"""Programmes that send while everything is being killed, and the model of what must be there.

Every record has a number that nobody else has, and is worth that many cents: whatever was stored
can be counted in the database without opening a single name.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.registry_process import UPDATES, Partner, RegistryProcess, person_record

_FIRST = 1_000_000
_SMALL = 5


@dataclass
class Sent:
    """One message: its bytes, the numbers of its records, and what the sender knows of it."""

    partner: Partner
    body: bytes
    numbers: range
    acknowledged: bool = False
    correlation_id: str | None = None

    def post(self, client: httpx.Client) -> httpx.Response:
        """Sends it; acknowledged means a signed answer that says every record was stored."""
        answer = self.partner.post(client, UPDATES, self.body)
        if answer.status_code == 200:
            document = answer.json()
            outcomes = document["message"]["enrolled_response"]
            assert document["header"]["status"] == "succ", document
            assert [each["status"] for each in outcomes] == ["succ"] * len(self.numbers)
            again = document["message"]["correlation_id"]
            assert self.correlation_id in (None, again), "another answer to the same message"
            self.acknowledged, self.correlation_id = True, again
        return answer

    def post_until_acknowledged(self, patience: float) -> float:
        """Sends it again and again as a patient sender does; returns the seconds it took."""
        begun = time.monotonic()
        with httpx.Client(timeout=60) as client:
            while True:
                answer: Any = None
                try:
                    answer = self.post(client)
                except httpx.TransportError as lost:
                    answer = lost
                if self.acknowledged:
                    return time.monotonic() - begun
                assert time.monotonic() - begun < patience, (answer, getattr(answer, "text", ""))
                time.sleep(0.05)


@dataclass
class Town:
    """Partners of one registry, everything they sent, and what the registry said when it could
    not take it."""

    registry: RegistryProcess
    partners: Sequence[Partner]
    sent: list[Sent] = field(default_factory=list)
    refused: list[httpx.Response] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(_FIRST, 100_000))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _small: int = 0
    _block: range = range(0)

    def message(self, size: int, partner: int = 0) -> Sent:
        """A new message with so many records, each of a person of its own."""
        with self._lock:
            if self._small + size > len(self._block):
                first = next(self._numbers)
                self._block, self._small = range(first, first + 100_000), 0
            numbers = self._block[self._small : self._small + size]
            self._small += size
        sender = self.partners[partner]
        programme = f"P{partner}"
        records = [person_record(f"U{n:09d}", programme, [n, 5]) for n in numbers]
        sent = Sent(sender, sender.updates(records), numbers)
        with self._lock:
            self.sent.append(sent)
        return sent

    @contextmanager
    def sending(self, *, large: Sent | None = None) -> Iterator[None]:
        """Every partner sends small messages until the end, or until the registry is gone."""
        # Before anything is killed: a sender without a token would have nothing to send.
        for partner in self.partners:
            partner.token()
        stop = threading.Event()
        threads = [
            threading.Thread(target=self._send, args=(partner, stop))
            for partner in range(len(self.partners))
        ]
        if large is not None:
            threads.append(threading.Thread(target=self._send_once, args=(large,)))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(60)

    def _send(self, partner: int, stop: threading.Event) -> None:
        with httpx.Client(timeout=30) as client:
            while not stop.is_set():
                sent = self.message(_SMALL, partner)
                if not self._try(sent, client):
                    return
                if not sent.acknowledged:
                    stop.wait(0.1)

    def _send_once(self, sent: Sent) -> None:
        with httpx.Client(timeout=60) as client:
            self._try(sent, client)

    def _try(self, sent: Sent, client: httpx.Client) -> bool:
        """False when the registry itself is gone."""
        try:
            answer = sent.post(client)
        except httpx.TransportError:
            return False
        if answer.status_code != 200:
            self.refused.append(answer)
        return True

    def lost(self) -> int:
        """How many acknowledged records are not there exactly once, with exactly their benefits."""
        enrolments, benefits = stored(self.registry)
        return sum(
            enrolments[number] != 1 or benefits[number] != 1
            for sent in self.sent
            if sent.acknowledged
            for number in sent.numbers
        )

    def check_half_done(self) -> None:
        """A small message is there as a whole or not at all, and nothing is there twice."""
        enrolments, benefits = stored(self.registry)
        assert enrolments == benefits
        assert not [number for number, times in enrolments.items() if times != 1]
        for sent in self.sent:
            if len(sent.numbers) == _SMALL:
                assert len({enrolments[number] for number in sent.numbers}) == 1

    def check_all_there(self) -> None:
        """Everything was acknowledged in the end, and had its effect exactly once."""
        assert all(sent.acknowledged for sent in self.sent)
        numbers = [number for sent in self.sent for number in sent.numbers]
        once = Counter(numbers)
        assert stored(self.registry) == (once, once)
        [row] = self.registry.rows(_TOTALS)
        assert dict(row) == {
            "deliveries": len(self.sent),
            "records": len(numbers),
            "stored": len(numbers),
            "enrolled": len(numbers),
            "statuses": len(numbers),
            "benefits": 2 * len(numbers),
            "value": sum(numbers) + 5 * len(numbers),
            "answers": len(self.sent),
            "events": len(self.sent),
        }


# The large number is the record's own; the other benefit of each is worth five cents.
_ENROLMENTS = """
    select benefit_total - 5 as number, count(*) as times from ibr.enrolment
    where benefit_count = 2 group by 1
"""
_BENEFITS = "select value_minor as number, count(*) as times from ibr.benefit group by 1"
_TOTALS = """
    select (select count(*) from ibr.delivery where state = 'done') as deliveries,
           (select sum(records) from ibr.delivery) as records,
           (select sum(stored) from ibr.delivery) as stored,
           (select count(*) from ibr.change where kind = 'enrolled') as enrolled,
           (select count(*) from ibr.status_change) as statuses,
           (select sum(benefits) from ibr.benefit_month)::bigint as benefits,
           (select sum(value_minor) from ibr.benefit_month)::bigint as value,
           (select count(*) from ibr.message_received where answer is not null) as answers,
           (select count(*) from ibr.audit_event where kind = 'delivery.done') as events
"""


def stored(registry: RegistryProcess) -> tuple[Counter[int], Counter[int]]:
    """How often each number stands among the enrolments and among the benefits."""
    enrolments = Counter({row["number"]: row["times"] for row in registry.rows(_ENROLMENTS)})
    benefits = Counter({row["number"]: row["times"] for row in registry.rows(_BENEFITS)})
    del benefits[5]
    return enrolments, benefits


def new_town(registry: RegistryProcess, partners: int) -> Town:
    """A registry with so many partners, each with a programme of its own."""
    codes = [f"P{number}" for number in range(partners)]
    registry.add_programmes(*codes)
    return Town(registry, [registry.add_partner(f"{code}.example.org", [code]) for code in codes])
