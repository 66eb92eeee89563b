"""Who appears in a record: its own person once, and each further member of its group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from ibr.codelists.identifier_types import OF_A_PROGRAMME
from ibr.identity.features.ties import is_self, said_numbers
from ibr.registry.beneficiaries.model import Document

OWN: Final = -1

Part = Mapping[str, Any]


class Appearing(NamedTuple):
    """A strict Member, and its place in the group; OWN for the record's own person."""

    member_no: int
    member: Part


def appearing(document: Document) -> list[Appearing]:
    """Everybody in a record, each once.

    The own person of a household often stands in its list of members too, and so does its head:
    these are one appearance each, and what only the second place says completes the first.
    """
    group = document.group or {}
    listed: list[Part] = [each for each in group.get("member_list") or () if each]
    own: Part | None = document.member or None
    head: Part | None = group.get("group_head_info") or None
    taken: set[int] = set()
    if own is not None:
        place = _found(own, listed, taken)
        if place is not None:
            taken.add(place)
            own = _completed(own, listed[place])
    if head is not None:
        if own is None:
            place = _found(head, listed, taken)
            own, head = (head, None) if place is None else (_completed(head, listed[place]), None)
            if place is not None:
                taken.add(place)
        elif _alike(own, head):
            own, head = _completed(own, head), None
        elif (place := _found(head, listed, taken)) is not None:
            listed[place], head = _completed(listed[place], head), None
    found = [Appearing(OWN, own)] if own is not None else []
    found += [Appearing(no, each) for no, each in enumerate(listed) if no not in taken]
    if head is not None:
        found.append(Appearing(len(listed), head))
    return found


def _found(one: Part, listed: Sequence[Part], taken: set[int]) -> int | None:
    """Where the same person stands in the list; None where that is not certain."""
    free = [place for place in range(len(listed)) if place not in taken]
    for same in (_alike, lambda _, other: is_self(other), _same_number):
        places = [place for place in free if same(one, listed[place])]
        # One number on several members is the household's: then the content has to tell.
        if len(places) == 1:
            return places[0]
    return None


def _alike(one: Part, other: Part) -> bool:
    """Whether both say the same, and no number of one kind speaks against it."""
    first, second = one.get("demographic_info"), other.get("demographic_info")
    if first != second:
        return False
    mine, others = _numbers(one), _numbers(other)
    kinds = {kind for kind, _ in mine} & {kind for kind, _ in others}
    if any(mine.isdisjoint(each for each in others if each[0] == kind) for kind in kinds):
        return False
    return first is not None or bool(mine & others)


def _same_number(one: Part, other: Part) -> bool:
    """Whether both bear the programme's same number."""
    return bool({each for each in _numbers(one) if each[0] in OF_A_PROGRAMME} & _numbers(other))


def _numbers(member: Part) -> set[tuple[str, str]]:
    return {(kind.strip().upper(), value.strip()) for kind, value in said_numbers(member)}


def _completed(one: Part, other: Part) -> Part:
    """`one`, with what only `other` says; identifiers and others named of both."""
    whole = {**other, **{name: value for name, value in one.items() if value}}
    whole["demographic_info"] = {
        **(other.get("demographic_info") or {}),
        **(one.get("demographic_info") or {}),
    }
    for name in ("member_identifier", "related_person"):
        both = [*(one.get(name) or ()), *(other.get(name) or ())]
        if both:
            whole[name] = both
    return whole
