"""A package for an office without a line: the file, what it says of itself, and a signature.

It is carried on a stick. Whoever takes it in learns before anything else whether it is whole, what
it was when it left, and whose it is. The zip holds `manifest.json`, `manifest.sig` (Ed25519 over
the manifest's bytes) and the file itself.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, BinaryIO, Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ibr.deliveries.model import ControlTotals
from ibr.errors import NotProven, NotUnderstood
from ibr.files.reading.zip_parts import ZipParts
from ibr_messages.encryption import from_base64url

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
_DATA: Final = "data/file"
_PIECE: Final = 1024 * 1024


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a package says of its file; `rows` are records, without blank rows and lines of sums."""

    version: Literal[1] = 1
    programme: str
    cycle: str
    name: str
    bytes: int
    sha256: str
    rows: int
    made_at: datetime
    key: str
    mode: Literal["initial", "delta", "correction"] = "delta"
    sequence: int | None = None
    totals: ControlTotals = ControlTotals()


def is_package(file: BinaryIO) -> bool:
    """Whether a file is a package, by its parts."""
    file.seek(0)
    if file.read(2) != b"PK":
        return False
    try:
        names = ZipParts(file).names
    except NotUnderstood:
        return False
    return {MANIFEST, SIGNATURE, _DATA} <= names


def digest_of(file: BinaryIO) -> tuple[int, str]:
    """The length of a file and its SHA-256 in hexadecimal."""
    file.seek(0)
    hasher, length = hashlib.sha256(), 0
    while piece := file.read(_PIECE):
        hasher.update(piece)
        length += len(piece)
    return length, hasher.hexdigest()


def write_package(
    file: BinaryIO, manifest: Manifest, key: Ed25519PrivateKey, out: BinaryIO
) -> None:
    """Writes the package of a file that its manifest describes."""
    encoded = msgspec.json.encode(manifest, order="sorted")
    file.seek(0)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(MANIFEST, encoded)
        package.writestr(SIGNATURE, key.sign(encoded))
        with package.open(_DATA, "w", force_zip64=True) as part:
            while piece := file.read(_PIECE):
                part.write(piece)


class Package:
    """A package that was brought."""

    def __init__(self, file: BinaryIO) -> None:
        self._parts = ZipParts(file)
        self._encoded = self._parts.whole(MANIFEST)
        self._signature = self._parts.whole(SIGNATURE)
        try:
            self.manifest = msgspec.json.decode(self._encoded, type=Manifest)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise NotUnderstood(
                "package.manifest", "The package's manifest cannot be read. Make the package again."
            ) from None

    def prove(self, jwk_of: Callable[[str], dict[str, Any] | None]) -> None:
        """NotProven unless the manifest was signed with the key that it names; `jwk_of` gives a
        key that counts now, None for any other."""
        jwk = jwk_of(self.manifest.key)
        if jwk is None or jwk.get("crv") != "Ed25519":
            raise NotProven(
                "package.key",
                "The package is signed with a key that the registry does not know, or that counts "
                "no more. Register the office's public key with its partner first.",
            )
        try:
            key = Ed25519PublicKey.from_public_bytes(from_base64url(str(jwk["x"])))
            key.verify(self._signature, self._encoded)
        except (InvalidSignature, ValueError):
            raise NotProven(
                "package.signature",
                "The package was changed since it was signed, or somebody else signed it. Nothing "
                "of it was taken in.",
            ) from None

    def pieces(self) -> Iterator[bytes]:
        """The file's bytes, checked while they are read: NotUnderstood at the end where they are
        not those that the manifest describes."""
        hasher, length = hashlib.sha256(), 0
        for piece in self._parts.pieces(_DATA):
            hasher.update(piece)
            length += len(piece)
            yield piece
        if (length, hasher.hexdigest()) != (self.manifest.bytes, self.manifest.sha256):
            raise NotUnderstood(
                "package.damaged",
                "The file in the package is not the one that its manifest describes. Ask the "
                "office for it again; nothing of it was taken in.",
            )


def check_rows(manifest: Manifest, rows: int) -> None:
    """NotUnderstood where the file holds another number of records than when it was packed."""
    if rows != manifest.rows:
        raise NotUnderstood(
            "package.rows",
            f"The package says {manifest.rows} records and its file holds {rows}. Nothing of it "
            "was taken in.",
        )
