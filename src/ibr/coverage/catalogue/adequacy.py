"""Indicators of how much a benefit is, A1 and A4."""

from __future__ import annotations

from typing import Final

from ibr.coverage.catalogue.model import Example, Indicator, Words

_SOURCE: Final = Words(
    "this registry's definition, after the adequacy measures of the World Bank's ASPIRE; the "
    "amount alone, since the registry knows no household's welfare",
    "définition de ce registre, d’après les mesures d’adéquation d’ASPIRE (Banque mondiale) ; "
    "le montant seul, car le registre ne connaît pas le niveau de vie des ménages",
)
_CYCLES: Final = Words(
    "Money of a programme that gives every so many months is divided by these months, so that it "
    "stands for one; a programme that pays each month and only reports more rarely needs its "
    "months between benefits set to 1, or its average comes out too small.",
    "L'argent d'un programme qui verse tous les quelques mois est divisé par ces mois, pour valoir "
    "pour un seul ; un programme qui paie chaque mois et ne déclare que plus rarement doit avoir 1 "
    "comme nombre de mois entre deux prestations, sinon sa moyenne est trop petite.",
)
_PAID: Final = Words(
    "People who were given only things without a value are not in it, and late payments of earlier "
    "months are.",
    "Les personnes n'ayant reçu que des biens sans valeur n'y sont pas, et les paiements en retard "
    "de mois passés y sont.",
)

ADEQUACY: Final = (
    Indicator(
        code="A1",
        version=1,
        name=Words("Average benefit", "Prestation moyenne"),
        about=Words(
            "How much money a direct beneficiary is given for one month, on average.",
            "Combien d'argent un bénéficiaire direct reçoit pour un mois, en moyenne.",
        ),
        formula=Words(
            "money given in the month, divided by the programme's months between benefits, over "
            "distinct direct beneficiaries with money in that currency",
            "argent versé dans le mois, divisé par les mois entre deux prestations du programme, "
            "sur les bénéficiaires directs distincts ayant reçu dans cette monnaie",
        ),
        symbols="(Σ_p Σ value / m_p) / |D|",
        unit="money",
        decimals=2,
        numerator=Words(
            "minor units of the currency, for one month", "unités mineures, pour un mois"
        ),
        denominator=Words(
            "distinct direct beneficiaries with money in that currency",
            "bénéficiaires directs distincts ayant reçu dans cette monnaie",
        ),
        breakdowns=(
            "currency", "programme*currency", "programme*area1*currency",
            "programme*sex*currency",
        ),
        limits=Words(f"{_CYCLES.en} {_PAID.en}", f"{_CYCLES.fr} {_PAID.fr}"),
        disclosure="money",
        better="neither",
        source=_SOURCE,
        example=Example(
            Words(
                "PEN, which pays every second month, gives 4000.00 to Ada and 3000.00 to Ben in "
                "August.",
                "PEN, qui paie tous les deux mois, verse 4000,00 à Ada et 3000,00 à Ben en août.",
            ),
            350_000,
            2,
            "1750.00",
        ),
    ),
    Indicator(
        code="A4",
        version=1,
        name=Words("Adequacy", "Adéquation"),
        about=Words(
            "The average benefit over an amount that people know: the poverty line, the minimum "
            "wage, the food basket, the lowest statutory pension.",
            "La prestation moyenne sur un montant connu de tous : le seuil de pauvreté, le salaire "
            "minimum, le panier alimentaire, la pension légale la plus basse.",
        ),
        formula=Words(
            "average benefit of the programme over the reference amount for one month",
            "prestation moyenne du programme sur le montant de référence pour un mois",
        ),
        symbols="A1 / reference",
        unit="ratio",
        decimals=4,
        numerator=Words(
            "minor units of the currency, for one month", "unités mineures, pour un mois"
        ),
        denominator=Words(
            "the reference amount for each of the beneficiaries, in minor units",
            "le montant de référence pour chacun des bénéficiaires, en unités mineures",
        ),
        breakdowns=("programme*currency*part",),
        limits=Words(
            "The reference amount that holds on the last day of the month counts, as entered with "
            "its source; only amounts in the same currency are compared. Poverty lines and food "
            f"baskets are for one person, while many benefits are for a household. {_CYCLES.en}",
            "Le montant de référence en vigueur le dernier jour du mois compte, tel que saisi avec "
            "sa source ; seuls des montants de même monnaie sont comparés. Seuils de pauvreté et "
            "paniers alimentaires valent pour une personne, alors que bien des prestations sont "
            f"pour un ménage. {_CYCLES.fr}",
        ),
        disclosure="money",
        better="higher",
        source=_SOURCE,
        example=Example(
            Words(
                "PEN, which pays every second month, gives 4000.00 to Ada and 3000.00 to Ben in "
                "August. The poverty line is 3500.00 a month.",
                "PEN, qui paie tous les deux mois, verse 4000,00 à Ada et 3000,00 à Ben en août. "
                "Le seuil de pauvreté est de 3500,00 par mois.",
            ),
            350_000,
            700_000,
            "0.5000",
        ),
    ),
)  # fmt: skip
