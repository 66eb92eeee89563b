"""A response as JSON lines: each object as it was sent, with three members more."""

from __future__ import annotations

from typing import Any, BinaryIO

import msgspec

from ibr.files.response.model import RowOutcome, Sink


def write_jsonl(content: BinaryIO, outcome: RowOutcome, sink: Sink) -> None:
    """Writes every line again; blank lines stay blank."""
    content.seek(0)
    for number, line in enumerate(iter(content.readline, b""), 1):
        own = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not own.strip():
            sink.write(b"\n")
            continue
        said: dict[str, Any] = msgspec.json.decode(own)
        what, reason, mend = outcome(number)
        said |= {"outcome": what, "reason": reason, "how_to_mend": mend}
        sink.write(msgspec.json.encode(said) + b"\n")
