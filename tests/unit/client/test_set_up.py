"""Setting a client up: keys in every form, files, addresses."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from ibr_client import Credentials, NotSetUp, Options, RegistryClient, signing_key
from ibr_messages.encryption import new_key
from ibr_messages.jwk import check_partner_jwks, public_jwk
from tests.registry_double import RegistryDouble

SEED = bytes(range(32))
KID = public_jwk(signing_key(SEED).verify_key)["kid"]
JWK = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": base64.urlsafe_b64encode(SEED).rstrip(b"=").decode(),
    "kid": "key-1",
}
GIVEN = {"sender_id": "spmis.example.org", "client_id": "c", "client_secret": "s"}


def pem(key: Any) -> bytes:
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@pytest.mark.parametrize(
    "given",
    [
        SEED,
        SEED.hex(),
        f"{SEED.hex()}\n".encode(),
        JWK,
        json.dumps(JWK),
        pem(Ed25519PrivateKey.from_private_bytes(SEED)),
    ],
    ids=["bytes", "hexadecimal", "a file of it", "a JWK", "JSON", "PEM"],
)
def test_a_key_is_read_in_every_form(given: Any) -> None:
    assert bytes(signing_key(given)) == SEED


@pytest.mark.parametrize(
    "given",
    [
        "",
        "00" * 31,
        "not a key",
        b"\xff" * 33,
        {"kty": "OKP", "crv": "X25519", "d": "AAAA"},
        {"kty": "OKP", "crv": "Ed25519"},
        "{}",
        pem(rsa.generate_private_key(65537, 2048)),
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
    ],
)
def test_what_is_no_signing_key_is_said_so(given: Any) -> None:
    with pytest.raises(NotSetUp, match="Ed25519"):
        signing_key(given)


def test_the_key_id_is_the_thumbprint_unless_the_key_says_otherwise() -> None:
    assert Credentials(**GIVEN, key=SEED).kid == KID
    assert Credentials(**GIVEN, key=JWK).kid == "key-1"
    assert Credentials(**GIVEN, key=JWK, kid="key-2").kid == "key-2"


def test_secrets_are_not_printed() -> None:
    credentials = Credentials(**GIVEN | {"client_secret": "hush"}, key=SEED)
    assert "hush" not in repr(credentials)
    assert SEED.hex() not in repr(credentials)


def test_public_keys_can_be_registered() -> None:
    credentials = Credentials(**GIVEN, key=SEED, decryption_keys=[new_key("RSA-OAEP-256").stored()])
    checked = check_partner_jwks(credentials.public_keys)
    assert [(each["use"], each["kid"] == KID) for each in checked] == [
        ("sig", True),
        ("enc", False),
    ]


def test_credentials_are_read_from_what_the_operator_was_shown(tmp_path: Path) -> None:
    (tmp_path / "partner.json").write_text(json.dumps(GIVEN | {"name": "SP-MIS"}))
    (tmp_path / "partner.key").write_text(SEED.hex())
    credentials = Credentials.read(tmp_path / "partner.json", tmp_path / "partner.key")
    assert (credentials.sender_id, credentials.kid) == ("spmis.example.org", KID)


def test_the_demos_file_names_several(tmp_path: Path) -> None:
    partners = [GIVEN | {"sender_id": name, "signing_seed": SEED.hex()} for name in ("a", "b")]
    file = tmp_path / "partners.json"
    file.write_text(json.dumps(partners))
    assert Credentials.read(file, sender_id="b").sender_id == "b"
    for name in (None, "c"):
        with pytest.raises(NotSetUp, match="sender_id"):
            Credentials.read(file, sender_id=name)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "not a JSON file"),
        ("[]", "sender_id"),
        ("{}", "lacks sender_id, client_id, client_secret"),
        (json.dumps(GIVEN), "signing key"),
    ],
)
def test_an_unfit_file_says_what_it_lacks(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "partner.json").write_text(content)
    with pytest.raises(NotSetUp, match=says):
        Credentials.read(tmp_path / "partner.json")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotSetUp, match=r"absent\.json cannot be read"):
        Credentials.read(tmp_path / "absent.json")


@pytest.mark.parametrize(
    "address",
    ["https://ibr.example.org", "http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:1"],
)
def test_a_safe_address_is_taken(registry: RegistryDouble, address: str) -> None:
    RegistryClient(address, "ibr.example.org", registry.credentials).close()


@pytest.mark.parametrize(
    "address",
    [
        "http://ibr.example.org",
        "http://127.0.0.1.example.org",
        "http://127.0.0.1@ibr.example.org",
        "https://[::1",
        "https://ibr.example.org:port",
        "https://ibr.example.org/?a=b",
        "ftp://x",
        "ibr.example.org",
        "",
    ],
)
def test_an_address_where_secrets_would_travel_openly_is_not(
    registry: RegistryDouble, address: str
) -> None:
    with pytest.raises(NotSetUp):
        RegistryClient(address, "ibr.example.org", registry.credentials)


def test_a_namespace_stays_in_front_of_every_path_but_the_keys(registry: RegistryDouble) -> None:
    seen: list[str] = []

    def note(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        request.url = request.url.copy_with(path=request.url.path.removeprefix("/ns/v1.0.0"))
        return registry.answer(request)

    client = RegistryClient(
        "https://ibr.test/ns/v1.0.0/",
        "ibr.example.org",
        registry.credentials,
        Options(clock=registry.clock),
        http=httpx.Client(transport=httpx.MockTransport(note)),
    )
    assert client.is_enrolled("UIN", "1", "DCI001") is False
    assert seen == [
        "/ns/v1.0.0/oauth2/client/token",
        "/ns/v1.0.0/registry/sync/enrolled",
        "/.well-known/jwks.json",
    ]
