"""Words for classes of data, holds, erasures and extracts."""

from __future__ import annotations

from typing import Final

from ibr.codelists.code_list import CodeList
from ibr.keeping.processing.model import MEASURES, RISKS
from ibr.publish.research.model import COLUMNS

DATA_CLASS: Final = CodeList(
    "data_class",
    {
        "delivery_bytes": "Bytes of deliveries, after they were taken in",
        "record_versions": "Earlier versions of records, after they were learned",
        "ended_enrolments": "The person behind an enrolment, after its end",
        "withdrawn": "What stood until a delivery was voided, after that",
        "search_answers": "Requests for records and their answers, after they came",
        "told_elsewhere": "What other registries told, after that",
        "case_notes": "Notes and letters of cases, after the case was closed",
        "closed_findings": "Findings of checks, after they were closed",
        "help_visits": "Visits at the help desk with their requests, after their end",
    },
)
DISPOSAL: Final = CodeList(
    "disposal", {"delete": "Delete", "pseudonymise": "Take the person out, keep what was paid"}
)
HOLD_KIND: Final = CodeList(
    "hold_kind", {"person": "A person", "programme": "A programme", "class": "A class of data"}
)
GROUND: Final = CodeList(
    "erasure_ground",
    {
        "request": "The person asks for it",
        "unlawful": "It should never have been recorded",
        "court_order": "A court orders it",
    },
)
ERASURE_STATE: Final = CodeList(
    "erasure_state",
    {
        "approved": "Approved, being carried out",
        "rows_gone": "Gone, keys being destroyed",
        "done": "Done",
    },
)
EXTRACT_STATE: Final = CodeList(
    "extract_state",
    {
        "approved": "Approved, being made",
        "ready": "Ready, to be taken once",
        "taken": "Taken",
        "expired": "Over",
        "failed": "Could not be made: too many records",
    },
)
EXTRACT_COLUMN: Final = CodeList("extract_column", dict(COLUMNS))
REVIEW_DUE: Final = CodeList(
    "review_due",
    {
        "never": "Nobody has gone through this record yet.",
        "changed": "A feed, rule, column or measure has changed since the last review.",
        "year": "The last review is more than a year ago.",
    },
)
MEASURE: Final = CodeList("measure", MEASURES)
RISK: Final = CodeList("privacy_risk", {each.code: each.words for each in RISKS})
LISTS: Final = {
    "EXTRACT_STATE": EXTRACT_STATE,
    "EXTRACT_COLUMN": EXTRACT_COLUMN,
    "REVIEW_DUE": REVIEW_DUE,
    "MEASURE": MEASURE,
    "RISK": RISK,
    "DATA_CLASS": DATA_CLASS,
    "DISPOSAL": DISPOSAL,
    "HOLD_KIND": HOLD_KIND,
    "GROUND": GROUND,
    "ERASURE_STATE": ERASURE_STATE,
}
