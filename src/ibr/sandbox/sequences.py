"""What takes several messages, or a message in another form: twice, pages, at once, as a file,
encrypted."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ibr.sandbox.calling import JSON, Endpoint
from ibr.sandbox.judging import NoAck, acknowledged, answered, read_ack, refused, told
from ibr.sandbox.model import Came, Finding, Judged, Severity
from ibr.sandbox.played_registry import PATHS, PlayedRegistry
from ibr_messages.encryption import EncryptionKey, encrypt
from ibr_messages.strict_json import canonical

_AT_ONCE: Final = 10
_PROMPT_SECONDS: Final = 5.0
_ACK: Final = "OpenAPI: Response (Ack)"
_IDS: Final = "OpenAPI: message_id, correlation_id"


class Sequences:
    """The sequences, all at one path whose right messages are acknowledged."""

    def __init__(self, endpoint: Endpoint, registry: PlayedRegistry, action: str) -> None:
        self._endpoint = endpoint
        self._registry = registry
        self._action = action
        self._path = PATHS[action]

    def _found(
        self,
        name: str,
        title: str,
        judged: Judged,
        *,
        sent: str,
        came: str,
        standard: str,
        mend: str,
        severity: Severity = "must",
    ) -> Finding:
        return Finding(
            id=name,
            path=self._path,
            title=title,
            severity=severity,
            verdict=judged.verdict,
            sent=sent,
            came=came if judged.verdict == "well" else f"{judged.words} {came}",
            standard=standard,
            mend=mend,
        )

    async def twice(self) -> list[Finding]:
        """The same message again, then another one with its message_id."""
        content = self._registry.content(self._action)
        first = await self._endpoint.post(self._path, self._registry.sealed(content))
        # Signed anew, as a registry does when it tries again: another signature, the same message.
        again = await self._endpoint.post(self._path, self._registry.sealed(content))
        other = msgspec.json.decode(msgspec.json.encode(content))
        other["header"]["total_count"] = 2
        contrary = await self._endpoint.post(self._path, self._registry.sealed(other))
        return [
            self._found(
                "SEQ-01",
                "The same message twice",
                acknowledged(again),
                sent="a right message, and the same once more with a fresh signature",
                came=f"first: {told(first)}; again: {told(again)}",
                standard="docs/standard/deviations.md 27, 37",
                mend="Acknowledge a message that you have already as you did the first time, and "
                "let it have no second effect: a registry sends again when your Ack was lost.",
            ),
            self._found(
                "SEQ-02",
                "The same Ack for the same message",
                _same_ack(first, again),
                sent="as in SEQ-01",
                came=f"first: {told(first)}; again: {told(again)}",
                standard=_IDS,
                mend="Keep the correlation_id that you gave a message, and give it again.",
                severity="should",
            ),
            self._found(
                "SEQ-03",
                "Another message under the same message_id",
                refused(contrary),
                sent="the same message_id with another header",
                came=told(contrary),
                standard="docs/standard/deviations.md 27",
                mend="Refuse it (err.request.bad): one of the two is not what it says.",
                severity="should",
            ),
        ]

    async def pages(self) -> list[Finding]:
        """Several callbacks of one transaction, a page each; only a search has pages."""
        content = self._registry.content("on-search")
        came = []
        for number in (2, 3):
            page = msgspec.json.decode(msgspec.json.encode(content))
            page["header"]["message_id"] = secrets.token_hex(16)
            pagination = {"page_size": 1, "page_number": number, "total_count": 3}
            page["message"]["search_response"][0]["pagination"] = pagination
            came.append(await self._endpoint.post(PATHS["on-search"], self._registry.sealed(page)))
        worst = next(
            (judged for judged in map(acknowledged, came) if judged.verdict != "well"),
            Judged("well", ""),
        )
        found = self._found(
            "SEQ-04",
            "Several pages",
            worst,
            sent="on-search callbacks of one transaction: pages 2 and 3 of 3",
            came="; ".join(told(each) for each in came),
            standard="OpenAPI: multiple responses for each page can be pushed to the caller",
            mend="Keep a transaction open until every page has come.",
        )
        return [msgspec.structs.replace(found, path=PATHS["on-search"])]

    async def at_once(self) -> list[Finding]:
        """Ten messages side by side, each answered promptly."""
        bodies = [
            self._registry.sealed(self._registry.content(self._action)) for _ in range(_AT_ONCE)
        ]
        came = await asyncio.gather(*(self._endpoint.post(self._path, body) for body in bodies))
        return [
            self._found(
                "SEQ-05",
                "Several messages at once",
                _prompt(came),
                sent=f"{_AT_ONCE} right messages side by side",
                came=f"slowest: {max(each.seconds for each in came):.1f} s",
                standard=_ACK,
                mend="Acknowledge within five seconds: check the message, keep it, answer, and "
                "work on it afterwards.",
                severity="should",
            )
        ]

    async def as_file(self) -> list[Finding]:
        """The multipart form, for who says that it is read."""
        content = self._registry.sealed(self._registry.content(self._action))
        boundary = secrets.token_hex(16)
        parts: Sequence[tuple[str, bytes]] = (
            ('name="action"', self._action.encode()),
            ('name="fileFormat"', b"json"),
            ('name="fileName"; filename="message.json"', content),
        )
        body = b"".join(
            f"--{boundary}\r\nContent-Disposition: form-data; {name}\r\n\r\n".encode()
            + value
            + b"\r\n"
            for name, value in parts
        )
        headers = {**JSON, "content-type": f"multipart/form-data; boundary={boundary}"}
        came = await self._endpoint.post(self._path, body + f"--{boundary}--\r\n".encode(), headers)
        return [
            self._found(
                "SEQ-06",
                "As a file",
                acknowledged(came),
                sent="the right message as multipart/form-data with action, fileFormat, fileName",
                came=told(came),
                standard="OpenAPI: FileInfo",
                mend="Read the part fileName as the whole message, signature included.",
            )
        ]

    async def encrypted(self, key: EncryptionKey) -> list[Finding]:
        """Encrypted to the endpoint's own key, and the same broken."""
        content = self._registry.content(self._action, is_msg_encrypted=True)
        message = encrypt(canonical(content["message"]), key)
        whole: dict[str, Any] = {**content, "message": message}
        came = await self._endpoint.post(self._path, self._registry.sealed(whole))
        tag = message["tag"]
        broken = {**message, "tag": ("A" if tag[0] != "A" else "B") + tag[1:]}
        header = {**content["header"], "message_id": secrets.token_hex(16)}
        refusal = await self._endpoint.post(
            self._path, self._registry.sealed({"header": header, "message": broken})
        )
        said = f"an EncryptedMessage for your key {key.kid} ({key.algorithm}, A256GCM)"
        return [
            self._found(
                "ENC-01",
                "Encrypted",
                acknowledged(came),
                sent=said,
                came=told(came),
                standard="OpenAPI: EncryptedMessage; RFC 7516",
                mend="Decrypt with the key that message.header.kid names; AAD is empty without "
                "protected. Or take the key with use enc out of your JWKS.",
            ),
            self._found(
                "ENC-02",
                "Encrypted, then changed",
                refused(refusal),
                sent=f"{said}, its tag changed before it was signed",
                came=told(refusal),
                standard="RFC 7516, 5.2",
                mend="Refuse what does not decrypt (err.encryption.invalid); do not fail on it.",
            ),
        ]


def _same_ack(first: Came, again: Came) -> Judged:
    try:
        same = read_ack(first).correlation_id == read_ack(again).correlation_id
    except NoAck as none:
        return Judged("mend", str(none))
    return Judged("well", "") if same else Judged("mend", "The two Acks differ.")


def _prompt(came: Sequence[Came]) -> Judged:
    for each in came:
        judged = answered(each)
        if judged.verdict != "well":
            return judged
    slow = max(each.seconds for each in came) > _PROMPT_SECONDS
    return Judged("mend", "Some were answered late.") if slow else Judged("well", "")
