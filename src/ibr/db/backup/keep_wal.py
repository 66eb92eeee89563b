"""Takes the log files that the embedded server hands over, seals them and keeps them.

The server's user may be one that can run no Python and enter no folder of ours. So the server
copies each finished file into a folder of its own, and is told that it is archived only when that
copy is on the disk. This program, which runs as the registry's own user, seals it into the place
of the backups and takes the copy away. If it does not run, files wait in the folder and nothing is
lost; `ibr doctor` says so.
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ibr.clock import now, written
from ibr.db.backup.sealed_file import PIECE, Header, digest_of, read_header, write_sealed
from ibr.db.backup.wal_names import may_be_kept
from ibr.errors import Conflict, RegistryError
from ibr.log import logger

SUFFIX: Final = ".sealed"
FOLDER: Final = "wal"
HANDED: Final = "handed"
# Every so many seconds the server hands over its file even when it is not full, if anything was
# written: nothing older than this is lost with the disk (reliability F12).
SECONDS: Final = 60
_LOOK_SECONDS: Final = 5.0

Key = Callable[[], bytes]


def archive_command(handed: Path) -> str:
    """What the server runs for each finished log file: copies it, makes sure it is on the disk,
    and only then gives it its name. The same file once more is no error; another one is."""
    # In an archive_command a % begins a placeholder, and a path may hold one.
    folder = shlex.quote(str(handed)).replace("%", "%%")
    target, part = f'{folder}/"%f"', f'{folder}/".%f.part"'
    return (
        f'if test -e {target}; then cmp -s "%p" {target}; else '
        f'cp "%p" {part} && sync {part} && mv {part} {target}; fi'
    )


def keep_handed(handed: Path, kept: Path, key: Key) -> int:
    """Seals and keeps what was handed over so far; how many files that was.

    `key` gives the public half of the backup key; it is asked only where there is something.
    Conflict where another file of that name is kept already: two databases use one place.
    """
    names = [each.name for each in _listed(handed) if may_be_kept(each.name)]
    if names:
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in sorted(names):
        _keep(handed / name, kept / f"{name}{SUFFIX}", key())
    return len(names)


def keep_on(handed: Path, kept: Path, key: Key, stopped: Callable[[float], bool]) -> None:
    """Keeps until told to stop; `stopped` waits so many seconds and says whether it is time.

    A full disk or a place that is gone for a while ends nothing: it is said, and tried again.
    """
    failing = ""
    while True:
        ending = stopped(0)
        try:
            keep_handed(handed, kept, key)
            failing = ""
        except (OSError, RegistryError) as wrong:
            reason = wrong.code if isinstance(wrong, RegistryError) else str(wrong.strerror)
            if reason != failing:
                logger().error("log files cannot be kept", reason=reason)
            failing = reason
        if ending:
            return
        stopped(_LOOK_SECONDS)


def waiting(handed: Path) -> tuple[int, float]:
    """How many files wait to be kept, and for how many seconds the oldest has."""
    moments = [each.stat().st_mtime for each in _listed(handed) if may_be_kept(each.name)]
    return len(moments), max(0.0, time.time() - min(moments)) if moments else 0.0


def _listed(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _keep(source: Path, target: Path, public: bytes) -> None:
    try:
        found = source.open("rb")
    except FileNotFoundError:
        # A drill helps along while the keeper runs; what the other one took is kept.
        return
    with found as file:
        digest, size = digest_of(file)
        if target.exists():
            _must_be_the_same(target, digest)
        else:
            file.seek(0)
            header = Header(
                what="wal",
                made_at=written(now()),
                program="keep-wal",
                segment=source.name,
                segment_bytes=size,
                digest=digest,
            )
            temporary = target.with_suffix(f".{os.getpid()}.new")
            with temporary.open("wb") as out:
                write_sealed(out, public, header, iter(lambda: file.read(PIECE), b""))
                out.flush()
                os.fsync(out.fileno())
            temporary.rename(target)
            _settle(target.parent)
    # Only now: until the sealed file is on the disk under its name, the copy is the only one.
    source.unlink(missing_ok=True)


def _must_be_the_same(target: Path, digest: str) -> None:
    with target.open("rb") as file:
        header, _ = read_header(file, target.name)
    if header.digest != digest:
        raise Conflict(
            "backup.wal_differs",
            f"{target} is kept already and is another file than the one handed over. Do two "
            "databases use this place? Give each a place of its own: IBR_BACKUP_DIR.",
        )


def _settle(folder: Path) -> None:
    """Makes sure that a new name in the folder is on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
