"""Indicators of what reports hold: R5 to R7."""

from __future__ import annotations

from typing import Final

from ibr.coverage.catalogue.model import Example, Indicator, Words

_SOURCE: Final = Words(
    "this registry's definition",
    "définition de ce registre",
)

REPORTED: Final[tuple[Indicator, ...]] = (
    Indicator(
        code="R5",
        version=1,
        name=Words("Filled fields", "Champs remplis"),
        about=Words(
            "How often a field says something. Without a date of birth nobody can be counted by "
            "age, without a region nobody by area.",
            "À quelle fréquence un champ est renseigné. Sans date de naissance, nul ne peut être "
            "compté par âge ; sans région, par zone.",
        ),
        formula=Words(
            "enrolled records that say something in the field over enrolled records that should",
            "fiches inscrites renseignant le champ sur celles qui devraient le renseigner",
        ),
        symbols="filled(f) / due(f)",
        unit="share",
        decimals=4,
        numerator=Words(
            "of these, records in which the field is filled; a birth date with its day",
            "parmi celles-ci, fiches où le champ est rempli ; pour la naissance, avec le jour",
        ),
        denominator=Words(
            "records with an enrolment in force on the last day of the month; for `group_size` "
            "those of households and families",
            "fiches dont l'inscription est en vigueur le dernier jour du mois ; pour `group_size`, "
            "celles des ménages et familles",
        ),
        breakdowns=("field", "programme*field"),
        limits=Words(
            "It tells whether a field is filled, not whether what it says is true. Records are "
            "looked at as they are known when the figure is made, also for earlier months; sex, "
            "birth and disability of a household's record are those of its head.",
            "Il dit si un champ est rempli, non si son contenu est exact. Les fiches sont vues "
            "telles qu'elles sont connues au moment du calcul, même pour les mois passés ; le "
            "sexe, la naissance et le handicap d'un ménage sont ceux de son chef.",
        ),
        better="higher",
        source=_SOURCE,
        example=Example(
            Words(
                "Four records are enrolled at the end of June. One gives no birth date and one "
                "only the year: 2 have a birth date.",
                "Quatre fiches sont inscrites fin juin. L'une n'a pas de date de naissance et une "
                "autre seulement l'année : 2 ont une date de naissance.",
            ),
            2,
            4,
            "0.5000",
        ),
    ),
    Indicator(
        code="R6",
        version=1,
        name=Words("Records as declared", "Fiches conformes au total déclaré"),
        about=Words(
            "Whether as many records arrived as the sender says it sent.",
            "Si autant de fiches sont arrivées que l'expéditeur dit en avoir envoyées.",
        ),
        formula=Words(
            "records read over records declared, of deliveries that declare a number",
            "fiches lues sur fiches déclarées, des livraisons qui en déclarent le nombre",
        ),
        symbols="read / declared",
        unit="share",
        decimals=4,
        numerator=Words("records read", "fiches lues"),
        denominator=Words(
            "records that the sender declares for the deliveries of the month",
            "fiches que l'expéditeur déclare pour les livraisons du mois",
        ),
        breakdowns=("programme",),
        limits=Words(
            "Only the number of records is declared: a programme's financial total is not "
            "reported, so sums of money cannot be held against one. Too many in one delivery and "
            "too few in another can hide each other. Deliveries about several programmes are left "
            "out, and the figures of these marked as known in part only.",
            "Seul le nombre de fiches est déclaré : le total financier d'un programme ne "
            "l'est pas, les montants ne peuvent donc y être comparés. Un excès dans une livraison "
            "et un manque dans une autre peuvent se masquer. Les livraisons portant sur plusieurs "
            "programmes sont laissées de côté, et leurs chiffres marqués comme connus en partie.",
        ),
        disclosure="open",
        better="higher",
        source=_SOURCE,
        example=Example(
            Words(
                "A programme declares 100 records in one delivery and 20 in another; 100 and 18 "
                "are read.",
                "Un programme déclare 100 fiches dans une livraison et 20 dans une autre ; 100 et "
                "18 sont lues.",
            ),
            118,
            120,
            "0.9833",
        ),
    ),
    Indicator(
        code="R7",
        version=1,
        name=Words("Restatement", "Révision"),
        about=Words(
            "How far the number of people reached in a month has moved since it was first worked "
            "out: how much a reader may rely on the first figure.",
            "De combien le nombre de personnes atteintes dans un mois a bougé depuis son premier "
            "calcul : jusqu'où l'on peut se fier au premier chiffre.",
        ),
        formula=Words(
            "difference between the figure that counts and the first one, over the first one",
            "écart entre le chiffre en vigueur et le premier, sur le premier",
        ),
        symbols="|N1(now) − N1(first)| / N1(first)",
        unit="share",
        decimals=4,
        numerator=Words(
            "people by whom direct beneficiaries (N1) differ from the first figure",
            "personnes d'écart entre les bénéficiaires directs (N1) et le premier chiffre",
        ),
        denominator=Words(
            "direct beneficiaries (N1) of the month as first worked out",
            "bénéficiaires directs (N1) du mois selon le premier calcul",
        ),
        breakdowns=("", "programme"),
        limits=Words(
            "It follows the runs before the one in which it stands. People who left the figure and "
            "as many who came into it hide each other. Why a figure was restated is told with the "
            "run.",
            "Il suit les calculs précédant celui où il figure. Des personnes sorties du chiffre et "
            "autant d'entrées se masquent. La raison d'une révision est donnée avec le calcul.",
        ),
        better="lower",
        source=_SOURCE,
        example=Example(
            Words(
                "For June 200 people were counted at first. After a late report it is 230.",
                "Pour juin, 200 personnes ont d'abord été comptées. Après un rapport tardif, elles "
                "sont 230.",
            ),
            30,
            200,
            "0.1500",
        ),
    ),
)
