"""How well possible links are reviewed, for those who answer for it and for the auditor."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from ibr.access.staff.rights import DECIDE_LINKS, REVIEW, must_hold
from ibr.asker import Asker
from ibr.db.pool import Connection, Database
from ibr.identity.review.measured import store
from ibr.identity.review.measured.agreement import Agreement, Band, agreement, bands

DAYS: Final = 90


class Reviewer(msgspec.Struct, frozen=True, kw_only=True):
    """One reviewer: decided lately, agreed with others, right about what is known."""

    officer_id: int
    name: str
    same: int
    different: int
    unsure: int
    withdrawn: int
    twice: int
    agreed: int
    known: int
    known_right: int
    known_unsure: int

    @property
    def decided(self) -> int:
        return self.same + self.different + self.unsure


class ReviewQuality(msgspec.Struct, frozen=True, kw_only=True):
    """Agreement of first and second opinions, the share decided the same, and each reviewer."""

    agreement: Agreement
    bands: list[Band]
    reviewers: list[Reviewer]
    only_own: bool

    @property
    def known(self) -> int:
        return sum(each.known for each in self.reviewers)

    @property
    def known_right(self) -> int:
        return sum(each.known_right for each in self.reviewers)


async def review_quality(database: Database, asker: Asker, at: datetime) -> ReviewQuality:
    """The figures over everything decided; a steward sees of the reviewers only themselves."""
    must_hold(asker, REVIEW)
    own = asker.id if DECIDE_LINKS in asker.scopes else None
    async with database.transaction(asker.reach, asker=asker, right=REVIEW) as connection:
        return await figures(connection, at, own)


async def figures(connection: Connection, at: datetime, own: int | None = None) -> ReviewQuality:
    """The figures over everything decided; of the reviewers only `own`, where that is given."""
    twice = await store.twice(connection)
    weighed = await store.by_weight(connection)
    found = await store.reviewers(connection, at - timedelta(days=DAYS), own)
    return ReviewQuality(
        agreement=agreement(twice),
        bands=bands(weighed),
        reviewers=[Reviewer(**dict(row)) for row in found],
        only_own=own is not None,
    )
