"""What describes a person: sex, marital status, education, work, functioning (CD.COM, CD.SR)."""

from __future__ import annotations

from ibr.codelists.code_list import CodeList

SEX = CodeList(
    "sex",
    {"male": "Male", "female": "Female", "other": "Other", "unknown": "Unknown"},
    {
        "m": "male",
        "f": "female",
        "others": "other",
        "u": "unknown",
        "man": "male",
        "woman": "female",
    },
)
# How sex is kept in the database: a small number, in the order of the list.
SEX_NUMBER = {"male": 1, "female": 2, "other": 3, "unknown": 0}
SEX_OF_NUMBER = {number: code for code, number in SEX_NUMBER.items()}

MARITAL_STATUS = CodeList(
    "marital_status",
    {
        "S": "Never married",
        "M": "Married",
        "W": "Widowed",
        "A": "Annulled",
        "D": "Divorced",
        "L": "Legally separated",
        "U": "Unmarried",
    },
    {"Single": "S", "Widow": "W", "Widower": "W", "Separated": "L"},
)
EDUCATION_LEVEL = CodeList(
    "education_level",
    {
        "0": "Early childhood",
        "1": "Primary",
        "2": "Lower secondary",
        "3": "Upper secondary",
        "4": "Post-secondary non-tertiary",
        "5": "Short-cycle tertiary",
        "6": "Bachelor's or equivalent",
        "7": "Master's",
        "8": "Doctorate",
    },
    {"Secondary": "3", "High school": "3", "Bachelor": "6"},
)
EMPLOYMENT_STATUS = CodeList(
    "employment_status",
    {
        "1": "Employed",
        "2": "Not employed",
        "3": "Unknown",
        "4": "Employee",
        "5": "Employer",
        "6": "Own-account worker",
        "7": "Member of a producers' cooperative",
        "8": "Contributing family worker",
    },
    {"Unemployed": "2"},
)
OCCUPATION = CodeList(
    "occupation",
    {
        "0": "Armed forces",
        "1": "Manager",
        "2": "Professional",
        "3": "Technician or associate professional",
        "4": "Clerical support",
        "5": "Service and sales",
        "6": "Skilled agricultural, forestry and fishery",
        "7": "Craft and related trades",
        "8": "Plant and machine operator, assembler",
        "9": "Elementary",
    },
)
FUNCTIONAL_LIMITATION = CodeList(
    "functional_limitation_type",
    {
        "VIS_SS": "Vision",
        "HEAR_SS": "Hearing",
        "MOB_SS": "Mobility",
        "COG_SS": "Cognition",
        "SC_SS": "Self care",
        "COM_SS": "Communication",
    },
)
FUNCTIONAL_SEVERITY = CodeList(
    "functional_severity",
    {
        "1": "No difficulty",
        "2": "Some difficulty",
        "3": "A lot of difficulty",
        "4": "Cannot do at all",
    },
)
