"""Why a signature does not verify: each usual mistake is named, with how to mend it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from nacl.signing import SigningKey

from ibr_messages.diagnose import Case, Diagnosis, KnownKey, diagnose
from ibr_messages.jwk import public_jwk
from ibr_messages.strict_json import canonical

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
NOW = int(AT.timestamp())
KEY = SigningKey(bytes(range(32)))
SECOND = SigningKey(bytes(range(1, 33)))
SENDER = "spmis.example"
HEADER = {"version": "1.0.0", "sender_id": SENDER, "action": "search", "message_id": "m-1"}
MESSAGE = {"transaction_id": "t-1", "name": "Zoë", "amount": 1e16}
CONTENT = {"header": HEADER, "message": MESSAGE}


def known(key: SigningKey = KEY, state: Any = "counts") -> KnownKey:
    jwk = public_jwk(key.verify_key)
    return KnownKey(jwk["kid"], jwk, "ed25519", state)


def kid(key: SigningKey = KEY) -> str:
    return known(key).kid


def lines(digest: str, created: int = NOW, expires: int = NOW + 300) -> bytes:
    return f"(created): {created}\n(expires): {expires}\ndigest: {digest}".encode()


def digest_of(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def written(signed: bytes, key: SigningKey = KEY, **changes: str) -> str:
    """A signature string over these very bytes."""
    parts = {
        "namespace": "dci",
        "kidId": f"{SENDER}|{kid(key)}|ed25519",
        "algorithm": "ed25519",
        "created": str(NOW),
        "expires": str(NOW + 300),
        "headers": "(created) (expires) digest",
        "signature": base64.b64encode(key.sign(signed).signature).decode(),
        **changes,
    }
    return ", ".join(f'{name}="{value}"' for name, value in parts.items() if value)


def body(signature: object, content: dict[str, Any] = CONTENT) -> bytes:
    return json.dumps({"signature": signature, **content}, ensure_ascii=False).encode()


def look(sent: bytes, *, keys: Any = None, profile: str = "canonical") -> Diagnosis:
    return diagnose(
        Case(
            body=sent,
            sender_id=SENDER,
            profile=profile,
            keys=[known()] if keys is None else keys,
            at=AT,
        )
    )


def causes(found: Diagnosis) -> list[str]:
    return [each.cause for each in found.findings]


def fact(found: Diagnosis, name: str) -> str:
    return next(each.value for each in found.facts if each.name == name)


RIGHT = lines(digest_of(canonical(CONTENT)))


def test_a_signature_that_holds_is_said_to_hold() -> None:
    assert causes(look(body(written(RIGHT)))) == ["holds"]


def test_what_the_registry_computed_is_told() -> None:
    found = look(body(written(RIGHT)))
    assert fact(found, "digest") == digest_of(canonical(CONTENT))
    escaped = json.dumps(CONTENT, sort_keys=True, separators=(",", ":")).encode()
    assert fact(found, "digest_escaped") == digest_of(escaped)
    assert fact(found, "lines") == RIGHT.decode()
    assert fact(found, "clock").startswith(str(NOW))


def test_nothing_of_the_content_is_repeated() -> None:
    found = look(body(written(b"something else")))
    said = json.dumps([[each.sentence for each in found.findings], str(found.facts)])
    assert "Zo" not in said
    assert "t-1" not in said


def dumped(**how: Any) -> bytes:
    return json.dumps(CONTENT, **how).encode()


TIGHT = (",", ":")
MISREAD: dict[str, tuple[str, bytes]] = {
    "unsorted": ("unsorted", lines(digest_of(dumped(separators=TIGHT, ensure_ascii=False)))),
    "unsorted and escaped": ("unsorted", lines(digest_of(dumped(separators=TIGHT)))),
    "white space": ("white_space", lines(digest_of(dumped(sort_keys=True)))),
    "indented": ("white_space", lines(digest_of(dumped(sort_keys=True, indent=2)))),
    "white space and unsorted": ("white_space", lines(digest_of(dumped()))),
    "message only": ("one_part", lines(digest_of(canonical(MESSAGE)))),
    "header only": ("one_part", lines(digest_of(canonical(HEADER)))),
    "with an empty signature": (
        "whole_body",
        lines(digest_of(canonical({"signature": "", **CONTENT}))),
    ),
    "line feed behind": ("line_feed", lines(digest_of(canonical(CONTENT) + b"\n"))),
    "hexadecimal digest": (
        "digest_spelling",
        lines(hashlib.sha256(canonical(CONTENT)).hexdigest()),
    ),
    "base64url digest": (
        "digest_spelling",
        lines(base64.urlsafe_b64encode(hashlib.sha256(canonical(CONTENT)).digest()).decode()),
    ),
    "sha-512": (
        "digest_algorithm",
        lines(base64.b64encode(hashlib.sha512(canonical(CONTENT)).digest()).decode()),
    ),
    "blake": (
        "digest_algorithm",
        lines(
            "BLAKE-512=" + base64.b64encode(hashlib.blake2b(canonical(CONTENT)).digest()).decode()
        ),
    ),
    "label": ("digest_label", lines("sha-256=" + digest_of(canonical(CONTENT)))),
    "the JSON itself": ("no_lines", canonical(CONTENT)),
    "the digest itself": ("no_lines", hashlib.sha256(canonical(CONTENT)).digest()),
    "a fourth line": ("lines_end", RIGHT + b"\n"),
    "windows line ends": ("lines", RIGHT.replace(b"\n", b"\r\n")),
    "no brackets": (
        "lines",
        RIGHT.replace(b"(created)", b"created").replace(b"(expires)", b"expires"),
    ),
}


@pytest.mark.parametrize("name", MISREAD)
def test_each_misreading_is_recognised(name: str) -> None:
    cause, signed = MISREAD[name]
    assert causes(look(body(written(signed)))) == [cause]


def test_a_misreading_with_another_key_names_both() -> None:
    signed = written(MISREAD["unsorted"][1], SECOND, kidId=f"{SENDER}|{kid()}|ed25519")
    found = look(body(signed), keys=[known(), known(SECOND)])
    assert causes(found) == ["unsorted", "key_other"]


def test_the_right_reading_with_another_key_names_the_key() -> None:
    signed = written(RIGHT, SECOND, kidId=f"{SENDER}|{kid()}|ed25519")
    found = look(body(signed), keys=[known(), known(SECOND)])
    assert causes(found) == ["key_other"]
    assert kid(SECOND) in found.findings[0].sentence


def test_the_other_profile_is_recognised_both_ways() -> None:
    header, message = json.dumps(HEADER), json.dumps(MESSAGE, ensure_ascii=False)
    raw = lines(digest_of(f"{header}\n{message}".encode()))
    assert causes(look(body(written(raw)))) == ["other_profile"]
    assert causes(look(body(written(raw)), profile="raw")) == ["holds"]
    assert causes(look(body(written(RIGHT)), profile="raw")) == ["other_profile"]


def test_a_changed_message_fits_in_no_way() -> None:
    changed = {"header": HEADER, "message": {**MESSAGE, "transaction_id": "t-2"}}
    assert causes(look(body(written(RIGHT), changed))) == ["does_not_fit"]


SPELT: dict[str, tuple[str, Callable[[bytes], str]]] = {
    "hexadecimal": ("hexadecimal", bytes.hex),
    "base64url": ("Base64url", lambda value: base64.urlsafe_b64encode(value).decode()),
    "unpadded": (
        "without its =",
        lambda value: base64.b64encode(value).decode().rstrip("="),
    ),
}


@pytest.mark.parametrize("name", SPELT)
def test_a_signature_in_another_alphabet_is_read_and_told(name: str) -> None:
    how, spell = SPELT[name]
    # Created later until the signature has a letter that the two alphabets write differently.
    for created in range(NOW, NOW + 50):
        signed = lines(digest_of(canonical(CONTENT)), created, created + 300)
        value = KEY.sign(signed).signature
        if re.search(r"[+/]", base64.b64encode(value).decode()):
            break
    times = {"created": str(created), "expires": str(created + 300)}
    found = look(body(written(signed, signature=spell(value), **times)))
    assert causes(found) == ["base64_alphabet"]
    assert how in found.findings[0].sentence


UNREADABLE: dict[str, tuple[object, str]] = {
    "none": (None, "missing"),
    "empty": ("  ", "missing"),
    "placeholder": ("Base64(signing content)", "placeholder"),
    "jws": ("eyJhbGciOiJFZERTQSJ9.e30.c2ln", "jws"),
    "no signature part": ('kidId="a|b|ed25519"', "shape"),
    "too long": ("x" * 3000, "too_long"),
    "two parts": (written(RIGHT, kidId=f"{SENDER}|ed25519"), "kid_id"),
    "no key id": (written(RIGHT, kidId=""), "kid_id"),
    "two algorithms": (written(RIGHT, algorithm="rs256"), "two_algorithms"),
    "hmac": (
        written(RIGHT, kidId=f"{SENDER}|{kid()}|hs256", algorithm="hs256"),
        "algorithm",
    ),
    "no expiry": (written(RIGHT, expires=""), "times"),
    "dates": (written(RIGHT, created="2026-11-22T09:30:00Z"), "times"),
    "milliseconds": (written(RIGHT, created=str(NOW * 1000)), "milliseconds"),
    "headers": (written(RIGHT, headers="digest (created) (expires)"), "headers"),
    "not base64": (written(RIGHT, signature="*** not base64 ***"), "base64"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_told(name: str) -> None:
    signature, cause = UNREADABLE[name]
    assert causes(look(body(signature))) == [cause]


def test_a_signature_in_the_header_is_found_there() -> None:
    content = {"header": {**HEADER, "signature": written(RIGHT)}, "message": MESSAGE}
    assert "header.signature" in look(body("", content)).findings[0].sentence


@pytest.mark.parametrize(
    ("created", "expires", "cause"),
    [
        (NOW + 120, NOW + 400, "future"),
        (NOW - 800, NOW - 500, "expired"),
        (NOW, NOW + 86_400, "life"),
        (NOW, NOW - 1, "life"),
    ],
)
def test_times_are_compared_with_the_clock(created: int, expires: int, cause: str) -> None:
    signed = lines(digest_of(canonical(CONTENT)), created, expires)
    found = look(body(written(signed, created=str(created), expires=str(expires))))
    assert causes(found) == [cause]


@pytest.mark.parametrize("state", ["not_yet", "ended", "revoked"])
def test_a_key_that_does_not_count_is_told(state: str) -> None:
    assert causes(look(body(written(RIGHT)), keys=[known(state=state)])) == [f"key_{state}"]


def test_an_unknown_key_is_told_with_those_that_are_known() -> None:
    found = look(body(written(RIGHT, SECOND)))
    assert causes(found) == ["key_unknown"]
    assert kid() in found.findings[0].sentence


def test_no_registered_key_is_told() -> None:
    assert causes(look(body(written(RIGHT)), keys=[])) == ["no_keys"]


def test_a_foreign_sender_is_told_in_both_places() -> None:
    content = {"header": {**HEADER, "sender_id": "other"}, "message": MESSAGE}
    signed = written(lines(digest_of(canonical(content))), kidId=f"other|{kid()}|ed25519")
    assert causes(look(body(signed, content))) == ["sender", "header_sender"]


def test_an_algorithm_that_is_not_the_keys_is_told() -> None:
    signed = written(RIGHT, kidId=f"{SENDER}|{kid()}|rs256", algorithm="rs256")
    assert causes(look(body(signed))) == ["key_algorithm"]


def test_a_signature_of_another_length_is_told() -> None:
    short = base64.b64encode(b"\x01" * 32).decode()
    assert causes(look(body(written(RIGHT, signature=short)))) == ["length"]


def test_several_faults_are_told_together() -> None:
    signed = lines(digest_of(dumped(separators=TIGHT)), NOW - 900, NOW - 600)
    times = {"created": str(NOW - 900), "expires": str(NOW - 600)}
    assert causes(look(body(written(signed, **times)))) == ["expired", "unsorted"]


@pytest.mark.parametrize(
    ("sent", "cause"),
    [
        (b"{", "json"),
        (b'{"header":{},"header":{},"message":{}}', "json"),
        (b"[]", "json"),
        (b'{"signature":"x","message":{}}', "envelope"),
        (b'{"signature":"x","header":[],"message":{}}', "envelope"),
        (b"\xff\xfe", "json"),
    ],
)
def test_a_body_that_is_no_envelope_is_told(sent: bytes, cause: str) -> None:
    assert causes(look(sent)) == [cause]
