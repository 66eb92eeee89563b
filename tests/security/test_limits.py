"""Limits as a stranger meets them: at the standard's door, and in a real server."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
import uvicorn

from ibr.access.limits import Doorkeeper
from ibr.app import doorkeeper_of
from ibr.operation.requests import CountedRequests, Draining
from ibr.operation.serving import config_of
from ibr.settings import Settings
from tests.conftest import scratch_folder
from tests.door import ENROLLED, Door
from tests.door_fixtures import PROGRAMMES
from tests.people import a_number

HERE, THERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture(scope="module")
def door(dsn: str) -> Iterator[Door]:
    folder = scratch_folder()
    opened = Door(dsn, folder, PROGRAMMES)
    try:
        yield opened
    finally:
        opened.close()
        shutil.rmtree(folder, ignore_errors=True)


def from_address(door: Door, address: str, keeper: Doorkeeper) -> httpx.AsyncClient:
    """The door as whoever is at this address meets it."""
    counted = CountedRequests(door.app, Draining(), keeper)  # type: ignore[arg-type]
    transport = httpx.ASGITransport(counted, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://registry.test")


def test_guesses_of_tokens_stop_being_read_while_others_are_answered(door: Door) -> None:
    keeper = Doorkeeper(1_000, 5)
    guesser, partner = from_address(door, HERE, keeper), door.partner()
    wrong = {"authorization": "Bearer not.a.token", "content-type": "application/json"}
    statuses = [
        door.run(guesser.post(ENROLLED, content=b"{}", headers=wrong)).status_code for _ in range(8)
    ]
    assert statuses == [401] * 5 + [429] * 3
    late = door.run(guesser.post(ENROLLED, content=b"{}", headers=wrong))
    assert int(late.headers["retry-after"]) >= 1
    assert late.json()["errors"][0]["code"] == "err.request.too_many_requests"
    door.client, kept = from_address(door, THERE, keeper), door.client
    try:
        for _ in range(20):
            assert partner.ask(a_number(), "DCI001").status == 200
    finally:
        door.client = kept


def test_control_without_the_limit_guessing_goes_on(door: Door) -> None:
    guesser = from_address(door, HERE, Doorkeeper(1_000, 1_000))
    wrong = {"authorization": "Bearer not.a.token", "content-type": "application/json"}
    statuses = {
        door.run(guesser.post(ENROLLED, content=b"{}", headers=wrong)).status_code for _ in range(8)
    }
    assert statuses == {401}


@pytest.mark.parametrize(
    ("settings", "proven", "unproven"),
    [
        (Settings(profile="production"), 120_000, 300),
        (Settings(profile="production", address_requests_per_minute=7), 7, 300),
        (Settings(), 1_000_000, 1_000_000),
    ],
)
def test_the_settings_say_how_much(settings: Settings, proven: int, unproven: int) -> None:
    keeper = doorkeeper_of(settings)
    assert keeper._all._most == proven
    assert keeper._refused._most == unproven


TWO_LENGTHS = (
    b"POST /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
)
TWICE = (
    b"POST /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 39\r\n\r\n"
    b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
)
PLAIN = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


class Said:
    """A server of the registry's own making, and what it said to some bytes."""

    def __init__(self, url: str) -> None:
        self._address = ("127.0.0.1", int(url.rpartition(":")[2]))

    def to(self, content: bytes) -> bytes:
        with closing(socket.create_connection(self._address, timeout=10)) as line:
            line.sendall(content)
            line.settimeout(3)
            said = b""
            try:
                while piece := line.recv(65_536):
                    said += piece
            except TimeoutError:
                pass
            return said


@pytest.fixture
def served() -> Iterator[Said]:
    async def app(scope: dict, receive: object, send: object) -> None:  # type: ignore[type-arg]
        if scope["type"] != "http":
            return
        path = scope["path"].encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b"path=" + path})  # type: ignore[operator]

    config = config_of(Settings(), app, "127.0.0.1", 0)
    config.lifespan = "off"
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Said(f"http://127.0.0.1:{port}")
    server.should_exit = True
    thread.join(10)


@pytest.mark.parametrize("content", [TWO_LENGTHS, TWICE])
def test_two_lengths_of_one_request_are_refused(served: Said, content: bytes) -> None:
    """Nothing is smuggled behind a request whose end two readers see at two places."""
    assert b"path=/metrics" not in served.to(content)


def test_control_what_is_in_order_is_answered(served: Said) -> None:
    assert b"path=/health/live" in served.to(PLAIN)
