"""The identifier types in use, for a question that names an identifier without its type."""

from __future__ import annotations

import time
from typing import Final

from ibr.codelists.identifier_types import OF_A_GROUP, OF_A_PERSON
from ibr.db.pool import Database
from ibr.interop.dci import store

_FRESH_SECONDS: Final = 0.5


class IdentifierKinds:
    """Types by whom they identify, at most some seconds old."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._loaded_at = float("-inf")
        self._kinds: dict[str, list[str]] = {}

    async def of(self, identifies: str) -> list[str]:
        """Every type in use that identifies a `person` or a `group`; never none."""
        if time.monotonic() - self._loaded_at > _FRESH_SECONDS:
            async with self._database.transaction(()) as connection:
                self._kinds = await store.identifier_kinds(connection)
            self._loaded_at = time.monotonic()
        first = OF_A_GROUP[0] if identifies == "group" else OF_A_PERSON[0]
        return list(dict.fromkeys([first, *self._kinds.get(identifies, ())]))
