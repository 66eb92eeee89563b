"""Every permission a partner can hold, by name, with the sentence shown to the partner.

The names are the standard's (digest.md 3.6); a slash for a dot is read as the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ibr.errors import NotUnderstood

ENROLLED: Final = "registry.enrolled"
SEARCH: Final = "registry.search"
UPDATES: Final = "registry.enrollment.updates"
STATUS: Final = "registry.txn.status"
SUBSCRIBE: Final = "registry.subscribe"
UNSUBSCRIBE: Final = "registry.unsubscribe"
# What other registries need to answer this one: it is their client and subscriber.
ON_SEARCH: Final = "registry.on-search"
ON_SUBSCRIBE: Final = "registry.on-subscribe"
ON_UNSUBSCRIBE: Final = "registry.on-unsubscribe"
ON_STATUS: Final = "registry.txn.on-status"
NOTIFY: Final = "registry.notify"
# The registry's own, beside the standard.
POSSIBLE_DUPLICATES: Final = "registry.possible-duplicates"
CASES: Final = "registry.cases"
FIGURES: Final = "registry.figures"
REQUESTS: Final = "registry.requests"

SCOPES: Final = {
    ENROLLED: "ask whether a person or household is enrolled in one programme",
    SEARCH: "search the records of the programmes in reach",
    UPDATES: "report enrolments and benefits of its own programmes",
    STATUS: "ask what became of its own earlier messages",
    SUBSCRIBE: "be told of changes in the programmes in reach",
    UNSUBSCRIBE: "end its own subscriptions",
    ON_SEARCH: "answer a search that the registry sent",
    ON_SUBSCRIBE: "answer a subscription that the registry asked for",
    ON_UNSUBSCRIBE: "confirm the end of a subscription of the registry",
    ON_STATUS: "answer a question of the registry about an earlier message",
    NOTIFY: "tell the registry of changes that it subscribed to",
    POSSIBLE_DUPLICATES: "ask whether an applicant may be known already, before enrolling them",
    CASES: "work on the cases of the programmes that it reports for",
    FIGURES: "read the figures that were released for partners",
    REQUESTS: "answer what people ask about their data in the programmes that it reports for",
}


def canonical_scope(text: str) -> str:
    return text.strip().replace("/", ".")


def read_scopes(given: Iterable[str]) -> tuple[str, ...]:
    """The named scopes, `all` for every one; NotUnderstood for an unknown name."""
    names = [canonical_scope(each) for each in given]
    if "all" in names:
        return tuple(SCOPES)
    for name in names:
        if name not in SCOPES:
            raise NotUnderstood(
                "scope.unknown", f"There is no scope {name[:40]}; choose from {', '.join(SCOPES)}."
            )
    return tuple(dict.fromkeys(names))
