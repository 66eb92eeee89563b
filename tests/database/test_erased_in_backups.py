"""An old backup, restored with the keys of today: who was erased since cannot be opened."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from ibr.clock import now
from ibr.db.backup.take import take_base
from ibr.db.pool import open_database, owner_transaction
from ibr.errors import Unavailable
from ibr.keeping.erasure.ask import approved
from ibr.keeping.erasure.carry_out import Eraser, carry_out
from ibr.keeping.erasure.journal import FILE_NAME as ERASED
from ibr.keeping.erasure.replay import forgotten, replay
from ibr.protection.keyring import FILE_NAME as KEYRING
from ibr.protection.keyring import open_keyring
from ibr.protection.record_keys import FILE_NAME as RECORD_KEYS
from ibr.protection.seal import Sealer, place_of
from tests.backup_site import Site

NAMES = {1001: b'{"member":{"name":"Erased"}}', 1002: b'{"member":{"name":"Kept"}}'}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = Site()
    try:
        yield site
    finally:
        site.close()


async def _record(dsn: str, sealer: Sealer, number: int) -> None:
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    place = place_of("beneficiary_record", "personal", number)
    key = number.to_bytes(16, "big")
    try:
        await connection.execute(
            "insert into programme (code, names) values ('A', '{}') on conflict do nothing"
        )
        await connection.execute(
            "insert into beneficiary_record (record_id, programme_id, assistance_unit, "
            "subject_index, personal, content_digest, as_of, known_at, delivery_id) "
            "values ($1, 1, 1, $2, $3, $2, now(), now(), 1)",
            number,
            key,
            sealer.seal(NAMES[number], place),
        )
        await connection.execute("insert into record_key values ($1, $2)", key, number)
        await connection.execute(
            "insert into enrolment (record_id, programme_id, status, status_at, status_rank, "
            "as_of, known_at, delivery_id) values ($1, 1, 1, now(), 1, now(), now(), 1)",
            number,
        )
    finally:
        await connection.close()


async def _personal(dsn: str) -> dict[int, bytes]:
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    try:
        rows = await connection.fetch("select record_id, personal from beneficiary_record")
        return {row["record_id"]: row["personal"] for row in rows}
    finally:
        await connection.close()


async def _eraser(dsn: str, settings: Any) -> Eraser:
    keys = settings.data_dir / "keys"
    return Eraser(
        database=await open_database(dsn, "ibr_worker", size=4, name="test erasure"),
        sealer=Sealer(open_keyring(keys, create=False)),
        keys=keys,
        programmes=frozenset({1}),
        now=now,
    )


async def _erase(site: Site, number: int) -> None:
    async with owner_transaction(site.dsn) as connection:
        erasure = await approved(
            connection,
            [number],
            "request",
            with_bytes=False,
            asked_by=None,
            asker=None,
            at=now(),
        )
    eraser = await _eraser(site.dsn, site.settings)
    try:
        await carry_out(eraser, erasure)
    finally:
        await eraser.database.close()


def _opens(sealer: Sealer, number: int, sealed: bytes) -> bytes:
    return sealer.open(sealed, place_of("beneficiary_record", "personal", number))


def test_who_was_erased_cannot_be_opened_in_a_backup_from_before(site: Site) -> None:
    for number in NAMES:
        asyncio.run(_record(site.dsn, site.sealer, number))
    keys = site.settings.data_dir / "keys"
    as_it_was = site.folder / "old-keys"
    shutil.copytree(keys, as_it_was)
    backup = take_base(site.settings, now())
    before_it = site.deliver("BEFORE")
    asyncio.run(_erase(site, 1001))
    assert set(asyncio.run(_personal(site.dsn))) == {1002}
    site.keep()

    dsn = site.restore(backup, before_it)
    restored = site.restored[-1]
    (restored.data_dir / "keys").mkdir(mode=0o700, exist_ok=True)
    # With the keys of today, as the how-to says.
    for name in (KEYRING, RECORD_KEYS, ERASED):
        shutil.copy2(keys / name, restored.data_dir / "keys" / name)
    sealed = asyncio.run(_personal(dsn))
    assert set(sealed) == {1001, 1002}
    sealer = Sealer(open_keyring(restored.data_dir / "keys", create=False))
    with pytest.raises(Unavailable) as refused:
        _opens(sealer, 1001, sealed[1001])
    assert refused.value.code == "seal.destroyed"
    assert _opens(sealer, 1002, sealed[1002]) == NAMES[1002]
    # The control: with the keys as they were the backup gives everybody away.
    before = Sealer(open_keyring(as_it_was, create=False))
    assert _opens(before, 1001, sealed[1001]) == NAMES[1001]

    async def told_again() -> None:
        async with owner_transaction(dsn) as connection:
            assert len(await forgotten(connection, restored.data_dir / "keys")) == 1
        eraser = await _eraser(dsn, restored)
        try:
            done = await replay(eraser, dsn)
        finally:
            await eraser.database.close()
        assert (done.erasures, done.records) == (1, 1)

    asyncio.run(told_again())
    assert set(asyncio.run(_personal(dsn))) == {1002}
