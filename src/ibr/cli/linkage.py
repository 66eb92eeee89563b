"""`ibr linkage`: who is who."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ibr.cli import linkage_quality
from ibr.cli.show import command, data, errors, said, settings_and_database, table, wait_for
from ibr.clock import now
from ibr.db.pool import Database, open_database
from ibr.errors import NotUnderstood
from ibr.identity.model import Appearance
from ibr.identity.persons import kept_models
from ibr.identity.persons.explain_pair import Explained, explain_pair
from ibr.identity.persons.history import undo_move, undo_run
from ibr.identity.persons.kept_run import Run
from ibr.identity.persons.look import all_programmes, newest_runs
from ibr.identity.persons.news import Progress, silent
from ibr.identity.persons.reading.read_appearances import AppearanceReader
from ibr.identity.persons.run import Linkage
from ibr.identity.persons.train_model import NewModel, train_model
from ibr.identity.quality.kept import judge_of
from ibr.protection.keyring import Keyring, open_keyring
from ibr.protection.seal import Sealer
from ibr.settings import Settings

app = typer.Typer(help="Who is who: which records are the same person.", no_args_is_help=True)
app.command("quality")(linkage_quality.quality)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
RunNo = Annotated[int, typer.Argument(help="Number of the run, as `ibr linkage runs` shows it.")]
MANY_IN_DOUBT = 10
"""More than a pair to look at for each so many appearances is more than people can do."""
_WHAT = {
    "read": "Records read",
    "weigh": "Appearances weighed",
    "join": "Pairs to be joined",
    "write": "Appearances moved",
    "settle": "Putting the index of keys in order",
    "train": "Learning from appearances",
}


class _Place(msgspec.Struct, frozen=True):
    """Where linkage works: the database, the keys, the settings."""

    database: Database
    keyring: Keyring
    settings: Settings

    async def linkage(self, progress: Progress = silent) -> Linkage:
        async with self.database.transaction(()) as connection:
            judge = await judge_of(connection)
        return Linkage(
            self.database,
            Sealer(self.keyring),
            partial(AppearanceReader, self.database, self.keyring),
            judge=judge,
            memory=f"{self.settings.linkage_memory_mb}MB",
            threads=self.settings.linkage_threads,
            folder=self.folder,
            progress=progress,
        )

    @property
    def folder(self) -> Path:
        """Where what does not fit into memory goes, encrypted."""
        return self.settings.data_dir / "linkage"


@asynccontextmanager
async def _place() -> AsyncIterator[_Place]:
    settings, location = settings_and_database()
    keyring = open_keyring(settings.data_dir / "keys", create=False)
    database = await open_database(location.dsn, "ibr_worker", size=8, name="ibr linkage")
    try:
        yield _Place(database, keyring, settings)
    finally:
        await database.close()


@contextmanager
def _progress(json: bool) -> Iterator[Progress]:
    """Says on the error output what is being done, where somebody looks."""
    if json or not errors.is_terminal:
        yield silent
        return
    with errors.status("Looking for what is new") as status:
        yield lambda what, done: status.update(f"{_WHAT.get(what, what)}: {done:,}")


@app.command("run")
@command
def run(
    full: Annotated[bool, typer.Option("--full", help="Weigh everybody anew.")] = False,
    model: Annotated[
        int | None,
        typer.Option(help="By this model, which comes into use if the run is applied."),
    ] = None,
    json: Json = False,
) -> None:
    """Read what changed, weigh it against everybody, and join who is the same person."""

    async def work(progress: Progress) -> Run | None:
        async with _place() as place:
            linkage = await place.linkage(progress)
            return await linkage.run("full" if full else "changes", model_no=model)

    with _progress(json) as progress:
        ended = wait_for(work(progress))
    _tell(ended, json)


@app.command("runs")
@command
def runs(
    most: Annotated[int, typer.Option(help="So many, the newest first.")] = 20,
    json: Json = False,
) -> None:
    """List runs, the newest first."""

    async def work() -> list[Run]:
        async with _place() as place:
            return await newest_runs(place.database, most)

    found = wait_for(work())
    if json:
        data([_plain(each) for each in found])
        return
    table(
        "Runs",
        ("Run", "Kind", "Model", "State", "Begun", "Persons", "Moved", "To look at", "Why"),
        [
            (
                each.run_no,
                each.kind,
                each.model_no,
                each.state,
                each.started_at.strftime("%Y-%m-%d %H:%M UTC"),
                each.counts.get("persons"),
                each.counts.get("moved"),
                each.counts.get("pairs_open"),
                each.reason,
            )
            for each in found
        ],
    )


@app.command("apply")
@command
def apply(run_no: RunNo, json: Json = False) -> None:
    """Apply a run that was proposed: it is worked out again from what there is now."""

    async def work(progress: Progress) -> Run:
        async with _place() as place:
            return await (await place.linkage(progress)).apply(run_no)

    with _progress(json) as progress:
        ended = wait_for(work(progress))
    _tell(ended, json)


@app.command("drop")
@command
def drop(run_no: RunNo) -> None:
    """Drop a run that was proposed."""

    async def work() -> None:
        async with _place() as place:
            await (await place.linkage()).drop(run_no)

    wait_for(work())
    said(f"Run {run_no} is dropped. Who is who stays as it was.")


@app.command("undo")
@command
def undo(
    run_no: Annotated[int | None, typer.Option("--run", help="All moves of this run.")] = None,
    appearance: Annotated[
        str | None,
        typer.Option(help="The newest move of one appearance: RECORD, or RECORD.NUMBER."),
    ] = None,
) -> None:
    """Take back what a run moved, or one move. It is decided so, and later runs follow it."""
    if (run_no is None) == (appearance is None):
        raise NotUnderstood("linkage.undo", "Name one of --run and --appearance.")
    one = None if appearance is None else _appearance(appearance)

    async def work() -> tuple[int, Run | None]:
        async with _place() as place:
            programmes = await all_programmes(place.database)
            async with place.database.transaction(programmes) as connection:
                if one is None:
                    assert run_no is not None
                    many = await undo_run(connection, run_no, now())
                else:
                    many = await undo_move(connection, one, now())
            return many, await (await place.linkage()).run("changes")

    many, ended = wait_for(work())
    said(f"{many} decisions were written down.")
    _tell(ended, False)


@app.command("train")
@command
def train(json: Json = False) -> None:
    """Train a model on pairs that both carry the foundational number; kept as a candidate."""

    async def work(progress: Progress) -> NewModel:
        async with _place() as place:
            return await train_model(
                place.database,
                Sealer(place.keyring),
                memory=f"{place.settings.linkage_memory_mb}MB",
                threads=place.settings.linkage_threads,
                folder=place.folder,
                progress=progress,
            )

    with _progress(json) as progress:
        made = wait_for(work(progress))
    if json:
        data(made)
        return
    said(f"Model {made.model_no} is a candidate.")
    said(f"To measure it first: ibr linkage quality --model {made.model_no} --keep")
    said(f"To use it: ibr linkage run --full --model {made.model_no}")


@app.command("models")
@command
def models(json: Json = False) -> None:
    """List the models of weights."""

    async def work() -> list[dict[str, Any]]:
        async with _place() as place, place.database.transaction(()) as connection:
            return [
                {
                    "model_no": each.model_no,
                    "state": each.state,
                    "standard": each.standard,
                    "made_at": each.made_at,
                    "current_at": each.current_at,
                    "trained": each.trained,
                }
                for each in await kept_models.every(connection)
            ]

    found = wait_for(work())
    if json:
        data(found)
        return
    table(
        "Models",
        ("Model", "State", "Made", "In use since", "Trained"),
        [
            (
                each["model_no"],
                each["state"],
                each["made_at"].strftime("%Y-%m-%d"),
                each["current_at"].strftime("%Y-%m-%d") if each["current_at"] else "",
                ", ".join(f"{key} {value}" for key, value in each["trained"].items()),
            )
            for each in found
        ],
    )


@app.command("explain")
@command
def explain(
    one: Annotated[str, typer.Argument(help="RECORD, or RECORD.NUMBER for a member.")],
    other: Annotated[str, typer.Argument(help="The other one.")],
    json: Json = False,
) -> None:
    """Say why two appearances weigh what they weigh. No name is shown."""
    pair = _appearance(one), _appearance(other)

    async def work() -> Explained:
        async with _place() as place:
            return await explain_pair(place.database, Sealer(place.keyring), *pair)

    found = wait_for(work())
    if json:
        data(found)
        return
    table(
        f"Weight {found.weight:+.2f} bits; looked at from {found.review:g}, "
        f"linked from {found.link:g}",
        ("Bits", "", "What was found"),
        [(f"{step.bits:+.2f}", _bar(step.bits), step.words) for step in found.steps],
    )
    said("They are one person now." if found.one_person else "They are two persons now.")
    numbers = [str(each) for each in dict.fromkeys(found.persons) if each is not None]
    if numbers:
        said(f"By number: {', '.join(numbers)}; stewards see a person at /review/persons/NUMBER.")
    if not found.share_a_key:
        said("They share no key, so a run never compares them.")


def _bar(bits: float) -> str:
    """A step of the waterfall: to the right speaks for one person, to the left for two."""
    length = min(12, round(abs(bits)))
    return " " * 12 + "│" + "█" * length if bits >= 0 else ("█" * length).rjust(12) + "│"


def _appearance(text: str) -> Appearance:
    record, _, number = text.partition(".")
    if not record.isdecimal() or (number and not number.isdecimal()) or len(text) > 24:
        raise NotUnderstood(
            "linkage.appearance", "Name an appearance as RECORD or RECORD.NUMBER, as 4711.2."
        )
    return Appearance(int(record), int(number or 0))


def _tell(ended: Run | None, json: bool) -> None:
    if json:
        data(None if ended is None else _plain(ended))
        return
    if ended is None:
        said("Nothing has changed since the last run.")
        return
    if ended.state == "proposed":
        said(f"Run {ended.run_no} is proposed and not applied: {ended.reason}.")
        said(f"To apply it: ibr linkage apply {ended.run_no}. To drop it: ibr linkage drop "
             f"{ended.run_no}.")  # fmt: skip
        return
    counts = ended.counts
    said(
        f"Run {ended.run_no} ({ended.kind}) is applied: {counts['appearances']:,} appearances are "
        f"{counts['persons']:,} persons; {counts['moved']:,} moved, {counts['pairs_open']:,} pairs "
        "to look at."
    )
    if counts["pairs_open"] * MANY_IN_DOUBT > counts["appearances"]:
        said(
            "Many pairs are in doubt. A model learned from your own records tells more of them "
            "apart: ibr linkage train."
        )


def _plain(ended: Run) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(ended)
    return plain
