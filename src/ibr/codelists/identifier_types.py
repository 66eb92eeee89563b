"""Kinds of identifier, what each identifies, and which is trusted first.

The list is open: a partner may send any type, and it is kept as sent.
"""

from __future__ import annotations

from typing import Final

# A programme's own number for a beneficiary, in the spellings partners use. It names a record of
# that programme and says nothing outside it.
OF_A_PROGRAMME: Final = (
    "PROGRAMME_NUMBER",
    "PROGRAM_NUMBER",
    "PROGRAMME_ID",
    "BENEFICIARY_NUMBER",
    "BENEFICIARY_ID",
    "ENROLMENT_NUMBER",
    "ENROLLMENT_NUMBER",
)
# National identifiers, the most trusted first.
OF_A_PERSON: Final = ("UIN", "NID", "NATIONALID", "NATIONAL_ID", "BRN", "PASSPORT", "DISABILITY_ID")
OF_A_GROUP: Final = ("HOUSEHOLD", "HOUSEHOLD_ID", "HOUSEHOLD_NUMBER", "FAMILY_ID", "GROUP_ID")
# Shared by households and passed on; never used to say whose record something is.
OF_A_CONTACT: Final = ("MOBILE", "PHONE", "PHONE_NUMBER", "EMAIL", "ACCOUNT", "IBAN")

_TRUST: Final = {
    kind: order for order, kind in enumerate((*OF_A_PROGRAMME, *OF_A_PERSON, *OF_A_GROUP))
}
_LEAST: Final = 1000
LAST_OF_ALL: Final = 2000


def trust(kind: str) -> int:
    """Smaller means trusted more as the key of a programme's record; contacts are never used."""
    return LAST_OF_ALL if kind in OF_A_CONTACT else _TRUST.get(kind, _LEAST)


def trust_as_subject(kind: str) -> int:
    """Smaller means better as the name of a person across programmes: national identifiers
    first, a programme's own number only where there is nothing else."""
    return LAST_OF_ALL - 1 if kind in OF_A_PROGRAMME else trust(kind)


def identifies(kind: str) -> str:
    """Whom an identifier of this kind identifies: record, person, group or contact.

    A kind that nobody told us about is taken as a person's, as the standard's own are.
    """
    if kind in OF_A_PROGRAMME:
        return "record"
    if kind in OF_A_GROUP:
        return "group"
    return "contact" if kind in OF_A_CONTACT else "person"
