"""Words of the reporting calendar, in the form of the other code lists."""

from __future__ import annotations

from ibr.codelists.code_list import CodeList

FEED_STATE = CodeList(
    "feed_state",
    {
        "on_time": "In time",
        "late": "Came late",
        "awaited": "Awaited, there is time left",
        "missing": "Missing after its last day",
    },
)
REMINDER_STEP = CodeList(
    "reminder_step",
    {"before": "before the last day", "late": "when it was late", "escalation": "escalated"},
)
REMINDER_MAIL = CodeList(
    "reminder_mail",
    {
        "waiting": "the letter waits",
        "sent": "the letter was sent",
        "given_up": "the letter was given up",
        "none": "no letter",
    },
)
MAIL_OUTCOME = CodeList(
    "mail_outcome",
    {
        "taken": "taken by the mail server",
        "partly_taken": "one of two addresses was refused",
        "recipient_refused": "the mail server refused the address",
        "sender_refused": "the mail server refused the sender",
        "letter_refused": "the mail server refused the letter",
        "not_let_in": "the mail server did not let the registry in",
        "no_encryption": "the mail server does not encrypt",
        "certificate": "the mail server's certificate does not hold",
        "no_answer": "the mail server does not answer",
        "nobody_named": "nobody is named any more",
        "came_meanwhile": "the report came meanwhile",
        "not_due_any_more": "the report is not due any more",
    },
)
LISTS = {
    "FEED_STATE": FEED_STATE,
    "REMINDER_STEP": REMINDER_STEP,
    "REMINDER_MAIL": REMINDER_MAIL,
    "MAIL_OUTCOME": MAIL_OUTCOME,
}
