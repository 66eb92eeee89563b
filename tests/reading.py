"""Records as they stand sealed, read into appearances: with a database or without one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import asyncpg

from ibr.db.pool import Database, open_database
from ibr.identity.features.ties import Noted
from ibr.identity.model import Appearance, Features
from ibr.identity.persons.reading.read_appearances import AppearanceReader, Outcome
from ibr.identity.persons.reading.reading_block import Kept, Reader, Record, Rows
from ibr.identity.persons.reading.sealed import open_features
from ibr.protection.blind_index import BlindIndex
from ibr.protection.keyring import Keyring, new_keyring
from ibr.protection.seal import Sealer, place_of
from ibr.registry.beneficiaries.model import Document, encode_document

T = TypeVar("T")
Part = dict[str, Any]
START: Final = datetime(2026, 1, 1, tzinfo=UTC)


def later(hours: int) -> datetime:
    return START + timedelta(hours=hours)


def a_household(*members: Part, own: Part | None = None) -> Document:
    return Document(own, {"member_list": list(members)})


def a_member(given: str, number: str = "", uin: str = "", **person: Any) -> Part:
    """Somebody of a household, as its programme writes them."""
    numbers = {"PROGRAMME_NUMBER": number, "UIN": uin}
    return {
        "member_identifier": [
            {"identifier_type": kind, "identifier_value": value}
            for kind, value in numbers.items()
            if value
        ],
        "demographic_info": {"name": {"given_name": given, "surname": "Karimi"}, **person},
    }


class Paper:
    """One record that is read again and again, without a database."""

    def __init__(self, keyring: Keyring | None = None) -> None:
        keyring = keyring or new_keyring()
        self._sealer, self._index = Sealer(keyring), BlindIndex(keyring.index)
        self._reader = Reader(self._sealer, self._index)
        self.kept: dict[int, Kept] = {}
        self._numbers: dict[int, set[Noted]] = {}

    def read(self, document: Document, unit: int = 2) -> Rows:
        """What the record changes; kept as the database would."""
        place = place_of("beneficiary_record", "personal", 1)
        sealed = self._sealer.seal(encode_document(document), place)
        kept = [self.kept[number] for number in sorted(self.kept)]
        rows = self._reader.read_many([Record(1, 7, unit, sealed, kept)], START)
        for number in rows.stale:
            self._numbers[number.appearance_no] = set()
        for noted in rows.numbers:
            beside = self._numbers.setdefault(noted.appearance_no, set())
            beside.add(Noted(noted.kind, noted.tie, noted.blind_index))
        for row in rows.appearances:
            self.kept[row.appearance_no] = Kept(
                row.appearance_no,
                row.member_no,
                row.features_digest,
                row.features,
                row.standard,
                frozenset(),
            )
        for place_row in rows.places:
            before = self.kept[place_row.appearance_no]
            self.kept[place_row.appearance_no] = before._replace(member_no=place_row.member_no)
        for number, before in self.kept.items():
            self.kept[number] = before._replace(numbers=frozenset(self._numbers.get(number, ())))
        return rows

    def features(self, number: int) -> Features:
        appearance = Appearance(1, number)
        return open_features(self._sealer, appearance, self.kept[number].features)

    def numbers(self) -> dict[str, int]:
        """The number of each who is reported now, by their given name."""
        return {
            self.features(number).given: number
            for number, kept in self.kept.items()
            if kept.member_no is not None
        }


class Shelf:
    """Sealed records in a real database, and their reader."""

    def __init__(self, dsn: str, programmes: Sequence[int] = (1, 2)) -> None:
        self._loop = asyncio.new_event_loop()
        self._dsn = dsn
        self.keyring = new_keyring()
        self.sealer, self.index = Sealer(self.keyring), BlindIndex(self.keyring.index)
        self.database: Database = self.run(open_database(dsn, "ibr_worker", size=4, name="read"))
        self.reader = AppearanceReader(self.database, self.keyring, programmes, processes=1)

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return self._loop.run_until_complete(awaited())

    def close(self) -> None:
        self.reader.close()
        self.run(self.database.close())
        self._loop.close()

    def fetch(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """Rows as the owner sees them."""

        async def fetched() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self._dsn, server_settings={"search_path": "ibr"})
            try:
                return await connection.fetch(sql, *values)
            finally:
                await connection.close()

        return self.run(fetched())

    def put(self, record_id: int, document: Document, unit: int = 2, programme: int = 1) -> None:
        """The record as it now stands."""
        content = encode_document(document)
        sealed = self.sealer.seal(content, place_of("beneficiary_record", "personal", record_id))
        self.fetch(
            """
            insert into beneficiary_record (record_id, programme_id, assistance_unit,
                subject_index, personal, content_digest, as_of, known_at, delivery_id)
            values ($1, $2, $3, 'x', $4, 'x', $5, $5, 1)
            on conflict (record_id) do update
            set personal = excluded.personal, assistance_unit = excluded.assistance_unit
            """,
            record_id,
            programme,
            unit,
            sealed,
            START,
        )

    def read(self, *record_ids: int, at: datetime = START) -> Outcome:
        return self.run(self.reader.read(record_ids, at))

    def appearances(self, record_id: int) -> dict[int, asyncpg.Record]:
        rows = self.fetch("select * from appearance where record_id = $1", record_id)
        return {row["appearance_no"]: row for row in rows}

    def names(self, record_id: int) -> dict[str, int]:
        """The number of each who is reported now, by their given name."""
        return {
            self.features(record_id, number).given: number
            for number, row in self.appearances(record_id).items()
            if row["member_no"] is not None
        }

    def features(self, record_id: int, number: int) -> Features:
        row = self.appearances(record_id)[number]
        return open_features(self.sealer, Appearance(record_id, number), row["features"])
