"""The text that a person agrees to at the help desk, word by word, with its version.

A text that was once agreed to is never changed: a new one gets a new version, and the digest kept
with each visit says which it was.
"""

from __future__ import annotations

import hashlib
from typing import Final

from ibr.subject.visits.model import Consent

VERSION: Final = "2026-1"
TEXTS: Final = {
    "en": (
        "You ask the help desk to show you what the registry holds about you. For at most 15 "
        "minutes the officer sees your benefits, your data as each programme reported them, and "
        "who asked about you. The officer may pass on for you a wish to correct something or an "
        "objection, and may hand you a statement. It is recorded that you were here, how you "
        "proved who you are, and that you agreed. You may end this at any time, and it costs you "
        "nothing to say no: your benefits do not depend on it."
    ),
    "fr": (
        "Vous demandez au guichet de vous montrer ce que le registre contient sur vous. Pendant "
        "15 minutes au plus, l’agent voit vos prestations, vos données telles que chaque programme "
        "les a transmises, et qui a posé des questions sur vous. L’agent peut transmettre pour "
        "vous une demande de rectification ou une opposition, et vous remettre un relevé. Il est "
        "enregistré que vous êtes venu, comment vous avez prouvé votre identité, et que vous avez "
        "donné votre accord. Vous pouvez mettre fin à tout moment, et dire non ne vous coûte "
        "rien : vos prestations n’en dépendent pas."
    ),
}


def consent_in(language: str, by: str) -> Consent:
    """The consent to today's text, in the language it was read in; English where there is none."""
    read = language if language in TEXTS else "en"
    digest = hashlib.sha256(TEXTS[read].encode()).digest()
    return Consent(version=VERSION, digest=digest, language=read, by=by)
