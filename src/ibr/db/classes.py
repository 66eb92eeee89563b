"""Which classes of data each right opens: what row-level security is told of an asker.

A right that stands in no row here opens nothing, so whoever adds a right says here what it needs.
The classes are named in the policies of the tables (0035_agreements.sql):

- `counts` rows of records and enrolments, to be counted;
- `standing` the answer to "enrolled?";
- `people` everything that a record says;
- `links` possible links and what was decided about them;
- `deliveries` what was sent and what was refused of it;
- `findings` and `finding_counts`, `cases` and `case_counts`: each one, or how many;
- `ledger` who asked about whom; `refusals` what of the audit trail was refused to partners (the
  rest of the trail is not read by the role that answers askers);
- `protected` those of the people whose records need special handling (registry/protected);
- `visits` visits at the help desk; `requests` what people ask of a programme about their own data
  (0043_own_view.sql).
- `own` what a person who signed in may do beside seeing (0045_own_sign_in.sql);
- `contacts` whom programmes named to be written to about their reports.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import msgspec

from ibr.asker import Asker

CLASSES: Final = frozenset(
    {
        "counts",
        "standing",
        "people",
        "links",
        "deliveries",
        "findings",
        "finding_counts",
        "cases",
        "case_counts",
        "ledger",
        "refusals",
        "protected",
        "visits",
        "requests",
        "contacts",
        "own",
    }
)

_NOTHING: Final[frozenset[str]] = frozenset()
_PERSON: Final = frozenset({"people", "links", "ledger", "findings", "cases"})
_CASE: Final = frozenset({"cases", "people", "links", "findings", "ledger"})
# Only in a visit, which names the records that it is about: see Sight.visit.
_SERVED: Final = frozenset({"people", "ledger", "cases", "visits", "requests"})
_FINDING_WHO_VISITS: Final = frozenset({"people", "visits"})

# By the names of the officers' rights (access/staff/rights.py) and of the partners' scopes
# (access/scopes.py).
OPENS: Final[dict[str, frozenset[str]]] = {
    "country": frozenset({"counts", "deliveries"}),
    "programme": frozenset({"counts", "deliveries"}),
    "deliveries": frozenset({"deliveries"}),
    "delivery_release": frozenset({"deliveries"}),
    "calendar": frozenset({"deliveries", "contacts"}),
    "feeds": frozenset({"deliveries"}),
    # A file is taken in like a message: what it says is held against what is there.
    "files": frozenset({"deliveries", "people", "links", "protected"}),
    "person": _PERSON,
    # Opened by a person's word for one look-up, never held by a role (registry/protected).
    "open_protected": _PERSON | {"protected"},
    "serve_person": _SERVED,
    # Opened by the visits' own code for one transaction, never held by a role (ibr/subject/visits).
    "serve_protected": _SERVED | {"protected"},
    "begin_visit": _FINDING_WHO_VISITS,
    "begin_protected_visit": _FINDING_WHO_VISITS | {"protected"},
    # Held by people who signed in themselves, and by nobody else (ibr/subject/own).
    "own_pages": frozenset({"people", "ledger", "cases", "requests", "own"}),
    "begin_own_visit": _FINDING_WHO_VISITS | {"protected"},
    "requests": frozenset({"requests"}),
    "request_answer": frozenset({"requests", "people", "ledger"}),
    "protect": _PERSON,
    "applicant": frozenset({"people", "links", "ledger"}),
    "cases": _CASE,
    "case_assign": _CASE,
    "case_decide": _CASE,
    "case_approve": _CASE,
    "case_figures": frozenset({"case_counts", "finding_counts", "counts"}),
    "review": frozenset({"links", "people", "findings", "ledger"}),
    "decide_links": frozenset({"links", "people", "findings", "ledger"}),
    # Where somebody lives who a finding is about is looked up in their record.
    "findings": frozenset({"findings", "finding_counts", "counts"}),
    "finding_counts": frozenset({"finding_counts", "counts"}),
    "exempt": frozenset({"findings", "counts", "cases"}),
    "audit_trail": frozenset({"ledger"}),
    "evidence": CLASSES - {"protected", "visits", "requests", "contacts"},
    "privacy": frozenset({"ledger"}),
    # Rules, holds and counts: nothing of a person, whom the two people's acts name by number.
    "keeping": _NOTHING,
    "extract": _NOTHING,
    "pairs": _NOTHING,
    "pairs_edit": _NOTHING,
    "developers": _NOTHING,
    "callbacks": _NOTHING,
    "releases_seen": _NOTHING,
    "release": _NOTHING,
    "officers_seen": _NOTHING,
    "officers": _NOTHING,
    "approve": _NOTHING,
    "agreements": frozenset({"refusals"}),
    "agreements_edit": frozenset({"refusals"}),
    # Partners.
    "registry.enrolled": frozenset({"standing"}),
    "registry.search": frozenset({"people"}),
    "registry.enrollment.updates": frozenset({"people", "links", "deliveries", "protected"}),
    "registry.txn.status": frozenset({"deliveries"}),
    "registry.subscribe": frozenset({"people"}),
    "registry.unsubscribe": _NOTHING,
    "registry.on-search": _NOTHING,
    "registry.on-subscribe": _NOTHING,
    "registry.on-unsubscribe": _NOTHING,
    "registry.txn.on-status": _NOTHING,
    "registry.notify": frozenset({"people"}),
    "registry.possible-duplicates": frozenset({"people", "links", "ledger"}),
    "registry.cases": _CASE,
    "registry.figures": _NOTHING,
    "registry.requests": frozenset({"requests", "people", "ledger"}),
}

EVERYWHERE: Final = "*"
_CODE: Final = re.compile(r"[A-Za-z0-9._-]{1,40}")


class Sight(msgspec.Struct, frozen=True):
    """What a transaction tells the database of its asker, as the text of three settings.

    They hold nothing but letters, digits, `.`, `_`, `-`, `*`, blanks and commas.
    """

    programmes: str
    areas: str
    rights: str
    visit: str = ""
    """The visit outside of which nobody's record is seen; empty where the
    transaction is of none, a number that no visit has where it must see nobody's."""


ALL_SIGHT: Final = Sight("", EVERYWHERE, " ".join(sorted(CLASSES)))
"""What the registry itself sees: everything of the programmes that a transaction names."""
_BLIND: Final = Sight("", "", "")
_OF_VISITS: Final = frozenset({"serve_person", "serve_protected", "own_pages"})
# What is held for a purpose of its own is never among "all of the rights".
_BY_NAME_ALONE: Final = frozenset({"serve_person", "own_pages", "begin_own_visit"})
_NO_VISIT: Final = "0"


def sight_of(
    programmes: Iterable[int], asker: Asker | None, right: str | None, visit: int | None = None
) -> Sight:
    """What the asker may touch of these programmes: by one right, or by all it holds.

    Nothing at all by a right that is not held, whichever role of the database is at work. None and
    the registry itself touch everything of the programmes. By the rights of serving a person at the
    help desk, and by a person's own, nobody's record is seen but those of the visit.
    """
    reach = ",".join(map(str, sorted(programmes)))
    if asker is None or asker.kind == "registry":
        return Sight(reach, ALL_SIGHT.areas, ALL_SIGHT.rights)
    if right is not None and right not in asker.scopes:
        return _BLIND
    number = "" if visit is None else str(visit)
    if right in _OF_VISITS:
        number = number or _NO_VISIT
    return Sight(reach, _areas(asker.areas), _rights(asker.scopes, right), number)


@lru_cache(maxsize=512)
def _rights(scopes: frozenset[str], right: str | None) -> str:
    # Who serves a person does so by that right alone: with the others it would see more than them.
    used = scopes - _BY_NAME_ALONE if right is None else (right,)
    opened: frozenset[str] = frozenset().union(*(OPENS.get(each, _NOTHING) for each in used))
    return " ".join(sorted(opened))


@lru_cache(maxsize=512)
def _areas(areas: frozenset[str] | None) -> str:
    """The codes with commas between them; what cannot be a code is left out, which sees less."""
    if areas is None:
        return EVERYWHERE
    return ",".join(sorted(each for each in areas if _CODE.fullmatch(each)))
