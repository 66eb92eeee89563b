"""The letter that reminds of a report: what is missing, until when, how to send it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from babel.dates import format_date

from ibr.coverage.catalogue.model import Words
from ibr.periods import read_month
from ibr.reporting.model import Step
from ibr.reporting.reminders.model import Waiting

_SUBJECT: Final[dict[Step, Words]] = {
    "before": Words(
        "Report due on {due}: {code}, {cycle}", "Rapport dû le {due} : {code}, {cycle}"
    ),
    "late": Words(
        "Report is late since {due}: {code}, {cycle}",
        "Rapport en retard depuis le {due} : {code}, {cycle}",
    ),
    "escalation": Words(
        "Report still missing, {days} days late: {code}, {cycle}",
        "Rapport toujours manquant, {days} jours de retard : {code}, {cycle}",
    ),
}
_FIRST: Final[dict[Step, Words]] = {
    "before": Words(
        "The report of {name} ({code}) for {cycle} has not come yet. Its last day is {due}.",
        "Le rapport de {name} ({code}) pour {cycle} n'est pas encore arrivé. "
        "Son dernier jour est le {due}.",
    ),
    "late": Words(
        "The report of {name} ({code}) for {cycle} has not come. Its last day was {due}.",
        "Le rapport de {name} ({code}) pour {cycle} n'est pas arrivé. "
        "Son dernier jour était le {due}.",
    ),
    "escalation": Words(
        "The report of {name} ({code}) for {cycle} has not come, {days} days after its last day, "
        "{due}. You receive this because earlier reminders changed nothing.",
        "Le rapport de {name} ({code}) pour {cycle} n'est pas arrivé, {days} jours après son "
        "dernier jour, le {due}. Vous recevez cette lettre parce que les rappels précédents sont "
        "restés sans effet.",
    ),
}
_EFFECT: Final = Words(
    "Until it comes, national figures of {cycle} are published with a note that this programme is "
    "missing.",
    "Jusque-là, les chiffres nationaux de {cycle} sont publiés avec la mention que ce programme "
    "manque.",
)
_HOW: Final = Words(
    "How to send it: by your system as a message with header.meta.cycle {month}, or as a file on "
    "the page “Send a file”{where}.",
    "Comment l'envoyer : par votre système, en message avec header.meta.cycle {month}, ou en "
    "fichier sur la page « Envoyer un fichier »{where}.",
)
_NOTHING: Final = Words(
    "If there is nothing to report, or the day is not right, tell the registry unit: it keeps the "
    "reporting calendar. If you have sent it today, you need do nothing.",
    "S'il n'y a rien à déclarer, ou si la date n'est pas la bonne, dites-le à l'unité du registre, "
    "qui tient le calendrier. Si vous l'avez envoyé aujourd'hui, vous n'avez rien à faire.",
)
_SIGNED: Final = Words(
    "The Integrated Beneficiary Registry. This letter was written by a machine and names no "
    "beneficiary.",
    "Le Registre intégré des bénéficiaires. Cette lettre a été écrite par une machine et ne nomme "
    "aucun bénéficiaire.",
)


def subject_and_text(
    letter: Waiting,
    code: str,
    names: Mapping[str, str],
    language: str,
    today: date,
    reached_at: str | None,
) -> tuple[str, str]:
    """The letter in a language; what a programme is called stands in one line, whatever it is."""
    cycle = _cycle(letter, language)
    said = {
        "code": _one_line(code),
        "name": _one_line(names.get(language) or names.get("en") or code),
        "cycle": cycle,
        "due": format_date(letter.due_on, "d MMMM y", locale=language),
        "days": str(max(0, (today - letter.due_on).days)),
        "month": letter.last_month,
        "where": f" ({reached_at}/files)" if reached_at else "",
    }
    lines = (_FIRST[letter.step], _EFFECT, _HOW, _NOTHING, _SIGNED)
    text = "\n\n".join(each.in_language(language).format(**said) for each in lines)
    return _SUBJECT[letter.step].in_language(language).format(**said), f"{text}\n"


def _cycle(letter: Waiting, language: str) -> str:
    months = dict.fromkeys((letter.first_month, letter.last_month))
    written = [format_date(read_month(e).first, "LLLL y", locale=language) for e in months]
    return " – ".join(written)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
