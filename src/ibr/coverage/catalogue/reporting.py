"""Indicators of how programmes report, R1 to R4; all of reports and payments together."""

from __future__ import annotations

from typing import Final

from ibr.coverage.catalogue.model import Example, Indicator, Words
from ibr.coverage.catalogue.payments import PAYMENTS
from ibr.coverage.catalogue.reported import REPORTED

_SOURCE: Final = Words(
    "this registry's definition, after the reporting rates of DHIS2",
    "définition de ce registre, d’après les taux de déclaration de DHIS2",
)
_DUE: Final = Words(
    "One report is due for each cycle of a programme that has ended; a month is in the report of "
    "the cycle that it lies in, so a quarterly report counts for three months. The catalogue says "
    "how long a cycle is and not in which month one ends: the step that most reports fit is taken, "
    "and before the first report that of the calendar year. Where the first day of a programme is "
    "not known, reports are due from the first month it reported for, or from when the catalogue "
    "had it.",
    "Un rapport est dû pour chaque cycle achevé d'un programme ; un mois relève du rapport du "
    "cycle où il se trouve, un rapport trimestriel compte donc pour trois mois. Le catalogue dit "
    "combien de mois dure un cycle, et non en quel mois il s'achève : on retient le pas qui "
    "convient au plus grand nombre de rapports et, avant le premier rapport, celui de l'année "
    "civile. Si le premier jour d'un programme n'est pas connu, les rapports sont dus depuis le "
    "premier mois déclaré, ou depuis l'inscription au catalogue.",
)
_CAME: Final = Words(
    " A report has come when the first delivery for a month of the cycle has been read with a "
    "record that was taken in; whether more was to follow is not known.",
    " Un rapport est arrivé lorsque la première livraison pour un mois du cycle a été lue et qu'au "
    "moins une fiche a été retenue ; on ignore si d'autres devaient suivre.",
)
_LIMITS: Final = Words(_DUE.en + _CAME.en, _DUE.fr + _CAME.fr)
_REPORTS_DUE: Final = Words(
    "reports on the month that were due at the moment of counting",
    "rapports sur le mois qui étaient dus au moment du calcul",
)
_STORY: Final = Words(
    "Three programmes report every month, within 15 days. For September one report came on 4 "
    "October, one on 20 October, and one never.",
    "Trois programmes font rapport chaque mois, sous 15 jours. Pour septembre, un rapport est "
    "arrivé le 4 octobre, un autre le 20 octobre, le troisième jamais.",
)

_RATES: Final = (
    Indicator(
        code="R1",
        version=1,
        name=Words("Reports received", "Rapports reçus"),
        about=Words(
            "Whether the programmes have told what they gave. Every other figure of the month is "
            "as whole as this one says.",
            "Si les programmes ont dit ce qu'ils ont versé. Tout autre chiffre du mois n'est "
            "complet que dans cette mesure.",
        ),
        formula=Words("reports received over reports due", "rapports reçus sur rapports dus"),
        symbols="received / due",
        unit="share",
        decimals=4,
        numerator=Words(
            "reports of which something was taken in", "rapports dont quelque chose a été retenu"
        ),
        denominator=_REPORTS_DUE,
        breakdowns=("", "programme"),
        limits=_LIMITS,
        disclosure="open",
        better="higher",
        source=_SOURCE,
        example=Example(_STORY, 2, 3, "0.6667"),
    ),
    Indicator(
        code="R2",
        version=1,
        name=Words("Reports in time", "Rapports reçus à temps"),
        about=Words(
            "How many reports came by their last day. What comes late is missing in the figures "
            "that were published before.",
            "Combien de rapports sont arrivés au plus tard le dernier jour. Ce qui arrive en "
            "retard manque dans les chiffres publiés auparavant.",
        ),
        formula=Words(
            "reports received by their last day over reports whose last day has gone by",
            "rapports reçus au plus tard le dernier jour sur rapports dont ce jour est passé",
        ),
        symbols="received by (end of cycle + days allowed) / due",
        unit="share",
        decimals=4,
        numerator=Words(
            "reports of which the first delivery came by the last day",
            "rapports dont la première livraison est arrivée au plus tard le dernier jour",
        ),
        denominator=Words(
            "reports on the month whose last day had gone by at the moment of counting",
            "rapports sur le mois dont le dernier jour était passé au moment du calcul",
        ),
        breakdowns=("", "programme"),
        limits=Words(
            "The last day is the end of the cycle and as many days as the catalogue allows the "
            f"programme, 15 where nobody entered another number. {_LIMITS.en}",
            "Le dernier jour est la fin du cycle plus le nombre de jours que le catalogue accorde "
            f"au programme, 15 si personne n'en a saisi un autre. {_LIMITS.fr}",
        ),
        disclosure="open",
        better="higher",
        source=_SOURCE,
        example=Example(_STORY, 1, 3, "0.3333"),
    ),
    Indicator(
        code="R3",
        version=1,
        name=Words("Days until a report comes", "Jours jusqu'à l'arrivée d'un rapport"),
        about=Words(
            "How many days after the end of its cycle a report came: `p50` for half of them, `p90` "
            "for nine of ten.",
            "Combien de jours après la fin de son cycle un rapport est arrivé : `p50` pour la "
            "moitié d'entre eux, `p90` pour neuf sur dix.",
        ),
        formula=Words(
            "the least number of days within which half of the reports, or nine of ten, came",
            "le plus petit nombre de jours dans lequel la moitié des rapports, ou neuf sur dix, "
            "sont arrivés",
        ),
        symbols="min{d : share of reports with lag ≤ d is at least q}, q = 0.5, 0.9",
        unit="days",
        decimals=0,
        numerator=Words(
            "days from the last day of the cycle to the day of the first delivery; below nought "
            "where it came before",
            "jours entre le dernier jour du cycle et celui de la première livraison ; négatif si "
            "elle est arrivée avant",
        ),
        denominator=Words(
            "reports that came; they are counted, and not divided by",
            "rapports arrivés ; ils sont comptés, sans servir de diviseur",
        ),
        breakdowns=("part", "programme*part"),
        limits=Words(
            f"Reports that never came are not in it: see R1. {_LIMITS.en}",
            f"Les rapports jamais arrivés n'y sont pas : voir R1. {_LIMITS.fr}",
        ),
        disclosure="open",
        better="lower",
        source=_SOURCE,
        example=Example(_STORY, None, 2, "4"),
    ),
    Indicator(
        code="R4",
        version=1,
        name=Words("Records taken in", "Fiches retenues"),
        about=Words(
            "How much of what was sent could be used, and which fields were at fault where not.",
            "Quelle part des envois a pu être utilisée, et quels champs étaient en cause sinon.",
        ),
        formula=Words(
            "records sent less those set aside, over records sent; by field: records set aside "
            "because of the field over records sent",
            "fiches envoyées moins celles mises de côté, sur fiches envoyées ; par champ : fiches "
            "mises de côté à cause du champ sur fiches envoyées",
        ),
        symbols="(sent − set aside) / sent; by field: set aside(f) / sent",
        unit="share",
        decimals=4,
        numerator=Words(
            "records taken in; by field those set aside because of it",
            "fiches retenues ; par champ, celles mises de côté à cause de lui",
        ),
        denominator=Words(
            "records of the deliveries that speak for the month",
            "fiches des livraisons qui portent sur le mois",
        ),
        breakdowns=("", "programme", "field", "programme*field"),
        limits=Words(
            "A delivery speaks for the month that it names, or else for that of its sender's "
            "clock. One that speaks of several programmes counts in the whole and for none of "
            "them, and their figures are marked as known in part only. A delivery of which nothing "
            "was taken names no programme. A record that is sent again counts again.",
            "Une livraison porte sur le mois qu'elle indique, sinon sur celui de l'horloge de son "
            "expéditeur. Celle qui porte sur plusieurs programmes compte dans le total et pour "
            "aucun d'eux, dont les chiffres sont marqués comme connus en partie. Une livraison "
            "dont rien n'a été retenu ne désigne aucun programme. Une fiche renvoyée compte à "
            "nouveau.",
        ),
        disclosure="open",
        better="higher",
        source=_SOURCE,
        example=Example(
            Words(
                "A programme sends 200 records for a month; 5 are set aside, 4 of them because of "
                "`member.sex`.",
                "Un programme envoie 200 fiches pour un mois ; 5 sont mises de côté, dont 4 à "
                "cause de `member.sex`.",
            ),
            195,
            200,
            "0.9750",
        ),
    ),
)

REPORTING: Final[tuple[Indicator, ...]] = (*PAYMENTS, *_RATES, *REPORTED)
"""P1 to P3 and R1 to R7."""
