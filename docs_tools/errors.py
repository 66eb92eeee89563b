"""The page of errors: every code that the source raises, with its sentences.

Read from the source and not from a list kept by hand, so that none is ever missing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import ibr
from docs_tools.markdown import table
from ibr import errors as kinds
from ibr.errors import RegistryError
from ibr.interop.dci.reasons import REASONS, Reason, reason_of

_CODE = re.compile(r"[a-z][a-z_]*(\.[a-z_0-9]+)?")
_KINDS = {
    name: value
    for name, value in vars(kinds).items()
    if isinstance(value, type) and issubclass(value, RegistryError)
}
# Functions that take a code as an argument and make the error themselves, and what they make.
_MAKERS = {"_refuse": "NotUnderstood", "Refusal": "NotUnderstood", "Unreadable": "NotUnderstood"}
_MAKERS |= {
    "UnknownKeyError": "NotProven",
    "UnknownOwnKeyError": "NotUnderstood",
    "NoPartnerKeyError": "NotUnderstood",
    "NotAgreedError": "NotAllowed",
    "UsedUpError": "TooMuch",
    "NotFresh": "NotProven",
}
# What a code says whose sentences are put together elsewhere.
_GENERAL = {
    "database.not_distributed": "Says why nothing was distributed, and every step that is missing.",
    "too_many_requests": "You, or whoever shares your network address, sent more requests in a "
    "minute than are answered; says how long to wait.",
    "budget.used_up": "You asked about as many different people as your budget allows; says when "
    "to go on. Asking again about the same people that day stays possible.",
    "agreement.invalid": "Names the field of an agreement that is missing or cannot stand.",
    "purpose.not_agreed": "Your agreement does not cover this purpose; names those that it covers.",
    "programme.not_allowed": "You may not ask about this programme; the agreements say who may.",
    "case.appeal_time": "The appeal is in time, or late: the reason must say what the dates say.",
    "exemption.invalid": "Names the field of an exemption that is missing or cannot stand.",
    "areas.file": "Says which row of a file of areas is at fault, and how to mend it.",
    "file.geojson": "Says why a file is no GeoJSON of areas in degrees, and in which feature.",
    "demo.population": "Why the made-up country's population could not be entered.",
    "release.not_frozen": "Names the figures that were chosen and are not there for the month.",
    "release.sets": "The exact sets of programmes are not frozen whole; leave overlaps out.",
    "what_if.invalid": "Names the field of a simulation that is not in order.",
    "file.table": "Says why a file is no whole table, in which row, or which encoding to name.",
    "file.unreadable": "Says why a file cannot be read as a whole, and what to save it as instead.",
    "delivery.elsewhere": "The delivery does not stand as the page showed it; open it again.",
    "delivery.refused": "Somebody refused the delivery as a whole; says why, in their words.",
    "officer.link": "The link was used, replaced by a newer one, or is too old: ask for another.",
    "session.wait": "Too many attempts to prove who you are; says when to try again.",
    "file.large": "Says what of a file is more than is read of one, and in which row.",
    "file.mapping_open": "Names the column of a file about which something must be decided first.",
    "mapping.unreadable": "Says what is wrong with a mapping of the columns of a file.",
    "file.pairs": "Says which row or column of a file of programme pairs or rules is at fault.",
    "pair.invalid": "Names the field of a programme pair or rule that is not in order.",
    "review.done": "This pair was decided meanwhile; your answer was not stored.",
    "review.pair_unknown": "There is no such pair, or it needs nobody's decision.",
    "demo.refused": "What the registry answered to a demo partner.",
    "message.file": "Says which row or column of a CSV file cannot be read, and why.",
    "message.form": "Says what is at fault with the form, its fields or its file.",
    "message.header": "Names the member of the header that is missing or cannot be read.",
    "message.message_ts": "header.message_ts is no date-time with an offset, or lies ahead.",
    "message.sender_uri": "header.sender_uri is not an address registered for the sender.",
    "query.criteria": "Names the attribute, operator or value that cannot be read.",
    "query.reference": "No message of yours was received under this id.",
    "query.timestamp": "The timestamp of a search is no date-time with an offset.",
    "subscription.code": "You have no subscription with this code.",
    "subscription.over": "This subscription had ended already.",
    "subscription.person": "The identifier that the filter names cannot be read.",
    "subscription.details": "Names what is at fault with filter, frequency or record type.",
    "record.shape": "The record does not have the shape of a beneficiary.",
}
# Codes that arise only here never reach the standard's addresses.
_OWN = (
    "cli/",
    "demo/",
    "web/",
    "access/keys/",
    "access/approvals/",
    "access/openid/",
    "access/staff/",
    "audit/seals/",
    "audit/trail/",
    "audit/verify/",
    "calls/",
    "outbox/desk/",
    "questions/evidence/",
    "registry/programmes/",
    "access/partners.py",
    "settings.py",
    "settings_of_sign_in.py",
    "db/embedded.py",
    "db/programs.py",
    "db/migrate.py",
)
_MEANING = {
    "NotUnderstood": "What arrived cannot be read or breaks a rule. Sending it again unchanged "
    "will not help.",
    "NotProven": "Who is asking could not be proven.",
    "NotAllowed": "Who is asking is known and has no right to this.",
    "NotFound": "What was asked for is not here, or is not the asker's to know.",
    "TooMuch": "Too large or too often.",
    "Conflict": "It contradicts something that was accepted before.",
    "Unavailable": "The registry cannot answer now. Nothing was stored; try again later.",
}


class Found:
    """One code: the kind of error and its sentences, as far as the source spells them."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.sentences: list[str] = []
        self.spoken = False


def every_code() -> dict[str, Found]:
    """Each error code of the source."""
    found: dict[str, Found] = {}
    root = Path(ibr.__file__).parent
    for file in sorted([*root.rglob("*.py"), *(root.parent / "ibr_messages").rglob("*.py")]):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for code, kind, sentence in [*_raised(tree), *_defaults(tree)]:
            entry = found.setdefault(code, Found(kind))
            entry.spoken |= root not in file.parents or not (
                file.relative_to(root).as_posix().startswith(_OWN)
            )
            if sentence and sentence not in entry.sentences:
                entry.sentences.append(sentence)
    for code in REASONS:
        found.setdefault(code, Found("NotUnderstood")).spoken = True
    for code, entry in found.items():
        if not entry.sentences and code in _GENERAL:
            entry.sentences.append(_GENERAL[code])
    return found


def _raised(tree: ast.AST) -> Iterator[tuple[str, str, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        kind = name if name in _KINDS else _MAKERS.get(name)
        if kind is None:
            continue
        for number, argument in enumerate(node.args):
            codes = _codes(argument, any_word=name in _KINDS and number == 0)
            if codes:
                following = node.args[number + 1] if number + 1 < len(node.args) else None
                for code in codes:
                    yield code, kind, _sentence(following)
                break


def _defaults(tree: ast.AST) -> Iterator[tuple[str, str, str]]:
    """Codes that are the default of a parameter, or handed on in a call with further words."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            every = [*node.args.posonlyargs, *node.args.args]
            named = every[len(every) - len(node.args.defaults) :]
            for argument, default in zip(named, node.args.defaults, strict=True):
                if argument.arg == "code":
                    for code in _codes(default):
                        yield code, "NotUnderstood", ""


def _codes(node: ast.expr, *, any_word: bool = False) -> list[str]:
    if isinstance(node, ast.IfExp):
        return [*_codes(node.body, any_word=any_word), *_codes(node.orelse, any_word=any_word)]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        match = _CODE.fullmatch(node.value)
        if match and (match[1] or any_word):
            return [node.value]
    return []


def _sentence(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values
        )
    return ""


def errors_page() -> str:
    found = every_code()
    parts = [
        "# Errors\n\nEvery refusal has a code that does not change and a sentence that says what "
        "is wrong and how to mend it. A sentence never holds personal data; an ellipsis stands "
        "for what is filled in. The last column is how the standard's addresses say it: the HTTP "
        "status, where it is not an `ERR` answer, and the codes of the standard.\n"
    ]
    for kind, meaning in _MEANING.items():
        rows = [
            (f"`{code}`", " / ".join(entry.sentences), _said(code, kind) if entry.spoken else "")
            for code, entry in sorted(found.items())
            if entry.kind == kind
        ]
        parts.append(f"## {kind}\n\n{meaning}\n")
        if rows:
            parts.append(table(("code", "sentence", "in the standard's words"), rows))
    return "\n".join(parts)


def _said(code: str, kind: str) -> str:
    reason: Reason = reason_of(_KINDS[kind](code, ""))
    words = [f"HTTP {reason.http}"] if reason.http else []
    words += [f"`{each}`" for each in (reason.error, reason.header, reason.item) if each]
    return ", ".join(words)
