"""Whether a run may be applied by itself, or is proposed for somebody to decide.

What is measured here needs nothing but the run: who was moved, how large persons became, and
whether those are together who bear the same foundational number and none who bear two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from ibr.identity.model import Appearance, Number
from ibr.identity.persons.assign import Assigned

Numbers = Mapping[str, float]
Judge = Callable[[Numbers], list[str]]
"""Further reasons why a run of this quality may not be applied by itself."""

FEW: Final = 50
"""Of fewer appearances or pairs no share is worth the name."""


class Floor(msgspec.Struct, frozen=True):
    """The least that a run must reach to be applied by itself."""

    most_moved: float = 0.10
    """Share of the appearances that were somebody's and become somebody else's."""
    least_precision: float = 0.97
    """Of pairs in one person that both bear a foundational number, the share bearing one number."""
    most_members: int = 60
    """Appearances of the largest person."""


def measured(
    clusters: Sequence[Sequence[Appearance]],
    numbers: Mapping[Appearance, Number | None],
    assigned: Assigned,
    known: int,
) -> dict[str, float]:
    """The quality of a run in numbers; `known` appearances were somebody's before."""
    same = different = 0
    for cluster in clusters:
        if len(cluster) < 2:
            continue
        borne = [number for each in cluster if (number := numbers[each]) is not None]
        for place, one in enumerate(borne):
            for other in borne[place + 1 :]:
                if one.token == other.token or set(one.near) & set(other.near):
                    same += 1
                else:
                    different += 1
    moved = sum(1 for each in assigned.moves if each.from_person and each.to_person)
    return {
        "known": known,
        "moved": moved,
        "moved_share": moved / known if known else 0.0,
        "largest_person": max(map(len, clusters), default=0),
        "numbered_pairs": same + different,
        "precision_by_number": same / (same + different) if same + different else 1.0,
    }


def below_floor(quality: Numbers, floor: Floor) -> list[str]:
    """Why a run of this quality is not applied by itself; nothing where it may be."""
    reasons = []
    if quality["known"] >= FEW and quality["moved_share"] > floor.most_moved:
        reasons.append(
            f"{quality['moved_share']:.1%} of the known appearances would move to another person; "
            f"at most {floor.most_moved:.1%} move without being looked at"
        )
    if quality["numbered_pairs"] >= FEW and quality["precision_by_number"] < floor.least_precision:
        reasons.append(
            f"only {quality['precision_by_number']:.1%} of the pairs with two foundational numbers "
            f"in one person bear the same; at least {floor.least_precision:.1%} are asked for"
        )
    if quality["largest_person"] > floor.most_members:
        reasons.append(
            f"the largest person would have {quality['largest_person']:.0f} appearances; "
            f"at most {floor.most_members} are allowed"
        )
    return reasons
