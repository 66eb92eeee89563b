"""One message on its way through the door: how far it came, and why no further.

Kept for whoever wants to know afterwards what became of it; nothing is decided by it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from ibr.clock import now
from ibr.errors import RegistryError
from ibr.interop.dci.answers import Answer, Operation
from ibr.interop.dci.envelope import Caller, Opened
from ibr.interop.dci.over_http import Headers, Receive, media_type

LARGEST_OVERHEARD: Final = 65_536


class Visit:
    """What is known of one request, filled in as it passes each check.

    `caller` is there once the token held, `body` once it was read as a whole (a large delivery
    never is), `opened` once the signature held too. `refused` is why it went no further; a
    delivery that another process refuses says so in its answer alone.
    """

    def __init__(self, method: str, path: str, operation: Operation | None) -> None:
        self.method = method
        self.path = path
        self.operation = operation
        self.at = now()
        self._began = time.perf_counter()
        self.headers: Headers = {}
        self.caller: Caller | None = None
        self.body: bytes | None = None
        self.opened: Opened | None = None
        self.refused: RegistryError | None = None

    def milliseconds(self) -> float:
        """How long it has taken until now."""
        return (time.perf_counter() - self._began) * 1000


# Hears of every message once its answer is ready; returns at once and raises nothing.
Trace = Callable[[Visit, Answer], None]


def overheard(receive: Receive, visit: Visit) -> Receive:
    """Hands on what arrives and keeps a small JSON message for whoever wants to know afterwards;
    a delivery is read as it arrives, and is nowhere whole."""
    if media_type(visit.headers) != b"application/json":
        return receive
    parts: list[bytes] = []
    size = 0

    async def hand_on() -> dict[str, Any]:
        nonlocal size
        event = await receive()
        part = event.get("body", b"")
        size += len(part)
        if size > LARGEST_OVERHEARD:
            parts.clear()
        else:
            parts.append(part)
            if event["type"] == "http.request" and not event.get("more_body"):
                visit.body = b"".join(parts)
        return event

    return hand_on
