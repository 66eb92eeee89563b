"""How commands run and how their results are shown: words for people, JSON for programs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from ibr.db.embedded import Location, find_or_start
from ibr.errors import RegistryError
from ibr.settings import Settings, read_settings

P = ParamSpec("P")
R = TypeVar("R")

console = Console()
errors = Console(stderr=True)


def command(function: Callable[P, R]) -> Callable[P, R]:
    """A command that says a refusal in one sentence and ends with exit code 1."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except RegistryError as refused:
            errors.print(refused.message, style="bold red", highlight=False, soft_wrap=True)
            raise typer.Exit(1) from None

    return run


def settings_and_database() -> tuple[Settings, Location]:
    """The settings, and the database started where it is the embedded one."""
    settings = read_settings()
    return settings, find_or_start(settings)


def wait_for(work: Coroutine[Any, Any, R]) -> R:
    """Runs asynchronous work to its end."""
    return asyncio.run(work)


def data(value: object) -> None:
    """Prints a value as JSON, for `--json`."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value)).decode() + "\n")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints rows as a table; says so when there are none."""
    if not rows:
        console.print(f"{title}: none yet.")
        return
    shown = Table(title=title, title_justify="left")
    for column in columns:
        shown.add_column(column)
    for row in rows:
        shown.add_row(*("" if cell is None else str(cell) for cell in row))
    console.print(shown)


def said(text: str) -> None:
    """Prints one line for a person."""
    console.print(text, highlight=False, soft_wrap=True)
