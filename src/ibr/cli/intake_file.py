"""One file on the command line: shown, tried, sent, with a bar where somebody looks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from ibr.access.model import Partner, ProgrammeRight
from ibr.access.partners import PartnerBook
from ibr.cli.show import console, data, errors, said, settings_and_database, table
from ibr.clock import now
from ibr.db.pool import open_database
from ibr.errors import NotUnderstood
from ibr.files import kept
from ibr.files.mapping.model import Mapping
from ibr.files.mapping.targets import TARGETS
from ibr.files.model import Counts, FileSent, FileTerms, Look
from ibr.files.packages import Package, is_package
from ibr.files.reading.pieces import over_pieces
from ibr.files.sending.desk import FileDesk, Progress, Step, silent
from ibr.files.sending.look_at import Seen
from ibr.files.sending.respond import response_pieces
from ibr.files.sending.run import keep_look, look, read, registry_asker, take
from ibr.files.sending.work_through import Job, as_of_for, try_out
from ibr.protection.blind_index import BlindIndex
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer
from ibr.protection.spool import Spool

_STEPS: dict[Step, str] = {
    "look": "Looking at the columns",
    "try": "Trying it out",
    "take": "Taking it in",
    "respond": "Writing the response",
}


@asynccontextmanager
async def desk_here() -> AsyncIterator[FileDesk]:
    settings, location = settings_and_database()
    keyring = open_keyring(settings.data_dir / "keys", create=False)
    folder = settings.data_dir / "spool"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = await open_database(location.dsn, "ibr_worker", size=4, name="ibr intake")
    try:
        book = PartnerBook(database)
        await book.refresh()
        yield FileDesk(database, Sealer(keyring), BlindIndex(keyring.index), book, folder)
    finally:
        await database.close()


@contextmanager
def _bar(rows: list[int], *, quiet: bool) -> Iterator[Progress]:
    """A bar on the error output where somebody looks; `rows` holds how many there are, once that
    is known."""
    if quiet or not errors.is_terminal:
        yield silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeRemainingColumn(), console=errors, transient=True) as bar:
        task = bar.add_task(_STEPS["look"], total=None)

        def show(step: Step, done: int) -> None:
            bar.update(task, description=_STEPS[step], completed=done, total=rows[0] or None)

        yield show


@contextmanager
def unpacked_here(desk: FileDesk, brought: BinaryIO) -> Iterator[tuple[Package, BinaryIO]]:
    """A package and its file, set aside sealed; every byte of it was checked."""
    if not is_package(brought):
        raise NotUnderstood("package.none", "This is no package. Take a list in: ibr intake file.")
    package, spool, lengths = Package(brought), Spool(desk.folder), list[int]()
    try:
        for piece in package.pieces():
            lengths.append(len(piece))
            spool.write(piece)
        yield package, over_pieces(spool.piece, lengths)
    finally:
        spool.close()


class OneFile:
    """One file on the command line."""

    def __init__(
        self,
        desk: FileDesk,
        programme: ProgrammeRight,
        terms: FileTerms,
        content: BinaryIO,
        *,
        json: bool,
        partner: Partner | None = None,
    ) -> None:
        """`partner` is whose file it is; without one the registry itself sends it."""
        self._partner = partner
        self._desk, self._programme, self._terms = desk, programme, terms
        self._content, self._json = content, json
        self._rows = [0]

    async def look(self, given: Mapping | None) -> Seen:
        with _bar(self._rows, quiet=self._json) as progress:
            progress("look", 0)
            seen = await look(self._desk, self._programme, self._terms.cycle, self._content, given)
        self._rows[0] = seen.look.rows + seen.look.heading
        if not self._json:
            _show_mapping(seen)
        return seen

    async def try_it(self, seen: Seen) -> None:
        _must_be_settled(seen.look, seen.mapping, json=self._json)
        job = Job(
            content=self._content,
            mapping=seen.mapping,
            programme=self._programme,
            terms=self._terms,
            asker=registry_asker(self._programme.programme_id),
            as_of=as_of_for(self._terms, now()),
        )
        with _bar(self._rows, quiet=self._json) as progress:
            counts, reasons = await try_out(self._desk, job, progress)
        counts.totals = seen.look.totals
        _tell(counts, seen, {"dry_run": True, "reasons": reasons}, json=self._json)
        if not self._json:
            for reason in reasons:
                said(f"  {escape(reason)}")
            said("Nothing was written.")
        _fail_where_nothing_is_right(counts)

    async def send(self, name: str, seen: Seen, response: Path | None) -> None:
        _must_be_settled(seen.look, seen.mapping, json=self._json)
        sent = await self._store(name, seen)
        with _bar(self._rows, quiet=self._json) as progress:
            done = await take(self._desk, sent, self._content, None, progress)
        sent.counts.totals = seen.look.totals
        more = {
            "file": sent.file_no,
            "delivery": sent.delivery_id,
            "state": "done" if done else "held",
        }
        _tell(sent.counts, seen, more, json=self._json)
        if not done and not self._json:
            said(
                f"Delivery {sent.delivery_id} waits for a person's look: it differs much from "
                "those before it. See `ibr deliveries show`."
            )
        if done and response:
            await save_response(self._desk, sent, response)
        elif done and sent.counts.refused and not self._json:
            said(f"Every refused row with its reason: ibr intake response {sent.file_no} --to FILE")
        if done:
            _fail_where_nothing_is_right(sent.counts)

    async def _store(self, name: str, seen: Seen) -> FileSent:
        desk, programme_id = self._desk, self._programme.programme_id
        at, reach = now(), frozenset((self._programme.programme_id,))
        async with desk.database.transaction(reach) as connection:
            partner = self._partner
            number = await kept.announce(
                connection,
                partner.asker(partner.scopes) if partner else registry_asker(programme_id),
                programme_id,
                name,
                self._terms,
                desk.sealer,
                at,
            )
            sent = await kept.file_of(connection, number, desk.sealer)
            await kept.store_whole(connection, sent, self._content, desk.sealer, at)
        await keep_look(desk, sent, seen, None, "tried")
        return await read(desk, number, reach)


def _show_mapping(seen: Seen) -> None:
    first = seen.look.sample[0][1] if seen.look.sample else []
    rows = []
    for place, column in enumerate(seen.mapping.columns):
        about = TARGETS.get(column.to)
        means = about.label if about else column.to
        how = ", ".join(
            filter(None, (column.dates, column.decimal and f"decimal {column.decimal}"))
        )
        example = first[place] if place < len(first) else ""
        rows.append((escape(column.column), means or "(left out)", how, escape(example[:30])))
    table("What the columns mean", ("Column", "Meaning", "Read as", "First row"), rows)
    for question in seen.look.questions:
        named = f"{question.column}: " if question.column else ""
        said(escape(f"{'Decide' if question.must else 'Note'}: {named}{question.text}"))


def _must_be_settled(look: Look, mapping: Mapping, *, json: bool) -> None:
    """Refuses while something about the columns must be decided."""
    asked = [each for each in look.questions if each.must]
    if not asked:
        return
    if json:
        data({"mapping": mapping, "questions": asked})
    about = f"{asked[0].column}: " if asked[0].column else ""
    raise NotUnderstood(
        "file.mapping_open",
        f"{about}{asked[0].text} Write the mapping with --save-mapping FILE, correct it, and give "
        "it with --mapping FILE.",
    )


def ask_whether_right(*, json: bool) -> None:
    """Asks, where a person is there to answer, before anything is stored."""
    if json or not console.is_terminal:
        return
    if not typer.confirm("Is that what the columns mean?"):
        raise NotUnderstood(
            "file.mapping_open",
            "Nothing was stored. Write the mapping with --save-mapping FILE, correct it, and give "
            "it with --mapping FILE.",
        )


def _tell(counts: Counts, seen: Seen, more: dict[str, Any], *, json: bool) -> None:
    if json:
        data(
            {
                **more,
                "counts": msgspec.structs.asdict(counts),
                "questions": seen.look.questions,
                "mapping": seen.mapping,
            }
        )
        return
    if "delivery" in more:
        said(f"File {more['file']}, delivery {more['delivery']}.")
    for name, words in (
        ("records", "Records"),
        ("new", "New"),
        ("changed", "Changed"),
        ("unchanged", "Unchanged"),
        ("repeated", "Said twice in the file"),
        ("refused", "Refused"),
    ):
        said(f"{words}: {getattr(counts, name):,}")


def _fail_where_nothing_is_right(counts: Counts) -> None:
    if counts.records and counts.refused == counts.records:
        raise NotUnderstood("file.all_refused", "Every record was refused; see the reasons.")


async def save_response(desk: FileDesk, sent: FileSent, to: Path) -> None:
    async with desk.database.transaction({sent.programme_id}) as connection:
        with to.open("wb") as out:
            async for piece in response_pieces(connection, sent.file_no, desk.sealer):
                await asyncio.to_thread(out.write, piece)
