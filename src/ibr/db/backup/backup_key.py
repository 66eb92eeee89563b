"""The key that backups are sealed for: its public half makes them, its private half opens them.

The registry needs only the public half to make a backup. The private half may be taken off the
machine; whoever then breaks in can read no backup that was made before.
"""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ibr.errors import NotUnderstood, Unavailable

PRIVATE_FILE: Final = "backup-key.json"
PUBLIC_FILE: Final = "backup-key.public.json"
_KIND: Final = "key of IBR backups"
_BYTES: Final = 32


class _Stored(msgspec.Struct, omit_defaults=True):
    kind: str
    public: str
    private: str = ""


def fingerprint(public: bytes) -> str:
    """A short name of a key that people can compare: 16 hexadecimal digits."""
    return hashlib.sha256(public).hexdigest()[:16]


def recipient(folder: Path) -> bytes:
    """The public half kept in `folder`; both halves are made there when there is none yet."""
    public = folder / PUBLIC_FILE
    if not public.exists():
        _make(folder)
    return _read(public)[0]


def private_half(path: Path) -> bytes:
    """The private half from a file; Unavailable where there is none, NotUnderstood where it is no
    such file, and where others may read it."""
    if not path.exists():
        raise Unavailable(
            "backup.key_missing",
            f"No backup key at {path}. Backups open only with the private key that was made with "
            "the first one: bring it back from where you keep it, or name its file with --key.",
        )
    if path.stat().st_mode & 0o077:
        raise Unavailable(
            "backup.key_readable_by_others",
            f"{path} may be read by other users of this machine. Run: chmod 600 {path}",
        )
    private = _read(path)[1]
    if not private:
        raise NotUnderstood(
            "backup.key_public",
            f"{path} holds the public half only, which makes backups and opens none. Name the "
            f"file with the private half, {PRIVATE_FILE}.",
        )
    return private


def public_of(private: bytes) -> bytes:
    """The public half that belongs to a private one."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def sealing_key(public: bytes) -> tuple[bytes, bytes]:
    """A fresh key for one file, and what must stand in its header so that it can be found again."""
    once = X25519PrivateKey.generate()
    shared = once.exchange(X25519PublicKey.from_public_bytes(public))
    shown = once.public_key().public_bytes_raw()
    return _derived(shared, shown, public), shown


def opening_key(private: bytes, shown: bytes) -> bytes:
    """The key of a file whose header shows this."""
    shared = X25519PrivateKey.from_private_bytes(private).exchange(
        X25519PublicKey.from_public_bytes(shown)
    )
    return _derived(shared, shown, public_of(private))


def _derived(shared: bytes, shown: bytes, public: bytes) -> bytes:
    kdf = HKDF(hashes.SHA256(), length=_BYTES, salt=shown + public, info=b"ibr backup 1")
    return kdf.derive(shared)


def _make(folder: Path) -> None:
    private = X25519PrivateKey.generate()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    secret = base64.b64encode(private.private_bytes_raw()).decode()
    # The private half first: a public half without it would make backups that nobody can open.
    if _write(folder / PRIVATE_FILE, _Stored(_KIND, public, secret)):
        _write(folder / PUBLIC_FILE, _Stored(_KIND, public))


def _write(path: Path, stored: _Stored) -> bool:
    """False when another process was first; what it wrote stays."""
    temporary = path.with_suffix(f".{os.getpid()}.new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(stored))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    return True


def _read(path: Path) -> tuple[bytes, bytes]:
    try:
        stored = msgspec.json.decode(path.read_bytes(), type=_Stored)
        public, private = base64.b64decode(stored.public), base64.b64decode(stored.private)
        if stored.kind != _KIND or len(public) != _BYTES or len(private) not in (0, _BYTES):
            raise ValueError
    except (msgspec.DecodeError, ValueError):
        raise NotUnderstood(
            "backup.key_damaged", f"{path} is no backup key, or is damaged. Restore it."
        ) from None
    except FileNotFoundError:
        raise Unavailable(
            "backup.key_missing",
            f"{path} is gone while its private half is still here. Restore it, or remove "
            f"{PRIVATE_FILE} too so that a new key is made for backups to come.",
        ) from None
    return public, private
