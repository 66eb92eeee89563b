"""The languages of the pages, their words, and how a reader's language is chosen."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
from babel import Locale
from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

COOKIE = "ibr_language"
FOLDER = Path(__file__).parent / "locale"


class Language(msgspec.Struct, frozen=True):
    """A language that pages are offered in.

    `tag` is what the page says it is written in; `formats` is the locale of dates and numbers.
    """

    code: str
    name: str
    tag: str
    formats: str
    direction: Literal["ltr", "rtl"] = "ltr"

    @property
    def locale(self) -> Locale:
        return Locale.parse(self.formats)

    @property
    def mirrored(self) -> bool:
        return self.direction == "rtl"


ENGLISH = Language("en", "English", "en", "en_GB")
FRENCH = Language("fr", "Français", "fr", "fr")
# English words in a page laid out from right to left, so that the layout is tested before the
# first language that needs it is translated. Never offered in production.
RIGHT_TO_LEFT = Language("ar-XB", "Right to left", "en", "en_GB", "rtl")


def languages(production: bool) -> Sequence[Language]:
    """The languages on offer."""
    return (ENGLISH, FRENCH) if production else (ENGLISH, FRENCH, RIGHT_TO_LEFT)


def choose(
    offered: Iterable[Language], chosen: str | None, accepted: str, fallback: str
) -> Language:
    """The reader's choice, else the first language the browser asks for, else the fallback."""
    by_code = {language.code: language for language in offered}
    if chosen in by_code:
        return by_code[chosen]
    wanted = [part.split(";")[0].strip() for part in accepted.split(",")]
    codes = [code for code in by_code if code != RIGHT_TO_LEFT.code]
    found = negotiate_locale([each for each in wanted if each], codes, sep="-")
    return by_code.get(found or fallback, ENGLISH)


@cache
def words(code: str) -> NullTranslations:
    """The translations of a language, read from its .po file so that no build step is needed."""
    path = FOLDER / code / "LC_MESSAGES" / "ibr.po"
    if not path.exists():
        return NullTranslations()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
