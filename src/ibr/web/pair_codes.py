"""Words of the pages about programme pairs and findings, in the form of the other code lists."""

from __future__ import annotations

from ibr.codelists.code_list import CodeList

RELATION_OF_PROGRAMMES = CodeList(
    "programme_relation",
    {
        "incompatible": "Exclude each other",
        "allowed": "May go together",
        "complementary": "Belong together",
    },
)
PAIR_UNIT = CodeList("pair_unit", {"person": "of one person", "household": "of one household"})
SEVERITY = CodeList("severity", {"3": "Look now", "2": "Look soon", "1": "Look when there is time"})
CLOSED_WHY = CodeList(
    "closed_why",
    {
        "no_longer_found": "No longer found",
        "rule_changed": "The rule was changed",
        "exempt": "Lawfully exempt",
        "person_changed": "It was worked out anew who is who",
        "decided": "Decided in a case",
    },
)
LISTS = {
    "RELATION_OF_PROGRAMMES": RELATION_OF_PROGRAMMES,
    "PAIR_UNIT": PAIR_UNIT,
    "SEVERITY": SEVERITY,
    "CLOSED_WHY": CLOSED_WHY,
}
