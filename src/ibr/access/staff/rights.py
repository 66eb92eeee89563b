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
    "planner",
    "data_protection_officer",
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
# Releases: seen by some; looked at, signed, published and withdrawn by fewer, two people each time.
RELEASES_SEEN: Final = "releases_seen"
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

# What programmes send: files for the programmes in reach, what becomes of a held delivery, when
# reports are due, and whether they come.
FILES: Final = "files"
DELIVERY_RELEASE: Final = "delivery_release"
CALENDAR: Final = "calendar"
FEEDS: Final = "feeds"

# Officers, who is one and what each may do: seen by those who watch, changed by administrators.
OFFICERS_SEEN: Final = "officers_seen"
OFFICERS: Final = "officers"
# Being the second person for an act that needs two (access/approvals).
APPROVE: Final = "approve"

# Agreements with partners, read and entered.
AGREEMENTS: Final = "agreements"
AGREEMENTS_EDIT: Final = "agreements_edit"

# Watching: what was done by whom, packs of evidence, and the privacy of the people recorded.
AUDIT_TRAIL: Final = "audit_trail"
EVIDENCE: Final = "evidence"
PRIVACY: Final = "privacy"
PROTECT: Final = "protect"
# How long what is kept, what is held and erased, and the record of processing: seen by those who
# watch or run the registry, changed by whoever holds `privacy`. Extracts for research are asked
# for by analysts.
KEEPING: Final = "keeping"
EXTRACT: Final = "extract"
# Help-desk on behalf of a person who asks about themselves.
SERVE_PERSON: Final = "serve_person"
# What people ask of a programme about their own data: that it is there and late is seen by some,
# what it says and of whom by those who answer it.
REQUESTS: Final = "requests"
REQUEST_ANSWER: Final = "request_answer"

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
        | {FINDINGS, EXEMPT, PAIRS_EDIT, RELEASES_SEEN, RELEASE}
        | {FILES, DELIVERY_RELEASE, CALENDAR, FEEDS}
        | {OFFICERS_SEEN, OFFICERS, APPROVE, AGREEMENTS, AGREEMENTS_EDIT, REQUESTS, KEEPING},
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
            FILES,
            DELIVERY_RELEASE,
            FEEDS,
            PROTECT,
            REQUESTS,
            REQUEST_ANSWER,
        },
        ("enrolment_check", "complaint", "data_correction", "case_work"),
    ),
    "analyst": Rights(_FIGURES | {CASE_FIGURES, RELEASES_SEEN, RELEASE, FEEDS, EXTRACT}),
    # Sees how all of it is done and by whom, and changes nothing.
    "auditor": Rights(
        _FIGURES
        | {PERSON, CASES, CASE_FIGURES, REVIEW, FINDINGS, RELEASES_SEEN, FEEDS}
        | {OFFICERS_SEEN, AGREEMENTS, AUDIT_TRAIL, EVIDENCE, KEEPING},
        ("audit",),
    ),
    "help_desk": Rights(
        frozenset({COUNTRY, PROGRAMME, PERSON, PAIRS, SERVE_PERSON, PROTECT}),
        ("help_desk_request", "complaint"),
    ),
    # Sees in figures how the system does and what would be otherwise; nobody's record.
    "planner": Rights(frozenset({COUNTRY, PROGRAMME, PAIRS, CASE_FIGURES, RELEASES_SEEN})),
    # Watches over the people recorded by what is kept about look-ups, never by looking at records.
    "data_protection_officer": Rights(
        frozenset({PRIVACY, PROTECT, AUDIT_TRAIL, AGREEMENTS, OFFICERS_SEEN, APPROVE})
        | {REQUESTS, KEEPING}
    ),
    # Builds the system of one partner: no figure of the country, no person, no other partner.
    "developer": Rights(frozenset({DEVELOPERS})),
    # Decides who is who; sees two records at a time. Enters which programmes go together and when
    # their reports are due.
    "steward": Rights(
        frozenset({REVIEW, DECIDE_LINKS, PAIRS, PAIRS_EDIT, CALENDAR, FEEDS}),
        ("identity_review",),
    ),
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
