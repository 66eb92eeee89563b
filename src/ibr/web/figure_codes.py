"""Words of the pages of figures, in the form of the other code lists."""

from __future__ import annotations

from ibr.codelists.code_list import CodeList

NOTE = CodeList(
    "figure_note",
    {
        "over_100": "More than the whole: check the denominator and look for duplicates.",
        "no_denominator": "No figure to divide by was imported.",
        "partly_known": "The registry knows only part of this; the definition says which.",
    },
)
DIMENSION = CodeList(
    "figure_dimension",
    {
        "programme": "programme",
        "function": "function",
        "benefit_type": "type of benefit",
        "area1": "region",
        "area2": "district",
        "sex": "sex",
        "age": "age",
        "disability": "disability",
        "with": "second programme",
        "to": "programme gone to",
        "combination": "combination",
        "programmes": "number of programmes",
        "currency": "currency",
        "series": "series",
        "field": "field",
        "part": "part",
    },
)
REFERENCE = CodeList(
    "reference_amount",
    {
        "poverty_line": "Poverty line",
        "minimum_wage": "Minimum wage",
        "food_basket": "Food basket",
        "statutory_pension": "Statutory pension",
    },
)
FIELD_NAME = CodeList(
    "reported_field",
    {
        "birth_date": "Date of birth",
        "identifier": "Number of the person",
        "region_code": "Region",
        "sub_region_code": "District",
        "sex": "Sex",
        "name": "Name",
        "is_disabled": "Disability",
        "group_size": "Size of the household",
        "enrollment_date": "Day of enrolment",
        "enrollment_status": "Status of enrolment",
    },
)
PARITY = CodeList(
    "parity",
    {
        "women_men": "Women over men",
        "disabled_others": "People with a disability over others",
    },
)
LEFT_WHY = CodeList(
    "left_why",
    {
        "death": "Death",
        "aged_out": "Too old for the programme",
        "graduated": "Graduated or ended as planned",
        "suspended": "Suspended",
        "inactive": "Inactive",
        "unknown": "Not known",
    },
)
LISTS = {
    "FIGURE_NOTE": NOTE,
    "DIMENSION": DIMENSION,
    "REFERENCE": REFERENCE,
    "FIELD_NAME": FIELD_NAME,
    "PARITY": PARITY,
    "LEFT_WHY": LEFT_WHY,
}
