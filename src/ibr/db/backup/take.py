"""Takes a backup: a copy of the whole embedded server, or a dump of a database of your own.

A copy (base backup) together with the log files kept since brings back any second. A dump brings
back its own moment only, but can be taken of every server and restored into every newer version.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import asyncpg

from ibr.clock import written
from ibr.db.backup import store
from ibr.db.backup.backup_key import recipient
from ibr.db.backup.keep_wal import HANDED, SECONDS, archive_command
from ibr.db.backup.sealed_file import PIECE, Header, write_sealed
from ibr.db.backup.shelf import ENDING, Backup, Manifest, Shelf, Sum
from ibr.db.embedded import (
    Cluster,
    cluster_of,
    find_or_start,
    make_private_folder,
    programs_of,
    stop,
)
from ibr.db.migrate import state
from ibr.db.pool import connect_as_owner
from ibr.db.programs import Account, begin_client, find_programs
from ibr.errors import Unavailable
from ibr.settings import Settings

PROGRAM: Final = "ibr"


def shelf_of(settings: Settings) -> Shelf:
    """Where this registry's backups stand."""
    return Shelf(settings.backup_dir or settings.data_dir / "backups")


def handed_folder(cluster: Cluster) -> Path:
    """Where the embedded server puts finished log files for `keep_wal`."""
    return cluster.home / HANDED


def take_base(settings: Settings, at: datetime) -> Backup:
    """A copy of the embedded server while it runs; from now on its log files are kept too.

    Blocks for as long as the copy takes. Unavailable where it fails; nothing is left then.
    """
    shelf, cluster = shelf_of(settings), cluster_of(settings)
    shelf.prepare()
    public = recipient(settings.data_dir / "keys")
    dsn = asyncio.run(_begin_to_keep(settings, cluster))
    header = asyncio.run(_header(dsn, "base", at))
    program = programs_of(cluster).folder / "pg_basebackup"
    command = [
        str(program),
        *("-h", str(cluster.sockets), "-U", "ibr_owner", "--no-password"),
        *("-D", "-", "-F", "tar", "-X", "fetch", "--checkpoint=fast"),
        "--manifest-checksums=SHA256",
    ]
    return _keep(shelf, public, header, command, cluster.account, {})


def take_dump(settings: Settings, dsn: str, at: datetime) -> Backup:
    """A dump of any database that the registry uses, with the sums of its very moment."""
    shelf = shelf_of(settings)
    shelf.prepare()
    public = recipient(settings.data_dir / "keys")
    return asyncio.run(_dump(shelf, public, dsn, at))


async def _dump(shelf: Shelf, public: bytes, dsn: str, at: datetime) -> Backup:
    header = await _header(dsn, "dump", at)
    connection = await connect_as_owner(dsn)
    try:
        if not (await store.server(connection))["sees_all"]:
            raise Unavailable(
                "backup.role",
                "The database's user may not see every row, so a dump would leave people out "
                "unseen. Take backups as a superuser or as a role with BYPASSRLS.",
            )
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await store.export_snapshot(connection)
            found = await store.sums(connection)
            command = [*dump_command(dsn, header.major), f"--snapshot={snapshot}"]
            return await asyncio.to_thread(
                _keep, shelf, public, header, command, None, found, password_of(dsn)
            )
    finally:
        await connection.close()


def dump_command(dsn: str, major: int) -> list[str]:
    """pg_dump of this database, in the server's version or a newer one, its password left out."""
    program = client_program("pg_dump", major)
    return [str(program), "--format=custom", "--compress=0", "--no-password", without_password(dsn)]


def client_program(name: str, major: int) -> Path:
    """One of PostgreSQL's programs that speaks to a server of this version."""
    for wanted in (major, None):
        try:
            found = find_programs(wanted)
        except Unavailable:
            continue
        if found.major >= major and (found.folder / name).exists():
            return found.folder / name
    raise Unavailable(
        "backup.programs",
        f"{name} of PostgreSQL {major} is not on this machine. Install PostgreSQL's client "
        "programs of that version.",
    )


def without_password(dsn: str) -> str:
    """The address without its password: everybody on the machine sees a program's arguments."""
    parts = urlsplit(dsn)
    if parts.password is None:
        return dsn
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(parts.username or '')}@{host}"))


def password_of(dsn: str) -> str | None:
    """The password in a database address, if any."""
    password = urlsplit(dsn).password
    return None if password is None else unquote(password)


async def _header(dsn: str, what: str, at: datetime) -> Header:
    connection = await connect_as_owner(dsn)
    try:
        try:
            seen = await store.server(connection)
        except asyncpg.InsufficientPrivilegeError:
            raise Unavailable(
                "backup.role",
                "The database's user may not ask which server this is. Grant it pg_monitor, or "
                "take backups as a superuser.",
            ) from None
        size = int(seen["segment_bytes"])
        # Nothing is needed from before the copy began; which file that is, the copy itself says.
        first = await store.current_log_file(connection) if what == "base" else ""
        return Header(
            what=what,
            made_at=written(at),
            program=PROGRAM,
            server=seen["system"],
            major=seen["major"],
            migration=(await state(connection)).current,
            segment=first,
            segment_bytes=size,
        )
    finally:
        await connection.close()


async def _begin_to_keep(settings: Settings, cluster: Cluster) -> str:
    """Makes the server hand its log files over, if it does not yet; its address.

    A server made by an older version of the registry is restarted for that, once.
    """
    dsn = cluster.location.dsn
    handed = handed_folder(cluster)
    make_private_folder(handed, cluster.account)
    connection = await connect_as_owner(dsn)
    try:
        mode, command = await store.keeps_log(connection)
        if mode == "off":
            await store.set_server(connection, "archive_mode", "on")
        if command != archive_command(handed):
            await store.set_server(connection, "archive_command", archive_command(handed))
            await store.set_server(connection, "archive_timeout", str(SECONDS))
            await store.reload(connection)
    finally:
        await connection.close()
    if mode == "off":
        await asyncio.to_thread(stop, settings)
        await asyncio.to_thread(find_or_start, settings)
    return dsn


def _keep(
    shelf: Shelf,
    public: bytes,
    header: Header,
    command: Sequence[str],
    account: Account | None,
    found: dict[str, Sum],
    password: str | None = None,
) -> Backup:
    """Runs a program and seals what it writes out; a file that failed half-way is removed."""
    stamp = header.made_at.replace("-", "").replace(":", "").partition(".")[0]
    name = f"{header.what}-{stamp}Z{ENDING}"
    unfinished = shelf.folder / f".{name}.{os.getpid()}.new"
    try:
        with unfinished.open("wb") as out, _running(command, account, password) as process:
            assert process.stdout is not None
            source = process.stdout
            written_header, digest, size = write_sealed(
                out, public, header, iter(lambda: source.read(PIECE), b"")
            )
            out.flush()
            os.fsync(out.fileno())
        manifest = Manifest(file=name, bytes=size, sha256=digest, header=written_header, sums=found)
        return shelf.put(manifest, unfinished)
    except OSError as refused:
        raise Unavailable(
            "backup.not_written",
            f"The backup could not be written to {shelf.folder}: {refused.strerror}. Make room, or "
            "set IBR_BACKUP_DIR to another folder.",
        ) from None
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _running(
    command: Sequence[str], account: Account | None, password: str | None
) -> Iterator[subprocess.Popen[bytes]]:
    """The program while it writes; Unavailable where it ends badly."""
    with tempfile.TemporaryFile() as errors:
        process = (
            account.begin(*command, errors=errors)
            if account is not None
            else begin_client(command, password, errors)
        )
        try:
            yield process
            assert process.stdin is not None
            process.stdin.close()
            code = process.wait()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
        if code:
            raise Unavailable(
                "backup.failed",
                f"The backup failed. {Path(command[0]).name} said: {last_words(errors)}",
            )


def last_words(errors: IO[bytes]) -> str:
    """The end of what a program complained about. Such programs speak of files and roles; their
    words go to whoever runs the command and into no log."""
    errors.seek(0)
    return errors.read()[-600:].decode(errors="replace").strip() or "nothing"
