"""Requests as they arrive over HTTP: headers, sizes, media types. Answers are made elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ibr.errors import NotProven, NotUnderstood, TooMuch

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = dict[bytes, bytes]


def headers_of(scope: Scope) -> Headers:
    """The headers by name; NotProven where two readers could take different ones for the token."""
    headers: Headers = dict(scope["headers"])
    if sum(name == b"authorization" for name, _ in scope["headers"]) > 1:
        raise NotProven("token.invalid", "Send one Authorization header.")
    return headers


def text_of(headers: Headers, name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")


def media_type(headers: Headers) -> bytes:
    """The media type without its parameters, in lower case."""
    return headers.get(b"content-type", b"").split(b";")[0].strip().lower()


def check_size(headers: Headers, largest: int) -> None:
    """Refuses by the announced length, before a byte is read."""
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced) > largest:
        raise too_large(largest)


def too_large(largest: int) -> TooMuch:
    return TooMuch("too_large", f"The message is too large; at most {largest} bytes are read here.")


async def read_body(headers: Headers, receive: Receive, largest: int) -> bytes:
    """The whole body; TooMuch as soon as it is too large."""
    check_size(headers, largest)
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise NotUnderstood("message.json", "The connection ended before the message did.")
        part = event.get("body", b"")
        size += len(part)
        if size > largest:
            raise too_large(largest)
        parts.append(part)
        if not event.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def check_media_type(headers: Headers, body: bytes) -> None:
    """415 unless a body that is there is JSON, uncompressed (behaviour.md 8)."""
    encoding = headers.get(b"content-encoding", b"identity").strip().lower()
    if body and (media_type(headers) != b"application/json" or encoding not in (b"identity", b"")):
        raise NotUnderstood(
            "message.media_type", "Send the message as application/json, not compressed."
        )
