"""Who sees which page, and for which purposes they may look somebody up: one table."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from ibr.asker import Asker
from ibr.errors import NotAllowed

Role = Literal["administrator", "programme_officer", "analyst", "auditor", "help_desk", "developer"]

# Pages.
COUNTRY: Final = "country"
PROGRAMME: Final = "programme"
DELIVERIES: Final = "deliveries"
PERSON: Final = "person"
DEVELOPERS: Final = "developers"
CALLBACKS: Final = "callbacks"

# Purposes of a look-up, by code, in the order a form offers them.
PURPOSES: Final = ("enrolment_check", "complaint", "data_correction", "audit", "help_desk_request")


class Rights(msgspec.Struct, frozen=True):
    """What a role may do."""

    pages: frozenset[str]
    purposes: tuple[str, ...] = ()

    @property
    def scopes(self) -> frozenset[str]:
        """The same as the scopes of an Asker."""
        return self.pages | {f"purpose.{purpose}" for purpose in self.purposes}


_FIGURES: Final = frozenset({COUNTRY, PROGRAMME, DELIVERIES})

# An analyst works with figures and never with a person; an auditor looks at a record only to audit.
RIGHTS: Final[dict[str, Rights]] = {
    "administrator": Rights(
        _FIGURES | {PERSON, DEVELOPERS, CALLBACKS}, ("complaint", "data_correction")
    ),
    "programme_officer": Rights(
        _FIGURES | {PERSON}, ("enrolment_check", "complaint", "data_correction")
    ),
    "analyst": Rights(_FIGURES),
    "auditor": Rights(_FIGURES | {PERSON}, ("audit",)),
    "help_desk": Rights(
        frozenset({COUNTRY, PROGRAMME, PERSON}), ("help_desk_request", "complaint")
    ),
    # Builds the system of one partner: no figure of the country, no person, no other partner.
    "developer": Rights(frozenset({DEVELOPERS})),
}


def must_hold(asker: Asker, page: str) -> None:
    """NotAllowed unless the asker may see the page."""
    if page not in asker.scopes:
        raise NotAllowed(
            "page.not_allowed",
            "Your role does not include this page. Ask your administrator if you need it.",
        )


def must_hold_purpose(asker: Asker) -> None:
    """NotAllowed unless the asker's role covers the purpose it gives."""
    if f"purpose.{asker.purpose.code}" not in asker.scopes:
        raise NotAllowed(
            "purpose.not_allowed", "Your role does not allow a look-up for this purpose."
        )
