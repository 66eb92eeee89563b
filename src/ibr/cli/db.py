"""`ibr db`: the database's own affairs: upgrade, back up, restore, check, drill."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ibr.audit.seals.begin import begin_sealing
from ibr.cli.db_distribute import distribute_command
from ibr.cli.show import command, data, said, settings_and_database, wait_for
from ibr.clock import now, today
from ibr.db.backup.backup_key import PRIVATE_FILE, fingerprint, private_half, recipient
from ibr.db.backup.keep_wal import keep_handed, keep_on
from ibr.db.backup.restore import END, Until, restore, unseal
from ibr.db.backup.sealed_file import read_header
from ibr.db.backup.shelf import ENDING, MANIFEST, Backup, Manifest, Shelf, write_whole
from ibr.db.backup.take import handed_folder, shelf_of, take_base, take_dump
from ibr.db.embedded import cluster_of, stop
from ibr.db.migrate import SchemaState, upgrade
from ibr.db.pool import owner_transaction
from ibr.errors import NotUnderstood, Unavailable
from ibr.interop.dci.keys import make_missing_keys
from ibr.keeping.erasure.journal import FILE_NAME as ERASED
from ibr.log import set_up
from ibr.operation.drill import drill
from ibr.protection.keyring import FILE_NAME as KEYRING
from ibr.protection.keyring import open_keyring
from ibr.protection.record_keys import FILE_NAME as RECORD_KEYS
from ibr.protection.record_keys import make_record_keys
from ibr.protection.seal import Sealer
from ibr.settings import Settings, environment_for, read_settings
from ibr.subscriptions.feed.restored import put_in_order

app = typer.Typer(help="Upgrade, back up, restore and check the database.", no_args_is_help=True)

app.command("distribute")(distribute_command)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Key = Annotated[
    Path | None,
    typer.Option("--key", help="File of the backup key's private half, where it is elsewhere."),
]
_From = Annotated[
    Path | None, typer.Option("--from", help="The backup; the newest fitting one without this.")
]


async def prepare(settings: Settings, dsn: str) -> SchemaState:
    """The newest schema, the keyring and the registry's own keys: all that a start needs."""
    state = await upgrade(dsn, today())
    keys = settings.data_dir / "keys"
    first = not (keys / KEYRING).exists()
    sealer = Sealer(open_keyring(keys, create=True))
    if first:
        # A registry from before keeps sealing as before, so that its older program can still read;
        # `ibr erasure prepare` gives it keys of single records.
        make_record_keys(keys)
    async with owner_transaction(dsn) as connection:
        await make_missing_keys(connection, sealer, now())
        await put_in_order(connection)
        await begin_sealing(connection, sealer, now())
    return state


@app.command("upgrade")
@command
def upgrade_command(json: _Json = False) -> None:
    """Bring the database to the newest migration and make missing keys."""
    settings, location = settings_and_database()
    state = wait_for(prepare(settings, location.dsn))
    if json:
        data(state)
    else:
        said(f"The database is at migration {state.current}, the newest.")


@app.command("start")
@command
def start_command() -> None:
    """Start the embedded database by itself, so that it outlives every part of the registry."""
    settings, location = settings_and_database()
    if location.kind == "own":
        said("The database is your own (IBR_DATABASE_URL); there is nothing to start.")
    else:
        said(f"The embedded database runs in {cluster_of(settings).home}.")


@app.command("stop")
@command
def stop_command() -> None:
    """Stop the embedded database; a database of your own is left alone."""
    settings = read_settings()
    stop(settings)
    said("The database is your own." if settings.database_url else "The database is stopped.")


@app.command("backup")
@command
def backup_command(
    dump: Annotated[
        bool, typer.Option("--dump", help="A dump of one moment, also of the embedded database.")
    ] = False,
    json: _Json = False,
) -> None:
    """Take a sealed backup, and forget those that are too old."""
    settings, location = settings_and_database()
    first_key = not (settings.data_dir / "keys" / PRIVATE_FILE).exists()
    if location.kind == "embedded" and not dump:
        made = take_base(settings, now())
    else:
        made = take_dump(settings, location.dsn, now())
    gone = shelf_of(settings).tidy(now(), settings.backup_days)
    if json:
        data({"backup": made.manifest.file, "bytes": made.manifest.bytes, "removed": gone})
        return
    said(f"{made.path}, {made.manifest.bytes / 1e6:.1f} MB, sealed for key {_key_name(settings)}.")
    if gone:
        said(f"Removed {len(gone)} files that are too old.")
    if first_key and (settings.data_dir / "keys" / PRIVATE_FILE).exists():
        said(
            f"The backup key is new: {settings.data_dir / 'keys' / PRIVATE_FILE}. Copy it and "
            "keyring.json to where you keep keys, away from the backups. Without both nobody can "
            "read a backup, you neither."
        )


@app.command("restore")
@command
def restore_command(
    into: Annotated[Path, typer.Argument(help="A new folder: the restored registry's data.")],
    source: _From = None,
    at: Annotated[
        str | None,
        typer.Option(help="Go to this moment, for example 2026-10-04T09:30:00Z, and no further."),
    ] = None,
    key: _Key = None,
    keyring: Annotated[
        Path | None, typer.Option(help="keyring.json, copied to where the registry looks for it.")
    ] = None,
    json: _Json = False,
) -> None:
    """Restore a backup into a new folder; what runs now is left alone."""
    settings = read_settings()
    moment = _moment(at)
    shelf, backup = _chosen(settings, source, moment)
    private = private_half(key or settings.data_dir / "keys" / PRIVATE_FILE)
    target = msgspec.structs.replace(settings, data_dir=into, database_url=None, backup_dir=None)
    dsn = restore(shelf, backup, private, target, Until(at=moment) if moment else END)
    if keyring is not None:
        _copy_keyring(keyring, into)
    if json:
        data({"backup": backup.manifest.file, "data_dir": str(into), "database": dsn})
        return
    said(f"Restored {backup.manifest.file} into {into}.")
    if keyring is None:
        said(f"Now put keyring.json into {into / 'keys'}, mode 0600, from your key backup.")
    said(f"Then look at it with: IBR_DATA_DIR={into} ibr doctor")


@app.command("check")
@command
def check_command(
    opened: Annotated[
        bool, typer.Option("--open", help="Open every piece too; needs the private key.")
    ] = False,
    key: _Key = None,
    json: _Json = False,
) -> None:
    """Hold every backup against its manifest, and look for holes in the log; 1 where one is."""
    settings = read_settings()
    shelf = shelf_of(settings)
    private = private_half(key or settings.data_dir / "keys" / PRIVATE_FILE) if opened else None
    every, damaged = shelf.backups(), 0
    shown = []
    for backup in every:
        try:
            shelf.check(backup)
            if private is not None:
                with Path("/dev/null").open("wb") as nowhere:
                    unseal(backup.path, private, nowhere)
            words = "whole"
        except Unavailable as wrong:
            words, damaged = wrong.message, damaged + 1
        shown.append({"backup": backup.manifest.file, "words": words})
    newest = next((each for each in every if each.manifest.header.what == "base"), None)
    if newest is not None and (gap := shelf.log_gap(newest)) is not None:
        words = f"missing. Since {newest.manifest.file} only what came before it can be restored."
        shown.append({"backup": f"log file {gap}", "words": words})
        damaged += 1
    if json:
        data(shown)
    else:
        for line in shown:
            said(f"{line['backup']}: {line['words']}")
        if not every:
            said(f"There is no backup in {shelf.folder}. Run: ibr db backup")
    if damaged or not every:
        raise typer.Exit(1)


@app.command("drill")
@command
def drill_command(
    key: _Key = None,
    place: Annotated[
        Path | None, typer.Option("--in", help="New folder to restore into, on a disk with room.")
    ] = None,
    json: _Json = False,
) -> None:
    """Restore the newest backup beside the registry, look it over, remove it, write it down."""
    settings, location = settings_and_database()
    private = private_half(key or settings.data_dir / "keys" / PRIVATE_FILE)
    sealer = Sealer(open_keyring(settings.data_dir / "keys", create=False))
    further = {"Audit trail": _verify_audit} if _has_audit_verify() else {}
    result = drill(settings, location.dsn, private, sealer, now(), further=further, place=place)
    if json:
        data(result)
    else:
        for words in result.words:
            said(words)
        said(f"The drill {'went well' if result.well else 'FAILED'}, {result.seconds:.1f} s.")
    if not result.well:
        raise typer.Exit(1)


@app.command("keep-wal")
@command
def keep_wal_command(
    once: Annotated[bool, typer.Option(help="Keep what is there now, and end.")] = False,
) -> None:
    """Keep the log files that the embedded database hands over; `ibr serve` does this by itself."""
    settings = read_settings()
    set_up(settings.log_level)
    shelf = shelf_of(settings)
    handed = handed_folder(cluster_of(settings))
    key = partial(recipient, settings.data_dir / "keys")
    if once:
        said(f"Kept {keep_handed(handed, shelf.wal, key)} log files.")
        return
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ended.set())
    keep_on(handed, shelf.wal, key, ended.wait)


@app.command("unseal")
@command
def unseal_command(
    source: Annotated[Path, typer.Argument(help="The backup.")],
    target: Annotated[Path, typer.Argument(help="A new file for what PostgreSQL's tools read.")],
    key: _Key = None,
) -> None:
    """Open a backup for PostgreSQL's own tools: tar of a base backup, or a dump for pg_restore."""
    settings = read_settings()
    private = private_half(key or settings.data_dir / "keys" / PRIVATE_FILE)
    try:
        with target.open("xb") as out:
            target.chmod(0o600)
            unseal(source, private, out)
    except FileExistsError:
        raise NotUnderstood(
            "backup.target", f"{target} is there already. Name a new file."
        ) from None
    except Unavailable:
        target.unlink()
        raise
    said(f"{target} is readable by everybody who gets it. Remove it when you are done.")


def _moment(said_at: str | None) -> datetime | None:
    if said_at is None:
        return None
    try:
        moment = datetime.fromisoformat(said_at)
    except ValueError:
        raise NotUnderstood(
            "backup.moment", "--at is not a date and time. Write it so: 2026-10-04T09:30:00Z"
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment > now():
        raise NotUnderstood("backup.moment", "--at lies in the future. Choose a moment before now.")
    return moment


def _chosen(
    settings: Settings, source: Path | None, moment: datetime | None
) -> tuple[Shelf, Backup]:
    """The backup that was named, or the newest that was made before the moment."""
    if source is None:
        shelf = shelf_of(settings)
        return shelf, shelf.newest(before=moment)
    manifest = source.with_name(f"{source.name}{MANIFEST}")
    if not source.name.endswith(ENDING) or not manifest.exists():
        with source.open("rb") as file:
            read_header(file, str(source))
        raise NotUnderstood(
            "backup.no_manifest",
            f"{manifest} is missing. Bring it beside the backup: it says whether that is whole.",
        )
    found = msgspec.json.decode(manifest.read_bytes(), type=Manifest)
    return Shelf(source.parent), Backup(source, found)


def _copy_keyring(source: Path, into: Path) -> None:
    # Read by the one reader of keyrings first: a wrong file would only be noticed at the next look.
    open_keyring(source.parent, create=False)
    (into / "keys").mkdir(mode=0o700, exist_ok=True)
    # The keys of single records and the journal of erasures belong to it.
    beside = {KEYRING: source, **{name: source.parent / name for name in (RECORD_KEYS, ERASED)}}
    for name, each in beside.items():
        if each.exists():
            target = into / "keys" / name
            write_whole(target, each.read_bytes())
            target.chmod(0o600)


def _key_name(settings: Settings) -> str:
    return fingerprint(recipient(settings.data_dir / "keys"))


def _has_audit_verify() -> bool:
    help_text = subprocess.run(
        [sys.executable, "-m", "ibr", "audit", "verify", "--help"], check=False, capture_output=True
    )
    return help_text.returncode == 0


def _verify_audit(restored: Settings) -> str:
    """Runs `ibr audit verify` on the restored registry, with the keyring of the running one."""
    shutil.copytree(read_settings().data_dir / "keys", restored.data_dir / "keys")
    done = subprocess.run(
        [sys.executable, "-m", "ibr", "audit", "verify"],
        check=False,
        capture_output=True,
        text=True,
        env=environment_for(restored),
    )
    if done.returncode:
        raise Unavailable(
            "drill.audit",
            f"The restored audit trail fails: {(done.stderr or done.stdout).strip()[-400:]}",
        )
    return "holds"
