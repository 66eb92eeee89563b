"""The registry's own codes as the pages name them, in the form of the other code lists."""

from __future__ import annotations

from ibr.access.scopes import SCOPES
from ibr.codelists.code_list import CodeList
from ibr.codelists.identifier_types import OF_A_PROGRAMME
from ibr.sources.attributes import ATTRIBUTES
from ibr.web import (
    audit_codes,
    case_codes,
    dimension_words,
    feed_codes,
    figure_codes,
    file_codes,
    keeping_codes,
    link_codes,
    pair_codes,
    people_codes,
    privacy_codes,
    release_codes,
    sign_in_codes,
    subject_codes,
)
from ibr.web.causes import CAUSE, FACT
from ibr.web.letter_words import REASON
from ibr.web.outcome_words import OUTCOME

PURPOSE = CodeList(
    "purpose",
    {
        "enrolment_check": "Check before or during enrolment",
        "complaint": "Complaint or appeal",
        "data_correction": "Correction of data",
        "audit": "Audit",
        "help_desk_request": "The person asked the help desk",
        "case_work": "Work on a case",
        "identity_review": "Finding out who is who",
        "own_access": "The person looked at their own data",
    },
)
IDENTIFIER = CodeList(
    "identifier_type",
    {
        "UIN": "Unique identification number (UIN)",
        "NID": "National identity number (NID)",
        "NATIONALID": "National identity number",
        "NATIONAL_ID": "National identity number",
        "BRN": "Birth registration number (BRN)",
        "PASSPORT": "Passport number",
        "DISABILITY_ID": "Disability card number",
        "HOUSEHOLD": "Household number",
        "HOUSEHOLD_ID": "Household number",
        "HOUSEHOLD_NUMBER": "Household number",
        "FAMILY_ID": "Family number",
        "GROUP_ID": "Group number",
        **dict.fromkeys(OF_A_PROGRAMME, "The programme's own number"),
    },
)
DELIVERY_STATE = CodeList(
    "delivery_state",
    {
        "received": "Being read",
        "done": "Done",
        "failed": "Failed",
        "held": "Held",
        "refused": "Not taken in",
        "voiding": "Being voided",
        "voided": "Void",
        "reinstating": "Being brought back",
    },
)
DELIVERY_ACT = CodeList(
    "delivery_act",
    {
        "held": "Held for a look",
        "released": "Let go",
        "refused": "Not taken in",
        "void_asked": "To be voided",
        "voided": "Voided",
        "reinstate_asked": "To be brought back",
        "reinstated": "Counts again",
        "undo_failed": "Could not be undone",
    },
)
DELIVERY_MODE = CodeList(
    "delivery_mode",
    {
        "initial": "First full delivery",
        "delta": "Changes",
        "correction": "Correction",
        "void": "Withdrawal",
    },
)
DOOR = CodeList("door", {"message": "Message", "file": "File"})
REPORTING = CodeList(
    "reporting",
    {"on_time": "Reported", "late": "Late", "never": "Never reported", "not_due": "Not due"},
)
QUESTION = CodeList(
    "question",
    {
        "enrolled": "Enrolled in a programme?",
        "search": "Search",
        "person_record": "Look-up of the records",
        "case": "Work on a case",
        "possible_link": "Comparison with another record",
        "possible_duplicates": "Check of an applicant",
        "notify": "Told of a change",
        "other_registry": "Asked of another registry",
    },
)
ANSWER = CodeList(
    "answer",
    {
        "yes": "Yes",
        "no": "No",
        "records": "Records shown",
        "none": "Nothing found",
        "refused": "Refused",
        "sent": "Sent",
    },
)
ASKER = CodeList(
    "asker",
    {
        "partner": "Partner system",
        "officer": "Officer",
        "person": "The person themself",
        "registry": "Registry",
    },
)
RECORD_ROLE = CodeList(
    "record_role",
    {
        "0": "The person, or head of the household",
        "1": "The household",
        "2": "Member of the household",
    },
)
UNIT = CodeList("serves", {"1": "People", "2": "Households", "3": "Families"})
SEX_PLURAL = CodeList("sex_plural", {"female": "Women and girls", "male": "Men and boys"})
# The relations that most households are made of; others are shown by their code.
RELATION = CodeList(
    "relationship",
    {
        "SPS": "Spouse",
        "HUSB": "Husband",
        "WIFE": "Wife",
        "CHILD": "Child",
        "NCHILD": "Child",
        "SON": "Son",
        "SONC": "Son",
        "DAU": "Daughter",
        "DAUC": "Daughter",
        "PRN": "Parent",
        "MTH": "Mother",
        "FTH": "Father",
        "SIB": "Sibling",
        "BRO": "Brother",
        "SIS": "Sister",
        "GRNDCHILD": "Grandchild",
        "GRPRN": "Grandparent",
        "EXT": "Other relative",
        "FAMMEMB": "Family member",
    },
)
KEY_USE = CodeList("key_use", {"sig": "Signing", "enc": "Encryption", "token": "Tokens"})
KEY_STATE = CodeList(
    "key_state",
    {"counts": "Counts", "coming": "Announced", "ended": "Ended", "revoked": "Revoked"},
)
PARTNER_SCOPE = CodeList("partner_scope", SCOPES)
SAMPLE = CodeList(
    "sample",
    {
        "enrollment_updates": "Report enrolments and benefits",
        "enrolled": "Is this person enrolled?",
        "sync_search": "Search, answered at once",
        "search": "Search, answered by a callback",
        "subscribe": "Subscribe to changes",
        "unsubscribe": "End a subscription",
        "sync_txn_status": "What became of a message, answered at once",
        "txn_status": "What became of a message, answered by a callback",
    },
)
DIRECTION = CodeList("direction", {"in": "Arrived here", "out": "Sent by the registry"})
VERDICT = CodeList("verdict", {"accepted": "Accepted", "refused": "Refused"})
SENT_VERDICT = CodeList("sent_verdict", {"accepted": "Delivered", "refused": "Failed"})
SIGNATURE = CodeList(
    "signature",
    {
        "verified": "Verified",
        "off": "Not required of you",
        "wrong": "Does not hold",
        "unchecked": "Not looked at",
        "ours": "By the registry",
    },
)
PROMISE_STATE = CodeList(
    "promise_state",
    {
        "waiting": "Waiting",
        "delivered": "Delivered",
        "dead": "Given up",
        "withdrawn": "Withdrawn",
    },
)
ATTRIBUTE = CodeList("told_attribute", {code: each.label for code, each in ATTRIBUTES.items()})
SOURCE = CodeList(
    "source",
    {"social": "Social registry", "disability": "Disability registry", "civil": "Civil registry"},
)
VITAL = CodeList("vital_status", {"alive": "No death registered", "deceased": "Deceased"})
TRUTH = CodeList("truth", {"true": "Yes", "false": "No"})
LISTS = {
    **audit_codes.LISTS,
    **case_codes.LISTS,
    **file_codes.LISTS,
    "LETTER_REASON": REASON,
    **keeping_codes.LISTS,
    **link_codes.LISTS,
    **pair_codes.LISTS,
    **figure_codes.LISTS,
    **dimension_words.LISTS,
    **feed_codes.LISTS,
    **release_codes.LISTS,
    "OUTCOME": OUTCOME,
    "ATTRIBUTE": ATTRIBUTE,
    "SOURCE": SOURCE,
    "VITAL": VITAL,
    "TRUTH": TRUTH,
    "KEY_USE": KEY_USE,
    "KEY_STATE": KEY_STATE,
    "PARTNER_SCOPE": PARTNER_SCOPE,
    "SAMPLE": SAMPLE,
    "DIRECTION": DIRECTION,
    "VERDICT": VERDICT,
    "SENT_VERDICT": SENT_VERDICT,
    "SIGNATURE": SIGNATURE,
    "PROMISE_STATE": PROMISE_STATE,
    "CAUSE": CAUSE,
    "FACT": FACT,
    "UNIT": UNIT,
    "SEX_PLURAL": SEX_PLURAL,
    "RELATION": RELATION,
    **people_codes.LISTS,
    **privacy_codes.LISTS,
    **sign_in_codes.LISTS,
    **subject_codes.LISTS,
    "PURPOSE": PURPOSE,
    "IDENTIFIER": IDENTIFIER,
    "STATE": DELIVERY_STATE,
    "DELIVERY_ACT": DELIVERY_ACT,
    "MODE": DELIVERY_MODE,
    "DOOR": DOOR,
    "REPORTING": REPORTING,
    "QUESTION": QUESTION,
    "ANSWER": ANSWER,
    "ASKER": ASKER,
    "RECORD_ROLE": RECORD_ROLE,
}
