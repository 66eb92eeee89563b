"""What a reader of a file has to know besides the figures: definitions, dates, sources, signs."""

from __future__ import annotations

from typing import Final

from ibr.clock import written
from ibr.coverage.catalogue.model import Indicator, Words
from ibr.publish.files.model import Dataset
from ibr.publish.files.words import AUDIENCE_WORDS, NOTE_WORDS, STATUS_WORDS

_HEADS: Final = {
    "about": Words("What it tells", "Ce qu’il dit"),
    "formula": Words("Formula", "Formule"),
    "symbols": Words("In symbols", "En symboles"),
    "unit": Words("Unit", "Unité"),
    "numerator": Words("Numerator", "Numérateur"),
    "denominator": Words("Denominator", "Dénominateur"),
    "limits": Words("Limits", "Limites"),
    "source": Words("Defined in", "Défini dans"),
    "title": Words("Title", "Titre"),
    "audience": Words("For whom", "Pour qui"),
    "release": Words("Release", "Diffusion"),
    "licence": Words("Licence", "Licence"),
    "known": Words("As known at", "Connu au"),
    "reports": Words("Reports received of those due", "Rapports reçus sur ceux attendus"),
    "sources": Words("Sources of denominators", "Sources des dénominateurs"),
    "run": Words("Run", "Calcul"),
    "status": Words("Column status", "Colonne status"),
    "note": Words("Column notes", "Colonne notes"),
    "empty": Words("Empty code", "Code vide"),
    "all": Words("all of them together", "tous ensemble"),
    "not_known": Words("not known to the registry", "inconnu du registre"),
}


def head(name: str, language: str) -> str:
    return _HEADS[name].in_language(language)


def facts_of(dataset: Dataset) -> list[tuple[str, str]]:
    """What is true of the whole file, as pairs of a head and a text."""
    language = dataset.labels.language
    known = dataset.known_at
    found = [
        (head("title", language), dataset.title),
        (head("audience", language), AUDIENCE_WORDS[dataset.audience].in_language(language)),
    ]
    if dataset.release_no is not None:
        found.append((head("release", language), str(dataset.release_no)))
    if dataset.licence:
        found.append((head("licence", language), dataset.licence))
    if known is not None:
        found.append((head("known", language), written(known)))
    return [*found, *_signs(language)]


def _signs(language: str) -> list[tuple[str, str]]:
    """What stands in columns besides figures."""
    found = [(head("empty", language), head("all", language)), ("_U", head("not_known", language))]
    for key, words in STATUS_WORDS.items():
        found.append((f"{head('status', language)}: {key}", words.in_language(language)))
    for key, words in NOTE_WORDS.items():
        found.append((f"{head('note', language)}: {key}", words.in_language(language)))
    return found


def tables_of(dataset: Dataset) -> list[tuple[str, ...]]:
    """A line for each table: its date, completeness and sources."""
    lines: list[tuple[str, ...]] = []
    for table in dataset.tables:
        complete = table.completeness
        lines.append(
            (
                table.indicator,
                table.period,
                table.breakdown,
                str(table.run_no),
                written(table.as_known_at) if table.as_known_at else "",
                f"{complete.received} / {complete.expected}" if complete else "",
                "; ".join(table.sources),
            )
        )
    return lines


def table_heads(language: str) -> tuple[str, ...]:
    return (
        "indicator",
        "period",
        "breakdown",
        *(head(each, language) for each in ("run", "known", "reports", "sources")),
    )


def indicators_in(dataset: Dataset) -> list[Indicator]:
    """The indicators of the file that are in the catalogue, in the order of its tables."""
    codes = dict.fromkeys(table.indicator for table in dataset.tables)
    return [dataset.indicators[code] for code in codes if code in dataset.indicators]


def definition_of(indicator: Indicator, language: str) -> list[tuple[str, str]]:
    """An indicator's definition as pairs of a head and a text."""
    found = [
        (head("about", language), indicator.about.in_language(language)),
        (head("formula", language), indicator.formula.in_language(language)),
        (head("symbols", language), indicator.symbols),
        (head("unit", language), indicator.unit),
        (head("numerator", language), indicator.numerator.in_language(language)),
    ]
    if indicator.denominator is not None:
        found.append((head("denominator", language), indicator.denominator.in_language(language)))
    return [
        *found,
        (head("limits", language), indicator.limits.in_language(language)),
        (head("source", language), indicator.source.in_language(language)),
    ]
