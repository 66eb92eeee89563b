"""What the pages need: handed in once, when the application is built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from ibr import clock
from ibr.db.pool import Database
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer
from ibr.questions.kept import Kept
from ibr.settings import Settings


@dataclass(frozen=True, kw_only=True)
class WebServices:
    """`database` acts as the role ibr_app."""

    settings: Settings
    database: Database
    sealer: Sealer
    blind_index: BlindIndex
    now: Callable[[], datetime] = clock.now
    kept: Kept = field(default_factory=Kept)
