"""The words of a brief, in the languages of the registry."""

from __future__ import annotations

from typing import Final

from ibr.coverage.catalogue.model import Words

SAID: Final = {
    "registry": Words("Integrated Beneficiary Registry", "Registre intégré des bénéficiaires"),
    "country": Words("The whole country", "Le pays entier"),
    "subject": Words(
        "Who is reached by social protection, and what it costs",
        "Qui la protection sociale atteint, et ce qu’elle coûte",
    ),
    "known": Words("As known on {}", "État connu au {}"),
    "reports": Words("reports received: {} of {}", "rapports reçus : {} sur {}"),
    "provisional": Words(
        "Provisional: reports are missing, so figures may still rise.",
        "Provisoire : des rapports manquent, les chiffres peuvent encore augmenter.",
    ),
    "lacking": Words(
        "Not in these figures, as their reports had not come: {}.",
        "Absents de ces chiffres, faute de rapport : {}.",
    ),
    "and_others": Words("{} and {} others", "{} et {} autres"),
    "run": Words("run {}", "calcul {}"),
    "release": Words("release {}", "diffusion {}"),
    "reached": Words("People reached directly", "Personnes atteintes directement"),
    "household_members": Words(
        "With members of their households", "Avec les membres de leurs ménages"
    ),
    "coverage": Words("Population with a benefit", "Population avec une prestation"),
    "money": Words("Benefits given", "Prestations versées"),
    "households": Words("Households with a benefit", "Ménages avec une prestation"),
    "without": Words("People without any benefit", "Personnes sans aucune prestation"),
    "average": Words("Average per person", "Moyenne par personne"),
    "enrolled": Words("People enrolled", "Personnes inscrites"),
    "of_people": Words("of {} people", "de {} personnes"),
    "of_households": Words("{} of households", "{} des ménages"),
    "of_population": Words("{} of the population", "{} de la population"),
    "trend": Words("Trend", "Évolution"),
    "trend_people": Words("People reached directly", "Personnes atteintes directement"),
    "trend_share": Words("Share of the population", "Part de la population"),
    "programmes": Words("By programme", "Par programme"),
    "programme": Words("Programme", "Programme"),
    "people": Words("People", "Personnes"),
    "of_target": Words("Of target group", "Du groupe cible"),
    "per_person": Words("Per person", "Par personne"),
    "functions": Words("By function", "Par fonction"),
    "function": Words("Function", "Fonction"),
    "of_all": Words("Of population", "De la population"),
    "more_programmes": Words("and {} more programmes", "et {} autres programmes"),
    "sex_age": Words("By sex and age", "Par sexe et âge"),
    "by_sex": Words("By sex", "Par sexe"),
    "age": Words("Age", "Âge"),
    "women": Words("Women and girls", "Femmes et filles"),
    "men": Words("Men and boys", "Hommes et garçons"),
    "women_share": Words("Share, women", "Part, femmes"),
    "men_share": Words("Share, men", "Part, hommes"),
    "not_known": Words("not known", "inconnu"),
    "other_sex": Words("Of other or unknown sex: {}.", "De sexe autre ou inconnu : {}."),
    "areas": Words("Where people are missed", "Où des personnes manquent"),
    "area": Words("Area", "Zone"),
    "share": Words("Share", "Part"),
    "lowest_first": Words(
        "The areas with the lowest share first.", "Les zones à la part la plus basse d’abord."
    ),
    "some_areas": Words(
        "The {} areas with the lowest share and the {} with the highest, of {}.",
        "Les {} zones à la part la plus basse et les {} à la plus haute, sur {}.",
    ),
    "sdg": Words("SDG indicator 1.3.1", "Indicateur ODD 1.3.1"),
    "sdg_limits": Words(
        "Only what the registry knows: people who contribute and receive nothing are missing.",
        "Seulement ce que le registre connaît : qui cotise sans rien recevoir manque.",
    ),
    "definitions": Words(
        "What the figures say, and what they do not",
        "Ce que les chiffres disent, et ce qu’ils ne disent pas",
    ),
    "limits": Words("What they do not say", "Ce qu’ils ne disent pas"),
    "sources": Words("Denominators: {}.", "Dénominateurs : {}."),
    "more": Words(
        "More definitions stand in the library of indicators.",
        "D’autres définitions se trouvent dans la bibliothèque des indicateurs.",
    ),
    "hidden": Words("hidden", "masqué"),
    "about_hidden": Words(
        "“hidden”: withheld so that nobody can be recognised.",
        "« masqué » : retenu pour que personne ne puisse être reconnu.",
    ),
    "about_none": Words("“–”: not worked out.", "« – » : non calculé."),
    "over": Words(
        "Above 100 %: check the denominator and look for duplicates.",
        "Plus de 100 % : vérifier le dénominateur et chercher les doublons.",
    ),
    "page": Words("page {} of 2", "page {} sur 2"),
    "internal": Words("Internal: exact figures", "Interne : chiffres exacts"),
    "partners": Words("For partners", "Pour les partenaires"),
    "public": Words("Public", "Public"),
    "trend_alt": Words("{} by period: {}", "{} par période : {}"),
    "licence": Words("Licence: {}", "Licence : {}"),
}


def say(name: str, language: str, *values: object) -> str:
    """A phrase in a language, with values in their places."""
    return SAID[name].in_language(language).format(*values)
