"""What is published as one: dimensions, cells, tables, and the rule that they must keep.

A cell is known by its coordinates without those that say "all". The cell of one area in a table
by sex is therefore the same cell as that of the area in a table by age, and whoever works one out
from either table has worked out both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from ibr.errors import NotUnderstood

Key = tuple[tuple[str, str], ...]
# Which release a cell stands in (0 is the one to be published, 1 the first earlier one), and where.
Place = tuple[int, Key]
Relation = Literal["same", "contained"]
Measure = Literal["count", "amount"]


class Group(Struct, frozen=True):
    """A total and its parts, as an area and its sub-areas.

    `additive` is said where it differs from the dimension: people by their exact set of programmes
    add up, while the same people by programme do not.
    """

    total: str
    parts: tuple[str, ...]
    additive: bool | None = None


class Dimension(Struct, frozen=True):
    """One way to sort people; `whole` is the code of all of them.

    A code may be a part of several totals, as where old and new districts cut the same land.
    Where a person may stand under two codes, as with programmes, `additive` is false: then a
    total is at least its largest part and at most their sum. Money is added up all the same.
    """

    name: str
    whole: str
    groups: tuple[Group, ...] = ()
    additive: bool = True

    def adds_up(self, group: Group) -> bool:
        """Whether the people of a total are those of its parts, each once."""
        return self.additive if group.additive is None else group.additive


class Cell(Struct, frozen=True):
    """One figure: how many persons and, in a table of money, what they received together.

    `largest` holds the one or two largest receipts in the cell. `base` is a public denominator.
    A withheld cell is never shown; it stands here because readers can work it out from others.
    """

    codes: tuple[str, ...]
    count: int
    amount: int | None = None
    largest: tuple[int, ...] = ()
    base: int | None = None
    withheld: bool = False


class Table(Struct, frozen=True):
    """Cells by some dimensions. A part that is not handed in is publicly empty."""

    name: str
    dimensions: tuple[str, ...]
    cells: tuple[Cell, ...]


class Ratio(Struct, frozen=True):
    """A share printed beside the counts: one cell over another, with so many decimals."""

    numerator: Key
    denominator: Key
    decimals: int = 3


class Release(Struct, frozen=True):
    """Tables that are published together and count the same people."""

    dimensions: tuple[Dimension, ...]
    tables: tuple[Table, ...]
    ratios: tuple[Ratio, ...] = ()


class Shown(Struct, frozen=True):
    """One figure as readers see it; `half` is by how much rounding may have moved it."""

    count: int
    amount: int | None
    half: int = 0


class Earlier(Struct, frozen=True):
    """What was published before, and what it has to do with what is published now.

    same: the same figures, some perhaps restated. contained: everybody counted then is counted now.
    """

    release: Release
    hidden: frozenset[Key] = frozenset()
    relation: Relation = "same"


class Blocked(Struct, frozen=True):
    """A rare status never shown by place: some codes of one dimension with any of another."""

    status: str
    codes: frozenset[str]
    place: str
    # Codes of the place that may still be shown with the status, as the whole country.
    allowed: frozenset[str] = frozenset()


class Rule(Struct, frozen=True):
    """What may be shown, and how little may be known of what is hidden.

    A hidden small count must stay possible as anything from 1 to `reach`, which is the minimum
    unless it is set. `dominance` is in percent of a cell's money that one receiver may have, and
    `estimate` in how many percent nobody may come near the largest receipt.
    """

    minimum: int = 10
    zeros_shown: bool = True
    reach: int | None = None
    dominance: int | None = None
    estimate: int | None = None
    complement: bool = True
    blocked: tuple[Blocked, ...] = ()
    rounding: int | None = None

    @property
    def far(self) -> int:
        """Up to where a small count must stay possible."""
        return self.minimum if self.reach is None else self.reach


PUBLIC = Rule(minimum=10)
INTERNAL = Rule(minimum=5)


def coordinates(release: Release, names: tuple[str, ...], codes: tuple[str, ...]) -> Key:
    """A cell's coordinates without those that say "all", in one order."""
    whole = {each.name: each.whole for each in release.dimensions}
    pairs = zip(names, codes, strict=True)
    return tuple(sorted((name, code) for name, code in pairs if code != whole[name]))


def cells_of(release: Release) -> Iterator[tuple[Key, Cell]]:
    """Every cell of every table under its key; a cell of two tables comes twice."""
    for table in release.tables:
        for cell in table.cells:
            yield coordinates(release, table.dimensions, cell.codes), cell


def by_key(release: Release) -> dict[Key, Cell]:
    """Every cell once, in one order whatever the order of the input."""
    found: dict[Key, Cell] = {}
    for key, cell in cells_of(release):
        other = found.get(key)
        if other is None:
            found[key] = cell
        elif (other.count, other.amount) != (cell.count, cell.amount):
            raise NotUnderstood(
                "disclosure.cell_twice",
                "One cell stands in two tables with different figures. Work both out from the"
                " same people.",
            )
        else:
            found[key] = _joined(other, cell)
    return dict(sorted(found.items()))


def _joined(one: Cell, other: Cell) -> Cell:
    """What two tables say of one cell: the stricter of both, whichever came first."""
    bases = [each.base for each in (one, other) if each.base is not None]
    return Cell(
        codes=min(one.codes, other.codes),
        count=one.count,
        amount=one.amount,
        largest=max(one.largest, other.largest),
        base=min(bases) if bases else None,
        withheld=one.withheld and other.withheld,
    )


def check(release: Release) -> None:
    """Refuses what cannot be a table of persons, before anything is worked out on it."""
    names = {each.name for each in release.dimensions}
    for table in release.tables:
        if not set(table.dimensions) <= names:
            raise NotUnderstood(
                "disclosure.dimension_unknown",
                "A table has a dimension that the release does not describe. Describe it.",
            )
        if any(len(cell.codes) != len(table.dimensions) for cell in table.cells):
            raise NotUnderstood(
                "disclosure.codes",
                "A cell has not one code for each dimension of its table. Write one for each.",
            )
        if len({cell.codes for cell in table.cells}) != len(table.cells):
            raise NotUnderstood(
                "disclosure.cell_repeated",
                "A table has two cells with the same codes. Hand each cell in once.",
            )
    if any(cell.count < 0 or (cell.amount or 0) < 0 for _, cell in cells_of(release)):
        raise NotUnderstood(
            "disclosure.negative",
            "A cell has fewer than no persons or less than no money. Figures start at zero.",
        )
