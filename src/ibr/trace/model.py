"""What became of one message, as it is traced and as it is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal

import msgspec

from ibr_messages.diagnose import Diagnosis

Mode = Literal["off", "refused", "all"]
Direction = Literal["in", "out"]
Verdict = Literal["accepted", "refused"]
# How a signature came out; `unchecked` where the message was refused before it came to that.
SignatureVerdict = Literal["verified", "off", "wrong", "unchecked", "ours"]

# What is kept of texts that others wrote.
LONGEST: Final = {"path": 500, "action": 60, "message_id": 200, "transaction_id": 200, "kid": 300}
# A larger message is traced without its content, and no signature of it is looked into.
LARGEST_CONTENT: Final = 65_536


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One traced message. `partner_id` is None where nobody was proven."""

    trace_id: str
    at: datetime
    partner_id: int | None
    direction: Direction
    path: str
    verdict: Verdict
    signature: SignatureVerdict
    action: str | None = None
    message_id: str | None = None
    transaction_id: str | None = None
    http_status: int | None = None
    code: str | None = None
    standard_code: str | None = None
    sentence: str | None = None
    kid: str | None = None
    diagnosis: Diagnosis | None = None
    bytes: int | None = None
    milliseconds: int | None = None


class Traced(msgspec.Struct, frozen=True):
    """A row with the message and its answer, where these are to be kept at all."""

    row: Row
    content: bytes | None = None
    answer: bytes | None = None


# Makes the row once the answer has left; with True it may take some time to say why.
Describe = Callable[[bool], Traced]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows somebody looks for."""

    partner_id: int | None = None
    direction: Direction | None = None
    verdict: Verdict | None = None
    text: str | None = None


class Found(msgspec.Struct, frozen=True):
    """One page of rows, with how many more of today were too many to be kept."""

    rows: list[Row]
    total: int
    not_kept: int


def cut(name: str, text: object) -> str | None:
    """A text that somebody else wrote, as much of it as is kept; None for anything else."""
    if not isinstance(text, str) or not text:
        return None
    shown = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
    return shown[: LONGEST[name]]
