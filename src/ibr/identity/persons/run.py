"""One run: what changed is read, weighed against everybody, joined, and then counts at once.

One at a time, whichever process asks. Killed at any moment the result before stays in force, and
the next run begins with all that this one had read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from ibr.audit.events import LINK_RUN
from ibr.audit.record import record_event
from ibr.clock import now
from ibr.collector import without_collector
from ibr.db.locks import linkage_at_work, release_linkage, try_linkage
from ibr.db.pool import Connection, Database
from ibr.errors import Conflict, NotFound, RegistryError
from ibr.identity.model import STANDARD
from ibr.identity.persons import kept_models
from ibr.identity.persons.apply import Result, put, work_out
from ibr.identity.persons.assign import Assigned
from ibr.identity.persons.confirmed.keep_confirmed import put_in_order
from ibr.identity.persons.floor import Floor, Judge, below_floor, measured
from ibr.identity.persons.kept_models import Model
from ibr.identity.persons.kept_run import Kind, Run
from ibr.identity.persons.news import Heard, News, Progress, Reader, silent
from ibr.identity.persons.reading import store as reading
from ibr.identity.persons.runs import store
from ibr.identity.persons.weigh import Found, Weigher
from ibr.protection.seal import Sealer

Wanted = Literal["full", "changes"]


class Waiting(msgspec.Struct, frozen=True):
    """What a run would find to do, whether one is at work, and those proposed and not decided."""

    news: bool
    decisions: bool
    running: bool = False
    old_standard: bool = False
    proposed: tuple[int, ...] = ()


class Linkage:
    """Works out who is who, for one registry."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        read_with: Callable[[Collection[int]], Reader],
        *,
        floor: Floor | None = None,
        judge: Judge | None = None,
        memory: str = "2GB",
        threads: int = 2,
        folder: Path | None = None,
        progress: Progress = silent,
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._read_with = read_with
        self._floor = floor or Floor()
        self._judge = judge
        self._memory = memory
        self._threads = threads
        self._folder = folder
        self._progress = progress

    async def waiting(self) -> Waiting:
        """What there is to do: a quick look, for who asks every minute."""
        async with self._database.transaction(()) as connection:
            programmes = await store.see_programmes(connection)
        news = await News(self._database, programmes).waits()
        async with self._database.transaction(programmes) as connection:
            marks = await store.marks(connection)
            news = news or await store.is_read_after(connection, marks.read)
            decisions = await store.newest_decision(connection) > marks.decision
            old = await store.old_standard(connection, STANDARD)
            running = await linkage_at_work(connection)
            return Waiting(news, decisions, running, old, tuple(await store.proposed(connection)))

    async def run(self, wanted: Wanted, *, model_no: int | None = None) -> Run | None:
        """One run; None where there is nothing to do. Conflict where another one is at work.

        Of everybody where that is wanted, where it never was done, and where the model or the
        standardisation is another one since. A model that is named comes into use if the run is
        applied.
        """
        async with self._database.session() as guard:
            await _take(guard)
            try:
                return await self._run(wanted, model_no)
            finally:
                await release_linkage(guard)

    async def apply(self, run_no: int) -> Run:
        """Applies a proposed run: works it out again from what there is now, and accepts it."""
        async with self._database.session() as guard:
            await _take(guard)
            try:
                async with self._database.transaction(()) as connection:
                    run = await store.by_number(connection, run_no)
                    if run is None or not await store.take_up(connection, run_no):
                        raise NotFound("linkage.run", "There is no proposed run of this number.")
                return await self._to_its_end(run, accepted=True)
            finally:
                await release_linkage(guard)

    async def drop(self, run_no: int) -> None:
        """Forgets a proposed run."""
        async with self._database.transaction(()) as connection:
            if not await store.drop(connection, run_no, now(), "dropped by hand"):
                raise NotFound("linkage.run", "There is no proposed run of this number.")
            await _note(connection, run_no, "dropped", {}, now())

    async def _run(self, wanted: Wanted, model_no: int | None) -> Run | None:
        waiting = await self.waiting()
        async with self._database.transaction(()) as connection:
            await store.end_interrupted(connection, now())
            model = await kept_models.chosen(connection, model_no, now())
            kind = await self._kind(connection, wanted, model, waiting)
            if kind is None:
                return None
            run_no = await store.begin(connection, kind, model.number, now())
        async with self._database.transaction(()) as connection:
            run = await store.by_number(connection, run_no)
        assert run is not None
        return await self._to_its_end(run, accepted=False)

    async def _kind(
        self, connection: Connection, wanted: Wanted, model: Model, waiting: Waiting
    ) -> Kind | None:
        anew = await store.last_full_model(connection) != model.number
        if wanted == "full" or waiting.old_standard or anew:
            return "full"
        if waiting.news:
            return "changes"
        return "decisions" if waiting.decisions else None

    async def _to_its_end(self, run: Run, *, accepted: bool) -> Run:
        """The run done; one that fails says why, and leaves everything as it was."""
        try:
            with without_collector():
                await self._work(run, accepted=accepted)
        except BaseException as wrong:
            code = wrong.code if isinstance(wrong, RegistryError) else type(wrong).__name__
            await self._fail(run.run_no, code)
            raise
        async with self._database.transaction(()) as connection:
            ended = await store.by_number(connection, run.run_no)
        assert ended is not None
        return ended

    async def _work(self, run: Run, *, accepted: bool) -> None:
        async with self._database.transaction(()) as connection:
            programmes = await store.see_programmes(connection)
            model = await kept_models.chosen(connection, run.model_no, now())
        heard = Heard(0, unsettled=False)
        if run.kind != "decisions":
            heard = await self._hear(run, programmes)
            if heard.records and not heard.unsettled:
                await self._settle()
            # In a transaction of its own: it waits for whoever decides, and they for it.
            async with self._database.transaction(programmes) as connection:
                await store.take_time(connection)
                await put_in_order(connection, everybody=run.kind == "full")
        weigher = Weigher(
            self._database,
            self._sealer,
            programmes,
            model.weights,
            memory=self._memory,
            threads=self._threads,
            folder=self._folder,
            progress=self._progress,
        )
        found = await (
            weigher.everybody() if run.kind == "full" else weigher.changed(run.kind == "changes")
        )
        await self._end(run, model, programmes, found, heard.records, accepted=accepted)
        if heard.unsettled:
            # Persons are known by now; only then is there anybody to be looked for.
            await self._settle()

    async def _hear(self, run: Run, programmes: Collection[int]) -> Heard:
        async with self._database.transaction(programmes) as connection:
            everything = await store.old_standard(connection, STANDARD)
        reader = self._read_with(programmes)
        try:
            return await News(self._database, programmes).read(
                reader, run.started_at, everything=everything, progress=self._progress
            )
        finally:
            reader.close()

    async def _settle(self) -> None:
        self._progress("settle", 0)
        async with self._database.transaction(()) as connection:
            await store.take_time(connection)
            await reading.settle_keys(connection)

    async def _end(
        self,
        run: Run,
        model: Model,
        programmes: Collection[int],
        found: Found,
        read: int,
        *,
        accepted: bool,
    ) -> None:
        """Applies what was found, or proposes it; in one transaction with the end of the run."""
        result = found.result
        async with self._database.transaction(programmes) as connection:
            await store.take_time(connection)
            if not await store.still_running(connection, run.run_no):
                raise Conflict("linkage.overtaken", "Another run began meanwhile; run it again.")
            assigned, known = await work_out(connection, result)
            quality = measured(result.clusters.clusters, found.numbers, assigned, known)
            quality["model_no"] = model.number
            reasons = [] if accepted else self._reasons(run, quality)
            counts: dict[str, int] = {"read": read, "compared": found.compared}
            at = now()
            if not reasons:
                self._progress("write", len(assigned.moves))
                counts |= await put(connection, result, assigned, run.run_no, run.started_at)
                if run.kind == "full":
                    await kept_models.make_current(connection, model.number, at)
            else:
                counts |= _planned(result, assigned)
            await store.end(
                connection,
                run.run_no,
                "proposed" if reasons else "applied",
                at,
                reason="; ".join(reasons) or None,
                counts=counts,
                quality=quality,
                through_decision=result.through_decision,
            )
            await _note(connection, run.run_no, "proposed" if reasons else "applied", counts, at)

    def _reasons(self, run: Run, quality: Mapping[str, float]) -> list[str]:
        reasons = below_floor(quality, self._floor)
        if self._judge is not None and run.kind == "full":
            reasons += self._judge(quality)
        return reasons

    async def _fail(self, run_no: int, code: str) -> None:
        async with self._database.transaction(()) as connection:
            await store.end(connection, run_no, "failed", now(), reason=code)


async def _take(guard: Connection) -> None:
    if not await try_linkage(guard):
        raise Conflict(
            "linkage.running",
            "It is being worked out already who is who. Wait until that run has ended; "
            "`ibr linkage runs` shows it.",
        )


async def _note(
    connection: Connection, run_no: int, state: str, counts: Mapping[str, int], at: datetime
) -> None:
    details = {"run": run_no, "state": state, "moved": counts.get("moved", 0)}
    await record_event(connection, kind=LINK_RUN, asker=None, details=details, at=at)


def _planned(result: Result, assigned: Assigned) -> dict[str, int]:
    return {
        "appearances": len(assigned.persons),
        "persons": len(result.clusters.clusters),
        "moved": len(assigned.moves),
        "merged": len(assigned.merged),
    }
