"""Who is asking: the partner or officer, the purpose, the programmes in reach."""

from __future__ import annotations

from typing import Literal

import msgspec


class Purpose(msgspec.Struct, frozen=True):
    """Why somebody asks: a code, and the asker's own words where there are any."""

    code: str
    text: str | None = None


class Term(msgspec.Struct, frozen=True):
    """A clause of an agreement in force, as the gate holds questions against it.

    `attributes` None is the whole record, `purposes` None any purpose that is named.
    """

    agreement: int
    clause: int
    acts: frozenset[str]
    programmes: frozenset[int]
    attributes: frozenset[str] | None = None
    purposes: frozenset[str] | None = None


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """A partner, an officer, a person or the registry itself, as the gate sees it.

    A person signed in to see their own data; their `id` is the number of that visit.
    `ask` and `report` are programme numbers; both were looked up for this very asker and are
    never taken from what the asker sent. `partner` is the partner whose developer an officer is,
    None for every other officer. `areas` are codes of the areas that an officer may see people of,
    each with all that lies in it; None is everywhere, an empty set nowhere. `role` is the role
    that an officer acts in, which the audit trail keeps with what they do. `terms` are a partner's
    clauses in force; None for askers who are not held by agreements.
    """

    kind: Literal["partner", "officer", "person", "registry"]
    id: int
    name: str
    purpose: Purpose
    ask: frozenset[int]
    report: frozenset[int] = frozenset()
    scopes: frozenset[str] = frozenset()
    partner: int | None = None
    areas: frozenset[str] | None = None
    role: str | None = None
    terms: tuple[Term, ...] | None = None

    @property
    def reach(self) -> frozenset[int]:
        """Every programme whose rows the asker may see or write."""
        return self.ask | self.report
