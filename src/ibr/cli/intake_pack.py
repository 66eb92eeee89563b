"""Packages for offices without a line: a key, a package, and a package taken apart."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from nacl.signing import VerifyKey

from ibr.access.model import Partner
from ibr.clock import now
from ibr.errors import Conflict, NotFound, NotUnderstood
from ibr.files.mapping.look import begin, look_through
from ibr.files.mapping.model import Mapping
from ibr.files.model import FileTerms
from ibr.files.packages import Manifest, Package, digest_of, write_package
from ibr.files.reading.open_rows import open_rows
from ibr.files.sending.desk import FileDesk
from ibr.files.sending.look_at import open_mapped
from ibr_messages.jwk import public_jwk


def make_key(to: Path) -> dict[str, Any]:
    """Writes a new private key, for its owner alone; returns the public half."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Conflict("file.exists", f"{to} is there already; it was left as it is.") from None
    with os.fdopen(handle, "wb") as out:
        out.write(pem)
    return _public(key)


def _public(key: Ed25519PrivateKey) -> dict[str, Any]:
    return public_jwk(VerifyKey(key.public_key().public_bytes_raw()))


def _read_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise NotUnderstood(
            "package.private_key",
            f"{path} holds no Ed25519 private key (PEM). Make one: ibr intake key --to FILE.",
        )
    return key


def pack(
    file: Path, programme: str, terms: FileTerms, key_file: Path, mapping: Mapping | None, to: Path
) -> Manifest:
    """Writes the package of a file; counts its records, so that none can get lost on the way."""
    key = _read_key(key_file)
    with file.open("rb") as content:
        if mapping is not None:
            reader, start = open_mapped(content, to.parent, mapping)
        else:
            reader = open_rows(content, to.parent)
            start = begin(reader)
        rows = look_through(reader, start.heading.row, {}).rows
        length, digest = digest_of(content)
        manifest = Manifest(
            programme=programme,
            cycle=terms.cycle,
            name=file.name,
            bytes=length,
            sha256=digest,
            rows=rows,
            made_at=now(),
            key=_public(key)["kid"],
            mode=terms.mode,
            sequence=terms.sequence,
            totals=terms.totals,
        )
        with to.open("xb") as out:
            write_package(content, manifest, key, out)
    return manifest


async def office_of(desk: FileDesk, package: Package) -> Partner:
    """The partner whose key signed a package and who may report for its programme, proven.

    NotProven where nobody did; NotFound where the programme is not known.
    """
    kid, at = package.manifest.key, now()
    programme = await desk.book.programme(package.manifest.programme)
    if programme is None:
        raise NotFound("programme.unknown", "There is no programme of the code in the package.")
    found: list[Partner] = []

    def jwk_of(wanted: str) -> dict[str, Any] | None:
        for partner in everyone:
            key = partner.key(wanted, wanted, at)
            may = programme.programme_id in partner.report and not partner.suspended
            if key is not None and may:
                found.append(partner)
                return key.jwk
        return None

    everyone = await desk.book.everyone()
    package.prove(jwk_of)
    if not found:
        raise NotFound("partner.unknown", f"Nobody has the key {kid}.")
    return found[0]
