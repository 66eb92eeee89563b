"""The words of visits at the help desk and of people's requests as the pages name them."""

from __future__ import annotations

from ibr.codelists.code_list import CodeList

PROOF = CodeList(
    "identity_proof",
    {
        "identity_card": "National identity card",
        "passport": "Passport",
        "birth_certificate": "Birth certificate, with the adult who has custody",
        "fingerprint": "Fingerprint, checked by the civil registry",
        "known_witness": "Two witnesses known to the office",
    },
)
AGREED_BY = CodeList(
    "agreed_by",
    {
        "person": "The person",
        "guardian": "A parent or guardian, for a child",
        "representative": "Whoever represents the person by law",
    },
)
FIELD = CodeList(
    "own_field",
    {
        "name": "Name",
        "sex": "Sex",
        "birth_date": "Date of birth",
        "death_date": "Date of death",
        "address": "Address",
        "phone": "Phone",
        "email": "E-mail",
        "marital_status": "Marital status",
        "employment_status": "Employment",
        "occupation": "Occupation",
        "income_level": "Income",
        "education_level": "Education",
        "disability": "Disability",
        "language": "Languages",
        "further": "Further",
        "identifier": "Number",
        "processing": "The programme's use of the data",
        "not_mine": "The record is not this person's",
    },
)
YES_NO = CodeList("yes_no", {"yes": "Yes", "no": "No"})
REQUEST_KIND = CodeList("person_request", {"correction": "Correction", "objection": "Objection"})
REQUEST_STATE = CodeList(
    "person_request_state",
    {
        "open": "Waits for the programme",
        "late": "Late",
        "awaited": "Accepted, not yet in a delivery",
        "refused": "Refused",
        "done": "Done",
    },
)
REQUEST_VIEW = CodeList(
    "person_request_view",
    {
        "open": "To be answered",
        "late": "Late",
        "awaited": "Accepted, awaited in a delivery",
        "answered": "Refused or done",
    },
)
REQUEST_ANSWER = CodeList("person_request_answer", {"accepted": "Accepted", "refused": "Refused"})
REQUEST_REASON = CodeList(
    "person_request_reason",
    {
        "will_be_corrected": "Right: the programme corrects it in its system",
        "will_stop": "Right: the programme stops using it",
        "not_theirs": "Right: the record is somebody else's",
        "correct_as_it_is": "What stands there is right",
        "proof_missing": "Proof is missing; bring it to the programme's office",
        "law_requires": "The law requires the programme to keep it so",
    },
)
DONE_HOW = CodeList(
    "person_request_done",
    {
        "as_asked": "A delivery carries it as asked",
        "otherwise": "A delivery carries another value",
    },
)
LISTS = {
    "PROOF": PROOF,
    "AGREED_BY": AGREED_BY,
    "FIELD": FIELD,
    "YES_NO": YES_NO,
    "REQUEST_KIND": REQUEST_KIND,
    "REQUEST_STATE": REQUEST_STATE,
    "REQUEST_VIEW": REQUEST_VIEW,
    "REQUEST_ANSWER": REQUEST_ANSWER,
    "REQUEST_REASON": REQUEST_REASON,
    "DONE_HOW": DONE_HOW,
}
