"""The process that sends the load: `load.run` starts it with a plan and reads its result."""

from __future__ import annotations

import asyncio
import gc
import json
import mmap
import os
import random
import sys
import time
from array import array
from collections import Counter, deque
from dataclasses import asdict
from typing import cast

import uvloop

from benchmarks.load import ANY, HEAD, Plan, Result

_HISTOGRAM_MS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class _Generator:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        with open(plan.requests, "rb") as file:
            self.bytes = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        self.places: list[tuple[bytes, int, int]] = []
        at = 0
        while at < len(self.bytes):
            expected, length = HEAD.unpack_from(self.bytes, at)
            at += HEAD.size
            self.places.append((expected, at, at + length))
            at += length
        self.next = plan.first
        self.result = Result()
        self.statuses: Counter[str] = Counter()
        self.latencies = array("d")
        # In turn, so that none is idle for so long that the server closes it.
        self.idle: deque[_Connection] = deque()
        self.waiting: deque[float] = deque()
        self.stopping = False
        self.busy = 0
        self.drained = asyncio.Event()

    def send(self, connection: _Connection, arrived: float) -> None:
        if self.next >= len(self.places):
            if not self.plan.repeat:
                self.result.exhausted = self.stopping = True
                return
            self.next = 0
        expected, start, end = self.places[self.next]
        self.next += 1
        self.result.sent += 1
        self.busy += 1
        connection.expect(expected, arrived)
        connection.transport.write(self.bytes[start:end])

    def answered(self, connection: _Connection, latency: float, status: str, right: bool) -> None:
        self.busy -= 1
        self.result.done += 1
        self.latencies.append(latency)
        self.statuses[status] += 1
        self.result.wrong_answers += not right
        if self.waiting:
            self.send(connection, self.waiting.popleft())
        elif self.plan.rate or self.stopping:
            self.idle.append(connection)
        else:
            self.send(connection, time.perf_counter())
        if self.stopping and not self.busy:
            self.drained.set()

    async def arrivals(self, until: float) -> None:
        """Poisson arrivals: real callers do not keep step with each other."""
        draw = random.Random(1)
        due = time.perf_counter()
        while not self.stopping and due < until:
            now = time.perf_counter()
            while due <= now:
                if self.idle:
                    self.send(self.idle.popleft(), due)
                else:
                    self.waiting.append(due)
                due += draw.expovariate(self.plan.rate)
            await asyncio.sleep(due - now)

    async def go(self) -> Result:
        plan, loop = self.plan, asyncio.get_running_loop()
        for _ in range(plan.connections):
            _, connection = await loop.create_connection(
                lambda: _Connection(self), "127.0.0.1", plan.port
            )
            self.idle.append(connection)
        gc.freeze()
        gc.disable()
        started, cpu = time.perf_counter(), time.process_time()
        if plan.rate:
            await self.arrivals(started + plan.seconds)
        else:
            idle, self.idle = self.idle, deque()
            for connection in idle:
                self.send(connection, time.perf_counter())
            stop_at = started + plan.seconds
            while not self.stopping and time.perf_counter() < stop_at:
                await asyncio.sleep(0.02)
        self.stopping = True
        if self.busy:
            try:
                await asyncio.wait_for(self.drained.wait(), 30)
            except TimeoutError:
                self.result.unanswered = self.busy
        return self.summed_up(time.perf_counter() - started, time.process_time() - cpu)

    def summed_up(self, seconds: float, cpu: float) -> Result:
        result, ordered = self.result, sorted(self.latencies)
        result.seconds, result.statuses = seconds, dict(self.statuses)
        result.generator_cpu_us = cpu * 1e6 / max(1, result.done)
        result.unanswered += len(self.waiting)
        result.next_request = self.next
        if ordered:
            at = [ordered[min(len(ordered) - 1, int(len(ordered) * q))] for q in (0.5, 0.95, 0.99)]
            result.p50_ms, result.p95_ms, result.p99_ms = (second * 1e3 for second in at)
            result.worst_ms = ordered[-1] * 1e3
        for second in ordered:
            edge = next((e for e in _HISTOGRAM_MS if second * 1e3 <= e), None)
            name = f"<={edge}ms" if edge else "more"
            result.histogram[name] = result.histogram.get(name, 0) + 1
        return result


class _Connection(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, generator: _Generator) -> None:
        self.generator = generator
        self.buffer = b""
        self.expected, self.arrived = ANY, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is one by its methods, not by inheritance.
        self.transport = cast(asyncio.Transport, transport)

    def expect(self, expected: bytes, arrived: float) -> None:
        self.expected, self.arrived = expected, arrived

    def data_received(self, data: bytes) -> None:
        data = self.buffer + data if self.buffer else data
        end = data.find(b"\r\n\r\n")
        if end < 0 or not _whole(data, end):
            self.buffer = data
            return
        self.buffer = b""
        latency = time.perf_counter() - self.arrived
        right = self.expected == ANY or _said(data, end) == self.expected
        self.generator.answered(self, latency, data[9:12].decode(), right)

    def connection_lost(self, _exc: Exception | None) -> None:
        if not self.generator.stopping:
            self.generator.result.broken_connections += 1
            if self in self.generator.idle:
                self.generator.idle.remove(self)


def _whole(data: bytes, end: int) -> bool:
    head = data[:end].lower()
    at = head.find(b"content-length:")
    if at < 0:
        return data.endswith(b"\r\n0\r\n\r\n")
    line = head.find(b"\r\n", at)
    length = int(head[at + 15 : line if line > 0 else end])
    return len(data) >= end + 4 + length


def _said(data: bytes, end: int) -> bytes:
    """The first letter of enrolled_status: y or n; a dash when the answer holds none."""
    at = data.find(b'"enrolled_status":', end)
    if at < 0:
        return ANY
    return data[at + 18 : at + 21].lstrip(b' "')[:1]


if __name__ == "__main__":
    generator = _Generator(Plan(**json.loads(sys.argv[1])))
    outcome = uvloop.run(generator.go())
    sys.stdout.write(json.dumps(asdict(outcome)))
    sys.stdout.flush()
    # The connections need no farewell; the servers see them closed.
    os._exit(0)
