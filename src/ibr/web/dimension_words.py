"""What the dimensions of figures are called in a sentence and over a list."""

from __future__ import annotations

from ibr.codelists.code_list import CodeList

DIMENSION = CodeList(
    "figure_dimension",
    {
        "programme": "programme",
        "function": "function of social protection",
        "benefit_type": "type of benefit",
        "area1": "region",
        "area2": "district",
        "sex": "sex",
        "age": "age",
        "disability": "disability",
        "with": "other programme",
        "to": "programme gone to",
        "combination": "combination of programmes",
        "programmes": "number of programmes",
        "currency": "currency",
        "series": "series",
        "field": "field",
        "part": "part",
    },
)
LEAD = CodeList(
    "figure_lead",
    {"programme": "Programmes", "function": "Functions", "benefit_type": "Types of benefit"},
)
UNIT_OF_FIGURES = CodeList(
    "figure_unit",
    {
        "persons": "people, each counted once",
        "households": "households, each counted once",
        "share": "percent",
        "ratio": "ratio",
        "money": "money",
        "days": "days",
        "cases": "cases",
        "records": "records",
        "number": "number",
    },
)
DISCLOSURE_RULE = CodeList(
    "disclosure_rule",
    {
        "persons": "As counts of people: small figures, and those that would give them away, "
        "are withheld outside the ministry.",
        "money": "As money that people received: withheld outside the ministry where few people "
        "or one large amount stand behind it.",
        "open": "Nobody is counted, so nothing is withheld.",
    },
)
LISTS = {
    "FIGURE_DIMENSION": DIMENSION,
    "FIGURE_LEAD": LEAD,
    "FIGURE_UNIT": UNIT_OF_FIGURES,
    "DISCLOSURE_RULE": DISCLOSURE_RULE,
}
