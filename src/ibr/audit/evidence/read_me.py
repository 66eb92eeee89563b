"""The page of a pack, in English and French: what each file is, and how it is verified."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

Language = str


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What the page says of one pack; the title is in both languages."""

    title: Mapping[Language, str]
    made_at: datetime
    made_by: str
    version: str
    proofs: tuple[int, ...]
    not_sealed: tuple[int, ...]
    left_out: Mapping[Language, str]


_FILES: Final[dict[str, dict[Language, str]]] = {
    "result.json": {
        "en": "the result: what the registry says",
        "fr": "le résultat : ce que dit le registre",
    },
    "result.csv": {
        "en": "the same figures, for a spreadsheet",
        "fr": "les mêmes chiffres, pour un tableur",
    },
    "rule.json": {
        "en": "the rule in words and its version; for a check also the statement that was run",
        "fr": "la règle en toutes lettres et sa version ; pour un contrôle, aussi la requête",
    },
    "parameters.json": {
        "en": "the parameters the rule was applied with",
        "fr": "les paramètres avec lesquels la règle a été appliquée",
    },
    "run.json": {
        "en": "the run: when, by which version of the registry's code, from which inputs",
        "fr": "l'exécution : quand, par quelle version du code, à partir de quelles données",
    },
    "tables.txt": {
        "en": "SHA-256 of every table the run froze; the SHA-256 of this file is in the sealed "
        "event figures.frozen as `digest`",
        "fr": "SHA-256 de chaque tableau figé par l'exécution ; le SHA-256 de ce fichier se trouve "
        "dans l'événement scellé figures.frozen sous `digest`",
    },
    "snapshot.json": {
        "en": "the snapshot that was read: its moment, its files with their SHA-256",
        "fr": "l'instantané qui a été lu : sa date, ses fichiers avec leur SHA-256",
    },
    "deliveries.csv": {
        "en": "the deliveries the snapshot rests on, each with the SHA-256 of what was sent",
        "fr": "les livraisons sur lesquelles repose l'instantané, avec le SHA-256 de l'envoi",
    },
    "steps.json": {
        "en": "every step of the case, with the SHA-256 of the evidence it rested on",
        "fr": "chaque étape du dossier, avec le SHA-256 des éléments sur lesquels elle repose",
    },
    "events.json": {
        "en": "the events of the audit trail about it, with the seal that closes each",
        "fr": "les événements du journal d'audit à son sujet, avec le sceau de chacun",
    },
    "proofs/": {
        "en": "for each of those events the proof that it is in its seal",
        "fr": "pour chacun de ces événements, la preuve qu'il est dans son sceau",
    },
}

_TEXT: Final[dict[Language, str]] = {
    "en": """{title}
{rule}

Made on {at} UTC by {by}, registry version {version}.

This folder lets you check a result of the beneficiary registry without trusting the registry.
It holds no names and no identifiers of people.

Files
{files}
How to verify
1. Every file is as it was made:
       sha256sum --check MANIFEST.sha256
2. Every event is in a seal that was signed at the time. You need the program `ibr` (no database,
   no keys) and the anchor file, which the registry's operator or another office keeps:
       ibr audit verify --proof proofs/NUMBER.json --anchor seals.jsonl
   for each of these: {proofs}
3. The key that signed is the one you noted: `key` in the proof, or the line of the anchor.
4. The result follows from the inputs: compare the SHA-256 in the sealed event (events.json) with
   those in run.json, snapshot.json and tables.txt.
{waiting}
What is not in here
{left_out}
""",
    "fr": """{title}
{rule}

Établi le {at} UTC par {by}, version {version} du registre.

Ce dossier permet de vérifier un résultat du registre des bénéficiaires sans faire confiance au
registre. Il ne contient ni noms ni identifiants de personnes.

Fichiers
{files}
Comment vérifier
1. Chaque fichier est tel qu'il a été établi :
       sha256sum --check MANIFEST.sha256
2. Chaque événement est dans un sceau signé à l'époque. Il faut le programme `ibr` (sans base de
   données, sans clés) et le fichier d'ancrage, que garde l'exploitant du registre ou un autre
   service :
       ibr audit verify --proof proofs/NUMÉRO.json --anchor seals.jsonl
   pour chacun de ceux-ci : {proofs}
3. La clé qui a signé est celle que vous avez notée : `key` dans la preuve, ou la ligne d'ancrage.
4. Le résultat découle des données : comparez les SHA-256 de l'événement scellé (events.json) avec
   ceux de run.json, snapshot.json et tables.txt.
{waiting}
Ce qui n'y est pas
{left_out}
""",
}
_WAITING: Final[dict[Language, str]] = {
    "en": "\nNot sealed yet when this was made, so without a proof: {numbers}. Make the pack again "
    "in a minute.\n",
    "fr": "\nPas encore scellés à l'établissement, donc sans preuve : {numbers}. Refaites le "
    "dossier dans une minute.\n",
}
_NONE: Final[dict[Language, str]] = {"en": "none", "fr": "aucun"}


def _is_of(file: str, name: str) -> bool:
    """Whether a file is of this kind; a case has one of each for every run in a folder of its."""
    return file.startswith(name) if name.endswith("/") else file.rpartition("/")[2] == name


def read_me(about: About, names: list[str], language: Language) -> bytes:
    """The page in one language, about these files."""
    title = about.title[language]
    files = "".join(
        f"  {name:<16} {words[language]}\n"
        for name, words in _FILES.items()
        if any(_is_of(each, name) for each in names)
    )
    waiting = ""
    if about.not_sealed:
        waiting = _WAITING[language].format(numbers=", ".join(map(str, about.not_sealed)))
    text = _TEXT[language].format(
        title=title,
        rule="=" * len(title),
        at=f"{about.made_at:%Y-%m-%d %H:%M}",
        by=about.made_by,
        version=about.version,
        files=files,
        proofs=", ".join(map(str, about.proofs)) or _NONE[language],
        waiting=waiting,
        left_out=about.left_out[language],
    )
    return text.encode()
