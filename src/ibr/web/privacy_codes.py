"""The words of budgets, alarms and protection as the pages name them."""

from __future__ import annotations

from ibr.codelists.code_list import CodeList

ALARM_RULE = CodeList(
    "alarm_rule",
    {
        "guessing": "Numbers one after the other, and hardly anybody found",
        "sequential": "Numbers one after the other",
        "used_up": "Budget used up",
        "low_hit_rate": "Very many asked about, almost nobody found",
        "never_known": "Almost nobody asked about is in any programme",
        "near_the_limit": "Close to the budget day after day",
        "out_of_reach": "Look-ups outside the officer's programmes and areas",
        "at_night": "Look-ups at night",
        "many_askers": "Many askers about the same person",
        "protected_opened": "Records of a protected person opened",
    },
)
ALARM_FACT = CodeList(
    "alarm_fact",
    {
        "people": "Different people",
        "found": "Found",
        "in_sequence": "One after the other",
        "today": "Different people that day",
        "allowed": "Allowed that day",
        "refused": "Questions refused",
        "at_night": "At night",
        "unknown": "In no programme",
        "outside": "Outside programmes and areas",
        "askers": "Different askers",
        "days": "Days counted",
        "records": "Look-ups",
        "reason_person_present": "Reason: the person is here",
        "reason_safety": "Reason: for the person's safety",
        "reason_payment_stopped": "Reason: a payment has stopped",
        "reason_court_order": "Reason: a court order",
    },
)
ALARM_OUTCOME = CodeList(
    "alarm_outcome",
    {
        "explained": "Explained: it was work",
        "false_alarm": "False alarm: the rule was wrong",
        "misuse": "Misuse: followed up outside the registry",
        "protected_need": "Needed: the person had to be served",
    },
)
PROTECTION_REASON = CodeList(
    "protection_reason",
    {
        "violence": "Violence in the family",
        "threatened": "Threatened by somebody",
        "witness": "Witness",
        "child_in_care": "Child in care",
        "court_order": "Court order",
    },
)
OPENED_FOR = CodeList(
    "opened_for",
    {
        "person_present": "The person is here and asks for it",
        "safety": "For the person's safety",
        "payment_stopped": "A payment to the person has stopped",
        "court_order": "A court order",
    },
)
LISTS = {
    "ALARM_RULE": ALARM_RULE,
    "ALARM_FACT": ALARM_FACT,
    "ALARM_OUTCOME": ALARM_OUTCOME,
    "PROTECTION_REASON": PROTECTION_REASON,
    "OPENED_FOR": OPENED_FOR,
}
