"""How long a search takes from POST to its signed callback, and how many a second go all the way.

Three parts on one registry with its worker: one search at a time on an idle machine; arrivals at a
steady rate; and as many as the registry acknowledges, until the last callback has come. The
receiver is a process of its own that answers with an Ack and remembers when what came.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import multiprocessing
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg

from benchmarks import cpu, load, records, report
from benchmarks.cluster import private_cluster
from benchmarks.ours import Registry
from benchmarks.variants import Scene
from ibr.clock import now, written
from ibr_messages.jwk import public_key
from ibr_messages.signature import Signer, read_signature, verify
from ibr_messages.strict_json import canonical, read_object

SEARCH = "/registry/search"
_ACK = (
    b'{"message":{"ack_status":"ACK","correlation_id":"received",'
    b'"timestamp":"2026-01-15T09:30:00+00:00"}}'
)
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(_ACK),
    _ACK,
)


@dataclass(frozen=True)
class Size:
    """How much of each part."""

    people: int
    one_by_one: int
    rate: float
    seconds: float
    at_most: int


@dataclass(frozen=True)
class Came:
    """One callback: when, and the whole body of some."""

    at: float
    body: bytes


# --- the receiver -----------------------------------------------------------------------------


class _Receiving(asyncio.Protocol):
    """One connection of the registry's; keeps alive, answers every POST."""

    def __init__(self, came: list[tuple[float, bytes]]) -> None:
        self._came = came
        self._waiting = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            head = self._waiting[:end].lower()
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            if len(self._waiting) < end + 4 + length:
                return
            body = self._waiting[end + 4 : end + 4 + length]
            self._waiting = self._waiting[end + 4 + length :]
            self._came.append((time.monotonic(), body))
            self._transport.write(_ANSWER)


def _receive(pipe: Pipe) -> None:
    """Runs in the receiver's process: says its port, then how much came whenever asked."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        came: list[tuple[float, bytes]] = []
        server = await loop.create_server(lambda: _Receiving(came), "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        while True:
            asked = await loop.run_in_executor(None, pipe.recv)
            if asked == "count":
                pipe.send(len(came))
            elif asked == "take":
                pipe.send(list(came))
                came.clear()
            else:
                return

    asyncio.run(main())


class Receiver:
    """The receiver's process, seen from here."""

    def __init__(self) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(
            target=_receive, args=(theirs,), daemon=True
        )
        self._process.start()
        self.port: int = self._pipe.recv()

    def count(self) -> int:
        self._pipe.send("count")
        count: int = self._pipe.recv()
        return count

    def take(self) -> list[Came]:
        """What has come since the last time."""
        self._pipe.send("take")
        return [Came(at, body) for at, body in self._pipe.recv()]

    def wait_for(self, count: int, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.count() < count:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

    def close(self) -> None:
        self._pipe.send("stop")
        self._process.join(10)


# --- the sender -------------------------------------------------------------------------------


def searches(signer: Signer, token: str, people: int, first: int, count: int) -> list[bytes]:
    """Signed searches for one person each, as requests; `txn-` and a number name each."""
    made = []
    for number in range(first, first + count):
        criteria = {
            "query_type": "idtype-value",
            "query": {"type": "UIN", "value": records.uin_of(number * 7 % people)},
        }
        stamp = written(now())
        content = canonical(
            {
                "header": {
                    "version": "1.0.0",
                    "message_id": f"s-{number}-{time.time_ns()}",
                    "message_ts": stamp,
                    "action": "search",
                    "sender_id": records.SENDER,
                    "receiver_id": records.RECEIVER,
                    "total_count": 1,
                },
                "message": {
                    "transaction_id": f"txn-{number}",
                    "search_request": [
                        {"reference_id": "r", "timestamp": stamp, "search_criteria": criteria}
                    ],
                },
            }
        )
        signature = signer.sign(content, time.time())
        body = b'{"signature":' + canonical(signature) + b"," + content[1:]
        made.append(load.http_request(SEARCH, body, {"Authorization": f"Bearer {token}"}))
    return made


class _Line:
    """One kept-alive connection to the registry."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def open(self) -> _Line:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def post(self, request: bytes) -> bool:
        """Whether it was acknowledged."""
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        return b'"ACK"' in await self._reader.readexactly(length)

    def close(self) -> None:
        self._writer.close()


async def _one(port: int, request: bytes) -> float:
    line = await _Line(port).open()
    began = time.monotonic()
    acknowledged = await line.post(request)
    line.close()
    if not acknowledged:
        raise RuntimeError("a search was not acknowledged")
    return began


async def _at_rate(port: int, requests: Sequence[bytes], rate: float) -> list[float]:
    """Sends at a steady rate, whether or not the answers are in; the moments of sending."""
    free: asyncio.Queue[_Line] = asyncio.Queue()
    for _ in range(32):
        free.put_nowait(await _Line(port).open())
    began: list[float] = []
    refused = 0

    async def send(request: bytes) -> None:
        nonlocal refused
        line = await free.get()
        refused += not await line.post(request)
        free.put_nowait(line)

    start, tasks = time.monotonic(), []
    for number, request in enumerate(requests):
        await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
        began.append(time.monotonic())
        tasks.append(asyncio.create_task(send(request)))
    await asyncio.gather(*tasks)
    if refused:
        raise RuntimeError(f"{refused} searches were not acknowledged")
    return began


async def _flat_out(port: int, requests: Sequence[bytes], connections: int = 8) -> float:
    """Sends as fast as they are acknowledged; when the first was sent."""
    waiting = iter(requests)

    async def line() -> None:
        mine = await _Line(port).open()
        for request in waiting:
            if not await mine.post(request):
                raise RuntimeError("a search was not acknowledged")
        mine.close()

    began = time.monotonic()
    await asyncio.gather(*(line() for _ in range(connections)))
    return began


# --- the three parts --------------------------------------------------------------------------


def one_by_one(registry: Registry, receiver: Receiver, requests: Sequence[bytes]) -> list[float]:
    """Seconds from POST to callback, one after the other on an otherwise idle machine."""
    seconds = []
    for request in requests:
        began = asyncio.run(_one(registry.port, request))
        if not receiver.wait_for(1, 30):
            raise RuntimeError("a callback did not come within 30 s")
        [came] = receiver.take()
        seconds.append(came.at - began)
        check(registry, came.body)
        time.sleep(0.1)
    return seconds


def steady(
    registry: Registry, receiver: Receiver, requests: Sequence[bytes], rate: float, first: int
) -> list[float]:
    """Seconds from POST to callback of arrivals at a steady rate."""
    began = asyncio.run(_at_rate(registry.port, requests, rate))
    if not receiver.wait_for(len(requests), 60):
        raise RuntimeError(f"{receiver.count()} of {len(requests)} callbacks came within 60 s")
    seconds = []
    for came in receiver.take():
        number = int(json.loads(came.body)["message"]["transaction_id"].removeprefix("txn-"))
        seconds.append(came.at - began[number - first])
    return seconds


def flat_out(
    registry: Registry, receiver: Receiver, requests: Sequence[bytes]
) -> tuple[float, float]:
    """Callbacks a second from the first POST to the last callback, and searches acknowledged."""
    began = asyncio.run(_flat_out(registry.port, requests))
    acknowledged = len(requests) / (time.monotonic() - began)
    if not receiver.wait_for(len(requests), 300):
        raise RuntimeError(f"{receiver.count()} of {len(requests)} callbacks came")
    came = receiver.take()
    if len({each.body for each in came}) != len(came):
        raise RuntimeError("a callback came twice")
    return len(came) / (max(each.at for each in came) - began), acknowledged


def check(registry: Registry, body: bytes) -> None:
    """The signature holds by the keys that the registry publishes, and the record is there."""
    address = f"http://127.0.0.1:{registry.port}/.well-known/jwks.json"
    with urllib.request.urlopen(address) as answer:
        keys = {key["kid"]: key for key in json.load(answer)["keys"]}
    envelope = read_object(body)
    content = canonical({"header": envelope["header"], "message": envelope["message"]})
    signature = read_signature(envelope["signature"])
    verify(signature, public_key(keys[signature.kid]), [hashlib.sha256(content).digest()])
    [item] = envelope["message"]["search_response"]
    if len(item["data"]["reg_records"]) != 1:
        raise RuntimeError("a callback did not show the record")


async def _until_idle(dsn: str) -> None:
    """Waits until the worker is there and has done what it does when it starts."""
    connection = await asyncpg.connect(dsn)
    try:
        while not await connection.fetchval("select count(*) from ibr.worker_sign"):
            await asyncio.sleep(0.1)
        await asyncio.sleep(3)
    finally:
        await connection.close()


def run(folder: Path, *, quick: bool) -> str:
    """All three parts; the text for docs/performance.md."""
    size = Size(2_000, 15, 100, 3, 500) if quick else Size(20_000, 60, 150, 20, 6_000)
    receiver = Receiver()
    with private_cluster() as cluster:
        scene = Scene(cluster, folder, size.people, 8, size.seconds, size.rate, 0, 0)
        callbacks = [f"http://127.0.0.1:{receiver.port}"]
        registry = Registry(scene, "search_callback", callbacks)
        try:
            registry.start("all")
            registry.load(size.people)
            asyncio.run(_until_idle(registry.dsn))
            text = _measured(registry, receiver, size)
        finally:
            registry.stop()
            receiver.close()
        return f"{report.machine(cluster.version)}\n{text}"


def _measured(registry: Registry, receiver: Receiver, size: Size) -> str:
    def made(first: int, count: int) -> list[bytes]:
        return searches(registry.signer(), registry.token, size.people, first, count)

    alone = one_by_one(registry, receiver, made(0, size.one_by_one))
    first, arrivals = size.one_by_one, int(size.rate * size.seconds)
    busy = steady(registry, receiver, made(first, arrivals), size.rate, first)
    last = made(first + arrivals, size.at_most)
    served = registry.served()
    before = cpu.spent(served.pids, served.postmaster)
    rate, acknowledged = flat_out(registry, receiver, last)
    spent = cpu.spent(served.pids, served.postmaster).since(before)
    rows = [
        ["from POST to signed callback", "median", "95th", "99th"],
        [f"one at a time, idle machine ({len(alone)})", *_spread(alone)],
        [f"{size.rate:g} arrivals a second for {size.seconds:g} s", *_spread(busy)],
    ]
    said = "met" if median(alone) <= 1 else "missed"
    judged = [
        ["promised", "target", "measured", "verdict"],
        ["Signed search callback, idle machine, median", "at most 1 s",
         f"{median(alone):.3f} s", said],
        ["Searches a second, POST to callback, sustained", "-", f"{rate:.0f}", "shown only"],
        ["Searches acknowledged a second meanwhile", "-", f"{acknowledged:.0f}", "shown only"],
        ["CPU of a search, registry and worker, Ack and callback with them", "-",
         f"{spent.app / size.at_most * 1e6:.0f} us", "shown only"],
        ["CPU of a search, PostgreSQL", "-",
         f"{spent.postgres / size.at_most * 1e6:.0f} us", "shown only"],
    ]  # fmt: skip
    return (
        f"{size.people:,} records; searches for one person each, one record in each callback; "
        f"{size.at_most:,} searches by 8 connections for the sustained rate. Registry, worker, "
        f"PostgreSQL, sender and receiver share the machine.\n\n"
        f"{_table(rows)}\n\n{_table(judged)}\n"
    )


def _spread(seconds: Sequence[float]) -> list[str]:
    ordered = sorted(seconds)
    last = len(ordered) - 1
    return [f"{ordered[round(last * part)] * 1000:.0f} ms" for part in (0.5, 0.95, 0.99)]


def _table(rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])
