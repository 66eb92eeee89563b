"""The statuses an enrolment can have (CD.IBR enrolment_status) and which of them count."""

from __future__ import annotations

from typing import Final

from ibr.codelists.code_list import CodeList

ACTIVE: Final = 1
DECEASED: Final = 2
GRADUATED: Final = 3
SUSPENDED: Final = 4
INACTIVE: Final = 5
REINSTATED: Final = 6
AWAITING_RENEWAL: Final = 7

ENROLMENT_STATUS = CodeList(
    "enrolment_status",
    {
        "1": "Active",
        "2": "Deceased",
        "3": "Graduated",
        "4": "Suspended",
        "5": "Inactive",
        "6": "Reinstated",
        "7": "Awaiting renewal",
    },
    {"Exited": "3", "Dead": "2"},
)

# behaviour.md 29: these mean "yes, enrolled"; Suspended does only where the programme says so.
COUNTS_AS_ENROLLED: Final = frozenset({ACTIVE, INACTIVE, REINSTATED, AWAITING_RENEWAL})

# Whoever is in one of these has left the programme for good.
FINAL: Final = (DECEASED, GRADUATED)

# Two changes reported for the same moment: the later in this order stands, whichever came first,
# so that the state never depends on the order of arrival. An end outranks an interruption, an
# interruption outranks being active.
RANK_AT_SAME_MOMENT: Final = {
    ACTIVE: 1,
    REINSTATED: 2,
    AWAITING_RENEWAL: 3,
    INACTIVE: 4,
    SUSPENDED: 5,
    GRADUATED: 6,
    DECEASED: 7,
}


def counts_as_enrolled(status: int, *, suspended_counts: bool) -> bool:
    """Whether somebody in this status is enrolled today (behaviour.md 29)."""
    return status in COUNTS_AS_ENROLLED or (status == SUSPENDED and suspended_counts)
