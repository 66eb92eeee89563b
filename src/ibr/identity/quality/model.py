"""Measured quality as plain records."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

Kind = Literal["made_up", "febrl", "reviewed"]


class KeptQuality(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement as it was kept."""

    quality_no: int
    kind: Kind
    model_no: int | None
    method: str
    measured: dict[str, Any]
    measured_at: datetime
