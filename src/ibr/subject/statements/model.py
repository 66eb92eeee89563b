"""A statement as it is drawn, and what checking one says."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

Form = Literal["pdf", "json"]
FORMS: Final[tuple[Form, ...]] = ("pdf", "json")


class Part(msgspec.Struct, frozen=True):
    """A part of a paper: its heading, and lines of a name and what stands behind it."""

    heading: str
    lines: list[tuple[str, str]]


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A statement in words, ready to be drawn."""

    title: str
    subject: str
    language: str
    lead: list[str]
    parts: list[Part]
    foot: str
    """Stands at the foot of each page, with `{page}` and `{pages}`."""
    at: datetime


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that the registry handed out; `sums` says whether the sums are those that stand
    on it, None where nobody asked."""

    given_at: datetime
    form: Form
    language: str
    sums: bool | None
    unchanged: bool
