"""The models of weights that a registry has: candidates, the one in use, those before it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from ibr.audit.events import LINK_MODEL
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import NotFound
from ibr.identity.persons.models import store
from ibr.identity.persons.models.store import KeptModel
from ibr.identity.weights.model import LinkageModel, decode, encode
from ibr.identity.weights.starting import starting_model


class Model(msgspec.Struct, frozen=True):
    """A model with its number."""

    number: int
    weights: LinkageModel


async def chosen(connection: Connection, number: int | None, at: datetime) -> Model:
    """The model of this number, else the one in use.

    Where there is none, the shipped one is put in and used: it was learned from nobody.
    """
    if number is not None:
        kept = await store.by_number(connection, number)
        if kept is None:
            raise NotFound("linkage.model_no", "There is no model of this number.")
    else:
        kept = await store.current(connection)
    if kept is not None:
        return Model(kept.model_no, decode(kept.content))
    weights = starting_model()
    made = await add(connection, weights, {"method": weights.method}, at)
    await make_current(connection, made, at)
    return Model(made, weights)


async def in_use(connection: Connection) -> Model | None:
    """The model in use, for those who only read; None before the first run."""
    kept = await store.current(connection)
    return None if kept is None else Model(kept.model_no, decode(kept.content))


async def number_in_use(connection: Connection) -> int | None:
    """The number of the model in use: a quick look, for who remembers the model itself."""
    return await store.number_in_use(connection)


async def add(
    connection: Connection, weights: LinkageModel, trained: Mapping[str, Any], at: datetime
) -> int:
    """Keeps a model as a candidate; its number. It is used when a run with it was applied."""
    number = await store.add(
        connection,
        standard=weights.standard,
        content=encode(weights),
        trained=dict(trained),
        at=at,
    )
    await _note(connection, number, "added", at)
    return number


async def make_current(connection: Connection, number: int, at: datetime) -> None:
    """Takes a model into use; the one before it is retired."""
    if await store.make_current(connection, number, at):
        await _note(connection, number, "current", at)


async def every(connection: Connection) -> list[KeptModel]:
    """All models, the oldest first."""
    return await store.every(connection)


async def _note(connection: Connection, number: int, state: str, at: datetime) -> None:
    details: dict[str, object] = {"model": number, "state": state}
    await record_event(connection, kind=LINK_MODEL, asker=None, details=details, at=at)
