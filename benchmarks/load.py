"""An HTTP load generator light enough not to be what is measured. Only for 127.0.0.1.

Closed loop: every connection sends its next request when the answer is in; for CPU per request
and the most that a variant can do. Open model: requests arrive at a given rate whether or not the
answers do, and latency counts from the moment of arrival, so that a stalled server is not excused
by the requests it kept from being sent.

The generator runs in its own process (`generator.py`); the request bytes are prebuilt in a file.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

YES, NO, ANY = b"y", b"n", b"-"
HEAD = struct.Struct("<cI")


@dataclass(slots=True)
class Plan:
    """What to send, how, and for how long. `rate` 0 means closed loop."""

    port: int
    requests: str
    connections: int = 32
    seconds: float = 10.0
    rate: float = 0.0
    first: int = 0
    # Registries remember message ids, so a request is sent once unless the variant keeps none.
    repeat: bool = False


@dataclass(slots=True)
class Result:
    """What came back."""

    sent: int = 0
    done: int = 0
    seconds: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    wrong_answers: int = 0
    broken_connections: int = 0
    unanswered: int = 0
    exhausted: bool = False
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    p99_ms: float = 0.0
    worst_ms: float = 0.0
    histogram: dict[str, int] = field(default_factory=dict)
    generator_cpu_us: float = 0.0
    next_request: int = 0


def http_request(path: str, body: bytes, headers: dict[str, str] | None = None) -> bytes:
    """The bytes of one POST with keep-alive."""
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"{more}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def write_requests(file: Path, requests: Iterable[tuple[bytes, bytes]]) -> int:
    """Keep (expected answer, request) pairs for the generator; returns how many."""
    count = 0
    with file.open("wb") as out:
        for expected, request in requests:
            out.write(HEAD.pack(expected, len(request)))
            out.write(request)
            count += 1
    return count


def run(plan: Plan) -> Result:
    """Run the generator in its own process and hand back its result."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.generator", json.dumps(asdict(plan))],
        stdout=subprocess.PIPE,
        check=True,
    )
    return Result(**json.loads(done.stdout))
