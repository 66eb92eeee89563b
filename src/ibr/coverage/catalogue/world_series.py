"""The series of SDG indicator 1.3.1 of which the registry knows something."""

from __future__ import annotations

from typing import Final

from ibr.coverage.catalogue.model import Example, Indicator, Words

WORLD_SERIES: Final = Indicator(
    code="SDG131",
    version=1,
    name=Words(
        "SDG 1.3.1: people covered by social protection",
        "ODD 1.3.1 : population couverte par la protection sociale",
    ),
    about=Words(
        "The series that the ILO collects: 1 at least one cash benefit, 2 children, 3 mothers with "
        "newborns, 4 people with severe disabilities, 5 unemployed, 7 older people, 9 poor people. "
        "Series 6 and 8 need contributors, whom the registry does not hold, and are left out.",
        "Les séries que l'OIT recueille : 1 au moins une prestation en espèces, 2 enfants, 3 mères "
        "de nouveau-nés, 4 personnes gravement handicapées, 5 chômeurs, 7 personnes âgées, "
        "9 pauvres. Les séries 6 et 8 exigent les cotisants, que le registre ne détient pas, et "
        "sont omises.",
    ),
    formula=Words(
        "1: direct beneficiaries of any cash benefit over the population; 2: children below 18 "
        "who were given, or live with whom was given, cash under the functions maternity, "
        "paternity, children or family, over children below 18; 3: women given cash under "
        "maternity by a programme for women only, over births of a year; 4: people given cash "
        "under disability over people with disabilities; 5: the same for unemployment over the "
        "unemployed; 7: people of retirement age given cash under old age over people of that "
        "age; 9: people given non-contributory cash over people below the poverty line",
        "1 : bénéficiaires directs d'une prestation en espèces sur la population ; 2 : enfants de "
        "moins de 18 ans ayant reçu, ou vivant avec qui a reçu, des espèces au titre de la "
        "maternité, de la paternité, des enfants ou de la famille, sur les enfants de moins de "
        "18 ans ; 3 : femmes ayant reçu des espèces au titre de la maternité d'un programme "
        "réservé aux femmes, sur les naissances d'une année ; 4 : personnes ayant reçu des espèces "
        "au titre du handicap sur les personnes handicapées ; 5 : de même pour le chômage sur les "
        "chômeurs ; 7 : personnes d'âge de la retraite ayant reçu des espèces au titre de la "
        "vieillesse sur les personnes de cet âge ; 9 : personnes ayant reçu des espèces non "
        "contributives sur les personnes sous le seuil de pauvreté",
    ),
    symbols="|R_s| / N(G_s)",
    unit="share",
    decimals=4,
    numerator=Words("distinct people of the series", "personnes distinctes de la série"),
    denominator=Words(
        "population, children, births, people with disabilities, unemployed, older or poor people",
        "population, enfants, naissances, personnes handicapées, chômeurs, personnes âgées ou "
        "pauvres",
    ),
    breakdowns=("series", "series*sex"),
    yearly=("series", "series*sex"),
    limits=Words(
        "What the registry cannot know: who contributes without drawing a benefit (series 1); "
        "children of households that no programme names (2); whether a woman gave birth in the "
        "year, since the standard has one function for maternity, parents and children: programmes "
        "of that function whose rule is for women only are taken for maternity, and a month is "
        "held against the births of a year (3); whether a disability is severe, since function 2 "
        "also holds survivors' benefits (4). These four say that they are known in part only. "
        "Contributory pensions count only if their programme reports (7). Retirement age is 65 "
        "unless the run was told another.",
        "Ce que le registre ne peut savoir : qui cotise sans percevoir (série 1) ; les enfants des "
        "ménages qu'aucun programme ne nomme (2) ; si une femme a accouché dans l'année, la norme "
        "n'ayant qu'une fonction pour la maternité, les parents et les enfants : les programmes de "
        "cette fonction réservés aux femmes sont pris pour de la maternité, et un mois est "
        "rapporté aux naissances d'une année (3) ; si un handicap est grave, la fonction 2 "
        "comprenant aussi les prestations de survivants (4). Ces quatre séries indiquent qu'elles "
        "ne sont connues qu'en partie. Les pensions contributives ne comptent que si leur "
        "programme fait rapport (7). L'âge de la retraite est de 65 ans sauf indication contraire.",
    ),
    better="higher",
    source=Words(
        "United Nations metadata of SDG indicator 1.3.1 (custodian: ILO)",
        "métadonnées des Nations Unies de l’indicateur ODD 1.3.1 (organisme responsable : OIT)",
    ),
    example=Example(
        Words(
            "The pension PEN, under old age and without contributions, gives cash in August to 36 "
            "people of 65 and over and to 1 man of 50. The country has 100 people of 65 and over: "
            "series 7.",
            "La pension PEN, au titre de la vieillesse et sans cotisations, verse en août à 36 "
            "personnes de 65 ans et plus et à 1 homme de 50 ans. Le pays compte 100 personnes de "
            "65 ans et plus : série 7.",
        ),
        36,
        100,
        "0.3600",
    ),
)
