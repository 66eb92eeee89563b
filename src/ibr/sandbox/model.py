"""What a check of an endpoint consists of, and what it found."""

from __future__ import annotations

from typing import Literal

import msgspec

Severity = Literal["must", "should"]
# open: it could not be judged, and the finding says why.
Verdict = Literal["well", "mend", "open"]


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """What came back for one request: an answer, or how there was none (`failure`)."""

    seconds: float
    status: int | None = None
    content_type: str = ""
    body: bytes = b""
    failure: str | None = None


class Ack(msgspec.Struct, frozen=True):
    """The Ack that was read from an answer."""

    status: str
    correlation_id: str
    code: str | None
    sentence: str | None


class Judged(msgspec.Struct, frozen=True):
    """Whether an answer is as it should be, and in which words it is not."""

    verdict: Verdict
    words: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was tried: what was sent, what came back, what the standard says, how to
    mend it."""

    id: str
    path: str
    title: str
    severity: Severity
    verdict: Verdict
    sent: str
    came: str
    standard: str
    mend: str


class Report(msgspec.Struct, frozen=True):
    """Everything that was found at one endpoint."""

    url: str
    registry_id: str
    receiver_id: str
    findings: list[Finding]

    def count(self, verdict: Verdict, severity: Severity | None = None) -> int:
        return sum(
            each.verdict == verdict and severity in (None, each.severity) for each in self.findings
        )

    @property
    def must_be_mended(self) -> bool:
        return self.count("mend", "must") > 0
