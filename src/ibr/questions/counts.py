"""The one place where a count on its way to a screen meets the asker's rights."""

from __future__ import annotations

from ibr.asker import Asker


def count_for(asker: Asker, count: int) -> int:
    """The count as this asker may see it.

    Officers see counts as they are. Every page takes its counts through here, so that suppression
    and rounding for others need one change and no search.
    """
    if asker.kind != "officer":
        raise ValueError("only officers see counts so far")
    return count
