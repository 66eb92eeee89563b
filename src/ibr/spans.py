"""Spans: what a request or a job did and how long each step took, for a tracing system.

Without one (operation/traces.py) a span is a look at one variable. A span carries listed values
and no others, as a line of the log does (log.py), and never the text of an error: a database's own
messages quote the values they complain about.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final, Literal, Protocol

Name = Literal["request", "database", "job", "callback"]
Value = str | int

ALLOWED: Final = frozenset(["route", "client", "status", "right", "job", "attempt", "code"])


class Mark(Protocol):
    """A span that is open."""

    def set(self, **values: Value) -> None:
        """Adds values to it; one that is not listed is left out."""


class Tracer(Protocol):
    """What makes spans."""

    def open(self, name: Name, values: dict[str, Value]) -> AbstractContextManager[Mark]: ...


class _Nothing:
    """The span where nothing is traced."""

    __slots__ = ()

    def __enter__(self) -> _Nothing:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        wrong: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def set(self, **values: Value) -> None: ...


_NOTHING: Final = _Nothing()
_tracers: Final[list[Tracer]] = []


def trace_with(tracer: Tracer | None) -> None:
    """From now on spans are made by this tracer; by none, they cost nothing."""
    _tracers[:] = [] if tracer is None else [tracer]


def span(name: Name, **values: Value) -> AbstractContextManager[Mark]:
    """A span around what is done in it, below the one that is open."""
    if not _tracers:
        return _NOTHING
    return _tracers[0].open(name, listed(values))


def listed(values: dict[str, Value]) -> dict[str, Value]:
    """The values that a span may carry."""
    return {key: value for key, value in values.items() if key in ALLOWED}
