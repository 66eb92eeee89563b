"""What was looked at, what was found, why it matters and what to do about it."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["well", "care", "wrong"]


class Finding(msgspec.Struct, frozen=True):
    """One look. `care` could be better and may stay for now; `wrong` must be mended.

    `why` and `do` are there unless all is well. Nothing in it is about any person.
    """

    what: str
    state: State
    found: str
    why: str = ""
    do: str = ""

    @property
    def is_well(self) -> bool:
        """Whether nothing must be mended."""
        return self.state != "wrong"


def well(what: str, found: str) -> Finding:
    """All is as it should be."""
    return Finding(what, "well", found)


def care(what: str, found: str, why: str, do: str) -> Finding:
    """It could be better."""
    return Finding(what, "care", found, why, do)


def wrong(what: str, found: str, why: str, do: str) -> Finding:
    """It must be mended."""
    return Finding(what, "wrong", found, why, do)


def strictly(strict: bool, what: str, found: str, why: str, do: str) -> Finding:
    """Wrong where the registry is in production, worth care where somebody tries it out."""
    return (wrong if strict else care)(what, found, why, do)
