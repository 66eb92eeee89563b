"""A run of linkage in a process of its own that is killed on its way, without any warning.

    python -m tests.faults.dying_linkage ADDRESS WHERE

`WHERE` is a phase of the run, `putting` in the middle of what it writes, or `torn`: the same in a
registry whose fault it is to make half of that count.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

from ibr.db.pool import open_database
from ibr.identity.persons import apply
from ibr.identity.persons.run import Linkage
from tests.linkage_desk import SEALER, ReadsNothing


def die(*_anything: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def tear() -> None:
    """Makes each step of writing count by itself, as it must not."""
    put_moves = apply.store.put_moves

    async def torn(connection: Any, *rest: Any) -> None:
        await put_moves(connection, *rest)
        await connection.execute("commit")
        await connection.execute("begin")

    apply.store.put_moves = torn


async def main(dsn: str, where: str) -> None:
    database = await open_database(dsn, "ibr_worker", size=4, name="dying linkage")
    if where in ("putting", "torn"):
        apply.pairs.put_money = die
    if where == "torn":
        tear()

    def progress(what: str, _done: int) -> None:
        if what == where:
            die()

    await Linkage(database, SEALER, ReadsNothing, progress=progress).run("changes")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
