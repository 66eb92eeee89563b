"""Lets a connection's work on the server wait for others, where the server is on this machine."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

# Less than a tenth of the processor's time where somebody else wants it, all of it where nobody
# does.
_WAITS = 10


def let_it_wait(server_pid: int, dsn: str) -> None:
    """Lowers the priority of the server's process behind a connection.

    A large merge keeps two of the server's processes busy; on a small machine the yes/no
    questions would queue behind them. Only a server reached by a socket of this machine is
    touched, only a process that calls itself PostgreSQL's, and where it may not be touched
    nothing happens.
    """
    if "host=/" not in dsn and "host=%2F" not in dsn:
        return
    with contextlib.suppress(OSError):
        if Path(f"/proc/{server_pid}/cmdline").read_bytes().startswith(b"postgres:"):
            os.setpriority(os.PRIO_PROCESS, server_pid, _WAITS)
