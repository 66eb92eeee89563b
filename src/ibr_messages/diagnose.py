"""Why a message did not verify, in words that its sender's developers can act on.

Made afterwards, for the trace, out of a message that was refused already. It says what the
registry computed, what the signature says of itself and which usual mistake it is; it repeats
nothing of the content, and no answer ever depends on it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from ibr_messages.errors import NotUnderstood, RegistryError
from ibr_messages.jwk import public_key
from ibr_messages.readings import misreadings, right_contents, right_strings, sliceable
from ibr_messages.signature import (
    CLOCK_TOLERANCE,
    LONGEST_LIFE,
    LONGEST_TEXT,
    SIGNED_HEADERS,
    Signature,
    holds,
    key_id_of,
    parts_of,
    signing_strings,
)
from ibr_messages.strict_json import canonical, canonical_other_spellings, read_object

# Each further key makes some hundred verifications more.
MOST_KEYS: Final = 4
_HEXADECIMAL: Final = re.compile(r"(?:[0-9a-f]{2}){64,}|(?:[0-9A-F]{2}){64,}")
_ED25519_BYTES: Final = 64
_ALGORITHMS: Final = {"ed25519": "Ed25519", "rs256": "RS256"}
_SHAPE: Final = (
    'namespace="dci", kidId="<sender_id>|<key id>|ed25519", algorithm="ed25519", '
    'created="<seconds>", expires="<seconds>", headers="(created) (expires) digest", '
    'signature="<Base64>"'
)


class KnownKey(msgspec.Struct, frozen=True):
    """A key that is registered for the sender, and whether it counts."""

    kid: str
    jwk: dict[str, Any]
    algorithm: str
    state: Literal["counts", "not_yet", "ended", "revoked"] = "counts"


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong: a stable code, and how to mend it."""

    cause: str
    sentence: str


class Fact(msgspec.Struct, frozen=True):
    """One thing that was computed or read, by name."""

    name: str
    value: str


class Diagnosis(msgspec.Struct, frozen=True):
    """Everything that is wrong, the likeliest cause first, with what was computed."""

    findings: list[Finding]
    facts: list[Fact]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A refused message, and what the registry knows of its sender."""

    body: bytes
    sender_id: str
    profile: str
    keys: Sequence[KnownKey]
    at: datetime


def diagnose(case: Case) -> Diagnosis:
    """What is wrong with the signature of this message."""
    try:
        document = read_object(case.body)
    except NotUnderstood as wrong:
        return Diagnosis([Finding("json", wrong.message)], [])
    if not _is_envelope(document) or not sliceable(case.body):
        sentence = "The body must be an object with the members signature, header and message."
        return Diagnosis([Finding("envelope", sentence)], [])
    facts = list(_content_facts(case, document))
    text = document.get("signature")
    if not isinstance(text, str) or not text.strip():
        return Diagnosis([_missing(document)], facts)
    parts = parts_of(text)
    broken = list(_unreadable(text, parts))
    if broken:
        return Diagnosis(broken, facts)
    value, spelling = _value(parts["signature"])
    sender, kid, algorithm = key_id_of(parts).split("|")
    read = Signature(
        sender,
        kid,
        key_id_of(parts),
        algorithm.lower(),
        int(parts["created"]),
        int(parts["expires"]),
        value,
    )
    findings = [*_sender_findings(case, read, document), *_key_findings(case, read)]
    findings += [*_time_findings(case, read), *spelling]
    findings += _content_findings(case, read, document)
    facts += _signature_facts(case, read)
    if not findings:
        findings = [
            Finding(
                "holds", "The signature holds; the message was refused for what the answer says."
            )
        ]
    return Diagnosis(findings, facts)


def _is_envelope(document: dict[str, Any]) -> bool:
    return isinstance(document.get("header"), dict) and isinstance(document.get("message"), dict)


def _content_facts(case: Case, document: dict[str, Any]) -> Iterator[Fact]:
    """The digests of the bytes that the registry reads a signature over."""
    yield Fact("profile", case.profile)
    if case.profile == "raw":
        named = dict(zip(("digest",), right_contents(case.body, document, "raw"), strict=True))
    else:
        content = {"header": document["header"], "message": document["message"]}
        spellings = ("digest", "digest_numbers", "digest_escaped")
        written = (canonical(content), *canonical_other_spellings(content))
        named = dict(zip(spellings, written, strict=True))
    for name, written_bytes in named.items():
        if name == "digest" or written_bytes != named["digest"]:
            yield Fact(name, base64.b64encode(hashlib.sha256(written_bytes).digest()).decode())
            yield Fact(f"{name}_bytes", str(len(written_bytes)))


def _missing(document: dict[str, Any]) -> Finding:
    elsewhere = [
        place
        for place, value in (
            ("header.signature", document["header"].get("signature")),
            ("message.signature", document["message"].get("signature")),
            ("Signature (with a capital)", document.get("Signature")),
        )
        if value
    ]
    sentence = (
        "There is no signature. It stands beside header and message, as the member `signature`."
    )
    if elsewhere:
        sentence += f" Yours stands at {elsewhere[0]}."
    return Finding("missing", sentence)


def _unreadable(text: str, parts: dict[str, str]) -> Iterator[Finding]:
    """What keeps the signature string from being read at all."""
    if len(text) > LONGEST_TEXT:
        yield Finding("too_long", f"A signature may have {LONGEST_TEXT} characters at most.")
        return
    if "signature" not in parts:
        looks = text.strip().removeprefix("Signature:").strip()
        if looks.count(".") == 2 and " " not in looks:
            yield Finding(
                "jws", f"This is a JWS or JWT. The signature is a text of its own kind: {_SHAPE}"
            )
        elif "=" not in text or "<" in text or "{" in text:
            yield Finding("placeholder", f"This is a placeholder, not a signature: write {_SHAPE}")
        else:
            yield Finding("shape", f"The part signature is missing. The whole is: {_SHAPE}")
        return
    yield from _unreadable_parts(parts)
    value, _ = _value(parts["signature"])
    if not value:
        yield Finding(
            "base64",
            "The part signature is not Base64. Write the bytes of the signature in Base64 "
            "with + and /.",
        )


def _unreadable_parts(parts: dict[str, str]) -> Iterator[Finding]:
    pieces = key_id_of(parts).split("|")
    if len(pieces) != 3:
        yield Finding(
            "kid_id",
            f'kidId has {len(pieces) if pieces[0] else 0} part(s). It is "<sender_id>|<key id>|'
            '<algorithm>", three parts with | between them.',
        )
    elif parts.get("algorithm", pieces[2]).lower() != pieces[2].lower():
        yield Finding("two_algorithms", "kidId and algorithm name two different algorithms.")
    elif pieces[2].lower() not in _ALGORITHMS:
        yield Finding("algorithm", "The algorithm is not read here: use ed25519, or rs256 (RSA).")
    for name in ("created", "expires"):
        given = parts.get(name, "")
        if not given:
            yield Finding("times", f"The part {name} is missing: whole seconds since 1970.")
        elif not given.lstrip("-").isdecimal() or len(given) > 15:
            yield Finding("times", f"{name} must be whole seconds since 1970, not a date.")
        elif int(given) > 100_000_000_000:
            yield Finding("milliseconds", f"{name} is in milliseconds. Write whole seconds.")
    if parts.get("headers", "").split() != SIGNED_HEADERS.split():
        yield Finding("headers", f'The part headers must be headers="{SIGNED_HEADERS}".')


def _value(text: str) -> tuple[bytes, list[Finding]]:
    """The signature's bytes, however they are written; empty where they cannot be read."""
    # First, since hexadecimal digits are Base64 too, of other bytes.
    if _HEXADECIMAL.fullmatch(text):
        return bytes.fromhex(text), [_spelt("hexadecimal")]
    try:
        return base64.b64decode(text, validate=True), []
    except (ValueError, binascii.Error):
        pass
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    for name, alphabet in (("Base64 without its = at the end", None), ("Base64url", b"-_")):
        try:
            return base64.b64decode(padded, alphabet, validate=True), [_spelt(name)]
        except (ValueError, binascii.Error):
            continue
    return b"", []


def _spelt(how: str) -> Finding:
    return Finding(
        "base64_alphabet",
        f"The part signature is written in {how}. Write it in Base64 with + and /, "
        "and with its = at the end.",
    )


def _key_findings(case: Case, read: Signature) -> Iterator[Finding]:
    """Whether the named key is registered, counts, and fits the algorithm."""
    named = _named(case, read)
    if not case.keys:
        yield Finding("no_keys", "No key is registered for you. Send the registry your JWKS.")
    elif named is None:
        known = ", ".join(key.kid for key in case.keys[:MOST_KEYS])
        yield Finding(
            "key_unknown",
            f"kidId names a key that is not registered for you. Registered are: {known}.",
        )
    elif named.state != "counts":
        why = {
            "not_yet": "does not count yet",
            "ended": "has come to its end",
            "revoked": "was revoked",
        }[named.state]
        yield Finding(f"key_{named.state}", f"The key that kidId names {why}.")
    if named is not None and named.algorithm != read.algorithm:
        right = _ALGORITHMS[named.algorithm]
        yield Finding(
            "key_algorithm",
            f"The key is registered for {right}, and the signature says {read.algorithm}.",
        )
    if named is not None and named.algorithm == "ed25519" and len(read.value) != _ED25519_BYTES:
        yield Finding(
            "length", f"An Ed25519 signature has 64 bytes; this one has {len(read.value)}."
        )


def _named(case: Case, read: Signature) -> KnownKey | None:
    named = [key for key in case.keys if key.kid in (read.kid, read.whole_key_id)]
    return next((key for key in named if key.state == "counts"), named[0] if named else None)


def _time_findings(case: Case, read: Signature) -> Iterator[Finding]:
    now = case.at.timestamp()
    if read.created > now + CLOCK_TOLERANCE:
        yield Finding(
            "future",
            f"created is {read.created - now:.0f} s ahead of the registry's clock. "
            "Set your clock by NTP.",
        )
    if read.expires < now - CLOCK_TOLERANCE:
        yield Finding(
            "expired",
            f"The signature had expired {now - read.expires:.0f} s before it arrived. Sign each "
            "message when it is sent, also when it is sent again, and set your clock by NTP.",
        )
    if not 0 <= read.expires - read.created <= LONGEST_LIFE:
        yield Finding(
            "life", f"A signature may live {LONGEST_LIFE} s at most; five minutes are usual."
        )


def _sender_findings(case: Case, read: Signature, document: dict[str, Any]) -> Iterator[Finding]:
    if read.sender_id != case.sender_id:
        yield Finding(
            "sender",
            f"The first part of kidId is not your sender_id. It must be {case.sender_id}.",
        )
    if document["header"].get("sender_id") != case.sender_id:
        yield Finding(
            "header_sender",
            f"header.sender_id is not the sender of this token. It must be {case.sender_id}.",
        )


def _content_findings(case: Case, read: Signature, document: dict[str, Any]) -> Iterator[Finding]:
    """Which key and which reading the signature holds with, if any."""
    named = _named(case, read)
    keys = sorted(case.keys, key=lambda key: key is not named)[:MOST_KEYS]
    right = right_strings(case.body, document, case.profile, read)
    for key in keys:
        if _holds_over(key, read, right):
            if key is not named:
                yield Finding(
                    "key_other",
                    f"The signature holds with your key {key.kid}, which kidId does not name.",
                )
            return
    for key in keys:
        for reading in misreadings(case.body, document, case.profile, read):
            if _holds_over(key, read, [reading.signed]):
                yield Finding(reading.cause, reading.sentence)
                if key is not named:
                    yield Finding("key_other", f"It holds with your key {key.kid}.")
                return
    # With a key that is not registered, nothing is to be expected of the others.
    if named is not None and not _of_another_kind(named, read):
        yield Finding(
            "does_not_fit",
            "The signature fits header and message in no way that is known. Either something "
            "changed them after they were signed (a gateway, a serialiser, a number written "
            "differently), or it was made with another private key than the one whose public "
            "half is registered. Compare your digest with the one computed here.",
        )


def _of_another_kind(key: KnownKey, read: Signature) -> bool:
    return key.algorithm != read.algorithm or (
        key.algorithm == "ed25519" and len(read.value) != _ED25519_BYTES
    )


def _holds_over(key: KnownKey, read: Signature, strings: Sequence[bytes]) -> bool:
    try:
        return any(holds(read, public_key(key.jwk), each) for each in strings)
    except RegistryError:
        return False


def _signature_facts(case: Case, read: Signature) -> Iterator[Fact]:
    digest = hashlib.sha256(right_contents(case.body, read_object(case.body), case.profile)[0])
    yield Fact("lines", signing_strings(read, digest.digest())[0].decode())
    yield Fact("key_named", read.kid)
    yield Fact("sender_named", read.sender_id)
    yield Fact("algorithm", read.algorithm)
    yield Fact("created", _moment(read.created))
    yield Fact("expires", _moment(read.expires))
    yield Fact("clock", _moment(int(case.at.timestamp())))


def _moment(seconds: int) -> str:
    try:
        return f"{seconds} = {datetime.fromtimestamp(seconds, UTC).isoformat()}"
    except (ValueError, OverflowError, OSError):
        return str(seconds)
