"""A pack: files in a zip, with a list of their digests and a page for whoever opens it."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

MANIFEST: Final = "MANIFEST.sha256"
_encoder: Final = msgspec.json.Encoder(order="deterministic")


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """What it is about, for its name and for the audit trail, and its files by name."""

    of: str
    name: str
    at: datetime
    files: Mapping[str, bytes]

    @property
    def manifest(self) -> bytes:
        """SHA-256 of each file, a line each, as `sha256sum --check` reads it."""
        lines = (
            f"{hashlib.sha256(content).hexdigest()}  {name}\n"
            for name, content in sorted(self.files.items())
        )
        return "".join(lines).encode()

    @property
    def digest(self) -> str:
        """SHA-256 of the list of digests: one number that stands for the whole pack."""
        return hashlib.sha256(self.manifest).hexdigest()

    def zipped(self) -> bytes:
        """The pack as a zip; the same files give the same bytes."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in (*sorted(self.files.items()), (MANIFEST, self.manifest)):
                entry = zipfile.ZipInfo(f"{self.name}/{name}", self.at.timetuple()[:6])
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, content)
        return out.getvalue()


def as_json(value: object) -> bytes:
    """A value as JSON that people can read, the same bytes each time."""
    return msgspec.json.format(_encoder.encode(value)) + b"\n"
