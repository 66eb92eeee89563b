"""The words of cases as the pages name them: states, steps, reasons, outcomes, refusals."""

from __future__ import annotations

from ibr.codelists.code_list import CodeList
from ibr.overlaps.checks.catalogue import CHECKS

CHECK = CodeList("check", {check.code: check.title for check in CHECKS})
SEVERITY = CodeList("severity", {"1": "When there is time", "2": "Soon", "3": "Now"})
CASE_STATE = CodeList(
    "case_state",
    {
        "triage": "New",
        "assigned": "Assigned",
        "information": "Information asked for",
        "field_check": "Field check",
        "proposed": "Decision proposed",
        "approved": "Approved, to be told",
        "notified": "Letter on its way",
        "appeal_window": "Time to appeal",
        "appealed": "Appealed",
        "effective": "In effect",
        "closed": "Closed",
        "withdrawn": "Withdrawn",
    },
)
CASE_VIEW = CodeList(
    "case_view",
    {
        "mine": "Mine",
        "overdue": "Overdue",
        "due": "Due within a week",
        "to_approve": "To be approved",
        "unassigned": "Nobody's yet",
        "on_hold": "On hold",
        "open": "All open",
        "closed": "Closed",
    },
)
CASE_ACTION = CodeList(
    "case_action",
    {
        "assign": "Assign",
        "note": "Write a note",
        "request_information": "Ask for information",
        "information_received": "Information has come",
        "field_check": "Order a field check",
        "field_check_done": "Field check is done",
        "order_hold": "Order an interim hold",
        "release_hold": "Release the hold",
        "propose": "Propose a decision",
        "send_back": "Send back",
        "approve": "Approve",
        "notify": "Make the letter",
        "delivered": "Letter was handed over",
        "appeal": "An appeal has come",
        "uphold_appeal": "Decide for the person",
        "reject_appeal": "Reject the appeal",
        "take_effect": "Decision takes effect",
        "close": "Close",
        "withdraw": "Withdraw",
        "end_exception": "End the lawful exception",
    },
)
# The same steps as the history of a case tells them.
CASE_DONE = CodeList(
    "case_done",
    {
        "open": "Case opened",
        "add_finding": "A finding was added",
        "assign": "Assigned",
        "note": "Note",
        "request_information": "Information asked for",
        "information_received": "Information has come",
        "field_check": "Field check ordered",
        "field_check_done": "Field check done",
        "order_hold": "Interim hold ordered",
        "release_hold": "Hold released",
        "propose": "Decision proposed",
        "send_back": "Sent back",
        "approve": "Approved",
        "notify": "Letter made",
        "delivered": "Letter handed over",
        "appeal": "Appeal lodged",
        "uphold_appeal": "Decided for the person",
        "reject_appeal": "Appeal rejected",
        "take_effect": "Decision took effect",
        "close": "Closed",
        "withdraw": "Withdrawn",
        "end_exception": "Lawful exception ended",
        "undo": "Step taken back",
        "hold_over": "Hold ended by itself",
        "finding_gone": "No longer found",
        "exempt": "Lawfully exempt",
        "money": "Sum noted",
    },
)
CASE_OUTCOME = CodeList(
    "case_outcome",
    {
        "error_claimant": "Error of the claimant",
        "error_official": "Error of an official",
        "error_data": "Error in the data",
        "fraud_suspicion": "Suspected fraud, to the authority",
        "corruption_suspicion": "Suspected corruption, to the authority",
        "not_confirmed": "Not confirmed",
        "data_corrected": "Data corrected",
        "lawful_exception": "Lawful exception",
    },
)
CASE_REASON = CodeList(
    "case_reason",
    {
        "ask_person": "Asked the person",
        "ask_office": "Asked the office",
        "ask_source": "Asked the source of the data",
        "answered": "Answered",
        "answered_in_part": "Answered in part",
        "not_reached": "Nobody was reached",
        "home_visit": "Visit at home",
        "office_visit": "Visit at the office",
        "call": "Call",
        "met": "The person was met",
        "not_met": "The person was not met",
        "data_found": "Records were found",
        "paid_twice_soon": "A second payment is near",
        "deceased_two_sources": "Two sources report a death",
        "identity_misused": "Somebody uses another's identity",
        "cleared": "Cleared up",
        "hardship": "Hardship",
        "appeal_lodged": "An appeal was lodged",
        "no_reason_left": "The reason is gone",
        "evidence_clear": "The evidence is clear",
        "person_agrees": "The person agrees",
        "source_confirms": "The source confirms it",
        "law_says": "The law says so",
        "more_evidence": "More evidence is needed",
        "not_heard": "The person was not heard",
        "wrong": "The proposal is wrong",
        "by_hand": "By hand",
        "by_post": "By post",
        "read_out": "Read out",
        "in_time": "In time",
        "late_accepted": "Late, accepted all the same",
        "facts_wrong": "The facts were wrong",
        "law": "The law was read wrongly",
        "facts_stand": "The facts stand",
        "too_late": "Too late",
        "programme_acted": "The programme has acted",
        "nothing_to_do": "Nothing is left to do",
        "same_as_another": "Same as another case",
        "person_died": "The person has died",
        "no_longer_served": "No longer in the programme",
        "mistake": "Opened by mistake",
        "no_longer_lawful": "It is no longer lawful",
        "finding_gone": "The finding is gone",
        **CASE_OUTCOME.labels,
    },
)
CLOSED_WHY = CodeList(
    "closed_why",
    {
        "finding_gone": "No longer found",
        "exempt": "Lawfully exempt",
        "cleared": "Nothing to decide against anybody",
        "referred": "Handed to the authority, which decides",
        "overturned": "Decided for the person on appeal",
        "exception_ended": "The lawful exception was ended",
        **{code: CASE_REASON.labels[code] for code in ("programme_acted", "nothing_to_do")},
        **{
            code: CASE_REASON.labels[code]
            for code in ("same_as_another", "person_died", "no_longer_served", "mistake")
        },
    },
)
CASE_RIGHT = CodeList(
    "case_right",
    {
        "case_assign": "whoever hands out cases",
        "case_decide": "an officer of the programme",
        "case_approve": "a second officer of the programme",
    },
)
CASE_LETTER = CodeList(
    "case_letter",
    {"information": "Question", "decision": "Decision", "appeal": "Answer to the appeal"},
)
CASE_MONEY = CodeList(
    "case_money",
    {"stopped": "Stopped", "recovered": "Recovered", "restored": "Given back to the person"},
)
CASE_NOTICE = CodeList(
    "case_notice",
    {
        "opened": "A case was opened",
        "decided": "A decision was approved",
        "overturned": "The decision was overturned",
        "ended": "Ended without a decision",
    },
)
# What a refused step says on the page, by the code of the refusal.
CASE_REFUSAL = CodeList(
    "case_refusal",
    {
        "case.changed": "Somebody else has worked on this case since you opened it. You see it as "
        "it is now; what you wrote is still in the form.",
        "case.not_from_here": "That step does not lead on from where the case stands now. What is "
        "possible stands below.",
        "case.not_yours": "Your role does not allow this step.",
        "case.second_person": "Somebody else must take this step: it checks what you have done. "
        "Ask a colleague.",
        "case.too_early": "That comes by itself when its time is over, and not before.",
        "case.reason": "Choose the reason for this step.",
        "case.outcome": "Choose what you propose.",
        "case.exception_law": "Name the law or rule that allows it, in at most 500 characters.",
        "case.exception_until": "Name the last day on which it is lawful: after today, and within "
        "three years. After it, it is looked at again.",
        "case.not_heard": "The person must have been asked first, and have answered or let the "
        "time pass. Ask for information.",
        "case.hold_days": "A hold lasts at least one day and at most as long as this programme "
        "allows.",
        "case.held_before": "This person was on hold within the last year. A hold is not renewed; "
        "decide the case.",
        "case.delivered_on": "Write the day on which the letter was handed over: not before it was "
        "made, not after today.",
        "case.appeal_time": "Choose whether the appeal came in time, as the dates say.",
        "case.officer": "That officer does not work for this programme.",
        "case.note": "A note has at most 4,000 characters.",
        "case.note_empty": "Write the note first.",
        "case.letter": "The decision is told by a letter; choose its language.",
        "case.nothing_to_undo": "Only your own last step can be taken back.",
        "case.too_late_to_undo": "It is too late to take this step back. Take the step that "
        "corrects it.",
        "case.other_open": "Meanwhile another case about the same person was opened. Work on that "
        "one.",
        "case.money": "Write what it is, and a sum above nought.",
        "case.money_days": "Write the first and the last day, in this order, the first not after "
        "today.",
        "case.money_undecided": "Money is entered once something was decided and confirmed, never "
        "from a suspicion.",
        "case.money_settled": "It was confirmed or dropped already, or it is your own: somebody "
        "else confirms it.",
        "case.how_many": "Choose from 1 to 500 cases.",
    },
)
LISTS = {
    "CHECK": CHECK,
    "CASE_SEVERITY": SEVERITY,
    "CASE_STATE": CASE_STATE,
    "CASE_VIEW": CASE_VIEW,
    "CASE_ACTION": CASE_ACTION,
    "CASE_DONE": CASE_DONE,
    "CASE_OUTCOME": CASE_OUTCOME,
    "CASE_REASON": CASE_REASON,
    "CLOSED_WHY": CLOSED_WHY,
    "CASE_RIGHT": CASE_RIGHT,
    "CASE_LETTER": CASE_LETTER,
    "CASE_MONEY": CASE_MONEY,
    "CASE_NOTICE": CASE_NOTICE,
    "CASE_REFUSAL": CASE_REFUSAL,
}
