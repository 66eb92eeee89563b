"""`ibr demo`: the made-up country."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

from ibr.cli.db import prepare
from ibr.cli.show import command, console, data, said, settings_and_database, wait_for
from ibr.db.embedded import stop
from ibr.demo import load
from ibr.demo.country import Country, make_country
from ibr.demo.cycles import Delivery, deliveries
from ibr.demo.truth import write_truth
from ibr.errors import Conflict, Unavailable
from ibr.settings import Settings, environment_for, read_settings

app = typer.Typer(help="The made-up country Talmira.", no_args_is_help=True)

People = Annotated[int, typer.Option(help="How many people benefit.", min=50)]
Seed = Annotated[int, typer.Option(help="The same seed makes the same country.")]
# What the worker would do by itself in the next minutes; whoever looks at a demo should not wait.
_WORK: Final = (
    ("Finding out who is who …", ("linkage", "run")),
    ("Running checks …", ("checks", "run")),
    ("Opening cases …", ("cases", "keep")),
    ("Working out figures …", ("indicators", "run")),
)
_TRIES: Final = 40
# A busy machine takes its time; a server that ended is noticed at once.
_PATIENCE: Final = 240


@app.command("load")
@command
def load_command(
    people: People = 20_000,
    seed: Seed = 7,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fill an empty registry with a made-up country, through the partners' own door."""
    settings, location = settings_and_database()
    folder = settings.data_dir / "demo"
    load.not_loaded_twice(folder)
    take_children_along()
    wait_for(prepare(settings, location.dsn))
    with running_registry(settings) as address:
        loaded = fill(settings, location.dsn, folder, address, people, seed)
    if json:
        data(loaded)


def fill(
    settings: Settings, dsn: str, folder: Path, address: str, people: int, seed: int
) -> load.Loaded:
    """Makes the country, sets it up and posts all its deliveries, with a progress bar."""
    started = time.monotonic()
    with console.status("Making a country …"):
        country = make_country(people, seed)
        total = _count(country)
    credentials = wait_for(load.set_up(dsn, country, folder))
    with _progress() as progress:
        task = progress.add_task("Posting deliveries", total=total)

        def tell(delivery: Delivery) -> None:
            progress.update(task, advance=len(delivery.records), description=delivery.cycle)

        loaded = wait_for(
            load.post_everything(country, credentials, address, settings.registry_id, tell)
        )
    truth = folder / "truth.jsonl"
    write_truth(country, truth)
    _work_out(settings)
    seconds = time.monotonic() - started
    said(
        f"{country.names['en']}: {loaded.records} records in {loaded.deliveries} deliveries, "
        f"{loaded.refused} refused as planned, in {seconds:.0f} s. "
        f"Who is who: {truth}"
    )
    return loaded


def _work_out(settings: Settings) -> None:
    """Links, checks and opens cases at once, as the worker does in its own time."""
    for said_meanwhile, words in _WORK:
        with console.status(said_meanwhile):
            for _ in range(_TRIES):
                # The worker may be at the same work just now, and then has the lock.
                done = subprocess.run(
                    [sys.executable, "-m", "ibr", *words],
                    env=environment_for(settings),
                    capture_output=True,
                    check=False,
                )
                if done.returncode == 0:
                    break
                time.sleep(1)
            else:
                said(f"`ibr {' '.join(words)}` did not end well; the worker tries again itself.")


def _count(country: Country) -> int:
    return sum(len(delivery.records) for delivery in deliveries(country))


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


@contextmanager
def running_registry(settings: Settings) -> Iterator[str]:
    """The address of the running registry; one is started for the while where none runs."""
    address = f"http://{settings.host}:{settings.port}"
    if is_ready(address):
        yield address
        return
    with started_registry(settings, address):
        yield address


@contextmanager
def started_registry(settings: Settings, address: str) -> Iterator[subprocess.Popen[bytes]]:
    """Starts `ibr serve` and waits until it is ready; ends it afterwards, however that comes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ibr", "serve"],
        env=environment_for(settings),
        stdout=subprocess.DEVNULL,
    )
    try:
        _until_ready(process, settings, address)
        yield process
    finally:
        # Whoever asks once more to end must not keep this from ending its children.
        with _deaf():
            process.terminate()
            process.wait(60)


def _until_ready(process: subprocess.Popen[bytes], settings: Settings, address: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        if is_ready(address):
            return
        time.sleep(0.1)
    raise Unavailable(
        "demo.not_started",
        f"The registry did not start on port {settings.port}. Is the port taken? "
        "Choose another: IBR_PORT=8081 make demo",
    )


_TO_END: Final = (signal.SIGTERM, signal.SIGHUP)


def take_children_along() -> None:
    """From now on being asked to end is an interruption, so that what was started is ended too.

    Without this the program would be gone at once, and its registry and database would run on.
    """
    for number in _TO_END:
        signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def _deaf() -> Iterator[None]:
    """For a while nothing asks it to end."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _TO_END}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def is_ready(address: str) -> bool:
    """Whether a registry there can take work."""
    try:
        return httpx.get(f"{address}/health/ready", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


@app.command("run")
@command
def run(people: People = 20_000, seed: Seed = 7) -> None:
    """Start the registry with the made-up country, print addresses and sign-ins, stay up."""
    take_children_along()
    settings, location = settings_and_database()
    wait_for(prepare(settings, location.dsn))
    address = f"http://{settings.host}:{settings.port}"
    folder = settings.data_dir / "demo"
    if is_ready(address):
        raise Conflict(
            "demo.running", f"A registry is running at {address} already; stop it first."
        )
    try:
        with started_registry(settings, address) as process:
            if not load.credentials_file(folder).exists():
                fill(settings, location.dsn, folder, address, people, seed)
            _welcome(address, folder)
            process.wait()
    except KeyboardInterrupt:
        said("Stopping …")
    finally:
        with _deaf():
            stop(settings)


def _welcome(address: str, folder: Path) -> None:
    said("")
    said(f"The registry of Talmira is running at {address}")
    said(f"  pages            {address}/            sign in as one of these:")
    for email, _, role, _ in load.OFFICERS:
        said(f"                   {email:32} {role}")
    said(f"                   password of all: {load.PASSWORD}")
    said(f"  API              {address}/docs")
    said(f"  partners' keys   {load.credentials_file(folder)}")
    said("  all data is made up; stop with Ctrl-C")


@app.command("reset")
@command
def reset(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget the made-up country: the embedded database, its keys and everything in it."""
    settings = read_settings()
    if settings.production or settings.database_url:
        raise Conflict(
            "demo.reset", "Only the embedded database of a development registry is reset."
        )
    if not (settings.data_dir / "demo").exists():
        raise Conflict("demo.reset", f"There is no made-up country in {settings.data_dir}.")
    if not yes:
        typer.confirm(f"Delete everything in {settings.data_dir}?", abort=True)
    stop(settings)
    for name in ("demo", "keys", "spool", "snapshots", "figures", "anchor", "postgres"):
        shutil.rmtree(settings.data_dir / name, ignore_errors=True)
    said("Forgotten. Make a new one with: ibr demo load")
