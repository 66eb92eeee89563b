"""What a file of areas does to the list that is kept: which are new, which are known. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from ibr.errors import NotUnderstood
from ibr.registry.areas.model import Area, AreaShape, Ring, Terms, Told
from ibr.registry.areas.names import Directory, code_of, plain

_CODE: Final = re.compile(r"[A-Za-z0-9._-]{1,40}")
_SHOUTED: Final = 3


class Planned(msgspec.Struct):
    """One area as it will be, and whether it is new."""

    area: Area
    rings: Sequence[Ring] = ()
    new: bool = True
    listed: bool = False
    """Whether it is of the file's own level, not above it."""

    def shape(self) -> AreaShape:
        """The area as it is drawn and kept."""
        return AreaShape(
            code=self.area.code,
            parent=self.area.parent,
            level=self.area.level,
            names=self.area.names,
            rings=self.rings,
            population=self.area.population,
        )


class Planner:
    """Puts the areas of a file into the list, one after another."""

    def __init__(self, kept: Sequence[Area], terms: Terms) -> None:
        self.terms = terms
        self.planned: dict[str, Planned] = {}
        self.notes: list[str] = []
        self._kept = {area.code: area for area in kept}
        self._present = Directory(area for area in kept if area.valid_to is None)
        self._named: dict[tuple[int, str | None, str], str] = {}
        self._first_row: dict[str, int] = {}

    def add(self, told: Told) -> None:
        """An area of the file, and those above it that are not there yet."""
        levels = range(self.terms.level - len(told.path) + 1, self.terms.level + 1)
        if levels[0] < 0:
            raise _wrong(
                f"The file names areas of {len(told.path)} levels, and --level "
                f"{self.terms.level} has only {self.terms.level + 1} from the country down."
            )
        parent = self._root(told, levels[0])
        if len(told.path) == 1 and self._is_above(told.path[0], parent):
            self.notes.append(f"{told.path[0]} is the area above; its row was passed over.")
            return
        for level, name, code in zip(levels, told.path, told.codes, strict=True):
            if level < self.terms.level:
                parent = self._one(level, parent, {"en": name or code}, code, told.row).area.code
                continue
            last = self._one(level, parent, told.names, code, told.row)
            if last.listed:
                raise _wrong(
                    f"Row {told.row} names the same area as row {self._first_row[last.area.code]}: "
                    f"{last.area.name}. Give the two different codes, or name the area they lie in."
                )
            last.listed = True
            last.rings = told.rings
            self._first_row[last.area.code] = told.row

    def _root(self, told: Told, top: int) -> str | None:
        """The area that the uppermost one of a path lies in."""
        if told.parent:
            found = self._present.by_code(told.parent)
            found = found or self._present.find(told.parent, top - 1).code
            if found is None:
                raise _wrong(
                    f"Row {told.row}: the area it lies in is not in the list. Import the areas of "
                    f"level {top - 1} first."
                )
            return found
        if self.terms.parent:
            return self._given_parent(top - 1)
        above = [each for each in self._present.areas.values() if each.level == top - 1]
        if len(above) == 1:
            return above[0].code
        if above or top > 1:
            return self._parent_of_the_known(told, top)
        return None

    def _parent_of_the_known(self, told: Told, top: int) -> str | None:
        match = self._present.find(told.path[0], top)
        known = self._present.by_code(told.codes[0]) if told.codes[0] else None
        code = known or match.code
        if code is None:
            raise _wrong(
                f"Row {told.row}: it is not said in which area {told.path[0]} lies. Name the "
                "property with --parent-field, or the area with --parent."
            )
        return self._present.areas[code].parent

    def _given_parent(self, level: int) -> str:
        code, _, name = self.terms.parent.partition("=")
        known = self._present.by_code(code)
        if known:
            return known
        if not name:
            raise _wrong(
                "The area named with --parent is not in the list. Write CODE=Name to add it."
            )
        return self._one(level, None, {"en": name}, code, 0).area.code

    def _is_above(self, name: str, parent: str | None) -> bool:
        there = self.planned.get(parent or "")
        above = there.area if there else self._kept.get(parent or "")
        return above is not None and plain(name) in {plain(each) for each in above.names.values()}

    def _one(
        self, level: int, parent: str | None, names: dict[str, str], code: str, row: int
    ) -> Planned:
        """The area of these names, known or made."""
        name = names.get("en") or next(iter(names.values()))
        key = (level, parent, plain(code or name))
        if key in self._named:
            return self.planned[self._named[key]]
        known = self._present.by_code(code) if code else None
        if known and self._present.areas[known].level != level:
            known = None
        known = known or self._present.find(name, level, parent).code
        if known:
            made = self._known(self._present.areas[known], names, parent)
        else:
            made = self._new(level, parent, names, code, row)
        self._named[key] = made.area.code
        return self.planned.setdefault(made.area.code, made)

    def _known(self, area: Area, names: dict[str, str], parent: str | None) -> Planned:
        merged = {key: written(name) for key, name in names.items()} | area.names
        moved = parent if parent is not None else area.parent
        return Planned(msgspec.structs.replace(area, names=merged, parent=moved), new=False)

    def _new(
        self, level: int, parent: str | None, names: dict[str, str], code: str, row: int
    ) -> Planned:
        name = names.get("en") or next(iter(names.values()))
        made = code or code_of(name, parent)
        if not _CODE.fullmatch(made):
            raise _wrong(
                f"Row {row}: a code may have 40 letters, digits, points and hyphens at most."
            )
        if made in self._kept or made in self.planned:
            raise _wrong(
                f"Row {row}: the code {made} is another area's, or that of one that ended. Give "
                "the area a code of its own in the file."
            )
        like = self._present.resembling(name, level, parent)
        if like:
            self.notes.append(f"{written(name)} is new, and much like {like}, which is there.")
        shown = {key: written(each) for key, each in names.items()}
        return Planned(Area(code=made, parent=parent, level=level, names=shown))


def written(name: str) -> str:
    """A name that stands in capitals as it is written in a sentence."""
    if not name.isupper() or len(name) <= _SHOUTED:
        return name
    return re.sub(r"[^\W\d_]+('[^\W\d_]+)?", lambda word: word[0].capitalize(), name)


def _wrong(reason: str) -> NotUnderstood:
    return NotUnderstood("areas.file", reason)
