"""Receivers of callbacks that answer, dawdle, fail, hang up half-way or never answer at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ibr.calls.model import CallFailed, Reply
from ibr.clock import written
from tests.simulation.connections import Process
from tests.simulation.world import World

# What the guarded way out allows for a whole answer (src/ibr/calls/caller.py).
_MOST_SECONDS: Final = 10.0


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One message as a receiver got it: what was signed without the signature, and by whom sent."""

    at: float
    address: str
    message_id: str
    content: bytes
    by: str
    confirmed: bool
    faults_before: int
    """How much had gone wrong by then: what comes twice without anything wrong has no excuse."""
    steady: bool
    """Whether its sender's lease could be relied upon."""

    @property
    def message(self) -> dict[str, Any]:
        document: dict[str, Any] = msgspec.json.decode(self.content)
        return document["message"]

    @property
    def header(self) -> dict[str, Any]:
        document: dict[str, Any] = msgspec.json.decode(self.content)
        return document["header"]


class Receivers:
    """Everybody who is called, and what they got."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.arrived: list[Arrival] = []
        self.never_answer: set[str] = set()
        self.tried: int = 0

    async def got(self, process: Process, address: str, body: bytes) -> Reply:
        world, self.tried = self.world, self.tried + 1
        await asyncio.sleep(world.chance.uniform(0.001, 0.05))
        if process.dead:
            raise CallFailed("closed")
        if address in self.never_answer:
            world.happened["receiver never answers"] += 1
            await asyncio.sleep(_MOST_SECONDS)
            raise CallFailed("timeout")
        fails = world.faulty and world.chance.random() < world.plan.failing_receivers
        how = world.chance.choice(("503", "refused", "closed", "late")) if fails else "answers"
        if world.faulty and world.chance.random() < world.plan.slow_receivers:
            world.happened["receiver slow"] += 1
            await asyncio.sleep(world.chance.uniform(0.5, 8.0))
        if how == "refused":
            world.happened["receiver refused the connection"] += 1
            raise CallFailed("connect")
        self._keep(process, address, body, confirmed=how == "answers" and not process.dead)
        if how == "closed":
            world.happened["receiver hung up half-way"] += 1
            raise CallFailed("closed")
        if how == "late":
            world.happened["receiver answered too late"] += 1
            await asyncio.sleep(_MOST_SECONDS)
            raise CallFailed("timeout")
        if how == "503":
            world.happened["receiver answered 503"] += 1
            return Reply(503, {}, b"")
        return Reply(200, {"content-type": "application/json"}, _ack(world))

    def _keep(self, process: Process, address: str, body: bytes, *, confirmed: bool) -> None:
        document = msgspec.json.decode(body)
        signature = msgspec.json.encode(document["signature"])
        front = b'{"signature":' + signature + b","
        assert body.startswith(front), "the signature stands in front"
        arrival = Arrival(
            at=self.world.clock.gone,
            address=address,
            message_id=document["header"]["message_id"],
            content=b"{" + body[len(front) :],
            by=process.name,
            confirmed=confirmed,
            faults_before=self.world.happened.total(),
            steady=self.world.clock.gone > self.world.unsteady_until,
        )
        self.arrived.append(arrival)
        self.world.say(process.name, f"reaches {address} confirmed={confirmed}")


def _ack(world: World) -> bytes:
    said: Mapping[str, object] = {
        "ack_status": "ACK",
        "timestamp": written(world.clock.now()),
        "correlation_id": "c-1",
    }
    return msgspec.json.encode({"message": said})


class _Out:
    """The one way out of one process."""

    def __init__(self, receivers: Receivers, process: Process) -> None:
        self._receivers = receivers
        self._process = process

    async def send(
        self, _method: str, address: str, _headers: Mapping[str, str], body: bytes = b""
    ) -> Reply:
        return await self._receivers.got(self._process, address, body)

    async def close(self) -> None:
        """There is nothing to close."""


class Calls:
    """In place of ibr.calls.caller.Caller, which tests/faults/test_evil_receivers.py looks at."""

    def __init__(self, receivers: Receivers) -> None:
        self._receivers = receivers

    def of(self, process: Process) -> Any:
        return _Out(self._receivers, process)
