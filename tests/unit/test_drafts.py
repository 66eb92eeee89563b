"""A draft made ahead stands only where nobody came in between."""

from __future__ import annotations

import pytest

from ibr.intake.enrolment_updates import Draft, Merged, still_holds
from ibr.intake.rows import Rows

MINE, OTHER = b"mine", b"other"


def a_draft(seen: int, key: bytes = MINE) -> Draft:
    """A draft of one record in programme 1, made when the programme had so many merges."""
    return Draft(Rows(), {key: 1}, {}, {1: seen})


def the_chunk_before(count: int, key: bytes = OTHER) -> Merged:
    return Merged(frozenset({key}), {1: count})


# The programme's count with this chunk itself is 8 in every case.
@pytest.mark.parametrize(
    ("draft", "before", "holds"),
    [
        (a_draft(7), None, True),
        (a_draft(7), the_chunk_before(7), True),
        (a_draft(6), the_chunk_before(7), True),
        (a_draft(6), the_chunk_before(7, MINE), False),
        (a_draft(6), None, False),
        (a_draft(6), the_chunk_before(6), False),
        (a_draft(5), the_chunk_before(7), False),
        (Draft(Rows(), {MINE: 1}, {}, {}), None, False),
    ],
    ids=[
        "nobody merged",
        "drafted after the chunk before",
        "only the chunk before merged",
        "the chunk before had the same record",
        "somebody merged",
        "somebody merged after the chunk before",
        "somebody merged besides the chunk before",
        "another programme was drafted",
    ],
)
def test_a_draft_holds_only_where_nobody_came_in_between(
    draft: Draft, before: Merged | None, holds: bool
) -> None:
    assert still_holds(draft, {1: 8}, before) is holds
