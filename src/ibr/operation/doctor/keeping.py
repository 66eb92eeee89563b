"""Whether what is past its time goes, and whether who was erased stays erased."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final

import asyncpg

from ibr.errors import RegistryError
from ibr.keeping.erasure.replay import forgotten, keys_left
from ibr.operation.doctor import store
from ibr.operation.doctor.model import Finding, care, well, wrong
from ibr.protection.keyring import open_keyring
from ibr.protection.record_keys import FILE_NAME
from ibr.protection.seal import Sealer
from ibr.settings import Settings

_NIGHTS: Final = timedelta(days=3)
_WAITS: Final = timedelta(days=1)


async def look_at_keeping(
    connection: asyncpg.Connection, settings: Settings, at: datetime
) -> AsyncIterator[Finding]:
    """Erasures against the journal and the keys, and the last night."""
    folder = settings.data_dir / "keys"
    try:
        sealer = Sealer(open_keyring(folder, create=False))
        unknown = await forgotten(connection, folder)
        left = await keys_left(connection, folder, sealer)
        there = sealer.record_keys is not None and sealer.record_keys.are_there()
    except RegistryError as refused:
        if refused.code.startswith("keyring."):
            return  # said already
        yield wrong(
            "keys of records",
            refused.message,
            "Without them no name and no number in the database can ever be read again.",
            f"Put {FILE_NAME} back from your newest key backup into {folder}, mode 0600.",
        )
        return
    if unknown or left:
        yield wrong(
            "erasures",
            f"{len(unknown)} that the database does not know, {left} records whose key is here",
            "The database or the keys were restored from before: people who were erased are back.",
            "Run: ibr erasure replay",
        )
    else:
        yield well("erasures", "who was erased is erased")
    if not there:
        yield care(
            "keys of records",
            f"{folder / FILE_NAME} is not there",
            "Who is erased stays readable in backups, for all records have one key.",
            "When every process runs this version, run: ibr erasure prepare",
        )
    else:
        yield well("keys of records", FILE_NAME)
    async for finding in _times(connection, at):
        yield finding


async def _times(connection: asyncpg.Connection, at: datetime) -> AsyncIterator[Finding]:
    waiting, last, since = await store.keeping(connection)
    if waiting is not None and at - waiting > _WAITS:
        yield care(
            "erasures",
            f"one waits since {waiting:%Y-%m-%d}",
            "Somebody asked to be erased, two people approved it, and it is not done.",
            "Is the worker alive, and does a legal hold stand against it? See ibr erasure list.",
        )
    begun = last if last is not None else since
    if begun is not None and at - begun > _NIGHTS:
        yield care(
            "retention",
            "no night yet" if last is None else f"last {last:%Y-%m-%d}",
            "What is past its time is kept although no law allows it.",
            "Is the worker alive? Run: ibr retention run",
        )
    else:
        yield well("retention", "no night yet" if last is None else f"last {last:%Y-%m-%d}")
