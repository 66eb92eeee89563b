"""Who sees which page, and for which purposes they may look somebody up: one table."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from ibr.asker import Asker
from ibr.errors import NotAllowed

Role = Literal[
    "administrator",
    "programme_officer",
    "analyst",
    "auditor",
    "help_desk",
    "developer",
    "steward",
]

# Pages.
COUNTRY: Final = "country"
PROGRAMME: Final = "programme"
DELIVERIES: Final = "deliveries"
PERSON: Final = "person"
DEVELOPERS: Final = "developers"
CALLBACKS: Final = "callbacks"
APPLICANT: Final = "applicant"
CASES: Final = "cases"
CASE_FIGURES: Final = "case_figures"
# Releases: seen, looked at, signed, published and withdrawn; two people are needed.
RELEASE: Final = "release"

# What may be done with a case: handed out, worked on, and decided as the second person.
CASE_ASSIGN: Final = "case_assign"
CASE_DECIDE: Final = "case_decide"
CASE_APPROVE: Final = "case_approve"

# Possible links: the queue and its quality are seen by some, decided by stewards alone.
REVIEW: Final = "review"
DECIDE_LINKS: Final = "decide_links"

# What checks found: the findings themselves, only how many there are, and who is exempt. Which
# programmes go together is read by all who work with people or figures, and entered by some.
FINDINGS: Final = "findings"
FINDING_COUNTS: Final = "finding_counts"
EXEMPT: Final = "exempt"
PAIRS: Final = "pairs"
PAIRS_EDIT: Final = "pairs_edit"

# Purposes of a look-up, by code, in the order a form offers them.
PURPOSES: Final = (
    "enrolment_check",
    "complaint",
    "data_correction",
    "audit",
    "help_desk_request",
    "identity_review",
    "case_work",
)


class Rights(msgspec.Struct, frozen=True):
    """What a role may do."""

    pages: frozenset[str]
    purposes: tuple[str, ...] = ()

    @property
    def scopes(self) -> frozenset[str]:
        """The same as the scopes of an Asker."""
        return self.pages | {f"purpose.{purpose}" for purpose in self.purposes}


_FIGURES: Final = frozenset({COUNTRY, PROGRAMME, DELIVERIES, PAIRS, FINDING_COUNTS})

# An analyst works with figures and never with a person; an auditor looks at a record only to audit.
RIGHTS: Final[dict[str, Rights]] = {
    "administrator": Rights(
        _FIGURES
        | {PERSON, DEVELOPERS, CALLBACKS, CASES, CASE_FIGURES, CASE_ASSIGN, REVIEW}
        | {FINDINGS, EXEMPT, PAIRS_EDIT, RELEASE},
        ("complaint", "data_correction", "case_work"),
    ),
    "programme_officer": Rights(
        _FIGURES
        | {
            PERSON,
            APPLICANT,
            CASES,
            CASE_FIGURES,
            CASE_ASSIGN,
            CASE_DECIDE,
            CASE_APPROVE,
            FINDINGS,
        },
        ("enrolment_check", "complaint", "data_correction", "case_work"),
    ),
    "analyst": Rights(_FIGURES | {CASE_FIGURES, RELEASE}),
    "auditor": Rights(_FIGURES | {PERSON, CASES, CASE_FIGURES, REVIEW, FINDINGS}, ("audit",)),
    "help_desk": Rights(
        frozenset({COUNTRY, PROGRAMME, PERSON, PAIRS}), ("help_desk_request", "complaint")
    ),
    # Builds the system of one partner: no figure of the country, no person, no other partner.
    "developer": Rights(frozenset({DEVELOPERS})),
    # Decides who is who; sees two records at a time. Enters which programmes go together.
    "steward": Rights(frozenset({REVIEW, DECIDE_LINKS, PAIRS, PAIRS_EDIT}), ("identity_review",)),
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
