"""Drives one endpoint through the standard, and reports what it did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from ibr.calls.caller import Caller
from ibr.sandbox.calling import Endpoint
from ibr.sandbox.cases import ACK, Case, right
from ibr.sandbox.judging import NoAck, acknowledged, answered, cut_off, read_ack, refused, told
from ibr.sandbox.keys_and_token import (
    checked_tokens,
    encryption_keys,
    fetched_keys,
    judged_keys,
)
from ibr.sandbox.message_cases import HTTP, MESSAGES, TOLERATED
from ibr.sandbox.model import Came, Finding, Judged, Report
from ibr.sandbox.played_registry import PATHS, PlayedRegistry
from ibr.sandbox.sequences import Sequences
from ibr.sandbox.signature_cases import SIGNATURES

_JUDGES: Final[dict[str, Callable[[Came], Judged]]] = {
    "ack": acknowledged,
    "refused": refused,
    "answered": answered,
    "cut_off": cut_off,
}
_NOTHING_SHOWN: Final = (
    "It was refused, but so is a right message at this path: this shows nothing."
)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is checked beside the receivers, and with what."""

    jwks_url: str | None = None
    jwks: Any = None
    token_url: str | None = None
    client_id: str = ""
    client_secret: str = ""
    as_file: bool = False


async def check(
    caller: Caller,
    url: str,
    registry: PlayedRegistry,
    wanted: Wanted,
    tell: Callable[[Finding], None],
) -> Report:
    """Tries everything; `tell` hears of each finding as it is made."""
    findings: list[Finding] = []

    def note(found: Sequence[Finding]) -> None:
        findings.extend(found)
        for each in found:
            tell(each)

    document, bearer = wanted.jwks, None
    if wanted.jwks_url:
        found, document = await fetched_keys(caller, wanted.jwks_url)
        note(found)
    if document is not None:
        note(judged_keys(document, wanted.jwks_url or "the file with your keys"))
    if wanted.token_url:
        found, bearer = await checked_tokens(
            caller, wanted.token_url, wanted.client_id, wanted.client_secret
        )
        note(found)
    checker = _Checker(Endpoint(caller, url, bearer), registry)
    note(await checker.right_messages())
    note([await checker.one(case) for case in (*SIGNATURES, *MESSAGES, *HTTP)])
    note(await checker.unsigned_elsewhere())
    if checker.acknowledges:
        note([await checker.one(case) for case in TOLERATED])
        note(await checker.sequences(wanted.as_file, document))
    return Report(url, registry.registry_id, registry.receiver_id, findings)


class _Checker:
    """Tries the receivers of one endpoint."""

    def __init__(self, endpoint: Endpoint, registry: PlayedRegistry) -> None:
        self._endpoint = endpoint
        self._registry = registry
        self.acknowledges: list[str] = []

    @property
    def _main(self) -> str:
        """The receiver that single cases are tried at: one that acknowledges what is right, best
        the one for notifications, which need no transaction that a case could bring to its end."""
        if "notify" in self.acknowledges:
            return "notify"
        return self.acknowledges[0] if self.acknowledges else "on-search"

    async def right_messages(self) -> list[Finding]:
        """A right message to each receiver. Without it, no refusal afterwards means anything."""
        found = []
        for action in PATHS:
            came = await self._endpoint.post(PATHS[action], right(self._registry, action).body)
            judged = acknowledged(came)
            if judged.verdict == "well":
                self.acknowledges.append(action)
            elif _is_err(came) and self._may_be_unknown(action):
                judged = Judged("open", _UNKNOWN[action == "notify"])
            found.append(self._finding(_RIGHT, action, came, judged))
        none = not self.acknowledges
        found.append(
            Finding(
                id="OK-00",
                path="",
                title="Some right message is acknowledged",
                severity="must",
                verdict="mend" if none else "well",
                sent="the right messages above",
                came="none was acknowledged" if none else f"{len(self.acknowledges)} were",
                standard=ACK,
                mend="Let your system know the checking registry: its id and its public key "
                "(ibr sandbox keys). Begin what it should answer, and give the ids with --open "
                "and --subscription-code. Then run the check again.",
            )
        )
        return found

    def _may_be_unknown(self, action: str) -> bool:
        if action == "notify":
            return self._registry.subscription_code is None
        return action not in self._registry.open

    async def one(self, case: Case, action: str | None = None) -> Finding:
        """One case at the main receiver, or at another."""
        action = action or case.action or self._main
        if self._endpoint.is_dead:
            skipped = Judged("open", "Not tried: nothing has come back for the last three calls.")
            return self._finding(case, action, None, skipped)
        sent = case.make(self._registry, action)
        came = await self._endpoint.post(PATHS[action], sent.body, sent.headers, sent.method)
        judged = _JUDGES[case.expect](came)
        shows_nothing = case.expect == "refused" and action not in self.acknowledges
        if judged.verdict == "well" and shows_nothing:
            judged = Judged("open", _NOTHING_SHOWN)
        return self._finding(case, action, came, judged)

    async def unsigned_elsewhere(self) -> list[Finding]:
        """The first and third signature case at every other receiver that acknowledges."""
        return [
            await self.one(case, action)
            for action in self.acknowledges
            if action != self._main
            for case in (SIGNATURES[0], SIGNATURES[2])
        ]

    async def sequences(self, as_file: bool, document: Any) -> list[Finding]:
        """What takes several messages, or another form of them."""
        tried = Sequences(self._endpoint, self._registry, self._main)
        found = await tried.twice()
        if "on-search" in self.acknowledges:
            found += await tried.pages()
        found += await tried.at_once()
        if as_file:
            found += await tried.as_file()
        for key in encryption_keys(document)[:1]:
            found += await tried.encrypted(key)
        return found

    def _finding(self, case: Case, action: str, came: Came | None, judged: Judged) -> Finding:
        said = told(came) if came is not None else ""
        return Finding(
            id=case.id,
            path=PATHS[action],
            title=case.title,
            severity=case.severity,
            verdict=judged.verdict,
            sent=case.sent,
            came=said if judged.verdict == "well" else f"{judged.words} {said}".strip(),
            standard=case.standard,
            mend=case.mend,
        )


_RIGHT: Final = Case(
    id="OK-01",
    title="A right message",
    sent="a right, signed message",
    expect="ack",
    severity="must",
    standard=ACK,
    mend="Answer 200 with ack_status ACK, a timestamp with its offset and a correlation_id of "
    "your own, as application/json.",
    make=right,
)
_UNKNOWN: Final = {
    False: "It was refused, perhaps because you began no such transaction: begin one, and give "
    "its ids with --open.",
    True: "It was refused, perhaps because you have no such subscription: give its code with "
    "--subscription-code.",
}


def _is_err(came: Came) -> bool:
    """Whether a message was refused in the words of the standard, for a reason to be found."""
    try:
        return read_ack(came).status != "ACK" and (came.status or 500) < 500
    except NoAck:
        return False
