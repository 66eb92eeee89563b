"""One whole run of linkage over a real database: sealed records in, stored persons out.

    python -m benchmarks.linkage_run [--people 20000] [--kept FILE] [--memory 2GB] [--month 10]

Makes a private PostgreSQL and puts the records of the made-up country there as deliveries would
have left them. Then everything is timed that a first run does: open every record, make features
and keys, seal and write them, weigh everybody against everybody, join, and store the persons. Then
a model is trained on those people, everybody is weighed by it, and applicants are looked up one
after the other. With `--month 10` every tenth record comes only then, and is worked in. With
`--kept` the records are made once and read from the file the next time; several files, one after
the other, are one country.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import asyncpg
import msgspec

from benchmarks.cluster import Cluster, private_cluster
from benchmarks.cpu import held_gib, tree_seconds
from ibr.clock import now, today
from ibr.db.migrate import upgrade
from ibr.db.pool import Database, open_database
from ibr.demo.country import make_country
from ibr.demo.known_people import PROGRAMME_IDS, known_records
from ibr.identity.applicants.possible_duplicates import Applicants
from ibr.identity.model import Appearance
from ibr.identity.persons.floor import Floor
from ibr.identity.persons.reading.read_appearances import AppearanceReader
from ibr.identity.persons.reading.sealed import open_features
from ibr.identity.persons.run import Linkage
from ibr.identity.persons.train_model import train_model
from ibr.protection.blind_index import BlindIndex
from ibr.protection.keyring import Keyring
from ibr.protection.seal import Sealer, place_of
from ibr.registry.beneficiaries.model import encode_document

KEYRING = Keyring(current=1, data={1: b"d" * 32}, index=b"i" * 32)
PROGRAMMES = range(1, 41)
BLOCK = 20_000
_COLUMNS = (
    "record_id", "programme_id", "assistance_unit", "subject_index", "personal", "content_digest",
    "as_of", "known_at", "delivery_id",
)  # fmt: skip


class Written(msgspec.Struct, array_like=True, gc=False):
    """A record as it is kept between two measurements."""

    record_id: int
    programme_id: int
    unit: int
    document: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Written])


def written(people: int, kept: Sequence[Path]) -> Iterator[list[Written]]:
    """The country's records, a block at a time; from the files where they are there."""
    if kept and kept[0].exists():
        for path in kept:
            with path.open("rb") as file:
                while size := int.from_bytes(file.read(8), "big"):
                    yield _decoder.decode(file.read(size))
        return
    made, partial = _made(people), Path(f"{kept[0]}.partial" if kept else os.devnull)
    with partial.open("wb") as file:
        while block := list(islice(made, BLOCK)):
            packed = _encoder.encode(block)
            file.write(len(packed).to_bytes(8, "big") + packed)
            yield block
    if kept:
        partial.replace(kept[0])


def _made(people: int) -> Iterator[Written]:
    for each in known_records(make_country(people, 7)):
        document = encode_document(each.document)
        yield Written(each.record_id, PROGRAMME_IDS[each.programme], each.unit, document)


async def put(dsn: str, blocks: Iterable[Sequence[Written]]) -> int:
    """Records as the merge leaves them, as far as linkage reads them; says how many."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    sealer, at, count = Sealer(KEYRING), now(), 0
    try:
        for block in blocks:
            rows = []
            for each in block:
                place = place_of("beneficiary_record", "personal", each.record_id)
                sealed = sealer.seal(each.document, place)
                rows.append(
                    (each.record_id, each.programme_id, each.unit, b"", sealed, b"", at, at, 1)
                )
            await connection.copy_records_to_table(
                "beneficiary_record", records=rows, columns=_COLUMNS
            )
            await connection.execute(
                """
                insert into change (record_id, programme_id, kind, happened_at, delivery_id)
                select *, 'enrolled', $3, 1 from unnest($1::bigint[], $2::integer[])
                """,
                [each.record_id for each in block],
                [each.programme_id for each in block],
                at,
            )
            count += len(block)
        await connection.execute("vacuum analyze beneficiary_record")
    finally:
        await connection.close()
    return count


class Steps:
    """When each step of a run began, what it cost, and the most memory held meanwhile."""

    def __init__(self, cluster: Cluster) -> None:
        self._server = cluster.postmaster
        self._steps: list[tuple[str, float, float, float]] = []
        self._most = 0.0
        self._note("begin")

    def __call__(self, step: str, _done: int = 0) -> None:
        """What a run calls while it goes on; each step is noted once."""
        if step != self._steps[-1][0]:
            self._note(step)

    def _note(self, step: str) -> None:
        own, server = tree_seconds([os.getpid()]), tree_seconds([self._server])
        self._steps.append((step, time.perf_counter(), own, server))

    async def watch(self) -> None:
        """Looks at the memory until it is cancelled."""
        while True:
            self._most = max(self._most, held_gib(os.getpid()))
            await asyncio.sleep(2)

    def table(self) -> str:
        """Each step with its seconds, and the seconds of the processors here and in PostgreSQL."""
        self._note("end")
        rows = ["| step | wall | CPU here | CPU of PostgreSQL |", "|---|---|---|---|"]
        first, last = self._steps[0], self._steps[-1]
        pairs = [*zip(self._steps, self._steps[1:], strict=False), (("all", *first[1:]), last)]
        for (step, *began), (_, *ended) in pairs:
            wall, own, server = (
                f"{end - begin:.1f} s" for begin, end in zip(began, ended, strict=True)
            )
            rows.append(f"| {step} | {wall} | {own} | {server} |")
        return "\n".join([*rows, f"most memory held, without PostgreSQL: {self._most:.2f} GiB"])


async def run(
    database: Database, cluster: Cluster, what: str, memory: str, *, model_no: int | None = None
) -> None:
    """One run, to its end, with its steps; of everybody, where it is with another model."""
    steps = Steps(cluster)
    watching = asyncio.create_task(steps.watch())
    linkage = Linkage(
        database,
        Sealer(KEYRING),
        lambda programmes: AppearanceReader(database, KEYRING, programmes),
        floor=Floor(most_moved=1.0),
        memory=memory,
        folder=cluster.settings.data_dir / "linkage",
        progress=steps,
    )
    ran = await linkage.run("full" if model_no else "changes", model_no=model_no)
    watching.cancel()
    assert ran is not None
    print(f"{what}: {ran.kind}, {ran.state}, {ran.counts}\n{steps.table()}", flush=True)


async def ask(database: Database, many: int) -> None:
    """Applicants who are known, each against everybody, one after the other."""
    applicants = Applicants(database, Sealer(KEYRING), BlindIndex(KEYRING.index))
    async with database.transaction(PROGRAMMES) as connection:
        rows = await connection.fetch(
            """
            select record_id, appearance_no, features, keys from appearance
            order by hashint8extended(record_id, appearance_no) limit $1
            """,
            many,
        )
    took: list[float] = []
    for row in rows:
        each = Appearance(row["record_id"], row["appearance_no"])
        features = open_features(Sealer(KEYRING), each, row["features"])
        begun = time.perf_counter()
        async with database.transaction(PROGRAMMES) as connection:
            await applicants.weighed(connection, features, row["keys"])
        took.append((time.perf_counter() - begun) * 1000)
    parts = statistics.quantiles(took, n=100)
    print(
        f"one applicant: p50 {parts[49]:.1f} ms, p95 {parts[94]:.1f} ms, p99 {parts[98]:.1f} ms, "
        f"slowest {max(took):.1f} ms",
        flush=True,
    )


async def train(database: Database, cluster: Cluster, memory: str) -> int:
    """A model learned from those people, as `ibr linkage train` does."""
    begun = time.perf_counter()
    trained = await train_model(
        database,
        Sealer(KEYRING),
        memory=memory,
        threads=2,
        folder=cluster.settings.data_dir / "linkage",
        progress=lambda _step, _done: None,
    )
    print(f"trained in {time.perf_counter() - begun:.1f} s", flush=True)
    return trained.model_no


async def measure(
    cluster: Cluster, people: int, kept: Sequence[Path], memory: str, *, month: int
) -> None:
    """The first run, and where it is wanted one more for every so manieth, which came later."""
    await upgrade(cluster.dsn, today())
    connection = await asyncpg.connect(cluster.dsn, server_settings={"search_path": "ibr"})
    await connection.execute(
        """
        insert into programme (code, names) select 'P' || n, '{"en": "P"}'
        from generate_series(1, 40) as n
        """
    )
    await connection.close()
    later: list[Written] = []

    def first() -> Iterator[list[Written]]:
        for block in written(people, kept):
            if month:
                later.extend(each for each in block if each.record_id % month == 0)
                yield [each for each in block if each.record_id % month]
            else:
                yield block

    database = await open_database(cluster.dsn, "ibr_worker", size=6, name="benchmark")
    try:
        print(f"{await put(cluster.dsn, first()):,} records", flush=True)
        await run(database, cluster, "first run", memory)
        number = await train(database, cluster, memory)
        what = "everybody again by the trained model"
        await run(database, cluster, what, memory, model_no=number)
        await ask(database, 1_000)
        if month:
            print(f"{await put(cluster.dsn, [later]):,} records more", flush=True)
            await run(database, cluster, "a month later", memory)
    finally:
        await database.close()


def main() -> None:
    """Reads the command line and measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--kept", type=Path, action="append", default=[])
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--month", type=int, default=0)
    given = parser.parse_args()
    # The processes that read would import this module again, with all it needs and they do not.
    own = sys.modules["__main__"]
    own.__spec__ = None
    del own.__file__
    with private_cluster() as cluster:
        asyncio.run(measure(cluster, given.people, given.kept, given.memory, month=given.month))


if __name__ == "__main__":
    main()
