"""A streaming replica that pages and analytics may read from, as long as it is near enough.

How far it is behind is measured against the primary's own log: everything that the primary had
written at a moment is on the replica once the replica has replayed the log up to there. So a quiet
registry is never called late, and a replica that hears nothing any more always is, whatever its own
clock says. Who must have the newest word (answers, signing in, cases, a person's page) never asks
here: it uses the primary's transactions.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from typing import Final, Literal

from ibr.db.pool import LOST, Database, Role, open_database
from ibr.errors import RegistryError

State = Literal["near", "behind", "down", "promoted"]
LOOK_SECONDS: Final = 1.0
# A replica that cannot be reached is tried again no more often than this.
DOWN_SECONDS: Final = 5.0
_PATIENCE: Final = 2.0
_WRITTEN: Final = "select (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint"
_REPLAYED: Final = """
    select pg_is_in_recovery() as follows,
           (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint as replayed
"""


class Replica:
    """The replica as one process sees it: near enough, behind, down, or no replica any more."""

    def __init__(self, dsn: str, role: Role, *, size: int, most_seconds: float) -> None:
        self._dsn, self._role, self._size = dsn, role, size
        self.most_seconds = most_seconds
        self.state: State = "down"
        self.lag = math.inf
        """Seconds that it is behind at most, when it was looked at last."""
        self._database: Database | None = None
        self._looked = -math.inf
        self._looking = asyncio.Lock()
        self._samples: deque[tuple[float, int]] = deque(maxlen=600)

    async def near(self, primary: Database, *, up_to_now: bool = False) -> Database | None:
        """Where to read from; None where the replica is too far behind or away.

        `up_to_now` waits, as long as it may be behind, until it has everything that the primary has
        at this moment.
        """
        if up_to_now:
            return await self._caught_up(primary)
        wait = DOWN_SECONDS if self.state == "down" else LOOK_SECONDS
        if time.monotonic() - self._looked >= wait and not self._looking.locked():
            async with self._looking:
                await self._look(primary)
        return self._database if self.state == "near" else None

    def lost(self) -> None:
        """It did not answer: nobody asks it again before the next look."""
        self.state, self.lag = "down", math.inf
        self._looked = time.monotonic()

    async def close(self) -> None:
        if self._database is not None:
            await self._database.close()
            self._database = None

    async def _caught_up(self, primary: Database) -> Database | None:
        target = await _written(primary)
        until = time.monotonic() + self.most_seconds
        while True:
            async with self._looking:
                replayed = await self._look(primary)
            if self.state in ("down", "promoted"):
                return None
            if replayed >= target:
                return self._database
            if time.monotonic() > until:
                return None
            await asyncio.sleep(0.1)

    async def _look(self, primary: Database) -> int:
        """Looks how far it is; where it stands in the log, 0 where nobody knows."""
        at, written = time.monotonic(), await _written(primary)
        self._samples.append((at, written))
        self._looked = at
        try:
            async with asyncio.timeout(_PATIENCE):
                if self._database is None:
                    self._database = await open_database(
                        self._dsn, self._role, size=self._size, name=f"ibr {self._role} replica"
                    )
                async with self._database.transaction(()) as connection:
                    row = await connection.fetchrow(_REPLAYED)
        except (TimeoutError, RegistryError, *LOST):
            self.lost()
            return 0
        assert row is not None
        if not row["follows"]:
            # Somebody made it a primary of its own: what it holds is not ours any more.
            self.state, self.lag = "promoted", math.inf
            return 0
        replayed: int = row["replayed"] or 0
        reached = [moment for moment, place in self._samples if place <= replayed]
        self.lag = at - max(reached) if reached else math.inf
        self.state = "near" if self.lag <= self.most_seconds else "behind"
        return replayed


async def _written(primary: Database) -> int:
    """How far the primary's log is written."""
    async with primary.transaction(()) as connection:
        place: int = await connection.fetchval(_WRITTEN)
        return place


def in_words(replica: Replica) -> str:
    """How it stands, for people."""
    match replica.state:
        case "near":
            return f"at most {replica.lag:.0f} s behind"
        case "behind":
            far = f"{replica.lag:.0f} s" if math.isfinite(replica.lag) else "of unknown length"
            return f"too far behind ({far}); everything is read from the primary"
        case "promoted":
            return "it is no replica any more; everything is read from the primary"
        case _:
            return "it does not answer; everything is read from the primary"
