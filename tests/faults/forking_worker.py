"""Starts workers quickly: everything is imported once, and each worker is a fork of this process.

Reads lines: each starts a worker and prints its number. With `early` the workers have a fault:
they write a message down as delivered before they send it.
"""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from pathlib import Path

import uvloop

from ibr.app import build_worker_services
from ibr.jobs.worker import run_worker
from ibr.log import set_up
from ibr.outbox.deliver_due import Deliveries
from ibr.outbox.model import InHand, Try
from ibr.settings import Settings


async def delivered_before_it_is_sent(self: Deliveries, message: InHand) -> None:
    self._end(message, Try(outcome="ack", delivered=True))
    await self._settle()
    await self._deliver(message)


def main() -> None:
    dsn, folder, kind = sys.argv[1:]
    if kind == "early":
        Deliveries._try = delivered_before_it_is_sent  # type: ignore[method-assign]
    # Whoever is killed is nobody's to wait for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _line in sys.stdin:
        number = os.fork()
        if number == 0:
            sys.stdin.close()
            set_up("error")
            build = partial(build_worker_services, Settings(data_dir=Path(folder)), dsn)
            uvloop.run(run_worker(dsn, build))
            os._exit(0)
        print(number, flush=True)


if __name__ == "__main__":
    main()
