"""Who the ministry says that somebody is."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who the ministry says it is, proven. `email` only where the ministry has verified it;
    `proved_at` is when the person last proved who they are there, None where it does not say."""

    subject: str
    email: str | None
    acr: str | None
    amr: tuple[str, ...]
    proved_at: datetime | None

    def has_second(self, accepted: frozenset[tuple[str, str]]) -> bool:
        """Whether the ministry asked for what stands for a second factor."""
        told = {("amr", each) for each in self.amr}
        if self.acr is not None:
            told.add(("acr", self.acr))
        return not told.isdisjoint(accepted)
