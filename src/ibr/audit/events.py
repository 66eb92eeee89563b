"""The catalogue of audit events: every kind by name, with what it says. Documented one by one."""

from __future__ import annotations

from typing import Final

QUESTION_ENROLLED: Final = "question.enrolled"
QUESTION_SEARCH: Final = "question.search"
QUESTION_PERSON: Final = "question.person_record"
QUESTION_REFUSED: Final = "question.refused"
DELIVERY_DONE: Final = "delivery.done"
DELIVERY_REFUSED: Final = "delivery.refused"
SIGNATURE_REFUSED: Final = "signature.refused"
TOKEN_GIVEN: Final = "token.given"
TOKEN_REFUSED: Final = "token.refused"
SIGNED_IN: Final = "officer.signed_in"
SIGN_IN_REFUSED: Final = "officer.sign_in_refused"
SIGNED_OUT: Final = "officer.signed_out"
PARTNER_ADDED: Final = "partner.added"
PARTNER_SUSPENDED: Final = "partner.suspended"
PARTNER_KEYS: Final = "partner.keys_changed"
OFFICER_ADDED: Final = "officer.added"
PROGRAMME_ADDED: Final = "programme.added"

CATALOGUE: Final = {
    QUESTION_ENROLLED: "A yes/no question was answered: programme, purpose, number of subjects.",
    QUESTION_SEARCH: "A search was answered: purpose, number of records shown.",
    QUESTION_PERSON: "An officer opened a person's records: purpose, number of records shown.",
    QUESTION_REFUSED: "A question was refused: which, and the reason.",
    DELIVERY_DONE: "A delivery was stored: programmes, counts of stored and refused records.",
    DELIVERY_REFUSED: "A delivery was refused as a whole: the reason.",
    SIGNATURE_REFUSED: "A message was refused because its signature is missing or does not hold.",
    TOKEN_GIVEN: "A partner got a bearer token.",
    TOKEN_REFUSED: "A token was asked for with a wrong or unknown client secret.",
    SIGNED_IN: "An officer signed in.",
    SIGN_IN_REFUSED: "Somebody tried to sign in with a wrong address or password.",
    SIGNED_OUT: "An officer signed out.",
    PARTNER_ADDED: "A partner was added: programmes, scopes, signature policy.",
    PARTNER_SUSPENDED: "A partner was shut out, or let in again.",
    PARTNER_KEYS: "A partner's keys were added or revoked: which.",
    OFFICER_ADDED: "An officer was added: role.",
    PROGRAMME_ADDED: "A programme was added or amended.",
}
