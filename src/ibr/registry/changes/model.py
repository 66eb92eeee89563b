"""One change in the feed."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Kind = Literal[
    "enrolled",
    "status_changed",
    "details_changed",
    "benefit_given",
    "withdrawn",
    "benefit_withdrawn",
]


class Change(msgspec.Struct, frozen=True, gc=False):
    """What changed in which record, and when it happened by the sender's clock."""

    record_id: int
    programme_id: int
    kind: Kind
    happened_at: datetime
    delivery_id: int
