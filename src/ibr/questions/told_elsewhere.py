"""What other registries told about somebody, for the page of that person: beside what programmes
reported, each with its source and its times, and never in its place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from ibr.db.pool import Connection
from ibr.protection.seal import Sealer
from ibr.questions.masking import masked
from ibr.registry.overview import counts
from ibr.sources.attributes import ATTRIBUTES
from ibr.sources.model import Kind
from ibr.sources.told.learn import Saying, told_about
from ibr.sources.told.model import Known, Told

_AREA_PARTS: Final = ("sub_region_code", "region_code")
_ORDER: Final = {code: place for place, code in enumerate(ATTRIBUTES)}


class ToldSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One value: an address comes as the names of its areas, or their codes where nobody has
    named them."""

    value: Any
    as_of: datetime
    known_at: datetime


class AttributeSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What one source says of one attribute now, and what it said before, the newest first."""

    attribute: str
    source: str
    kind: Kind
    now: ToldSeen
    before: list[ToldSeen]


class DeathSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A source says that the person died; the day may not be known."""

    source: str
    kind: Kind
    day: str | None
    as_of: datetime
    known_at: datetime


class Elsewhere(msgspec.Struct, frozen=True):
    """Everything that other registries say about somebody."""

    told: list[AttributeSeen] = []
    deaths: list[DeathSeen] = []


async def told_elsewhere(
    connection: Connection, sealer: Sealer, subjects: Sequence[bytes]
) -> Elsewhere:
    """What is known from other registries under these indexes, which are in the asker's reach."""
    sayings = await told_about(connection, sealer, subjects)
    codes = {
        each.value[part]
        for saying in sayings
        for known in saying.known.values()
        for each in (known.now, *known.before)
        for part in _AREA_PARTS
        if each.attribute == "address" and part in each.value
    }
    areas = await counts.area_names(connection, codes) if codes else {}
    told = [
        AttributeSeen(
            attribute=attribute,
            source=saying.name,
            kind=saying.kind,
            now=_seen(known.now, areas),
            before=_changes(known, areas),
        )
        for saying in sayings
        for attribute, known in saying.known.items()
    ]
    told.sort(key=lambda each: (_ORDER.get(each.attribute, len(_ORDER)), each.source))
    return Elsewhere(told, [each for saying in sayings if (each := _death(saying)) is not None])


def _seen(told: Told, areas: dict[str, dict[str, str]]) -> ToldSeen:
    value = told.value
    if told.attribute == "address":
        value = [areas.get(value[part], value[part]) for part in _AREA_PARTS if part in value]
    elif told.attribute == "disability_identifier":
        value = masked(value)
    return ToldSeen(value=value, as_of=told.as_of, known_at=told.known_at)


def _changes(known: Known, areas: dict[str, dict[str, str]]) -> list[ToldSeen]:
    """The earlier values, each once for as long as it stayed the same."""
    changes, newer = [], known.now.value
    for each in known.before:
        if each.value != newer:
            changes.append(_seen(each, areas))
        newer = each.value
    return changes


def _death(saying: Saying) -> DeathSeen | None:
    """The death that a source reports, unless its newest word is that nobody has died."""
    status, day = saying.known.get("vital_status"), saying.known.get("death_date")
    if status is not None and status.now.value != "deceased":
        return None
    if status is None and day is None:
        return None
    newest = max((each.now for each in (status, day) if each), key=lambda told: told.as_of)
    return DeathSeen(
        source=saying.name,
        kind=saying.kind,
        day=day.now.value if day else None,
        as_of=newest.as_of,
        known_at=newest.known_at,
    )
