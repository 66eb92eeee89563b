"""Possible links as the pages name what is in them: answers, reasons, fields, evidence."""

from __future__ import annotations

from ibr.codelists.code_list import CodeList
from ibr.identity.weights.explain import WORDS

LINK_ANSWER = CodeList(
    "link_answer",
    {
        "same": "Same person",
        "different": "Different people",
        "unsure": "Not sure",
        "withdrawn": "Taken back",
    },
)
LINK_REASON = CodeList(
    "link_reason",
    {
        "same_number": "A number of the person is the same",
        "same_details": "Names and birth date agree",
        "same_household": "The same people live with them",
        "name_written_otherwise": "The name is only written otherwise",
        "moved": "Moved or married; the rest agrees",
        "twins": "Twins, or siblings born close together",
        "other_family_member": "Another member of the same family",
        "namesake": "Same name, but somebody else",
        "other_birth": "The birth dates cannot both be right for one person",
        "other_number": "The numbers of the person differ",
        "other_household": "Other people live with them",
        "too_little_known": "Too little is known",
        "contradiction": "What is known contradicts itself",
        "ask_programme": "The programme has to be asked",
        "taken_back": "Taken back by the reviewer",
    },
)
LINK_WHY = CodeList(
    "link_why",
    {
        "": "In doubt by its weight",
        "weight": "In doubt by its weight",
        "conflict": "Heavy enough, but something contradicts it",
        "too_large": "Heavy enough, but the person would become too large",
        "differ": "Two opinions differ",
    },
)
LINK_MARK = CodeList(
    "link_mark",
    {
        "same": "Same",
        "alike": "Alike",
        "differs": "Differs",
        "one": "One side only",
        "neither": "Not known",
    },
)
LINK_FIELD = CodeList(
    "link_field",
    {
        "given": "Given name",
        "father": "Second name or father's name",
        "family": "Family name",
        "maiden": "Name before marriage",
        "birth": "Date of birth",
        "sex": "Sex",
        "death": "Date of death",
        "region": "Region",
        "district": "District",
        "village": "Village or quarter",
        "number:PHONE": "Phone",
        "number:EMAIL": "E-mail address",
        "number:ACCOUNT": "Account",
    },
)
LINK_PART = CodeList(
    "link_part",
    {
        "prior": "To begin with",
        "given": "Given name",
        "family": "Family and home",
        "birth": "Birth date",
        "sex": "Sex",
        "uin": "National number",
        "numbers": "Other numbers",
        "companions": "Others in the household",
    },
)
LINK_STRENGTH = CodeList(
    "link_strength",
    {
        "3": "strongly for one person",
        "2": "for one person",
        "1": "slightly for one person",
        "0": "says nothing",
        "-1": "slightly against",
        "-2": "against one person",
        "-3": "strongly against",
    },
)
LINK_WORDS = CodeList("link_words", WORDS)
LISTS = {
    "LINK_ANSWER": LINK_ANSWER,
    "LINK_REASON": LINK_REASON,
    "LINK_WHY": LINK_WHY,
    "LINK_MARK": LINK_MARK,
    "LINK_FIELD": LINK_FIELD,
    "LINK_PART": LINK_PART,
    "LINK_STRENGTH": LINK_STRENGTH,
    "LINK_WORDS": LINK_WORDS,
}
