"""Words for codes of figures, in the languages of the registry."""

from __future__ import annotations

from typing import Final

from ibr.coverage.catalogue.model import Words

NOT_KNOWN_WORDS: Final = Words("not known", "inconnu")
SEX_WORDS: Final = {
    "1": Words("men and boys", "hommes et garçons"),
    "2": Words("women and girls", "femmes et filles"),
    "3": Words("other", "autre"),
    "0": NOT_KNOWN_WORDS,
}
DISABILITY_WORDS: Final = {
    "1": Words("with a disability", "en situation de handicap"),
    "0": Words("without a disability", "sans handicap"),
}
TO_WORDS: Final = {
    "new": Words("new", "nouveaux"),
    "left": Words("left", "sortis"),
    "none": Words("no programme", "aucun programme"),
}
SERIES_WORDS: Final = {
    "1": Words("at least one cash benefit", "au moins une prestation en espèces"),
    "2": Words("children", "enfants"),
    "3": Words("mothers of newborns", "mères de nouveau-nés"),
    "4": Words("people with severe disabilities", "personnes gravement handicapées"),
    "5": Words("unemployed people", "chômeurs"),
    "6": Words("work injury", "accidents du travail"),
    "7": Words("older people", "personnes âgées"),
    "8": Words("vulnerable people", "personnes vulnérables"),
    "9": Words("poor people", "personnes pauvres"),
}
PART_WORDS: Final = {
    "women_men": Words("women over men", "femmes sur hommes"),
    "disabled_others": Words("with a disability over others", "avec handicap sur les autres"),
    "lowest": Words("lowest area", "zone la plus basse"),
    "highest": Words("highest area", "zone la plus haute"),
    "variation": Words("coefficient of variation", "coefficient de variation"),
    "suspected": Words("suspected", "présumé"),
    "confirmed": Words("confirmed", "confirmé"),
    "new": Words("new", "nouveaux"),
    "left": Words("left", "sortis"),
    "net": Words("net change", "variation nette"),
    "p50": Words("median", "médiane"),
    "p90": Words("90th percentile", "90e centile"),
    "present": Words("present", "présent"),
    "verified": Words("verified", "vérifié"),
    "unknown": NOT_KNOWN_WORDS,
    "poverty_line": Words("poverty line", "seuil de pauvreté"),
    "minimum_wage": Words("minimum wage", "salaire minimum"),
    "food_basket": Words("food basket", "panier alimentaire"),
    "statutory_pension": Words("statutory pension", "pension légale"),
}
NOTE_WORDS: Final = {
    "over_100": Words(
        "more than the whole: check the denominator and look for duplicates",
        "plus que le tout : vérifier le dénominateur et chercher les doublons",
    ),
    "no_denominator": Words(
        "no figure to divide by was imported", "aucun chiffre par lequel diviser n’a été importé"
    ),
    "partly_known": Words(
        "the registry knows only part of this; the indicator's limits say which",
        "le registre n’en connaît qu’une partie ; les limites de l’indicateur disent laquelle",
    ),
}
"""What a note of a figure means, by its key."""
AUDIENCE_WORDS: Final = {
    "internal": Words(
        "internal: exact figures, not to be passed on",
        "interne : chiffres exacts, à ne pas transmettre",
    ),
    "partners": Words("for partners", "pour les partenaires"),
    "public": Words("public", "public"),
}
STATUS_WORDS: Final = {
    "shown": Words("the figure stands in the row", "le chiffre figure dans la ligne"),
    "hidden": Words(
        "withheld, so that nobody can be recognised",
        "masqué, pour que personne ne puisse être reconnu",
    ),
    "no_value": Words(
        "it cannot be worked out; the notes say why",
        "il ne peut être calculé ; les notes disent pourquoi",
    ),
}
