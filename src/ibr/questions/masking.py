"""Identifiers as an officer sees those that were not asked for: enough to recognise."""

from __future__ import annotations

_SHOWN = 3


def masked(value: str) -> str:
    """An identifier of which only the last three characters are readable."""
    if len(value) <= _SHOWN * 2:
        return "•" * len(value)
    hidden = len(value) - _SHOWN
    return "•" * hidden + value[-_SHOWN:]
