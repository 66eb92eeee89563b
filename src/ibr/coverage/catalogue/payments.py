"""Indicators of payments, P1 to P3, as far as anything about them is reported."""

from __future__ import annotations

from typing import Final

from ibr.coverage.catalogue.model import Example, Indicator, Words

_SOURCE: Final = Words(
    "this registry's definition of payment performance",
    "définition de ce registre de la performance des paiements",
)
_NOT_TOLD: Final = Words(
    "The registry is told what was given. Which payments were planned, tried or failed, and when "
    "each was due, is not reported, and nothing is made up for it.",
    "Le registre apprend ce qui a été versé. Quels paiements étaient prévus, tentés ou échoués, et "
    "à quelle date chacun était dû, n'est pas déclaré, et rien n'est inventé à la place.",
)

PAYMENTS: Final[tuple[Indicator, ...]] = (
    Indicator(
        code="P1",
        version=1,
        name=Words("Due benefits that were received", "Prestations dues qui ont été reçues"),
        about=Words(
            "Of the enrolments for which a rule says that something is due in every cycle, those "
            "that received something in it. Who is entitled and receives nothing is wronged.",
            "Parmi les inscriptions pour lesquelles une règle prévoit une prestation à chaque "
            "cycle, celles qui en ont reçu une. Qui a droit et ne reçoit rien est lésé.",
        ),
        formula=Words(
            "enrolments that were active in the cycle and received something, over enrolments that "
            "were active in it",
            "inscriptions actives pendant le cycle ayant reçu quelque chose, sur inscriptions "
            "actives pendant le cycle",
        ),
        symbols="received(cycle) / active(first and last day of the cycle)",
        unit="share",
        decimals=4,
        numerator=Words(
            "of these, enrolments with at least one benefit given in the cycle",
            "parmi celles-ci, inscriptions avec au moins une prestation versée dans le cycle",
        ),
        denominator=Words(
            "enrolments that were active on the first and on the last day of the cycle that ends "
            "with the month",
            "inscriptions actives le premier et le dernier jour du cycle qui s'achève avec le mois",
        ),
        breakdowns=("programme",),
        limits=Words(
            f"{_NOT_TOLD.en} That something was due is concluded from the programme's rule `amount`"
            ": where none is entered that holds for every age, and where a cycle is longer than a "
            "year, there is no figure. Benefits that were not reported yet look unpaid: see R1.",
            f"{_NOT_TOLD.fr} Qu'une prestation était due se déduit de la règle `amount` du "
            "programme : si aucune valable à tout âge n'est saisie, et si un cycle dure plus d'un "
            "an, il n'y a pas de chiffre. Les prestations pas encore déclarées paraissent impayées "
            ": voir R1.",
        ),
        better="higher",
        source=_SOURCE,
        example=Example(
            Words(
                "A programme gives a fixed amount every month. In June 4 enrolments are active "
                "from the first to the last day, and 3 of them received; a fifth began on 10 June.",
                "Un programme verse un montant fixe chaque mois. En juin, 4 inscriptions sont "
                "actives du premier au dernier jour et 3 ont été payées ; une cinquième a commencé "
                "le 10 juin.",
            ),
            3,
            4,
            "0.7500",
        ),
    ),
    Indicator(
        code="P2",
        version=1,
        name=Words("Benefits given in time", "Prestations versées à temps"),
        about=Words(
            "How many benefits were given by the day of the month on which they are due.",
            "Combien de prestations ont été versées au plus tard le jour du mois où elles sont "
            "dues.",
        ),
        formula=Words(
            "benefits given in the month by its pay day over benefits given in the month",
            "prestations versées dans le mois au plus tard le jour de paie sur prestations versées "
            "dans le mois",
        ),
        symbols="given(day ≤ pay day) / given",
        unit="share",
        decimals=4,
        numerator=Words(
            "benefits given in the month by the pay day",
            "prestations versées dans le mois au plus tard le jour de paie",
        ),
        denominator=Words("benefits given in the month", "prestations versées dans le mois"),
        breakdowns=("programme",),
        limits=Words(
            f"{_NOT_TOLD.en} There is a figure only for programmes whose pay day is entered in the "
            "catalogue (`pay_day`). What was given in a later month than it was due counts in that "
            "month.",
            f"{_NOT_TOLD.fr} Il n'y a de chiffre que pour les programmes dont le jour de paie est "
            "saisi au catalogue (`pay_day`). Ce qui a été versé un mois plus tard compte dans ce "
            "mois-là.",
        ),
        better="higher",
        source=_SOURCE,
        example=Example(
            Words(
                "A programme's pay day is the 10th. In June it gave 3 benefits: on the 5th, on the "
                "10th and on the 11th.",
                "Le jour de paie d'un programme est le 10. En juin, il a versé 3 prestations : le "
                "5, le 10 et le 11.",
            ),
            2,
            3,
            "0.6667",
        ),
    ),
    Indicator(
        code="P3",
        version=1,
        name=Words("Failed payments", "Paiements échoués"),
        about=Words(
            "How many payments were tried and did not arrive. The registry is not told of them: "
            "the indicator stands here so that nobody looks for the figure in vain.",
            "Combien de paiements ont été tentés sans arriver. Le registre n'en est pas informé : "
            "l'indicateur figure ici pour que personne ne cherche ce chiffre en vain.",
        ),
        formula=Words(
            "payments that failed over payments that were tried",
            "paiements échoués sur paiements tentés",
        ),
        symbols="failed / tried",
        unit="share",
        decimals=4,
        numerator=Words("payments that failed", "paiements échoués"),
        denominator=Words("payments that were tried", "paiements tentés"),
        breakdowns=("programme",),
        limits=Words(
            f"{_NOT_TOLD.en} There is no figure until programmes report failed payments. P1, and "
            "the checks K17 and K20, show where something that was due did not arrive.",
            f"{_NOT_TOLD.fr} Il n'y a pas de chiffre tant que les programmes ne déclarent pas les "
            "paiements échoués. P1 et les contrôles K17 et K20 montrent où une prestation due "
            "n'est pas arrivée.",
        ),
        better="lower",
        source=_SOURCE,
        example=Example(
            Words(
                "A programme tried 4 payments in June; 3 arrived and were reported, the failed one "
                "was not. No figure is shown.",
                "Un programme a tenté 4 paiements en juin ; 3 sont arrivés et ont été déclarés, "
                "l'échec non. Aucun chiffre n'est montré.",
            ),
            None,
            None,
            "",
        ),
    ),
)
