"""Runs steps, blocking or awaiting, over httpx: the only place that does input and output."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Final, TypeVar
from urllib.parse import urljoin

import httpx

from ibr_client.steps import (
    Call,
    Failed,
    Hold,
    LetGo,
    Request,
    Response,
    Send,
    Step,
    Steps,
    TooLarge,
    Unreached,
    Wait,
)

T = TypeVar("T")

_LOCKS: Final = ("token", "keys")
# However slowly an answer drips, it must be whole within this.
LONGEST_ANSWER_SECONDS: Final = 600.0
_STEP_FAILED: Final = (Unreached, TooLarge, Failed)


class _Received:
    """An answer as it comes in, within its limits."""

    def __init__(self, answer: httpx.Response, largest: int) -> None:
        if answer.headers.get("content-encoding", "identity").strip().lower() != "identity":
            # Asked for plain; unpacking unasked could fill the memory from a few bytes.
            raise Unreached("the answer is compressed, which was not asked for")
        self._answer = answer
        self._largest = largest
        self._parts: list[bytes] = []
        self._size = 0
        self._until = time.monotonic() + LONGEST_ANSWER_SECONDS

    def add(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._largest:
            raise TooLarge
        if time.monotonic() > self._until:
            raise Unreached("the answer came too slowly")
        self._parts.append(part)

    def whole(self) -> Response:
        headers = {name.lower(): value for name, value in self._answer.headers.items()}
        return Response(self._answer.status_code, headers, b"".join(self._parts))


def _arguments(address: str, request: Request) -> dict[str, Any]:
    url = urljoin(address, request.path) if request.well_known else address + request.path
    return {
        "method": request.method,
        "url": url,
        "headers": {"accept-encoding": "identity", **request.headers},
        "content": request.body,
        "follow_redirects": False,
    }


def _why(failed: httpx.HTTPError) -> Unreached:
    # Only the kind: the text of some errors repeats addresses.
    return Unreached(type(failed).__name__)


def _resumed(steps: Generator[Step, Any, T], answer: Any, failure: Exception | None) -> Step:
    return steps.throw(failure) if failure is not None else steps.send(answer)


class BlockingDriver:
    """Runs steps in the caller's thread; several threads may share one."""

    def __init__(self, address: str, http: httpx.Client, sleep: Callable[[float], object]) -> None:
        self._address = address
        self._http = http
        self._sleep = sleep
        self._locks = {name: threading.Lock() for name in _LOCKS}

    def run(self, steps: Steps[T]) -> T:
        held: set[str] = set()
        answer: Any = None
        failure: Exception | None = None
        try:
            while True:
                step = _resumed(steps, answer, failure)
                answer, failure = None, None
                try:
                    answer = self._done(step, held)
                except _STEP_FAILED as failed:
                    failure = failed
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            steps.close()
            for name in held:
                self._locks[name].release()

    def _done(self, step: Step, held: set[str]) -> Any:
        if isinstance(step, Send):
            return self._send(step)
        if isinstance(step, Wait):
            return self._sleep(step.seconds)
        if isinstance(step, Hold):
            self._locks[step.name].acquire()
            held.add(step.name)
        elif isinstance(step, LetGo):
            held.discard(step.name)
            self._locks[step.name].release()
        else:
            return _not_awaited(_called(step))
        return None

    def _send(self, step: Send) -> Response:
        try:
            with self._http.stream(**_arguments(self._address, step.request)) as answer:
                received = _Received(answer, step.largest)
                for part in answer.iter_bytes():
                    received.add(part)
                return received.whole()
        except httpx.TransportError as failed:
            raise _why(failed) from None


class AsyncDriver:
    """Runs steps on the caller's event loop; several tasks may share one."""

    def __init__(
        self,
        address: str,
        http: httpx.AsyncClient,
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self._address = address
        self._http = http
        self._sleep = sleep
        self._locks = {name: asyncio.Lock() for name in _LOCKS}

    async def run(self, steps: Steps[T]) -> T:
        held: set[str] = set()
        answer: Any = None
        failure: Exception | None = None
        try:
            while True:
                step = _resumed(steps, answer, failure)
                answer, failure = None, None
                try:
                    answer = await self._done(step, held)
                except _STEP_FAILED as failed:
                    failure = failed
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            steps.close()
            for name in held:
                self._locks[name].release()

    async def _done(self, step: Step, held: set[str]) -> Any:
        if isinstance(step, Send):
            return await self._send(step)
        if isinstance(step, Wait):
            return await self._sleep(step.seconds)
        if isinstance(step, Hold):
            await self._locks[step.name].acquire()
            held.add(step.name)
        elif isinstance(step, LetGo):
            held.discard(step.name)
            self._locks[step.name].release()
        else:
            return await _awaited(step)
        return None

    async def _send(self, step: Send) -> Response:
        try:
            async with self._http.stream(**_arguments(self._address, step.request)) as answer:
                received = _Received(answer, step.largest)
                async for part in answer.aiter_bytes():
                    received.add(part)
                return received.whole()
        except httpx.TransportError as failed:
            raise _why(failed) from None


def _called(step: Call) -> Any:
    try:
        return step.function()
    except Exception as failed:
        # A vendor's own function: whatever it raises means that the message was not dealt with.
        raise Failed(failed) from failed


def _not_awaited(result: Any) -> Any:
    """The result of a plain function; a coroutine would never run here, unseen."""
    if inspect.iscoroutine(result):
        result.close()
        raise Failed(TypeError("a coroutine function needs AsyncRegistryClient"))
    return result


async def _awaited(step: Call) -> Any:
    result = _called(step)
    if not inspect.isawaitable(result):
        return result
    try:
        return await result
    except Exception as failed:
        raise Failed(failed) from failed
