"""The place where backups stand: what is there, with which digest, and what may go.

Beside each backup stands its manifest, with the digest of the file, so that damage is found
without any key. Log files are in a folder of their own beneath.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from ibr.db.backup.keep_wal import FOLDER, SUFFIX
from ibr.db.backup.sealed_file import Header, digest_of
from ibr.db.backup.wal_names import Segment, name_of, segment
from ibr.errors import NotFound, Unavailable

ENDING: Final = ".ibrbackup"
MANIFEST: Final = ".manifest.json"
_DRILL: Final = "last-drill.json"
# However old they are, so many of the newest backups stay.
_ALWAYS_KEPT: Final = 3


class Sum(msgspec.Struct, frozen=True):
    """One table: how many rows, and a checksum over them where the table is not too large."""

    rows: int
    checksum: str | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside a backup. `sums` are of the very moment of a dump; a base backup is of no
    single moment until it was restored."""

    file: str
    bytes: int
    sha256: str
    header: Header
    sums: dict[str, Sum] = {}


class Backup(msgspec.Struct, frozen=True):
    """A backup that is there, with its manifest."""

    path: Path
    manifest: Manifest

    @property
    def made_at(self) -> datetime:
        """When it was begun, in UTC."""
        return datetime.fromisoformat(self.manifest.header.made_at)


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """How the last drill went, in words. `at` is RFC 3339 in UTC."""

    at: str
    well: bool
    seconds: float
    backup: str
    words: list[str]


class Shelf:
    """The backups in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wal = folder / FOLDER

    def prepare(self) -> None:
        """Makes the folders, for the registry's user alone; Unavailable where that cannot be."""
        try:
            self.wal.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as refused:
            raise Unavailable(
                "backup.folder",
                f"The folder for backups {self.folder} cannot be used: {refused.strerror}. Correct "
                "it, or set IBR_BACKUP_DIR to another folder.",
            ) from None

    def backups(self) -> list[Backup]:
        """Every whole backup, the newest first; one without a manifest was never finished."""
        found = []
        for path in self.folder.glob(f"*{ENDING}{MANIFEST}"):
            try:
                manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
            except (msgspec.DecodeError, OSError):
                raise Unavailable(
                    "backup.manifest",
                    f"{path} is damaged. Move it and its backup away, and take another backup.",
                ) from None
            found.append(Backup(self.folder / manifest.file, manifest))
        return sorted(found, key=lambda each: each.manifest.header.made_at, reverse=True)

    def newest(self, *, before: datetime | None = None) -> Backup:
        """The newest backup, or the newest base backup made before a moment; NotFound."""
        every = self.backups()
        if before is not None:
            every = [e for e in every if e.manifest.header.what == "base" and e.made_at <= before]
        if not every:
            raise NotFound(
                "backup.none",
                f"There is no {'base ' if before else ''}backup"
                f"{' from before that moment' if before else ''} in {self.folder}. "
                "Run: ibr db backup",
            )
        return every[0]

    def put(self, manifest: Manifest, made: Path) -> Backup:
        """Gives a finished file its name, and then its manifest: in this order, so that a manifest
        never speaks of a file that is not whole."""
        path = self.folder / manifest.file
        made.rename(path)
        write_whole(self.folder / f"{manifest.file}{MANIFEST}", msgspec.json.encode(manifest))
        return Backup(path, manifest)

    def check(self, backup: Backup) -> None:
        """Unavailable where the file is gone, or not what its manifest says."""
        try:
            with backup.path.open("rb") as file:
                digest, size = digest_of(file)
        except OSError as refused:
            raise Unavailable(
                "backup.unreadable",
                f"{backup.path} cannot be read: {refused.strerror}. Bring it back or take another.",
            ) from None
        if (digest, size) != (backup.manifest.sha256, backup.manifest.bytes):
            raise Unavailable(
                "backup.damaged",
                f"{backup.path} is damaged: its digest is not the one in its manifest. Use another "
                "backup, and take a new one now.",
            )

    def tidy(self, at: datetime, days: int) -> list[str]:
        """Removes backups older than so many days, but never the newest few, and log files that
        no backup needs any more; the names of what is gone."""
        every = self.backups()
        old = [e for e in every[_ALWAYS_KEPT:] if e.made_at < at - timedelta(days=days)]
        for backup in old:
            # The manifest first: without it the rest counts as never finished.
            (self.folder / f"{backup.manifest.file}{MANIFEST}").unlink()
            backup.path.unlink(missing_ok=True)
        gone = [backup.manifest.file for backup in old]
        stay = [e.manifest.header for e in every if e not in old]
        return gone + self._tidy_wal([e for e in stay if e.what == "base"])

    def _tidy_wal(self, bases: list[Header]) -> list[str]:
        needed = [segment(base.segment, base.segment_bytes) for base in bases if base.segment_bytes]
        first = min((each.number for each in needed if each), default=None)
        gone: list[str] = []
        if first is None:
            return gone
        for path in self.wal.glob(f"*{SUFFIX}"):
            found = segment(path.name.removesuffix(SUFFIX), bases[0].segment_bytes)
            if found is not None and found.number < first:
                path.unlink()
                gone.append(path.name)
        return gone

    def log_gap(self, backup: Backup) -> str | None:
        """The first log file that is missing after a base backup, None where all are in a row.

        By names alone, so that no key is needed; timelines are left to a restore.
        """
        header = backup.manifest.header
        begun = segment(header.segment, header.segment_bytes)
        kept = {
            found.number: found
            for path in self.wal.glob(f"*{SUFFIX}")
            if (found := segment(path.name.removesuffix(SUFFIX), header.segment_bytes)) is not None
        }
        if begun is None or not kept:
            return None
        # The copy itself begins with the file after the one that was written when it was asked for.
        for number in range(begun.number + 1, max(kept)):
            if number not in kept:
                return name_of(Segment(begun.timeline, number), header.segment_bytes)
        return None

    def note_drill(self, drill: Drill) -> None:
        """Writes down how a drill went, for `ibr doctor` and the metrics."""
        write_whole(self.folder / _DRILL, msgspec.json.encode(drill))

    def last_drill(self) -> Drill | None:
        """How the last drill went; None when there was none."""
        try:
            return msgspec.json.decode((self.folder / _DRILL).read_bytes(), type=Drill)
        except (FileNotFoundError, msgspec.DecodeError):
            return None


def write_whole(path: Path, content: bytes) -> None:
    """Writes a small file so that a reader sees all of it or the one before."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
