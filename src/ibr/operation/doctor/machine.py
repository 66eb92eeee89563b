"""What stands on this machine: settings, keys, disk, spool, certificates, backups."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final

from cryptography import x509

from ibr.db.backup.backup_key import PRIVATE_FILE, PUBLIC_FILE
from ibr.db.backup.keep_wal import waiting
from ibr.db.backup.sealed_file import read_header
from ibr.db.backup.shelf import Shelf
from ibr.db.backup.take import handed_folder, shelf_of
from ibr.db.embedded import cluster_of
from ibr.errors import RegistryError
from ibr.operation.dependencies import LEAST_FREE
from ibr.operation.doctor.model import Finding, care, strictly, well, wrong
from ibr.operation.production import unsafe
from ibr.protection.keyring import FILE_NAME, open_keyring
from ibr.protection.record_keys import FILE_NAME as RECORD_KEYS
from ibr.protection.spool import SUFFIX
from ibr.settings import Settings

BACKUP_HOURS: Final = 26
DRILL_DAYS: Final = 35
_CERTIFICATE_DAYS: Final = 30
# A log file is handed over every minute and kept within seconds.
_LOG_WAITS: Final = 300.0
_SHORT_OF_ROOM: Final = 0.10
_OLD_SPOOL: Final = 86_400.0


def look_at_machine(settings: Settings, given: Collection[str], at: datetime) -> Iterator[Finding]:
    """Everything that can be seen without the database."""
    yield from _settings(settings, given)
    yield from _keyring(settings)
    yield from _disk(settings)
    yield from _spool(settings, at)
    yield from _certificates(settings, at)
    yield from _backups(settings, at)
    yield from _log_files(settings)
    yield from _anchor(settings)


def _settings(settings: Settings, given: Collection[str]) -> Iterator[Finding]:
    where = f"{settings.profile}, data in {settings.data_dir.absolute()}"
    if not settings.production:
        yield well("settings", where)
        return
    found = unsafe(settings, given)
    for each in found:
        yield wrong(
            "settings",
            f"{each.setting}: {each.found}",
            each.why,
            each.do,
        )
    if not found:
        yield well("settings", where)


def _keyring(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir / "keys"
    try:
        keyring = open_keyring(folder, create=False)
    except RegistryError as refused:
        yield wrong(
            "keyring",
            refused.message,
            "Without it no name and no number in the database can ever be read again.",
            f"Put {FILE_NAME} back from your key backup into {folder}, mode 0600.",
        )
        return
    yield well("keyring", f"{len(keyring.data)} data key, number {keyring.current} in use")
    if folder.stat().st_mode & 0o077:
        yield care(
            "keyring",
            f"others on this machine may look into {folder}",
            "They cannot read the keys, but they see which there are.",
            f"Run: chmod 700 {folder}",
        )
    for name in (FILE_NAME, RECORD_KEYS):
        if not settings.backup_dir or not any(settings.backup_dir.rglob(name)):
            continue
        yield wrong(
            "keyring",
            f"a copy of {name} lies among the backups in {settings.backup_dir}",
            "Whoever takes the backups away would take the keys with them and read everything.",
            "Move the copy to where you keep keys, and away from every backup.",
        )


def _disk(settings: Settings) -> Iterator[Finding]:
    places = {"data folder": settings.data_dir}
    # Before the first backup there need be no folder; that there is no backup is said below.
    if settings.backup_dir is not None and settings.backup_dir.exists():
        places["backups"] = settings.backup_dir
    for name, folder in places.items():
        try:
            usage = shutil.disk_usage(folder)
        except OSError as refused:
            yield wrong(
                "disk",
                f"{name} {folder}: {refused.strerror}",
                "The registry cannot work with a folder that it cannot read.",
                "Mount it or correct its path and rights.",
            )
            continue
        share = usage.free / usage.total
        found = f"{name}: {usage.free / 1e9:.1f} GB free, {share:.0%} of the disk"
        why = "When the disk is full nothing more is stored, and PostgreSQL stops."
        do = "Make room, or move the folder to a larger disk. Never delete files of PostgreSQL."
        if usage.free < LEAST_FREE:
            yield wrong("disk", found, why, do)
        elif share < _SHORT_OF_ROOM:
            yield care("disk", found, why, do)
        else:
            yield well("disk", found)


def _spool(settings: Settings, at: datetime) -> Iterator[Finding]:
    folder = settings.data_dir / "spool"
    files = list(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []
    old = [each for each in files if at.timestamp() - each.stat().st_mtime > _OLD_SPOOL]
    if old:
        yield care(
            "spool",
            f"{len(old)} files older than a day",
            "They are left over from a crash. Nobody can read them any more; they take room.",
            "Start ibr serve again: it removes them.",
        )
    else:
        yield well("spool", f"{len(files)} files, none left over")


def _certificates(settings: Settings, at: datetime) -> Iterator[Finding]:
    path = settings.callback_ca_file
    if path is None:
        return
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        yield wrong(
            "certificates",
            f"{path} cannot be read as certificates",
            "Callbacks to partners with certificates of their own authority fail.",
            "Correct IBR_CALLBACK_CA_FILE: a PEM file with at least one certificate.",
        )
        return
    days = min((each.not_valid_after_utc - at).days for each in found)
    if days < _CERTIFICATE_DAYS:
        yield (wrong if days < 0 else care)(
            "certificates",
            f"one in {path} ends in {days} days" if days >= 0 else f"one in {path} has ended",
            "Callbacks to partners that show a certificate signed by it will fail.",
            "Ask the authority for its next certificate and add it to the file.",
        )
    else:
        yield well("certificates", f"{len(found)} in {path}, the first ends in {days} days")


def _backups(settings: Settings, at: datetime) -> Iterator[Finding]:
    shelf = shelf_of(settings)
    why = "If the disk or the machine is lost now, everything since the last backup is lost."
    try:
        every = shelf.backups()
    except RegistryError as refused:
        yield wrong("backup", refused.message, why, "See docs/howto/back-up.md.")
        return
    if not every:
        yield strictly(
            settings.production, "backup", f"there is none in {shelf.folder}", why, "ibr db backup"
        )
        return
    hours = (at - every[0].made_at).total_seconds() / 3600
    found = f"the newest is {hours:.0f} hours old, {len(every)} are kept in {shelf.folder}"
    if hours > BACKUP_HOURS:
        yield strictly(
            settings.production, "backup", found, why, "Run ibr db backup every day: see deploy/."
        )
    else:
        yield well("backup", found)
    yield from _readable(shelf)
    yield _drill(settings, shelf, at, every[-1].made_at)
    yield from _keys_of_backups(settings)


def _readable(shelf: Shelf) -> Iterator[Finding]:
    """A quick look; `ibr db check` reads all of every file."""
    for backup in shelf.backups():
        name = backup.manifest.file
        try:
            with backup.path.open("rb") as file:
                read_header(file, name)
                size = os.fstat(file.fileno()).st_size
        except (OSError, RegistryError):
            size = -1
        if size != backup.manifest.bytes:
            yield wrong(
                "backup",
                f"{name} is gone, damaged or cut short",
                "It cannot be restored.",
                "Run: ibr db check. Then take another backup: ibr db backup",
            )


def _drill(settings: Settings, shelf: Shelf, at: datetime, first: datetime) -> Finding:
    drill = shelf.last_drill()
    why = "A backup that was never restored may be one that cannot be."
    if drill is not None and not drill.well:
        return wrong(
            "drill",
            f"the one of {drill.at[:10]} failed: {' '.join(drill.words)}",
            why,
            "Mend what it says and run: ibr db drill",
        )
    since = first if drill is None else datetime.fromisoformat(drill.at)
    days = (at - since).days
    found = "there was none yet" if drill is None else f"the last one went well {days} days ago"
    if days > DRILL_DAYS:
        return strictly(settings.production, "drill", found, why, "ibr db drill")
    if drill is None:
        return care("drill", found, why, "ibr db drill")
    return well("drill", f"{found}, {drill.seconds:.0f} s")


def _keys_of_backups(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir / "keys"
    if (folder / PRIVATE_FILE).exists():
        yield well("backup key", "its private half is here too; a copy belongs where you keep keys")
    elif (folder / PUBLIC_FILE).exists():
        yield well("backup key", "only the public half is here; drills need --key")


def _log_files(settings: Settings) -> Iterator[Finding]:
    if settings.database_url:
        return
    handed = handed_folder(cluster_of(settings))
    try:
        if not handed.is_dir():
            return
        count, seconds = waiting(handed)
    except OSError:
        return
    if seconds > _LOG_WAITS:
        yield wrong(
            "log files",
            f"{count} wait to be kept, the oldest for {seconds / 60:.0f} minutes",
            "What happened since then could not be restored, and the disk fills up.",
            "Start ibr serve, or run: ibr db keep-wal",
        )
    else:
        yield well("log files", f"kept; {count} on their way")


def _anchor(settings: Settings) -> Iterator[Finding]:
    if settings.production and settings.anchored_in.resolve().is_relative_to(
        settings.data_dir.resolve()
    ):
        yield care(
            "anchor",
            f"the seals of the audit trail are written to {settings.anchored_in}, beside the data",
            "Whoever can change the database can change that file too, and nobody would notice.",
            "Set IBR_ANCHOR_FILE to a place on another machine, best one that only grows.",
        )
