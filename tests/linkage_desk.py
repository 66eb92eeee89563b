"""Linkage over a real database whose appearances a test puts there itself.

What a programme reports, and how it is read into appearances, is tested elsewhere; here a test
says who appears, and looks at who is who afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import asyncpg

from ibr.clock import now
from ibr.db.pool import Database, open_database
from ibr.identity.engines.found import Keyed
from ibr.identity.model import STANDARD, Appearance, Pair
from ibr.identity.persons.decide import Decision, decide
from ibr.identity.persons.floor import Floor
from ibr.identity.persons.kept_run import Run
from ibr.identity.persons.reading.sealed import packed, place_of_features
from ibr.identity.persons.run import Linkage
from ibr.protection.keyring import Keyring
from ibr.protection.seal import Sealer

T = TypeVar("T")
KEYRING = Keyring(current=1, data={1: b"d" * 32}, index=b"i" * 32)
SEALER = Sealer(KEYRING)
PROGRAMMES = 12
OFFICER = 7


class ReadsNothing:
    """Stands for the reading of records: here there are none."""

    def __init__(self, _programmes: Collection[int]) -> None:
        self.seen: list[int] = []
        self.unsettled = False

    async def __call__(
        self, record_ids: Sequence[int], _at: datetime, *, unsettled: bool = False
    ) -> None:
        self.unsettled = unsettled
        self.seen += record_ids

    def close(self) -> None:
        """Lets go of nothing."""


class LinkageDesk:
    """One registry's persons."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.runner = asyncio.Runner()
        self.database: Database = self.run(open_database(dsn, "ibr_worker", size=4, name="test"))
        self.owner(
            """
            insert into programme (code, names) select 'P' || n, '{"en": "P"}'
            from generate_series(1, $1) as n on conflict do nothing
            """,
            PROGRAMMES,
        )

    def close(self) -> None:
        self.run(self.database.close())
        self.runner.close()

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return self.runner.run(awaited())

    def owner(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """A statement as the owner, who sees every programme."""
        return self.run(self._owner(statement, values))

    async def _owner(self, statement: str, values: Sequence[Any]) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.dsn, server_settings={"search_path": "ibr"})
        try:
            await connection.execute(
                "select set_config('ibr.programmes', $1, false)",
                ",".join(str(number) for number in range(1, PROGRAMMES + 1)),
            )
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()

    def empty(self) -> None:
        """Forgets everybody and every run."""
        self.owner(
            """
            do $$ begin
                truncate appearance, person, person_member, person_event, link_pair,
                         link_decision, link_run, link_model restart identity;
                alter sequence person_id restart;
            end $$
            """
        )

    def appear(self, entries: Iterable[Keyed]) -> None:
        """These appear, or appear otherwise than before, from now on."""
        at = now()
        rows = [
            (
                *each,
                features.programme_id,
                SEALER.seal(packed(features), place_of_features(each)),
                packed(features)[:16],
                list(keys),
                STANDARD,
                at,
            )
            for each, features, keys in entries
        ]
        self.run(self._put(rows))

    async def _put(self, rows: Sequence[tuple[Any, ...]]) -> None:
        connection = await asyncpg.connect(self.dsn, server_settings={"search_path": "ibr"})
        try:
            await connection.execute(
                "select set_config('ibr.programmes', $1, false)",
                ",".join(str(number) for number in range(1, PROGRAMMES + 1)),
            )
            await connection.executemany(
                """
                insert into appearance (record_id, appearance_no, programme_id, member_no,
                                        features, features_digest, keys, standard, read_at)
                values ($1, $2, $3, 0, $4, $5, $6, $7, $8)
                on conflict (record_id, appearance_no) do update set
                    member_no = 0, features = excluded.features, keys = excluded.keys,
                    features_digest = excluded.features_digest, read_at = excluded.read_at
                """,
                rows,
            )
        finally:
            await connection.close()

    def go(self, each: Appearance) -> None:
        """This one is no longer reported."""
        self.owner(
            """
            update appearance set member_no = null, read_at = $3
            where record_id = $1 and appearance_no = $2
            """,
            *each,
            now(),
        )

    def linkage(self, **further: Any) -> Linkage:
        # What a test does to a dozen people would move a tenth of them.
        further.setdefault("floor", Floor(most_moved=1.0))
        return Linkage(self.database, SEALER, ReadsNothing, **further)

    def link(self, wanted: str = "changes", **further: Any) -> Run | None:
        """One run."""
        model_no = further.pop("model_no", None)
        linkage = self.linkage(**further)
        return self.run(linkage.run(wanted, model_no=model_no))  # type: ignore[arg-type]

    def decide(
        self, pair: Pair, decision: Decision, *, opinion: int = 1, four_eyes: bool = False
    ) -> int:
        """A reviewer decides about a pair."""
        return self.run(self._decide(pair, decision, opinion, four_eyes))

    async def _decide(self, pair: Pair, decision: Decision, opinion: int, four_eyes: bool) -> int:
        async with self.database.transaction(range(1, PROGRAMMES + 1)) as connection:
            return await decide(
                connection,
                OFFICER,
                *pair,
                decision,
                "looked_at",
                None,
                opinion,
                None,
                None,
                now(),
                four_eyes=four_eyes,
            )

    def persons(self) -> dict[Appearance, int]:
        """Whose each appearance is."""
        rows = self.owner("select record_id, appearance_no, person_id from person_member")
        return {Appearance(row[0], row[1]): row[2] for row in rows}

    def who_is_who(self) -> set[frozenset[Appearance]]:
        """The persons without their numbers."""
        found: dict[int, set[Appearance]] = {}
        for each, person in self.persons().items():
            found.setdefault(person, set()).add(each)
        return {frozenset(each) for each in found.values()}

    def pairs(self) -> dict[Pair, tuple[str, str, float]]:
        """Every pair that is near, with its state, the reason why it is open, and its weight."""
        rows = self.owner(
            """
            select low_record, low_no, high_record, high_no, state, why, weight from link_pair
            where state <> 'gone'
            """
        )
        return {
            (Appearance(row[0], row[1]), Appearance(row[2], row[3])): (row[4], row[5], row[6])
            for row in rows
        }

    def count(self, table: str) -> int:
        found: int = self.owner(f"select count(*) from {table}")[0][0]
        return found
