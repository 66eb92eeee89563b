"""Indicators of who is who, and of how well that was found: Q1 to Q5 and Q7."""

from __future__ import annotations

from typing import Final

from ibr.coverage.catalogue.model import Example, Indicator, Words

_SOURCE: Final = Words(
    "this registry's definition; see docs/linkage.md",
    "définition de ce registre ; voir docs/linkage.md",
)
_ENROLLED: Final = Words(
    "distinct people enrolled on the last day of the month, as in N3",
    "personnes distinctes inscrites le dernier jour du mois, comme dans N3",
)
_AS_NOW: Final = Words(
    "What is known of people is looked at as it is when the figure is made, also for earlier "
    "months.",
    "Ce que l'on sait des personnes est vu tel qu'il est au moment du calcul, même pour les mois "
    "passés.",
)

IDENTITY: Final[tuple[Indicator, ...]] = (
    Indicator(
        code="Q1",
        version=1,
        name=Words("People with an identity number", "Personnes avec un numéro d'identité"),
        about=Words(
            "How many people have an identity number at all (`present`), the foundational one "
            "(`foundational`), and are known to the civil register (`verified`). Who has none is "
            "harder to find, and easily counted twice.",
            "Combien de personnes ont un numéro d'identité quel qu'il soit (`present`), le numéro "
            "fondamental (`foundational`), et sont connues de l'état civil (`verified`). Qui n'en "
            "a pas est plus difficile à retrouver et facilement compté deux fois.",
        ),
        formula=Words(
            "people enrolled of whom that is known over people enrolled",
            "personnes inscrites dont cela est connu sur personnes inscrites",
        ),
        symbols="with number / enrolled",
        unit="share",
        decimals=4,
        numerator=Words(
            "of these, people with a number of their own in any of their records; phones, "
            "accounts, numbers of households and of programmes are none; `verified`: the civil "
            "register has told something of them",
            "parmi elles, personnes ayant un numéro à elles dans l'une de leurs fiches ; "
            "téléphones, comptes, numéros de ménage et de programme n'en sont pas ; `verified` : "
            "l'état civil a dit quelque chose d'elles",
        ),
        denominator=_ENROLLED,
        breakdowns=("part", "programme*part"),
        limits=Words(
            f"A number that is there may still be a wrong one. {_AS_NOW.en}",
            f"Un numéro présent peut être faux. {_AS_NOW.fr}",
        ),
        better="higher",
        source=_SOURCE,
        example=Example(
            Words(
                "Four people are enrolled: one with the foundational number, one with a passport, "
                "one with a phone only, one with nothing. `present` is 2 of 4.",
                "Quatre personnes sont inscrites : une avec le numéro fondamental, une avec un "
                "passeport, une avec un téléphone seulement, une sans rien. `present` est 2 sur 4.",
            ),
            2,
            4,
            "0.5000",
        ),
    ),
    Indicator(
        code="Q2",
        version=1,
        name=Words("Suspected duplicates", "Doublons présumés"),
        about=Words(
            "How many people may be the same as somebody else and wait to be looked at. A "
            "suspicion is no finding: between a quarter and two thirds of them prove true.",
            "Combien de personnes pourraient être la même qu'une autre et attendent un examen. Un "
            "soupçon n'est pas un constat : entre un quart et deux tiers se vérifient.",
        ),
        formula=Words(
            "people enrolled who are in a pair above the review threshold over people enrolled",
            "personnes inscrites figurant dans une paire au-dessus du seuil d'examen sur personnes "
            "inscrites",
        ),
        symbols="in open pairs / enrolled",
        unit="share",
        decimals=4,
        numerator=Words(
            "of these, people in a possible link that is open",
            "parmi elles, personnes figurant dans un lien possible ouvert",
        ),
        denominator=_ENROLLED,
        breakdowns=("", "programme"),
        limits=Words(
            "The other one of a pair may be in another programme, or in none any more. "
            f"{_AS_NOW.en}",
            f"L'autre d'une paire peut être dans un autre programme, ou dans aucun. {_AS_NOW.fr}",
        ),
        better="lower",
        source=_SOURCE,
        example=Example(
            Words(
                "Five people are enrolled; two of them are an open possible link.",
                "Cinq personnes sont inscrites ; deux d'entre elles forment un lien possible "
                "ouvert.",
            ),
            2,
            5,
            "0.4000",
        ),
    ),
    Indicator(
        code="Q3",
        version=1,
        name=Words("Confirmed duplicates", "Doublons confirmés"),
        about=Words(
            "How many records are a second one of the same person in the same programme, confirmed "
            "by people.",
            "Combien de fiches sont une seconde de la même personne dans le même programme, "
            "confirmées par des personnes.",
        ),
        formula=Words(
            "enrolled records less one for each confirmed person with several, over enrolled "
            "records",
            "fiches inscrites en trop par personne confirmée, sur fiches inscrites",
        ),
        symbols="Σ (records of a person in p − 1) / records in p",
        unit="share",
        decimals=4,
        numerator=Words(
            "records beyond the first of each person whom people have confirmed to be one, in one "
            "programme",
            "fiches au-delà de la première de chaque personne dont l'unité a été confirmée, dans "
            "un programme",
        ),
        denominator=Words(
            "records with an enrolment in force on the last day of the month",
            "fiches dont l'inscription est en vigueur le dernier jour du mois",
        ),
        breakdowns=("", "programme"),
        limits=Words(
            "Only what people have confirmed counts; what the matcher alone links does not. "
            "Duplicates that nobody looked at are missing, so a low figure may mean little review. "
            f"{_AS_NOW.en}",
            "Seul compte ce que des personnes ont confirmé, non ce que la machine seule relie. Les "
            "doublons que personne n'a examinés manquent : un chiffre bas peut signifier peu "
            f"d'examens. {_AS_NOW.fr}",
        ),
        better="lower",
        source=_SOURCE,
        example=Example(
            Words(
                "A programme has five enrolled records; three of them were confirmed to be one "
                "person.",
                "Un programme a cinq fiches inscrites ; trois d'entre elles ont été confirmées "
                "comme une seule personne.",
            ),
            2,
            5,
            "0.4000",
        ),
    ),
    Indicator(
        code="Q4",
        version=1,
        name=Words(
            "Precision of checks and matcher", "Précision des contrôles et du rapprochement"
        ),
        about=Words(
            "How often a suspicion proved true: for each check by its code, and `matcher` for "
            "possible links. A check below a third troubles two people for each one it finds.",
            "À quelle fréquence un soupçon s'est vérifié : pour chaque contrôle par son code, et "
            "`matcher` pour les liens possibles. Un contrôle sous un tiers dérange deux personnes "
            "pour chacune qu'il trouve.",
        ),
        formula=Words(
            "confirmed over decided, of what was decided in the month",
            "confirmés sur décidés, de ce qui a été décidé dans le mois",
        ),
        symbols="confirmed / decided",
        unit="share",
        decimals=4,
        numerator=Words(
            "of these, cases with an error or a suspicion confirmed and not overturned; pairs "
            "decided to be one person",
            "parmi eux, dossiers avec erreur ou soupçon confirmé et non infirmé ; paires décidées "
            "comme une seule personne",
        ),
        denominator=Words(
            "cases decided in the month that gather findings of the check, each once; pairs "
            "decided in it, where no second opinion says otherwise",
            "dossiers décidés dans le mois réunissant des constats du contrôle, chacun une fois ; "
            "paires décidées, sauf second avis contraire",
        ),
        breakdowns=("part",),
        limits=Words(
            "A case that gathers findings of several checks counts for each of them. What was "
            "decided earlier changes where an appeal is upheld.",
            "Un dossier réunissant des constats de plusieurs contrôles compte pour chacun. Une "
            "décision passée change lorsqu'un recours est accueilli.",
        ),
        better="higher",
        source=_SOURCE,
        example=Example(
            Words(
                "In June three cases of K01 were decided: one error of the claimant, one not "
                "confirmed, one error that was overturned on appeal.",
                "En juin, trois dossiers de K01 ont été décidés : une erreur du demandeur, un non "
                "confirmé, une erreur infirmée en recours.",
            ),
            1,
            3,
            "0.3333",
        ),
    ),
    Indicator(
        code="Q5",
        version=1,
        name=Words("Duplicates that are found", "Doublons retrouvés"),
        about=Words(
            "Of pairs that are truly one person, the share that linkage links or puts up for "
            "review, measured where the truth is known: by the name of the measurement.",
            "Parmi les paires qui sont vraiment une personne, la part que le rapprochement relie "
            "ou propose à l'examen, mesurée là où la vérité est connue : par nom de mesure.",
        ),
        formula=Words(
            "true pairs found over true pairs", "paires vraies trouvées sur paires vraies"
        ),
        symbols="found and true / true",
        unit="share",
        decimals=4,
        numerator=Words(
            "of these, pairs linked or put up for review",
            "parmi elles, paires reliées ou proposées à l'examen",
        ),
        denominator=Words(
            "true pairs of the newest measurement before the end of the month",
            "paires vraies de la mesure la plus récente avant la fin du mois",
        ),
        breakdowns=("part",),
        limits=Words(
            "It is measured on made-up people, not on those of the country, where the truth is not "
            "known. There is no figure before the first measurement.",
            "Elle est mesurée sur des personnes fictives, non sur celles du pays, dont la vérité "
            "n'est pas connue. Il n'y a pas de chiffre avant la première mesure.",
        ),
        disclosure="open",
        better="higher",
        source=_SOURCE,
        example=Example(
            Words(
                "A made-up country has 1,000 true pairs; linkage links or shows 930 of them.",
                "Un pays fictif a 1 000 paires vraies ; le rapprochement en relie ou montre 930.",
            ),
            930,
            1000,
            "0.9300",
        ),
    ),
    Indicator(
        code="Q7",
        version=1,
        name=Words("Agreement of reviewers", "Accord des examinateurs"),
        about=Words(
            "How often two people who looked at a pair without knowing of each other answered "
            "alike (`same_answer`), and how much more often than by chance (`kappa`, at most 1).",
            "À quelle fréquence deux personnes ayant vu une paire sans se connaître ont répondu de "
            "même (`same_answer`), et de combien plus souvent que par hasard (`kappa`, au plus 1).",
        ),
        formula=Words(
            "pairs answered alike over pairs looked at twice; kappa is that share less the one "
            "expected by chance, over 1 less the one expected by chance",
            "paires à réponse identique sur paires vues deux fois ; kappa est cette part moins "
            "celle due au hasard, sur 1 moins celle due au hasard",
        ),
        symbols="a / n; κ = (a n − c) / (n n − c), c = Σ first(x) second(x)",
        unit="ratio",
        decimals=4,
        numerator=Words(
            "pairs answered alike; for kappa a n − c",
            "paires à réponse identique ; pour kappa a n − c",
        ),
        denominator=Words(
            "pairs whose newest second opinion is of the month; for kappa n n − c",
            "paires dont le second avis le plus récent est du mois ; pour kappa n n − c",
        ),
        breakdowns=("part",),
        limits=Words(
            "Of a few pairs it says little. Two people can agree and both be wrong. Where "
            "everybody gave one answer there is no kappa.",
            "Sur peu de paires, elle dit peu. Deux personnes peuvent s'accorder et se tromper. Si "
            "tous ont donné une seule réponse, il n'y a pas de kappa.",
        ),
        disclosure="open",
        better="higher",
        source=_SOURCE,
        example=Example(
            Words(
                "Of ten pairs looked at twice in June, eight were answered alike.",
                "Sur dix paires vues deux fois en juin, huit ont reçu la même réponse.",
            ),
            8,
            10,
            "0.8000",
        ),
    ),
)
