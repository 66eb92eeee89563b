"""Names of the codes in figures: of programmes, areas, ages and the rest, in one language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from ibr.codelists.code_list import CodeList
from ibr.codelists.programme_kinds import BENEFIT_TYPE, SOCIAL_PROTECTION_FUNCTION
from ibr.coverage.catalogue.model import Words
from ibr.coverage.figures.model import DIMENSIONS
from ibr.db.pool import Connection
from ibr.publish.files.words import (
    DISABILITY_WORDS,
    NOT_KNOWN_WORDS,
    PART_WORDS,
    SERIES_WORDS,
    SEX_WORDS,
    TO_WORDS,
)
from ibr.registry.areas.list_areas import every_area
from ibr.registry.programmes.register_programme import every_programme

CodeName = Callable[[CodeList, str], str]
_WORDS: Final[dict[str, Mapping[str, Words]]] = {
    "sex": SEX_WORDS,
    "disability": DISABILITY_WORDS,
    "to": TO_WORDS,
    "series": SERIES_WORDS,
    "part": PART_WORDS,
}
_LISTS: Final = {"function": SOCIAL_PROTECTION_FUNCTION, "benefit_type": BENEFIT_TYPE}


def in_english(code_list: CodeList, code: str) -> str:
    """A code's own label, where nobody translates it."""
    return code_list.label(code)


class Labels(msgspec.Struct, frozen=True, kw_only=True):
    """What codes are called in one language; `of` says it for any dimension of a figure."""

    language: str = "en"
    programmes: Mapping[str, str] = {}
    areas: Mapping[str, str] = {}
    code_name: CodeName = in_english

    def of(self, dimension: str, code: str) -> str:
        """The name of a code; the code itself where it has none."""
        if code == "":
            return NOT_KNOWN_WORDS.in_language(self.language)
        found = _WORDS.get(dimension, {}).get(code)
        if found is not None:
            return found.in_language(self.language)
        if dimension in ("programme", "with", "to"):
            return self.programmes.get(code, code)
        if dimension in ("area1", "area2"):
            return self.areas.get(code, code)
        if dimension == "combination":
            return " + ".join(self.programmes.get(each, each) for each in code.split("+"))
        if dimension in _LISTS:
            return self.code_name(_LISTS[dimension], code)
        return code.replace("_", " ") if dimension in ("part", "field") else code

    def title_of(self, dimension: str) -> str:
        """What a dimension is, in a sentence."""
        return DIMENSIONS[dimension]


def best_name(names: Mapping[str, str], language: str, otherwise: str) -> str:
    """A name kept by language: in the one asked for, else in English, else in any."""
    for code in (language, "en"):
        if names.get(code):
            return names[code]
    return next((name for name in names.values() if name), otherwise)


async def load_labels(
    connection: Connection, language: str = "en", code_name: CodeName = in_english
) -> Labels:
    """Names of all programmes and areas that there are or were."""
    programmes = await every_programme(connection)
    areas = await every_area(connection)
    return Labels(
        language=language,
        programmes={p.code: best_name(p.names, language, p.code) for p in programmes},
        areas={a.code: best_name(a.names, language, a.code) for a in areas},
        code_name=code_name,
    )
