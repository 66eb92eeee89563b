"""Indicators of cases: K1 to K5, and what was truly saved, S1."""

from __future__ import annotations

from typing import Final

from ibr.coverage.catalogue.model import Example, Indicator, Words

_SOURCE: Final = Words(
    "this registry's definition; see docs/explanation/overlaps.md",
    "définition de ce registre ; voir docs/explanation/overlaps.md",
)
_DECIDED: Final = Words(
    "Decided means approved by a second officer and not withdrawn since. Decisions of earlier "
    "months change when an appeal is upheld.",
    "Décidé signifie approuvé par un second agent et non retiré depuis. Les décisions passées "
    "changent lorsqu'un recours est accueilli.",
)
_PARTS: Final = ("part", "programme*part")

CASEWORK: Final[tuple[Indicator, ...]] = (
    Indicator(
        code="K1",
        version=1,
        name=Words("Cases and how long they take", "Dossiers et leur durée"),
        about=Words(
            "Cases `opened` and `decided` in the month; at its end `open`, of these `past_due`, "
            "and how many days old half of them (`age_p50`) and nine of ten (`age_p90`) are at "
            "most.",
            "Dossiers ouverts (`opened`) et décidés (`decided`) dans le mois ; à sa fin, en cours "
            "(`open`), dont en retard (`past_due`), et l'âge en jours que la moitié (`age_p50`) et "
            "neuf sur dix (`age_p90`) ne dépassent pas.",
        ),
        formula=Words(
            "counts of cases; the least number of days that half, or nine of ten, do not exceed",
            "nombres de dossiers ; le plus petit nombre de jours que la moitié, ou neuf sur dix, "
            "ne dépassent pas",
        ),
        symbols="count; min{d : share of open cases with age ≤ d is at least q}, q = 0.5, 0.9",
        unit="cases",
        decimals=0,
        numerator=Words("cases; days for the ages", "dossiers ; jours pour les âges"),
        denominator=Words(
            "for ages the open cases, which are counted and not divided by",
            "pour les âges, les dossiers en cours, comptés sans servir de diviseur",
        ),
        breakdowns=_PARTS,
        limits=Words(
            "A case is about one person in one programme, and may gather several findings. "
            f"`past_due` is about the step that was due next at that time. {_DECIDED.en}",
            "Un dossier concerne une personne dans un programme et peut réunir plusieurs constats. "
            f"`past_due` porte sur l'étape alors attendue. {_DECIDED.fr}",
        ),
        source=_SOURCE,
        example=Example(
            Words(
                "Of three cases two were opened in June, on the 1st and the 21st, and one in May; "
                "the one of May was decided and closed in June. Open at the end of June: 2.",
                "Sur trois dossiers, deux ont été ouverts en juin, le 1er et le 21, et un en mai ; "
                "celui de mai a été décidé et clos en juin. En cours fin juin : 2.",
            ),
            2,
            None,
            "2",
        ),
    ),
    Indicator(
        code="K2",
        version=1,
        name=Words("What came of cases", "Issue des dossiers"),
        about=Words(
            "How the cases that ended in the month ended. Error, fraud and corruption are kept "
            "apart: an error is nobody's intention, and the other two are only suspected here.",
            "Comment se sont achevés les dossiers du mois. Erreur, fraude et corruption restent "
            "séparées : une erreur n'est l'intention de personne, et les deux autres ne sont ici "
            "que soupçonnées.",
        ),
        formula=Words(
            "cases with the outcome over cases decided or withdrawn in the month",
            "dossiers de cette issue sur dossiers décidés ou retirés dans le mois",
        ),
        symbols="cases(outcome) / (decided + withdrawn)",
        unit="share",
        decimals=4,
        numerator=Words(
            "cases that ended in `error`, `fraud_suspicion`, `corruption_suspicion`, "
            "`not_confirmed`, `data_corrected`, `lawful_exception`, were `overturned` on appeal or "
            "`withdrawn`",
            "dossiers achevés par `error`, `fraud_suspicion`, `corruption_suspicion`, "
            "`not_confirmed`, `data_corrected`, `lawful_exception`, infirmés en recours "
            "(`overturned`) ou retirés (`withdrawn`)",
        ),
        denominator=Words(
            "cases decided or withdrawn in the month", "dossiers décidés ou retirés dans le mois"
        ),
        breakdowns=_PARTS,
        limits=_DECIDED,
        source=_SOURCE,
        example=Example(
            Words(
                "Of four cases decided in June one ended as an error, two were not confirmed, and "
                "one error was overturned on appeal. `not_confirmed` is 2 of 4.",
                "Sur quatre dossiers décidés en juin, un s'est achevé par une erreur, deux n'ont "
                "pas été confirmés, une erreur a été infirmée en recours. `not_confirmed` est 2 "
                "sur 4.",
            ),
            2,
            4,
            "0.5000",
        ),
    ),
    Indicator(
        code="K3",
        version=1,
        name=Words("Appeals", "Recours"),
        about=Words(
            "Of the decisions of the month that take something from somebody, how many were "
            "appealed against (`appealed`), and of the appeals decided how many were upheld for "
            "the person (`overturned`).",
            "Parmi les décisions du mois qui retirent quelque chose à quelqu'un, combien ont fait "
            "l'objet d'un recours (`appealed`), et parmi les recours tranchés combien ont donné "
            "raison à la personne (`overturned`).",
        ),
        formula=Words(
            "appeals over decisions; appeals upheld over appeals decided",
            "recours sur décisions ; recours accueillis sur recours tranchés",
        ),
        symbols="appealed / adverse; upheld / (upheld + rejected)",
        unit="share",
        decimals=4,
        numerator=Words(
            "of these, decisions appealed against; appeals upheld for the person",
            "parmi elles, décisions attaquées ; recours accueillis",
        ),
        denominator=Words(
            "decisions of the month that state an error; appeals against them that were decided",
            "décisions du mois constatant une erreur ; recours tranchés contre elles",
        ),
        breakdowns=_PARTS,
        limits=Words(
            "Appeals are counted with the month of the decision, whenever they came; so the newest "
            "months have fewer of them than they will. No appeal is no proof of a good decision: "
            "people may not know that they can.",
            "Les recours comptent au mois de la décision, quelle que soit leur date ; les derniers "
            "mois en ont donc moins qu'ils n'en auront. L'absence de recours ne prouve pas une "
            "bonne décision : la personne peut ignorer ce droit.",
        ),
        source=_SOURCE,
        example=Example(
            Words(
                "In June four errors were decided; three were appealed against, one of them "
                "upheld, one rejected, one still open. `overturned` is 1 of 2.",
                "En juin, quatre erreurs ont été décidées ; trois ont fait l'objet d'un recours, "
                "dont un accueilli, un rejeté, un en cours. `overturned` est 1 sur 2.",
            ),
            1,
            2,
            "0.5000",
        ),
    ),
    Indicator(
        code="K4",
        version=1,
        name=Words(
            "People held without their benefit", "Personnes dont la prestation est suspendue"
        ),
        about=Words(
            "How many people had a benefit held in the month while a case was open (`persons`), "
            "for how many days (`person_days`), and of how many of them nothing was confirmed in "
            "the end (`wrongly_held`).",
            "Combien de personnes ont eu une prestation suspendue dans le mois pendant un dossier "
            "(`persons`), combien de jours (`person_days`), et pour combien rien n'a finalement "
            "été confirmé (`wrongly_held`).",
        ),
        formula=Words(
            "distinct people with a hold in force in the month; calendar days on which one was in "
            "force",
            "personnes distinctes avec une suspension en vigueur dans le mois ; jours civils où "
            "une était en vigueur",
        ),
        symbols="|{person : hold ∩ month ≠ ∅}|; Σ days(hold ∩ month)",
        unit="number",
        decimals=0,
        numerator=Words(
            "people; days on which a hold was in force for any time",
            "personnes ; jours où une suspension était en vigueur, ne fût-ce qu'un moment",
        ),
        denominator=None,
        breakdowns=_PARTS,
        limits=Words(
            "A hold is a request of the registry: whether a programme paid nevertheless is not "
            "told. Days of one person held in two programmes count twice. Whether a hold was wrong "
            "is known only once the case is closed.",
            "Une suspension est une demande du registre : si un programme a payé malgré tout n'est "
            "pas déclaré. Les jours d'une personne suspendue dans deux programmes comptent deux "
            "fois. Qu'une suspension fût à tort n'est connu qu'à la clôture.",
        ),
        better="lower",
        source=_SOURCE,
        example=Example(
            Words(
                "A benefit was held from 28 June, 10:00, to 3 July: that is 1 person and 3 days in "
                "June.",
                "Une prestation a été suspendue du 28 juin, 10 h, au 3 juillet : soit 1 personne "
                "et 3 jours en juin.",
            ),
            3,
            None,
            "3",
        ),
    ),
    Indicator(
        code="K5",
        version=1,
        name=Words("Whom cases hit", "Qui les dossiers touchent"),
        about=Words(
            "Whether cases fall on some more than on others: cases opened for each person enrolled "
            "(`flagged`), the share not confirmed of those decided (`unconfirmed`), and how each "
            "stands to that of all together (`flagged_ratio`, `unconfirmed_ratio`: 2 is twice as "
            "often).",
            "Si les dossiers touchent certains plus que d'autres : dossiers ouverts par personne "
            "inscrite (`flagged`), part non confirmée de ceux décidés (`unconfirmed`), et le "
            "rapport de chacune à l'ensemble (`flagged_ratio`, `unconfirmed_ratio` : 2 est deux "
            "fois plus souvent).",
        ),
        formula=Words(
            "cases opened over people enrolled; cases not confirmed over cases decided; the rate "
            "of the group over the rate of all",
            "dossiers ouverts sur personnes inscrites ; dossiers non confirmés sur dossiers "
            "décidés ; taux du groupe sur taux de l'ensemble",
        ),
        symbols="opened(g) / enrolled(g); unconfirmed(g) / decided(g); rate(g) / rate",
        unit="ratio",
        decimals=6,
        numerator=Words(
            "cases opened, or not confirmed, in the month; for the ratio times the base of all",
            "dossiers ouverts, ou non confirmés, dans le mois ; pour le rapport, fois la base de "
            "l'ensemble",
        ),
        denominator=Words(
            "people enrolled in the newest snapshot, each once in each programme; cases decided in "
            "the month; for the ratio times the cases of all",
            "personnes inscrites au dernier instantané, une fois par programme ; dossiers décidés "
            "dans le mois ; pour le rapport, fois les dossiers de l'ensemble",
        ),
        breakdowns=("part", "programme*part", "area1*part", "sex*part", "age*part"),
        limits=Words(
            "People are those of the newest snapshot for every month. Age is the one that is "
            "reached in the calendar year. A group may be flagged more often because more is wrong "
            "there or because the check is; only the share confirmed tells them apart.",
            "Les personnes sont celles du dernier instantané, pour tous les mois. L'âge est celui "
            "atteint dans l'année civile. Un groupe peut être signalé plus souvent parce que les "
            "erreurs y sont plus nombreuses ou parce que le contrôle se trompe ; seule la part "
            "confirmée les distingue.",
        ),
        source=_SOURCE,
        example=Example(
            Words(
                "Of 1,000 women enrolled 6 got a case in June, of 1,000 men 2. Women are flagged "
                "0.006 / 0.004 as often as all: 1.5 times.",
                "Sur 1 000 femmes inscrites, 6 ont eu un dossier en juin, sur 1 000 hommes 2. Les "
                "femmes sont signalées 0,006 / 0,004 fois comme l'ensemble : 1,5 fois.",
            ),
            12000,
            8000,
            "1.500000",
        ),
    ),
    Indicator(
        code="S1",
        version=1,
        name=Words("Verified savings", "Économies vérifiées"),
        about=Words(
            "Money that was stopped or recovered because of confirmed cases, less what was given "
            "back. Never from findings: what is suspected is not saved.",
            "Montants arrêtés ou recouvrés à la suite de dossiers confirmés, moins ce qui a été "
            "restitué. Jamais à partir de constats : ce qui est soupçonné n'est pas économisé.",
        ),
        formula=Words(
            "sums stopped and recovered less sums given back, confirmed in the month by a second "
            "officer, in cases whose decision stands",
            "sommes arrêtées et recouvrées moins sommes restituées, confirmées dans le mois par un "
            "second agent, dans les dossiers dont la décision tient",
        ),
        symbols="Σ stopped + Σ recovered − Σ restored",
        unit="money",
        decimals=2,
        numerator=Words(
            "minor units of the currency; may be below nought",
            "unités mineures de la monnaie ; peut être négatif",
        ),
        denominator=None,
        breakdowns=("currency", "programme*currency"),
        limits=Words(
            "What was stopped and recovered counts once the decision is in effect. Where a "
            "decision is overturned, all sums of its case leave the figure, also for earlier "
            "months. Programmes enter the sums; the registry does not work them out. Currencies "
            "are never added up.",
            "Ce qui est arrêté ou recouvré compte une fois la décision en vigueur. Si une décision "
            "est infirmée, toutes les sommes de son dossier quittent le chiffre, même pour les "
            "mois passés. Les programmes saisissent les sommes ; le registre ne les calcule pas. "
            "Les monnaies ne sont jamais additionnées.",
        ),
        disclosure="money",
        source=_SOURCE,
        example=Example(
            Words(
                "In June 1,000.00 stopped and 50.00 recovered were confirmed, and 300.00 given "
                "back.",
                "En juin ont été confirmés 1 000,00 arrêtés et 50,00 recouvrés, et 300,00 "
                "restitués.",
            ),
            75000,
            None,
            "750.00",
        ),
    ),
)
