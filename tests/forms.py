"""Messages as files in multipart forms, as a partner's system would send them."""

from __future__ import annotations

from typing import Any

import msgspec

from ibr_messages.flat import to_csv
from tests.door import Reply, System

BOUNDARY = "part-7f6f3b0e"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"

Part = tuple[str, bytes]


def form(*parts: Part, end: bytes = b"--\r\n", further: str = "") -> bytes:
    """A form of named parts in their order; `further` are header lines of the part fileName."""
    written = b""
    for name, content in parts:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
        if name == "fileName":
            head += f'; filename="message.csv"\r\nContent-Type: text/plain{further}'
        written += head.encode() + b"\r\n\r\n" + content + b"\r\n"
    return written + f"--{BOUNDARY}".encode() + end


def as_file(body: bytes, kind: str, action: str | None = None) -> bytes:
    """A sealed message as a form with a JSON or a CSV file."""
    message = msgspec.json.decode(body)
    content = to_csv(message) if kind == "csv" else body
    named = action or message["header"]["action"]
    return form(("action", named.encode()), ("fileFormat", kind.encode()), ("fileName", content))


def send(system: System, path: str, body: bytes, **headers: Any) -> Reply:
    return system.post(path, body, **{"content_type": CONTENT_TYPE, **headers})
