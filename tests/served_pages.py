"""Pages served in a thread of their own, for a browser in this one.

IBR_TEST_LATE_MS makes every page come that many milliseconds late: a test that looks at a page
before it has come passes on a quick machine, and is found out by
`IBR_TEST_LATE_MS=700 pytest tests/browser`.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, TypeVar

import uvicorn

T = TypeVar("T")
LATE_SECONDS = int(os.environ.get("IBR_TEST_LATE_MS", "0")) / 1000
Opened = Callable[[], AbstractAsyncContextManager[Any]]


@contextmanager
def served(opened: Opened) -> Iterator[str]:
    """The address of an application; `opened` makes it in the thread that serves it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started, stop = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(opened, port, started, stop)))
    thread.start()
    try:
        assert started.wait(30)
        yield f"http://127.0.0.1:{port}"
    finally:
        # Whatever came of the tests: a thread that went on would keep the whole run from ending.
        stop.set()
        thread.join(30)


async def _serve(
    opened: Opened, port: int, started: threading.Event, stop: threading.Event
) -> None:
    async with opened() as application:
        server = uvicorn.Server(uvicorn.Config(_late(application), port=port, log_level="warning"))
        running = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.05)
        started.set()
        while not stop.is_set():
            await asyncio.sleep(0.05)
        server.should_exit = True
        await running


def _late(application: Any) -> Any:
    async def answered(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and not scope["path"].startswith("/static/"):
            await asyncio.sleep(LATE_SECONDS)
        await application(scope, receive, send)

    return answered if LATE_SECONDS else application


def on_the_side(work: Coroutine[Any, Any, T]) -> T:
    """What comes of the work, done in a thread: Playwright keeps an event loop in this one."""
    found: list[T] = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(work)))
    thread.start()
    thread.join()
    assert found, "it failed in its thread; the reason is above"
    return found[0]
