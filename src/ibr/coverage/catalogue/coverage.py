"""Indicators of coverage: which part of those whom it is for is reached, C1 to C7."""

from __future__ import annotations

from typing import Final

from ibr.coverage.catalogue.model import Example, Indicator, Words
from ibr.coverage.catalogue.world_series import WORLD_SERIES

_SOURCE: Final = Words(
    "this registry's definition, after the coverage measures of the World Bank's ASPIRE and "
    "the ILO Social Security Inquiry",
    "définition de ce registre, d’après les mesures de couverture d’ASPIRE (Banque mondiale) "
    "et de l’Enquête sur la sécurité sociale de l’OIT",
)
_DENOMINATOR: Final = Words(
    "The population is that of the middle of the period, by the source named with the figure; "
    "people whose place, sex or age the registry does not know are in the total and have no "
    "denominator of their own. More than the whole is shown as it is: the population may be old, "
    "or people counted twice.",
    "La population est celle du milieu de la période, selon la source indiquée avec le chiffre ; "
    "les personnes dont le registre ignore le lieu, le sexe ou l'âge sont dans le total et n'ont "
    "pas de dénominateur propre. Un chiffre supérieur au tout est montré tel quel : la population "
    "peut être ancienne, ou des personnes comptées deux fois.",
)
_TARGET: Final = Words(
    "The target group is what the programme's rules on age, sex and disability say on the last "
    "day of the period; where there are none it is everybody, and the figure says that this is "
    "known in part only. Where people with a disability are counted from five years on only, so "
    "is the group of a programme for them, and the figure says so too. Other conditions, such as "
    "poverty, are not in it.",
    "Le groupe cible est ce que disent les règles d'âge, de sexe et de handicap du programme le "
    "dernier jour de la période ; à défaut, c'est tout le monde, et le chiffre indique que cela "
    "n'est connu qu'en partie. Là où les personnes handicapées ne sont comptées qu'à partir de "
    "cinq ans, le groupe d'un programme qui leur est destiné l'est aussi, et le chiffre le dit. "
    "D'autres conditions, comme la pauvreté, n'y sont pas.",
)
_STORY: Final = Words(
    "PEN is for people from 65 years on, of whom 100 live in the country: 30 of the 40 in D1 are "
    "women, and 30 of the 60 in D2. In August it gives to 12 women and 8 men of 65 and over in D1, "
    "to 12 women and 4 men in D2, and to 1 man of 50. The country has 1,000 people, half of them "
    "women, and 250 households.",
    "PEN s'adresse aux personnes de 65 ans et plus, au nombre de 100 dans le pays : 30 des 40 dans "
    "D1 sont des femmes, et 30 des 60 dans D2. En août, il verse à 12 femmes et 8 hommes de 65 ans "
    "et plus dans D1, à 12 femmes et 4 hommes dans D2, et à 1 homme de 50 ans. Le pays compte "
    "1 000 personnes, dont la moitié de femmes, et 250 ménages.",
)
_GROUP: Final = Words(
    "people of the target group at the middle of the period",
    "population du groupe cible au milieu de la période",
)
_EVERYBODY: Final = Words(
    "population at the middle of the period", "population au milieu de la période"
)

COVERAGE: Final = (
    Indicator(
        code="C1",
        version=1,
        name=Words(
            "Coverage of a programme's target group", "Couverture du groupe cible d'un programme"
        ),
        about=Words(
            "Which part of those whom a programme is for it reaches.",
            "Quelle part de ceux à qui un programme s'adresse il atteint.",
        ),
        formula=Words(
            "distinct direct beneficiaries of the programme in its target group over the people "
            "of the target group",
            "bénéficiaires directs distincts du programme dans son groupe cible sur la population "
            "du groupe cible",
        ),
        symbols="|D_p ∩ G_p| / N(G_p)",
        unit="share",
        decimals=4,
        numerator=Words(
            "distinct direct beneficiaries in the target group; where the rule is about a member "
            "of the household, as a child, those who live with a direct beneficiary and fit count "
            "too",
            "bénéficiaires directs distincts dans le groupe cible ; lorsque la règle porte sur un "
            "membre du ménage, comme un enfant, ceux qui vivent avec un bénéficiaire direct et y "
            "répondent comptent aussi",
        ),
        denominator=_GROUP,
        breakdowns=(
            "programme", "programme*area1", "programme*area2", "programme*sex", "programme*age",
            "programme*sex*age",
        ),
        limits=Words(f"{_TARGET.en} {_DENOMINATOR.en}", f"{_TARGET.fr} {_DENOMINATOR.fr}"),
        better="higher",
        source=_SOURCE,
        example=Example(_STORY, 36, 100, "0.3600"),
    ),
    Indicator(
        code="C2",
        version=1,
        name=Words("People with any benefit", "Personnes avec une prestation"),
        about=Words(
            "Which part of the population was given anything by any programme.",
            "Quelle part de la population a reçu quelque chose d'un programme.",
        ),
        formula=Words(
            "distinct direct beneficiaries of any programme over the population",
            "bénéficiaires directs distincts de tout programme sur la population",
        ),
        symbols="|∪_p D_p| / N",
        unit="share",
        decimals=4,
        numerator=Words(
            "distinct direct beneficiaries of any programme",
            "bénéficiaires directs distincts de tout programme",
        ),
        denominator=_EVERYBODY,
        breakdowns=(
            "", "area1", "area2", "sex", "age", "sex*age", "area1*sex", "area1*age",
            "area1*sex*age", "function",
        ),
        yearly=("", "area1", "sex"),
        limits=Words(
            "Whoever only lives with a beneficiary is not in it; surveys often count them. "
            f"{_DENOMINATOR.en}",
            "Qui vit seulement avec un bénéficiaire n'y est pas ; les enquêtes le comptent "
            f"souvent. {_DENOMINATOR.fr}",
        ),
        better="higher",
        source=_SOURCE,
        example=Example(_STORY, 37, 1000, "0.0370"),
    ),
    Indicator(
        code="C3",
        version=1,
        name=Words("Households with any benefit", "Couverture des ménages"),
        about=Words(
            "Which part of the households has somebody with a benefit.",
            "Quelle part des ménages compte une personne avec une prestation.",
        ),
        formula=Words(
            "households with a benefit over all households",
            "ménages avec une prestation sur l'ensemble des ménages",
        ),
        symbols="N4 / H",
        unit="share",
        decimals=4,
        numerator=Words("distinct households with a benefit", "ménages distincts avec prestation"),
        denominator=Words(
            "households at the middle of the period", "ménages au milieu de la période"
        ),
        breakdowns=("", "area1"),
        limits=Words(
            "Somebody whom no household programme names counts as a household of one, so two "
            "pensioners who live together are two. Households are imported as the group "
            "households.",
            "Qui n'est nommé par aucun programme pour ménages compte comme un ménage d'une "
            "personne ; deux retraités vivant ensemble en font donc deux. Les ménages sont "
            "importés comme groupe households.",
        ),
        better="higher",
        source=_SOURCE,
        example=Example(_STORY, 37, 250, "0.1480"),
    ),
    Indicator(
        code="C4",
        version=1,
        name=Words("Places taken of those planned", "Places occupées sur les places prévues"),
        about=Words(
            "How far a programme has come towards its planned caseload, in all and by region.",
            "Où en est un programme par rapport à l'effectif prévu, en tout et par région.",
        ),
        formula=Words(
            "people enrolled at the end of the month over the planned caseload",
            "personnes inscrites à la fin du mois sur l'effectif prévu",
        ),
        symbols="|E_p| / cap_p",
        unit="share",
        decimals=4,
        numerator=Words("distinct people enrolled", "personnes inscrites distinctes"),
        denominator=Words(
            "places by the rule caseload_cap; where only regions have one, their sum",
            "places selon la règle caseload_cap ; si seules des régions en ont, leur somme",
        ),
        breakdowns=("programme", "programme*area1"),
        limits=Words(
            "Enrolled and not paid, since a place is taken also in a month without payment. A plan "
            "for a district is not shown by region.",
            "Les inscrits et non les payés, car une place est prise même dans un mois sans "
            "paiement. Un plan par district n'est pas montré par région.",
        ),
        source=_SOURCE,
        example=Example(
            Words(
                "A rule plans 40 places for PEN. 37 people are enrolled on 31 August.",
                "Une règle prévoit 40 places pour PEN. 37 personnes sont inscrites le 31 août.",
            ),
            37,
            40,
            "0.9250",
        ),
    ),
    Indicator(
        code="C5",
        version=1,
        name=Words("Coverage gap", "Déficit de couverture"),
        about=Words(
            "How many people whom a programme is for, or in an area, no benefit reaches.",
            "Combien de personnes visées par un programme, ou d'un lieu, ne reçoivent rien.",
        ),
        formula=Words(
            "people less direct beneficiaries, not below 0; the value is this over the people",
            "population moins bénéficiaires directs, au moins 0 ; la valeur est ce nombre sur la "
            "population",
        ),
        symbols="max(0, N(G) − |D ∩ G|) / N(G)",
        unit="share",
        decimals=4,
        numerator=Words("people who are not reached", "personnes non atteintes"),
        denominator=Words(
            "people of the target group, or the population",
            "population du groupe cible, ou population totale",
        ),
        breakdowns=("programme", "programme*area1", "", "area1", "area2", "sex*age"),
        limits=Words(
            f"Who is not reached may not need it: there is no word on poverty in it. {_TARGET.en} "
            f"{_DENOMINATOR.en}",
            "Qui n'est pas atteint n'en a peut-être pas besoin : la pauvreté n'y entre pas. "
            f"{_TARGET.fr} {_DENOMINATOR.fr}",
        ),
        better="lower",
        source=_SOURCE,
        example=Example(_STORY, 64, 100, "0.6400"),
    ),
    Indicator(
        code="C6",
        version=1,
        name=Words("Parity", "Parité"),
        about=Words(
            "Coverage of women over that of men (women_men), and of people with a disability over "
            "that of others (disabled_others): 1 is alike.",
            "Couverture des femmes sur celle des hommes (women_men), et des personnes handicapées "
            "sur celle des autres (disabled_others) : 1 signifie à égalité.",
        ),
        formula=Words(
            "coverage of the first group over coverage of the second: of the programme's target "
            "group, or of the population for any benefit",
            "couverture du premier groupe sur celle du second : dans le groupe cible du programme, "
            "ou dans la population pour toute prestation",
        ),
        symbols="(|D ∩ W| / N(W)) / (|D ∩ M| / N(M))",
        unit="ratio",
        decimals=4,
        numerator=Words(
            "coverage of women, or of people with a disability",
            "couverture des femmes, ou des personnes handicapées",
        ),
        denominator=Words(
            "coverage of men, or of people reported as without a disability",
            "couverture des hommes, ou des personnes déclarées sans handicap",
        ),
        breakdowns=("part", "programme*part"),
        limits=Words(
            "A programme for one sex has no parity. People of whom nobody said whether they live "
            "with a disability are in neither group, which makes disabled_others too high where "
            "programmes report it only of those who do. Where the census asked from five years "
            f"on, both groups are of these ages. {_DENOMINATOR.en}",
            "Un programme pour un seul sexe n'a pas de parité. Les personnes dont on ignore "
            "le handicap ne sont dans aucun groupe, ce qui surestime disabled_others lorsque les "
            "programmes ne le déclarent que de celles qui en ont un. Si le recensement n'a posé la "
            f"question qu'à partir de cinq ans, les deux groupes sont de ces âges. "
            f"{_DENOMINATOR.fr}",
        ),
        source=_SOURCE,
        example=Example(_STORY, None, None, "1.3333"),
    ),
    Indicator(
        code="C7",
        version=1,
        name=Words("Equality between regions", "Égalité entre régions"),
        about=Words(
            "The coverage of the region with the least (lowest) and of that with the most "
            "(highest), and how unlike regions are (variation): 0 is all alike.",
            "La couverture de la région la moins couverte (lowest) et de la plus couverte "
            "(highest), et la dissemblance des régions (variation) : 0 signifie toutes égales.",
        ),
        formula=Words(
            "lowest and highest coverage over regions; standard deviation of the regions' coverage "
            "over its mean, each region counting alike",
            "couverture la plus basse et la plus haute des régions ; écart type de la couverture "
            "des régions sur sa moyenne, chaque région comptant autant",
        ),
        symbols="min_a c_a,  max_a c_a,  σ(c) / μ(c)",
        unit="share",
        decimals=4,
        numerator=Words(
            "direct beneficiaries of that region; none for the variation",
            "bénéficiaires directs de cette région ; aucun pour la variation",
        ),
        denominator=Words(
            "people of that region; none for the variation",
            "population de cette région ; aucune pour la variation",
        ),
        breakdowns=("part", "programme*part"),
        limits=Words(
            "Regions without a population figure are left out, and small regions count as much as "
            f"large ones. {_DENOMINATOR.en}",
            "Les régions sans chiffre de population sont omises, et les petites comptent autant "
            f"que les grandes. {_DENOMINATOR.fr}",
        ),
        better="neither",
        source=_SOURCE,
        example=Example(_STORY, 16, 60, "0.2667"),
    ),
    WORLD_SERIES,
)  # fmt: skip
