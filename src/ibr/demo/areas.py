"""The made-up country's areas: names, codes, shapes, villages, and how many people live where."""

from __future__ import annotations

import random

import msgspec

from ibr.demo.land import Land, Ring, make_land
from ibr.demo.names import CULTURES, Culture, names_of

COUNTRY_CODE = "XT"
COUNTRY_NAMES = {"en": "Talmira", "fr": "Talmire", "ar": "تلميرا", "am": "ታልሚራ"}

# The first region is the capital's; the others follow clockwise from the north.
_REGIONS: tuple[tuple[str, str, str | None, str | None], ...] = (
    ("Capital Region", "Région de la Capitale", None, None),
    ("Northern Dunes", "Dunes du Nord", "ar", "الكثبان الشمالية"),
    ("Amber Hills", "Collines d'Ambre", "ar", "تلال العنبر"),
    ("Eastern Escarpment", "Escarpement oriental", "am", "ምሥራቅ ገደል"),
    ("Zolara Highlands", "Hauts plateaux de Zolara", "am", "ዞላራ ደጋ"),
    ("Southern Coast", "Côte du Sud", None, None),
    ("Salt Coast", "Côte du Sel", None, None),
    ("Upper Mirra", "Haute-Mirra", "ar", "ميرا العليا"),
)
# Shares of coast, north and highland people in each region.
_CULTURES = (
    (45, 30, 25), (8, 90, 2), (10, 75, 15), (4, 14, 82),
    (8, 4, 88), (85, 5, 10), (88, 10, 2), (22, 76, 2),
)  # fmt: skip
_COAST_PLACES = ("Porto", "Baía", "Santa", "Vila", "Ilha", "Ponta", "Cabo")
_NORTH_PLACES = (("Wadi", "وادي"), ("Bir", "بئر"), ("Tell", "تل"), ("Ain", "عين"))
_HIGHLAND_PLACES = (("Debre", "ደብረ"), ("Addi", "አዲ"), ("Mai", "ማይ"), ("Amba", "አምባ"))
VILLAGES_PER_DISTRICT = 14


class Area(msgspec.Struct, frozen=True):
    """A country (level 0), region (1) or district (2), with its shape."""

    code: str
    level: int
    parent: str | None
    names: dict[str, str]
    """By language: `en` and `fr` always; `ar` or `am` where the place has a name in that script."""
    rings: tuple[Ring, ...]
    """GeoJSON Polygon coordinates: closed rings of longitude and latitude, the outer one first."""

    def feature(self) -> dict[str, object]:
        """The area as a GeoJSON feature."""
        return {
            "type": "Feature",
            "id": self.code,
            "properties": {
                "code": self.code,
                "level": self.level,
                "parent": self.parent,
                "names": self.names,
            },
            "geometry": {"type": "Polygon", "coordinates": self.rings},
        }


class Village(msgspec.Struct, frozen=True):
    """A village: a name in a district, without a shape of its own."""

    name: str
    local_name: str


class District(msgspec.Struct, frozen=True):
    """What the making of people needs to know of a district."""

    code: str
    region_code: str
    weight: float
    poverty: float
    cultures: tuple[int, ...]
    villages: tuple[Village, ...]


def make_areas(seed: int) -> tuple[tuple[Area, ...], tuple[District, ...]]:
    """Every area from the country down, and the districts as places to live in."""
    land = make_land(random.Random(f"{seed}:land"))
    rng = random.Random(f"{seed}:areas")
    areas = [Area(COUNTRY_CODE, 0, None, COUNTRY_NAMES, land.outline(land.districts))]
    districts: list[District] = []
    names: set[str] = set()
    for region, (english, french, language, local) in enumerate(_REGIONS):
        code = f"{COUNTRY_CODE}-{region + 1:02d}"
        titles = {"en": english, "fr": french} | ({language: local} if language and local else {})
        areas.append(Area(code, 1, COUNTRY_CODE, titles, _outline(land, region)))
        poverty = 0.38 if region == 0 else rng.uniform(0.45, 0.72)
        for number in range(1 + max(d for r, d in land.districts.values() if r == region)):
            district_code = f"{code}-{number + 1:02d}"
            main = CULTURES[_CULTURES[region].index(max(_CULTURES[region]))]
            place = _place(main, rng, names)
            areas.append(
                Area(
                    district_code,
                    2,
                    code,
                    _place_names(place, main),
                    _outline(land, region, number),
                )
            )
            districts.append(
                District(
                    district_code,
                    code,
                    rng.lognormvariate(0, 0.45) * (2.4 if region == 0 else 1),
                    min(0.9, max(0.2, poverty + rng.uniform(-0.12, 0.12))),
                    _CULTURES[region],
                    tuple(_place(main, rng, names) for _ in range(VILLAGES_PER_DISTRICT)),
                )
            )
    return tuple(areas), tuple(districts)


def _outline(land: Land, region: int, district: int | None = None) -> tuple[Ring, ...]:
    return land.outline(
        cell
        for cell, (its_region, its_district) in land.districts.items()
        if its_region == region and (district is None or its_district == district)
    )


def _place(culture: Culture, rng: random.Random, taken: set[str]) -> Village:
    """A place's name, never one that another place has."""
    while True:
        if culture == "coast":
            name = (
                f"{rng.choice(_COAST_PLACES)} {rng.choice(names_of(culture).families.words).latin}"
            )
            place = Village(name, name)
        elif culture == "north":
            kind = rng.choice(_NORTH_PLACES)
            word = rng.choice(names_of(culture).women.words)
            place = Village(f"{kind[0]} {word.latin}", f"{kind[1]} {word.local}")
        else:
            kind = rng.choice(_HIGHLAND_PLACES)
            word = rng.choice(names_of(culture).men.words)
            place = Village(f"{kind[0]} {word.latin}", f"{kind[1]} {word.local}")
        if place.name not in taken:
            taken.add(place.name)
            return place


def _place_names(place: Village, culture: Culture) -> dict[str, str]:
    names = {"en": place.name, "fr": place.name}
    if culture == "north":
        names["ar"] = place.local_name
    elif culture == "highland":
        names["am"] = place.local_name
    return names
