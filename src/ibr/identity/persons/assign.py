"""Which number each person gets: a number lives as long as most of its appearances stay together.

Pure: clusters and what was known before in, numbers and moves out, the same whatever the order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from ibr.identity.model import Appearance


class Move(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An appearance that belongs to another person than before; 0 stands for nobody."""

    record_id: int
    appearance_no: int
    from_person: int
    to_person: int


class Assigned(msgspec.Struct, frozen=True):
    """Whose each appearance is, and what that changes.

    `moves` holds the changed ones only; `merged` says which person turned out to be which other,
    `ended` who has no appearance left, `made` and `revived` who is there anew.
    """

    persons: dict[Appearance, int]
    moves: tuple[Move, ...] = ()
    made: tuple[int, ...] = ()
    revived: tuple[int, ...] = ()
    merged: tuple[tuple[int, int], ...] = ()
    ended: tuple[int, ...] = ()

    @property
    def touched(self) -> set[int]:
        """Every person that lost or gained an appearance."""
        return {
            person for move in self.moves for person in (move.from_person, move.to_person) if person
        }


def known_numbers(
    clusters: Sequence[Sequence[Appearance]],
    before: Mapping[Appearance, int],
    former: Mapping[Appearance, Sequence[int]],
) -> list[int | None]:
    """The person that each cluster was before; None where it needs a new number.

    `before` says whose each appearance was. `former` says, for an appearance, persons that ended
    and that it once belonged to, the latest first: what was merged by mistake gets its own number
    back.

    The person that holds most of a cluster's members keeps its number, of equals the oldest; a
    person that was split stays with its largest part.
    """
    numbers: list[int | None] = [None] * len(clusters)
    contested: list[tuple[int, int, Appearance, int]] = []
    taken: set[int] = set()
    holders = _holders(clusters, before)
    for place, cluster in enumerate(clusters):
        held = Counter(before[each] for each in cluster if each in before)
        if len(held) == 1 and len(holders[next(iter(held))]) == 1:
            # Nobody else wants it: by far the most frequent case, and it needs no sorting.
            numbers[place] = next(iter(held))
            taken.add(next(iter(held)))
        else:
            contested += [(-many, number, cluster[0], place) for number, many in held.items()]
    _give(sorted(contested), numbers, taken)
    _give(sorted(_wishes(clusters, numbers, former, set(before.values()))), numbers, taken)
    return numbers


def assign(
    clusters: Sequence[Sequence[Appearance]],
    before: Mapping[Appearance, int],
    known: Sequence[int | None],
    fresh: Iterable[int],
) -> Assigned:
    """Gives each cluster its person: the `known` one, else the next of the `fresh` numbers.

    Appearances of `before` that are in no cluster are no longer reported.
    """
    supply = iter(fresh)
    living = set(before.values())
    persons: dict[Appearance, int] = {}
    made, revived = [], []
    for cluster, found in zip(clusters, known, strict=True):
        number = next(supply) if found is None else found
        if found is None:
            made.append(number)
        elif found not in living:
            revived.append(number)
        for each in cluster:
            persons[each] = number
    moves = tuple(_moves(before, persons))
    merged, ended = _left(before, persons)
    return Assigned(
        persons=persons,
        moves=moves,
        made=tuple(made),
        revived=tuple(sorted(revived)),
        merged=merged,
        ended=ended,
    )


def _holders(
    clusters: Sequence[Sequence[Appearance]], before: Mapping[Appearance, int]
) -> dict[int, set[int]]:
    """The clusters among which each person's appearances are now."""
    holders: dict[int, set[int]] = {}
    for place, cluster in enumerate(clusters):
        for each in cluster:
            number = before.get(each)
            if number is not None:
                holders.setdefault(number, set()).add(place)
    return holders


def _wishes(
    clusters: Sequence[Sequence[Appearance]],
    numbers: Sequence[int | None],
    former: Mapping[Appearance, Sequence[int]],
    living: set[int],
) -> Iterator[tuple[int, int, Appearance, int]]:
    """Ended persons that a cluster without a number may be again."""
    for place, cluster in enumerate(clusters):
        if numbers[place] is None:
            once = Counter(
                number
                for each in cluster
                for number in dict.fromkeys(former.get(each, ()))
                if number not in living
            )
            yield from ((-many, number, cluster[0], place) for number, many in once.items())


def _give(
    wishes: Iterable[tuple[int, int, Appearance, int]],
    numbers: list[int | None],
    taken: set[int],
) -> None:
    """Gives numbers in the order of the wishes, each once."""
    for _, number, _, place in wishes:
        if numbers[place] is None and number not in taken:
            numbers[place] = number
            taken.add(number)


def _moves(before: Mapping[Appearance, int], after: Mapping[Appearance, int]) -> Iterator[Move]:
    for each in sorted(after):
        if before.get(each) != after[each]:
            yield Move(*each, before.get(each, 0), after[each])
    for each in sorted(before.keys() - after.keys()):
        yield Move(*each, before[each], 0)


def _left(
    before: Mapping[Appearance, int], after: Mapping[Appearance, int]
) -> tuple[tuple[tuple[int, int], ...], tuple[int, ...]]:
    """Persons without an appearance now: who they turned out to be, and who is just gone."""
    standing = set(after.values())
    went: dict[int, Counter[int]] = {}
    for each, number in before.items():
        if number not in standing:
            to = went.setdefault(number, Counter())
            if each in after:
                to[after[each]] += 1
    merged = []
    ended = []
    for number in sorted(went):
        to = went[number]
        if to:
            # Where most of its appearances went; of equals to the oldest person.
            merged.append((number, min(to, key=lambda into: (-to[into], into))))
        else:
            ended.append(number)
    return tuple(merged), tuple(ended)
