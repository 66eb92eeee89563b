"""What came back from a call, and how a call failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

# dns: the name has no address; address: it leads where the registry does not go; connect, tls:
# no connection, or none that can be trusted; timeout: not whole in time; closed: broken off;
# too_large: more than an answer may have; protocol: not HTTP as it should be.
Outcome = Literal["dns", "address", "connect", "tls", "timeout", "closed", "too_large", "protocol"]


class Reply(msgspec.Struct, frozen=True):
    """An answer: header names in small letters; the body exactly as it came, never unpacked.

    The body of an answer that is no success is left out where it could not be read whole.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class CallFailed(Exception):
    """No answer that could be used; the outcome is all that is told, never what was received."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome: Outcome = outcome
