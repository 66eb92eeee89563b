"""Thin ways to put a receiver behind a server: ASGI, WSGI, and a small one for this machine alone.

None of them speaks TLS: what stands before the internet is a proxy's work.
"""

from __future__ import annotations

import asyncio
import http.server
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

from ibr_client.receiver import AsyncCallbackReceiver, CallbackReceiver

Scope: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]
AsgiApplication: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
StartResponse: TypeAlias = Callable[[str, list[tuple[str, str]]], object]
WsgiApplication: TypeAlias = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

_POST_ONLY: Final = b'{"errors":[{"code":"err.request.bad","message":"This address is for POST."}]}'
_TOO_LARGE: Final = b'{"errors":[{"code":"err.request.bad","message":"The message is too large."}]}'
_NO_LENGTH: Final = b'{"errors":[{"code":"err.request.bad","message":"Send a Content-Length."}]}'


def asgi(receiver: CallbackReceiver | AsyncCallbackReceiver) -> AsgiApplication:
    """An ASGI application. A blocking receiver's handlers run in threads."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            status, body = await _asgi_answer(receiver, scope, receive)
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    return application


async def _live(receive: Receive, send: Send) -> None:
    while True:
        event = await receive()
        await send({"type": f"{event['type']}.complete"})
        if event["type"] == "lifespan.shutdown":
            return


async def _asgi_answer(
    receiver: CallbackReceiver | AsyncCallbackReceiver, scope: Scope, receive: Receive
) -> tuple[int, bytes]:
    if scope["method"] != "POST":
        return 405, _POST_ONLY
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return 400, b"{}"
        parts.append(event.get("body", b""))
        size += len(parts[-1])
        if size > receiver.largest:
            return 413, _TOO_LARGE
        if not event.get("more_body"):
            break
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    body = b"".join(parts)
    if isinstance(receiver, AsyncCallbackReceiver):
        return await receiver.receive(scope["path"], headers, body)
    return await asyncio.to_thread(receiver.receive, scope["path"], headers, body)


def wsgi(receiver: CallbackReceiver) -> WsgiApplication:
    """A WSGI application."""

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        status, body = _wsgi_answer(receiver, environ)
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [body]

    return application


def _wsgi_answer(receiver: CallbackReceiver, environ: dict[str, Any]) -> tuple[int, bytes]:
    if environ["REQUEST_METHOD"] != "POST":
        return 405, _POST_ONLY
    length = _length(environ.get("CONTENT_LENGTH"))
    if length is None:
        return 411, _NO_LENGTH
    if length > receiver.largest:
        return 413, _TOO_LARGE
    headers = {
        "content-type": environ.get("CONTENT_TYPE", ""),
        "content-encoding": environ.get("HTTP_CONTENT_ENCODING", ""),
    }
    body = environ["wsgi.input"].read(length)
    return receiver.receive(environ.get("PATH_INFO", ""), headers, body)


def _length(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


class LocalServer:
    """A server on 127.0.0.1 for development and tests, in a thread of its own.

    `with LocalServer(receiver) as server:` gives it as server.address.
    """

    def __init__(self, receiver: CallbackReceiver, port: int = 0) -> None:
        class Handler(_Handler):
            """Knows its receiver; http.server makes one of these for each connection."""

            to = receiver

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    to: CallbackReceiver
    # A connection that says nothing does not hold a thread for ever.
    timeout = 20

    def do_POST(self) -> None:
        self._send(*self._answer())

    def do_GET(self) -> None:
        self._send(405, _POST_ONLY)

    do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self) -> tuple[int, bytes]:
        length = _length(self.headers.get("Content-Length"))
        if length is None:
            return 411, _NO_LENGTH
        if length > self.to.largest:
            return 413, _TOO_LARGE
        headers: Mapping[str, str] = dict(self.headers.items())
        return self.to.receive(self.path.split("?")[0], headers, self.rfile.read(length))

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silent: what is worth logging is the handlers' to say."""
