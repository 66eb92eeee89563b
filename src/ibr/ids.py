"""Identifiers that the registry makes for its own rows and messages."""

from __future__ import annotations

import os
from typing import NewType

RecordId = NewType("RecordId", int)
ProgrammeId = NewType("ProgrammeId", int)
PartnerId = NewType("PartnerId", int)
DeliveryId = NewType("DeliveryId", int)


def new_token(prefix: str = "") -> str:
    """A random identifier of 128 bits in hexadecimal, for messages and correlation."""
    return prefix + os.urandom(16).hex()


def new_secret() -> str:
    """A random secret of 256 bits in hexadecimal, for a partner's client secret."""
    return os.urandom(32).hex()
