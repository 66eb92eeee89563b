"""What people are told before they sign in, word by word, with its version.

A text that was once shown is never changed: a new one gets a new version, and the digest kept with
each visit says which it was.
"""

from __future__ import annotations

import hashlib
from typing import Final

from ibr.subject.visits.model import Consent

VERSION: Final = "own-2026-1"
TEXTS: Final = {
    "en": (
        "The sign-in service tells the registry your number and your date of birth. With these "
        "the registry finds your own records and shows them to you, and to nobody else. It is "
        "recorded that you looked, and you see that yourself. You are signed out after 15 "
        "minutes without use, and after one hour in any case. Your benefits do not depend on it."
    ),
    "fr": (
        "Le service de connexion communique au registre votre numéro et votre date de naissance. "
        "Grâce à eux, le registre trouve vos propres dossiers et vous les montre, à vous et à "
        "personne d’autre. Il est enregistré que vous avez regardé, et vous le voyez vous-même. "
        "Vous êtes déconnecté après 15 minutes sans activité, et dans tous les cas après une "
        "heure. Vos prestations n’en dépendent pas."
    ),
}


def text_in(language: str) -> str:
    """Today's text in a language; English where there is none."""
    return TEXTS.get(language, TEXTS["en"])


def told_in(language: str) -> Consent:
    """What is kept of having been told."""
    read = language if language in TEXTS else "en"
    digest = hashlib.sha256(TEXTS[read].encode()).digest()
    return Consent(version=VERSION, digest=digest, language=read, by="person")
