"""Indicators of how people come, stay, leave and go elsewhere, D1 to D4."""

from __future__ import annotations

from typing import Final

from ibr.coverage.catalogue.model import Example, Indicator, Words

_SOURCE: Final = Words(
    "this registry's definition of entries, exits and transitions between reported months",
    "définition de ce registre des entrées, sorties et passages entre les mois déclarés",
)
_STOCK: Final = Words(
    "The stock of a programme in a month are the distinct people who received from it in its "
    "cycle that ends with the month: with a programme that pays every second month, in that month "
    "or the one before.",
    "L'effectif d'un programme dans un mois comprend les personnes distinctes ayant reçu de lui "
    "dans son cycle qui s'achève avec ce mois : pour un programme qui paie tous les deux mois, "
    "dans ce mois ou le précédent.",
)
_LIMITS: Final = Words(
    f"{_STOCK.en} A payment that is late, or a report that is missing, looks like leaving and "
    "coming back; where a programme reached nobody at all, the figure says that it is known in "
    "part only. A person whose records are linked anew looks like one who left and one who came.",
    f"{_STOCK.fr} Un paiement en retard ou un rapport manquant ressemble à une sortie puis un "
    "retour ; lorsqu'un programme n'a atteint personne, le chiffre dit qu'il n'est connu qu'en "
    "partie. Une personne dont les dossiers sont reliés à nouveau ressemble à une sortie et une "
    "entrée.",
)
_BEFORE: Final = Words("stock of the month before", "effectif du mois précédent")
_STORY: Final = Words(
    "In September 4 people are in PEN; in October 1 of them is not in it any more, and 2 others "
    "have come.",
    "En septembre, 4 personnes sont dans PEN ; en octobre, 1 d'entre elles n'y est plus et 2 "
    "autres sont arrivées.",
)

FLOWS: Final = (
    Indicator(
        code="D1",
        version=1,
        name=Words("New, left and net", "Entrées, sorties et solde"),
        about=Words(
            "How much a programme, or all of them together, takes in and loses in a month. In all "
            "together somebody is new who was in no programme before.",
            "Combien un programme, ou tous ensemble, accueille et perd en un mois. Pour tous "
            "ensemble, est nouvelle la personne qui n'était dans aucun programme.",
        ),
        formula=Words(
            "people who came (or left; net: came less left) over the stock of the month before",
            "personnes arrivées (ou parties ; solde : arrivées moins parties) sur l'effectif du "
            "mois précédent",
        ),
        symbols="|S_t \\ S_{t-1}| / |S_{t-1}|,  |S_{t-1} \\ S_t| / |S_{t-1}|",
        unit="share",
        decimals=4,
        numerator=Words(
            "new: distinct people in the stock and not in that of the month before; left: the "
            "other way round; net: new less left, which may be below 0",
            "new : personnes distinctes dans l'effectif et non dans celui du mois précédent ; "
            "left : l'inverse ; net : new moins left, qui peut être négatif",
        ),
        denominator=_BEFORE,
        breakdowns=("part", "programme*part"),
        limits=_LIMITS,
        source=_SOURCE,
        example=Example(_STORY, 2, 4, "0.5000"),
    ),
    Indicator(
        code="D2",
        version=1,
        name=Words("Retention and survival", "Maintien et survie"),
        about=Words(
            "How many of those of the month before are still there; and, for each month of entry, "
            "how many of those who came then are there now (after_01 to after_12).",
            "Combien de ceux du mois précédent sont encore là ; et, pour chaque mois d'entrée, "
            "combien de ceux arrivés alors sont là maintenant (after_01 à after_12).",
        ),
        formula=Words(
            "people in the stock of both months over the stock of the month before; for survival: "
            "people who came n months ago and are in the stock, over those who came then",
            "personnes dans l'effectif des deux mois sur l'effectif du mois précédent ; pour la "
            "survie : personnes arrivées il y a n mois et dans l'effectif, sur celles arrivées "
            "alors",
        ),
        symbols="|S_{t-1} ∩ S_t| / |S_{t-1}|;  |N ∩ S_t| / |N|,  N = S_{t-n} \\ S_{t-n-1}",
        unit="share",
        decimals=4,
        numerator=Words(
            "distinct people of these who are in the stock of the month",
            "personnes distinctes parmi elles dans l'effectif du mois",
        ),
        denominator=Words(
            "stock of the month before, or those who came so many months ago",
            "effectif du mois précédent, ou personnes arrivées il y a autant de mois",
        ),
        breakdowns=("", "programme", "programme*part"),
        limits=_LIMITS,
        better="neither",
        source=_SOURCE,
        example=Example(_STORY, 3, 4, "0.7500"),
    ),
    Indicator(
        code="D3",
        version=1,
        name=Words("Churn", "Allers et retours"),
        about=Words(
            "Of those who left six months ago, the share who have come back since. Much of it "
            "tells of payments that stop and go rather than of people's lives.",
            "Parmi ceux partis il y a six mois, la part revenue depuis. Elle parle souvent de "
            "paiements irréguliers plutôt que de la vie des personnes.",
        ),
        formula=Words(
            "people who left six months ago and were in the stock of any month since, over those "
            "who left then",
            "personnes parties il y a six mois et dans l'effectif d'un mois depuis, sur celles "
            "parties alors",
        ),
        symbols="|L_{t-6} ∩ (S_{t-5} ∪ … ∪ S_t)| / |L_{t-6}|,  L_t = S_{t-1} \\ S_t",
        unit="share",
        decimals=4,
        numerator=Words(
            "distinct people of these who were in the stock of one of the six months since",
            "personnes distinctes parmi elles dans l'effectif d'un des six mois écoulés",
        ),
        denominator=Words(
            "distinct people who left the programme, or all programmes, six months ago",
            "personnes distinctes sorties du programme, ou de tous, il y a six mois",
        ),
        breakdowns=("", "programme"),
        limits=_LIMITS,
        better="lower",
        source=_SOURCE,
        example=Example(
            Words(
                "In April 3 people who had received from PEN in March receive nothing. 1 of them "
                "receives again in July. The figure of October is 1 of 3.",
                "En avril, 3 personnes ayant reçu de PEN en mars ne reçoivent rien. L'une reçoit "
                "de nouveau en juillet. Le chiffre d'octobre est 1 sur 3.",
            ),
            1,
            3,
            "0.3333",
        ),
    ),
    Indicator(
        code="D4",
        version=1,
        name=Words("Where people go, and why", "Où vont les personnes, et pourquoi"),
        about=Words(
            "Of those in a programme the month before, the share who left it and newly came to "
            "another, to none at all (`none`), or only stayed in another as before (`left`). In "
            "the rows of `none` stand those who came from no programme. By reason: death, too old "
            "by the programme's rule, graduated, suspended, inactive, or unknown.",
            "Parmi les personnes d'un programme le mois précédent, la part qui l'a quitté pour un "
            "autre programme, pour aucun (`none`), ou qui est seulement restée dans un autre comme "
            "avant (`left`). Les lignes `none` portent celles venues d'aucun programme. Par "
            "raison : décès, âge dépassé selon la règle du programme, sortie réussie, suspension, "
            "inactivité ou inconnue.",
        ),
        formula=Words(
            "people who left A and newly came to B over the stock of A the month before; by "
            "reason: people who left for it, over all who left",
            "personnes ayant quitté A et nouvellement arrivées dans B, sur l'effectif de A le mois "
            "précédent ; par raison : personnes parties pour elle, sur toutes celles parties",
        ),
        symbols="|(A_{t-1} \\ A_t) ∩ (B_t \\ B_{t-1})| / |A_{t-1}|",
        unit="share",
        decimals=4,
        numerator=Words(
            "distinct people who left the one in the month and came to the other in it; whoever "
            "came to two stands in both",
            "personnes distinctes ayant quitté l'un dans le mois et rejoint l'autre ; qui en "
            "rejoint deux figure dans les deux",
        ),
        denominator=Words(
            "stock of the first programme in the month before; for `none` everybody who is in a "
            "programme and was in none; by reason everybody who left",
            "effectif du premier programme le mois précédent ; pour `none` toutes les personnes "
            "dans un programme et auparavant dans aucun ; par raison toutes celles parties",
        ),
        breakdowns=("programme*to", "programme*part", "to*part"),
        limits=Words(
            f"{_LIMITS.en} The reason is what the programme reported of the status by the end of "
            "the month, what any source said of a death, or the oldest age of the programme's "
            "rule; most programmes report none.",
            f"{_LIMITS.fr} La raison est ce que le programme a déclaré du statut à la fin du mois, "
            "ce qu'une source a dit d'un décès, ou l'âge le plus élevé de la règle du programme ; "
            "la plupart des programmes n'en déclarent aucune.",
        ),
        source=_SOURCE,
        example=Example(
            Words(
                "In September 4 people are in CHG. In October 1 of them is 18 and newly receives "
                "from STU instead.",
                "En septembre, 4 personnes sont dans CHG. En octobre, l'une a 18 ans et reçoit "
                "nouvellement de STU à la place.",
            ),
            1,
            4,
            "0.2500",
        ),
    ),
)
