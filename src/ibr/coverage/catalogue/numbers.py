"""Indicators that count: people, households and money, N1 to N5."""

from __future__ import annotations

from typing import Final

from ibr.coverage.catalogue.model import Example, Indicator, Words

PEOPLE: Final = (
    "", "programme", "function", "benefit_type", "area1", "area2", "sex", "age", "disability",
    "programme*area1", "programme*area2", "programme*sex", "programme*age",
    "programme*disability", "function*area1", "function*sex", "function*age",
    "benefit_type*area1", "area1*sex", "area1*age", "area1*disability", "area2*sex", "sex*age",
    "area1*sex*age", "programme*sex*age",
)  # fmt: skip
YEARLY: Final = ("", "programme", "function", "area1", "sex")

_SOURCE: Final = Words(
    "this registry's definition, after the ILO Social Security Inquiry: distinct people, "
    "never rows",
    "définition de ce registre, d’après l’Enquête sur la sécurité sociale de l’OIT : des "
    "personnes distinctes, jamais des lignes",
)
_REPORTED: Final = Words(
    "Only what programmes report counts; how complete the reports are stands with the figure. Two "
    "records of one person that are not linked count as two people.",
    "Seul compte ce que les programmes déclarent ; la complétude des rapports figure à côté du "
    "chiffre. Deux dossiers d'une même personne qui ne sont pas reliés comptent pour deux.",
)
_ONE_PLACE: Final = Words(
    "Sex, birth date, disability and place are those of the newest report that says anything of "
    "them, as the registry knows them on the day of the run; somebody who moved counts in earlier "
    "months where they live now. Where only the year of birth is known, the first of January "
    "counts.",
    "Le sexe, la date de naissance, le handicap et le lieu sont ceux du rapport le plus récent qui "
    "en dit quelque chose, tels que le registre les connaît le jour du calcul ; qui a déménagé "
    "compte pour les mois passés là où il vit maintenant. Lorsque seule l'année de naissance est "
    "connue, le premier janvier compte.",
)
_LIMITS: Final = Words(f"{_REPORTED.en} {_ONE_PLACE.en}", f"{_REPORTED.fr} {_ONE_PLACE.fr}")
_FUNCTIONS: Final = Words(
    "A programme counts under each of its functions, so functions do not add up.",
    "Un programme compte pour chacune de ses fonctions ; les fonctions ne s'additionnent donc pas.",
)
_STORY: Final = Words(
    "In August Ada is paid by the pension PEN and by the disability grant DIS, Ben by PEN twice. "
    "Cleo is enrolled in PEN and is paid nothing. The food programme FOOD gives rice to the "
    "household of Dora, in which Emil and Fay live.",
    "En août, Ada est payée par la pension PEN et par l'allocation de handicap DIS, Ben deux fois "
    "par PEN. Cleo est inscrite à PEN et ne reçoit rien. Le programme alimentaire FOOD donne du "
    "riz au ménage de Dora, où vivent Emil et Fay.",
)

NUMBERS: Final = (
    Indicator(
        code="N1",
        version=1,
        name=Words("Direct beneficiaries", "Bénéficiaires directs"),
        about=Words(
            "How many people were given a benefit: the first figure of any programme. Of a benefit "
            "to a household its head is the direct beneficiary.",
            "Combien de personnes ont reçu une prestation : le premier chiffre de tout programme. "
            "D'une prestation à un ménage, le chef de ménage est le bénéficiaire direct.",
        ),
        formula=Words(
            "distinct linked people with at least one benefit given in the period: the person of "
            "the record, or the head of the group (where none is named, its first member)",
            "personnes reliées distinctes ayant reçu au moins une prestation dans la période : la "
            "personne du dossier, ou le chef du groupe (à défaut, son premier membre)",
        ),
        symbols="|{ person(r) : benefit b of record r, b in t }|",
        unit="persons",
        decimals=0,
        numerator=Words("distinct direct beneficiaries", "bénéficiaires directs distincts"),
        denominator=None,
        breakdowns=PEOPLE,
        yearly=YEARLY,
        limits=Words(f"{_LIMITS.en} {_FUNCTIONS.en}", f"{_LIMITS.fr} {_FUNCTIONS.fr}"),
        source=_SOURCE,
        example=Example(_STORY, 3, None, "3"),
    ),
    Indicator(
        code="N2",
        version=1,
        name=Words("Direct and indirect beneficiaries", "Bénéficiaires directs et indirects"),
        about=Words(
            "How many people a benefit reaches: those it is given to, and those who live with "
            "them. Household surveys count so.",
            "Combien de personnes une prestation atteint : celles qui la reçoivent et celles qui "
            "vivent avec elles. Les enquêtes auprès des ménages comptent ainsi.",
        ),
        formula=Words(
            "distinct direct beneficiaries, and other members of the household that was given "
            "something, or of a household enrolled in the month that names somebody to whom a "
            "programme for single people gave something",
            "bénéficiaires directs distincts, et autres membres du ménage qui a reçu, ou d'un "
            "ménage inscrit dans le mois qui nomme une personne ayant reçu d'un programme pour "
            "personnes seules",
        ),
        symbols="|D ∪ { q : q and some p in D share a household in t }|",
        unit="persons",
        decimals=0,
        numerator=Words(
            "distinct direct and indirect beneficiaries",
            "bénéficiaires directs et indirects distincts",
        ),
        denominator=None,
        breakdowns=PEOPLE,
        limits=Words(
            f"Households are known only of people whom some programme for households names: of "
            f"others nobody counts as living with them. {_LIMITS.en}",
            "Les ménages ne sont connus que pour les personnes nommées par un programme destiné "
            f"aux ménages : pour les autres, personne ne compte comme vivant avec elles. "
            f"{_LIMITS.fr}",
        ),
        source=_SOURCE,
        example=Example(_STORY, 5, None, "5"),
    ),
    Indicator(
        code="N3",
        version=1,
        name=Words("People enrolled", "Personnes inscrites"),
        about=Words(
            "How many people are in a programme at the end of the month, paid or not.",
            "Combien de personnes sont dans un programme à la fin du mois, payées ou non.",
        ),
        formula=Words(
            "distinct people (of groups the head) whose enrolment counts as enrolled on the last "
            "day of the month",
            "personnes distinctes (des groupes, le chef) dont l'inscription est en cours le "
            "dernier jour du mois",
        ),
        symbols="|{ person(r) : r enrolled on the last day of t }|",
        unit="persons",
        decimals=0,
        numerator=Words("distinct people enrolled", "personnes inscrites distinctes"),
        denominator=None,
        breakdowns=PEOPLE,
        limits=Words(
            "By kind of benefit it is what the programme mainly gives. An end that a programme "
            f"does not report is not known. {_LIMITS.en}",
            "Par type de prestation, c'est ce que le programme donne principalement. Une sortie "
            f"qu'un programme ne déclare pas n'est pas connue. {_LIMITS.fr}",
        ),
        source=_SOURCE,
        example=Example(_STORY, 4, None, "4"),
    ),
    Indicator(
        code="N4",
        version=1,
        name=Words("Households with a benefit", "Ménages avec une prestation"),
        about=Words(
            "How many households have somebody who was given a benefit.",
            "Combien de ménages comptent une personne ayant reçu une prestation.",
        ),
        formula=Words(
            "distinct heads of the households of direct beneficiaries; somebody whom no household "
            "names is a household of one",
            "chefs distincts des ménages des bénéficiaires directs ; qui n'est nommé par aucun "
            "ménage forme un ménage à lui seul",
        ),
        symbols="|{ head(p) : p in D }|",
        unit="households",
        decimals=0,
        numerator=Words("distinct households", "ménages distincts"),
        denominator=None,
        breakdowns=("", "programme", "area1", "programme*area1"),
        yearly=YEARLY,
        limits=Words(
            "Area and sex are those of the head. Where programmes name different households of "
            f"somebody, the one reported last counts. {_REPORTED.en}",
            "Le lieu et le sexe sont ceux du chef. Lorsque des programmes nomment plusieurs "
            f"ménages d'une personne, le dernier déclaré compte. {_REPORTED.fr}",
        ),
        source=_SOURCE,
        example=Example(_STORY, 3, None, "3"),
    ),
    Indicator(
        code="N5",
        version=1,
        name=Words("Money given", "Argent versé"),
        about=Words(
            "The value of the benefits given, by currency; currencies are never added up.",
            "La valeur des prestations versées, par monnaie ; les monnaies ne sont jamais "
            "additionnées.",
        ),
        formula=Words(
            "sum of the values of benefits given in the period, counted where the direct "
            "beneficiary lives",
            "somme des valeurs des prestations versées dans la période, comptées là où vit le "
            "bénéficiaire direct",
        ),
        symbols="Σ value(b), b in t",
        unit="money",
        decimals=2,
        numerator=Words("minor units of the currency", "unités mineures de la monnaie"),
        denominator=None,
        breakdowns=(
            "currency", "programme*currency", "function*currency", "benefit_type*currency",
            "area1*currency", "programme*area1*currency", "programme*sex*currency",
        ),
        yearly=(
            "currency", "programme*currency", "function*currency", "area1*currency",
            "sex*currency",
        ),
        limits=Words(
            "Things without a value in money are not in it. Where neither benefit nor programme "
            f"names a currency, the key is XXX. {_FUNCTIONS.en} {_REPORTED.en}",
            "Les biens sans valeur en argent n'y sont pas. Lorsque ni la prestation ni le "
            f"programme ne nomme de monnaie, la clé est XXX. {_FUNCTIONS.fr} {_REPORTED.fr}",
        ),
        disclosure="money",
        source=_SOURCE,
        example=Example(
            Words(
                "In August PEN gives 500.00 to Ada and twice 500.00 to Ben, DIS 300.00 to Ada.",
                "En août, PEN verse 500,00 à Ada et deux fois 500,00 à Ben, DIS 300,00 à Ada.",
            ),
            180_000,
            None,
            "1800.00",
        ),
    ),
)  # fmt: skip
