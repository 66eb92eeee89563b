"""Packages for offices without a line: verified whole before anything of them counts."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nacl.signing import VerifyKey

from ibr.cli.intake_pack import make_key, pack
from ibr.errors import Conflict, NotProven, NotUnderstood
from ibr.files.model import FileTerms
from ibr.files.packages import Manifest, Package, check_rows, is_package, write_package
from ibr_messages.jwk import public_jwk
from tests.files_made import as_csv, people

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
CONTENT = as_csv(people(5))


def jwk(key: Ed25519PrivateKey) -> dict[str, Any]:
    return public_jwk(VerifyKey(key.public_key().public_bytes_raw()))


def made(signer: Ed25519PrivateKey = KEY, **changed: Any) -> bytes:
    said: dict[str, Any] = {
        "programme": "OAP",
        "cycle": "2026-10",
        "name": "list.csv",
        "bytes": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "rows": 5,
        "made_at": datetime(2026, 11, 1, tzinfo=UTC),
        "key": jwk(KEY)["kid"],
    }
    out = io.BytesIO()
    write_package(io.BytesIO(CONTENT), Manifest(**said | changed), signer, out)
    return out.getvalue()


def with_part(package: bytes, name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(out, "w") as new:
        for each in old.namelist():
            new.writestr(each, content if each == name else old.read(each))
    return out.getvalue()


def known(kid: str) -> dict[str, Any] | None:
    return jwk(KEY) if kid == jwk(KEY)["kid"] else None


def test_a_whole_package_gives_its_file() -> None:
    assert is_package(io.BytesIO(made()))
    package = Package(io.BytesIO(made()))
    package.prove(known)
    assert b"".join(package.pieces()) == CONTENT
    check_rows(package.manifest, 5)


def test_a_list_is_no_package(tmp_path: Path) -> None:
    assert not is_package(io.BytesIO(CONTENT))
    assert not is_package(io.BytesIO(b"PK\x03\x04broken"))


def test_a_changed_manifest_is_seen() -> None:
    said = msgspec.json.encode(
        msgspec.structs.replace(Package(io.BytesIO(made())).manifest, rows=6)
    )
    with pytest.raises(NotProven, match="changed since"):
        Package(io.BytesIO(with_part(made(), "manifest.json", said))).prove(known)


def test_another_key_does_not_do() -> None:
    with pytest.raises(NotProven, match="changed since"):
        Package(io.BytesIO(made(OTHER))).prove(known)
    with pytest.raises(NotProven, match="does not know"):
        Package(io.BytesIO(made(OTHER, key=jwk(OTHER)["kid"]))).prove(known)


def test_a_changed_or_cut_file_is_seen() -> None:
    for content in (CONTENT.replace(b"Sow", b"Fow"), CONTENT[:-20], CONTENT + b"x\n"):
        package = Package(io.BytesIO(with_part(made(), "data/file", content)))
        package.prove(known)
        with pytest.raises(NotUnderstood, match="not the one"):
            list(package.pieces())


def test_a_package_with_fewer_records_than_it_says_is_refused() -> None:
    with pytest.raises(NotUnderstood, match="7 records"):
        check_rows(Package(io.BytesIO(made(rows=7))).manifest, 5)


def test_a_manifest_that_says_more_than_it_may_is_refused() -> None:
    said = msgspec.json.encode({"version": 2, "programme": "OAP"})
    with pytest.raises(NotUnderstood, match="manifest"):
        Package(io.BytesIO(with_part(made(), "manifest.json", said)))


def test_an_office_packs_without_a_registry(tmp_path: Path) -> None:
    public = make_key(tmp_path / "office.pem")
    assert "d" not in public
    assert (tmp_path / "office.pem").stat().st_mode & 0o077 == 0
    with pytest.raises(Conflict):
        make_key(tmp_path / "office.pem")
    (tmp_path / "list.csv").write_bytes(CONTENT)
    terms = FileTerms(cycle="2026-10")
    out = tmp_path / "list.ibr"
    said = pack(tmp_path / "list.csv", "OAP", terms, tmp_path / "office.pem", None, out)
    assert (said.rows, said.key) == (5, public["kid"])
    package = Package(io.BytesIO(out.read_bytes()))
    package.prove(lambda kid: public if kid == public["kid"] else None)
    assert b"".join(package.pieces()) == CONTENT
    with pytest.raises(NotUnderstood, match="no Ed25519"):
        pack(tmp_path / "list.csv", "OAP", terms, tmp_path / "list.csv", None, tmp_path / "x")
