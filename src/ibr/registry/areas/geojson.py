"""Areas with their shapes from a GeoJSON file, or a sentence that says why it is none. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import msgspec

from ibr.errors import NotUnderstood
from ibr.registry.areas.model import ListRead, Ring, Told
from ibr.registry.areas.names import plain
from ibr.registry.areas.tables import decode

_DEGREES: Final = ("crs84", "4326")
_CODE: Final = ("code", "pcode", "id", "iso", "hasc", "areacode", "regioncode", "shapeiso")
_PARENT: Final = ("parent", "parentcode", "parentpcode", "parentid", "parentname")
_NAME: Final = ("name", "areaname", "shapename", "county", "district", "region", "province")
_NAMES: Final = "names"


def read_geojson(
    content: bytes,
    level: int,
    *,
    code_field: str = "",
    name_field: str = "",
    parent_field: str = "",
) -> ListRead:
    """The areas of a FeatureCollection; fields of its properties are guessed where not named."""
    features = _features(content)
    properties = [_properties(feature) for feature in features]
    fields = _fields(
        properties, level, {"code": code_field, "name": name_field, "parent": parent_field}
    )
    areas, turned = [], 0
    for number, (feature, values) in enumerate(zip(features, properties, strict=True), start=1):
        rings, wrong_way = _rings(feature.get("geometry"), number)
        turned += wrong_way
        code = _text(values.get(fields["code"])) if "code" in fields else ""
        names = _names(values, fields, number)
        parent = _text(values.get(fields["parent"])) if "parent" in fields else ""
        name = names.get("en") or next(iter(names.values()))
        areas.append(Told(number, (name,), (code,), names, rings, parent))
    notes = []
    if turned:
        notes.append(
            f"{turned} outer lines run clockwise; GeoJSON wants them the other way round. They "
            "were read by their place in the list, so nothing is lost."
        )
    return ListRead(areas, fields, notes)


def _features(content: bytes) -> list[dict[str, Any]]:
    try:
        read = msgspec.json.decode(decode(content))
    except msgspec.DecodeError:
        raise _wrong("The file is no whole GeoJSON: it ends early or is written wrongly.") from None
    if not isinstance(read, dict) or read.get("type") != "FeatureCollection":
        raise _wrong("The file is no GeoJSON FeatureCollection.")
    crs = read.get("crs")
    if crs is not None:
        named = crs.get("properties") if isinstance(crs, dict) else None
        name = plain(str(named.get("name") if isinstance(named, dict) else ""))
        if not name.endswith(_DEGREES):
            raise _wrong(
                "The file names another coordinate system than WGS84. Save it anew in WGS84 "
                "(EPSG:4326), with longitude and latitude in degrees."
            )
    features = read.get("features")
    if not isinstance(features, list) or not features:
        raise _wrong("The file holds no features.")
    for number, feature in enumerate(features, start=1):
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise _wrong(f"Feature {number} is no feature.")
    return features


def _properties(feature: Mapping[str, Any]) -> dict[str, Any]:
    values = feature.get("properties")
    found = dict(values) if isinstance(values, dict) else {}
    if "id" not in found and isinstance(feature.get("id"), (str, int)):
        found["id"] = feature["id"]
    return found


def _fields(
    properties: Sequence[Mapping[str, Any]], level: int, named: Mapping[str, str]
) -> dict[str, str]:
    """Which property holds the code, the name, the parent: named, or guessed by how it is called
    and by whether every feature has it."""
    there = [field for field in properties[0] if all(field in values for values in properties)]
    fields = {}
    for meaning, field in named.items():
        if field and field not in there:
            raise _wrong(
                f"Not every feature has the property named for the {meaning}. "
                f"They all have: {', '.join(there) or 'none'}."
            )
        if field:
            fields[meaning] = field
    by_plain = {plain(field): field for field in there}
    wanted = {
        "code": (f"adm{level}pcode", f"admin{level}pcode", *_CODE),
        "name": (_NAMES, f"adm{level}en", f"adm{level}name", *_NAME),
        "parent": (f"adm{level - 1}pcode", f"admin{level - 1}pcode", *_PARENT),
    }
    for meaning, names in wanted.items():
        if meaning not in fields:
            found = next((by_plain[name] for name in names if name in by_plain), None)
            if found and (meaning != "code" or _tells_apart(properties, found)):
                fields[meaning] = found
    if "name" not in fields:
        texts = [
            field
            for field in there
            if field not in fields.values()
            and all(isinstance(values[field], str) for values in properties)
            and _tells_apart(properties, field)
        ]
        if len(texts) != 1:
            raise _wrong(
                "It cannot be told which property holds the name. Say --name-field; there are: "
                f"{', '.join(there) or 'none'}."
            )
        fields["name"] = texts[0]
    return fields


def _tells_apart(properties: Sequence[Mapping[str, Any]], field: str) -> bool:
    values = [_text(each[field]) for each in properties]
    return all(values) and len(set(values)) == len(values)


def _names(values: Mapping[str, Any], fields: Mapping[str, str], number: int) -> dict[str, str]:
    """The names by language: one field, or a property `names` that holds them all, and those
    beside it that end with a language."""
    held = values.get(fields["name"])
    if isinstance(held, dict):
        names = {str(key): _text(value) for key, value in held.items() if _text(value)}
    else:
        names = {"en": _text(held)} if _text(held) else {}
        stem = fields["name"].casefold().removesuffix("_en").removesuffix(":en")
        for field, value in values.items():
            head, _, language = field.casefold().replace(":", "_").rpartition("_")
            if head == stem and len(language) == 2 and language.isalpha() and _text(value):
                names[language] = _text(value)
    if not names:
        raise _wrong(f"Feature {number} has no name.")
    return names


def _text(value: object) -> str:
    return " ".join(str(value).split()) if isinstance(value, (str, int)) else ""


def _rings(geometry: object, number: int) -> tuple[tuple[Ring, ...], int]:
    """The rings of a feature, and how many outer ones run the wrong way round."""
    if geometry is None:
        return (), 0
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise _wrong(f"Feature {number} is neither a Polygon nor a MultiPolygon.")
    held = geometry.get("coordinates") if isinstance(geometry, dict) else None
    try:
        polygons = msgspec.convert(
            [held] if kind == "Polygon" else held, list[list[list[list[float]]]]
        )
    except msgspec.ValidationError:
        raise _wrong(f"The coordinates of feature {number} are written wrongly.") from None
    rings: list[Ring] = []
    wrong_way = 0
    for polygon in polygons:
        for place, points in enumerate(polygon):
            ring = _ring(points, number)
            # Twice the area, positive where it runs against the clock, as outer lines must.
            turn = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))
            wrong_way += place == 0 and turn < 0
            rings.append(ring)
    return tuple(rings), wrong_way


def _ring(points: Sequence[Sequence[float]], number: int) -> tuple[tuple[float, float], ...]:
    if len(points) < 4 or any(len(point) < 2 for point in points):
        raise _wrong(f"A line of feature {number} has too few points to enclose anything.")
    if list(points[0][:2]) != list(points[-1][:2]):
        raise _wrong(f"A line of feature {number} is not closed: its last point is not its first.")
    ring = tuple((point[0], point[1]) for point in points)
    if not all(-180 <= x <= 180 and -90 <= y <= 90 for x, y in ring):
        raise _wrong(
            f"Feature {number} has coordinates that are no degrees. Save the file anew in WGS84 "
            "(EPSG:4326), with longitude and latitude in degrees."
        )
    return ring


def _wrong(reason: str) -> NotUnderstood:
    return NotUnderstood("file.geojson", reason)
