"""A model trained on a registry's own appearances, kept as a candidate until a run with it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from ibr.clock import now
from ibr.db.pool import Database
from ibr.errors import Conflict
from ibr.identity.engines.found import Keyed
from ibr.identity.engines.training import train_on
from ibr.identity.persons import kept_models
from ibr.identity.persons.loading.open_features import Loader
from ibr.identity.persons.news import Progress
from ibr.identity.persons.runs import store as runs
from ibr.protection.seal import Sealer


class NewModel(msgspec.Struct, frozen=True):
    """A candidate and what was said of its training."""

    model_no: int
    said: dict[str, object]


async def train_model(
    database: Database,
    sealer: Sealer,
    *,
    memory: str,
    threads: int,
    folder: Path | None,
    progress: Progress,
) -> NewModel:
    """Trains on all that is reported now; Conflict where too few carry a foundational number."""
    async with database.transaction(()) as connection:
        programmes = await runs.see_programmes(connection)
    everybody: list[Keyed] = []
    async for block in Loader(database, sealer, programmes).everybody():
        everybody += block
        progress("read", len(everybody))
    progress("train", len(everybody))
    trained = await asyncio.to_thread(
        train_on, everybody, memory=memory, threads=threads, folder=folder
    )
    if trained is None:
        raise Conflict(
            "linkage.too_few_numbers",
            "Too few pairs carry a foundational number in both records to learn from. The model "
            "in use stays; train again when more was reported.",
        )
    said: dict[str, object] = {
        "method": trained.model.method,
        "appearances": len(everybody),
        **trained.said,
    }
    async with database.transaction(()) as connection:
        number = await kept_models.add(connection, trained.model, said, now())
    return NewModel(number, said)
