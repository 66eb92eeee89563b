"""Structured logs that refuse personal data: only listed keys are ever written."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from traceback import extract_tb
from typing import Any

import structlog

# A log line may carry these keys and no others. None of them can hold a name, an identifier
# of a person, a phone number or the text of a message.
ALLOWED = frozenset(
    [
        "event",
        "level",
        "timestamp",
        "logger",
        "exc_info",
        "exception",
        "partner",
        "path",
        "status",
        "seconds",
        "code",
        "delivery_id",
        "job",
        "count",
        "chunk",
        "bytes",
        "port",
        "address",
        "version",
        "migration",
        "kind",
        "attempt",
        "programme",
        "cycle",
        "reason",
        "signal",
        "pid",
        "role",
        "correlation_id",
    ]
)

_OWN_TOKEN = re.compile("[0-9a-f]{32}")


def _only_allowed(
    _logger: Any, _name: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for key in [key for key in entry if key not in ALLOWED]:
        entry[key] = "[not logged]"
    # The one value that may come from outside: another registry's own is left out.
    if "correlation_id" in entry and not _OWN_TOKEN.fullmatch(str(entry["correlation_id"])):
        entry["correlation_id"] = "[not ours]"
    return entry


def _where_it_failed(
    _logger: Any, _name: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """The kind of an exception and where it was raised, never its text: a database's own
    messages quote the values they complain about."""
    if entry.pop("exc_info", None):
        kind, _, trace = sys.exc_info()
        if kind is not None:
            steps = [f"{step.name} {step.filename}:{step.lineno}" for step in extract_tb(trace)]
            entry["exception"] = f"{kind.__name__} in {' > '.join(steps)}"
    return entry


def set_up(level: str) -> None:
    """One JSON line per event on standard error, from `level` up."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            _where_it_failed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def logger() -> Any:
    """The logger; call it with an event and allowed keys."""
    return structlog.get_logger()
