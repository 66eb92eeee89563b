"""What describes a programme: institution, legal status, function, contribution, type, unit."""

from __future__ import annotations

from typing import Final

from ibr.codelists.code_list import CodeList

PERSON: Final = 1
HOUSEHOLD: Final = 2
FAMILY: Final = 3

ASSISTANCE_UNIT = CodeList(
    "assistance_unit",
    {"1": "Member", "2": "Household", "3": "Family"},
    {"Person": "1", "Individual": "1"},
)
INSTITUTION_TYPE = CodeList(
    "institution_type",
    {
        "1": "Public",
        "2": "Private",
        "3": "International organization",
        "4": "NGO",
        "5": "CSO",
        "6": "Religious institution",
        "7": "Philanthropy",
        "8": "Other",
    },
)
LEGAL_STATUS = CodeList(
    "legal_status",
    {
        "1": "Anchored in national legislation",
        "2": "Not anchored in national legislation",
        "3": "Not yet implemented",
    },
)
SOCIAL_PROTECTION_FUNCTION = CodeList(
    "social_protection_functions",
    {
        "1": "Old age",
        "2": "Invalidity, disability, survivorship",
        "3": "Sickness",
        "4": "Maternity, paternity, children",
        "5": "Family",
        "6": "Access to education",
        "7": "Unemployment",
        "8": "Employment injury",
        "9": "Healthcare",
        "10": "Social work services",
        "11": "Public works programmes",
        "12": "Housing subsidies",
        "13": "Food and nutrition",
        "14": "Social assistance targeted at poverty reduction",
        "15": "Other support",
    },
)
CONTRIBUTION_TYPE = CodeList(
    "contribution_type",
    {"1": "Contributory, mandatory", "2": "Contributory, voluntary", "3": "Non-contributory"},
)
PROGRAMME_TYPE = CodeList(
    "programme_type",
    {
        "1": "Unconditional cash transfer",
        "2": "Conditional cash transfer",
        "3": "Universal categorical",
        "4": "Food and in-kind transfer",
        "5": "School feeding",
        "6": "Public works",
        "7": "Fee waiver or targeted subsidy",
        "8": "Other social assistance",
        "9": "Social insurance",
        "10": "Provident fund",
        "11": "Occupational pension",
        "12": "Notional defined contribution",
        "13": "Employer liability",
        "14": "Other, employment-related",
    },
)
BENEFIT_TYPE = CodeList(
    "benefit_type",
    {
        "1": "Cash",
        "2": "Voucher",
        "3": "In-kind",
        "4": "Training",
        "5": "Work opportunity",
        "6": "Insurance",
    },
)
