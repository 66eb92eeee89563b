"""What a person's sign-in must bring, and the session that follows."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

from ibr.asker import Asker
from ibr.subject.visits.model import HelpVisit

IDLE: Final = timedelta(minutes=15)
LONGEST: Final = timedelta(minutes=60)
"""A session ends after so long without use, and in any case."""
PROOF_SECONDS: Final = 900
"""How old the proof at the provider may be: on a shared phone somebody else may still be known
there."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which claims carry number and birth date, of which kind the number is, and at which levels of
    assurance people are let in; any level where none is named."""

    number_claim: str
    number_kind: str
    birth_claim: str
    acr: tuple[str, ...] = ()


class OwnSession(msgspec.Struct, frozen=True, kw_only=True):
    """A person who signed in: their visit, and as whom they ask."""

    visit: HelpVisit
    asker: Asker
    form_token: str
