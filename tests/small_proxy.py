"""A small proxy before several processes of a registry, as nginx would stand there.

It sends each request to the next process that last said it was ready, once: what fails there fails.
So whatever a restart loses is seen and not mended on the way.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import time
from collections.abc import Sequence
from typing import Any

import httpx
import uvicorn

from tests.registry_process import free_port

LOOK_SECONDS = 0.4
_OWN = {b"connection", b"transfer-encoding", b"content-length", b"keep-alive", b"host"}


class SmallProxy:
    """Runs in a thread of its own; `url` is where clients go."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.ports = list(ports)
        self.ready: set[int] = set()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.failed: list[str] = []
        self._next = itertools.count()
        config = uvicorn.Config(
            self._answer,
            host="127.0.0.1",
            port=self.port,
            log_level="error",
            lifespan="off",
            interface="asgi3",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        self.wait_for(set(self.ports))

    def wait_for(self, ready: set[int], patience: float = 150) -> None:
        """Waits until exactly these processes are known to be ready."""
        deadline = time.monotonic() + patience
        while self.ready != ready:
            assert time.monotonic() < deadline, f"{self.ready} are ready, not {ready}"
            time.sleep(0.05)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        async with httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=50)) as client:
            self._client = client
            looking = asyncio.create_task(self._look())
            try:
                await self._server.serve()
            finally:
                looking.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await looking

    async def _look(self) -> None:
        # Connections of its own, so that a look never uses one that a request needs.
        while True:
            for port in self.ports:
                async with httpx.AsyncClient(timeout=2) as client:
                    try:
                        answer = await client.get(f"http://127.0.0.1:{port}/health/ready")
                        well = answer.status_code == 200
                    except httpx.TransportError:
                        well = False
                (self.ready.add if well else self.ready.discard)(port)
            await asyncio.sleep(LOOK_SECONDS)

    async def _answer(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            event = await receive()
            body += event.get("body", b"")
            more = event.get("more_body", False)
        ready = sorted(self.ready)
        if not ready:
            self.failed.append("nobody is ready")
            return await _say(send, 502, b"", [])
        port = ready[next(self._next) % len(ready)]
        headers = [(name, value) for name, value in scope["headers"] if name not in _OWN]
        try:
            answer = await self._client.request(
                scope["method"],
                f"http://127.0.0.1:{port}{scope['path']}",
                content=body,
                headers=headers,
            )
        except httpx.TransportError as lost:
            self.failed.append(type(lost).__name__)
            return await _say(send, 502, b"", [])
        if answer.status_code >= 500:
            self.failed.append(str(answer.status_code))
        kept = [(name, value) for name, value in answer.headers.raw if name.lower() not in _OWN]
        return await _say(send, answer.status_code, answer.content, kept)


async def _say(send: Any, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(body)).encode())
    start = {"type": "http.response.start", "status": status, "headers": [*headers, length]}
    await send(start)
    await send({"type": "http.response.body", "body": body})
