"""A run as it is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

Kind = Literal["full", "changes", "decisions"]
State = Literal["running", "applied", "proposed", "dropped", "failed"]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One time that it was worked out who is who."""

    run_no: int
    kind: Kind
    model_no: int
    state: State
    through_transaction: str | None
    through_change: int | None
    through_decision: int
    counts: dict[str, Any]
    quality: dict[str, Any]
    reason: str | None
    started_at: datetime
    finished_at: datetime | None
