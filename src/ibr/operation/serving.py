"""How the registry listens, and how it stops listening without failing anybody."""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Any, Final

import uvicorn

from ibr.operation.one_write import OneWrite
from ibr.operation.requests import Draining
from ibr.settings import Settings

# From SIGTERM to the last answer; then whoever is still waiting is cut off.
WHOLE_END_SECONDS: Final = 25


def config_of(settings: Settings, application: Any, host: str, port: int) -> uvicorn.Config:
    """How the registry listens: time-outs, sizes, and whose word on clients' addresses counts."""
    return uvicorn.Config(
        application,
        host=host,
        port=port,
        loop="uvloop",
        http=OneWrite,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=WHOLE_END_SECONDS - settings.drain_seconds,
        h11_max_incomplete_event_size=65_536,
        # Without a proxy of one's own nobody is believed, this machine included (reliability D14).
        proxy_headers=bool(settings.trusted_proxies.strip()),
        forwarded_allow_ips=settings.trusted_proxies,
    )


class DrainingServer(uvicorn.Server):
    """A server that first says it is not ready, and only later stops listening.

    Between the two a proxy notices and sends elsewhere; whatever arrives meanwhile is answered
    (reliability G4).
    """

    def __init__(self, config: uvicorn.Config, draining: Draining, seconds: float) -> None:
        super().__init__(config)
        self._draining = draining
        self._seconds = seconds
        self._end_at = float("inf")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begins to end; asked a second time, or from the keyboard, it ends at once."""
        if self._draining.begun or sig == signal.SIGINT or not self._seconds:
            self._draining.begun = True
            super().handle_exit(sig, frame)
            return
        self._draining.begun = True
        self._end_at = time.monotonic() + self._seconds

    async def on_tick(self, counter: int) -> bool:
        if time.monotonic() >= self._end_at:
            self.should_exit = True
        return await super().on_tick(counter)
