"""Acts by name. The application registers each once, when it is put together (ibr/app.py)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ibr.access.approvals.two_people import Act
from ibr.errors import NotFound

_ACTS: Final[dict[str, Act]] = {}


def register(acts: Iterable[Act]) -> None:
    """Makes acts known by their names, in place of what was registered before: an application
    that is put together anew brings its own. Two acts of one name are refused."""
    given = list(acts)
    if len({act.name for act in given}) != len(given):
        raise ValueError("two acts have the same name")
    _ACTS.update({act.name: act for act in given})


def is_known(name: str) -> bool:
    """Whether an act of this name is registered: proposals may outlive what they would do."""
    return name in _ACTS


def act_named(name: str) -> Act:
    """The act of this name; NotFound where none is registered."""
    found = _ACTS.get(name)
    if found is None:
        raise NotFound("act.unknown", "This registry knows no act of that name.")
    return found


def known_acts() -> tuple[Act, ...]:
    """Every registered act, by name."""
    return tuple(_ACTS[name] for name in sorted(_ACTS))
