"""The tables of a release: what of each frozen table is shown once the counts are decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from ibr.coverage.figures.model import Cell, FigureTable, value_of
from ibr.errors import Conflict
from ibr.publish.releases.chosen import OPEN
from ibr.publish.releases.hiding import Hidden
from ibr.publish.releases.model import HiddenFigure, Key, Name, ReleasedTable
from ibr.publish.releases.places import (
    MONEY,
    SYSTEM_OF,
    place_of,
    sources_of,
    whole_table_of,
)

# Counts of cases that stand at a moment can be added up over months from those that came and went.
FAR = 250
"""How many people a published share of a series must leave in doubt on either side."""
_STOCKS = frozenset({"open", "past_due"})


def released(
    tables: Mapping[Name, FigureTable], choice: Iterable[Name], hidden: Hidden, minimum: int
) -> list[ReleasedTable]:
    """The chosen tables without what is hidden, in the order of the choice."""
    decide = _Decider(tables, hidden, minimum).why
    found = []
    for name in choice:
        table = tables.get(name)
        if table is None:
            continue
        gone = {cell.key: why for cell in table.cells if (why := decide(name, cell)) is not None}
        kept = tuple(cell for cell in table.cells if cell.key not in gone)
        if name[0] == "SDG131":
            kept = tuple(made for cell in kept if (made := blurred(cell)) is not None)
        found.append(
            ReleasedTable(
                replace(table, cells=kept),
                tuple(HiddenFigure(key, why) for key, why in sorted(gone.items())),
            )
        )
    return found


class _Decider:
    """Why figures of a release are hidden, each by what it is made of."""

    def __init__(self, tables: Mapping[Name, FigureTable], hidden: Hidden, minimum: int) -> None:
        self._tables = tables
        self._hidden = hidden
        self._minimum = minimum

    def why(self, name: Name, cell: Cell) -> str | None:
        """Why a figure is hidden; None where it is shown."""
        indicator, breakdown = name
        if indicator in OPEN:
            return None
        if indicator == "SDG131":
            return None if blurred(cell) is not None else "not_decided"
        if indicator in SYSTEM_OF:
            place = place_of(indicator, breakdown, cell.key)
            own = self._hidden.get(SYSTEM_OF[indicator], {}).get(place)
            return own or self._beside_itself(name, cell)
        found = self._own_money(name, cell)
        whole = whole_table_of(indicator, breakdown, cell.key)
        if whole is not None:
            return self._whole(*whole)
        sources = sources_of(indicator, breakdown, cell.key)
        if sources is None:
            return "not_decided"
        for source, key in sources:
            found = found or self._source(name, cell, source, key)
        return found

    def _own_money(self, name: Name, cell: Cell) -> str | None:
        if name[0] != "N5":
            return None
        currency = cell.key[self._tables[name].dimensions.index("currency")]
        return self._hidden.get(f"{MONEY}:{currency}", {}).get(place_of(*name, cell.key))

    def _beside_itself(self, name: Name, cell: Cell) -> str | None:
        """What cannot be protected by sums, because it hangs together with something else."""
        if name[0] == "K1" and cell.key[-1] in _STOCKS:
            return "stock"
        if name[0] == "N2":
            direct = self._tables.get(("N1", name[1]))
            under = direct.by_key.get(cell.key) if direct else None
            rest = (cell.numerator or 0) - ((under.numerator or 0) if under else 0)
            return "complement" if 0 < rest < self._minimum else None
        return None

    def _whole(self, name: Name, begins: Key) -> str | None:
        table = self._tables.get(name)
        if table is None:
            return "not_decided"
        own = [cell for cell in table.cells if cell.key[: len(begins)] == begins]
        return next((found for cell in own if (found := self.why(name, cell)) is not None), None)

    def _source(self, name: Name, cell: Cell, source: Name, key: Key) -> str | None:
        table = self._tables.get(source)
        if table is None:
            return "not_decided"
        count = table.by_key.get(key)
        people = (count.numerator or 0) if count else 0
        _same_people(name, cell, people)
        if name[0] == "A1" and source[0] == "N1" and cell.denominator != people:
            return "not_decided"
        return self.why(source, count) if count else None


def blurred(cell: Cell) -> Cell | None:
    """A share of a large population without its count, with as many decimals as keep hundreds of
    people in doubt; None where no decimals do.

    A series counts people of several programmes and tells of their overlaps. So that it tells
    nothing of any hidden count, the share must stay the same whatever few people are thought
    elsewhere: its last digit stands for many, and its figure is not near where it would turn.
    """
    if not cell.denominator or cell.numerator is None:
        return None
    for decimals in (4, 3, 2):
        step = cell.denominator / 10**decimals
        # How far the count is from where the last digit would turn.
        apart = abs((cell.numerator / step) % 1 - 0.5) * step
        if step >= 2 * FAR and apart >= FAR:
            value = value_of(cell.numerator, cell.denominator, decimals=decimals)
            return replace(cell, numerator=None, value=value)
    return None


def _same_people(name: Name, cell: Cell, people: int) -> None:
    """A share is protected by the count that it is made of; that must be the very same count."""
    if name[0] in ("C2", "C3", "C4") and (cell.numerator or 0) != people:
        raise Conflict(
            "release.contradiction",
            f"{name[0]} counts other people than the table that it is protected by. Leave it out "
            "of the release, or work the month's figures out again.",
        )
