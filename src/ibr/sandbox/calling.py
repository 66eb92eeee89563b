"""Calls of a check: through the guarded caller, and told as what a reader can follow."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ibr.calls.caller import Caller
from ibr.calls.model import CallFailed
from ibr.sandbox.model import Came

_FAILURES: Final = {
    "dns": "the name of the host has no address",
    "address": "the address leads where no call may go: use https, or http://127.0.0.1, and name "
    "networks of your own in IBR_CALLBACK_NETWORKS",
    "connect": "no connection could be made",
    "tls": "no TLS connection that can be trusted: look at the certificate",
    "timeout": "no whole answer within 10 seconds",
    "closed": "the connection was closed before the answer was whole",
    "too_large": "the answer is longer than 64 kB",
    "protocol": "the answer is not HTTP as it should be",
}
JSON: Final[Mapping[str, str]] = MappingProxyType(
    {"content-type": "application/json", "accept": "application/json"}
)


class Endpoint:
    """One endpoint that is checked; `bearer` is sent along where there is one."""

    def __init__(self, caller: Caller, url: str, bearer: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._caller = caller
        self._headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
        self._dead = 0

    @property
    def is_dead(self) -> bool:
        """Whether nothing has come back so often that more calls are a waste of time."""
        return self._dead >= 3

    async def post(
        self, path: str, body: bytes, headers: Mapping[str, str] = JSON, method: str = "POST"
    ) -> Came:
        """What comes back for this body."""
        came = await call(self._caller, method, self.url + path, {**headers, **self._headers}, body)
        self._dead = self._dead + 1 if came.failure in _DEAD else 0
        return came


_DEAD: Final = frozenset(
    _FAILURES[name] for name in ("dns", "address", "connect", "tls", "timeout")
)


async def call(
    caller: Caller, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
) -> Came:
    """One call, with its time; a failed one says in words how it failed."""
    began = time.monotonic()
    try:
        reply = await caller.send(method, url, headers, body)
    except CallFailed as failed:
        return Came(seconds=time.monotonic() - began, failure=_FAILURES[failed.outcome])
    return Came(
        seconds=time.monotonic() - began,
        status=reply.status,
        content_type=reply.headers.get("content-type", ""),
        body=reply.body,
    )
