"""What a variant is, and how one is measured: the same code for the peer and for the registry."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks import cpu, load
from benchmarks.cluster import Cluster


@dataclass(frozen=True, slots=True)
class Scene:
    """What all variants of one run share."""

    cluster: Cluster
    folder: Path
    people: int
    connections: int
    seconds: float
    rate: float
    # Records per delivery: the whole delivery for set-based variants, a sample for the peer,
    # whose pace per record does not depend on how many follow.
    records: int
    peer_records: int
    # Messages in the outbox, in one round.
    callbacks: int = 6_000


@dataclass(frozen=True, slots=True)
class Served:
    """A running program to be measured: where it answers and whose CPU it uses."""

    port: int
    pids: Sequence[int]
    postmaster: int


@dataclass(slots=True)
class Measured:
    """One variant in one round. `done` counts requests or records; microseconds are per one."""

    done: int = 0
    seconds: float = 0.0
    app_us: float = 0.0
    postgres_us: float = 0.0
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    p99_ms: float = 0.0
    memory_mb: float = 0.0
    generator_us: float = 0.0
    trouble: str = ""

    @property
    def cpu_us(self) -> float:
        return self.app_us + self.postgres_us

    @property
    def per_second(self) -> float:
        return self.done / self.seconds if self.seconds else 0.0


class Variant(Protocol):
    """Something to be measured in turn with the others. `turn` counts rounds, from 0."""

    def start(self, scene: Scene) -> None: ...

    def measure(self, turn: int) -> Measured: ...

    def stop(self) -> None: ...


Variants = dict[str, Callable[[], Variant]]


def take_turns(variants: Variants, scene: Scene, rounds: int) -> dict[str, list[Measured]]:
    """Start all, then measure A B A B …, so that a busy minute of the machine falls on all."""
    running: dict[str, Variant] = {}
    results: dict[str, list[Measured]] = {name: [] for name in variants}
    try:
        for name, make in variants.items():
            variant = make()
            running[name] = variant
            variant.start(scene)
        for turn in range(rounds):
            for name, variant in running.items():
                measured = variant.measure(turn)
                results[name].append(measured)
                print(f"  round {turn + 1} {name}: {_in_short(measured)}", flush=True)
    finally:
        for variant in running.values():
            variant.stop()
    return results


def _in_short(measured: Measured) -> str:
    text = (
        f"{measured.per_second:,.0f}/s, CPU {measured.app_us:,.1f} + {measured.postgres_us:,.1f} us"
    )
    return f"{text} {measured.trouble}" if measured.trouble else text


def measure_questions(
    scene: Scene, served: Served, requests: Path, first: int = 0, repeat: bool = False
) -> tuple[Measured, int]:
    """CPU per request with every connection busy, then latency at a steady rate of arrivals.

    Returns the next request that was not used yet, for variants that refuse a repeated message.
    """
    plan = load.Plan(
        port=served.port,
        requests=str(requests),
        connections=scene.connections,
        seconds=scene.seconds,
        first=first,
        repeat=repeat,
    )
    before = cpu.spent(served.pids, served.postmaster)
    busy = load.run(plan)
    spent = cpu.spent(served.pids, served.postmaster).since(before)
    plan.first, plan.rate = busy.next_request, scene.rate
    steady = load.run(plan)
    done = max(1, busy.done)
    measured = Measured(
        done=busy.done,
        seconds=busy.seconds,
        app_us=spent.app * 1e6 / done,
        postgres_us=spent.postgres * 1e6 / done,
        p50_ms=steady.p50_ms,
        p95_ms=steady.p95_ms,
        p99_ms=steady.p99_ms,
        generator_us=busy.generator_cpu_us,
        trouble=trouble_of(busy, steady),
    )
    return measured, steady.next_request


def trouble_of(*results: load.Result) -> str:
    """Anything that makes a measurement worthless, in words; empty when all went well."""
    words: list[str] = []
    for result in results:
        bad = {status: n for status, n in result.statuses.items() if status != "200"}
        if bad:
            words.append(f"statuses {bad}")
        if result.wrong_answers:
            words.append(f"{result.wrong_answers} wrong answers")
        if result.broken_connections or result.unanswered:
            words.append(
                f"{result.broken_connections} broken connections, {result.unanswered} unanswered"
            )
        if result.exhausted:
            words.append("ran out of prebuilt requests")
    return "; ".join(words)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One EnrollmentUpdates message in a file, ready to be sent."""

    file: Path
    records: int
    headers: dict[str, str]


def measure_deliveries(
    served: Served, path: str, deliveries: Iterable[Delivery], timeout: float = 1_800
) -> Measured:
    """Send these one after the other and wait for each answer, which is sent after the commit."""
    prepared = list(deliveries)
    idle = cpu.memory_mb(served.pids)
    cpu.reset_peak(served.pids)
    before = cpu.spent(served.pids, served.postmaster)
    started = time.perf_counter()
    troubles = [send(served.port, path, each, timeout) for each in prepared]
    seconds = time.perf_counter() - started
    spent = cpu.spent(served.pids, served.postmaster).since(before)
    records = sum(each.records for each in prepared)
    return Measured(
        done=records,
        seconds=seconds,
        app_us=spent.app * 1e6 / records,
        postgres_us=spent.postgres * 1e6 / records,
        memory_mb=cpu.memory_mb(served.pids, peak=True) - idle,
        trouble="; ".join(filter(None, troubles)),
    )


def send(port: int, path: str, delivery: Delivery, timeout: float = 1_800) -> str:
    """POST one delivery; returns what was wrong with the answer, or nothing."""
    # Large blocks: with the library's 8 kB the sender would be a cost of its own.
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout, blocksize=1 << 20)
    length = {"Content-Length": str(delivery.file.stat().st_size)}
    kind = {"Content-Type": "application/json"}
    with delivery.file.open("rb") as body:
        link.request("POST", path, body, {**kind, **length, **delivery.headers})
        response = link.getresponse()
        text = response.read()
    link.close()
    refused = text.count(b'"rjct"')
    accepted = text.count(b'"reference_id"') - refused
    if response.status != 200 or refused or accepted < delivery.records:
        return f"HTTP {response.status}, {accepted} accepted, {refused} refused: {text[:300]!r}"
    return ""
