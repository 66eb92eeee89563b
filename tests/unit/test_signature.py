"""Signatures of messages: the test vector, every mutation, every spelling (digest.md 3.3; D4)."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from nacl.signing import SigningKey

from ibr.errors import NotProven, NotUnderstood
from ibr.interop.dci.envelope import raw_digest
from ibr_messages.jwk import check_partner_jwk, check_partner_jwks, public_jwk, public_key
from ibr_messages.signature import (
    Signer,
    check_times,
    read_signature,
    signing_strings,
    verify,
)
from ibr_messages.strict_json import canonical, canonical_other_spellings

VECTOR: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "standard" / "golden" / "signature_test_vector.json").read_text()
)
KEY = SigningKey(bytes.fromhex(VECTOR["seed_hex"]))
CREATED = 1768469400
CONTENT = {"header": VECTOR["envelope"]["header"], "message": VECTOR["envelope"]["message"]}
TEXT = VECTOR["envelope"]["signature"]


def digest(content: Any = CONTENT) -> bytes:
    return hashlib.sha256(canonical(content)).digest()


def test_the_test_vector_is_made_byte_for_byte() -> None:
    signed = Signer("spmis.example.org", "key-1", KEY).sign(canonical(CONTENT), CREATED)
    assert canonical(CONTENT).decode() == VECTOR["canonical_json"]
    assert base64.b64encode(digest()).decode() == VECTOR["digest_sha256_b64"]
    assert signed == TEXT


def test_the_test_vector_holds() -> None:
    signature = read_signature(TEXT)
    assert signing_strings(signature, digest())[0].decode() == VECTOR["signing_string"]
    verify(signature, KEY.verify_key, [digest()])


@pytest.mark.parametrize("place", range(64))
def test_one_bit_of_the_signature_is_enough(place: int) -> None:
    value = bytearray(base64.b64decode(VECTOR["signature_b64"]))
    value[place] ^= 1
    text = TEXT.replace(VECTOR["signature_b64"], base64.b64encode(value).decode())
    with pytest.raises(NotProven):
        verify(read_signature(text), KEY.verify_key, [digest()])


@pytest.mark.parametrize("place", range(0, len(VECTOR["canonical_json"]), 7))
def test_one_byte_of_the_content_is_enough(place: int) -> None:
    changed = bytearray(VECTOR["canonical_json"].encode())
    changed[place] ^= 1
    with pytest.raises(NotProven):
        verify(read_signature(TEXT), KEY.verify_key, [hashlib.sha256(changed).digest()])


@pytest.mark.parametrize("other", ['created="1768469401"', 'expires="1768469701"'])
def test_the_times_are_signed_too(other: str) -> None:
    name, _, _ = other.partition("=")
    text = TEXT.replace(f'{name}="17684694' if name == "created" else f'{name}="17684697', "@")
    text = text.replace('@00"', other)
    assert text != TEXT
    with pytest.raises(NotProven):
        verify(read_signature(text), KEY.verify_key, [digest()])


@pytest.mark.parametrize(
    "spelled",
    [
        f"Signature:  {TEXT}",
        f"  {TEXT}  ",
        TEXT[:-1],
        TEXT.replace("kidId", "keyId"),
        TEXT.replace("kidId", "keyid"),
        TEXT.replace('", ', '",'),
        TEXT.replace('d="', 'd = "').replace('s="', 's = "'),
        TEXT.replace('"dci"', '"g2p"'),
        TEXT.replace("ed25519", "Ed25519"),
    ],
)
def test_loose_spellings_are_read(spelled: str) -> None:
    signature = read_signature(spelled)
    assert (signature.sender_id, signature.kid) == ("spmis.example.org", "key-1")
    verify(signature, KEY.verify_key, [digest()])


def test_a_labelled_digest_is_read() -> None:
    signature = read_signature(TEXT)
    value = KEY.sign(signing_strings(signature, digest())[1]).signature
    text = TEXT.replace(VECTOR["signature_b64"], base64.b64encode(value).decode())
    verify(read_signature(text), KEY.verify_key, [digest()])


@pytest.mark.parametrize("nothing", [None, "", "   ", 5, [], {}, "hello", "namespace"])
def test_what_is_no_signature_is_missing(nothing: object) -> None:
    with pytest.raises(NotProven) as refused:
        read_signature(nothing)
    assert refused.value.code == "signature.missing"


@pytest.mark.parametrize(
    "wrong",
    [
        TEXT.replace("(created) (expires) digest", "digest"),
        TEXT.replace("(created) (expires) digest", "(created) (expires) digest host"),
        TEXT.replace("key-1|ed25519", "key-1|rs256"),
        TEXT.replace("|key-1|", "|"),
        TEXT.replace("|key-1|", "|key-1|x|"),
        TEXT.replace(VECTOR["signature_b64"], "****"),
        TEXT.replace('"1768469400"', '"soon"'),
        TEXT.replace('"1768469400"', '"' + "9" * 2000 + '"'),
        'signature="unsigned-stub"',
        "x" * 3000,
        " " * 2400 + TEXT,
    ],
)
def test_what_cannot_be_read_is_invalid(wrong: str) -> None:
    with pytest.raises(NotProven) as refused:
        check_times(read_signature(wrong), CREATED)
    assert refused.value.code == "signature.invalid"


@pytest.mark.parametrize("at", [CREATED - 60, CREATED, CREATED + 300, CREATED + 360])
def test_a_signature_counts_in_its_time(at: int) -> None:
    check_times(read_signature(TEXT), at)


@pytest.mark.parametrize("at", [CREATED - 61, CREATED + 361, 0, 10**12])
def test_and_at_no_other(at: int) -> None:
    with pytest.raises(NotProven):
        check_times(read_signature(TEXT), at)


@pytest.mark.parametrize("expires", [CREATED + 901, CREATED - 1, 253402300799])
def test_a_signature_lives_a_quarter_of_an_hour_at_most(expires: int) -> None:
    text = TEXT.replace("1768469700", str(expires))
    with pytest.raises(NotProven):
        check_times(read_signature(text), CREATED)


def test_names_in_other_letters_are_read_in_both_spellings() -> None:
    content = {"header": {}, "message": {"name": "Zoë"}}
    raw, escaped = canonical_other_spellings(content)
    for spelled in (canonical(content), raw, escaped):
        signature = read_signature(Signer("a", "k", KEY).sign(spelled, CREATED))
        accepted = [digest(content), *(hashlib.sha256(each).digest() for each in (raw, escaped))]
        verify(signature, KEY.verify_key, accepted)


@pytest.mark.parametrize(
    "other", [b'{"message":{}, "header":{"a": 1}}', b' {"header":{"a": 1},"message":{}}']
)
def test_the_raw_profile_is_over_header_and_message_as_they_came(other: bytes) -> None:
    wanted = hashlib.sha256(b'{"a": 1}\n{}').digest()
    assert raw_digest(other) == wanted
    assert raw_digest(other.replace(b'"a": 1', b'"a":1')) != wanted


def test_an_rsa_key_is_read_with_its_own_algorithm_only() -> None:
    private = rsa.generate_private_key(65537, 2048)
    number = private.public_key().public_numbers()
    jwk = check_partner_jwk(
        {
            "kty": "RSA",
            "n": base64.urlsafe_b64encode(number.n.to_bytes(256, "big")).rstrip(b"=").decode(),
            "e": "AQAB",
        }
    )
    assert jwk["alg"] == "rs256"
    text = TEXT.replace("ed25519", "rs256")
    line = signing_strings(read_signature(text), digest())[0]
    value = private.sign(line, padding.PKCS1v15(), SHA256())
    signed = read_signature(text.replace(VECTOR["signature_b64"], base64.b64encode(value).decode()))
    verify(signed, public_key(jwk), [digest()])
    with pytest.raises(NotProven):
        verify(signed, KEY.verify_key, [digest()])


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        [],
        "x",
        {},
        {"kty": "oct", "k": "AAAA"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "Ed448", "x": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": VECTOR["public_key_b64url"], "use": "sig"},
        {"kty": "OKP", "crv": "Ed25519", "x": VECTOR["public_key_b64url"], "use": "enc"},
        {"kty": "OKP", "crv": "Ed25519", "x": VECTOR["public_key_b64url"], "use": "both"},
        {"kty": "OKP", "crv": "Ed25519", "x": VECTOR["public_key_b64url"], "alg": "HS256"},
        {"kty": "OKP", "crv": "Ed25519", "x": VECTOR["public_key_b64url"], "kid": "k" * 301},
        {"kty": "OKP", "crv": "Ed25519", "x": VECTOR["public_key_b64url"], "kid": 5},
        {"kty": "OKP", "crv": "Ed25519", "x": "****"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {**public_jwk(KEY.verify_key), "d": "AAAA"},
    ],
)
def test_other_keys_are_not_taken(jwk: object) -> None:
    with pytest.raises(NotUnderstood):
        check_partner_jwk(jwk)


def test_a_set_of_keys_has_one_at_least() -> None:
    with pytest.raises(NotUnderstood):
        check_partner_jwks({"keys": []})
    assert check_partner_jwks({"keys": [public_jwk(KEY.verify_key)]})[0]["alg"] == "ed25519"
