"""What simulations stand on: everybody recorded, with who received what in the newest month.

One file in `<data_dir>/figures/what_if`, written at the end of a run and replaced by the next. It
holds numbers that mean nothing outside: no name, no identifier, no person of the registry. It is
read in a fraction of a second, so that a page can ask what would be otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import zstandard
from pyroaring import BitMap

from ibr.coverage.engine.members import Members
from ibr.coverage.figures.model import month_period
from ibr.errors import NotFound
from ibr.periods import Month, read_month

_FORMAT: Final = 1
_LIMITS: Final = ("age_from", "age_to", "sex", "disability")
_GIVEN: Final = """
    select r.programme_id, coalesce(b.currency, p.currency, 'XXX') as currency, r.person_no,
           sum(b.value_minor)::bigint as minor
    from benefit b join fact_record r using (record_id)
        join programme p on p.programme_id = r.programme_id
    where b.month = ? and b.value_minor is not null
    group by all order by 1, 2, 3
"""
_HOMES: Final = "select home from people order by person_no"


class Limits(msgspec.Struct, frozen=True):
    """Whom a programme is for, as its rules said at the end of the month; empty where they do not.

    `others` says that an age is asked of somebody else than the person who receives.
    """

    age_from: int | None = None
    age_to: int | None = None
    sex: int | None = None
    disability: bool = False
    others: bool = False


class Given(msgspec.Struct, frozen=True):
    """Sums of one currency, each beside the number of the person who received it."""

    person: Any
    minor: Any

    @property
    def total(self) -> int:
        return int(self.minor.sum()) if len(self.minor) else 0


class GroundProgramme(msgspec.Struct, frozen=True, kw_only=True):
    """A programme in the month: whom it reached and with how much."""

    code: str
    currency: str | None
    limits: Limits
    people: BitMap
    given: Mapping[str, Given]


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody recorded, at the place of their number, and the programmes of a month."""

    month: Month
    as_known_at: datetime
    sex: Any
    age: Any
    """Completed years at the end of the month; -1 where not known."""
    disability: Any
    area1: Any
    areas: tuple[str, ...]
    home: Any
    """The number of the head of the household, their own for whoever lives alone."""
    programmes: Mapping[str, GroundProgramme]

    @property
    def recorded(self) -> int:
        return len(self.sex)


class _KeptProgramme(msgspec.Struct, frozen=True):
    code: str
    currency: str | None
    limits: Limits
    people: bytes
    given: dict[str, tuple[bytes, bytes]]


class _Kept(msgspec.Struct, frozen=True):
    form: int
    month: str
    as_known_at: datetime
    areas: tuple[str, ...]
    columns: dict[str, bytes]
    programmes: list[_KeptProgramme]


_COLUMNS: Final[dict[str, Any]] = {
    "sex": np.uint8,
    "age": np.int16,
    "disability": np.uint8,
    "area1": np.int32,
    "home": np.uint32,
}


def ground_of(members: Members, month: Month, as_known_at: datetime) -> Ground:
    """The ground of a month, from the tables that facts made of the snapshot."""
    people, last = members.people, month_period(month).last_day
    rows = members.connection.execute(_GIVEN, [month.first]).fetchnumpy()
    programme, currency, person, minor = (np.ma.getdata(each) for each in rows.values())
    reached = members.of(month)
    found = {}
    for each in members.programmes:
        own = programme == each.programme_id
        found[each.code] = GroundProgramme(
            code=each.code,
            currency=each.currency,
            limits=_limits(each.rules, last),
            people=reached.get(each.programme_id, BitMap()),
            given={
                str(name): Given(
                    person[own & (currency == name)].astype(np.uint32),
                    minor[own & (currency == name)].astype(np.int64),
                )
                for name in np.unique(currency[own].astype(str))
            },
        )
    homes = members.connection.execute(_HOMES).fetchnumpy()["home"]
    return Ground(
        month=month,
        as_known_at=as_known_at,
        sex=people.sex,
        age=people.ages(slice(None), last).astype(np.int16),
        disability=people.disability,
        area1=people.area1,
        areas=people.areas,
        home=np.ma.getdata(homes).astype(np.uint32),
        programmes=found,
    )


def _limits(rules: Any, last: Any) -> Limits:
    own = [rule for rule in rules if rule.kind in _LIMITS and rule.holds_on(last)]
    years = {
        kind: [int(rule.value["years"]) for rule in own if rule.kind == kind]
        for kind in ("age_from", "age_to")
    }
    sexes = [int(rule.value["sex"]) for rule in own if rule.kind == "sex"]
    return Limits(
        age_from=max(years["age_from"], default=None),
        age_to=min(years["age_to"], default=None),
        sex=sexes[0] if sexes else None,
        disability=any(rule.kind == "disability" for rule in own),
        others=any(rule.value.get("of", "person") != "person" for rule in own),
    )


def ground_folder(data_dir: Path) -> Path:
    """Where the ground stands."""
    return data_dir / "figures" / "what_if"


def keep_ground(ground: Ground, folder: Path) -> Path:
    """Writes the ground, and only then lets go of the one before; where one of a later month is
    there, that stays. Only the registry's own user may look inside the folder."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    place, making = folder / f"{ground.month}.ground", folder / "making"
    others = [each for each in folder.glob("*.ground") if each != place]
    if any(each.name > place.name for each in others):
        return max(others)
    kept = _Kept(
        _FORMAT,
        str(ground.month),
        ground.as_known_at,
        ground.areas,
        {
            name: np.ascontiguousarray(getattr(ground, name), dtype=kind).tobytes()
            for name, kind in _COLUMNS.items()
        },
        [
            _KeptProgramme(
                each.code,
                each.currency,
                each.limits,
                each.people.serialize(),
                {
                    currency: (given.person.tobytes(), given.minor.tobytes())
                    for currency, given in each.given.items()
                },
            )
            for each in ground.programmes.values()
        ],
    )
    packed = zstandard.ZstdCompressor(level=3).compress(msgspec.msgpack.encode(kept))
    with open(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(packed)
        opened.flush()
        os.fsync(opened.fileno())
    making.rename(place)
    for other in others:
        other.unlink()
    return place


def newest_ground(folder: Path) -> Path:
    """The file of the newest month; NotFound where no run has left one."""
    found = max(folder.glob("*.ground"), default=None)
    if found is None:
        raise NotFound(
            "what_if.no_ground",
            "Nothing can be simulated yet: figures have to be worked out first. "
            "Run: ibr indicators run",
        )
    return found


def read_ground(place: Path) -> Ground:
    """The ground as it was kept."""
    plain = zstandard.ZstdDecompressor().decompress(place.read_bytes())
    kept = msgspec.msgpack.decode(plain, type=_Kept)
    if kept.form != _FORMAT:
        raise NotFound(
            "what_if.old_ground",
            "What simulations stand on was kept by another version of the registry. "
            "Run: ibr indicators run",
        )
    columns = {name: np.frombuffer(kept.columns[name], kind) for name, kind in _COLUMNS.items()}
    programmes = {
        each.code: GroundProgramme(
            code=each.code,
            currency=each.currency,
            limits=each.limits,
            people=BitMap.deserialize(each.people),
            given={
                currency: Given(np.frombuffer(person, np.uint32), np.frombuffer(minor, np.int64))
                for currency, (person, minor) in each.given.items()
            },
        )
        for each in kept.programmes
    }
    return Ground(
        month=read_month(kept.month),
        as_known_at=kept.as_known_at,
        areas=kept.areas,
        programmes=programmes,
        **columns,
    )
