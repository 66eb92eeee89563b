"""An administrative area with its shape, and what is told of a list of areas."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

Point = Sequence[float]
Ring = Sequence[Point]


class AreaShape(msgspec.Struct, frozen=True, kw_only=True):
    """An area as it is imported; rings are longitude and latitude in degrees (GeoJSON)."""

    code: str
    parent: str | None
    level: int
    names: dict[str, str]
    rings: Sequence[Ring] = ()
    population: int | None = None


class AreaRow(msgspec.Struct, frozen=True):
    """An area as it is kept: its outline as SVG path data in a square of 1000 by 1000."""

    code: str
    parent: str | None
    level: int
    names: str
    outline: str | None
    centre_x: float | None
    centre_y: float | None
    population: int | None


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """An area that is kept, with what else it is called and when there is one."""

    code: str
    parent: str | None
    level: int
    names: dict[str, str]
    other_names: tuple[str, ...] = ()
    outline: str | None = None
    centre: tuple[float, float] | None = None
    """Where its label stands on the map."""
    population: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def name(self) -> str:
        """Its English name, else any other, else its code."""
        return self.names.get("en") or next(iter(self.names.values()), self.code)

    def on(self, day: date) -> bool:
        """Whether there is such an area on that day."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day <= self.valid_to)


class Told(msgspec.Struct, frozen=True):
    """One area of a file as read: where it stands in the file, its names down to it, its shape."""

    row: int
    path: tuple[str, ...]
    """Its name, after the names of the areas that it lies in, the largest first."""
    codes: tuple[str, ...]
    """The code beside each name of the path; empty where the file has none."""
    names: dict[str, str]
    rings: tuple[Ring, ...] = ()
    parent: str = ""
    """The code or name of the area it lies in, where one field says so."""


class ListRead(msgspec.Struct, frozen=True):
    """A file of areas as read: its areas, how its fields were understood, what was told of it."""

    areas: list[Told]
    fields: dict[str, str]
    notes: list[str]


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How a list of areas is to be entered."""

    level: int
    parent: str = ""
    """The area that the uppermost ones lie in, as CODE or CODE=Name."""
    version: str = ""
    valid_from: date | None = None
    licence: str = ""
    follows: tuple[str, ...] = ()
    """Successions as NEW=OLD codes."""
    new_map: bool = False
    dry_run: bool = False


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file of areas."""

    read: int
    new: list[str]
    changed: list[str]
    ended: list[str]
    drawn: int
    bytes_of_map: int
    fields: dict[str, str]
    notes: list[str]
    list_no: int | None = None
    dry_run: bool = False
    codes: dict[str, str] = {}
    """The code of each area of the file's level by its name; what files of figures may use."""


class Fault(msgspec.Struct, frozen=True):
    """Something that does not fit in the list of areas."""

    kind: str
    area: str
    reason: str


class KeptList(msgspec.Struct, frozen=True):
    """A list that was imported."""

    list_no: int
    version: str
    level: int
    valid_from: date | None
    file_name: str
    file_digest: str
    areas: int
    licence: str | None
    imported_at: datetime
    imported_by: str
