"""Receivers of callbacks for any web framework: an address, headers and a body in; a status and a
body out.
"""

from __future__ import annotations

from collections.abc import Mapping

from ibr_client.callbacks import Callbacks
from ibr_client.drivers import AsyncDriver, BlockingDriver


class CallbackReceiver:
    """Receives callbacks in the caller's thread; several threads may share one."""

    def __init__(self, driver: BlockingDriver, callbacks: Callbacks) -> None:
        self._driver = driver
        self._callbacks = callbacks
        self.largest = callbacks.largest

    def receive(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """The HTTP status and the JSON body to answer this POST with.

        Where the last part of `path` is on-search, on-subscribe, on-unsubscribe, notify or
        on-status, the message must be of that kind; at any other path it may be of each.
        """
        return self._driver.run(self._callbacks.receive(path, headers, body))


class AsyncCallbackReceiver:
    """Receives callbacks on the caller's event loop."""

    def __init__(self, driver: AsyncDriver, callbacks: Callbacks) -> None:
        self._driver = driver
        self._callbacks = callbacks
        self.largest = callbacks.largest

    async def receive(
        self, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        """The same as CallbackReceiver.receive, awaited."""
        return await self._driver.run(self._callbacks.receive(path, headers, body))
