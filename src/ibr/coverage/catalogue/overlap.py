"""Indicators of overlaps between programmes, O1 to O7; those of flows stand in flows.py."""

from __future__ import annotations

from typing import Final

from ibr.coverage.catalogue.flows import FLOWS
from ibr.coverage.catalogue.model import Example, Indicator, Words

_SOURCE: Final = Words(
    "this registry's definition, after the programme overlap of ADePT Social Protection "
    "(World Bank)",
    "définition de ce registre, d’après le chevauchement des programmes d’ADePT Social "
    "Protection (Banque mondiale)",
)
_GIVEN: Final = Words(
    "Only what programmes report as given counts, and only people whose records are linked count "
    "as one: a programme that did not report, and two records of one person that are not linked, "
    "make overlaps smaller than they are.",
    "Seul compte ce que les programmes déclarent comme versé, et seules les personnes dont les "
    "dossiers sont reliés comptent pour une : un programme qui n'a pas fait rapport, ou deux "
    "dossiers non reliés d'une même personne, rendent les chevauchements plus petits qu'ils ne "
    "sont.",
)
_TWO: Final = Words(
    "In a month 5 people receive from PEN and 4 from DIS; 2 of them are the same people.",
    "Dans un mois, 5 personnes reçoivent de PEN et 4 de DIS ; 2 d'entre elles sont les mêmes.",
)
_BOTH: Final = Words(
    "distinct people with a benefit from the first and from the second programme in the month",
    "personnes distinctes ayant reçu une prestation du premier et du second programme dans le mois",
)

_BETWEEN: Final = (
    Indicator(
        code="O1",
        version=1,
        name=Words("People in both programmes", "Personnes dans les deux programmes"),
        about=Words(
            "How many people two programmes reach together. Each pair stands once.",
            "Combien de personnes deux programmes atteignent ensemble. Chaque paire figure une "
            "fois.",
        ),
        formula=Words(
            "people who received from A and from B in the month",
            "personnes ayant reçu de A et de B dans le mois",
        ),
        symbols="N(A ∩ B)",
        unit="persons",
        decimals=0,
        numerator=_BOTH,
        denominator=None,
        breakdowns=("programme*with",),
        limits=_GIVEN,
        source=_SOURCE,
        example=Example(_TWO, 2, None, "2"),
    ),
    Indicator(
        code="O2",
        version=1,
        name=Words(
            "Share of a programme that is in another", "Part d'un programme qui est dans un autre"
        ),
        about=Words(
            "How much of one programme is in another one. It is not the same in both directions, "
            "so both stand.",
            "Quelle part d'un programme se trouve dans un autre. Elle n'est pas la même dans les "
            "deux sens ; les deux figurent donc.",
        ),
        formula=Words(
            "people in A and B over the people in A",
            "personnes dans A et B sur les personnes dans A",
        ),
        symbols="N(A ∩ B) / N(A)",
        unit="share",
        decimals=4,
        numerator=_BOTH,
        denominator=Words(
            "distinct people with a benefit from the first programme in the month",
            "personnes distinctes ayant reçu une prestation du premier programme dans le mois",
        ),
        breakdowns=("programme*with",),
        limits=_GIVEN,
        source=_SOURCE,
        example=Example(_TWO, 2, 5, "0.4000"),
    ),
    Indicator(
        code="O3",
        version=1,
        name=Words("Likeness of two programmes", "Ressemblance de deux programmes"),
        about=Words(
            "How far two programmes reach the same people: 0 for nobody in common, 1 for exactly "
            "the same.",
            "À quel point deux programmes atteignent les mêmes personnes : 0 si personne n'est "
            "commun, 1 si ce sont exactement les mêmes.",
        ),
        formula=Words(
            "people in A and B over people in A or B",
            "personnes dans A et B sur personnes dans A ou B",
        ),
        symbols="N(A ∩ B) / N(A ∪ B)",
        unit="share",
        decimals=4,
        numerator=_BOTH,
        denominator=Words(
            "distinct people with a benefit from at least one of the two in the month",
            "personnes distinctes ayant reçu une prestation d'au moins un des deux dans le mois",
        ),
        breakdowns=("programme*with",),
        limits=_GIVEN,
        source=_SOURCE,
        example=Example(_TWO, 2, 7, "0.2857"),
    ),
    Indicator(
        code="O4",
        version=1,
        name=Words("People by number of programmes", "Personnes selon le nombre de programmes"),
        about=Words(
            "How many people receive from one, two, three, or four and more programmes in the "
            "month.",
            "Combien de personnes reçoivent d'un, deux, trois, ou quatre programmes et plus dans "
            "le mois.",
        ),
        formula=Words(
            "people whose number of programmes in the month is n",
            "personnes dont le nombre de programmes dans le mois est n",
        ),
        symbols="|{i : Σ_p 1[i ∈ p] = n}|",
        unit="persons",
        decimals=0,
        numerator=Words(
            "distinct people with a benefit from exactly so many programmes in the month",
            "personnes distinctes ayant reçu d'exactement autant de programmes dans le mois",
        ),
        denominator=None,
        breakdowns=("programmes", "area1*programmes", "sex*programmes"),
        limits=_GIVEN,
        source=_SOURCE,
        example=Example(
            Words(
                f"{_TWO.en} So 5 people are in one programme and 2 in two.",
                f"{_TWO.fr} Donc 5 personnes sont dans un programme et 2 dans deux.",
            ),
            2,
            None,
            "2",
        ),
    ),
    Indicator(
        code="O5",
        version=1,
        name=Words("Exact combinations", "Combinaisons exactes"),
        about=Words(
            "How many people receive from exactly this set of programmes and from no other. Each "
            "person stands in one combination, so they add up to everybody reached.",
            "Combien de personnes reçoivent d'exactement cet ensemble de programmes et d'aucun "
            "autre. Chaque personne figure dans une combinaison ; leur somme est l'ensemble des "
            "personnes atteintes.",
        ),
        formula=Words(
            "people whose set of programmes in the month is S",
            "personnes dont l'ensemble de programmes dans le mois est S",
        ),
        symbols="|{i : P(i) = S}|",
        unit="persons",
        decimals=0,
        numerator=Words(
            "distinct people with a benefit from each programme of the set and from no other",
            "personnes distinctes ayant reçu de chaque programme de l'ensemble et d'aucun autre",
        ),
        denominator=None,
        breakdowns=("combination",),
        limits=_GIVEN,
        source=_SOURCE,
        example=Example(
            Words(
                f"{_TWO.en} The combination DIS+PEN has 2 people, DIS alone 2 and PEN alone 3.",
                f"{_TWO.fr} La combinaison DIS+PEN a 2 personnes, DIS seul 2 et PEN seul 3.",
            ),
            2,
            None,
            "2",
        ),
    ),
)

_RULED: Final = (
    Indicator(
        code="O6",
        version=1,
        name=Words("Unintended overlap", "Chevauchement non voulu"),
        about=Words(
            "How many people two programmes reach that exclude each other: as the data suggests "
            "(suspected), and as cases confirmed. The two are never added up; a suspicion is a "
            "question to the programmes.",
            "Combien de personnes sont atteintes par deux programmes qui s'excluent : selon les "
            "données (suspecté) et selon les cas confirmés. Les deux ne s'additionnent jamais ; "
            "un soupçon est une question posée aux programmes.",
        ),
        formula=Words(
            "people reached by both against the rule, over people in either of the two",
            "personnes atteintes par les deux contre la règle, sur personnes dans l'un des deux",
        ),
        symbols="N(A ∩ B, rule) / N(A ∪ B)",
        unit="share",
        decimals=4,
        numerator=Words(
            "suspected: distinct people (or those of a household, where the rule is about "
            "households) who received from both in the month, were active in both on more days "
            "than the rule allows as transition, surely meet its conditions, and received more "
            "than its cap where it has one; confirmed: people of decided cases that confirmed "
            "such an overlap in the month",
            "suspecté : personnes distinctes (ou d'un ménage, si la règle porte sur les ménages) "
            "ayant reçu des deux dans le mois, actives dans les deux plus de jours que la règle "
            "n'en admet pour la transition, remplissant sûrement ses conditions, et ayant reçu "
            "plus que son plafond s'il y en a un ; confirmé : personnes des cas tranchés qui ont "
            "confirmé un tel chevauchement dans le mois",
        ),
        denominator=Words(
            "distinct people with a benefit from at least one of the two in the month",
            "personnes distinctes ayant reçu une prestation d'au moins un des deux dans le mois",
        ),
        breakdowns=("part", "programme*with*part"),
        limits=Words(
            "Somebody whose age, sex or disability is not known is not suspected where the rule "
            "asks for it. Cases are decided months later, so confirmed figures of a recent month "
            "still grow. Two programmes without an entered rule are not looked at.",
            "Une personne dont l'âge, le sexe ou le handicap n'est pas connu n'est pas suspectée "
            "lorsque la règle le demande. Les cas sont tranchés des mois plus tard : les chiffres "
            "confirmés d'un mois récent augmentent encore. Deux programmes sans règle saisie ne "
            "sont pas examinés.",
        ),
        better="lower",
        source=_SOURCE,
        example=Example(
            Words(
                f"{_TWO.en} The two exclude each other; one of the 2 was active in both for ten "
                "days only, which the rule allows as transition.",
                f"{_TWO.fr} Les deux s'excluent ; l'une des 2 n'a été active dans les deux que dix "
                "jours, ce que la règle admet comme transition.",
            ),
            1,
            7,
            "0.1429",
        ),
    ),
    Indicator(
        code="O7",
        version=1,
        name=Words("Complementarity", "Complémentarité"),
        about=Words(
            "Of those in one programme who have a right to another that belongs to it, the share "
            "who receive that too.",
            "Parmi les bénéficiaires d'un programme ayant droit à un autre qui va avec, la part "
            "qui reçoit aussi celui-ci.",
        ),
        formula=Words(
            "people in A entitled to B who receive from B, over people in A entitled to B",
            "personnes dans A ayant droit à B et recevant de B, sur personnes dans A ayant droit "
            "à B",
        ),
        symbols="N(A ∩ E_B ∩ B) / N(A ∩ E_B)",
        unit="share",
        decimals=4,
        numerator=Words(
            "of these, distinct people with a benefit from the second programme in the month, to "
            "them or to somebody of the household where the rule is about households",
            "parmi elles, personnes distinctes ayant une prestation du second programme dans le "
            "mois, elles-mêmes ou quelqu'un du ménage si la règle porte sur les ménages",
        ),
        denominator=Words(
            "distinct people with a benefit from the first programme who surely meet the "
            "conditions of the complementary pair, or in whose household somebody does",
            "personnes distinctes ayant une prestation du premier programme et remplissant "
            "sûrement les conditions de la paire complémentaire, ou dont le ménage compte "
            "quelqu'un qui les remplit",
        ),
        breakdowns=("programme*with",),
        limits=Words(
            "Entitlement is taken from the pair's conditions alone; means and wishes of people "
            "are not known to the registry.",
            "Le droit est tiré des seules conditions de la paire ; le registre ne connaît ni les "
            "moyens ni les souhaits des personnes.",
        ),
        better="higher",
        source=_SOURCE,
        example=Example(
            Words(
                "5 people receive from PEN; the health fee waiver HEW belongs to it from the age "
                "of 70. 4 of them are 70 or older, and 3 of these have the waiver.",
                "5 personnes reçoivent de PEN ; l'exemption de frais de santé HEW va avec à "
                "partir de 70 ans. 4 d'entre elles ont 70 ans ou plus, et 3 de celles-ci ont "
                "l'exemption.",
            ),
            3,
            4,
            "0.7500",
        ),
    ),
)

OVERLAP: Final[tuple[Indicator, ...]] = (*_BETWEEN, *_RULED, *FLOWS)
VERSIONS: Final[dict[str, int]] = {each.code: each.version for each in OVERLAP}
