"""Words for codes in English, French, Spanish and Swahili, as lists write them."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from ibr.codelists.code_list import CodeList
from ibr.codelists.enrolment_status import ENROLMENT_STATUS
from ibr.codelists.people import (
    EDUCATION_LEVEL,
    EMPLOYMENT_STATUS,
    MARITAL_STATUS,
    OCCUPATION,
    SEX,
)
from ibr.codelists.programme_kinds import ASSISTANCE_UNIT, BENEFIT_TYPE
from ibr.files.mapping.model import words_of

# What somebody is to the head of their household; SELF is the head. As the standard's codes.
RELATIONSHIP: Final = CodeList(
    "relationship",
    {
        "SELF": "Head",
        "SPS": "Spouse",
        "CHILD": "Child",
        "PRN": "Parent",
        "SIB": "Sibling",
        "GRPRN": "Grandparent",
        "GRNDCHILD": "Grandchild",
        "FAMMEMB": "Other relative",
        "NOTREL": "Not related",
    },
)
CODE_LISTS: Final[dict[str, CodeList]] = {
    "sex": SEX,
    "status": ENROLMENT_STATUS,
    "benefit_type": BENEFIT_TYPE,
    "marital_status": MARITAL_STATUS,
    "education_level": EDUCATION_LEVEL,
    "employment_status": EMPLOYMENT_STATUS,
    "occupation": OCCUPATION,
    "unit": ASSISTANCE_UNIT,
    "relationship": RELATIONSHIP,
}
_WORDS: Final[dict[str, dict[str, str]]] = {
    "sex": {
        "male": "h homme masculin mâle masculino hombre varon me mume mwanaume mvulana mwanamume",
        "female": "f femme féminin feminino femenino mujer ke mke mwanamke msichana femme fille w",
        "other": "autre otro otra nyingine x",
        "unknown": "inconnu inconnue desconocido haijulikani nd na",
    },
    "status": {
        "1": "actif active activo activa enrolled current yes inscrit hai anafanya-kazi hai "
        "anapokea en-cours encours paid beneficiary in approved",
        "2": "décédé décédée decede mort fallecido fallecida muerto amefariki amekufa marehemu "
        "died dead",
        "3": "sorti sortie diplômé exited exit graduated egresado egresada salido amehitimu "
        "ametoka completed out left",
        "4": "suspendu suspendue suspendido suspendida amesimamishwa amesitishwa on-hold hold "
        "stopped",
        "5": "inactif inactive inactivo inactiva si-hai siohai dormant",
        "6": "réintégré reinstated reintegrado reactivated rétabli amerejeshwa",
        "7": "en-attente awaiting-renewal a-renouveler renouvellement en-renovacion "
        "anasubiri renewal",
    },
    "benefit_type": {
        "1": "cash espèces argent transfert-monétaire efectivo dinero transferencia fedha taslimu "
        "pesa mobile-money money transfer cash-transfer pension",
        "2": "voucher bon coupon vale cupón vocha hundi",
        "3": "in-kind nature en-nature especie en-especie food vivres alimentos chakula kit "
        "bidhaa goods",
        "4": "training formation capacitación mafunzo",
        "5": "work travail trabajo kazi public-works cash-for-work",
        "6": "insurance assurance seguro bima",
    },
    "marital_status": {
        "S": "célibataire soltero soltera single never-married hajaoa hajaolewa",
        "M": "married marié mariée casado casada ameoa ameolewa",
        "W": "widowed veuf veuve viudo viuda mjane mgane",
        "D": "divorced divorcé divorcée divorciado divorciada ameachika talaka",
        "L": "separated séparé séparée separado separada wametengana",
        "U": "union-libre unión-libre cohabiting",
    },
    "employment_status": {
        "1": "employed employé salarié empleado yes anafanya-kazi ameajiriwa",
        "2": "unemployed sans-emploi chômeur desempleado hana-kazi no",
    },
    "unit": {
        "1": "person individual individu personne persona individuo mtu",
        "2": "household ménage hogar kaya hh",
        "3": "family famille familia",
    },
    "relationship": {
        "SELF": "head self chef chef-de-ménage cm jefe jefe-de-hogar jefa mkuu mkuu-wa-kaya "
        "household-head hoh",
        "SPS": "spouse wife husband conjoint conjointe époux épouse esposo esposa cónyuge mke mume",
        "CHILD": "child son daughter enfant fils fille hijo hija mtoto",
        "PRN": "parent mother father père mère padre madre mama baba mzazi",
        "SIB": "brother sister sibling frère sœur hermano hermana kaka dada ndugu",
        "GRPRN": "grandparent grandmother grandfather grand-père grand-mère abuelo abuela babu "
        "bibi nyanya",
        "GRNDCHILD": "grandchild grandson granddaughter petit-fils petite-fille petit-enfant "
        "nieto nieta mjukuu",
        "FAMMEMB": "other relative other-relative nephew niece uncle aunt cousin autre-parent "
        "neveu nièce sobrino sobrina jamaa",
        "NOTREL": "not-related sans-lien no-pariente si-ndugu",
    },
}
_YES: Final = "yes y true t 1 oui o si sí s vrai verdadero ndiyo ndio x"
_NO: Final = "no n false f 0 non faux falso hapana la"


def _plain(text: str) -> str:
    return words_of(text).replace(" ", "")


def _table(name: str) -> dict[str, str]:
    return {
        _plain(word): code for code, words in _WORDS.get(name, {}).items() for word in words.split()
    }


_TABLES: Final = {name: _table(name) for name in CODE_LISTS}
_TRUTH: Final = {
    **{_plain(word): True for word in _YES.split()},
    **{_plain(word): False for word in _NO.split()},
}


@lru_cache(maxsize=65_536)
def code_of(name: str, word: str) -> str | None:
    """The code that a word stands for in a list of CODE_LISTS; None where nobody knows it."""
    text = word[:-2] if word.endswith(".0") and word[:-2].isdigit() else word
    return CODE_LISTS[name].read(text) or _TABLES[name].get(_plain(text))


@lru_cache(maxsize=1_024)
def truth_of(word: str) -> bool | None:
    """Yes or no; None where it is neither."""
    return _TRUTH.get(_plain(word))
