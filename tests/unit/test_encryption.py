"""Encrypted messages: RFC 7518's vector, joserfc as the judge, and what must never be opened
(digest.md 2.9; reliability D8)."""

from __future__ import annotations

import base64
import copy
import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwe
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from ibr_messages import encryption
from ibr_messages.encryption import (
    ECDH,
    RSA_OAEP,
    DecryptionKey,
    decrypt,
    decryption_key,
    derive,
    encrypt,
    encryption_key,
    new_key,
    read_encrypted,
    thumbprint,
    to_base64url,
)
from ibr_messages.errors import NotUnderstood, TooMuch, Unavailable

Json = dict[str, Any]
VECTOR = Path(__file__).parents[2] / "docs" / "standard" / "encryption_test_vector.json"
TEXT = b'{"transaction_id":"t-1"}'
LARGEST = 10_000


def with_private(private: Any) -> DecryptionKey:
    stored = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return decryption_key(stored)


RSA_KEY = with_private(rsa.generate_private_key(65537, 2048))
KEYS = {
    "RSA": RSA_KEY,
    "P-256": with_private(ec.generate_private_key(ec.SECP256R1())),
    "P-384": with_private(ec.generate_private_key(ec.SECP384R1())),
    "X25519": with_private(X25519PrivateKey.generate()),
}
every_key = pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)


def sealed(key: DecryptionKey = RSA_KEY, text: bytes = TEXT) -> Json:
    return encrypt(text, encryption_key(key.public_jwk()))


def opened(message: Any, key: DecryptionKey = RSA_KEY, largest: int = LARGEST) -> bytes:
    return decrypt(read_encrypted(message, largest), key)


def changed(message: Json, **header: Any) -> Json:
    """With other members in the header; what is None is left out."""
    kept = {name: value for name, value in (message["header"] | header).items() if value != ()}
    return message | {"header": kept}


def refusal(message: Any, key: DecryptionKey = RSA_KEY) -> NotUnderstood:
    with pytest.raises(NotUnderstood) as refused:
        opened(message, key)
    assert refused.value.code == "encryption.invalid"
    return refused.value


def test_the_key_of_rfc_7518_appendix_c_is_derived() -> None:
    def coordinates(x: str, y: str) -> ec.EllipticCurvePublicNumbers:
        numbers = (int.from_bytes(base64.urlsafe_b64decode(each + "=")) for each in (x, y))
        return ec.EllipticCurvePublicNumbers(*numbers, ec.SECP256R1())

    alice = coordinates(
        "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
        "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
    )
    private = int.from_bytes(
        base64.urlsafe_b64decode("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw=")
    )
    bob = ec.derive_private_key(private, ec.SECP256R1())
    shared = bob.exchange(ec.ECDH(), alice.public_key())
    assert to_base64url(derive(shared, "A128GCM", 128, apu=b"Alice", apv=b"Bob")) == (
        "VqqN6vgjbSBcIijNcacQGg"
    )


@every_key
def test_what_is_encrypted_is_opened_again(key: DecryptionKey) -> None:
    message = sealed(key)
    assert set(message) == {"header", "ciphertext", "encrypted_key", "iv", "tag"}
    assert message["header"]["kid"] == key.kid
    assert message["header"]["enc"] == "A256GCM"
    assert opened(message, key) == TEXT
    assert opened(json.loads(json.dumps(message)), key) == TEXT


@every_key
def test_no_two_encrypted_messages_are_alike(key: DecryptionKey) -> None:
    one, other = sealed(key), sealed(key)
    for part in ("ciphertext", "encrypted_key", "iv", "tag"):
        assert one[part] != other[part]


@every_key
def test_an_empty_text_and_a_large_one_are_opened(key: DecryptionKey) -> None:
    for size in (0, 1, LARGEST):
        assert opened(sealed(key, b"x" * size), key) == b"x" * size


@every_key
def test_a_key_is_the_same_after_it_was_stored(key: DecryptionKey) -> None:
    again = decryption_key(key.stored())
    assert again.kid == key.kid == JWKRegistry.import_key(key.public_jwk()).thumbprint()
    assert opened(sealed(key), again) == TEXT
    pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert opened(sealed(key), decryption_key(pem)) == TEXT


def test_fresh_keys_are_made() -> None:
    made = new_key("ECDH-ES+A256KW")
    assert made.public_jwk().items() >= {"use": "enc", "alg": ECDH, "crv": "P-256"}.items()
    assert made.kid == thumbprint(made.private.public_key())
    large = new_key("RSA-OAEP-256").private
    assert isinstance(large, rsa.RSAPrivateKey)
    assert large.key_size == 3072


@pytest.mark.parametrize("stored", [b"", b"x", b"-----BEGIN PRIVATE KEY-----\n"])
def test_what_is_no_private_key_is_not_used(stored: bytes) -> None:
    with pytest.raises(Unavailable):
        decryption_key(stored)


def test_a_short_rsa_key_decrypts_nothing() -> None:
    short = rsa.generate_private_key(65537, 1024)
    with pytest.raises(Unavailable):
        with_private(short)


# joserfc writes and reads JWE with a protected header only, so it judges each half of ours by its
# own: what it encrypts is opened here, and what is wrapped here is unwrapped there.


def for_joserfc(key: DecryptionKey) -> RSAKey | ECKey | OKPKey:
    pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    kind = {"RSA-OAEP-256": RSAKey}.get(key.algorithm)
    kind = kind or (OKPKey if isinstance(key.private, X25519PrivateKey) else ECKey)
    return kind.import_key(pem)


def by_joserfc(key: DecryptionKey, protected: Json, header: Json) -> Json:
    made = jwe.FlattenedJSONEncryption(protected, TEXT)
    made.add_recipient(header, for_joserfc(key))
    written = jwe.encrypt_json(made, None, algorithms=[key.algorithm, "A256GCM"])
    return json.loads(json.dumps(written))


@every_key
def test_what_joserfc_encrypts_is_opened(key: DecryptionKey) -> None:
    names = {"alg": key.algorithm, "kid": key.kid}
    assert opened(by_joserfc(key, {"enc": "A256GCM"}, names), key) == TEXT
    protected = {"enc": "A256GCM", **names}
    written = jwe.encrypt_compact(
        protected, TEXT, for_joserfc(key), algorithms=[*protected.values()]
    )
    parts = ("protected", "encrypted_key", "iv", "ciphertext", "tag")
    compact = dict(zip(parts, written.split("."), strict=True))
    assert opened(compact, key) == TEXT
    assert opened(compact | {"header": protected}, key) == TEXT


@every_key
def test_party_names_are_part_of_the_key(key: DecryptionKey) -> None:
    names = {"alg": key.algorithm, "kid": key.kid}
    if key.algorithm == ECDH:
        names |= {"apu": to_base64url(b"Alice"), "apv": to_base64url(b"Bob")}
    message = by_joserfc(key, {"enc": "A256GCM"}, names)
    assert opened(message, key) == TEXT
    if key.algorithm == ECDH:
        refusal(changed(message, apu=to_base64url(b"Eve")), key)
        refusal(changed(message, apv="***"), key)


@every_key
def test_joserfc_unwraps_what_is_wrapped_here(
    key: DecryptionKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = os.urandom(32)
    monkeypatch.setattr(encryption.os, "urandom", lambda count: known[:count])
    message = sealed(key)
    monkeypatch.undo()
    protected = to_base64url(b'{"enc":"A256GCM"}')
    iv = os.urandom(12)
    content = AESGCM(known).encrypt(iv, b"by the same key", protected.encode())
    header = {name: value for name, value in message["header"].items() if name != "enc"}
    given = {
        "protected": protected,
        "header": header,
        "encrypted_key": message["encrypted_key"],
        "iv": to_base64url(iv),
        "ciphertext": to_base64url(content[:-16]),
        "tag": to_base64url(content[-16:]),
    }
    read = jwe.decrypt_json(given, for_joserfc(key), algorithms=[key.algorithm, "A256GCM"])
    assert read.plaintext == b"by the same key"


# What is refused.


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "RSA1_5"},
        {"alg": "RSA-OAEP"},
        {"alg": "dir"},
        {"alg": "ECDH-ES"},
        {"alg": "ECDH-ES+A128KW"},
        {"alg": "A256KW"},
        {"alg": "A256GCMKW"},
        {"alg": "PBES2-HS512+A256KW", "p2s": "AAAA", "p2c": 10_000_000},
        {"alg": "rsa-oaep-256"},
        {"alg": ["RSA-OAEP-256"]},
        {"alg": {}},
        {"alg": 1},
        {"alg": None},
        {"alg": ()},
        {"enc": "A128GCM"},
        {"enc": "A256CBC-HS512"},
        {"enc": "none"},
        {"enc": ()},
        {"enc": ["A256GCM"]},
        {"p2c": 1},
        {"p2s": "AAAA"},
        {"zip": "DEF"},
        {"zip": ""},
        {"zip": None},
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"kid": ()},
        {"kid": ""},
        {"kid": 7},
        {"kid": ["k"]},
        {"kid": "k" * 301},
    ],
)
def test_another_header_is_refused(header: Json) -> None:
    refusal(changed(sealed(), **header))


@pytest.mark.parametrize("name", ["zip", "crit", "p2c", "alg", "enc"])
def test_it_is_refused_in_the_protected_header_too(name: str) -> None:
    value = {"zip": "DEF", "crit": ["exp"], "p2c": 1, "alg": "RSA1_5", "enc": "A128GCM"}[name]
    names = {"alg": RSA_OAEP, "enc": "A256GCM", "kid": RSA_KEY.kid, name: value}
    message = sealed()
    refusal(message | {"protected": to_base64url(json.dumps(names).encode())})
    del message["header"]
    refusal(message | {"protected": to_base64url(json.dumps(names).encode())})


def test_a_bomb_is_never_unpacked() -> None:
    bomb = zlib.compress(b"\0" * 10_000_000)[2:-4]
    assert len(bomb) < 20_000
    message = changed(sealed(text=bomb), zip="DEF")
    with pytest.raises(NotUnderstood) as refused:
        opened(message, largest=50_000)
    assert "zip" in refused.value.message
    # The control: without the member, what was packed stays packed.
    assert opened(changed(message, zip=()), largest=50_000) == bomb


def by_hand(key: DecryptionKey, protected: Json, header: Json | None) -> Json:
    """A message as others write it, with a protected header."""
    content_key, iv = os.urandom(32), os.urandom(12)
    oaep = padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)
    public = key.private.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    text = to_base64url(json.dumps(protected).encode())
    content = AESGCM(content_key).encrypt(iv, TEXT, text.encode())
    message = {
        "protected": text,
        "encrypted_key": to_base64url(public.encrypt(content_key, oaep)),
        "iv": to_base64url(iv),
        "ciphertext": to_base64url(content[:-16]),
        "tag": to_base64url(content[-16:]),
    }
    return message if header is None else message | {"header": header}


NAMES = {"alg": RSA_OAEP, "enc": "A256GCM", "kid": RSA_KEY.kid}


@pytest.mark.parametrize("header", [None, {}, NAMES, {"kid": RSA_KEY.kid}])
def test_a_protected_header_is_read(header: Json | None) -> None:
    """The standard wants alg, enc and kid in `header`, so they may well stand in both."""
    assert opened(by_hand(RSA_KEY, NAMES, header)) == TEXT


@pytest.mark.parametrize(
    "header", [{"kid": "other"}, {"alg": "ECDH-ES+A256KW"}, {"enc": "A128GCM"}, {"alg": None}]
)
def test_two_headers_that_contradict_each_other_are_refused(header: Json) -> None:
    refused = refusal(by_hand(RSA_KEY, NAMES, NAMES | header))
    assert "contradict" in refused.message


@pytest.mark.parametrize(
    "protected",
    [
        "***",
        "e30=",
        5,
        None,
        [],
        {},
        to_base64url(b"[]"),
        to_base64url(b"x"),
        to_base64url(b'{"kid":"a","kid":"a"}'),
        to_base64url(b'{"x":NaN}'),
        to_base64url(b'{"x":"' + b"y" * 5000 + b'"}'),
        to_base64url(b"[" * 2000),
    ],
)
def test_a_protected_header_is_read_strictly(protected: Any) -> None:
    refusal(sealed() | {"protected": protected})


def test_the_protected_header_is_authenticated() -> None:
    message = by_hand(RSA_KEY, NAMES, None)
    spaced = to_base64url(json.dumps(NAMES, indent=1).encode())
    refusal(message | {"protected": spaced})
    refusal({**message, "header": NAMES, "protected": ""})


@pytest.mark.parametrize("name", ["recipients", "unprotected", "aad"])
def test_other_forms_of_jwe_are_refused(name: str) -> None:
    refusal(sealed() | {name: [] if name == "recipients" else "AAAA"})


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c", "x5t"])
def test_a_key_that_the_message_brings_is_not_used(name: str) -> None:
    other = with_private(rsa.generate_private_key(65537, 2048))
    brought: Any = {"jwk": other.public_jwk(), "x5c": ["MIIB"]}.get(name, "https://evil.example/k")
    assert opened(changed(sealed(), **{name: brought})) == TEXT
    theirs = changed(sealed(other), **{name: brought, "kid": RSA_KEY.kid})
    refusal(theirs)


@pytest.mark.parametrize("part", ["ciphertext", "encrypted_key", "iv", "tag"])
@pytest.mark.parametrize(
    "value", [(), None, 5, [], {}, "", "*", "AA==", "AA=", "AAAAA", "A+/A", "AA\n", "é", "A" * 5000]
)
def test_a_part_that_cannot_be_read_is_refused(part: str, value: Any) -> None:
    message = {name: each for name, each in sealed().items() if name != part or value != ()}
    refusal(message if value == () else message | {part: value})


def cut(message: Json, part: str, start: int, end: int | None) -> Json:
    raw = base64.urlsafe_b64decode(message[part] + "==")
    return message | {part: to_base64url(raw[start:end])}


@pytest.mark.parametrize("length", [0, 1, 4, 8, 12, 15])
def test_a_tag_that_was_cut_is_refused(length: int) -> None:
    """GCM itself would take a tag of twelve bytes."""
    refusal(cut(sealed(), "tag", 0, length))


def test_bytes_moved_between_parts_are_refused() -> None:
    message = sealed()
    raw = {
        name: base64.urlsafe_b64decode(message[name] + "==") for name in ("ciphertext", "tag", "iv")
    }
    moved = message | {
        "ciphertext": to_base64url(raw["ciphertext"] + raw["tag"][:4]),
        "tag": to_base64url(raw["tag"][4:]),
    }
    refusal(moved)
    # The control: one after the other they are the same bytes.
    assert raw["ciphertext"] + raw["tag"] == b"".join(
        base64.urlsafe_b64decode(moved[name] + "==") for name in ("ciphertext", "tag")
    )


def test_a_message_that_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooMuch) as refused:
        read_encrypted(sealed(text=b"x" * 1001), 1000)
    assert refused.value.code == "too_large"
    assert "several messages" in refused.value.message
    assert opened(sealed(text=b"x" * 1000), largest=1000)


EVERY_FAILURE: dict[str, Callable[[DecryptionKey], Json]] = {
    "another key": lambda key: changed(sealed(another(key)), kid=key.kid),
    "a byte of the key": lambda key: flipped(sealed(key), "encrypted_key"),
    "a byte of the text": lambda key: flipped(sealed(key), "ciphertext"),
    "a byte of the tag": lambda key: flipped(sealed(key), "tag"),
    "a byte of the iv": lambda key: flipped(sealed(key), "iv"),
    "another's key": lambda key: sealed(key) | {"encrypted_key": sealed(key)["encrypted_key"]},
    "another's text": lambda key: sealed(key) | {"ciphertext": sealed(key)["ciphertext"]},
    "a short key": lambda key: cut(sealed(key), "encrypted_key", 0, -8),
    "a very short key": lambda key: cut(sealed(key), "encrypted_key", 0, 1),
    "a text to come": lambda key: cut(sealed(key), "ciphertext", 0, -1),
}


def another(key: DecryptionKey) -> DecryptionKey:
    private = key.private
    if isinstance(private, rsa.RSAPrivateKey):
        return with_private(rsa.generate_private_key(65537, 2048))
    if isinstance(private, X25519PrivateKey):
        return with_private(X25519PrivateKey.generate())
    return with_private(ec.generate_private_key(private.curve))


def flipped(message: Json, part: str) -> Json:
    raw = bytearray(base64.urlsafe_b64decode(message[part] + "=="))
    raw[len(raw) // 2] ^= 1
    return message | {part: to_base64url(bytes(raw))}


@every_key
def test_every_failure_looks_the_same(key: DecryptionKey) -> None:
    texts = {refusal(make(key), key).message for make in EVERY_FAILURE.values()}
    assert len(texts) == 1
    assert "cannot be decrypted" in texts.pop()


def test_control_unhidden_failures_differ() -> None:
    """What the primitives say when they are asked one by one."""
    message = flipped(sealed(), "encrypted_key")
    wrapped = base64.urlsafe_b64decode(message["encrypted_key"] + "==")
    private = RSA_KEY.private
    assert isinstance(private, rsa.RSAPrivateKey)
    with pytest.raises(ValueError, match="Decryption failed"):
        private.decrypt(wrapped, padding.OAEP(padding.MGF1(SHA256()), SHA256(), None))
    with pytest.raises(InvalidTag):
        AESGCM(os.urandom(32)).decrypt(b"i" * 12, b"t" * 40, None)


def test_a_content_key_of_another_length_is_no_key() -> None:
    """Sixteen bytes would be a key for AES-128."""
    public = RSA_KEY.private.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    oaep = padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)
    short, iv = os.urandom(16), os.urandom(12)
    content = AESGCM(short).encrypt(iv, TEXT, None)
    message = sealed() | {
        "encrypted_key": to_base64url(public.encrypt(short, oaep)),
        "iv": to_base64url(iv),
        "ciphertext": to_base64url(content[:-16]),
        "tag": to_base64url(content[-16:]),
    }
    refusal(message)


def test_a_message_for_one_kind_of_key_is_not_tried_on_another() -> None:
    refusal(sealed(RSA_KEY), KEYS["P-256"])
    refusal(sealed(KEYS["P-256"]), RSA_KEY)
    refusal(sealed(KEYS["P-256"]), KEYS["X25519"])
    refusal(sealed(KEYS["P-384"]), KEYS["P-256"])


POINT = KEYS["P-256"].public_jwk()


@pytest.mark.parametrize(
    "epk",
    [
        (),
        None,
        "x",
        [],
        {},
        {"kty": "EC"},
        {"kty": "EC", "crv": "P-256"},
        {**POINT, "crv": "P-384"},
        {**POINT, "crv": ["P-256"]},
        {**POINT, "kty": "OKP"},
        {**POINT, "x": POINT["y"]},
        {**POINT, "y": to_base64url(bytes(32))},
        {**POINT, "x": to_base64url(bytes(32)), "y": to_base64url(bytes(32))},
        {**POINT, "x": "***"},
        {**POINT, "x": 5},
        {**POINT, "x": POINT["x"] + "AAAA"},
        {"kty": "OKP", "crv": "X25519", "x": to_base64url(bytes(32))},
        {"kty": "oct", "k": "AAAA"},
    ],
)
def test_an_ephemeral_key_off_the_curve_is_refused(epk: Any) -> None:
    refused = refusal(changed(sealed(KEYS["P-256"]), epk=epk), KEYS["P-256"])
    assert "epk" in refused.message


def test_a_point_of_low_order_is_refused() -> None:
    """With it, the shared secret is zero whoever the receiver is."""
    for low in (bytes(32), bytes([1]) + bytes(31)):
        epk = {"kty": "OKP", "crv": "X25519", "x": to_base64url(low)}
        refused = refusal(changed(sealed(KEYS["X25519"]), epk=epk), KEYS["X25519"])
        assert "cannot be decrypted" in refused.message


def test_nothing_in_the_message_is_changed_by_reading_it() -> None:
    message = sealed()
    before = copy.deepcopy(message)
    opened(message)
    assert message == before


def test_the_published_vector_is_opened_and_made_step_by_step() -> None:
    """What docs/standard/encryption.md hands to vendors."""
    vector = json.loads(VECTOR.read_text())
    receiver = receiver_of(vector)
    assert (
        decrypt(read_encrypted(vector["message"], LARGEST), receiver).decode()
        == (vector["plaintext"])
    )
    epk = encryption.public_key_of(vector["message"]["header"]["epk"])
    assert isinstance(receiver.private, ec.EllipticCurvePrivateKey)
    assert isinstance(epk, ec.EllipticCurvePublicKey)
    shared = receiver.private.exchange(ec.ECDH(), epk)
    assert to_base64url(shared) == vector["shared_secret"]
    assert to_base64url(derive(shared, ECDH, 256)) == vector["key_encryption_key"]
    assert receiver.kid == vector["message"]["header"]["kid"]


def receiver_of(vector: Json) -> DecryptionKey:
    pem = ECKey.import_key(vector["receiver_private_jwk"]).as_pem(private=True)
    return decryption_key(pem)
